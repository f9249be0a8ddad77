/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/frequent.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct prefix client(uint32_t n)
{
	const uint8_t octets[4] = { 10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };
	struct addr addr = addr_from_ipv4(octets);

	return prefix_around(&addr, 32);
}

static void add(struct frequent *frequent, uint32_t n, int times)
{
	struct prefix prefix = client(n);

	while (times--)
		frequent_add(frequent, &prefix);
}

static void few_are_counted_exactly(void **state)
{
	struct frequent_entry list[4];
	struct prefix second = client(2);
	struct frequent *frequent;

	assert_int_equal(frequent_create(16, &frequent), 0);
	assert_int_equal(frequent_list(frequent, list, 4), 0);
	for (uint32_t n = 1; n <= 5; n++)
		add(frequent, n, n == 2 ? 9 : (int)n);
	assert_int_equal(frequent_list(frequent, list, 4), 4);
	assert_memory_equal(&list[0].prefix, &second, sizeof(second));
	assert_int_equal(list[0].count, 9);
	assert_int_equal(list[1].count, 5);
	assert_int_equal(list[3].count, 3);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(list[i].too_high_by, 0);
	frequent_destroy(frequent);
}

/* The ten that come often are found among a hundred thousand that come once, in 256 counters. */
static void the_frequent_are_found_among_very_many(void **state)
{
	struct frequent_entry list[10];
	struct frequent *frequent;

	assert_int_equal(frequent_create(256, &frequent), 0);
	for (uint32_t n = 0; n < 100000; n++) {
		add(frequent, 1000 + n, 1);
		if (n % 100 == 0)
			for (uint32_t often = 0; often < 10; often++)
				add(frequent, often, 1 + (int)often);
	}
	assert_int_equal(frequent_count(frequent), 256);
	assert_int_equal(frequent_list(frequent, list, 10), 10);
	for (uint32_t i = 0; i < 10; i++) {
		uint64_t truth = (10 - i) * 1000ULL;
		struct prefix want = client(9 - i);

		assert_memory_equal(&list[i].prefix, &want, sizeof(want));
		assert_true(list[i].count >= truth);
		assert_true(list[i].count - list[i].too_high_by <= truth);
	}
	frequent_destroy(frequent);
}

static void one_counter_is_enough_to_go_on(void **state)
{
	struct frequent_entry list[2];
	struct frequent *frequent;

	assert_int_equal(frequent_create(1, &frequent), 0);
	for (uint32_t n = 0; n < 100; n++)
		add(frequent, n, 1);
	assert_int_equal(frequent_list(frequent, list, 2), 1);
	assert_int_equal(list[0].count, 100);
	assert_int_equal(list[0].too_high_by, 99);
	frequent_destroy(frequent);
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
