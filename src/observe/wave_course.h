/* SPDX-License-Identifier: Apache-2.0 */
/* wave_course - the figures of a wave, gathered while it goes by: by the daemon while it lasts, and by
 * observe/past_waves from the history.
 *
 * What the server would have seen without the guard is an estimate: each connection that was evicted, and each new
 * one of a banned client, would have been held for WAVE_HOLD_S more. That is what replay assumes, too; a
 * server that cuts clients off sooner would have seen less, and clients who come again the more often they are let in,
 * more.
 *
 * Pure; times are wall time in seconds.
 */
#ifndef WAVEBREAK_OBSERVE_WAVE_COURSE_H
#define WAVEBREAK_OBSERVE_WAVE_COURSE_H

#include "judge/wave.h"

#define WAVE_HOLD_S 30

/* What would be open without the guard. */
struct wave_estimate {
	uint32_t spared[WAVE_HOLD_S]; /* connections of each of the last seconds that were not there any more */
	uint64_t spared_at_s;
};

/* In order of time: what is open then, and how many connections were evicted or dropped since the call before. */
uint32_t wave_estimate_take(struct wave_estimate *estimate, uint64_t wall_s, uint32_t open, uint32_t spared);

struct wave_figures {
	uint64_t begin_s, peak_s, end_s; /* until it began to ebb */
	bool goes_on;                    /* there is no more to see, and it is not over */
	bool by_filling;                 /* not by its rate */
	uint32_t peak_open, limit;
	double usual, peak_rate;         /* new connections a second */
	uint64_t arrivals, offences, bans, evictions, dropped;
	uint32_t peak_without;           /* the estimate */
};

/* Connections since the sample before. */
struct wave_deeds {
	uint32_t bans, evictions, dropped;
};

/* Of one sample. */
struct wave_moment {
	uint64_t wall_ms;
	struct wave_deeds deeds;
	uint32_t open, without;
};

struct wave_course {
	struct wave_figures now;
	struct wave_estimate estimate;
	bool rose;
	struct wave_moment latest[WAVE_LEAD_MOST]; /* in a ring */
	uint32_t count;
};

/* After wave_take of that sample, in order of time. From when it rises on, `now` is of that wave, from its begin. */
void wave_course_take(struct wave_course *course, const struct wave *wave, const struct wave_sample *sample,
		      const struct wave_deeds *deeds);

/* What `now` and the detector know together. One that goes on ends at `last_s` so far. */
struct wave_figures wave_course_figures(const struct wave_course *course, const struct wave *wave, bool goes_on,
					uint64_t last_s);

#endif
