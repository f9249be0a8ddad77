/* SPDX-License-Identifier: Apache-2.0 */
/* upgrade - what the warden hands over to the program that it executes in its own place (SIGUSR2): sockets that
 * clients wait at, and the gate's processes, which are its children before and after.
 *
 * Descriptors stay open across execve(2), and an environment variable tells what each one is. Its form is fixed,
 * since the two programs may be of different versions; entries end with ';', their words are parted by one blank:
 *
 *   1 PID;                       the form, and who it is for
 *   bounded;                     the bounding set of capabilities is cut down for good
 *   control FD;                  the socket for the commands
 *   intake FD;                   watch.socket
 *   hook FD;                     gate.hook
 *   listen ADDRESS PORT FD ...;  an endpoint of gate.listen, "*" for all addresses; a descriptor for each worker, as
 *                                many for each endpoint
 *   gate STATE MS FORM;          a generation, the newest first: it serves ("s") or drains ("d"), its sessions last for
 *                                MS at most, and its packets to the watch worker are of that form
 *   porter PID FD;               of the latest generation, with the socket to it
 *   worker NUMBER PID FD WATCH;  the same, and the watch worker's end of the socket to that one
 *
 * The first to read it takes it out of the environment, so that no child has it.
 */
#ifndef WAVEBREAK_DAEMON_UPGRADE_H
#define WAVEBREAK_DAEMON_UPGRADE_H

#include "base/bytes.h"
#include "daemon/gate_listen.h"

#include <sys/types.h>

#define UPGRADE_VARIABLE "WAVEBREAK_UPGRADE"
#define UPGRADE_PROCESSES_MOST (GATE_WORKERS_MOST + 1)
#define UPGRADE_TEXT_SIZE 16384

struct upgrade_process {
	bool is_porter;
	unsigned number; /* of a worker */
	pid_t pid;
	int socket, watch; /* watch: -1 where there is none */
};

struct upgrade_generation {
	bool drains;
	uint64_t left_ms;
	uint64_t packet_form;
	struct upgrade_process processes[UPGRADE_PROCESSES_MOST];
	size_t count;
};

struct upgrade {
	bool bounded;
	int control, intake; /* -1: there is none */
	struct gate_listeners listeners; /* .count is 0 and .hook -1 where there are none */
	struct upgrade_generation generations[GATE_GENERATIONS_MOST];
	size_t generation_count;
};

void upgrade_init(struct upgrade *u);

/* For the process `pid`. Returns 0 or -ENOBUFS. */
int upgrade_format(const struct upgrade *u, pid_t pid, char text[UPGRADE_TEXT_SIZE]);
/* Returns 0 or -EINVAL: nothing is believed of a text in which anything is wrong, such as a descriptor that is
 * named twice, or that is not for `pid`. Asks the kernel nothing. */
int upgrade_parse(struct bytes text, pid_t pid, struct upgrade *ret);

/* Before execve: the descriptors stay open, and the environment of this process tells of them. Returns 0 or -errno;
 * upgrade_withdraw takes it back either way. */
int upgrade_give(const struct upgrade *u);
void upgrade_withdraw(const struct upgrade *u);

/* At the start: what was handed over to this process, all of it close-on-exec now. True when there was something.
 * Where it cannot be understood, or a descriptor is not what it is said to be, that is said, and everything from
 * descriptor 3 on is closed: to be called before anything is opened. */
bool upgrade_take(struct upgrade *ret);
/* Closes all descriptors of it. */
void upgrade_close(struct upgrade *u);

/* Whether that UNIX socket is bound to `path`. */
bool upgrade_is_bound_to(int fd, const char *path);
/* Takes away the path that it is bound to. */
void upgrade_unlink(int fd);

#endif
