/* SPDX-License-Identifier: Apache-2.0 */
/* sockets - how many clients the mail server holds, from sock_diag(7).
 *
 * A connection that a process has accepted has an inode; one that still waits in the
 * kernel's accept queue has none. So one dump tells both apart, and costs about a
 * microsecond for each connection.
 */
#ifndef WAVEBREAK_DEMO_SOCKETS_H
#define WAVEBREAK_DEMO_SOCKETS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct socket_count {
	size_t served; /* accepted and open */
	size_t waiting; /* established, but nobody has accepted them */
};

/* A sock_diag socket in the network namespace of process `pid`. Returns the descriptor or
 * -errno. */
int sockets_open(pid_t pid);

/* TCP connections to local port `port`. Returns 0 or -errno. */
int sockets_count(int fd, uint16_t port, struct socket_count *ret);

#endif
