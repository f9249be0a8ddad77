/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/worker_gate.h"

#include "base/clock.h"
#include "base/counter.h"
#include "base/log.h"
#include "base/table.h"
#include "daemon/gate_packet.h"
#include "daemon/worker_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

/* Those of a generation that drains, too. */
#define GATES_MOST (GATE_WORKERS_MOST * 2)
#define PACKETS_A_ROUND 64
#define GATE_REPLY_CODE 550
#define STORED_A_SECOND 500
/* Looked at in each second, and for one place. */
#define SWEEP 64

struct talk {
	char text[SESSION_TALK_SIZE];
};

struct passed {
	uint64_t until_s; /* wall time */
};

struct worker_gate {
	struct worker *w;
	size_t count;
	struct loop_fd *watches[GATES_MOST];
	struct gate_state states[GATES_MOST];
	bool wave_untold[GATES_MOST]; /* its socket was full: say it again */
	bool steers; /* the kernel leads clients here, as the warden said */
	int steering_error;
	struct zone_said said[ZONES_MOST];
	uint64_t decided[ZONES_MOST]; /* clients that were rejected, or let in, with the zone's word among others */
	struct table *talks; /* struct talk by unit */
	struct table *passed; /* struct passed by unit; also in the store */
	uint32_t passed_hand;
	unsigned stored; /* in this second */
	struct addr order[WORKER_GATE_TALKS];
	size_t oldest;
};

static void keep_talk(struct worker_gate *gate, const struct gate_report *report)
{
	struct addr unit = addr_unit(&report->client);
	struct talk *talk;
	int r = table_add(gate->talks, &unit, (void **)&talk);

	if (r == -ENOSPC) {
		table_remove(gate->talks, &gate->order[gate->oldest]);
		r = table_add(gate->talks, &unit, (void **)&talk);
	}
	if (r < 0)
		return;
	if (r == 1) {
		gate->order[gate->oldest] = unit;
		gate->oldest = (gate->oldest + 1) % WORKER_GATE_TALKS;
	}
	memcpy(talk->text, report->talk, sizeof(talk->text));
}

const char *worker_gate_talk(const struct worker_gate *gate, const struct addr *unit)
{
	const struct talk *talk = gate ? table_find(gate->talks, unit) : NULL;

	return talk ? talk->text : NULL;
}

uint64_t worker_gate_let_in_until(const struct worker_gate *gate, const struct addr *unit)
{
	const struct passed *passed = gate ? table_find(gate->passed, unit) : NULL;

	return passed ? passed->until_s * 1000 : 0;
}

static void forget_passed(struct worker_gate *gate, const struct passed *passed)
{
	struct addr unit;

	memcpy(&unit, table_key(gate->passed, passed), sizeof(unit));
	if (gate->w->store)
		store_delete_passed(gate->w->store, &unit);
	table_remove(gate->passed, &unit);
}

/* The one that would be forgotten soonest among the next few; all whose time is over go. */
static void sweep_passed(struct worker_gate *gate, bool need_room)
{
	uint64_t now_s = clock_wall_s();
	struct passed *soonest = NULL;

	for (int i = 0; i < SWEEP; i++) {
		struct passed *passed = table_next(gate->passed, &gate->passed_hand);

		if (!passed) {
			gate->passed_hand = 0;
			break;
		}
		if (passed->until_s <= now_s)
			forget_passed(gate, passed);
		else if (!soonest || passed->until_s < soonest->until_s)
			soonest = passed;
	}
	if (need_room && soonest && table_count(gate->passed) >= gate->w->settings->gate_remembered)
		forget_passed(gate, soonest);
}

/* What a flood of clean clients would have the disk do is bounded; the rest is remembered until a restart. */
static void remember_passed(struct worker_gate *gate, const struct addr *client)
{
	uint64_t until_s = clock_wall_s() + gate->w->settings->gate_remember_pass / 1000;
	struct addr unit = addr_unit(client);
	struct passed *passed;

	if (table_count(gate->passed) >= gate->w->settings->gate_remembered)
		sweep_passed(gate, true);
	if (gate->w->settings->gate_remember_pass < 1000 || table_add(gate->passed, &unit, (void **)&passed) < 0)
		return;
	passed->until_s = until_s;
	if (gate->w->store && gate->stored++ < STORED_A_SECOND)
		store_put_passed(gate->w->store, &unit, until_s);
}

static void forget_failed(struct worker_gate *gate, const struct addr *client)
{
	struct addr unit = addr_unit(client);
	const struct passed *passed = table_find(gate->passed, &unit);

	if (passed)
		forget_passed(gate, passed);
}

static void tell_known(const struct worker_gate *gate, int socket)
{
	static struct gate_packet packet;
	uint64_t now_s = clock_wall_s();
	const struct passed *passed;
	uint32_t cursor = 0;

	packet.head.kind = GATE_PACKET_KNOWN;
	packet.head.count = 0;
	while ((passed = table_next(gate->passed, &cursor))) {
		struct gate_known *known = &packet.known[packet.head.count];

		if (passed->until_s <= now_s)
			continue;
		memcpy(&known->client, table_key(gate->passed, passed), sizeof(known->client));
		known->left_ms = (passed->until_s - now_s) * 1000;
		if (++packet.head.count < GATE_ADDRS_MOST)
			continue;
		/* What its socket does not take is tested once more: no harm but a wait. */
		if (gate_packet_send(socket, &packet) < 0)
			return;
		packet.head.count = 0;
	}
	if (packet.head.count)
		(void)gate_packet_send(socket, &packet);
}

static void passed_again(void *data, const struct addr *unit, uint64_t until_s)
{
	struct worker_gate *gate = data;
	struct passed *passed;

	if (until_s <= clock_wall_s() || table_add(gate->passed, unit, (void **)&passed) < 0)
		store_delete_passed(gate->w->store, unit);
	else
		passed->until_s = until_s;
}

static enum outcome outcome_of(const struct gate_report *report)
{
	if (report->kind == GATE_REPORT_ABUSE)
		return OUTCOME_PROTOCOL_ABUSE;
	return report->is_listed ? OUTCOME_LISTED : OUTCOME_POLICY_REFUSED;
}

static void judge_report(struct worker *w, const struct gate_report *report)
{
	struct judge_event event = { .client = report->client, .client_port = report->client_port,
				     .reply_code = report->kind == GATE_REPORT_REFUSED ? GATE_REPLY_CODE : 0,
				     .outcome = outcome_of(report), .signature = WORKER_GATE_SIGNATURE,
				     .score = JUDGE_SCORE_OF_OUTCOME };
	struct verdict verdict;

	w->outcomes[event.outcome]++;
	/* What it holds is not evicted: the gate ends it in words. */
	worker_judge(w, &event, &verdict);
}

static void tell_others(struct worker_gate *gate, size_t teller, const struct gate_packet *packet)
{
	for (size_t i = 0; i < gate->count; i++) {
		if (i != teller && packet->head.count && gate_packet_send(gate->w->start->gates[i], packet) < 0)
			counter_add(COUNTER_gate_reports_dropped, packet->head.count);
	}
}

/* A list speaks for a rejection, a list of good ones for a client that was let in. */
static void count_decisions(struct worker_gate *gate, const struct gate_report *report)
{
	const struct settings *settings = gate->w->settings;
	bool rejected = report->kind == GATE_REPORT_REFUSED;

	for (size_t i = 0; i < settings->zone_count && report->kind != GATE_REPORT_ABUSE; i++)
		gate->decided[i] += report->listed >> i & 1 && (settings->zones[i].weight > 0) == rejected;
}

/* Also where the kernel alone believes it a suspect. */
static void trust(struct worker *w, const struct addr *client)
{
	struct addr unit = addr_unit(client);

	worker_trust_unknown(w, &unit);
}

static void take_reports(struct worker_gate *gate, size_t teller, const struct gate_packet *packet)
{
	static struct gate_packet passed, refused;

	passed.head.kind = GATE_PACKET_PASSED;
	refused.head.kind = GATE_PACKET_REFUSED;
	passed.head.count = refused.head.count = 0;
	for (uint32_t i = 0; i < packet->head.count; i++) {
		const struct gate_report *report = &packet->reports[i];

		count_decisions(gate, report);
		if (report->kind == GATE_REPORT_PASSED) {
			passed.passed[passed.head.count++] = report->client;
			remember_passed(gate, &report->client);
			trust(gate->w, &report->client);
			continue;
		}
		if (report->kind == GATE_REPORT_REFUSED) {
			keep_talk(gate, report);
			worker_say_rejected(gate->w, report);
			forget_failed(gate, &report->client);
			refused.refused[refused.head.count++] =
				(struct gate_refused){ report->client, report->score, report->listed };
		}
		judge_report(gate->w, report);
	}
	tell_others(gate, teller, &passed);
	tell_others(gate, teller, &refused);
}

/* The last packet is one that is not full. */
static void tell_never(int socket, const struct prefix_set *never)
{
	static struct gate_packet packet;
	size_t told = 0;

	packet.head.kind = GATE_PACKET_ALLOWED;
	do {
		size_t count = never->count - told;

		packet.head.count = count < GATE_ADDRS_MOST ? (uint32_t)count : GATE_ADDRS_MOST;
		for (size_t i = 0; i < packet.head.count; i++)
			packet.allowed[i] = never->entries[told + i];
		(void)gate_packet_send(socket, &packet);
		told += packet.head.count;
	} while (packet.head.count == GATE_ADDRS_MOST);
}

static void tell_wave(struct worker_gate *gate, size_t number)
{
	static struct gate_packet packet = { .head = { GATE_PACKET_WAVE, 1 } };
	int r;

	packet.wave = worker_wave_lasts(gate->w) && !gate->w->start->observe;
	r = gate_packet_send(gate->w->start->gates[number], &packet);
	gate->wave_untold[number] = r == -EAGAIN;
}

static void greet(struct worker_gate *gate, size_t number)
{
	int socket = gate->w->start->gates[number];

	tell_never(socket, &gate->w->never);
	tell_wave(gate, number);
	tell_known(gate, socket);
}

void worker_gate_tell_wave(struct worker_gate *gate)
{
	for (size_t i = 0; gate && i < gate->count; i++)
		tell_wave(gate, i);
}

void worker_gate_each_second(struct worker_gate *gate)
{
	if (!gate)
		return;
	gate->stored = 0;
	sweep_passed(gate, false);
	for (size_t i = 0; i < gate->count; i++) {
		if (gate->wave_untold[i])
			tell_wave(gate, i);
	}
}

/* The worse of two workers' findings is shown: one that cannot use a zone is worth knowing. */
static void add_health(struct zone_health *sum, const struct zone_health *one)
{
	if (one->state == ZONE_OUT || sum->state == ZONE_UNTRIED) {
		sum->state = one->state;
		sum->trouble = one->trouble;
	}
	if (one->state6 == ZONE_OUT || sum->state6 == ZONE_UNTRIED) {
		sum->state6 = one->state6;
		sum->trouble6 = one->trouble6;
	}
	if (one->latency_ms > sum->latency_ms)
		sum->latency_ms = one->latency_ms;
	sum->asked += one->asked;
	sum->listed += one->listed;
	sum->errors += one->errors;
}

/* Of those that serve: one that drains may have another configuration, with other lists. */
static struct zone_health health_of(const struct worker_gate *gate, size_t zone)
{
	struct zone_health sum = { 0 };

	for (size_t i = 0; i < gate->w->start->gates_serving; i++) {
		if (zone < gate->states[i].zone_count)
			add_health(&sum, &gate->states[i].zones[zone]);
	}
	return sum;
}

static void take_state(struct worker_gate *gate, size_t teller, const struct gate_state *state)
{
	if (teller >= gate->count)
		return;
	gate->states[teller] = *state;
	for (size_t i = 0; i < gate->w->settings->zone_count; i++) {
		const struct zone_health health = health_of(gate, i);

		worker_say_zone(gate->w->settings->zones[i].name, &health, &gate->said[i]);
	}
}

static void on_gate(void *data, int socket, uint32_t events)
{
	struct worker_gate *gate = data;
	static struct gate_packet packet;
	size_t teller = 0;

	while (teller < gate->count && gate->w->start->gates[teller] != socket)
		teller++;
	for (int i = 0; i < PACKETS_A_ROUND; i++) {
		int r = gate_packet_receive(socket, &packet);

		if (r == -EBADMSG) {
			counter_add(COUNTER_gate_packets_broken, 1);
			continue;
		}
		/* A generation that has drained: its end of file would wake us for ever. */
		if (r == 0 && teller < gate->count) {
			loop_fd_remove(gate->watches[teller]);
			gate->watches[teller] = NULL;
			gate->states[teller] = (struct gate_state){ 0 };
		}
		if (r <= 0)
			break;
		if (packet.head.kind == GATE_PACKET_REPORTS)
			take_reports(gate, teller, &packet);
		else if (packet.head.kind == GATE_PACKET_STATE)
			take_state(gate, teller, &packet.state);
		else if (packet.head.kind == GATE_PACKET_HELLO && teller < gate->count)
			greet(gate, teller);
		else
			counter_add(COUNTER_gate_packets_broken, 1);
	}
	worker_settle(gate->w);
}

void worker_gate_tell_never(const struct worker_gate *gate, const struct prefix_set *never)
{
	for (size_t i = 0; gate && i < gate->count; i++)
		tell_never(gate->w->start->gates[i], never);
}

int worker_gate_create(struct worker *w, struct worker_gate **ret)
{
	struct worker_gate *gate;
	int r;

	*ret = NULL;
	if (w->start->gate_count == 0)
		return 0;
	gate = calloc(1, sizeof(*gate));
	if (!gate)
		return -ENOMEM;
	gate->w = w;
	gate->count = w->start->gate_count;
	r = table_create(sizeof(struct addr), sizeof(struct talk), WORKER_GATE_TALKS, &gate->talks);
	if (r == 0)
		r = table_create(sizeof(struct addr), sizeof(struct passed), w->settings->gate_remembered, &gate->passed);
	if (r == 0 && w->store && store_read_passed(w->store, passed_again, gate) < 0)
		log_error("cannot read from the store who was let in by the gate");
	for (size_t i = 0; i < gate->count && r == 0; i++)
		r = loop_fd_add(w->loop, w->start->gates[i], EPOLLIN, on_gate, gate, &gate->watches[i]);
	if (r < 0) {
		worker_gate_destroy(gate);
		return r;
	}
	*ret = gate;
	/* Those that are here already do not say hello again. */
	for (size_t i = 0; i < gate->count; i++)
		greet(gate, i);
	return 0;
}

void worker_gate_destroy(struct worker_gate *gate)
{
	if (!gate)
		return;
	for (size_t i = 0; i < gate->count; i++)
		loop_fd_remove(gate->watches[i]);
	table_destroy(gate->talks);
	table_destroy(gate->passed);
	free(gate);
}

void worker_gate_steered(struct worker_gate *gate, const struct answer *answer)
{
	gate->steers = answer->flags;
	gate->steering_error = answer->error;
}

static json_t *steering_to_json(const struct worker_gate *gate)
{
	static const char *const ways[] = {
#define STEERING(id, name, help) [STEERING_##id] = name,
#include "defs/steerings.def"
#undef STEERING
	};

	return json_pack("{s:s, s:b, s:s*}", "who", ways[gate->w->settings->gate_steer], "on", gate->steers, "error",
			 gate->steering_error ? strerror(-gate->steering_error) : NULL);
}

static struct gate_state sum_states(const struct worker_gate *gate)
{
	struct gate_state sum = { 0 };

	for (size_t i = 0; i < gate->count; i++) {
		const struct gate_state *state = &gate->states[i];

		sum.sessions += state->sessions;
		sum.most += state->most;
		sum.memory += state->memory;
		sum.clients += state->clients;
		sum.cached += state->cached;
		sum.in_flight += state->in_flight;
		for (size_t j = 0; j < SESSION_STATES; j++)
			sum.states[j] += state->states[j];
	}
	return sum;
}

uint32_t worker_gate_sessions(const struct worker_gate *gate)
{
	uint64_t sum = gate ? sum_states(gate).sessions : 0;

	return sum < UINT32_MAX ? (uint32_t)sum : UINT32_MAX;
}

uint32_t worker_gate_latency_ms(const struct worker_gate *gate)
{
	uint64_t sum = 0, count = 0;

	for (size_t i = 0; i < gate->count; i++) {
		for (size_t j = 0; j < gate->states[i].zone_count && j < ZONES_MOST; j++) {
			sum += gate->states[i].zones[j].latency_ms;
			count += gate->states[i].zones[j].latency_ms > 0;
		}
	}
	return count ? (uint32_t)(sum / count) : 0;
}

json_t *worker_gate_to_json(const struct worker_gate *gate)
{
	const struct gate_state sum = sum_states(gate);
	json_t *states = json_object(), *steering = NULL;

	if (gate->w->settings->gate_steer != STEERING_NONE)
		steering = steering_to_json(gate);
	for (size_t i = 0; i < SESSION_STATES; i++)
		json_object_set_new(states, session_state_name((enum session_state)i),
				    json_integer((json_int_t)sum.states[i]));
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o*}", "workers", (json_int_t)gate->count, "sessions",
			 (json_int_t)sum.sessions, "most", (json_int_t)sum.most, "memory", (json_int_t)sum.memory,
			 "clients", (json_int_t)sum.clients, "dns_cached", (json_int_t)sum.cached, "dns_in_flight",
			 (json_int_t)sum.in_flight, "states", states, "steering", steering);
}

json_t *worker_gate_zones_to_json(const struct worker_gate *gate)
{
	const struct settings *settings = gate->w->settings;
	json_t *list = json_array();

	for (size_t i = 0; i < settings->zone_count; i++) {
		const struct zone_health sum = health_of(gate, i);

		json_array_append_new(list, json_pack("{s:s, s:I, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "zone",
			settings->zones[i].name, "weight", (json_int_t)settings->zones[i].weight, "state",
			zone_state_name(sum.state), "trouble", zone_trouble_words(sum.trouble), "state6",
			zone_state_name(sum.state6), "trouble6", zone_trouble_words(sum.trouble6), "latency_ms",
			(json_int_t)sum.latency_ms, "asked", (json_int_t)sum.asked, "listed", (json_int_t)sum.listed, "decided",
			(json_int_t)gate->decided[i], "errors", (json_int_t)sum.errors));
	}
	return list;
}

static double of_zone(const struct worker_gate *gate, size_t zone, const struct zone_health *health,
		      enum measure measure)
{
	switch (measure) {
	case MEASURE_zone_weight: return gate->w->settings->zones[zone].weight;
	case MEASURE_zone_latency_seconds: return health->latency_ms / 1000.0;
	case MEASURE_zone_lookups: return (double)health->asked;
	case MEASURE_zone_listings: return (double)health->listed;
	case MEASURE_zone_decisions: return (double)gate->decided[zone];
	default: return (double)health->errors;
	}
}

static void measure_zones(const struct worker_gate *gate, measure_fn *fn, void *data)
{
	static const enum measure alike[] = { MEASURE_zone_weight, MEASURE_zone_latency_seconds, MEASURE_zone_lookups,
					      MEASURE_zone_listings, MEASURE_zone_decisions, MEASURE_zone_errors };
	const struct settings *settings = gate->w->settings;
	struct zone_health health[ZONES_MOST];

	for (size_t i = 0; i < settings->zone_count; i++) {
		health[i] = health_of(gate, i);
		fn(data, MEASURE_zone_out, settings->zones[i].name, "ipv4", health[i].state == ZONE_OUT);
		fn(data, MEASURE_zone_out, settings->zones[i].name, "ipv6", health[i].state6 == ZONE_OUT);
	}
	for (size_t m = 0; m < sizeof(alike) / sizeof(alike[0]); m++) {
		for (size_t i = 0; i < settings->zone_count; i++)
			fn(data, alike[m], settings->zones[i].name, NULL, of_zone(gate, i, &health[i], alike[m]));
	}
}

void worker_gate_measure(const struct worker_gate *gate, measure_fn *fn, void *data)
{
	struct gate_state sum;

	if (!gate)
		return;
	sum = sum_states(gate);
	fn(data, MEASURE_gate_processes, NULL, NULL, (double)gate->count);
	if (gate->w->settings->gate_steer != STEERING_NONE)
		fn(data, MEASURE_gate_steering, NULL, NULL, gate->steers);
	for (size_t i = 0; i < SESSION_STATES; i++)
		fn(data, MEASURE_gate_open_sessions, session_state_name((enum session_state)i), NULL, (double)sum.states[i]);
	fn(data, MEASURE_gate_open_sessions_limit, NULL, NULL, (double)sum.most);
	fn(data, MEASURE_gate_memory_bytes, NULL, NULL, (double)sum.memory);
	fn(data, MEASURE_gate_remembered_clients, NULL, NULL, (double)sum.clients);
	fn(data, MEASURE_dns_cached_answers, NULL, NULL, (double)sum.cached);
	fn(data, MEASURE_dns_questions_in_flight, NULL, NULL, (double)sum.in_flight);
	measure_zones(gate, fn, data);
}
