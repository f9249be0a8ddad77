/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of worker_relief share: who is there (worker_relief_look.c), who delivered mail
 * (worker_relief_good.c), and who has to go (worker_relief.c). */
#ifndef WAVEBREAK_DAEMON_WORKER_RELIEF_INTERNAL_H
#define WAVEBREAK_DAEMON_WORKER_RELIEF_INTERNAL_H

#include "base/table.h"
#include "daemon/worker_internal.h"

struct tracked {
	struct relief_seen seen;
	uint64_t asked_ms; /* when its end was asked for, or would have been */
	uint32_t look;
	uint32_t never_number; /* of the never-list that `never` was said by */
	bool never;
};

struct end_of_client {
	struct addr client;
	uint8_t zero;
	uint16_t port;
};

struct worker_relief {
	struct worker *w;
	struct loop_timer *timer;
	struct relief_rules rules;
	uint64_t seed;
	uint32_t look, last_open;
	uint64_t no_look_before_ms;

	size_t room; /* of each of these arrays; of crowds twice that */
	struct relief_candidate *candidates;
	struct tracked **tracked_of;
	struct relief_choice *choices;
	struct relief_crowd *crowds;
	size_t count;
	uint32_t served, waiting, leaving; /* in the present look, without the gate's */

	struct table *tracked; /* cookie: struct tracked */
	struct table *blocked; /* struct end_of_client: until when, in loop time */
	struct table *good;    /* unit: of worker_relief_good.c */
	uint32_t good_hand;
	unsigned stored;       /* of them, in this second */
	struct table *records; /* unit: struct relief_record */
	struct addr order[RELIEF_RECORDS];
	size_t oldest;

	bool ending;            /* relief.start was reached, and not enough are asked for yet */
	bool growing;           /* so fast that relief.start may be passed before the next second */
	uint64_t begun_ms;      /* of what the log was told; 0: none */
	uint64_t needed_ms;     /* last */
	uint32_t ended[RELIEF_REASONS];
	bool short_counted, unable;
	uint64_t last_wall_ms;
};

/* Fills in the candidates, and counts them. Returns 0 or -errno. */
int worker_relief_look(struct worker_relief *relief);
void worker_relief_note_blocked(struct worker_relief *relief, const struct answer *answer);

/* With those that the store knows. Returns 0 or -errno. */
int worker_relief_open_good(struct worker_relief *relief);
bool worker_relief_is_good(const struct worker_relief *relief, const struct addr *unit);

#endif
