/* SPDX-License-Identifier: Apache-2.0 */
#include "base/wheel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define START 1785179537000ULL
#define TICK_MS 256
#define ROUND ((uint64_t)WHEEL_SLOTS * TICK_MS)

struct alarm {
	struct wheel_node node;
	uint64_t due_ms;
};

struct clockwork {
	struct table *alarms;
	struct wheel wheel;
};

static int make(void **state)
{
	struct clockwork *c = calloc(1, sizeof(*c));

	assert_int_equal(table_create(sizeof(uint32_t), sizeof(struct alarm), 100000, &c->alarms),
			 0);
	wheel_init(&c->wheel, c->alarms, TICK_MS);
	*state = c;
	return 0;
}

static int unmake(void **state)
{
	struct clockwork *c = *state;

	table_destroy(c->alarms);
	free(c);
	return 0;
}

static struct alarm *set(struct clockwork *c, uint32_t key, uint64_t due_ms)
{
	void *value;

	assert_int_equal(table_add(c->alarms, &key, &value), 1);
	((struct alarm *)value)->due_ms = due_ms;
	wheel_add(&c->wheel, value, due_ms);
	return value;
}

static struct alarm *take(struct clockwork *c, uint64_t now)
{
	size_t looks = 1000000;

	return (struct alarm *)wheel_take(&c->wheel, now, &looks);
}

static void test_empty(void **state)
{
	struct clockwork *c = *state;

	assert_null(take(c, START));
	assert_int_equal(wheel_wait_ms(&c->wheel, START), UINT64_MAX);
}

static void test_on_time(void **state)
{
	struct clockwork *c = *state;
	struct alarm *alarm = set(c, 1, START + 1000);

	assert_null(take(c, START + 999));
	assert_true(wheel_wait_ms(&c->wheel, START + 999) > 0);
	assert_true(wheel_wait_ms(&c->wheel, START + 999) <= 1 + TICK_MS);
	assert_ptr_equal(take(c, START + 1000 + TICK_MS), alarm);
	assert_null(take(c, START + 100000));
}

static void test_due_in_a_later_round(void **state)
{
	struct clockwork *c = *state;
	uint64_t due = START + 3 * ROUND + 12345;
	struct alarm *alarm = set(c, 1, due);

	for (uint64_t now = START; now < due; now += ROUND / 7)
		assert_null(take(c, now));
	assert_ptr_equal(take(c, due + TICK_MS), alarm);
}

static void test_time_leaps(void **state)
{
	struct clockwork *c = *state;

	take(c, START);
	for (uint32_t i = 0; i < 1000; i++)
		set(c, i, START + i * 7919);
	for (uint32_t i = 0; i < 1000; i++)
		assert_non_null(take(c, START + 1000 * ROUND));
	assert_null(take(c, START + 1000 * ROUND));
}

static void test_removed_is_silent(void **state)
{
	struct clockwork *c = *state;
	struct alarm *alarms[10];

	take(c, START);
	for (uint32_t i = 0; i < 10; i++)
		alarms[i] = set(c, i, START + 1000);
	wheel_remove(&c->wheel, &alarms[0]->node);
	wheel_remove(&c->wheel, &alarms[9]->node);
	wheel_remove(&c->wheel, &alarms[5]->node);
	/* One that is taken out while its slot is half emptied, too: first, and in between. */
	assert_non_null(take(c, START + 2000));
	for (uint32_t i = 1; i < 9; i++) {
		if (i != 5 && i != 8)
			wheel_remove(&c->wheel, &alarms[i]->node);
	}
	assert_null(take(c, START + 2000));
}

/* Not more is looked at than was allowed, and nothing is forgotten by stopping. */
static void test_in_slices(void **state)
{
	struct clockwork *c = *state;
	uint32_t taken = 0, slices = 0;

	for (uint32_t i = 0; i < 20000; i++)
		set(c, i, START + (i % 2 ? 0 : ROUND));
	while (taken < 10000) {
		size_t looks = 100, before = taken;

		while (wheel_take(&c->wheel, START + TICK_MS, &looks))
			taken++;
		assert_true(taken - before <= 100);
		assert_true(++slices <= 300);
	}
	assert_null(take(c, START + TICK_MS));
	for (; taken < 20000; taken++)
		assert_non_null(take(c, START + ROUND + TICK_MS));
}

/* Against the plainest model there is: look at all of them. */
static void test_as_a_plain_list_would(void **state)
{
	struct clockwork *c = *state;
	uint64_t now = START;
	uint32_t key = 0;

	srand(20260727);
	for (int step = 0; step < 3000; step++) {
		struct alarm *alarm;
		uint32_t cursor = 0;

		set(c, key++, now + (uint64_t)rand() % (3 * ROUND));
		now += (uint64_t)rand() % (step % 100 == 0 ? 2 * ROUND : 2000);
		while ((alarm = take(c, now))) {
			uint32_t taken = *(const uint32_t *)table_key(c->alarms, alarm);

			assert_true(alarm->due_ms <= now);
			table_remove(c->alarms, &taken);
		}
		while ((alarm = table_next(c->alarms, &cursor)))
			assert_true(alarm->due_ms + TICK_MS > now);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_empty, make, unmake),
		cmocka_unit_test_setup_teardown(test_on_time, make, unmake),
		cmocka_unit_test_setup_teardown(test_due_in_a_later_round, make, unmake),
		cmocka_unit_test_setup_teardown(test_time_leaps, make, unmake),
		cmocka_unit_test_setup_teardown(test_removed_is_silent, make, unmake),
		cmocka_unit_test_setup_teardown(test_in_slices, make, unmake),
		cmocka_unit_test_setup_teardown(test_as_a_plain_list_would, make, unmake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
