/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/answer_cache.h"

#include "base/counter.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define NOW 1000000ULL /* ms */

static struct name_key key(uint64_t number)
{
	return (struct name_key){ { number, ~number } };
}

static struct answer_cache *make(size_t most)
{
	struct answer_cache *cache;

	assert_int_equal(answer_cache_create(most, &cache), 0);
	return cache;
}

static void put(struct answer_cache *cache, uint64_t number, const struct dns_answer *answer, uint64_t now_ms)
{
	struct name_key k = key(number);

	answer_cache_put(cache, &k, answer, now_ms);
}

static void put_nothing(struct answer_cache *cache, uint64_t number, uint32_t ttl_s, uint64_t now_ms)
{
	put(cache, number, &(struct dns_answer){ .outcome = DNS_NO_NAME, .ttl_s = ttl_s }, now_ms);
}

static bool has(struct answer_cache *cache, uint64_t number, uint64_t now_ms)
{
	struct name_key k = key(number);
	struct dns_answer answer;

	return answer_cache_find(cache, &k, now_ms, &answer);
}

static struct dns_answer numbered(uint8_t addresses, size_t text_size)
{
	struct dns_answer answer = { .outcome = DNS_FOUND, .address_count = addresses,
				     .text_size = (uint8_t)text_size, .ttl_s = 100 };

	for (uint8_t i = 0; i < addresses; i++)
		memcpy(answer.addresses[i], (uint8_t[]){ 127, 0, i, 2 }, 4);
	memset(answer.text, 't', text_size);
	return answer;
}

static void what_is_put_in_comes_out(void **state)
{
	const struct { uint8_t addresses; size_t text_size; } rows[] = {
		{ 0, 0 }, { 1, 0 }, { 2, 0 }, { 3, 0 }, { DNS_ADDRESSES_MOST, 0 },
		{ 0, 1 }, { 0, DNS_TEXT_SIZE - 1 }, { DNS_ADDRESSES_MOST, DNS_TEXT_SIZE - 1 },
	};
	struct answer_cache *cache = make(100);

	for (uint64_t i = 0; i < COUNT(rows); i++) {
		struct dns_answer in = numbered(rows[i].addresses, rows[i].text_size);

		put(cache, i, &in, NOW);
	}
	for (uint64_t i = 0; i < COUNT(rows); i++) {
		struct dns_answer in = numbered(rows[i].addresses, rows[i].text_size), out;
		struct name_key k = key(i);

		assert_true(answer_cache_find(cache, &k, NOW, &out));
		assert_memory_equal(&in, &out, sizeof(in));
	}
	answer_cache_destroy(cache);
}

static void an_answer_lasts_as_long_as_it_says(void **state)
{
	struct answer_cache *cache = make(10);
	struct dns_answer out;
	struct name_key k = key(1);

	put_nothing(cache, 1, 10, NOW);
	assert_true(answer_cache_find(cache, &k, NOW + 3000, &out));
	assert_int_equal(out.ttl_s, 7);
	assert_int_equal(out.outcome, DNS_NO_NAME);
	assert_true(has(cache, 1, NOW + 9999));
	assert_false(has(cache, 1, NOW + 10000));
	assert_int_equal(answer_cache_count(cache), 0);
	/* Of one that lasts for ever the end does not run over. */
	put_nothing(cache, 2, UINT32_MAX, NOW);
	assert_true(has(cache, 2, NOW + 1000ULL * 86400 * 365 * 100));
	answer_cache_destroy(cache);
}

static void without_a_ttl_nothing_is_kept(void **state)
{
	struct answer_cache *cache = make(10);

	put_nothing(cache, 1, 0, NOW);
	assert_false(has(cache, 1, NOW));
	put_nothing(cache, 1, 10, NOW);
	put_nothing(cache, 1, 0, NOW);
	assert_false(has(cache, 1, NOW));
	answer_cache_destroy(cache);
}

static void a_newer_answer_takes_the_place_of_the_older(void **state)
{
	struct dns_answer in = numbered(8, 200), out;
	struct answer_cache *cache = make(10);
	struct name_key k = key(1);
	size_t memory;

	put_nothing(cache, 1, 10, NOW);
	memory = answer_cache_memory(cache);
	put(cache, 1, &in, NOW);
	assert_true(answer_cache_find(cache, &k, NOW, &out));
	assert_memory_equal(&in, &out, sizeof(in));
	assert_int_equal(answer_cache_memory(cache), memory + 8 * 4 + 200);
	put_nothing(cache, 1, 10, NOW);
	assert_int_equal(answer_cache_memory(cache), memory);
	assert_int_equal(answer_cache_count(cache), 1);
	answer_cache_destroy(cache);
}

static void a_full_cache_forgets_what_nobody_asks_for(void **state)
{
	struct answer_cache *cache = make(4);
	uint64_t dropped = counter_read(COUNTER_dns_cache_dropped);

	for (uint64_t i = 0; i < 4; i++)
		put_nothing(cache, i, 100, NOW);
	assert_true(has(cache, 0, NOW));
	assert_true(has(cache, 1, NOW));
	put_nothing(cache, 10, 100, NOW);
	assert_false(has(cache, 2, NOW));
	assert_true(has(cache, 0, NOW) && has(cache, 1, NOW) && has(cache, 3, NOW) && has(cache, 10, NOW));
	assert_int_equal(answer_cache_count(cache), 4);
	assert_int_equal(counter_read(COUNTER_dns_cache_dropped), dropped + 1);
	/* When all are asked for, all the same. */
	put_nothing(cache, 11, 100, NOW);
	assert_int_equal(answer_cache_count(cache), 4);
	answer_cache_destroy(cache);
}

static void a_time_left_is_no_merit(void **state)
{
	struct answer_cache *cache = make(1000);

	for (uint64_t i = 0; i < 500; i++)
		put_nothing(cache, i, 300, NOW);
	for (uint64_t i = 500; i < 10000; i++) {
		put_nothing(cache, i, 86400, NOW);
		if (i % 100 == 0) {
			for (uint64_t j = 0; j < 500; j++)
				assert_true(has(cache, j, NOW));
		}
	}
	answer_cache_destroy(cache);
}

static void what_is_over_goes_first_and_is_not_missed(void **state)
{
	struct answer_cache *cache = make(4);
	uint64_t dropped = counter_read(COUNTER_dns_cache_dropped);

	for (uint64_t i = 0; i < 4; i++)
		put_nothing(cache, i, i == 0 ? 1 : 100, NOW);
	for (uint64_t i = 0; i < 4; i++)
		assert_true(has(cache, i, NOW));
	put_nothing(cache, 10, 100, NOW + 5000);
	assert_true(has(cache, 1, NOW + 5000) && has(cache, 2, NOW + 5000) && has(cache, 3, NOW + 5000));
	assert_int_equal(counter_read(COUNTER_dns_cache_dropped), dropped);
	answer_cache_destroy(cache);
}

/* What the headers say of it. */
static void a_negative_answer_is_small(void **state)
{
	const size_t count = 700000;
	struct answer_cache *cache = make(count);
	double each;

	for (size_t i = 0; i < count; i++)
		put_nothing(cache, i, 100, NOW);
	each = (double)answer_cache_memory(cache) / (double)count;
	print_message("%.1f bytes an entry\n", each);
	assert_true(each > 40 && each <= 51);
	answer_cache_destroy(cache);
}

static void one_that_holds_nothing_is_refused(void **state)
{
	struct answer_cache *cache;

	assert_int_equal(answer_cache_create(0, &cache), -EINVAL);
	answer_cache_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_put_in_comes_out),
		cmocka_unit_test(an_answer_lasts_as_long_as_it_says),
		cmocka_unit_test(without_a_ttl_nothing_is_kept),
		cmocka_unit_test(a_newer_answer_takes_the_place_of_the_older),
		cmocka_unit_test(a_full_cache_forgets_what_nobody_asks_for),
		cmocka_unit_test(a_time_left_is_no_merit),
		cmocka_unit_test(what_is_over_goes_first_and_is_not_missed),
		cmocka_unit_test(a_negative_answer_is_small),
		cmocka_unit_test(one_that_holds_nothing_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
