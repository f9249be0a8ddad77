/* SPDX-License-Identifier: Apache-2.0 */
#include "observe/past_waves.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define START UINT64_C(1795842000)

static const struct wave_limits limits = { .rate = 5, .factor = 4, .calm_ms = 120000, .fill_start = 80, .fill_stop = 60 };
static struct past_waves waves;

static int begin(void **state)
{
	past_waves_begin(&waves, &limits);
	return 0;
}

static void take(uint64_t at_s, uint32_t step_s, uint32_t open, uint32_t arrivals, uint32_t evictions)
{
	uint32_t values[HISTORY_COLUMNS];

	memset(values, 0xFF, sizeof(values));
	values[HISTORY_open] = open;
	values[HISTORY_limit] = 300;
	values[HISTORY_arrivals] = arrivals;
	values[HISTORY_offences] = arrivals / 2;
	values[HISTORY_evictions] = values[HISTORY_bans_new] = evictions;
	past_waves_take(&waves, START + at_s, step_s, values, 0);
}

/* Ten calm minutes, three of a wave, ten calm ones. */
static void play(uint32_t step_s)
{
	for (uint64_t s = 0; s < 23 * 60; s += step_s) {
		bool is_wave = s >= 600 && s < 780;

		take(s, step_s, is_wave ? 100 + (uint32_t)(s - 600) / 2 : 10, (is_wave ? 20 : 1) * step_s,
		     is_wave ? 10 * step_s : 0);
	}
	past_waves_end(&waves);
}

static void a_wave_is_found(void **state)
{
	const struct wave_figures *wave = &waves.found[0];

	play(1);
	assert_int_equal(waves.count, 1);
	assert_int_equal(wave->begin_s, START + 600); /* its first second, and all of it */
	assert_in_range(wave->end_s, START + 775, START + 800);
	assert_int_equal(wave->peak_s, START + 778);
	assert_int_equal(wave->peak_open, 189);
	assert_int_equal(wave->limit, 300);
	assert_false(wave->goes_on);
	assert_false(wave->by_filling);
	assert_in_range(wave->arrivals, 3600, 3600 + 140); /* and of the two minutes until it is over */
	assert_int_equal(wave->evictions, 1800);
	/* Ten a second, held for 30 s more. */
	assert_int_equal(wave->peak_without, 189 + 300);
}

static void also_in_coarse_samples(void **state)
{
	play(10);
	assert_int_equal(waves.count, 1);
	begin(NULL);
	play(60);
	assert_int_equal(waves.count, 1);
	assert_in_range(waves.found[0].begin_s, START + 595, START + 625);
	assert_in_range(waves.found[0].evictions, 1500, 1800);
}

static void calm_has_none(void **state)
{
	for (uint64_t s = 0; s < 7200; s++)
		take(s, 1, 10 + (uint32_t)(s % 5), 1, 0);
	past_waves_end(&waves);
	assert_int_equal(waves.count, 0);
}

static void one_that_lasts_goes_on(void **state)
{
	for (uint64_t s = 0; s < 700; s++)
		take(s, 1, s < 600 ? 10 : 200, s < 600 ? 1 : 30, 0);
	past_waves_end(&waves);
	assert_int_equal(waves.count, 1);
	assert_true(waves.found[0].goes_on);
	assert_int_equal(waves.found[0].end_s, START + 699);
}

/* A list of counts alone, as that of 2009: every five seconds, up to the highest. */
static void a_list_of_counts(void **state)
{
	uint32_t values[HISTORY_COLUMNS];

	memset(values, 0xFF, sizeof(values));
	for (uint64_t s = 0; s < 600; s += 5) {
		values[HISTORY_open] = s < 60 ? 5 : s < 360 ? (uint32_t)(s - 60) : 301;
		past_waves_take(&waves, START + s, 1, values, 301);
	}
	past_waves_end(&waves);
	assert_int_equal(waves.count, 1);
	assert_true(waves.found[0].by_filling);
	assert_int_equal(waves.found[0].peak_open, 301);
}

/* It is found by its rise, and those that took the place of others are counted. */
static void a_list_of_which_the_usual_is_known(void **state)
{
	uint32_t values[HISTORY_COLUMNS];

	memset(values, 0xFF, sizeof(values));
	past_waves_know_usual(&waves, 5);
	for (uint64_t s = 0; s < 600; s += 5) {
		values[HISTORY_open] = s < 60 ? 5 : 300;
		past_waves_take(&waves, START + s, 1, values, 301);
	}
	past_waves_end(&waves);
	assert_int_equal(waves.count, 1);
	assert_int_equal(waves.found[0].begin_s, START + 60);
	assert_false(waves.found[0].by_filling);
	/* 295 at once, and 300 each 30 s from then on. */
	assert_in_range(waves.found[0].arrivals, 295 + 300 * 17, 295 + 300 * 18);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_wave_is_found, begin),
		cmocka_unit_test_setup(also_in_coarse_samples, begin),
		cmocka_unit_test_setup(calm_has_none, begin),
		cmocka_unit_test_setup(one_that_lasts_goes_on, begin),
		cmocka_unit_test_setup(a_list_of_counts, begin),
		cmocka_unit_test_setup(a_list_of_which_the_usual_is_known, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
