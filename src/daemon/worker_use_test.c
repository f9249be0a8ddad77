/* SPDX-License-Identifier: Apache-2.0 */
/* Time is told: how long a look of the warden's is believed takes minutes. */
#include "daemon/worker_use.h"

#include "daemon/worker_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct worker worker;
static uint64_t now_ms;

/* In place of event/loop.h's. */
uint64_t loop_now_ms(const struct loop *loop)
{
	return now_ms;
}

static int begin(void **state)
{
	worker = (struct worker){ .uses = { .warden = { -1, -1 }, .own = { -1, -1 } } };
	now_ms = 1000000;
	return 0;
}

static void hear(uint64_t cpu_ms, uint64_t processes)
{
	const uint64_t used[USED_WHAT_COUNT] = { [USED_CPU_MS] = cpu_ms, [USED_UNSHARED_BYTES] = 1 << 20,
						 [USED_PROCESSES] = processes };

	for (uint16_t what = 0; what < USED_WHAT_COUNT; what++) {
		struct answer answer = { .kind = ANSWER_USED, .flags = USED_BY_SERVER, .port = what, .value = used[what] };

		worker_use_on_answer(&worker, &answer);
	}
}

static void pass(uint64_t seconds)
{
	for (uint64_t i = 0; i < seconds; i++) {
		now_ms += 1000;
		worker_use_each_second(&worker);
	}
}

static void test_it_is_believed_until_it_is_told_again(void **state)
{
	struct worker_use_sum use;

	hear(5000, 3000);
	pass(USED_AGAIN_MOST_MS / 1000);
	assert_true(worker_use_of_server(&worker).memory_known);
	hear(5000 + USED_AGAIN_MOST_MS / 2, 3000);
	use = worker_use_of_server(&worker);
	assert_true(use.cpu_known);
	assert_int_equal(use.cpu_ms, 500);
	assert_int_equal(use.memory_kib, 1024);
	pass(USED_AGAIN_MOST_MS / 1000);
	use = worker_use_of_server(&worker);
	assert_true(use.cpu_known);
	assert_int_equal(use.cpu_ms, 500);
}

static void test_it_is_forgotten_when_nobody_tells_it(void **state)
{
	hear(5000, 3000);
	pass(2 * USED_AGAIN_MOST_MS / 1000);
	assert_false(worker_use_of_server(&worker).memory_known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_it_is_believed_until_it_is_told_again, begin),
		cmocka_unit_test_setup(test_it_is_forgotten_when_nobody_tells_it, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
