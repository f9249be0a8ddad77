/* SPDX-License-Identifier: Apache-2.0 */
/* worker_history_internal - what the files worker_history*.c share. */
#ifndef WAVEBREAK_DAEMON_WORKER_HISTORY_INTERNAL_H
#define WAVEBREAK_DAEMON_WORKER_HISTORY_INTERNAL_H

#include "base/counter.h"
#include "daemon/worker_history.h"
#include "daemon/worker_internal.h"
#include "observe/history.h"
#include "observe/wave_record.h"
#include "store/history.h"

/* The tiers of what was imported, and of records of waves; the others are those of enum history_tier. */
#define TIER_IMPORTED 16
#define TIER_WAVES 17

struct worker_history {
	struct worker *w;
	struct store *store;
	struct history_recorder recorder;
	uint64_t newest_s[HISTORY_TIERS]; /* begin of the latest chunk that was put */
	uint64_t counters[COUNTER_COUNT]; /* at the sample before */
	uint64_t outcomes[OUTCOME_COUNT];
	size_t imported;                  /* chunks */
	size_t waves;                     /* records */
	uint64_t last_wave_s;             /* begin of the latest */
};

_Static_assert(HISTORY_CHUNK_MOST <= HISTORY_CHUNK_SIZE_MOST && WAVE_RECORD_MOST <= HISTORY_CHUNK_SIZE_MOST,
	       "the store takes every chunk");

#endif
