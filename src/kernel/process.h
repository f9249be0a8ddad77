/* SPDX-License-Identifier: Apache-2.0 */
/* process - what proc(5) tells of a process of somebody else's.
 *
 * All of it may be of another process by the next call; who acts on it proves it again with a
 * pidfd (act/handler.h), or by the time at which it was started.
 */
#ifndef WAVEBREAK_KERNEL_PROCESS_H
#define WAVEBREAK_KERNEL_PROCESS_H

#include "base/bytes.h"

#include <sys/types.h>

#define PROCESS_PATH_SIZE 64
#define PROCESS_NAMES_MOST 8
/* What the kernel keeps of a name (PR_SET_NAME, /proc/PID/comm). */
#define PROCESS_NAME_SIZE 16

struct process_names {
	char names[PROCESS_NAMES_MOST][PROCESS_NAME_SIZE];
	size_t count;
};

/* NULL-ended, cut to 15 bytes as the kernel does. Returns 0, or -EINVAL for no name, or too many. */
int process_names_copy(struct process_names *names, const char *const *from);
bool process_has_name(const struct process_names *names, pid_t pid);

/* One file of /proc/PID, by one read(2): of all but the longest that is all of it. Returns its size, 0 when there is
 * none. */
size_t process_read(pid_t pid, const char *file, char *text, size_t size);
/* The same to its end, however often that has to be read from. */
size_t process_read_all(pid_t pid, const char *file, char *text, size_t size);

/* The inode of a descriptor that is a socket, else 0. */
uint32_t process_socket_inode(pid_t pid, int descriptor);

/* What /proc/PID/stat and statm hold: ticks of the clock, pages. A process is called as it likes, also ") 1 2".
 * Return 0 or -EINVAL. */
struct process_stat {
	uint64_t ticks;          /* of its own */
	uint64_t children_ticks; /* of those that have ended and were waited for, and of theirs */
	uint64_t threads;
	uint64_t start_ticks;    /* since the system began: no other process of that number has it */
	pid_t parent;
};
struct process_statm {
	uint64_t resident_pages, shared_pages;
};
int process_parse_stat(struct bytes text, struct process_stat *ret);
int process_parse_statm(struct bytes text, struct process_statm *ret);

uint64_t process_ticks_to_ms(uint64_t ticks);
uint64_t process_unshared_bytes(const struct process_statm *statm);

#endif
