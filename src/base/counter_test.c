/* SPDX-License-Identifier: Apache-2.0 */
#include "base/counter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void every_counter_has_a_name_and_a_sentence(void **state)
{
	for (int i = 0; i < COUNTER_COUNT; i++) {
		const char *name = counter_name((enum counter)i), *help = counter_help((enum counter)i);

		assert_true(strspn(name, "abcdefghijklmnopqrstuvwxyz_") == strlen(name) && name[0]);
		assert_int_equal(help[strlen(help) - 1], '.');
		for (int j = 0; j < i; j++)
			assert_string_not_equal(name, counter_name((enum counter)j));
	}
	assert_string_equal(counter_name(COUNTER_bans), "bans");
}

static void adding_counts_one_counter(void **state)
{
	uint64_t evictions = counter_read(COUNTER_evictions), bans = counter_read(COUNTER_bans);

	counter_add(COUNTER_bans, 1);
	counter_add(COUNTER_bans, 41);
	counter_add(COUNTER_bans, 0);
	assert_int_equal(counter_read(COUNTER_bans), bans + 42);
	assert_int_equal(counter_read(COUNTER_evictions), evictions);
}

static void in_a_child(void (*work)(void))
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		work();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void add_ten_thousand(void)
{
	for (int i = 0; i < 10000; i++)
		counter_add(COUNTER_log_lines, 1);
}

static void apart_until_shared(void **state)
{
	uint64_t before = counter_read(COUNTER_log_lines);

	in_a_child(add_ten_thousand);
	assert_int_equal(counter_read(COUNTER_log_lines), before);
	assert_int_equal(counter_share(), 0);
	before = counter_read(COUNTER_log_lines);
	in_a_child(add_ten_thousand);
	assert_int_equal(counter_read(COUNTER_log_lines), before + 10000);
}

static void forget_arrivals(void)
{
	counter_make_known(COUNTER_arrivals, false);
}

/* After apart_until_shared: what one process cannot count, the others do not show. */
static void what_nobody_counts_is_not_known(void **state)
{
	assert_true(counter_is_known(COUNTER_arrivals));
	in_a_child(forget_arrivals);
	assert_false(counter_is_known(COUNTER_arrivals));
	assert_true(counter_is_known(COUNTER_bans));
	counter_make_known(COUNTER_arrivals, true);
	assert_true(counter_is_known(COUNTER_arrivals));
}

static void no_step_of_two_processes_is_lost(void **state)
{
	uint64_t before = counter_read(COUNTER_log_lines);
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	add_ten_thousand();
	if (child == 0)
		_exit(0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(counter_read(COUNTER_log_lines), before + 20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_counter_has_a_name_and_a_sentence),
		cmocka_unit_test(adding_counts_one_counter),
		cmocka_unit_test(apart_until_shared),
		cmocka_unit_test(what_nobody_counts_is_not_known),
		cmocka_unit_test(no_step_of_two_processes_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
