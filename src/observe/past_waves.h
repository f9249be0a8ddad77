/* SPDX-License-Identifier: Apache-2.0 */
/* past_waves - the waves in a history, found by the detector that the daemon looks for them with (judge/wave.h).
 *
 * Samples of a minute are given to it in parts of ten seconds. How many new connections there were is what the
 * kernel counted, without the banned; where it did not, what the log told, or what the open ones grew by, if that is
 * more. Of a list of counts that was imported nobody knows it: there it is as many as keep such counts up when each
 * stays for WAVE_HOLD_S, as in the estimate (observe/wave_course.h). Nor does it tell the limit, for which its highest
 * count is taken, nor what was before it.
 *
 * Pure; times are wall time in seconds. At most PAST_WAVES_MOST are kept, the latest.
 */
#ifndef WAVEBREAK_OBSERVE_PAST_WAVES_H
#define WAVEBREAK_OBSERVE_PAST_WAVES_H

#include "observe/history.h"
#include "observe/wave_course.h"

#define PAST_WAVES_MOST 256

struct past_waves {
	struct wave wave;
	struct wave_course course;
	struct wave_figures found[PAST_WAVES_MOST];
	size_t count;
	uint64_t last_s;
	uint32_t last_open;
	double left; /* of the connections of a list, a part of one that is not counted yet */
};

void past_waves_begin(struct past_waves *waves, const struct wave_limits *limits);
/* Before the first: so many are usually open. Of a list, which may begin with a wave, a low one of its counts. */
void past_waves_know_usual(struct past_waves *waves, uint32_t open);
/* In order of time. `limit` in the place of one that is not known, or 0. */
void past_waves_take(struct past_waves *waves, uint64_t wall_s, uint32_t step_s, const uint32_t values[HISTORY_COLUMNS],
		     uint32_t limit);
/* After the last one: a wave that lasts is the last of the list. */
void past_waves_end(struct past_waves *waves);

#endif
