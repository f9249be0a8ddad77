/* SPDX-License-Identifier: Apache-2.0 */
/* process - what /proc tells of a process of somebody else's. Internal to act/.
 *
 * All of it may be of another process by the next call; who acts on it proves it again with a
 * pidfd (act/handler.h).
 */
#ifndef WAVEBREAK_ACT_PROCESS_H
#define WAVEBREAK_ACT_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
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

/* One file of /proc/PID. Returns its size, 0 when there is none. */
size_t process_read(pid_t pid, const char *file, char *text, size_t size);

/* The inode of a descriptor that is a socket, else 0. */
uint32_t process_socket_inode(pid_t pid, int descriptor);

#endif
