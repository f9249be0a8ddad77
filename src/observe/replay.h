/* SPDX-License-Identifier: Apache-2.0 */
/* replay - the whole policy over an old log: what would have been done, and what it would have saved.
 *
 * The signatures, the judge, the bans and the never-list are the daemon's own; time is that of the
 * lines. The kernel is played: each connection of a banned client that the log tells of counts as
 * kept out, and lets its ban begin again, as a dropped SYN would.
 *
 * What eviction would have freed, in slots × seconds, is the time from a client's refusal to the line
 * that tells the end of that connection. Servers that do not log it (Courier logs only time-outs)
 * leave it unknown: then REPLAY_HOLD_ASSUMED_S are assumed, and told apart.
 *
 * Pure. Memory is bounded on logs of any size: REPLAY_CLIENTS_MOST different clients are told
 * apart, of the worst the figures are those of judge/frequent.h, and bans are capped by ban.limit.
 */
#ifndef WAVEBREAK_OBSERVE_REPLAY_H
#define WAVEBREAK_OBSERVE_REPLAY_H

#include "judge/line_reader.h"
#include "judge/policy.h"
#include "judge/frequent.h"
#include "observe/waves.h"

#define REPLAY_CLIENTS_MOST 1000000
#define REPLAY_HOLD_ASSUMED_S 30
/* By then a server has closed the connection itself (RFC 5321 section 4.5.3.2.7). */
#define REPLAY_HOLD_MOST_S 300
/* A stamp that is less behind than this is of a line that came late; otherwise the clock was set back. */
#define REPLAY_DISORDER_S 600
#define REPLAY_TOP_ROOM 4096

struct replay_limits {
	struct judge_limits judge;
	struct ban_limits bans;
	const struct prefix_set *never; /* lives as long as the replay */
};

struct replay_figures {
	uint64_t lines, bytes, cut, recognised;
	uint64_t first_s, last_s; /* wall time of the earliest and the latest line; 0: none had a time */
	uint64_t connections;     /* that the log tells the begin of */
	uint64_t outcomes[OUTCOME_COUNT];
	uint64_t offences;
	uint64_t clients;         /* different ones that offended; REPLAY_CLIENTS_MOST: or more */
	uint64_t bans, extended, capped, dropped;
	uint64_t banned_clients;  /* different ones, likewise */
	uint64_t bans_at_once;    /* the most */
	uint64_t kept_out;        /* attempts of banned clients */
	uint64_t evicted;         /* connections */
	uint64_t slot_seconds;    /* freed, as the log tells */
	uint64_t unknown_ends;    /* of the evicted: those whose end it does not tell */
};

struct replay;

/* `untagged` as for line_reader_create. Returns 0, -EINVAL for limits that cannot be, or -ENOMEM. */
int replay_create(const struct signature_set *set, const struct signature_group *untagged,
		  const struct replay_limits *limits, struct replay **ret);
void replay_destroy(struct replay *replay);

/* The next line, without its newline. `clock` is for what its stamp leaves out. A line without a time
 * is taken for as old as the one before. */
void replay_line(struct replay *replay, struct bytes line, bool cut, const struct stamp_clock *clock);

/* The time of the line before, 0 when there was none: to find the zone's offset of then. */
uint64_t replay_now_s(const struct replay *replay);

/* After the last line. */
const struct replay_figures *replay_end(struct replay *replay);
size_t replay_waves(struct replay *replay, const struct wave_found **ret, uint64_t *ret_dropped);
/* By offences: single clients (a /64 of IPv6), and networks (/24, /48). */
size_t replay_worst_clients(const struct replay *replay, struct frequent_entry *ret, size_t most);
size_t replay_worst_networks(const struct replay *replay, struct frequent_entry *ret, size_t most);
/* Bans that the never-list's entry of that index would have prevented. */
uint64_t replay_protected(const struct replay *replay, size_t entry);

#endif
