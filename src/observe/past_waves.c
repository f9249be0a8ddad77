/* SPDX-License-Identifier: Apache-2.0 */
#include "observe/past_waves.h"

#define PART_S 10

void past_waves_begin(struct past_waves *w, const struct wave_limits *limits)
{
	*w = (struct past_waves){ 0 };
	wave_begin(&w->wave, limits);
}

static uint32_t known(uint32_t value)
{
	return value == HISTORY_UNKNOWN ? 0 : value;
}

void past_waves_know_usual(struct past_waves *w, uint32_t open)
{
	wave_know_usual(&w->wave, (double)open / WAVE_HOLD_S, open);
}

/* In the place of those that have left since the sample before, and what it grew by. */
static uint32_t must_have_come(struct past_waves *w, uint64_t wall_s, uint32_t open)
{
	uint64_t passed_s = wall_s > w->last_s && wall_s - w->last_s <= WAVE_GAP_MS / 1000 ? wall_s - w->last_s : 0;
	uint64_t still_there, left;

	w->left += (double)w->last_open * (double)passed_s / WAVE_HOLD_S;
	left = (uint64_t)w->left;
	w->left -= (double)left;
	still_there = w->last_open - (left < w->last_open ? left : w->last_open);
	return open > still_there ? open - (uint32_t)still_there : 0;
}

static uint32_t arrivals_of(struct past_waves *w, uint64_t wall_s, const uint32_t values[HISTORY_COLUMNS], uint32_t open)
{
	uint32_t grown = open > w->last_open ? open - w->last_open : 0;
	uint32_t told = values[HISTORY_OUTCOME_CONNECTED], dropped = known(values[HISTORY_arrivals_banned]);

	if (values[HISTORY_arrivals] != HISTORY_UNKNOWN)
		return values[HISTORY_arrivals] > dropped ? values[HISTORY_arrivals] - dropped : 0;
	if (!w->last_s)
		return 0;
	if (told == HISTORY_UNKNOWN)
		return must_have_come(w, wall_s, open);
	return told > grown ? told : grown;
}

static void keep(struct past_waves *w, bool goes_on)
{
	if (w->count == PAST_WAVES_MOST)
		memmove(w->found, w->found + 1, --w->count * sizeof(w->found[0]));
	w->found[w->count++] = wave_course_figures(&w->course, &w->wave, goes_on, w->last_s);
}

/* One part of a sample, of at most PART_S. */
static void take_part(struct past_waves *w, const struct wave_sample *sample, const struct wave_deeds *deeds)
{
	enum wave_event event = wave_take(&w->wave, sample);

	w->last_s = sample->wall_ms / 1000;
	/* It is over before the course could begin anew. */
	if (event == WAVE_OVER)
		keep(w, false);
	wave_course_take(&w->course, &w->wave, sample, deeds);
}

/* The share of a sum that falls on a part, so that all parts make the whole. */
static uint32_t share(uint32_t sum, uint32_t part, uint32_t parts)
{
	return (uint32_t)((uint64_t)sum * (part + 1) / parts - (uint64_t)sum * part / parts);
}

void past_waves_take(struct past_waves *w, uint64_t wall_s, uint32_t step_s, const uint32_t values[HISTORY_COLUMNS],
		     uint32_t limit)
{
	uint32_t open = values[HISTORY_open], parts = step_s > PART_S ? step_s / PART_S : 1, arrivals;

	if (open == HISTORY_UNKNOWN)
		return;
	arrivals = arrivals_of(w, wall_s, values, open);
	for (uint32_t i = 0; i < parts; i++) {
		uint64_t at_ms = (wall_s + (uint64_t)i * PART_S) * 1000;
		const struct wave_sample sample = {
			.now_ms = at_ms, .wall_ms = at_ms, .open = open,
			.limit = values[HISTORY_limit] == HISTORY_UNKNOWN ? limit : values[HISTORY_limit],
			.arrivals = share(arrivals, i, parts), .offences = share(known(values[HISTORY_offences]), i, parts),
		};
		const struct wave_deeds deeds = { share(known(values[HISTORY_bans_new]), i, parts),
						  share(known(values[HISTORY_evictions]), i, parts),
						  share(known(values[HISTORY_arrivals_banned]), i, parts) };

		take_part(w, &sample, &deeds);
	}
	w->last_open = open;
}

void past_waves_end(struct past_waves *w)
{
	if (wave_lasts(&w->wave))
		keep(w, w->wave.state != WAVE_EBBING);
}
