/* SPDX-License-Identifier: Apache-2.0 */
#include "observe/replay.h"

#include "base/table.h"

#include <errno.h>
#include <stdlib.h>

#define HELD_MOST 65536
#define STEPS_A_ROUND 64
/* A ban keeps out who comes later than this after its begin; before that, it is a connection that was
 * open when the ban began. */
#define KEEPS_OUT_AFTER_MS 5000

enum { CLIENT_OFFENDED = 1, CLIENT_BANNED = 2 };

/* A connection that would have been ended, of the client that is its key. */
struct held {
	uint64_t told_s;
	uint16_t port;  /* 0 when the log does not name it */
	uint16_t other; /* of the latest connection besides, which is not waited for; 0: none */
};

struct replay {
	struct line_reader *reader;
	struct judge *judge;
	struct bans *bans;
	const struct prefix_set *never;
	uint64_t *protected; /* by entry of the never-list */
	uint64_t now_s;

	struct replay_figures figures;
	struct waves *waves;
	struct frequent *clients, *networks;
	struct table *seen; /* struct addr: uint8_t of CLIENT_… */
	/* Connections that would have been ended, until the log tells their end: struct addr to struct
	 * held, one for each client; and their clients in order of time. */
	struct table *held;
	struct addr *ring;
	size_t ring_first, ring_count;
};

static int create_parts(struct replay *r, const struct signature_set *set, const struct signature_group *untagged,
			const struct replay_limits *limits)
{
	int e = line_reader_create(set, untagged, &r->reader);

	if (e == 0)
		e = judge_create(&limits->judge, &r->judge);
	if (e == 0)
		e = bans_create(&limits->bans, &r->bans);
	if (e == 0)
		e = waves_create(&r->waves);
	if (e == 0)
		e = frequent_create(REPLAY_TOP_ROOM, &r->clients);
	if (e == 0)
		e = frequent_create(REPLAY_TOP_ROOM, &r->networks);
	if (e == 0)
		e = table_create(sizeof(struct addr), sizeof(uint8_t), REPLAY_CLIENTS_MOST, &r->seen);
	if (e == 0)
		e = table_create(sizeof(struct addr), sizeof(struct held), HELD_MOST, &r->held);
	r->ring = calloc(HELD_MOST, sizeof(*r->ring));
	r->protected = calloc(limits->never->count + 1, sizeof(*r->protected));
	return e == 0 && (!r->ring || !r->protected) ? -ENOMEM : e;
}

int replay_create(const struct signature_set *set, const struct signature_group *untagged,
		  const struct replay_limits *limits, struct replay **ret)
{
	struct replay *r = calloc(1, sizeof(*r));
	int e;

	if (!r)
		return -ENOMEM;
	r->never = limits->never;
	e = create_parts(r, set, untagged, limits);
	if (e < 0) {
		replay_destroy(r);
		return e;
	}
	*ret = r;
	return 0;
}

void replay_destroy(struct replay *r)
{
	if (!r)
		return;
	table_destroy(r->held);
	table_destroy(r->seen);
	frequent_destroy(r->networks);
	frequent_destroy(r->clients);
	waves_destroy(r->waves);
	bans_destroy(r->bans);
	judge_destroy(r->judge);
	line_reader_destroy(r->reader);
	free(r->ring);
	free(r->protected);
	free(r);
}

static bool is_first(struct replay *r, const struct addr *unit, uint8_t what)
{
	uint8_t *seen;
	void *value;

	if (table_add(r->seen, unit, &value) < 0)
		return false;
	seen = value;
	if (*seen & what)
		return false;
	*seen |= what;
	return true;
}

static void count_step(struct replay *r, const struct ban_step *step)
{
	switch (step->event) {
	case BAN_BEGAN:
	case BAN_BEGAN_ANEW:
		r->figures.bans++;
		r->figures.banned_clients += is_first(r, &step->ban.unit, CLIENT_BANNED);
		break;
	case BAN_EXTENDED:
		r->figures.extended++;
		break;
	case BAN_CAPPED:
		r->figures.capped++;
		break;
	default:
		break;
	}
	if (bans_count(r->bans) > r->figures.bans_at_once)
		r->figures.bans_at_once = bans_count(r->bans);
}

/* The kernel's answer to each question is that the ban has run out: each slide that the log tells of
 * was told to the bans already. */
static void let_bans_end(struct replay *r, uint64_t now_ms)
{
	struct ban_step steps[STEPS_A_ROUND], step;
	size_t n;

	do {
		n = bans_due(r->bans, now_ms, steps, STEPS_A_ROUND);
		for (size_t i = 0; i < n; i++) {
			count_step(r, &steps[i]);
			if (steps[i].kernel == BAN_KERNEL_ASK &&
			    bans_answer(r->bans, &steps[i].ban.unit, 0, now_ms, &step) == 0)
				count_step(r, &step);
		}
	} while (n == STEPS_A_ROUND);
}

static void forget_oldest_held(struct replay *r)
{
	if (table_remove(r->held, &r->ring[r->ring_first]))
		r->figures.unknown_ends++;
	r->ring_first = (r->ring_first + 1) % HELD_MOST;
	r->ring_count--;
}

static void give_up_waiting(struct replay *r)
{
	while (r->ring_count) {
		const struct held *held = table_find(r->held, &r->ring[r->ring_first]);

		if (held && held->told_s + REPLAY_HOLD_MOST_S > r->now_s)
			return;
		forget_oldest_held(r);
	}
}

/* Of a client with several connections the first is waited for; the ends of the others stay unknown. */
static void hold(struct replay *r, const struct judge_event *event)
{
	struct held *held;
	void *value;

	if (r->ring_count == HELD_MOST)
		forget_oldest_held(r);
	switch (table_add(r->held, &event->client, &value)) {
	case 1:
		held = value;
		*held = (struct held){ r->now_s, event->client_port, 0 };
		r->ring[(r->ring_first + r->ring_count++) % HELD_MOST] = event->client;
		r->figures.evicted++;
		break;
	case 0:
		held = value;
		if (held->port && event->client_port && held->port != event->client_port &&
		    held->other != event->client_port) {
			held->other = event->client_port;
			r->figures.evicted++;
			r->figures.unknown_ends++;
		}
		break;
	}
}

/* A line without a port may be about any connection of the client. */
static void release(struct replay *r, const struct addr *client, uint16_t port)
{
	const struct held *held = table_find(r->held, client);

	if (!held || (port && held->port && port != held->port))
		return;
	if (r->now_s > held->told_s)
		r->figures.slot_seconds += r->now_s - held->told_s;
	table_remove(r->held, client);
}

static bool ends_connection(enum outcome outcome)
{
	return outcome == OUTCOME_DISCONNECTED || outcome == OUTCOME_TIMED_OUT || outcome == OUTCOME_AT_LIMIT;
}

static bool is_kept_out(const struct replay *r, const struct addr *unit, uint64_t now_ms, struct ban *ret)
{
	return bans_find(r->bans, unit, ret) && now_ms > ret->begin_ms + KEEPS_OUT_AFTER_MS;
}

/* In truth it would not have come so far. */
static void attempt(struct replay *r, const struct ban *ban, uint64_t now_ms)
{
	const struct ban_offence again = { ban->unit, (enum outcome)ban->outcome, ban->signature, 0 };
	struct ban_step step;

	r->figures.kept_out++;
	if (bans_extend(r->bans, &again, now_ms, &step) == 0)
		count_step(r, &step);
}

static void count_offence(struct replay *r, const struct verdict *verdict, bool banned)
{
	struct prefix client = prefix_of_unit(&verdict->unit);
	struct prefix network = prefix_of_network(&verdict->unit);

	r->figures.offences++;
	r->figures.clients += is_first(r, &verdict->unit, CLIENT_OFFENDED);
	frequent_add(r->clients, &client);
	frequent_add(r->networks, &network);
	waves_offence(r->waves, r->now_s, &verdict->unit, banned);
}

static void judge_it(struct replay *r, const struct judge_event *event, uint64_t now_ms)
{
	const struct policy policy = { r->judge, r->bans, r->never, NULL };
	struct addr unit = addr_unit(&event->client);
	struct verdict verdict;
	struct ban_step step;
	struct ban ban;
	bool was_out = is_kept_out(r, &unit, now_ms, &ban);
	bool acts = policy_decide(&policy, event, now_ms, &verdict, &step);

	if (verdict.action == JUDGE_PROTECTED && verdict.protection)
		r->protected[verdict.protection - r->never->entries]++;
	if (verdict.action == JUDGE_BAN && !acts)
		r->figures.dropped++;
	if (acts)
		count_step(r, &step);
	if (verdict.offence)
		count_offence(r, &verdict, acts && (step.event == BAN_BEGAN || step.event == BAN_BEGAN_ANEW));
	/* Where the log does not tell connections, a refusal is the attempt that would have failed. */
	if (acts && was_out && r->figures.connections == 0)
		r->figures.kept_out++;
	else if (acts && !was_out && !ends_connection(event->outcome))
		hold(r, event);
}

static void take_event(struct replay *r, const struct match *match)
{
	struct judge_event event = policy_event_of(match, 0);
	struct addr unit = addr_unit(&event.client);
	uint64_t now_ms = r->now_s * 1000;
	struct ban ban;

	let_bans_end(r, now_ms);
	if (ends_connection(event.outcome))
		release(r, &event.client, event.client_port);
	if (event.outcome != OUTCOME_CONNECTED) {
		judge_it(r, &event, now_ms);
		return;
	}
	r->figures.connections++;
	if (is_kept_out(r, &unit, now_ms, &ban))
		attempt(r, &ban, now_ms);
}

static void take_time(struct replay *r, const struct syslog_line *head, const struct stamp_clock *clock)
{
	uint64_t wall_s;

	if (syslog_time(head, clock, &wall_s) < 0) {
		if (r->now_s == 0)
			r->now_s = clock->now_s;
		return;
	}
	/* What was written by several processes, or sent by several hosts, is not in order: that is no time
	 * that passed a second time. */
	if (wall_s > r->now_s || r->now_s - wall_s >= REPLAY_DISORDER_S)
		r->now_s = wall_s;
	if (r->figures.first_s == 0 || wall_s < r->figures.first_s)
		r->figures.first_s = wall_s;
	if (wall_s > r->figures.last_s)
		r->figures.last_s = wall_s;
}

void replay_line(struct replay *r, struct bytes line, bool cut, const struct stamp_clock *clock)
{
	struct line_reading reading;

	r->figures.lines++;
	r->figures.bytes += line.size + 1;
	r->figures.cut += cut;
	line_reader_read(r->reader, line, cut, &reading);
	take_time(r, &reading.head, clock);
	give_up_waiting(r);
	if (!reading.recognised)
		return;
	r->figures.recognised++;
	/* An offence whose client is not named yet counts when it is. */
	if (reading.match.score || outcome_score(reading.match.outcome) == 0)
		r->figures.outcomes[reading.match.outcome]++;
	if (reading.match.addr.family != ADDR_NONE)
		take_event(r, &reading.match);
}

uint64_t replay_now_s(const struct replay *r)
{
	return r->now_s;
}

const struct replay_figures *replay_end(struct replay *r)
{
	while (r->ring_count)
		forget_oldest_held(r);
	return &r->figures;
}

size_t replay_waves(struct replay *r, const struct wave_found **ret, uint64_t *ret_dropped)
{
	size_t count = waves_list(r->waves, ret);

	*ret_dropped = waves_dropped(r->waves);
	return count;
}

size_t replay_worst_clients(const struct replay *r, struct frequent_entry *ret, size_t most)
{
	return frequent_list(r->clients, ret, most);
}

size_t replay_worst_networks(const struct replay *r, struct frequent_entry *ret, size_t most)
{
	return frequent_list(r->networks, ret, most);
}

uint64_t replay_protected(const struct replay *r, size_t entry)
{
	return r->protected[entry];
}
