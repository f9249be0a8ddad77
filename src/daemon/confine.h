/* SPDX-License-Identifier: Apache-2.0 */
/* confine - giving privileges away, step by step, each one said when the kernel lacks it.
 *
 * The warden keeps the few capabilities that its work needs. The watch worker and the gate workers,
 * which read what strangers wrote, keep none: another user, no new privileges, Landlock (they can
 * reach only the folders and ports named here), seccomp (only the system calls of a program that
 * reads, waits and answers). Landlock and seccomp are there when the kernel has them; their
 * absence is reported, not an error.
 */
#ifndef WAVEBREAK_DAEMON_CONFINE_H
#define WAVEBREAK_DAEMON_CONFINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Capabilities of this process beyond `mask` (bits by CAP_ number) are given up for good,
 * also those that could be gained by exec. Returns 0 or -errno. */
int confine_capabilities(uint64_t mask);
/* The same, but what this process executes may gain what its file and user give: the bounding set stays.
 * For who starts the programs of others. Returns 0 or -errno. */
int confine_own_capabilities(uint64_t mask);
/* What this process executes next has the capabilities that it has itself, also where that is not root's. To be
 * taken back by confine_own_capabilities. */
void confine_keep_across_execution(void);
/* The capabilities in effect now, as bits. */
uint64_t confine_effective(void);

/* What the warden needs: netlink, and to find and signal a sleeping server process; to start a worker
 * anew as another user; and to listen on the port of mail, which a reload may name. */
uint64_t confine_warden_mask(void);
/* "CAP_NET_ADMIN" …, for messages; NULL for a number without a name here. */
const char *confine_capability_name(unsigned number);

/* Becomes the user for good: no supplementary group but `group` (0: none), all three ids, no
 * capability. Returns 0 or -errno. */
int confine_user(uid_t uid, gid_t gid, gid_t group);

int confine_no_new_privileges(void);

enum confine_access {
	CONFINE_LIST,  /* the names in a folder, and no file */
	CONFINE_READ,
	CONFINE_WRITE, /* and read */
};

struct confine_path {
	const char *path; /* one that cannot be reached is left out */
	enum confine_access access;
};

/* Landlock: after this the process reaches only these paths, and below them; no TCP connect
 * or bind where the kernel knows those rules too.
 * Returns the ABI version used (>= 1), 0 when the kernel has no Landlock, or -errno. */
int confine_paths(const struct confine_path *paths, size_t count);
/* The same, and TCP connections to these ports. Other protocols it does not know of. */
int confine_paths_and_ports(const struct confine_path *paths, size_t count, const uint16_t *ports, size_t port_count);
/* What the kernel has, for `check`. */
int confine_landlock_abi(void);

/* seccomp: other system calls than the worker's get EPERM, since mail must not stop because a
 * library learned a new call. Threads can still be made, processes cannot. Asks for
 * confine_no_new_privileges before. Returns 0, -ENOSYS when the kernel or the machine
 * architecture has no filter here, or -errno. */
int confine_system_calls(void);
/* The same for a gate worker: its calls are fewer where files are concerned, and it may make sockets, of TCP
 * and UDP. It signals nobody but itself, and sends no data by which a TCP connection begins (MSG_FASTOPEN). */
int confine_gate_system_calls(void);
bool confine_seccomp_available(void);

#endif
