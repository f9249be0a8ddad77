/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/worker_gate_internal.h"

#include "base/clock.h"
#include "base/counter.h"
#include "base/log.h"
#include "base/table.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

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
	else if (passed->until_s < until_s)
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

/* Once a second at most, whatever a gate worker sends. */
static void say_zones(struct worker_gate *gate)
{
	for (size_t i = 0; gate->states_heard && i < gate->w->settings->zone_count; i++) {
		const struct zone_health health = worker_gate_health(gate, i);

		worker_say_zone(gate->w->settings->zones[i].name, &health, &gate->said[i]);
	}
	gate->states_heard = false;
}

void worker_gate_each_second(struct worker_gate *gate)
{
	if (!gate)
		return;
	say_zones(gate);
	gate->stored = 0;
	sweep_passed(gate, false);
	for (size_t i = 0; i < gate->count; i++) {
		if (gate->wave_untold[i])
			tell_wave(gate, i);
	}
}

static void take_state(struct worker_gate *gate, size_t teller, const struct gate_state *state)
{
	if (teller >= gate->count)
		return;
	gate->states[teller] = *state;
	gate->states_heard = true;
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

void worker_gate_restore(struct worker_gate *gate)
{
	if (gate && gate->w->store && store_read_passed(gate->w->store, passed_again, gate) < 0)
		log_error("cannot read from the store who was let in by the gate");
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
	if (r == 0)
		worker_gate_restore(gate);
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
