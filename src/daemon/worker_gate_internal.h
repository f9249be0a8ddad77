/* SPDX-License-Identifier: Apache-2.0 */
/* worker_gate_internal - what the files worker_gate*.c share. */
#ifndef WAVEBREAK_DAEMON_WORKER_GATE_INTERNAL_H
#define WAVEBREAK_DAEMON_WORKER_GATE_INTERNAL_H

#include "daemon/gate_packet.h"
#include "daemon/worker_gate.h"
#include "daemon/worker_internal.h"

/* Those of a generation that drains, too. */
#define GATES_MOST (GATE_WORKERS_MOST * GATE_GENERATIONS_MOST)

struct worker_gate {
	struct worker *w;
	size_t count;
	struct loop_fd *watches[GATES_MOST];
	struct gate_state states[GATES_MOST];
	bool wave_untold[GATES_MOST]; /* its socket was full: say it again */
	bool steers; /* the kernel leads clients here, as the warden said */
	int steering_error;
	struct zone_said said[ZONES_MOST];
	bool states_heard; /* in this second */
	uint64_t decided[ZONES_MOST]; /* clients that were rejected, or let in, with the zone's word among others */
	struct table *talks; /* struct talk by unit */
	struct table *passed; /* struct passed by unit; also in the store */
	uint32_t passed_hand;
	unsigned stored; /* in this second */
	struct addr order[WORKER_GATE_TALKS];
	size_t oldest;
};

/* worker_gate_figures.c: what the workers that serve have found out about a zone. */
struct zone_health worker_gate_health(const struct worker_gate *gate, size_t zone);

#endif
