/* SPDX-License-Identifier: Apache-2.0 */
#include "sense/process_use.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void test_this_process(void **state)
{
	struct process_use before, after;
	struct process_files files;
	volatile unsigned busy = 0;

	assert_int_equal(process_use_open(getpid(), &files), 0);
	assert_int_equal(process_use_look(&files, &before), 0);
	assert_true(before.resident_bytes > 100000);
	do {
		for (unsigned i = 0; i < 1000000; i++)
			busy = busy + i;
		assert_int_equal(process_use_look(&files, &after), 0);
	} while (after.cpu_seconds < before.cpu_seconds + 0.02);
	process_use_close(&files);
	assert_true(process_use_look(&files, &after) < 0);
}

static void test_one_that_has_ended(void **state)
{
	struct process_use use;
	struct process_files files;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		pause();
		_exit(0);
	}
	assert_int_equal(process_use_open(child, &files), 0);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_int_equal(process_use_look(&files, &use), -ESRCH);
	process_use_close(&files);
	assert_true(process_use_open(child, &files) < 0);
	assert_int_equal(files.stat, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_this_process),
		cmocka_unit_test(test_one_that_has_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
