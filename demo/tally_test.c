/* SPDX-License-Identifier: Apache-2.0 */
#include "tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct tally tally;

static int empty_tally(void **state)
{
	memset(&tally, 0, sizeof(tally));
	return 0;
}

static void count(struct visit *visit, enum visit_phase phase)
{
	visit->phase = (uint8_t)phase;
	tally_count(&tally, visit);
}

static struct visit begin(enum visitor visitor, uint32_t number, double at)
{
	struct visit visit = { .visitor = (uint8_t)visitor,
			       .number = number,
			       .begun = at,
			       .greeted = NEVER,
			       .asked = NEVER,
			       .refused = NEVER,
			       .delivered = NEVER,
			       .ended = NEVER };

	count(&visit, VISIT_BEGUN);
	return visit;
}

static void greet(struct visit *visit, double at)
{
	visit->greeted = at;
	count(visit, VISIT_GREETED);
}

static void refuse(struct visit *visit, double at)
{
	visit->refused = at;
	count(visit, VISIT_REFUSED);
}

static void end(struct visit *visit, enum visit_end how, double at)
{
	visit->end = (uint8_t)how;
	visit->ended = at;
	count(visit, VISIT_ENDED);
}

static void test_greeted_in_time(void **state)
{
	struct visit quick = begin(VISITOR_HONEST, 0, 0), late = begin(VISITOR_HONEST, 1, 2);
	struct visit never = begin(VISITOR_HONEST, 2, 4);

	greet(&quick, 10);
	greet(&late, 12.001);
	end(&never, END_GAVE_UP, 124);
	assert_int_equal(tally.honest, 3);
	assert_int_equal(tally.greeted, 2);
	assert_int_equal(tally.greeted_in_time, 1);
	assert_true(tally_in_time(&tally, 0));
	assert_false(tally_in_time(&tally, 1));
	assert_false(tally_in_time(&tally, 2));
	assert_int_equal(tally_greeted_within(&tally, 10), 1);
	assert_int_equal(tally_greeted_within(&tally, 10.001), 2);
	assert_int_equal(tally_greeted_within(&tally, 1000), 2);
}

static void test_a_wait_that_goes_on_is_a_lower_bound(void **state)
{
	struct visit first = begin(VISITOR_HONEST, 0, 0), second;
	struct wait wait;
	double longest;

	greet(&first, 0.5);
	second = begin(VISITOR_HONEST, 1, 2);
	wait = tally_wait(&tally, 0.95, 30);
	assert_true(wait.open && wait.seconds == 28);
	assert_int_equal(tally_waiting(&tally, 30, &longest), 1);
	assert_true(longest == 28);

	greet(&second, 33);
	wait = tally_wait(&tally, 0.95, 40);
	assert_true(!wait.open && wait.seconds == 31);
	assert_int_equal(tally_waiting(&tally, 40, &longest), 0);
}

static void test_percentiles(void **state)
{
	for (uint32_t i = 0; i < 100; i++) {
		struct visit visit = begin(VISITOR_HONEST, i, 0);

		greet(&visit, 100.0 - i);
	}
	assert_true(tally_wait(&tally, 0.5, 0).seconds == 51);
	assert_true(tally_wait(&tally, 0.95, 0).seconds == 96);
	assert_true(tally_wait(&tally, 1, 0).seconds == 100);
}

/* The one of unknown wait may turn out to be the longest: what is known of the others is
 * then a place too low. */
static void test_an_open_wait_makes_all_above_it_lower_bounds(void **state)
{
	double greeted_after[] = { 1, NEVER, 9 };
	struct wait median, first;

	for (uint32_t i = 0; i < 3; i++) {
		struct visit visit = begin(VISITOR_HONEST, i, 0);

		if (greeted_after[i] != NEVER)
			greet(&visit, greeted_after[i]);
	}
	first = tally_wait(&tally, 0, 4);
	median = tally_wait(&tally, 0.5, 4);
	assert_true(first.seconds == 1 && !first.open);
	assert_true(median.seconds == 4 && median.open);
	assert_true(tally_wait(&tally, 1, 4).seconds == 9 && tally_wait(&tally, 1, 4).open);
}

static void test_nobody_is_no_wait(void **state)
{
	assert_true(tally_wait(&tally, 0.5, 10).seconds == 0);
}

static void test_more_than_can_be_kept_are_counted(void **state)
{
	for (uint32_t i = 0; i < TALLY_HONEST_AT_MOST + 5; i++)
		begin(VISITOR_HONEST, i, 1);
	assert_int_equal(tally.honest, TALLY_HONEST_AT_MOST + 5);
	assert_int_equal(tally.uncounted, 5);
	assert_true(tally_wait(&tally, 1, 3).seconds == 2);
}

/* What counts is the server's end of a zombie that could have been told. */
static void test_told_before_the_end(void **state)
{
	struct visit told = begin(VISITOR_ZOMBIE, 0, 0), untold = begin(VISITOR_ZOMBIE, 1, 0);
	struct visit mute = begin(VISITOR_ZOMBIE, 2, 0), left = begin(VISITOR_ZOMBIE, 3, 0);
	struct visit dropped = begin(VISITOR_ZOMBIE, 4, 0);

	mute.mute = true;
	refuse(&told, 1);
	refuse(&left, 1);
	assert_int_equal(tally.zombies_open, 5);
	end(&told, END_RESET, 2);
	end(&untold, END_CLOSED, 2);
	end(&mute, END_RESET, 2);
	end(&left, END_STOPPED, 2);
	end(&dropped, END_UNANSWERED, 2);
	assert_int_equal(tally.told, 2);
	assert_int_equal(tally.ended, 2);
	assert_int_equal(tally.ended_told, 1);
	assert_int_equal(tally.unanswered, 1);
	assert_int_equal(tally.zombies_open, 0);
}

/* Whoever has asked has a right to an answer, unless the crowd did not wait for it. */
static void test_asked_and_told(void **state)
{
	struct {
		double asked, refused;
		enum visit_end end;
	} visits[] = {
		{ 1, 2, END_CLOSED }, { 1, 2, END_STOPPED }, /* told */
		{ 1, NEVER, END_RESET }, { 1, NEVER, END_CLOSED }, /* not told */
		{ 1, NEVER, END_STOPPED }, { NEVER, 1, END_CLOSED }, { NEVER, NEVER, END_RESET },
	};

	for (uint32_t i = 0; i < sizeof(visits) / sizeof(visits[0]); i++) {
		struct visit visit = begin(VISITOR_ZOMBIE, i, 0);

		visit.asked = visits[i].asked;
		if (visits[i].refused != NEVER)
			refuse(&visit, visits[i].refused);
		end(&visit, visits[i].end, 3);
	}
	assert_int_equal(tally.asked, 4);
	assert_int_equal(tally.asked_told, 2);
}

static void test_who_comes_again_is_told_apart(void **state)
{
	struct visit first = begin(VISITOR_HONEST, 0, 0), again = { .visitor = VISITOR_HONEST, .number = 1,
		.again = true, .begun = 10, .greeted = NEVER, .ended = NEVER };

	assert_true(tally_wait_again(&tally, 0.95, 20).seconds == 0);
	greet(&first, 6);
	count(&again, VISIT_BEGUN);
	assert_true(tally_wait_again(&tally, 0.95, 12).seconds == 2);
	assert_true(tally_wait_again(&tally, 0.95, 12).open);
	greet(&again, 12.5);
	assert_true(tally_wait_again(&tally, 0.95, 20).seconds == 2.5);
	assert_false(tally_wait_again(&tally, 0.95, 20).open);
	assert_true(tally_wait(&tally, 0.95, 20).seconds == 6);
}

static void test_second_visits_are_counted_apart(void **state)
{
	struct visit again = { .visitor = VISITOR_ZOMBIE, .again = true };

	begin(VISITOR_ZOMBIE, 0, 0);
	count(&again, VISIT_BEGUN);
	assert_int_equal(tally.zombies, 1);
	assert_int_equal(tally.returned, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_greeted_in_time, empty_tally),
		cmocka_unit_test_setup(test_a_wait_that_goes_on_is_a_lower_bound, empty_tally),
		cmocka_unit_test_setup(test_percentiles, empty_tally),
		cmocka_unit_test_setup(test_an_open_wait_makes_all_above_it_lower_bounds,
				       empty_tally),
		cmocka_unit_test_setup(test_nobody_is_no_wait, empty_tally),
		cmocka_unit_test_setup(test_more_than_can_be_kept_are_counted, empty_tally),
		cmocka_unit_test_setup(test_told_before_the_end, empty_tally),
		cmocka_unit_test_setup(test_asked_and_told, empty_tally),
		cmocka_unit_test_setup(test_who_comes_again_is_told_apart, empty_tally),
		cmocka_unit_test_setup(test_second_visits_are_counted_apart, empty_tally),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
