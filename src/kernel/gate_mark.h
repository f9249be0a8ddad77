/* SPDX-License-Identifier: Apache-2.0 */
/* gate_mark - two marks of the gate on connections of clients.
 *
 * The first is the mark by which a client's connection is the gate's, and not the mail server's.
 *
 * Both may hold connections to the same port, and hand them to each other as descriptors: neither port, nor user, nor
 * process tells whose one is. What tells is a flag of the socket that sock_diag shows to everybody, takes no privilege to
 * set, goes along with the descriptor, and is of no use for TCP: IP_MULTICAST_LOOP is off (ip(7)), which is on in new
 * sockets of both families (IP_MULTICAST_ALL is not, in those of IPv6). Connections have it of the listening socket that
 * they came by. Shown by Linux from 5.10 on (INET_DIAG_SOCKOPT).
 *
 * The second stays, whoever holds it later: the gate has said the first line of the greeting, so that the server's own is
 * the second segment of it. Who counts segments to know whether the server owes an answer (act/told.h) has to know that.
 * It is IP_BIND_ADDRESS_NO_PORT, of no use for a socket that has its port.
 */
#ifndef WAVEBREAK_KERNEL_GATE_MARK_H
#define WAVEBREAK_KERNEL_GATE_MARK_H

#include <stdbool.h>

/* The gate's, or no more the gate's. Returns 0 or -errno. */
int gate_mark(int fd, bool is_of_gate);

/* The same. */
int gate_mark_greeted(int fd);

#endif
