/* SPDX-License-Identifier: Apache-2.0 */
#include "observe/waves.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define START 1248714000 /* 2009-07-27 17:00:00 UTC */

static struct addr client(uint32_t n)
{
	const uint8_t octets[4] = { 10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };

	return addr_from_ipv4(octets);
}

/* From one minute up to another, so many offences in each, every one of another client. */
static void minutes(struct waves *w, unsigned from, unsigned to, unsigned each)
{
	static uint32_t next;

	for (unsigned minute = from; minute < to; minute++) {
		for (unsigned i = 0; i < each; i++) {
			struct addr unit = client(next++);

			waves_offence(w, START + minute * 60 + i * 59 / each, &unit, i % 2 == 0);
		}
	}
}

static struct waves *new_waves(void)
{
	struct waves *w;

	assert_int_equal(waves_create(&w), 0);
	return w;
}

static void a_quiet_day_has_none(void **state)
{
	const struct wave_found *list;
	struct waves *w = new_waves();

	assert_int_equal(waves_list(w, &list), 0);
	minutes(w, 0, 600, 5);
	assert_int_equal(waves_list(w, &list), 0);
	waves_destroy(w);
}

static void a_wave_has_begin_peak_and_end(void **state)
{
	const struct wave_found *list;
	struct waves *w = new_waves();

	minutes(w, 0, 120, 3);
	minutes(w, 120, 125, 200);
	minutes(w, 125, 127, 1200);
	minutes(w, 127, 130, 100);
	minutes(w, 130, 240, 3);
	assert_int_equal(waves_list(w, &list), 1);
	assert_int_equal(list->begin_s, START + 120 * 60);
	assert_int_equal(list->peak_s, START + 125 * 60);
	assert_int_equal(list->peak_a_minute, 1200);
	assert_int_equal(list->end_s, START + 130 * 60);
	assert_int_equal(list->offences, 5 * 200 + 2 * 1200 + 3 * 100);
	assert_int_equal(list->bans, list->offences / 2);
	assert_in_range(list->clients, list->offences, list->offences + 20);
	assert_false(list->goes_on);
	waves_destroy(w);
}

static void one_that_draws_breath_is_one(void **state)
{
	const struct wave_found *list;
	struct waves *w = new_waves();

	minutes(w, 0, 10, 100);
	minutes(w, 10, 12, 1);
	minutes(w, 12, 20, 100);
	minutes(w, 60, 70, 100);
	assert_int_equal(waves_list(w, &list), 2);
	assert_int_equal(list[0].offences, 18 * 100 + 2);
	assert_int_equal(list[0].end_s, START + 20 * 60);
	assert_int_equal(list[1].begin_s, START + 60 * 60);
	assert_true(list[1].goes_on);
	waves_destroy(w);
}

/* Twenty refusals a minute, all day long, are how it is here; eighty are not. */
static void what_is_usual_is_no_wave(void **state)
{
	const struct wave_found *list;
	struct waves *w = new_waves();

	minutes(w, 0, 300, 20);
	minutes(w, 300, 310, 60);
	minutes(w, 310, 400, 20);
	minutes(w, 400, 405, 100);
	assert_int_equal(waves_list(w, &list), 1);
	assert_int_equal(list->begin_s, START + 400 * 60);
	waves_destroy(w);
}

static void a_long_gap_costs_little(void **state)
{
	const struct wave_found *list;
	struct waves *w = new_waves();
	struct addr unit = client(1);

	waves_offence(w, START, &unit, false);
	waves_offence(w, UINT32_MAX, &unit, false);
	waves_offence(w, START, &unit, false); /* back in time */
	assert_int_equal(waves_list(w, &list), 0);
	waves_destroy(w);
}

static void the_largest_are_kept(void **state)
{
	const struct wave_found *list;
	struct waves *w = new_waves();

	for (unsigned i = 0; i < WAVES_MOST + 10; i++)
		minutes(w, i * 1000, i * 1000 + 1, 40 + i % 7);
	assert_int_equal(waves_list(w, &list), WAVES_MOST);
	assert_int_equal(waves_dropped(w), 10);
	for (size_t i = 1; i < WAVES_MOST; i++)
		assert_true(list[i].begin_s > list[i - 1].begin_s);
	waves_destroy(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quiet_day_has_none),
		cmocka_unit_test(a_wave_has_begin_peak_and_end),
		cmocka_unit_test(one_that_draws_breath_is_one),
		cmocka_unit_test(what_is_usual_is_no_wave),
		cmocka_unit_test(a_long_gap_costs_little),
		cmocka_unit_test(the_largest_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
