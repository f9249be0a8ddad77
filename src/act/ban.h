/* SPDX-License-Identifier: Apache-2.0 */
/* ban - what the kernel does with clients: turns the banned away, bounds how fast new connections come, and
 * leads suspects to the gate.
 *
 * A table `inet wavebreak` of our own in nf_tables, with the sets `ban4` (addresses) and
 * `ban6` (/64 networks). Each element has a timeout, and each attempt to connect starts it
 * again from the packet path: the client is out until it stays away for ban_for_ms. That
 * has no end by itself; the owner removes a ban when it has lasted long enough. The rules
 * are in nft_rule.h. They drop nothing but new connections to the guarded ports, and
 * nothing at all when ban_alive has not been called for alive_ms.
 *
 * Beside them: `suspect4` and `suspect6` (units, too), `network4` and `network6` (whose clients all are suspects) and
 * `never4` and `never6`, whose clients are neither limited nor steered. What is led to the gate, and that only
 * while ban_steer says that it works, comes to the socket that listens at loopback's steer_to (IP_TRANSPARENT); for
 * that socket the client has its own address, and the connection's own address is the one that the client asked for.
 *
 * A kernel that lacks what limits or steering need has the table without that part (ban_lacks): bans never depend on
 * it.
 *
 * The kernel's sets are written and not listed, but for the begin of those of the suspects (ban_reader): listing is
 * quadratic. Who is banned is remembered by the owner of this, and ban_query asks for single units.
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

#include "base/prefix.h"

#define BAN_PORTS_MOST 24
#define BAN_MOST (1U << 27)
/* Shorter timeouts are made this long: the kernel rounds down to its clock tick, and before
 * Linux 6.12 it takes what becomes 0 as a ban for ever. */
#define BAN_SHORTEST_MS 100
#define BAN_ALIVE_MS 4000
#define BAN_STEER_MS 3000

enum ban_steer {
	BAN_STEER_NONE,
	BAN_STEER_SUSPECT, /* suspects, and clients of the networks of ban_set_networks */
	BAN_STEER_ALL,	   /* everybody but the never-listed */
};

struct ban_table_limits {
	uint64_t ban_for_ms;
	uint64_t alive_ms; /* several periods of ban_alive; 0 for BAN_ALIVE_MS */
	uint32_t most;	   /* bans of each family; 1 .. BAN_MOST */
	uint16_t ports[BAN_PORTS_MOST];
	size_t port_count;
	/* The table is left open to nft(8), stays when the daemon is killed (it is replaced at
	 * the next start), and can vanish. So it is on kernels before 5.12 in any case. */
	bool unowned;

	/* New connections a second, in the long run; 0: no limit. Loopback's, our own (own_mark) and those of the
	 * never-listed have none. */
	uint32_t per_address, per_network, total;
	uint64_t burst_ms;	 /* so many milliseconds' worth may come at once */
	bool limit_suspects;	 /* who is over per_address becomes a suspect */
	uint64_t suspect_for_ms; /* for so long */
	uint32_t most_suspects;	 /* of each family; at most BAN_MOST */

	enum ban_steer steer;
	uint16_t steer_ports[BAN_PORTS_MOST]; /* those of the mail server alone */
	size_t steer_port_count;
	uint16_t steer_to;
	uint32_t own_mark; /* SO_MARK of connections that we make ourselves; 0: none */
};

struct ban_table;

/* Makes the table, with no bans; one that a killed daemon left is replaced.
 * Returns -EINVAL (limits), -EPERM, -EBUSY (another running daemon owns the table),
 * -EOPNOTSUPP or -EPROTONOSUPPORT (no nf_tables in this kernel), -ENOENT (a part of it is
 * missing), -ENOMEM. */
int ban_create(const struct ban_table_limits *limits, struct ban_table **ret);
/* Deletes the table with all bans. NULL is fine. */
void ban_destroy(struct ban_table *ban);

/* New limits; all bans and suspects stay, with the time they have left, and no packet passes
 * between old and new. `most`, `most_suspects` and `unowned` cannot change on a living table
 * and are not looked at. Where a rate is another one, everybody's burst begins anew. */
int ban_reconfigure(struct ban_table *ban, const struct ban_table_limits *limits);

/* Parts that were asked for and this kernel does not have: 0 or -errno, for the limits now in force. */
struct ban_lacks {
	int limits, steering;
};
struct ban_lacks ban_lacks(const struct ban_table *ban);

/* Ends all bans. Suspects stay. */
int ban_clear(struct ban_table *ban);

/* To be called about once a second. Returns -ENOENT when the table is gone or is another
 * one: destroy, create and restore then. */
int ban_alive(struct ban_table *ban);

/* To be called about once a second. With `works`, steering goes on for BAN_STEER_MS; without, it ends now, and new
 * clients come to the mail server. Connections that the gate has it keeps. */
int ban_steer(struct ban_table *ban, bool works);

/* Each exchanges the whole list, in one transaction a family; of networks beyond BAN_PREFIXES_MOST, the rest comes in
 * further ones. Entries may overlap and repeat each other; IPv4 in IPv6 clothing is IPv4. Returns -ENOMEM, -EMSGSIZE
 * for more of them than can be, or what the kernel says. */
#define BAN_PREFIXES_MOST 8192	  /* of the never-list */
#define BAN_NETWORKS_MOST 100000U
int ban_set_never(struct ban_table *ban, const struct prefix_set *never);
int ban_set_networks(struct ban_table *ban, const struct prefix_set *networks);

enum ban_list {
	BAN_LIST_BANNED,
	BAN_LIST_SUSPECT,
};

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
/* The same of a suspect, also of one that the kernel made by itself (limit_suspects). */
int ban_query_suspect(struct ban_table *ban, const struct addr *unit, uint64_t *ret_remaining_ms);

/* Suspects of one family that the kernel has, in no order: also those that it made by itself. It has its own socket,
 * and is closed before the end when there are too many of them: each part costs more than the one before. */
#define BAN_READ_PART_MOST 256
#define BAN_READ_MOST_UNITS 4096 /* for who has no reason for more */
struct ban_read {
	struct addr unit;
	uint64_t remaining_ms;
};
struct ban_reader;
int ban_reader_open(enum addr_family family, struct ban_reader **ret);
void ban_reader_close(struct ban_reader *reader); /* NULL is fine */
/* Returns 1 when there may be more, 0 at the end, with *ret_count units in either case, or -errno. One that comes or
 * goes meanwhile may be missed, or come twice. */
int ban_reader_next(struct ban_reader *reader, struct ban_read ret[BAN_READ_PART_MOST], size_t *ret_count);

/* New connections that were asked for at the guarded ports since ban_create, but for our own, and what became of
 * them; the rest came through. */
struct ban_counts {
	uint64_t arrivals;
	uint64_t banned, over_address, over_network, over_total; /* dropped */
	uint64_t steered; /* to the gate; a banned suspect is dropped after that, and so is one over a limit */
};
int ban_counts(struct ban_table *ban, struct ban_counts *ret);

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
/* The same for steering (TPROXY). */
struct ban_probe steer_probe(void);

#endif
