/* SPDX-License-Identifier: Apache-2.0 */
/* Who belongs to the gate, for those that ask: the watch worker's ends of its sockets, and its processes. */
#include "daemon/warden_gate_internal.h"

size_t warden_gate_serving(const struct warden_gate *gate)
{
	const struct generation *g = gate_generation_serving(gate);

	return g ? g->worker_count : 0;
}

size_t warden_gate_watch_ends(const struct warden_gate *gate, int ends[WARDEN_GATE_ENDS_MOST])
{
	size_t count = 0;

	for (const struct generation *g = gate->generations; g; g = g->next) {
		if (g->state == ENDING)
			continue;
		for (unsigned i = 0; i < g->worker_count && count < WARDEN_GATE_ENDS_MOST; i++)
			if (g->to_watch[i][OTHER_SIDE] >= 0)
				ends[count++] = g->to_watch[i][OTHER_SIDE];
	}
	return count;
}

size_t warden_gate_processes(const struct warden_gate *gate,
			     struct warden_gate_process ret[WARDEN_GATE_PROCESSES_MOST])
{
	size_t count = 0;

	for (const struct generation *g = gate->generations; g; g = g->next) {
		if (gate_process_runs(&g->porter) && count < WARDEN_GATE_PROCESSES_MOST)
			ret[count++] = (struct warden_gate_process){ g->porter.child.pid, true };
		for (unsigned i = 0; i < g->worker_count; i++)
			if (gate_process_runs(&g->workers[i]) && count < WARDEN_GATE_PROCESSES_MOST)
				ret[count++] = (struct warden_gate_process){ g->workers[i].child.pid, false };
	}
	return count;
}
