/* SPDX-License-Identifier: Apache-2.0 */
/* past_waves - the waves in a history, found by the detector that the daemon looks for them with (judge/wave.h).
 *
 * Samples of a minute are given to it in parts of ten seconds. How many new connections there were is what the
 * kernel counted, without the banned; where it did not, what the log told, or what the open ones grew by, which
 * is the least that it can have been. What nobody told in a list that was imported: the limit, for which its
 * highest count is taken.
 *
 * What the server would have seen without the guard is an estimate: each connection that was evicted, and each new
 * one of a banned client, would have been held for PAST_WAVES_HOLD_S more. That is what replay assumes, too; a
 * server that cuts clients off sooner would have seen less, and clients who come again the more often they are let in,
 * more.
 *
 * Pure; times are wall time in seconds. At most PAST_WAVES_MOST are kept, the latest.
 */
#ifndef WAVEBREAK_OBSERVE_PAST_WAVES_H
#define WAVEBREAK_OBSERVE_PAST_WAVES_H

#include "judge/wave.h"
#include "observe/history.h"

#define PAST_WAVES_MOST 256
#define PAST_WAVES_HOLD_S 30

struct past_wave {
	uint64_t begin_s, peak_s, end_s; /* until it began to ebb */
	bool goes_on;                    /* the history ends within it */
	bool by_filling;                 /* not by its rate */
	uint32_t peak_open, limit;
	double usual, peak_rate;         /* new connections a second */
	uint64_t arrivals, offences, bans, evictions, dropped;
	uint32_t peak_without;           /* the estimate */
};

struct past_waves {
	struct wave wave;
	struct past_wave now, found[PAST_WAVES_MOST];
	size_t count;
	uint64_t last_s;
	uint32_t last_open;
	bool rose;
	uint32_t spared[PAST_WAVES_HOLD_S]; /* connections of each of the last seconds that were not there any more */
	uint64_t spared_at_s;
};

void past_waves_begin(struct past_waves *waves, const struct wave_limits *limits);
/* In order of time. `limit` in the place of one that is not known, or 0. */
void past_waves_take(struct past_waves *waves, uint64_t wall_s, uint32_t step_s, const uint32_t values[HISTORY_COLUMNS],
		     uint32_t limit);
/* After the last one: a wave that lasts is the last of the list. */
void past_waves_end(struct past_waves *waves);

#endif
