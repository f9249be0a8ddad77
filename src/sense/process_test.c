/* SPDX-License-Identifier: Apache-2.0 */
#include "sense/process.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void test_what_is_behind_any_name(void **state)
{
	static const struct {
		const char *text;
		int result;
		struct process_stat stat;
	} cases[] = {
		{ "7 (wavebreak) S 1 7 7 0 -1 4194560 9 0 0 0 120 34 5 6 20 0 1 0 99 1000 5\n", 0, { 154, 11, 1, 99, 1 } },
		{ "7 (a) 1 2 3 (b)) S 3 7 7 0 -1 4194560 9 0 0 0 1 2 0 0 20 0 4 0 88\n", 0, { 3, 0, 4, 88, 3 } },
		{ "7 (x) S 1 7 7 0 -1 4194560 9 0 0 0 1 2 3 4 20 0 1 0", -EINVAL, { 0 } },
		{ "7 (x) S 1 7 7 0 -1 4194560 9 0 0 0 -1 2 3 4 20 0 1 0 99", -EINVAL, { 0 } },
		{ "7 (x) S 1 7 7 0 -1 4194560 9 0 0 0 1 2 3 4 20 0 1 0 x", -EINVAL, { 0 } },
		{ "7 (x) S 9999999999 7 7 0 -1 4194560 9 0 0 0 1 2 3 4 20 0 1 0 99", -EINVAL, { 0 } },
		{ "7 (x)", -EINVAL, { 0 } },
		{ "", -EINVAL, { 0 } },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct process_stat stat = { 0 };

		assert_int_equal(process_parse_stat(bytes_of(cases[i].text), &stat), cases[i].result);
		assert_memory_equal(&stat, &cases[i].stat, sizeof(stat));
	}
}

static void test_pages(void **state)
{
	struct process_statm statm = { 0 };

	assert_int_equal(process_parse_statm(BYTES_LITERAL("2000 345 100 1 0 200 0\n"), &statm), 0);
	assert_int_equal(statm.resident_pages, 345);
	assert_int_equal(statm.shared_pages, 100);
	assert_int_equal(process_unshared_bytes(&statm), 245 * sysconf(_SC_PAGESIZE));
	assert_int_equal(process_parse_statm(BYTES_LITERAL("2000 12 13\n"), &statm), 0);
	assert_int_equal(process_unshared_bytes(&statm), 0);
	assert_int_equal(process_parse_statm(BYTES_LITERAL("2000 12"), &statm), -EINVAL);
	assert_int_equal(process_parse_statm(BYTES_LITERAL("2000 x 1"), &statm), -EINVAL);
	assert_int_equal(process_parse_statm(BYTES_LITERAL(""), &statm), -EINVAL);
}

static void test_this_process(void **state)
{
	struct process_use before, after;
	struct process process;
	volatile unsigned busy = 0;

	assert_int_equal(process_open(getpid(), &process), 0);
	assert_int_equal(process_look(&process, &before), 0);
	assert_true(before.resident_bytes > 100000);
	do {
		for (unsigned i = 0; i < 1000000; i++)
			busy = busy + i;
		assert_int_equal(process_look(&process, &after), 0);
	} while (after.cpu_seconds < before.cpu_seconds + 0.02);
	process_close(&process);
	assert_true(process_look(&process, &after) < 0);
}

static void test_one_that_has_ended(void **state)
{
	struct process_use use;
	struct process process;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		pause();
		_exit(0);
	}
	assert_int_equal(process_open(child, &process), 0);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_int_equal(process_look(&process, &use), -ESRCH);
	process_close(&process);
	assert_true(process_open(child, &process) < 0);
	assert_int_equal(process.stat, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_behind_any_name),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_this_process),
		cmocka_unit_test(test_one_that_has_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
