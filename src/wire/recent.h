/* SPDX-License-Identifier: Apache-2.0 */
/* recent - a line of /proc/net/xt_recent/NAME, the list of the iptables match `recent`:
 *
 *   src=192.0.2.7 ttl: 0 last_seen: 4300774112 oldest_pkt: 1 4300774112, 4300774200
 *
 * as recent_seq_show (net/netfilter/xt_recent.c) writes it, an IPv6 address with all its zeros. Pure.
 */
#ifndef WAVEBREAK_WIRE_RECENT_H
#define WAVEBREAK_WIRE_RECENT_H

#include "base/addr.h"

/* With as many times as ip_pkt_list_tot can ask for (255), a line is below this. */
#define RECENT_LINE_MOST 8192

struct recent_entry {
	struct addr addr;
	uint64_t last_seen; /* in ticks of the kernel's clock (jiffies), which begins anywhere */
};

/* Without the end of the line. Returns 0 or -EBADMSG. */
int recent_parse(struct bytes line, struct recent_entry *ret);

#endif
