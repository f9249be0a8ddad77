/* SPDX-License-Identifier: Apache-2.0 */
/* message - one packet on a socketpair (SOCK_SEQPACKET) of two of our processes, with a descriptor or without.
 *
 * Nothing here waits. What a packet means is its users' (daemon/request.h, daemon/porter.h).
 */
#ifndef WAVEBREAK_DAEMON_MESSAGE_H
#define WAVEBREAK_DAEMON_MESSAGE_H

#include <stddef.h>
#include <sys/types.h>

/* With a descriptor when `fd` is not -1. On a stream socket, too, where nothing was sent before: a short text
 * goes whole. Returns 0 or -errno (-EAGAIN when the socket is full). */
int message_send(int socket, const void *data, size_t size, int fd);

/* *ret_fd is -1 or a descriptor that is now the caller's. Returns the size of the packet, 0 when the other
 * end is closed, -EAGAIN, -EBADMSG for one that is empty, has more than `room` bytes or more than one
 * descriptor, or -errno; there is a descriptor only with a size. */
ssize_t message_receive(int socket, void *data, size_t room, int *ret_fd);

#endif
