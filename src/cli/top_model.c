/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top_model.h"

#include "base/text.h"
#include "cli/ask.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Beyond it a rate is none that can be believed, and does not fit where it is shown. */
#define RATE_MOST 1e6

static const char *const session_names[] = {
#define SESSION_STATE(id, name, help) name,
#include "defs/session_states.def"
#undef SESSION_STATE
};

static const char *const session_helps[] = {
#define SESSION_STATE(id, name, help) help,
#include "defs/session_states.def"
#undef SESSION_STATE
};

static const char *const total_names[] = {
	[TOP_ARRIVALS] = "arrivals",
	[TOP_ARRIVALS_BANNED] = "arrivals_banned",
	[TOP_BANS] = "bans",
	[TOP_EVICTIONS] = "evictions",
	[TOP_RELIEFS] = "reliefs",
};

const char *top_session_name(enum top_session state)
{
	return session_names[state];
}

const char *top_session_help(enum top_session state)
{
	return session_helps[state];
}

static void take_text(const json_t *object, const char *name, char *text, size_t size)
{
	char whole[ASK_TEXT_SIZE];

	/* It is escaped, and stays so when it is cut. */
	snprintf(text, size, "%s", ask_text(object, name, whole));
}

static double take_rate(const json_t *object, const char *name)
{
	double rate = json_number_value(json_object_get(object, name));

	return rate >= 0 && rate <= RATE_MOST ? rate : 0;
}

void top_model_begin(struct top_model *model)
{
	memset(&model->answers[!model->shown], 0, sizeof(model->answers[0]));
}

static void take_row(struct top_list *list, const json_t *line, const char *name)
{
	struct top_row *row = &list->rows[list->count];
	char whole[ASK_WHY_SIZE], state[TOP_WORD_SIZE];

	if (list->count == TOP_ROWS_MOST)
		return;
	*row = (struct top_row){ .state = CLIENT_STATES };
	take_text(line, name, row->name, sizeof(row->name));
	if (prefix_parse(bytes_of(row->name), &row->sums.prefix) < 0)
		return;
	take_text(line, "state", state, sizeof(state));
	(void)client_state_by_name(bytes_of(state), &row->state);
	row->sums.score = ask_number(line, "score");
	row->sums.open = ask_number(line, "open");
	row->sums.offences = ask_number(line, "offences");
	row->sums.last_ms = ask_number(line, "last") * 1000;
	row->sums.clients = (uint32_t)ask_number(line, "clients");
	row->sums.banned = (uint32_t)ask_number(line, "banned");
	row->sums.suspects = (uint32_t)ask_number(line, "suspects");
	snprintf(row->why, sizeof(row->why), "%s", ask_why(line, whole));
	list->count++;
}

static void take_connections(struct top_now *now, const json_t *c)
{
	now->counted = json_object_get(c, "open");
	now->served = ask_number(c, "served");
	now->waiting = ask_number(c, "waiting");
	now->open = ask_number(c, "open");
	now->limit = ask_number(c, "limit");
}

static void take_wave(struct top_now *now, const json_t *wave)
{
	const json_t *one = json_object_get(wave, "wave");

	now->looks_for_waves = wave;
	now->wave_lasts = ask_is_true(wave, "lasts");
	take_text(wave, "state", now->wave_state, sizeof(now->wave_state));
	now->wave_since_s = now->wave_lasts ? ask_number(one, "begin") : ask_number(wave, "since");
	now->wave_rate = take_rate(wave, "rate");
	now->wave_usual = take_rate(wave, "usual");
}

static void take_gate(struct top_now *now, const json_t *gate)
{
	const json_t *states = json_object_get(gate, "states"), *steering = json_object_get(gate, "steering");

	now->has_gate = gate;
	now->sessions = ask_number(gate, "sessions");
	for (size_t i = 0; i < TOP_SESSIONS; i++)
		now->by_state[i] = ask_number(states, session_names[i]);
	now->steers = steering;
	now->steering = ask_is_true(steering, "on");
}

static void take_zone(struct top_now *now, const json_t *zone)
{
	struct top_zone *z = &now->zones[now->zone_count];

	if (now->zone_count == TOP_ZONES_MOST || !json_is_object(zone))
		return;
	now->zone_count++;
	take_text(zone, "zone", z->name, sizeof(z->name));
	take_text(zone, "state", z->state, sizeof(z->state));
	take_text(zone, "state6", z->state6, sizeof(z->state6));
	take_text(zone, "trouble", z->trouble, sizeof(z->trouble));
	take_text(zone, "trouble6", z->trouble6, sizeof(z->trouble6));
	z->weight = json_integer_value(json_object_get(zone, "weight"));
	z->latency_ms = ask_number(zone, "latency_ms");
	z->asked = ask_number(zone, "asked");
	z->listed = ask_number(zone, "listed");
	z->decided = ask_number(zone, "decided");
	z->errors = ask_number(zone, "errors");
}

static void take_now(struct top_now *now, const json_t *line)
{
	const json_t *o = json_object_get(line, "now"), *totals = json_object_get(line, "totals");
	const json_t *suspects = json_object_get(o, "suspects"), *zone;
	size_t i;

	memset(now, 0, sizeof(*now));
	take_text(o, "mode", now->mode, sizeof(now->mode));
	now->observes = strcmp(now->mode, "observing") == 0;
	take_text(o, "mail_server", now->server, sizeof(now->server));
	now->now_s = ask_number(o, "now");
	now->started_s = ask_number(o, "started");
	take_connections(now, json_object_get(o, "connections"));
	take_wave(now, json_object_get(o, "wave"));
	now->bans = ask_number(o, "bans");
	now->scored = ask_number(o, "clients");
	now->has_suspects = suspects;
	now->suspects = ask_number(suspects, "now");
	take_gate(now, json_object_get(o, "gate"));
	now->relieves = ask_is_true(json_object_get(o, "relief"), "active");
	for (i = 0; i < TOP_TOTALS; i++) {
		now->totals[i] = ask_number(totals, total_names[i]);
		now->totals_known[i] = json_object_get(totals, total_names[i]);
	}
	json_array_foreach(json_object_get(line, "zones"), i, zone)
		take_zone(now, zone);
	now->networks_left_out = ask_number(line, "networks_left_out");
}

void top_model_line(struct top_model *model, const json_t *line)
{
	struct top_answer *incoming = &model->answers[!model->shown];

	if (json_object_get(line, "now"))
		take_now(&incoming->now, line);
	else if (json_object_get(line, "address"))
		take_row(&incoming->addresses, line, "address");
	else if (json_object_get(line, "network"))
		take_row(&incoming->networks, line, "network");
}

static int in_order(const void *a, const void *b, void *order)
{
	const struct top_row *x = a, *y = b;

	if (worst_before(*(enum worst_order *)order, &x->sums, &y->sums))
		return -1;
	return worst_before(*(enum worst_order *)order, &y->sums, &x->sums);
}

void top_model_sort(struct top_model *model, enum worst_order order)
{
	struct top_answer *shown = top_shown(model);

	qsort_r(shown->addresses.rows, shown->addresses.count, sizeof(struct top_row), in_order, &order);
	qsort_r(shown->networks.rows, shown->networks.count, sizeof(struct top_row), in_order, &order);
}

/* Of a daemon that was started again, totals begin anew. */
static void measure(struct top_model *model, const struct top_now *before, const struct top_now *now, uint64_t span_ms)
{
	bool comparable = model->known && before->started_s == now->started_s && span_ms > 0;

	for (size_t i = 0; i < TOP_TOTALS; i++) {
		bool grew = comparable && before->totals_known[i] && now->totals_known[i] &&
			    now->totals[i] >= before->totals[i];
		double rate = grew ? (double)(now->totals[i] - before->totals[i]) * 1000 / (double)span_ms : -1;

		model->rates[i] = rate <= RATE_MOST ? rate : -1;
	}
}

void top_model_end(struct top_model *model, uint64_t now_ms, enum worst_order order)
{
	const struct top_now *before = &top_shown(model)->now;

	model->shown = !model->shown;
	measure(model, before, &top_shown(model)->now, now_ms - model->taken_ms);
	model->known = true;
	model->taken_ms = now_ms;
	top_model_sort(model, order);
}
