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
 * start. What the setting was before is written down, in a file of one line:
 *
 *   BOOT_ID tcp_fwmark_accept 0
 *
 * so that the start after a crash, or after an upgrade, knows what to put back. It is believed only when it is root's
 * own (or of who we are), of this boot, and such a line.
 *
 * Owned by the warden; needs CAP_NET_ADMIN. Sources: ip-rule(8), <linux/fib_rules.h>,
 * Documentation/networking/ip-sysctl.rst, measured.
 */
#ifndef WAVEBREAK_ACT_ROUTE_H
#define WAVEBREAK_ACT_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

/* Seldom used by others, and far from the 253 to 255 that the kernel uses. */
#define ROUTE_TABLE 7725
#define ROUTE_PRIORITY 7725
/* The file's name; the folder is daemon.runtime. */
#define ROUTE_RECORD "wavebreak.route"

struct route;

/* `record` is the path of that file, in a folder that nobody else may write to; one that cannot be written is said, and
 * no reason not to go on. Returns 0 or -errno; then nothing is left of it. A host without IPv6 has the IPv4 part. */
int route_open(uint32_t mark, const char *record, struct route **ret);
/* To be called about once a second: others set what they find to be wrong (systemd-networkd removes foreign rules when
 * it starts). Makes anew what is missing, and returns how much that was, or -errno. */
int route_keep(struct route *route);
/* NULL is fine. */
void route_close(struct route *route);

/* What net.ipv4.tcp_fwmark_accept is now, '0' or '1'; '\0' where the kernel has no such setting. */
char route_fwmark_accept(void);
/* Whether the loopback interface has IPv6; where not, route_open makes the part of IPv4. */
bool route_has_ipv6(void);

#endif
