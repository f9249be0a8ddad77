/* SPDX-License-Identifier: Apache-2.0 */
/* route - brings the answers to connections that were made from a client's own address back here.
 *
 * Such a connection (gate.handoff = transparent) carries a mark; the mail server's side takes the mark over
 * with the SYN (net.ipv4.tcp_fwmark_accept), and what is marked so is delivered to this host, whoever it is for:
 *
 *   ip rule add fwmark MARK lookup ROUTE_TABLE    ip route add local default dev lo table ROUTE_TABLE
 *
 * for IPv4 and IPv6. Nothing else has that mark, so nothing else is touched. No NAT, no connection tracking.
 *
 * All of it is put back by route_close; after a crash it stays, does nothing, and is taken over by the next
 * start. Owned by the warden; needs CAP_NET_ADMIN. Sources: ip-rule(8), <linux/fib_rules.h>,
 * Documentation/networking/ip-sysctl.rst, measured.
 */
#ifndef WAVEBREAK_ACT_ROUTE_H
#define WAVEBREAK_ACT_ROUTE_H

#include <stdint.h>

/* Seldom used by others, and far from the 253 to 255 that the kernel uses. */
#define ROUTE_TABLE 7725
#define ROUTE_PRIORITY 7725

struct route;

/* Returns 0 or -errno; then nothing is left of it. A host without IPv6 has the IPv4 part. */
int route_open(uint32_t mark, struct route **ret);
/* NULL is fine. */
void route_close(struct route *route);

#endif
