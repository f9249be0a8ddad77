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

static uint32_t arrivals_of(const struct past_waves *w, const uint32_t values[HISTORY_COLUMNS], uint32_t open)
{
	uint32_t grown = w->last_s && open > w->last_open ? open - w->last_open : 0;
	uint32_t told = known(values[HISTORY_OUTCOME_CONNECTED]), dropped = known(values[HISTORY_arrivals_banned]);

	if (values[HISTORY_arrivals] == HISTORY_UNKNOWN)
		return told > grown ? told : grown;
	return values[HISTORY_arrivals] > dropped ? values[HISTORY_arrivals] - dropped : 0;
}

static void keep(struct past_waves *w, bool goes_on)
{
	const struct wave_summary *summary = &w->wave.summary;

	w->now.begin_s = summary->begin_wall_ms / 1000;
	w->now.end_s = goes_on ? w->last_s : w->now.begin_s + summary->lasted_ms / 1000;
	w->now.goes_on = goes_on;
	w->now.by_filling = summary->by_filling;
	w->now.usual = summary->usual;
	w->now.peak_rate = summary->peak_rate;
	w->now.arrivals = summary->arrivals;
	w->now.offences = summary->offences;
	if (w->count == PAST_WAVES_MOST)
		memmove(w->found, w->found + 1, --w->count * sizeof(w->found[0]));
	w->found[w->count++] = w->now;
}

/* Those that would still be there: of the last PAST_WAVES_HOLD_S. */
static uint64_t spare(struct past_waves *w, uint64_t wall_s, uint32_t count)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; w->spared_at_s + i < wall_s && i < PAST_WAVES_HOLD_S; i++)
		w->spared[(w->spared_at_s + 1 + i) % PAST_WAVES_HOLD_S] = 0;
	w->spared_at_s = wall_s;
	w->spared[wall_s % PAST_WAVES_HOLD_S] += count;
	for (int i = 0; i < PAST_WAVES_HOLD_S; i++)
		sum += w->spared[i];
	return sum;
}

/* One part of a sample, of at most PART_S. */
static void take_part(struct past_waves *w, const struct wave_sample *sample, uint32_t bans, uint32_t evictions,
		      uint32_t dropped)
{
	uint64_t wall_s = sample->wall_ms / 1000, without = sample->open + spare(w, wall_s, evictions + dropped);
	bool rose = w->rose;
	enum wave_event event = wave_take(&w->wave, sample);

	w->rose = w->wave.state >= WAVE_RISING;
	if (w->rose && !rose)
		w->now = (struct past_wave){ .peak_s = wall_s };
	if (event == WAVE_OVER)
		keep(w, false);
	w->last_s = wall_s;
	if (!w->rose)
		return;
	w->now.bans += bans;
	w->now.evictions += evictions;
	w->now.dropped += dropped;
	w->now.limit = sample->limit;
	if (sample->open > w->now.peak_open) {
		w->now.peak_open = sample->open;
		w->now.peak_s = wall_s;
	}
	if (without > w->now.peak_without)
		w->now.peak_without = without < UINT32_MAX ? (uint32_t)without : UINT32_MAX;
}

/* The share of a sum that falls on a part, so that all parts make the whole. */
static uint32_t share(uint32_t sum, uint32_t part, uint32_t parts)
{
	return (uint32_t)((uint64_t)sum * (part + 1) / parts - (uint64_t)sum * part / parts);
}

void past_waves_take(struct past_waves *w, uint64_t wall_s, uint32_t step_s, const uint32_t values[HISTORY_COLUMNS],
		     uint32_t limit)
{
	uint32_t open = known(values[HISTORY_open]), arrivals = arrivals_of(w, values, open);
	uint32_t parts = step_s > PART_S ? step_s / PART_S : 1;

	if (values[HISTORY_open] == HISTORY_UNKNOWN)
		return;
	for (uint32_t i = 0; i < parts; i++) {
		uint64_t at_ms = (wall_s + (uint64_t)i * PART_S) * 1000;
		const struct wave_sample sample = {
			.now_ms = at_ms, .wall_ms = at_ms, .open = open,
			.limit = values[HISTORY_limit] == HISTORY_UNKNOWN ? limit : values[HISTORY_limit],
			.arrivals = share(arrivals, i, parts), .offences = share(known(values[HISTORY_offences]), i, parts),
		};

		take_part(w, &sample, share(known(values[HISTORY_bans_new]), i, parts),
			  share(known(values[HISTORY_evictions]), i, parts),
			  share(known(values[HISTORY_arrivals_banned]), i, parts));
	}
	w->last_open = open;
}

void past_waves_end(struct past_waves *w)
{
	if (wave_lasts(&w->wave))
		keep(w, w->wave.state != WAVE_EBBING);
}
