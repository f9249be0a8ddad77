/* SPDX-License-Identifier: Apache-2.0 */
/* The gate while one program is executed in the place of another: told by the one before, and taken over by the
 * one after. */
#include "daemon/warden_gate_internal.h"

#include "base/log.h"
#include "daemon/gate_packet.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void tell_process(const struct process *p, int watch, struct upgrade_generation *told)
{
	if (gate_process_runs(p))
		told->processes[told->count++] = (struct upgrade_process){ .is_porter = p->is_porter,
									   .number = p->number,
									   .pid = p->child.pid,
									   .socket = p->child.socket,
									   .watch = watch };
}

static uint64_t left_ms(const struct generation *g)
{
	uint64_t now = loop_now_ms(g->gate->loop);

	if (g->state == SERVING)
		return g->session_ms;
	return g->patience_ends_ms > now ? g->patience_ends_ms - now : 0;
}

static void tell_generation(const struct generation *g, struct upgrade *upgrade)
{
	struct upgrade_generation *told = &upgrade->generations[upgrade->generation_count++];

	*told = (struct upgrade_generation){ .drains = g->state == DRAINING, .left_ms = left_ms(g),
					     .packet_form = g->packet_form };
	tell_process(&g->porter, -1, told);
	for (unsigned i = 0; i < g->worker_count; i++) {
		const int *pair = g->to_watch[i];

		tell_process(&g->workers[i], pair[OTHER_SIDE] >= 0 ? pair[OTHER_SIDE] : pair[GATE_SIDE], told);
	}
}

void warden_gate_tell_listeners(const struct warden_gate *gate, struct upgrade *upgrade)
{
	if (gate->listeners)
		upgrade->listeners = *gate->listeners;
}

void warden_gate_hand_over(struct warden_gate *gate, struct upgrade *upgrade)
{
	struct generation **place = &gate->generations, *g;

	warden_gate_tell_listeners(gate, upgrade);
	while ((g = *place)) {
		if (g->state == ENDING || upgrade->generation_count == GATE_GENERATIONS_MOST) {
			*place = g->next;
			gate_generation_free(g);
			continue;
		}
		tell_generation(g, upgrade);
		place = &g->next;
	}
}

/* A process that is no child of ours is not there; one whose end we cannot see is not let live on. */
static void adopt_process(struct generation *g, const struct upgrade_process *told)
{
	struct process *p = told->is_porter ? &g->porter : &g->workers[told->number];
	int r = child_adopt(&p->child, told->pid, told->socket);

	if (r == 0) {
		p->spoke = true;
		return;
	}
	log_error("a process of the gate (%d) was not taken over: %s", told->pid, strerror(-r));
	close(told->socket);
}

/* Packets of another form would be misread. That end is kept all the same, unread, in the place of the one that the
 * watch worker is never given: what its gate worker says is lost, and mail flows. */
static void adopt_watch_end(struct generation *g, const struct upgrade_process *told)
{
	if (told->watch < 0)
		return;
	if (gate_process_runs(&g->workers[told->number]))
		g->to_watch[told->number][g->packet_form == GATE_PACKET_FORM ? OTHER_SIDE : GATE_SIDE] = told->watch;
	else
		close(told->watch);
}

static int adopt_generation(struct warden_gate *gate, const struct upgrade_generation *told)
{
	struct generation *g, **place = &gate->generations;
	int r = gate_generation_allocate(gate, GATE_WORKERS_MOST, &g);

	if (r < 0)
		return r;
	g->state = told->drains ? DRAINING : SERVING;
	g->session_ms = told->left_ms;
	g->packet_form = (unsigned)told->packet_form;
	for (size_t i = 0; i < told->count; i++) {
		adopt_process(g, &told->processes[i]);
		adopt_watch_end(g, &told->processes[i]);
	}
	while (*place)
		place = &(*place)->next;
	*place = g;
	if (told->drains) {
		gate_generation_limit(g, told->left_ms);
		gate_generation_forget_if_gone(g);
	}
	return 0;
}

static int adopt_listeners(struct warden_gate *gate, const struct gate_listeners *told)
{
	if (told->count == 0 && told->hook < 0)
		return 0;
	gate->listeners = malloc(sizeof(*gate->listeners));
	if (!gate->listeners)
		return -ENOMEM;
	*gate->listeners = *told;
	return 0;
}

int warden_gate_adopt(struct warden_gate *gate, struct upgrade *upgrade)
{
	int r = adopt_listeners(gate, &upgrade->listeners);

	for (size_t i = 0; i < upgrade->generation_count && r == 0; i++)
		r = adopt_generation(gate, &upgrade->generations[i]);
	if (r < 0)
		return r;
	upgrade->listeners = (struct gate_listeners){ .hook = -1 };
	upgrade->generation_count = 0;
	return 0;
}
