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

static void add_moment(struct wave_figures *now, const struct wave_moment *moment)
{
	now->bans += moment->deeds.bans;
	now->evictions += moment->deeds.evictions;
	now->dropped += moment->deeds.dropped;
	if (moment->open > now->peak_open) {
		now->peak_open = moment->open;
		now->peak_s = moment->wall_ms / 1000;
	}
	if (moment->without > now->peak_without)
		now->peak_without = moment->without;
}

/* It is seen to rise some seconds after it began. */
static void begin(struct wave_course *course, const struct wave_moment *moment, uint64_t begin_ms)
{
	uint32_t from = course->count > WAVE_LEAD_MOST ? course->count - WAVE_LEAD_MOST : 0;

	course->now = (struct wave_figures){ .peak_s = moment->wall_ms / 1000 };
	for (uint32_t i = from; i < course->count; i++)
		if (course->latest[i % WAVE_LEAD_MOST].wall_ms >= begin_ms)
			add_moment(&course->now, &course->latest[i % WAVE_LEAD_MOST]);
}

void wave_course_take(struct wave_course *course, const struct wave *wave, const struct wave_sample *sample,
		      const struct wave_deeds *deeds)
{
	struct wave_moment moment = { .wall_ms = sample->wall_ms, .deeds = *deeds, .open = sample->open };
	bool rose = course->rose;

	moment.without = wave_estimate_take(&course->estimate, sample->wall_ms / 1000, sample->open,
					    deeds->evictions + deeds->dropped);
	course->rose = wave->state >= WAVE_RISING;
	if (course->rose && !rose)
		begin(course, &moment, wave->summary.begin_wall_ms);
	if (course->rose) {
		course->now.limit = sample->limit;
		add_moment(&course->now, &moment);
	}
	course->latest[course->count++ % WAVE_LEAD_MOST] = moment;
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
