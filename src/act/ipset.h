/* SPDX-License-Identifier: Apache-2.0 */
/* ipset - the banned in two sets of ipset, for set-ups with iptables:
 *
 *   NAME4  hash:ip  family inet   addresses
 *   NAME6  hash:net family inet6  /64 networks
 *
 *   iptables  -A INPUT -p tcp --dport 25 --syn -m set --match-set wavebreak4 src -j DROP
 *   ip6tables -A INPUT -p tcp --dport 25 --syn -m set --match-set wavebreak6 src -j DROP
 *
 * Rules that name a set cannot be loaded before it is there, so the administrator may have made the sets: they are
 * taken as they are when they fit (for NAME4 hash:net does, too) and their elements may have a timeout, and
 * refused, with the reason, when not. Else we make them, and take them away at the end unless a rule refers to
 * them. They are for wavebreak alone, and are emptied at the start and at the end.
 *
 * The kernel ends a ban by its timeout, in whole seconds. It slides when the administrator's rules say so
 * (-j SET --add-set NAME4 src --exist --timeout 600, before the DROP); then the kernel knows more than we do, but
 * tells of one element only whether it is there. So at its known end a ban that still is there is told to last a
 * little more, and is asked for again.
 *
 * Owned by the warden; needs CAP_NET_ADMIN. Calls return 0 or -errno and never wait; a change is about 2 µs.
 */
#ifndef WAVEBREAK_ACT_IPSET_H
#define WAVEBREAK_ACT_IPSET_H

#include "act/ban.h"
#include "act/ipset_message.h"

#define IPSET_LIST_MOST 28

struct ipset_facts {
	int error;		  /* 0; -EOPNOTSUPP: not in this kernel; -EPERM */
	bool there[2];		  /* IPv4, IPv6 */
	const char *unfit[2];	  /* NULL, or a phrase for why it cannot be used */
	uint32_t most[2], references[2];
};

/* What is there now. Changes nothing. */
struct ipset_facts ipset_look(const char *list);

struct ipset;

/* Returns -EOPNOTSUPP (not in this kernel), -EPERM, -EEXIST (a set of that name does not fit, which has been
 * said), -ENOMEM, -EINVAL (the name, or `most` is 0). */
int ipset_open(const char *list, uint64_t ban_for_ms, uint32_t most, struct ipset **ret);
/* NULL is fine. */
void ipset_close(struct ipset *ipset);

void ipset_set_time(struct ipset *ipset, uint64_t ban_for_ms);

/* As ban_apply, of bans alone; -ENOENT: a set is gone, which ipset_alive will mend. */
int ipset_apply(struct ipset *ipset, const struct ban_change *changes, size_t count);
int ipset_query(struct ipset *ipset, const struct addr *unit, uint64_t *ret_remaining_ms);
int ipset_clear(struct ipset *ipset);
/* Once a second. -ENOENT: a set was gone and is made anew, or was emptied: send all bans. Another error: it cannot be
 * made. */
int ipset_alive(struct ipset *ipset);

#endif
