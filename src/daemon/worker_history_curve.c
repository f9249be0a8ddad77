/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/worker_history_internal.h"

#include "base/clock.h"

/* What is drawn as it was sampled. */
static const enum history_column drawn[] = { HISTORY_open, HISTORY_limit };
#define DRAWN (sizeof(drawn) / sizeof(drawn[0]))

struct curve {
	uint64_t since_s, until_s;
	uint32_t step_s;
	uint64_t last_s; /* the sample before; 0 at first */
	json_t *time, *without, *columns[DRAWN];
	struct wave_estimate estimate;
};

static json_t *number_or_null(uint32_t value)
{
	return value == HISTORY_UNKNOWN ? json_null() : json_integer(value);
}

static uint32_t known(uint32_t value)
{
	return value == HISTORY_UNKNOWN ? 0 : value;
}

static void draw(struct curve *c, uint64_t at_s, const struct history_chunk *chunk, unsigned slot)
{
	uint64_t spared = (uint64_t)known(chunk->values[HISTORY_evictions][slot]) +
			  known(chunk->values[HISTORY_arrivals_banned][slot]);
	uint32_t open = chunk->values[HISTORY_open][slot];
	/* Of a longer step those of its last WAVE_HOLD_S would be there. */
	uint64_t held = c->step_s > WAVE_HOLD_S ? spared * WAVE_HOLD_S / c->step_s : spared;
	uint32_t without = wave_estimate_take(&c->estimate, at_s, known(open),
					      held < UINT32_MAX ? (uint32_t)held : UINT32_MAX);

	json_array_append_new(c->time, json_integer((json_int_t)(at_s - c->last_s)));
	c->last_s = at_s;
	json_array_append_new(c->without, open == HISTORY_UNKNOWN ? json_null() : json_integer(without));
	for (size_t i = 0; i < DRAWN; i++)
		json_array_append_new(c->columns[i], number_or_null(chunk->values[drawn[i]][slot]));
}

static void draw_chunk(struct curve *c, uint64_t start_s, const struct history_chunk *chunk)
{
	for (unsigned slot = 0; slot < HISTORY_SLOTS; slot++) {
		uint64_t at_s = start_s + (uint64_t)slot * c->step_s;

		if (chunk->present >> slot & 1 && at_s >= c->since_s && at_s <= c->until_s)
			draw(c, at_s, chunk, slot);
	}
}

/* The finest one of which there are not too many samples, and that is still kept. */
static enum history_tier tier_of(uint64_t since_s, uint64_t until_s)
{
	uint64_t now_s = clock_wall_s();
	int tier = HISTORY_SECONDS;

	while (tier < HISTORY_MINUTES &&
	       ((until_s - since_s) / history_tiers[tier].step_s >= WORKER_HISTORY_CURVE_MOST ||
		since_s + history_tiers[tier].told_s < now_s))
		tier++;
	return (enum history_tier)tier;
}

json_t *worker_history_curve(struct worker_history *h, uint64_t since_s, uint64_t until_s)
{
	static char text[HISTORY_CHUNK_SIZE_MOST];
	static struct history_chunk chunk;
	enum history_tier tier = tier_of(since_s, until_s);
	struct curve c = { .since_s = since_s, .until_s = until_s, .step_s = history_tiers[tier].step_s };
	struct chunk_key key = { .tier = (uint8_t)tier, .start_s = history_chunk_start(tier, since_s) };
	json_t *o = json_pack("{s:i, s:o, s:o}", "step", (int)c.step_s, "time", c.time = json_array(), "without",
			      c.without = json_array());
	size_t size;

	for (size_t i = 0; i < DRAWN; i++)
		json_object_set_new(o, history_column(drawn[i])->name, c.columns[i] = json_array());
	if (until_s - since_s >= (uint64_t)WORKER_HISTORY_CURVE_MOST * c.step_s)
		c.until_s = since_s + (uint64_t)WORKER_HISTORY_CURVE_MOST * c.step_s - 1;
	for (; history_next(h->store, &key, text, &size) == 0 && !key.series[0] && key.start_s <= c.until_s; key.start_s++)
		if (history_decode(bytes_make(text, size), &chunk) == 0)
			draw_chunk(&c, key.start_s, &chunk);
	return o;
}
