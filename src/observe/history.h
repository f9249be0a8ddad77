/* SPDX-License-Identifier: Apache-2.0 */
/* history - a sample each second, its coarser folds, and how sixty of them look on disk.
 *
 * What a sample has is one row each in defs/samples.def. There are three tiers, each of chunks of sixty slots:
 * a slot is a second, ten seconds or a minute, and a chunk begins where its whole divides the time since 1970. Each
 * second is folded into the slot of each tier; what is not complete yet is written all the same, and written anew.
 *
 * A chunk on disk holds which slots are there, and each column that is known at all: the differences
 * from one value to the next, a row of zeros as one number. A mean second takes 15 to 40 bytes, one in which
 * nothing happens next to none. A chunk may come from a damaged disk or over a socket: reading checks all of it.
 *
 * Pure: time is an argument.
 */
#ifndef WAVEBREAK_OBSERVE_HISTORY_H
#define WAVEBREAK_OBSERVE_HISTORY_H

#include "base/bytes.h"

enum history_column {
#define SAMPLE(number, name, unit, fold, help) HISTORY_##name,
#include "defs/samples.def"
#undef SAMPLE
	HISTORY_OUTCOMES, /* the first of them */
	HISTORY_BEFORE_OUTCOMES = HISTORY_OUTCOMES - 1,
#define OUTCOME(id, name, score, help) HISTORY_OUTCOME_##id,
#include "defs/outcomes.def"
#undef OUTCOME
	HISTORY_COLUMNS
};

enum history_fold { HISTORY_MEAN, HISTORY_MAX, HISTORY_SUM, HISTORY_LAST };

struct history_column_row {
	uint8_t number; /* on disk */
	enum history_fold fold;
	const char *name, *unit, *help;
};
const struct history_column_row *history_column(enum history_column column);
/* 0 or -ENOENT. */
int history_column_by_name(struct bytes name, enum history_column *ret);

/* A bit for each column. */
typedef uint64_t history_columns;
#define HISTORY_ALL (~(history_columns)0)
_Static_assert(HISTORY_COLUMNS <= 64, "a bit for each column");

/* What is larger than the greatest value is said to be that. */
#define HISTORY_UNKNOWN UINT32_MAX
#define HISTORY_MOST (UINT32_MAX - 1)

enum history_tier { HISTORY_SECONDS, HISTORY_TENS, HISTORY_MINUTES, HISTORY_TIERS };

#define HISTORY_SLOTS 60

/* Of all lists that were imported, so many minutes are kept in which they have a sample: 69 days. */
#define HISTORY_IMPORTED_MOST 100000

struct history_tier_row {
	uint32_t step_s; /* of a slot */
	uint64_t keep_s; /* how long they are kept */
	uint64_t told_s; /* for how long they are the ones that are told; a little less */
};
extern const struct history_tier_row history_tiers[HISTORY_TIERS];

static inline uint64_t history_chunk_start(enum history_tier tier, uint64_t wall_s)
{
	return wall_s - wall_s % (history_tiers[tier].step_s * HISTORY_SLOTS);
}

struct history_chunk {
	uint64_t present; /* a bit for each slot */
	uint32_t values[HISTORY_COLUMNS][HISTORY_SLOTS];
};

#define HISTORY_CHUNK_MOST (16 + HISTORY_COLUMNS * (3 + HISTORY_SLOTS * 5))

/* Returns its size, 0 for a chunk without a slot. Columns that are not wanted are left out. */
size_t history_encode(const struct history_chunk *chunk, history_columns wanted, char out[HISTORY_CHUNK_MOST]);
/* Columns that it does not know of are passed over. Returns 0 or -EBADMSG. */
int history_decode(struct bytes text, struct history_chunk *ret);
/* The same chunk with the wanted columns alone, without unpacking it. Returns its size, or 0 where it is damaged. */
size_t history_pick(struct bytes text, history_columns wanted, char out[HISTORY_CHUNK_MOST]);

/* Writes a chunk, for the first time or again. */
typedef void history_write_fn(void *data, enum history_tier tier, uint64_t start_s, const struct history_chunk *chunk);

/* What is still open is written so often, all tiers together: in one commit. */
#define HISTORY_WRITE_EVERY_S 5
/* A clock that was set back by less is waited for; by more, what was there is written over. */
#define HISTORY_SET_BACK_S 120

struct history_recorder {
	uint64_t last_s, written_s; /* 0: none yet */
	struct {
		uint64_t start_s;
		struct history_chunk chunk;
		uint64_t slot_s; /* the begin of the slot that is being folded */
		uint64_t sums[HISTORY_COLUMNS];
		uint32_t counts[HISTORY_COLUMNS];
	} tiers[HISTORY_TIERS];
};

/* Whether a sample of that second would be taken: no second twice. */
bool history_wants(const struct history_recorder *recorder, uint64_t wall_s);
void history_take(struct history_recorder *recorder, uint64_t wall_s, const uint32_t values[HISTORY_COLUMNS],
		  history_write_fn *write, void *data);
/* Writes what is open. */
void history_flush(struct history_recorder *recorder, history_write_fn *write, void *data);
/* Goes on from a chunk of an earlier process, which began at `start_s`: of the coarser tiers first, the seconds
 * last, since what they were folded to so far is found out from these. */
void history_resume(struct history_recorder *recorder, enum history_tier tier, uint64_t start_s,
		    const struct history_chunk *chunk);

#endif
