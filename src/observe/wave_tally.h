/* SPDX-License-Identifier: Apache-2.0 */
/* wave_tally - the clients of the last minutes, and of all of a wave, in a table of at most WAVE_TALLY_MOST.
 *
 * It is kept always: a wave is declared some seconds after it began, and who came in these is one of its sources. Who
 * was not seen for WAVE_TALLY_KEEP_S is forgotten by and by, but not while a wave lasts. When the table is full,
 * further clients are not told apart: the sum then says that there were so many or more. 4 MB when it is full, and 5
 * more at most while a sum is made.
 *
 * A sum (observe/wave_sources.h) is made in slices, so that it holds nobody up: the table may change in between,
 * and what comes behind a slice is left out. Where a client is, is asked for once for each client, in the course of
 * that.
 *
 * Pure; times are in seconds of any clock that does not run backward.
 */
#ifndef WAVEBREAK_OBSERVE_WAVE_TALLY_H
#define WAVEBREAK_OBSERVE_WAVE_TALLY_H

#include "observe/wave_sources.h"

#define WAVE_TALLY_MOST 65536
#define WAVE_TALLY_KEEP_S 60

enum wave_tally_event {
	WAVE_TALLY_TOLD_OF,    /* a log or the gate says that it is there */
	WAVE_TALLY_CONNECTION, /* a new one is open */
	WAVE_TALLY_LOGGED,     /* a log tells of a new one: the same, where both are seen */
	WAVE_TALLY_TOLD,       /* it was told 5xx */
	WAVE_TALLY_EVICTED,
	WAVE_TALLY_RELIEVED,
};

struct wave_tally;

/* Returns 0 or -ENOMEM. */
int wave_tally_create(struct wave_tally **ret);
void wave_tally_destroy(struct wave_tally *tally);

/* Of the address of a client. */
void wave_tally_add(struct wave_tally *tally, const struct addr *client, enum wave_tally_event event, uint32_t now_s);

/* Each second while no wave lasts and no sum is made: forgets some of those that were not seen for long. */
void wave_tally_forget(struct wave_tally *tally, uint32_t now_s);

/* Where a client is; what is not known stays zero. */
typedef void wave_place_fn(void *data, const struct addr *client, struct wave_place *ret);

/* Begins a sum of those who were seen from `from_s` on, and for the first time until `until_s`. One that was begun
 * before is given up. Returns 0 or -ENOMEM. */
int wave_tally_sum(struct wave_tally *tally, uint32_t from_s, uint32_t until_s);
/* Whether one is under way. */
bool wave_tally_is_summing(const struct wave_tally *tally);
/* Goes on with it. `budget` is how many clients are looked at; one whose place is asked for counts
 * WAVE_TALLY_PLACE_COSTS times. `place` may be NULL. True when it is complete, and in *ret. */
#define WAVE_TALLY_PLACE_COSTS 4
bool wave_tally_go_on(struct wave_tally *tally, unsigned budget, wave_place_fn *place, void *data,
		      struct wave_sources *ret);

size_t wave_tally_count(const struct wave_tally *tally);
/* Bytes held, for tests. */
size_t wave_tally_memory(const struct wave_tally *tally);

#endif
