/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/wave.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BEGIN_MS 1000000ULL
#define WALL_MS 1248714737000ULL

static const struct wave_limits usual_limits = {
	.rate = 5, .factor = 4, .calm_ms = 120000, .fill_start = 80, .fill_stop = 45,
};

struct world {
	struct wave wave;
	uint64_t now_ms, wall_ms;
	int began, ended;
	uint64_t began_at_ms;
};

/* What a stretch of time is like. */
struct stretch {
	unsigned seconds;
	double rate;        /* new connections a second */
	double first_seen;  /* share of them */
	double offences;    /* a second */
	double open, later; /* at its begin and end */
	uint32_t limit;
};

static void open_world(struct world *w)
{
	*w = (struct world){ .now_ms = BEGIN_MS, .wall_ms = WALL_MS };
	wave_begin(&w->wave, &usual_limits);
}

static void take(struct world *w, unsigned ms, struct wave_sample sample)
{
	sample.now_ms = w->now_ms += ms;
	sample.wall_ms = w->wall_ms += ms;
	switch (wave_take(&w->wave, &sample)) {
	case WAVE_BEGAN:
		w->began++;
		w->began_at_ms = w->now_ms;
		assert_true(wave_lasts(&w->wave));
		break;
	case WAVE_OVER:
		w->ended++;
		assert_false(wave_lasts(&w->wave));
		break;
	case WAVE_NOTHING:
		break;
	}
	assert_true(isfinite(w->wave.rate) && isfinite(w->wave.usual) && w->wave.rate >= 0 && w->wave.usual >= 0);
}

/* A rate of 1.5 is one now and two then. */
static uint32_t share_of(double rate, unsigned second)
{
	return (uint32_t)((second + 1) * rate) - (uint32_t)(second * rate);
}

static void play(struct world *w, const struct stretch *s)
{
	for (unsigned i = 0; i < s->seconds; i++) {
		uint32_t arrivals = share_of(s->rate, i);

		take(w, 1000, (struct wave_sample){
			.open = (uint32_t)(s->open + (s->later - s->open) * i / s->seconds), .limit = s->limit,
			.arrivals = arrivals, .connections = arrivals,
			.first_seen = share_of(s->rate * s->first_seen, i), .offences = share_of(s->offences, i) });
	}
}

static const struct stretch quiet = { 1200, 1.2, 0.2, 0, 20, 20, 300 };

static void stories_of_rates(void **state)
{
	static const struct {
		const char *name;
		struct stretch then;
		int waves;
	} rows[] = {
		{ "many strangers", { 60, 20, 0.9, 0, 20, 200, 300 }, 1 },
		{ "many strangers, and no limit is known", { 60, 20, 0.9, 0, 20, 200, 0 }, 1 },
		{ "many known senders", { 60, 20, 0.1, 0, 20, 60, 300 }, 0 },
		{ "many known senders, who fill the server", { 30, 20, 0.1, 0, 20, 280, 300 }, 1 },
		{ "many known senders, and no limit is known", { 30, 20, 0.1, 0, 20, 280, 0 }, 0 },
		{ "many known offenders", { 60, 20, 0.1, 15, 20, 30, 300 }, 1 },
		{ "less than factor times the usual", { 600, 4.5, 1, 0, 20, 40, 300 }, 0 },
		{ "a second of it", { 1, 30, 1, 0, 20, 50, 300 }, 0 },
		{ "the server fills up slowly and silently", { 3600, 0.3, 1, 0, 20, 290, 300 }, 1 },
		{ "likewise, in the third of an hour", { 1200, 0.4, 1, 0, 20, 290, 300 }, 1 },
		{ "a third of it fills up", { 3600, 0.3, 1, 0, 20, 100, 300 }, 0 },
		{ "nobody comes any more", { 600, 0, 0, 0, 0, 0, 300 }, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world w;

		open_world(&w);
		play(&w, &quiet);
		assert_int_equal(w.began, 0);
		assert_int_equal(w.wave.state, WAVE_CALM);
		play(&w, &rows[i].then);
		if (w.began != rows[i].waves || w.ended)
			fail_msg("%s: %d", rows[i].name, w.began);
		/* And all is over, once, a while later. */
		play(&w, &quiet);
		if (w.ended != rows[i].waves || w.began != rows[i].waves)
			fail_msg("%s: %d begun, %d over", rows[i].name, w.began, w.ended);
	}
}

static void a_wave_has_a_summary(void **state)
{
	static const struct stretch rush = { 100, 20, 0.9, 2, 20, 250, 300 }, breath = { 60, 1, 0.2, 0, 100, 60, 300 },
				    again = { 30, 12, 0.9, 0, 60, 80, 300 };
	const struct wave_summary *summary;
	struct world w;

	open_world(&w);
	play(&w, &quiet);
	play(&w, &rush);
	play(&w, &breath);
	assert_int_equal(w.wave.state, WAVE_EBBING);
	play(&w, &again);
	assert_int_equal(w.wave.state, WAVE_LASTING);
	play(&w, &quiet);
	assert_int_equal(w.began, 1);
	assert_int_equal(w.ended, 1);
	summary = &w.wave.summary;
	assert_true(w.began_at_ms - summary->begin_ms >= WAVE_RISING_MS && w.began_at_ms - summary->begin_ms < 8000);
	/* With the first second of the rush, and with all who came in it. */
	assert_true(summary->begin_ms > BEGIN_MS + 1200000 && summary->begin_ms <= BEGIN_MS + 1202000);
	assert_int_equal(summary->begin_wall_ms - WALL_MS, summary->begin_ms - BEGIN_MS);
	assert_true(summary->lasted_ms > 185000 && summary->lasted_ms < 205000);
	assert_true(summary->peak_open >= 240 && summary->peak_open <= 250);
	assert_true(summary->peak_rate > 19 && summary->peak_rate < 21);
	assert_true(summary->usual > 1 && summary->usual < 1.4);
	assert_true(summary->arrivals >= 2000 + 60 + 360 && summary->arrivals < 2600);
	assert_true(summary->first_seen > 1900 && summary->first_seen < summary->arrivals);
	assert_true(summary->offences >= 190 && summary->offences <= 200);
	assert_false(summary->by_filling);
}

/* Round its limits a wave neither begins nor ends each minute. */
/* What is known beforehand need not be learned. */
static void what_is_usual_can_be_known(void **state)
{
	static const struct stretch calm = { 20, 0.2, 0.2, 0, 10, 10, 300 }, rush = { 10, 8, 0.9, 0, 10, 80, 300 };
	struct world w;

	for (int known = 0; known < 2; known++) {
		open_world(&w);
		if (known)
			wave_know_usual(&w.wave, 0.2, 10);
		play(&w, &calm);
		play(&w, &rush);
		assert_int_equal(w.began, known);
	}
}

static void nothing_flaps(void **state)
{
	static const struct stretch high = { 20, 9, 0.9, 0, 100, 100, 300 }, low = { 20, 1, 0.9, 0, 100, 100, 300 };
	struct world w;

	open_world(&w);
	play(&w, &quiet);
	for (int i = 0; i < 100; i++) {
		play(&w, &high);
		play(&w, &low);
	}
	assert_int_equal(w.began, 1);
	assert_int_equal(w.ended, 0);
	/* Relief holds the server below what began it. */
	open_world(&w);
	play(&w, &quiet);
	for (int i = 0; i < 100; i++) {
		static const struct stretch fills = { 60, 1, 0.9, 0, 150, 270, 300 },
					    relieved = { 5, 1, 0.9, 0, 270, 150, 300 };

		play(&w, &fills);
		play(&w, &relieved);
	}
	assert_int_equal(w.began, 1);
	assert_int_equal(w.ended, 0);
}

static double random_share(void)
{
	return (double)random() / ((double)RAND_MAX + 1);
}

/* How many events of a rate happen in a second, when each comes by itself (Knuth's way for small rates). */
static uint32_t poisson(double rate)
{
	double left = exp(-(rate > 500 ? 500 : rate)), product = random_share();
	uint32_t n = 0;

	for (; product > left; n++)
		product *= random_share();
	return n;
}

/* Whatever it is: from the first second on, and with everybody a stranger and an offender. */
static void a_constant_rate_is_never_a_wave(void **state)
{
	static const double rates[] = { 0, 0.01, 0.3, 1, 1.2, 1.3, 2, 5, 20, 100, 400 };

	srandom(2009);
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		for (unsigned open = 0; open <= 300; open += 100) {
			struct world w;

			open_world(&w);
			for (unsigned second = 0; second < 4 * 3600; second++) {
				uint32_t arrivals = poisson(rates[i]);

				take(&w, 1000, (struct wave_sample){ .open = open ? open - (uint32_t)random() % 10 : 0,
					.limit = 300, .arrivals = arrivals, .connections = arrivals, .first_seen = arrivals,
					.offences = arrivals });
			}
			if (w.began)
				fail_msg("%g a second, %u open: a wave", rates[i], open);
			assert_int_equal(w.wave.state, WAVE_CALM);
			assert_true(fabs(w.wave.usual - rates[i]) < 0.1 + rates[i] / 10);
		}
	}
}

/* A level that stays is one day no wave, but what is usual. */
static void what_stays_becomes_usual(void **state)
{
	static const struct stretch busy = { 8 * 3600, 20, 0.9, 0, 260, 260, 300 };
	struct world w;

	open_world(&w);
	play(&w, &quiet);
	play(&w, &busy);
	assert_int_equal(w.began, 1);
	assert_int_equal(w.ended, 1);
	assert_true(w.wave.usual > 15);
}

static void the_first_minutes(void **state)
{
	static const struct stretch start = { 15, 0.2, 1, 0, 5, 5, 300 }, rise = { 30, 15, 1, 0, 5, 60, 300 },
				    rush = { 30, 40, 1, 0, 5, 60, 300 };
	struct world w;

	/* What is three times `rate` may be usual here. */
	open_world(&w);
	play(&w, &start);
	play(&w, &rise);
	assert_int_equal(w.began, 0);
	assert_int_equal(w.wave.state, WAVE_LEARNING);
	open_world(&w);
	play(&w, &start);
	play(&w, &rush);
	assert_int_equal(w.began, 1);
	/* It begins amid of one: nobody knows. */
	open_world(&w);
	play(&w, &rush);
	assert_int_equal(w.began, 0);
}

static void gaps_and_clocks(void **state)
{
	static const struct {
		const char *name;
		int64_t ms, wall_ms;
	} rows[] = {
		{ "an hour without a sample", 3600000, 3600000 }, { "a machine that slept", 1000, 3600000 },
		{ "the clock is set back", 1000, -3600000 },	  { "the same instant", 0, 0 },
		{ "a clock that runs backward", -1000, 1000 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wave_sample after = { .open = 250, .limit = 300, .arrivals = 4000, .connections = 250,
					     .first_seen = 250 };
		struct world w;

		open_world(&w);
		play(&w, &quiet);
		after.now_ms = w.now_ms += (uint64_t)rows[i].ms;
		after.wall_ms = w.wall_ms += (uint64_t)rows[i].wall_ms;
		assert_int_equal(wave_take(&w.wave, &after), WAVE_NOTHING);
		play(&w, &quiet);
		if (w.began)
			fail_msg("%s: a wave", rows[i].name);
	}
}

static void no_calm_passes_in_a_gap(void **state)
{
	static const struct stretch rush = { 60, 20, 0.9, 0, 20, 200, 300 }, calm = { 30, 1, 0.2, 0, 20, 20, 300 };
	struct world w;

	open_world(&w);
	play(&w, &quiet);
	play(&w, &rush);
	play(&w, &calm);
	assert_int_equal(w.wave.state, WAVE_EBBING);
	take(&w, 3600000, (struct wave_sample){ .open = 20, .limit = 300 });
	play(&w, &calm);
	assert_int_equal(w.ended, 0);
	play(&w, &quiet);
	assert_int_equal(w.ended, 1);
}

static void a_counter_that_begins_anew_counts_nothing(void **state)
{
	uint64_t last = 0;

	assert_int_equal(wave_grown_by(&last, 7), 7);
	assert_int_equal(wave_grown_by(&last, 7), 0);
	assert_int_equal(wave_grown_by(&last, 3), 0);
	assert_int_equal(wave_grown_by(&last, 5), 2);
	assert_int_equal(wave_grown_by(&last, UINT64_MAX), UINT32_MAX);
}

static void the_kernel_counts_arrivals_where_it_can(void **state)
{
	static const struct {
		uint64_t now_ms, asked, banned;
		uint32_t seen, arrivals;
	} rows[] = {
		{ 1000, 100, 20, 3, 3 },    /* nothing has moved: perhaps nobody counts */
		{ 2000, 107, 22, 3, 2 },    /* these three among them */
		{ 3000, 107, 22, 1, 0 },    /* it was counted a moment ago */
		{ 4000, 110, 26, 1, 0 },
		{ 64000, 110, 26, 2, 0 },
		{ 64001, 110, 26, 2, 2 },   /* the table is gone */
		{ 65000, 4, 1, 2, 2 },      /* it begins anew */
		{ 66000, 9, 1, 2, 1 },      /* and the four that were seen meanwhile */
		{ 67000, 19, 1, 2, 10 },
		{ 127001, 19, 1, 3, 3 },
		{ 130000, 29, 1, 2, 10 },   /* too late for those */
	};
	struct wave_arrivals arrivals = { .asked = 100, .banned = 20 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(wave_arrived(&arrivals, rows[i].now_ms, rows[i].asked, rows[i].banned, rows[i].seen),
				 rows[i].arrivals);
}

static void another_process_goes_on(void **state)
{
	static const struct stretch rush = { 60, 20, 0.9, 0, 20, 200, 300 };
	static const struct wave_limits stricter = { 3, 2, 10000, 70, 40 };
	struct wave next, broken;
	struct world w;

	open_world(&w);
	play(&w, &quiet);
	play(&w, &rush);
	wave_begin(&next, &stricter);
	assert_true(wave_go_on(&next, &w.wave, w.now_ms + 3000));
	assert_true(wave_lasts(&next));
	assert_int_equal(next.limits.factor, 2);
	assert_int_equal(next.summary.begin_ms, w.wave.summary.begin_ms);
	w.wave = next;
	play(&w, &quiet);
	assert_int_equal(w.ended, 1);

	wave_begin(&next, &stricter);
	assert_false(wave_go_on(&next, &w.wave, w.now_ms + 2 * 3600000));
	assert_false(wave_go_on(&next, &w.wave, w.now_ms - 1));
	for (int i = 0; i < 6; i++) {
		broken = w.wave;
		switch (i) {
		case 0: broken.state = WAVE_STATES; break;
		case 1: broken.usual = NAN; break;
		case 2: broken.rate = -1; break;
		case 3: broken.growth = INFINITY; break;
		case 4: broken.since_ms = broken.last_ms + 1; break;
		case 5: broken.summary.begin_ms = UINT64_MAX; break;
		}
		assert_false(wave_go_on(&next, &broken, w.now_ms));
	}
	assert_false(wave_go_on(&next, &(struct wave){ 0 }, w.now_ms));
	assert_int_equal(next.state, WAVE_LEARNING);
}

#define COUNTS_MOST 200
/* How long an average connection lasted: undefended (demo/wave.h), and where those of the told were ended. */
#define STAY_S 44.0
#define STAY_EVICTED_S 10.0
#define EACH_S 5

static size_t read_counts(const char *name, uint32_t *counts)
{
	char path[512], line[128];
	size_t n = 0;
	FILE *in;

	snprintf(path, sizeof(path), "%s/%s", WAVES_FOLDER, name);
	in = fopen(path, "re");
	assert_non_null(in);
	while (n < COUNTS_MOST && fgets(line, sizeof(line), in)) {
		const char *comma = strchr(line, ',');

		assert_non_null(comma);
		if (line[0] != 't')
			counts[n++] = (uint32_t)strtoul(comma + 1, NULL, 10);
	}
	fclose(in);
	return n;
}

/* Open connections are all that was written down: arrivals are what they grew by and what had left. */
static void take_count(struct world *w, uint32_t open, double stay_s)
{
	double arrivals = (double)open - w->wave.open + open * EACH_S / stay_s;

	take(w, EACH_S * 1000, (struct wave_sample){ .open = open, .limit = 300,
						     .arrivals = arrivals > 0 ? (uint32_t)(arrivals + 0.5) : 0 });
}

static void repeat(struct world *w, const uint32_t *counts, size_t n, double stay_s)
{
	for (unsigned i = 0; i < 6 * 3600 / EACH_S; i++)
		take_count(w, counts[i % n], stay_s);
}

static void the_waves_of_2009_are_found(void **state)
{
	static const struct {
		const char *name;
		size_t quiet, rises; /* counts before it, and the one where it rises */
		uint32_t peak;
		double stay_s;
	} rows[] = {
		{ "2009-07-27-undefended.csv", 7, 7, 301, STAY_S },
		{ "2009-07-28-morning-evicting.csv", 6, 7, 100, STAY_EVICTED_S },
		{ "2009-07-28-afternoon-evicting.csv", 7, 7, 216, STAY_EVICTED_S },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t counts[COUNTS_MOST];
		size_t n = read_counts(rows[i].name, counts);
		uint64_t rises_ms;
		struct world w;

		assert_true(n > 20);
		open_world(&w);
		/* The hours before: what was written down of them, over and over. */
		repeat(&w, counts, rows[i].quiet, rows[i].stay_s);
		assert_int_equal(w.began, 0);
		rises_ms = w.now_ms + (rows[i].rises + 1) * EACH_S * 1000;
		for (size_t j = 0; j < n; j++)
			take_count(&w, counts[j], rows[i].stay_s);
		if (w.began != 1 || w.ended || w.began_at_ms < rises_ms || w.began_at_ms > rises_ms + 10000)
			fail_msg("%s: %d, %+lld ms", rows[i].name, w.began, (long long)(w.began_at_ms - rises_ms));
		repeat(&w, counts, rows[i].quiet, rows[i].stay_s);
		assert_int_equal(w.began, 1);
		assert_int_equal(w.ended, 1);
		assert_int_equal(w.wave.summary.peak_open, rows[i].peak);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stories_of_rates),
		cmocka_unit_test(a_wave_has_a_summary),
		cmocka_unit_test(what_is_usual_can_be_known),
		cmocka_unit_test(nothing_flaps),
		cmocka_unit_test(a_constant_rate_is_never_a_wave),
		cmocka_unit_test(what_stays_becomes_usual),
		cmocka_unit_test(the_first_minutes),
		cmocka_unit_test(gaps_and_clocks),
		cmocka_unit_test(no_calm_passes_in_a_gap),
		cmocka_unit_test(a_counter_that_begins_anew_counts_nothing),
		cmocka_unit_test(the_kernel_counts_arrivals_where_it_can),
		cmocka_unit_test(another_process_goes_on),
		cmocka_unit_test(the_waves_of_2009_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
