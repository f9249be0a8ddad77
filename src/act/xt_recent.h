/* SPDX-License-Identifier: Apache-2.0 */
/* xt_recent - the banned in a list of the iptables match `recent`, for set-ups that have rules with it:
 *
 *   iptables  -A INPUT -p tcp --dport 25 --syn -m recent --name wavebreak --update --seconds 600 -j DROP
 *   ip6tables -A INPUT -p tcp --dport 25 --syn -m recent --name wavebreak6 --mask ffff:ffff:ffff:ffff:: \
 *             --update --seconds 600 -j DROP
 *
 * The rules are the administrator's, and the lists come and go with them; we write `+address`, `-address` and
 * `/` (all) to /proc/net/xt_recent/NAME. A list has one mask for all that is looked up in it, so IPv6, whose
 * units are /64, needs a list of its own: NAME and a 6. The lists are for wavebreak alone.
 *
 * A list holds as many addresses as the module's parameter ip_list_tot says (100 when nobody says), and one more
 * makes the kernel forget the one that was quiet for longest, without a word. So no more than that are put
 * in: who is over is refused (COUNTER_backend_dropped), and is tried again when a tenth of the list is free.
 *
 * The kernel ends no entry: it lets pass who was quiet for --seconds, and an attempt begins that anew. What it
 * saw of an address is read back from the listing when its known end has come: at most once a second, all at
 * once, since there is no other way to read it; it is as long as ip_list_tot allows. A ban that is over is taken out.
 *
 * Owned by the warden. Calls return 0 or -errno, and take one system call or two a change.
 */
#ifndef WAVEBREAK_ACT_XT_RECENT_H
#define WAVEBREAK_ACT_XT_RECENT_H

#include "base/addr.h"

/* So many addresses are no wave yet: a list that holds fewer is spoken of. */
#define XT_RECENT_FEW 1000
#define XT_RECENT_NAME_MOST 28

struct xt_recent_facts {
	bool module;	    /* xt_recent is in this kernel, or loaded */
	bool list4, list6;  /* a rule refers to it */
	uint32_t room;	    /* of a list, in addresses; 0: it could not be read */
};

/* What is there now. Changes nothing. */
struct xt_recent_facts xt_recent_look(const char *name);

struct xt_recent;

/* Lists that are there are emptied; those that are not are looked for again by xt_recent_alive.
 * Returns -ENOMEM, -EINVAL (the name). */
int xt_recent_open(const char *name, uint64_t ban_for_ms, struct xt_recent **ret);
/* Empties the lists. NULL is fine. */
void xt_recent_close(struct xt_recent *recent);

void xt_recent_set_time(struct xt_recent *recent, uint64_t ban_for_ms);

/* -ENOSPC when the list is full. A list that is not there takes nothing, which is no error. Who is in it already
 * keeps the time that there is, but with `replace`. */
int xt_recent_ban(struct xt_recent *recent, const struct addr *unit, uint64_t timeout_ms, bool replace);
int xt_recent_unban(struct xt_recent *recent, const struct addr *unit);
int xt_recent_query(struct xt_recent *recent, const struct addr *unit, uint64_t *ret_remaining_ms);
int xt_recent_clear(struct xt_recent *recent);
/* Once a second: -ENOENT when a list lost what was in it, or can take bans (again): send them all. */
int xt_recent_alive(struct xt_recent *recent);

#endif
