/* SPDX-License-Identifier: Apache-2.0 */
/* handler - wake the server process that sleeps on a connection which is no more.
 *
 * Courier with TARPIT=1 answers a refusal by sleeping 8, 16, 32 s, and does not look at its
 * socket meanwhile: the connection is gone, the slot is still taken. Such a process is sent
 * SIGTERM, but only when it was proved to hold that very socket:
 *
 *   its name is on the list; one of its descriptors (the first, if that is a socket) is
 *   socket:[inode]; with a pidfd on it, pidfd_getfd(2) of that descriptor has the cookie of the
 *   socket that was ended, and the state CLOSE.
 *
 * The inode alone would not do: the kernel counts it in 32 bits. The pidfd makes sure that
 * the signal reaches the process that was looked at and no later one of the same number.
 * Where the parent passes the same proof (courieresmtpd, which runs submit), it is the one
 * that gets the signal, being the one that the server counts; couriertcpd is not on the list
 * and so is never reached. Without the proof (ptrace(2) is forbidden: yama 3, a container)
 * nobody is signalled and the process wakes by itself.
 *
 * Needs CAP_KILL, CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH. One pass over /proc serves all
 * sockets that wait. There are at most four in a second while they find handlers that sleep, and
 * one in a second while they find none.
 */
#ifndef WAVEBREAK_ACT_HANDLER_H
#define WAVEBREAK_ACT_HANDLER_H

#include "event/loop.h"

#include <stddef.h>

struct handlers;

/* `names` as in /proc/PID/comm, NULL-ended, cut to 15 bytes as the kernel does; copied. `most`
 * is how many sockets may wait for their pass. Returns 0, -EINVAL (no name, or too many),
 * -ENOMEM. */
int handlers_create(struct loop *loop, const char *const *names, size_t most, struct handlers **ret);

/* The socket was ended just now. Whoever still holds it at the first pass in 250 ms or later, after
 * 1.25 s at most, is signalled. Returns 0, -ENOSPC when too many wait (counted as
 * evictions_dropped), -ENOMEM. */
int handlers_watch(struct handlers *handlers, uint32_t inode, uint64_t cookie);

/* Sockets that wait for their pass. */
size_t handlers_waiting(const struct handlers *handlers);

/* Nobody is signalled after this. */
void handlers_destroy(struct handlers *handlers);

#endif
