/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/judge.h"

#include "base/counter.h"
#include "base/table.h"
#include "judge/steady.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* Times are steady here. */
struct client {
	double score;
	uint64_t scored_ms;   /* when `score` was right; it has decayed since */
	uint64_t pardoned_ms; /* when accepted mail last halved it; 0 for never */
	uint32_t offences;
	uint32_t events_seen; /* the ring's next place is this modulo JUDGE_EVENTS */
	struct judge_entry events[JUDGE_EVENTS];
};

struct judge {
	struct judge_limits limits;
	struct table *clients; /* struct addr, the unit, to struct client */
	uint32_t hand;	       /* where make_room looks next */
	struct steady time;
};

static uint32_t whole_points(double score)
{
	return (uint32_t)(score + 0.5);
}

static double decayed(const struct judge *judge, double score, uint64_t elapsed_ms)
{
	return score * exp2(-(double)elapsed_ms / (double)judge->limits.half_life_ms);
}

static double score_now(const struct judge *judge, const struct client *client, uint64_t now)
{
	return fmin(decayed(judge, client->score, now - client->scored_ms),
		    judge->limits.ban_score);
}

/* The score when the latest event happened, which is what it is judged by: a line that waited for
 * us a minute is as good a reason as it was then. What has become of the ban since is the bans'
 * affair. */
static double score_then(const struct judge *judge, const struct client *client, uint64_t now,
			 uint64_t age_ms)
{
	return fmin(score_now(judge, client, now) *
			    exp2((double)age_ms / (double)judge->limits.half_life_ms),
		    judge->limits.ban_score);
}

static bool limits_are_valid(const struct judge_limits *limits)
{
	return limits->half_life_ms && limits->ban_score && limits->clients;
}

int judge_create(const struct judge_limits *limits, struct judge **ret)
{
	struct judge *judge;
	int r;

	if (!limits_are_valid(limits))
		return -EINVAL;
	judge = calloc(1, sizeof(*judge));
	if (!judge)
		return -ENOMEM;
	judge->limits = *limits;
	r = table_create(sizeof(struct addr), sizeof(struct client), limits->clients,
			 &judge->clients);
	if (r < 0) {
		free(judge);
		return r;
	}
	*ret = judge;
	return 0;
}

void judge_destroy(struct judge *judge)
{
	if (!judge)
		return;
	table_destroy(judge->clients);
	free(judge);
}

static struct client *next_in_turn(struct judge *judge)
{
	struct client *client = table_next(judge->clients, &judge->hand);

	if (client)
		return client;
	judge->hand = 0;
	return table_next(judge->clients, &judge->hand);
}

static void make_room(struct judge *judge, uint64_t now)
{
	struct client *lowest = next_in_turn(judge), *client;

	for (int i = 1; i < JUDGE_SAMPLE; i++) {
		client = next_in_turn(judge);
		if (score_now(judge, client, now) < score_now(judge, lowest, now))
			lowest = client;
	}
	if (whole_points(score_now(judge, lowest, now)) > 0)
		counter_add(COUNTER_offences_forgotten, 1);
	table_remove(judge->clients, table_key(judge->clients, lowest));
}

static int copy_clients(const struct table *from, struct table *to)
{
	uint32_t cursor = 0;
	struct client *client;
	void *copy;
	int r;

	while ((client = table_next(from, &cursor))) {
		r = table_add(to, table_key(from, client), &copy);
		if (r < 0)
			return r;
		memcpy(copy, client, sizeof(*client));
	}
	return 0;
}

static int set_cap(struct judge *judge, uint32_t most)
{
	struct table *clients;
	int r;

	r = table_create(sizeof(struct addr), sizeof(struct client), most, &clients);
	if (r < 0)
		return r;
	while (table_count(judge->clients) > most)
		make_room(judge, judge->time.latest_ms);
	r = copy_clients(judge->clients, clients);
	if (r < 0) {
		table_destroy(clients);
		return r;
	}
	table_destroy(judge->clients);
	judge->clients = clients;
	judge->hand = 0;
	return 0;
}

int judge_set_limits(struct judge *judge, const struct judge_limits *limits)
{
	int r;

	if (!limits_are_valid(limits))
		return -EINVAL;
	if (limits->clients != judge->limits.clients) {
		r = set_cap(judge, limits->clients);
		if (r < 0)
			return r;
	}
	judge->limits = *limits;
	return 0;
}

/* The client's place, made when there is none. NULL without memory. */
static struct client *admit(struct judge *judge, const struct addr *unit, uint64_t now)
{
	void *client = table_find(judge->clients, unit);

	if (client)
		return client;
	if (table_count(judge->clients) == judge->limits.clients)
		make_room(judge, now);
	if (table_add(judge->clients, unit, &client) < 0)
		return NULL;
	((struct client *)client)->scored_ms = now;
	return client;
}

static void remember_event(struct client *client, const struct judge_event *event, uint32_t added,
			   uint64_t now)
{
	struct judge_entry *entry = &client->events[client->events_seen++ % JUDGE_EVENTS];

	*entry = (struct judge_entry){
		.at_ms = now - (event->age_ms < now ? event->age_ms : now),
		.signature = event->signature,
		.added = added,
		.score_after = whole_points(client->score),
		.client_port = event->client_port,
		.reply_code = event->reply_code,
		.outcome = (uint8_t)event->outcome,
	};
}

static void add_offence(struct judge *judge, struct client *client, const struct judge_event *event,
			uint32_t added, uint64_t now)
{
	double score = score_now(judge, client, now) + decayed(judge, added, event->age_ms);

	client->score = fmin(score, judge->limits.ban_score);
	client->scored_ms = now;
	client->offences++;
	remember_event(client, event, added, now);
}

static void pardon(struct judge *judge, struct client *client, const struct judge_event *event,
		   uint64_t now)
{
	if (client->pardoned_ms && now - client->pardoned_ms < judge->limits.half_life_ms)
		return;
	client->pardoned_ms = now;
	client->score = score_now(judge, client, now) / 2;
	client->scored_ms = now;
	remember_event(client, event, 0, now);
}

static uint32_t weight(const struct judge *judge, const struct judge_event *event)
{
	uint32_t score = event->score;

	if (score == JUDGE_SCORE_OF_OUTCOME)
		score = judge->limits.scores[event->outcome];
	return score < judge->limits.ban_score ? score : judge->limits.ban_score;
}

static void decide(const struct prefix_set *never, struct verdict *verdict)
{
	if (!verdict->offence || verdict->score < verdict->ban_score)
		return;
	verdict->protection = prefix_set_find(never, &verdict->unit);
	verdict->action = verdict->protection ? JUDGE_PROTECTED : JUDGE_BAN;
	if (verdict->protection)
		counter_add(COUNTER_bans_refused, 1);
}

void judge_event(struct judge *judge, const struct prefix_set *never,
		 const struct judge_event *event, uint64_t now_ms, struct verdict *ret)
{
	uint64_t now = steady_now(&judge->time, now_ms);
	struct client alone = { .scored_ms = now }, *client;
	uint32_t added;

	assert((unsigned)event->outcome < OUTCOME_COUNT);
	added = weight(judge, event);
	*ret = (struct verdict){ .unit = addr_unit(&event->client),
				 .ban_score = judge->limits.ban_score };
	ret->added = added;
	ret->offence = added > 0;
	client = ret->offence ? admit(judge, &ret->unit, now)
			      : table_find(judge->clients, &ret->unit);
	if (!client)
		client = &alone;
	if (ret->offence) {
		counter_add(COUNTER_offences, 1);
		add_offence(judge, client, event, added, now);
	} else if (event->outcome == OUTCOME_ACCEPTED) {
		pardon(judge, client, event, now);
	}
	ret->score = whole_points(score_then(judge, client, now, event->age_ms));
	decide(never, ret);
}

bool judge_forget(struct judge *judge, const struct addr *unit)
{
	return table_remove(judge->clients, unit);
}

static void copy_events(const struct judge *judge, const struct client *client,
			struct judge_client *ret)
{
	uint32_t first = client->events_seen > JUDGE_EVENTS ? client->events_seen - JUDGE_EVENTS
							    : 0;

	for (uint32_t i = first; i < client->events_seen; i++) {
		struct judge_entry *entry = &ret->events[ret->event_count++];

		*entry = client->events[i % JUDGE_EVENTS];
		entry->at_ms = steady_to_wall(&judge->time, entry->at_ms);
	}
}

bool judge_look(struct judge *judge, const struct addr *unit, uint64_t now_ms,
		struct judge_client *ret)
{
	const struct client *client = table_find(judge->clients, unit);
	uint64_t now = steady_now(&judge->time, now_ms);

	*ret = (struct judge_client){
		.ban_score = judge->limits.ban_score,
		.half_life_ms = judge->limits.half_life_ms,
	};
	if (!client)
		return false;
	ret->score = whole_points(score_now(judge, client, now));
	ret->offences = client->offences;
	copy_events(judge, client, ret);
	return true;
}

uint32_t judge_score(struct judge *judge, const struct addr *unit, uint64_t now_ms)
{
	const struct client *client = table_find(judge->clients, unit);
	uint64_t now = steady_now(&judge->time, now_ms);

	return client ? whole_points(score_now(judge, client, now)) : 0;
}

static void stand(struct judge *judge, const struct client *client, uint64_t now_ms, struct judge_standing *ret)
{
	uint64_t now = steady_now(&judge->time, now_ms);

	*ret = (struct judge_standing){
		.score = whole_points(score_now(judge, client, now)),
		.offences = client->offences,
		.last_ms = steady_to_wall(&judge->time, client->scored_ms),
	};
}

bool judge_standing(struct judge *judge, const struct addr *unit, uint64_t now_ms, struct judge_standing *ret)
{
	const struct client *client = table_find(judge->clients, unit);

	if (client)
		stand(judge, client, now_ms, ret);
	return client;
}

bool judge_next(struct judge *judge, uint32_t *cursor, uint64_t now_ms, struct addr *ret_unit,
		struct judge_standing *ret)
{
	const struct client *client = table_next(judge->clients, cursor);

	if (!client)
		return false;
	memcpy(ret_unit, table_key(judge->clients, client), sizeof(*ret_unit));
	stand(judge, client, now_ms, ret);
	return true;
}

size_t judge_count(const struct judge *judge)
{
	return table_count(judge->clients);
}

size_t judge_memory(const struct judge *judge)
{
	return sizeof(*judge) + table_memory(judge->clients);
}
