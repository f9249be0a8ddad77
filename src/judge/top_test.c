/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/top.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct prefix client(uint32_t n)
{
	const uint8_t octets[4] = { 10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };
	struct addr addr = addr_from_ipv4(octets);

	return prefix_around(&addr, 32);
}

static void add(struct top *top, uint32_t n, int times)
{
	struct prefix prefix = client(n);

	while (times--)
		top_add(top, &prefix);
}

static void few_are_counted_exactly(void **state)
{
	struct top_entry list[4];
	struct prefix second = client(2);
	struct top *top;

	assert_int_equal(top_create(16, &top), 0);
	assert_int_equal(top_list(top, list, 4), 0);
	for (uint32_t n = 1; n <= 5; n++)
		add(top, n, n == 2 ? 9 : (int)n);
	assert_int_equal(top_list(top, list, 4), 4);
	assert_memory_equal(&list[0].prefix, &second, sizeof(second));
	assert_int_equal(list[0].count, 9);
	assert_int_equal(list[1].count, 5);
	assert_int_equal(list[3].count, 3);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(list[i].too_high_by, 0);
	top_destroy(top);
}

/* The ten that come often are found among a hundred thousand that come once, in 256 counters. */
static void the_frequent_are_found_among_very_many(void **state)
{
	struct top_entry list[10];
	struct top *top;

	assert_int_equal(top_create(256, &top), 0);
	for (uint32_t n = 0; n < 100000; n++) {
		add(top, 1000 + n, 1);
		if (n % 100 == 0)
			for (uint32_t often = 0; often < 10; often++)
				add(top, often, 1 + (int)often);
	}
	assert_int_equal(top_count(top), 256);
	assert_int_equal(top_list(top, list, 10), 10);
	for (uint32_t i = 0; i < 10; i++) {
		uint64_t truth = (10 - i) * 1000ULL;
		struct prefix want = client(9 - i);

		assert_memory_equal(&list[i].prefix, &want, sizeof(want));
		assert_true(list[i].count >= truth);
		assert_true(list[i].count - list[i].too_high_by <= truth);
	}
	top_destroy(top);
}

static void one_counter_is_enough_to_go_on(void **state)
{
	struct top_entry list[2];
	struct top *top;

	assert_int_equal(top_create(1, &top), 0);
	for (uint32_t n = 0; n < 100; n++)
		add(top, n, 1);
	assert_int_equal(top_list(top, list, 2), 1);
	assert_int_equal(list[0].count, 100);
	assert_int_equal(list[0].too_high_by, 99);
	top_destroy(top);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(few_are_counted_exactly),
		cmocka_unit_test(the_frequent_are_found_among_very_many),
		cmocka_unit_test(one_counter_is_enough_to_go_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
