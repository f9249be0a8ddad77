/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include "base/table.h"
#include "base/text.h"
#include "judge/explain.h"
#include "judge/line_reader.h"
#include "judge/policy.h"
#include "sense/signature_load.h"
#include "store/record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define BEGIN_MS 1785179537000ULL /* 2026-07-27 19:12:17 UTC, on the wall clock */
#define CONNECTIONS_MOST 1024
#define ELEMENTS_MOST 100000
#define SLICE 16
#define LINE_MOST 4096

struct socket {
	struct client client;
	enum connection connection;
	bool unacknowledged;
	uint64_t evict_at_ms; /* 0: not to be evicted */
};

struct kept {
	struct ban_record record;
	char why[BAN_WHY_SIZE];
};

struct world {
	struct suspect_limits suspect_limits;
	struct suspects *suspects;     /* with `bans` */
	struct table *suspect_elements; /* as `elements` */
	struct table *suspect_store;   /* struct unit_record to struct suspect_record */
	uint64_t now_ms;  /* the kernel's time; steady */
	int64_t clock_ms; /* what the wall clock is ahead of it */
	struct judge_limits judge_limits;
	struct ban_limits ban_limits;
	uint64_t grace_ms;
	struct prefix_set never;

	struct signature_set *signatures;
	struct line_reader *reader;
	struct judge *judge; /* with `bans`: NULL until something happens */
	struct bans *bans;

	struct table *elements; /* struct addr, the unit, to uint64_t, when it expires */
	struct table *store;	/* struct unit_record to struct kept */
	struct table *entries;	/* struct addr, to unsigned, how often it got in */
	struct socket sockets[CONNECTIONS_MOST];
	size_t socket_count;
	char explanation[EXPLAIN_TEXT_SIZE];
};

static uint64_t wall(const struct world *w)
{
	return (uint64_t)((int64_t)w->now_ms + w->clock_ms);
}

struct world *world_create(const char *signatures)
{
	struct world *w = calloc(1, sizeof(*w));
	char text[SIGNATURE_LOAD_TEXT_SIZE];

	story_must(w, "no memory");
	w->now_ms = BEGIN_MS;
	w->judge_limits =
		(struct judge_limits){ .half_life_ms = 600000, .ban_score = 100, .clients = 1000 };
	for (int i = 0; i < OUTCOME_COUNT; i++)
		w->judge_limits.scores[i] = outcome_score((enum outcome)i);
	w->ban_limits =
		(struct ban_limits){ .for_ms = 600000, .at_most_ms = 3600000, .most = 1000 };
	w->suspect_limits = (struct suspect_limits){ .for_ms = 3600000, .score = 20, .most = 1000 };
	w->grace_ms = 2000;
	story_must(signature_load(signatures, &w->signatures, text) == 0, text);
	story_must(line_reader_create(w->signatures, NULL, &w->reader) == 0 &&
		     table_create(sizeof(struct addr), sizeof(uint64_t), ELEMENTS_MOST,
				  &w->elements) == 0 &&
		     table_create(sizeof(struct addr), sizeof(uint64_t), ELEMENTS_MOST, &w->suspect_elements) == 0 &&
		     table_create(sizeof(struct unit_record), sizeof(struct suspect_record), ELEMENTS_MOST,
				  &w->suspect_store) == 0 &&
		     table_create(sizeof(struct unit_record), sizeof(struct kept), ELEMENTS_MOST,
				  &w->store) == 0 &&
		     table_create(sizeof(struct addr), sizeof(unsigned), ELEMENTS_MOST,
				  &w->entries) == 0,
	     "no memory");
	return w;
}

void world_destroy(struct world *w)
{
	judge_destroy(w->judge);
	bans_destroy(w->bans);
	suspects_destroy(w->suspects);
	table_destroy(w->suspect_elements);
	table_destroy(w->suspect_store);
	line_reader_destroy(w->reader);
	signature_set_destroy(w->signatures);
	table_destroy(w->elements);
	table_destroy(w->store);
	table_destroy(w->entries);
	prefix_set_clear(&w->never);
	free(w);
}

static void start_daemon(struct world *w)
{
	if (w->judge)
		return;
	story_must(judge_create(&w->judge_limits, &w->judge) == 0 &&
		     bans_create(&w->ban_limits, &w->bans) == 0 &&
		     suspects_create(&w->suspect_limits, &w->suspects) == 0,
	     "these settings do not go together");
}

bool world_set(struct world *w, struct bytes name, struct bytes value)
{
	const struct {
		const char *name;
		uint64_t *ms;
		uint32_t *count;
	} settings[] = {
		{ "ban.for", &w->ban_limits.for_ms, NULL },
		{ "ban.at_most", &w->ban_limits.at_most_ms, NULL },
		{ "ban.limit", NULL, &w->ban_limits.most },
		{ "ban.score", NULL, &w->judge_limits.ban_score },
		{ "suspect.for", &w->suspect_limits.for_ms, NULL },
		{ "suspect.limit", NULL, &w->suspect_limits.most },
		{ "suspect.score", NULL, &w->suspect_limits.score },
		{ "judge.half_life", &w->judge_limits.half_life_ms, NULL },
		{ "judge.clients", NULL, &w->judge_limits.clients },
		{ "evict.grace", &w->grace_ms, NULL },
	};
	struct prefix prefix;
	uint64_t count;

	if (bytes_equal(name, BYTES_LITERAL("ban.never")))
		return prefix_parse(value, &prefix) == 0 &&
		       prefix_set_add(&w->never, &prefix, "ban.never") == 0;
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		if (!bytes_equal(name, bytes_of(settings[i].name)))
			continue;
		if (settings[i].ms)
			return duration_parse(value, settings[i].ms) == 0;
		if (bytes_to_u64(value, UINT32_MAX, &count) < 0)
			return false;
		*settings[i].count = (uint32_t)count;
		return true;
	}
	return false;
}

static void evict(struct world *w, const struct addr *unit)
{
	for (size_t i = 0; i < w->socket_count; i++) {
		struct socket *s = &w->sockets[i];
		struct addr of = addr_unit(&s->client.addr);

		if (s->connection == CONNECTED && addr_equal(&of, unit) && s->evict_at_ms == 0)
			s->evict_at_ms = w->now_ms + w->grace_ms;
	}
}

static void set_element(struct world *w, struct table *elements, const struct addr *unit, uint64_t timeout_ms, bool replace)
{
	void *value;
	int r = table_add(elements, unit, &value);

	story_must(r >= 0, "too many elements");
	if (r == 1 || replace || *(uint64_t *)value <= w->now_ms)
		*(uint64_t *)value = w->now_ms + timeout_ms;
}

static void write_store(struct world *w, const struct ban_step *step)
{
	struct unit_record key = record_of_unit(&step->ban.unit);
	void *value;

	if (step->store == BAN_STORE_DELETE)
		table_remove(w->store, &key);
	if (step->store != BAN_STORE_PUT)
		return;
	story_must(table_add(w->store, &key, &value) >= 0, "too many bans");
	((struct kept *)value)->record = record_of_ban(&step->ban);
	memcpy(((struct kept *)value)->why, step->ban.why, BAN_WHY_SIZE);
}

static struct policy policy_of(struct world *w)
{
	return (struct policy){ w->judge, w->bans, &w->never, w->suspects };
}

static void carry_out_suspect(struct world *w, const struct suspect_step *step)
{
	struct unit_record key = record_of_unit(&step->suspect.unit);
	struct suspect_record record = record_of_suspect(&step->suspect);
	void *value;

	if (step->store == SUSPECT_STORE_DELETE)
		table_remove(w->suspect_store, &key);
	if (step->store == SUSPECT_STORE_PUT) {
		story_must(table_add(w->suspect_store, &key, &value) >= 0, "too many suspects");
		memcpy(value, &record, sizeof(record));
	}
	if (step->kernel == SUSPECT_KERNEL_REMOVE)
		table_remove(w->suspect_elements, &step->suspect.unit);
	else if (step->kernel != SUSPECT_KERNEL_NOTHING)
		set_element(w, w->suspect_elements, &step->suspect.unit, step->timeout_ms,
			    step->kernel == SUSPECT_KERNEL_REPLACE);
}

static void suspect_after_ban(struct world *w, const struct ban_step *ban)
{
	const struct policy policy = policy_of(w);
	struct suspect_step step;

	if (policy_suspect_after_ban(&policy, ban, wall(w), &step))
		carry_out_suspect(w, &step);
}

static void carry_out(struct world *w, const struct ban_step *step)
{
	const struct addr *unit = &step->ban.unit;
	struct ban_step answered;

	write_store(w, step);
	suspect_after_ban(w, step);
	switch (step->kernel) {
	case BAN_KERNEL_NOTHING:
		break;
	case BAN_KERNEL_ADD:
	case BAN_KERNEL_REPLACE:
		set_element(w, w->elements, unit, step->timeout_ms, step->kernel == BAN_KERNEL_REPLACE);
		break;
	case BAN_KERNEL_REMOVE:
		table_remove(w->elements, unit);
		break;
	case BAN_KERNEL_ASK:
		if (bans_answer(w->bans, unit, world_banned_ms(w, unit), wall(w), &answered) == 0)
			carry_out(w, &answered);
		break;
	}
}

static void do_due(struct world *w)
{
	struct suspect_step suspect;
	struct ban_step steps[SLICE];
	size_t n;

	while (suspects_due(w->suspects, wall(w), &suspect, 1))
		carry_out_suspect(w, &suspect);
	while ((n = bans_due(w->bans, wall(w), steps, SLICE))) {
		for (size_t i = 0; i < n; i++)
			carry_out(w, &steps[i]);
	}
	for (size_t i = 0; i < w->socket_count; i++) {
		struct socket *s = &w->sockets[i];

		if (s->connection == CONNECTED && s->evict_at_ms &&
		    (!s->unacknowledged || s->evict_at_ms <= w->now_ms))
			s->connection = EVICTED;
	}
}

/* How long nothing happens by itself, `most` at most. */
static uint64_t quiet_ms(struct world *w, uint64_t most)
{
	uint64_t quiet = bans_wait_ms(w->bans, wall(w));

	for (size_t i = 0; i < w->socket_count; i++) {
		const struct socket *s = &w->sockets[i];

		if (s->connection == CONNECTED && s->evict_at_ms &&
		    s->evict_at_ms - w->now_ms < quiet)
			quiet = s->evict_at_ms - w->now_ms;
	}
	quiet = quiet > 0 ? quiet : 1;
	return quiet < most ? quiet : most;
}

uint64_t world_age_ms(const struct world *w)
{
	return w->now_ms - BEGIN_MS;
}

void world_pass(struct world *w, uint64_t ms)
{
	start_daemon(w);
	do_due(w);
	while (ms) {
		uint64_t step = quiet_ms(w, ms);

		w->now_ms += step;
		ms -= step;
		do_due(w);
	}
}

void world_set_clock(struct world *w, int64_t by_ms)
{
	w->clock_ms += by_ms;
	world_pass(w, 0);
}

bool world_try(struct world *w, const struct client *client)
{
	struct addr unit = addr_unit(&client->addr);
	void *count;

	if (world_banned_ms(w, &unit)) {
		set_element(w, w->elements, &unit, w->ban_limits.for_ms, true);
		return false;
	}
	story_must(w->socket_count < CONNECTIONS_MOST &&
		     table_add(w->entries, &client->addr, &count) >= 0,
	     "too many connections");
	w->sockets[w->socket_count++] = (struct socket){ .client = *client,
							 .connection = CONNECTED };
	++*(unsigned *)count;
	return true;
}

static struct socket *find_socket(const struct world *w, const struct client *client)
{
	for (size_t i = w->socket_count; i-- > 0;) {
		const struct socket *s = &w->sockets[i];

		if (s->client.port == client->port && addr_equal(&s->client.addr, &client->addr))
			return (struct socket *)(uintptr_t)s;
	}
	return NULL;
}

void world_acknowledge(struct world *w, const struct client *client)
{
	struct socket *s = find_socket(w, client);

	if (s)
		s->unacknowledged = false;
	world_pass(w, 0);
}

static void judge(struct world *w, const struct match *match)
{
	const struct policy policy = policy_of(w);
	struct judge_event event = policy_event_of(match, 0);
	struct suspect_step suspect;
	struct verdict verdict;
	struct ban_step step;

	if (policy_decide(&policy, &event, wall(w), &verdict, &step)) {
		carry_out(w, &step);
		evict(w, &verdict.unit);
	}
	if (policy_suspect(&policy, &event, &verdict, wall(w), &suspect))
		carry_out_suspect(w, &suspect);
}

static bool trust(struct world *w, const struct addr *unit)
{
	struct suspect_step step;

	start_daemon(w);
	if (suspects_trust(w->suspects, unit, wall(w), &step) < 0)
		return false;
	carry_out_suspect(w, &step);
	return true;
}

void world_gate_passes(struct world *w, const struct addr *addr)
{
	struct addr unit = addr_unit(addr);

	trust(w, &unit);
}

bool world_log(struct world *w, struct bytes line)
{
	struct socket *s;
	struct line_reading reading;
	char whole[LINE_MOST];
	int size;

	start_daemon(w);
	size = snprintf(whole, sizeof(whole), "Jul 27 19:12:17 mx %.*s", BYTES_FMT(line));
	story_must(size > 0 && size < LINE_MOST, "a line of the log is too long");
	if (!line_reader_read(w->reader, bytes_make(whole, (size_t)size), false, &reading))
		return false;
	s = find_socket(w, &(struct client){ reading.match.addr, reading.match.port });
	if (s)
		s->unacknowledged = true;
	if (reading.match.addr.family != ADDR_NONE)
		judge(w, &reading.match);
	world_pass(w, 0);
	return true;
}

bool world_ban(struct world *w, const struct addr *addr, uint64_t for_ms, struct bytes why)
{
	struct addr unit = addr_unit(addr);
	struct ban_step step;

	start_daemon(w);
	if (world_protection(w, addr) ||
	    bans_by_hand(w->bans, &unit, for_ms, why, wall(w), &step) < 0)
		return false;
	carry_out(w, &step);
	evict(w, &unit);
	world_pass(w, 0);
	return true;
}

bool world_unban(struct world *w, const struct addr *addr)
{
	struct addr unit = addr_unit(addr);
	struct ban_step step;
	bool was_suspect = trust(w, &unit);

	judge_forget(w->judge, &unit);
	if (bans_lift(w->bans, &unit, wall(w), &step) < 0)
		return was_suspect;
	carry_out(w, &step);
	return true;
}

bool world_allow(struct world *w, const struct prefix *prefix)
{
	struct suspect_step suspect;
	struct ban_step steps[SLICE];
	uint32_t cursor = 0;
	size_t n;

	start_daemon(w);
	while (suspects_trust_within(w->suspects, prefix, &cursor, wall(w), &suspect, 1))
		carry_out_suspect(w, &suspect);
	cursor = 0;
	if (prefix_set_add(&w->never, prefix, "wavebreak allow") < 0)
		return false;
	do {
		n = bans_lift_within(w->bans, prefix, &cursor, wall(w), steps, SLICE);
		for (size_t i = 0; i < n; i++)
			carry_out(w, &steps[i]);
	} while (n == SLICE);
	return true;
}

static void restore(struct world *w, const struct kept *kept)
{
	const struct unit_record *key = table_key(w->store, kept);
	struct ban_step step;
	struct ban ban;
	int r;

	r = record_read_ban(bytes_make((const char *)key, sizeof(*key)),
			    bytes_make((const char *)&kept->record, sizeof(kept->record)), &ban);
	story_must(r == 0, "the store gives back what it was not given");
	memcpy(ban.why, kept->why, BAN_WHY_SIZE);
	if (!prefix_set_find(&w->never, &ban.unit) &&
	    bans_restore(w->bans, &ban, wall(w), &step) == 0)
		carry_out(w, &step);
}

static void restore_suspect(struct world *w, const struct suspect_record *kept)
{
	const struct unit_record *key = table_key(w->suspect_store, kept);
	struct suspect suspect;
	struct suspect_step step;
	int r;

	r = record_read_suspect(bytes_make((const char *)key, sizeof(*key)), bytes_make((const char *)kept, sizeof(*kept)),
				&suspect);
	story_must(r == 0, "the store gives back what it was not given");
	if (!prefix_set_find(&w->never, &suspect.unit) && suspects_restore(w->suspects, &suspect, wall(w), &step) == 0)
		carry_out_suspect(w, &step);
}

void world_restart(struct world *w)
{
	uint32_t cursor = 0;
	const struct suspect_record *suspect;
	struct kept *kept;

	judge_destroy(w->judge);
	bans_destroy(w->bans);
	suspects_destroy(w->suspects);
	w->judge = NULL;
	w->bans = NULL;
	w->suspects = NULL;
	table_clear(w->elements);
	table_clear(w->suspect_elements);
	start_daemon(w);
	while ((kept = table_next(w->store, &cursor)))
		restore(w, kept);
	cursor = 0;
	while ((suspect = table_next(w->suspect_store, &cursor)))
		restore_suspect(w, suspect);
	world_pass(w, 0);
}

void world_lose_kernel_table(struct world *w)
{
	struct suspect_step suspect;
	struct ban_step steps[SLICE];
	uint32_t cursor = 0;
	size_t n;

	start_daemon(w);
	table_clear(w->elements);
	table_clear(w->suspect_elements);
	while (suspects_renew(w->suspects, &cursor, wall(w), &suspect, 1))
		carry_out_suspect(w, &suspect);
	cursor = 0;
	do {
		n = bans_renew(w->bans, &cursor, wall(w), steps, SLICE);
		for (size_t i = 0; i < n; i++)
			carry_out(w, &steps[i]);
	} while (n == SLICE);
}

static uint64_t left_ms(const struct world *w, const struct table *elements, const struct addr *addr)
{
	struct addr unit = addr_unit(addr);
	const uint64_t *expires = table_find(elements, &unit);

	return expires && *expires > w->now_ms ? *expires - w->now_ms : 0;
}

uint64_t world_banned_ms(const struct world *w, const struct addr *addr)
{
	return left_ms(w, w->elements, addr);
}

uint64_t world_suspect_ms(const struct world *w, const struct addr *addr)
{
	return left_ms(w, w->suspect_elements, addr);
}

enum connection world_connection(const struct world *w, const struct client *client)
{
	const struct socket *s = find_socket(w, client);

	return s ? s->connection : NEVER_CONNECTED;
}

unsigned world_got_in(const struct world *w, const struct addr *addr)
{
	const unsigned *count = table_find(w->entries, addr);

	return count ? *count : 0;
}

uint32_t world_score(struct world *w, const struct addr *addr)
{
	struct addr unit = addr_unit(addr);
	struct judge_client client;

	start_daemon(w);
	judge_look(w->judge, &unit, wall(w), &client);
	return client.score;
}

const struct prefix_entry *world_protection(const struct world *w, const struct addr *addr)
{
	struct addr unit = addr_unit(addr);

	return prefix_set_find(&w->never, &unit);
}

const char *world_explain(struct world *w, const struct addr *addr)
{
	struct explanation explanation;

	start_daemon(w);
	explain_make(w->judge, w->bans, &w->never, addr, wall(w), &explanation);
	explain_text(&explanation, NULL, NULL, w->explanation, sizeof(w->explanation));
	return w->explanation;
}
