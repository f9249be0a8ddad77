/* SPDX-License-Identifier: Apache-2.0 */
/* What the worker says of single clients, of DNS lists, and of limits that were reached. */
#include "daemon/worker_internal.h"

#include "base/counter.h"

#include <stdio.h>

/* A limit that is reached is told again after this, if it still is. */
#define LIMIT_AGAIN_MS 600000

void worker_say(struct worker *w, enum log_message message, const struct log_field *fields, size_t count)
{
	if (w->talked == TALK_A_SECOND) {
		w->untold++;
		return;
	}
	w->talked++;
	log_say(message, fields, count);
}

static void add_reason(char *why, size_t size, const char *before, const char *reason)
{
	size_t used = strlen(why);

	snprintf(why + used, size - used, "%s%s%s", used ? ", " : "", before, reason);
}

void worker_say_rejected(struct worker *w, const struct gate_report *report)
{
	const struct settings *settings = w->settings;
	char address[ADDR_TEXT_SIZE], why[300] = "";

	for (size_t i = 0; i < settings->zone_count; i++) {
		if (report->listed >> i & 1 && settings->zones[i].weight > 0)
			add_reason(why, sizeof(why), "listed by ", settings->zones[i].name);
	}
	for (unsigned i = 0; i < OBSERVATIONS; i++) {
		if (report->observed >> i & 1)
			add_reason(why, sizeof(why), "", observation_words((enum observation)i));
	}
	worker_event(w, LOG_GATE_REJECTED, LOG_TEXT(ADDRESS, addr_format(&report->client, address)),
		     LOG_NUMBER(PORT, report->client_port),
		     LOG_NUMBER(SCORE, report->score > 0 ? (uint64_t)report->score : 0), LOG_TEXT(WHY, why));
}

static void say_side(const char *zone, const char *family, unsigned state, unsigned trouble, bool tell_first,
		     uint8_t *said)
{
	bool is_news = *said == ZONE_UNTRIED ? state == ZONE_OUT && tell_first : state != *said;

	if (state == ZONE_UNTRIED)
		return;
	if (is_news && state == ZONE_OUT)
		log_event(LOG_ZONE_OUT, LOG_TEXT(ZONE, zone), LOG_TEXT(FAMILY, family),
			  LOG_TEXT(WHY, zone_trouble_words(trouble)));
	else if (is_news)
		log_event(LOG_ZONE_BACK, LOG_TEXT(ZONE, zone), LOG_TEXT(FAMILY, family));
	*said = (uint8_t)state;
}

void worker_say_zone(const char *zone, const struct zone_health *health, struct zone_said *said)
{
	say_side(zone, "IPv4", health->state, health->trouble, true, &said->state);
	/* Most zones list no IPv6 at all: that is nothing to tell at each start. */
	say_side(zone, "IPv6", health->state6, health->trouble6, false, &said->state6);
}

/* Those whose reaching is told: what is counted then, and what it means. */
static const struct limit_row {
	enum counter counter;
	size_t limit; /* offset of its setting */
	const char *setting, *what;
} limit_rows[WORKER_LIMITS] = {
	{ COUNTER_bans_dropped, offsetof(struct settings, ban_limit), "ban.limit", "bans were not made" },
	{ COUNTER_suspects_dropped, offsetof(struct settings, suspect_limit), "suspect.limit",
	  "clients were not led to the gate" },
	{ COUNTER_offences_forgotten, offsetof(struct settings, judge_clients), "judge.clients",
	  "scores were forgotten early" },
	{ COUNTER_gate_full, offsetof(struct settings, gate_sessions), "gate.sessions",
	  "connections were turned away at the gate" },
};

/* How often it has happened since it was last told; 0 when that is nothing to tell now. */
static uint64_t is_news(struct limit_said *said, uint64_t happened, uint64_t now_ms)
{
	uint64_t times = happened - said->happened;

	if (times == 0 || now_ms < said->again_ms)
		return 0;
	*said = (struct limit_said){ .happened = happened, .again_ms = now_ms + LIMIT_AGAIN_MS };
	return times;
}

struct worker_limit_words worker_limit_words(unsigned limit)
{
	struct worker_limit_words words = { "", "" };

	if (limit == 0)
		return words;
	snprintf(words.number, sizeof(words.number), "%u", limit);
	snprintf(words.of, sizeof(words.of), " of %u", limit);
	return words;
}

static void say_full(struct worker *w, uint64_t now_ms)
{
	const struct worker_limit_words limit = worker_limit_words(w->start->plan->limit);
	uint64_t times = is_news(&w->full_said, w->outcomes[OUTCOME_SERVER_FULL], now_ms);

	if (times)
		log_event(LOG_SERVER_FULL, LOG_NUMBER(COUNT, times), LOG_NUMBER(OPEN, w->counts.total),
			  LOG_TEXT(LIMIT, limit.number), LOG_TEXT(DETAIL, limit.of));
}

void worker_say_limits(struct worker *w)
{
	uint64_t now_ms = loop_now_ms(w->loop), times;

	for (size_t i = 0; i < WORKER_LIMITS; i++) {
		const struct limit_row *row = &limit_rows[i];
		const uint64_t *limit = (const void *)((const char *)w->settings + row->limit);

		times = is_news(&w->limits_said[i], counter_read(row->counter), now_ms);
		if (times)
			log_event(LOG_LIMIT_REACHED, LOG_TEXT(SETTING, row->setting), LOG_NUMBER(LIMIT, *limit),
				  LOG_NUMBER(COUNT, times), LOG_TEXT(WHY, row->what));
	}
	say_full(w, now_ms);
}

void worker_begin_to_say(struct worker *w)
{
	/* A worker before this one has told of what happened then. */
	for (size_t i = 0; i < WORKER_LIMITS; i++)
		w->limits_said[i].happened = counter_read(limit_rows[i].counter);
}
