/* SPDX-License-Identifier: Apache-2.0 */
#include "observe/wave_course.h"

/* Those that would still be there: of the last WAVE_HOLD_S. */
uint32_t wave_estimate_take(struct wave_estimate *e, uint64_t wall_s, uint32_t open, uint32_t spared)
{
	uint64_t sum = open;

	for (uint64_t i = 0; e->spared_at_s + i < wall_s && i < WAVE_HOLD_S; i++)
		e->spared[(e->spared_at_s + 1 + i) % WAVE_HOLD_S] = 0;
	e->spared_at_s = wall_s;
	e->spared[wall_s % WAVE_HOLD_S] += spared;
	for (int i = 0; i < WAVE_HOLD_S; i++)
		sum += e->spared[i];
	return sum < UINT32_MAX ? (uint32_t)sum : UINT32_MAX;
}

void wave_course_take(struct wave_course *course, const struct wave *wave, const struct wave_sample *sample,
		      const struct wave_deeds *deeds)
{
	uint64_t wall_s = sample->wall_ms / 1000;
	uint32_t without = wave_estimate_take(&course->estimate, wall_s, sample->open, deeds->evictions + deeds->dropped);
	bool rose = course->rose;

	course->rose = wave->state >= WAVE_RISING;
	if (!course->rose)
		return;
	if (!rose)
		course->now = (struct wave_figures){ .peak_s = wall_s };
	course->now.bans += deeds->bans;
	course->now.evictions += deeds->evictions;
	course->now.dropped += deeds->dropped;
	course->now.limit = sample->limit;
	if (sample->open > course->now.peak_open) {
		course->now.peak_open = sample->open;
		course->now.peak_s = wall_s;
	}
	if (without > course->now.peak_without)
		course->now.peak_without = without;
}

struct wave_figures wave_course_figures(const struct wave_course *course, const struct wave *wave, bool goes_on,
					uint64_t last_s)
{
	const struct wave_summary *summary = &wave->summary;
	struct wave_figures figures = course->now;

	figures.begin_s = summary->begin_wall_ms / 1000;
	figures.end_s = goes_on ? last_s : figures.begin_s + summary->lasted_ms / 1000;
	figures.goes_on = goes_on;
	figures.by_filling = summary->by_filling;
	figures.usual = summary->usual;
	figures.peak_rate = summary->peak_rate;
	figures.arrivals = summary->arrivals;
	figures.offences = summary->offences;
	return figures;
}
