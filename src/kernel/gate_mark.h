/* SPDX-License-Identifier: Apache-2.0 */
/* gate_mark - the mark by which a client's connection is the gate's, and not the mail server's.
 *
 * Both may hold connections to the same port, and hand them to each other as descriptors: neither port, nor user, nor
 * process tells whose one is. What tells is a flag of the socket that sock_diag shows to everybody, takes no privilege to
 * set, goes along with the descriptor, and is of no use for TCP: IP_MULTICAST_LOOP is off (ip(7)), which is on in new
 * sockets of both families (IP_MULTICAST_ALL is not, in those of IPv6). Connections have it of the listening socket that
 * they came by. Shown by Linux from 5.10 on (INET_DIAG_SOCKOPT).
 */
#ifndef WAVEBREAK_KERNEL_GATE_MARK_H
#define WAVEBREAK_KERNEL_GATE_MARK_H

#include <stdbool.h>

/* The gate's, or no more the gate's. Returns 0 or -errno. */
int gate_mark(int fd, bool is_of_gate);

#endif
