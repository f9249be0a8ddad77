/* SPDX-License-Identifier: Apache-2.0 */
#include "observe/waves.h"

#include "base/table.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* 1 - 2^(-1/30): half in 30 minutes. */
#define WEIGHT_OF_A_MINUTE 0.022840032
/* A gap in the log is that many empty minutes at most: by then all is forgotten. */
#define GAP_MINUTES_MOST 600
/* Less than that is disorder, and counted with the latest minute. */
#define SET_BACK_MINUTES 10

struct waves {
	struct wave_found found[WAVES_MOST];
	size_t count;
	uint64_t dropped;

	uint64_t minute; /* the one that is being counted, since 1970; 0: none yet */
	uint64_t offences, bans;
	double usual;
	bool within;     /* a wave: */
	struct wave_found now;
	unsigned calm;   /* minutes in a row */
	uint64_t calm_offences, calm_bans;
	double height;   /* of what began it */
	/* Of the wave, or of this minute, which may be its first. */
	struct table *clients;
};

int waves_create(struct waves **ret)
{
	struct waves *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	if (table_create(sizeof(struct addr), 0, WAVES_CLIENTS_MOST, &w->clients) < 0) {
		free(w);
		return -ENOMEM;
	}
	*ret = w;
	return 0;
}

void waves_destroy(struct waves *w)
{
	if (!w)
		return;
	table_destroy(w->clients);
	free(w);
}

/* In the place of the one with the fewest offences, where there is no other. */
static void keep(struct waves *w, const struct wave_found *wave)
{
	size_t least = 0;

	if (w->count < WAVES_MOST) {
		w->found[w->count++] = *wave;
		return;
	}
	w->dropped++;
	for (size_t i = 1; i < w->count; i++)
		if (w->found[i].offences < w->found[least].offences)
			least = i;
	if (w->found[least].offences >= wave->offences)
		return;
	memmove(&w->found[least], &w->found[least + 1], (w->count - least - 1) * sizeof(w->found[0]));
	w->found[w->count - 1] = *wave;
}

static void end_wave(struct waves *w)
{
	w->now.clients = table_count(w->clients);
	keep(w, &w->now);
	w->within = false;
	table_clear(w->clients);
}

static double threshold(const struct waves *w)
{
	return fmax(WAVES_LEAST, WAVES_TIMES * w->usual);
}

static void go_on(struct waves *w)
{
	uint64_t begin_s = w->minute * 60;

	if ((double)w->offences < w->height / 2) {
		w->calm_offences += w->offences;
		w->calm_bans += w->bans;
		if (++w->calm >= WAVES_CALM_MINUTES)
			end_wave(w);
		return;
	}
	/* What was calm in between is a part of it. */
	w->now.offences += w->offences + w->calm_offences;
	w->now.bans += w->bans + w->calm_bans;
	w->calm_offences = w->calm_bans = w->calm = 0;
	w->now.end_s = begin_s + 60;
	if (w->offences > w->now.peak_a_minute) {
		w->now.peak_a_minute = w->offences;
		w->now.peak_s = begin_s;
	}
}

static void close_minute(struct waves *w)
{
	if (!w->within && (double)w->offences >= threshold(w)) {
		w->within = true;
		w->height = threshold(w);
		w->calm = 0;
		w->calm_offences = w->calm_bans = 0;
		w->now = (struct wave_found){ .begin_s = w->minute * 60 };
	}
	if (w->within) {
		go_on(w);
	} else {
		w->usual += WEIGHT_OF_A_MINUTE * ((double)w->offences - w->usual);
		table_clear(w->clients);
	}
	w->offences = w->bans = 0;
	w->minute++;
}

static void pass_to(struct waves *w, uint64_t minute)
{
	if (w->minute == 0)
		w->minute = minute;
	/* The clock was set back, or one line had a stamp of the future: a wave has one begin and one end. */
	if (minute + SET_BACK_MINUTES < w->minute) {
		close_minute(w);
		if (w->within)
			end_wave(w);
		w->minute = minute;
	}
	for (unsigned i = 0; w->minute < minute && i < GAP_MINUTES_MOST; i++)
		close_minute(w);
	if (w->minute < minute)
		w->minute = minute;
}

void waves_offence(struct waves *w, uint64_t wall_s, const struct addr *unit, bool banned)
{
	void *value;

	pass_to(w, wall_s / 60);
	w->offences++;
	w->bans += banned;
	(void)table_add(w->clients, unit, &value); /* at the cap it is one that is not told apart */
}

static int by_begin(const void *a, const void *b)
{
	const struct wave_found *x = a, *y = b;

	return (x->begin_s > y->begin_s) - (x->begin_s < y->begin_s);
}

size_t waves_list(struct waves *w, const struct wave_found **ret)
{
	if (w->offences)
		close_minute(w);
	if (w->within) {
		w->now.goes_on = w->calm == 0;
		end_wave(w);
	}
	qsort(w->found, w->count, sizeof(w->found[0]), by_begin);
	*ret = w->found;
	return w->count;
}

uint64_t waves_dropped(const struct waves *w)
{
	return w->dropped;
}
