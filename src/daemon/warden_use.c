/* SPDX-License-Identifier: Apache-2.0 */
/* What processes take is the warden's to look at: it knows those of the gate, and may see those of the mail server. A
 * look takes at most a 500th of the time, by waiting longer for the next one, minutes at most. */
#include "daemon/warden_internal.h"

#include "base/clock.h"
#include "sense/process_tree.h"
#include "sense/process_use.h"

#include <stdlib.h>

#define SLICE_EVERY_MS 5
#define REST_TIMES 500
/* The look itself takes some of the time. */
#define REST_MOST_MS (USED_AGAIN_MOST_MS - 30000)

struct seen {
	pid_t pid;
	double cpu_seconds;
};

struct warden_use {
	struct warden *w;
	struct process_tree *tree; /* NULL where the kernel does not let us */
	struct loop_timer *go_on;
	bool looking;
	uint64_t spent_us, next_ms;
	struct seen seen[WARDEN_GATE_PROCESSES_MOST];
	size_t seen_count;
	double cpu_seconds[2]; /* of gate workers and porters, also of those that have ended */
};

_Static_assert(WARDEN_GATE_PROCESSES_MOST <= PROCESS_TREE_OWN_MOST, "the tree knows all of ours");

static void put(struct packet *packet, enum used_by by, enum used_what what, uint64_t value)
{
	packet->answers[packet->head.count++] =
		(struct answer){ .kind = ANSWER_USED, .flags = (uint8_t)by, .port = (uint16_t)what, .value = value };
}

/* What is not taken is told anew with the next look. */
static void tell(const struct warden *w, const struct packet *packet)
{
	if (w->worker.pid)
		(void)packet_send(w->worker.socket, packet, -1);
}

static double grown(const struct warden_use *u, pid_t pid, double cpu_seconds)
{
	for (size_t i = 0; i < u->seen_count; i++)
		if (u->seen[i].pid == pid && u->seen[i].cpu_seconds <= cpu_seconds)
			return cpu_seconds - u->seen[i].cpu_seconds;
	return cpu_seconds;
}

static void tell_own(struct warden_use *u, const struct warden_gate_process *processes, size_t count)
{
	struct packet packet = { .head.kind = PACKET_ANSWERS };
	uint64_t resident[2] = { 0 }, unshared[2] = { 0 }, running[2] = { 0 };
	struct seen seen[WARDEN_GATE_PROCESSES_MOST];
	size_t seen_count = 0;

	for (size_t i = 0; i < count; i++) {
		int by = processes[i].is_porter ? USED_BY_PORTER : USED_BY_GATE;
		struct process_files files;
		struct process_use use;
		int r = process_use_open(processes[i].pid, &files);

		if (r == 0) {
			r = process_use_look(&files, &use);
			process_use_close(&files);
		}
		if (r < 0)
			continue;
		u->cpu_seconds[by] += grown(u, processes[i].pid, use.cpu_seconds);
		resident[by] += use.resident_bytes;
		unshared[by] += use.unshared_bytes;
		running[by]++;
		seen[seen_count++] = (struct seen){ processes[i].pid, use.cpu_seconds };
	}
	memcpy(u->seen, seen, seen_count * sizeof(*seen));
	u->seen_count = seen_count;
	for (int by = USED_BY_GATE; by <= USED_BY_PORTER; by++) {
		put(&packet, by, USED_CPU_MS, (uint64_t)(u->cpu_seconds[by] * 1000));
		put(&packet, by, USED_RESIDENT_BYTES, resident[by]);
		put(&packet, by, USED_UNSHARED_BYTES, unshared[by]);
		put(&packet, by, USED_PROCESSES, running[by]);
	}
	tell(u->w, &packet);
}

static void tell_server(struct warden_use *u, const struct process_tree_use *use)
{
	struct packet packet = { .head.kind = PACKET_ANSWERS };

	put(&packet, USED_BY_SERVER, USED_CPU_MS, use->cpu_ms);
	put(&packet, USED_BY_SERVER, USED_UNSHARED_BYTES, use->memory_bytes);
	put(&packet, USED_BY_SERVER, USED_PROCESSES, use->processes);
	tell(u->w, &packet);
}

static void go_on(void *data)
{
	struct warden_use *u = data;
	uint64_t begin_us = clock_us(), now_ms = loop_now_ms(u->w->loop), rest_ms;
	struct process_tree_use use;
	bool complete = process_tree_go_on(u->tree, &use);

	u->spent_us += clock_us() - begin_us;
	if (!complete) {
		loop_timer_arm(u->go_on, now_ms + SLICE_EVERY_MS);
		return;
	}
	u->looking = false;
	rest_ms = u->spent_us * REST_TIMES / 1000;
	u->next_ms = now_ms + (rest_ms < REST_MOST_MS ? rest_ms : REST_MOST_MS);
	tell_server(u, &use);
}

static void begin(struct warden_use *u)
{
	struct warden_gate_process processes[WARDEN_GATE_PROCESSES_MOST];
	struct process_tree_own own[PROCESS_TREE_OWN_MOST];
	size_t count = warden_gate_processes(u->w->gate, processes);

	tell_own(u, processes, count);
	if (!u->tree)
		return;
	for (size_t i = 0; i < count; i++)
		own[i] = (struct process_tree_own){ processes[i].pid, processes[i].is_porter };
	u->looking = true;
	u->spent_us = 0;
	process_tree_begin(u->tree, own, count);
	go_on(u);
}

static void open_use(struct warden *w)
{
	struct warden_use *u = calloc(1, sizeof(*u));
	uint16_t ports[PLAN_PORTS_MOST];

	if (!u)
		return;
	u->w = w;
	if (loop_timer_create(w->loop, go_on, u, &u->go_on) < 0) {
		free(u);
		return;
	}
	/* Without, the history says nothing of the mail server's processes. */
	(void)process_tree_create(ports, plan_guarded_ports(&w->plan->settings, ports), &u->tree);
	w->use = u;
}

void warden_look_at_use(struct warden *w)
{
	const struct settings *s = &w->plan->settings;

	if (!s->history_enabled && !s->http_listen.port)
		return;
	if (!w->use)
		open_use(w);
	if (w->use && !w->use->looking && loop_now_ms(w->loop) >= w->use->next_ms)
		begin(w->use);
}

void warden_close_use(struct warden *w)
{
	if (!w->use)
		return;
	loop_timer_destroy(w->use->go_on);
	process_tree_destroy(w->use->tree);
	free(w->use);
	w->use = NULL;
}
