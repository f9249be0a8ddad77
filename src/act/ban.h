/* SPDX-License-Identifier: Apache-2.0 */
/* ban - the kernel's list of clients that get no new connection.
 *
 * A table `inet wavebreak` of our own in nf_tables, with the sets `ban4` (addresses) and
 * `ban6` (/64 networks). Each element has a timeout, and each attempt to connect starts it
 * again from the packet path: the client is out until it stays away for ban_for_ms. That
 * has no end by itself; the owner removes a ban when it has lasted long enough. The rules
 * are in nft_rule.h. They drop nothing but new connections to the guarded ports, and
 * nothing at all when ban_alive has not been called for alive_ms.
 *
 * The kernel's sets are written and never listed (listing is quadratic): who is banned is
 * remembered by the owner of this, and ban_query asks for single units.
 *
 * Owned by the warden; needs CAP_NET_ADMIN. The table belongs to the socket in here and
 * goes when that is closed, however the process ends. A forked child shares the socket: it
 * has to close what it inherits (close_range(2)), or the table stays as long as the child.
 *
 * Calls return 0 or -errno, never wait for anybody, and block for as long as the kernel
 * works: about 1 µs a change in a batch. Memory is the same however many bans there are.
 */
#ifndef WAVEBREAK_ACT_BAN_H
#define WAVEBREAK_ACT_BAN_H

#include "base/addr.h"

#define BAN_PORTS_MOST 24
#define BAN_MOST (1U << 27)
/* Shorter timeouts are made this long: the kernel rounds down to its clock tick, and before
 * Linux 6.12 it takes what becomes 0 as a ban for ever. */
#define BAN_SHORTEST_MS 100
#define BAN_ALIVE_MS 4000

struct ban_table_limits {
	uint64_t ban_for_ms;
	uint64_t alive_ms; /* several periods of ban_alive; 0 for BAN_ALIVE_MS */
	uint32_t most;	   /* bans of each family; 1 .. BAN_MOST */
	uint16_t ports[BAN_PORTS_MOST];
	size_t port_count;
	/* The table is left open to nft(8), stays when the daemon is killed (it is replaced at
	 * the next start), and can vanish. So it is on kernels before 5.12 in any case. */
	bool unowned;
};

struct ban_table;

/* Makes the table, with no bans; one that a killed daemon left is replaced.
 * Returns -EINVAL (limits), -EPERM, -EBUSY (another running daemon owns the table),
 * -EOPNOTSUPP or -EPROTONOSUPPORT (no nf_tables in this kernel), -ENOENT (a part of it is
 * missing), -ENOMEM. */
int ban_create(const struct ban_table_limits *limits, struct ban_table **ret);
/* Deletes the table with all bans. NULL is fine. */
void ban_destroy(struct ban_table *ban);

/* New ban_for_ms, alive_ms and ports; all bans stay, with the time they have left, and no
 * packet passes between old and new. `most` and `unowned` cannot change on a living table
 * and are not looked at. */
int ban_reconfigure(struct ban_table *ban, const struct ban_table_limits *limits);

/* Ends all bans. */
int ban_clear(struct ban_table *ban);

/* To be called about once a second. Returns -ENOENT when the table is gone or is another
 * one: destroy, create and restore then. */
int ban_alive(struct ban_table *ban);

enum ban_list { BAN_LIST_BANNED, BAN_LIST_SUSPECT };

struct ban_change {
	struct addr unit;    /* IPv6 counts as its /64 */
	uint64_t timeout_ms; /* time out from now; 0 ends the ban */
	/* The unit may be in the set: three times the work of an add. Without it, a unit that
	 * is there all the same may keep its timeout. Nothing to an end. */
	bool replace;
	enum ban_list list;
};

/* Takes any number of changes, in their order, in as few transactions as possible. Ending a
 * ban that has run out is no error. A change that the kernel refuses does not take others
 * with it: it is left out and counted (COUNTER_kernel_errors), the rest is done, and the
 * first such error is returned: -ENOSPC when a set is full, -EINVAL for what is no
 * address. Gives up at once with -ENOENT (the table is gone) and -EPERM. */
int ban_apply(struct ban_table *ban, const struct ban_change *changes, size_t count);

/* How long each unit stays out yet, which is more than it was told to when it tried again.
 * 0: not banned. */
int ban_query(struct ban_table *ban, const struct addr *units, size_t count, uint64_t *ret_remaining_ms);

/* Attempts to connect that were dropped since ban_create. */
int ban_dropped(struct ban_table *ban, uint64_t *ret_packets);

enum ban_support {
	BAN_SUPPORT_FULL,
	BAN_SUPPORT_UNOWNED,   /* Linux before 5.12 */
	BAN_SUPPORT_FORBIDDEN, /* no CAP_NET_ADMIN here */
	BAN_SUPPORT_NONE,      /* no nf_tables */
	BAN_SUPPORT_PARTIAL,   /* nf_tables without something that we need */
};

struct ban_probe {
	enum ban_support support;
	int error;	    /* what the kernel said, -errno; 0 with FULL and UNOWNED */
	const char *reason; /* a phrase for `wavebreak check`; a literal */
};

/* Has the kernel check the whole table and undo it: nothing is left behind, and a running
 * daemon is not disturbed. */
struct ban_probe ban_probe(void);

#endif
