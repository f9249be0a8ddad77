/* SPDX-License-Identifier: Apache-2.0 */
/* Which suspects the kernel has, in a private network namespace without traffic. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "act/ban.h"
#include "act/test_network.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_MS 60000
#define MANY 3000

static struct ban_table *create(void)
{
	const struct ban_table_limits limits = { .ban_for_ms = 10 * MINUTE_MS, .most = 10, .most_suspects = 2 * MANY,
						 .ports = { 25 }, .port_count = 1 };
	struct ban_table *ban;

	assert_int_equal(ban_create(&limits, &ban), 0);
	return ban;
}

static struct addr unit_number(enum addr_family family, uint32_t n)
{
	uint8_t octets[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 0, (uint8_t)(n >> 8), (uint8_t)n };

	return family == ADDR_IPV4 ? addr_from_ipv4((uint8_t[]){ 10, 0, (uint8_t)(n >> 8), (uint8_t)n }) :
				     addr_from_ipv6(octets);
}

static void put(struct ban_table *ban, enum addr_family family, uint32_t count)
{
	for (uint32_t n = 0; n < count; n++) {
		struct ban_change change = { unit_number(family, n), 5 * MINUTE_MS, .list = BAN_LIST_SUSPECT };

		assert_int_equal(ban_apply(ban, &change, 1), 0);
	}
}

static void note(enum addr_family family, const struct ban_read *one, bool seen[MANY])
{
	uint32_t n = family == ADDR_IPV4 ? (uint32_t)(one->unit.octets[2] << 8 | one->unit.octets[3]) :
					   (uint32_t)(one->unit.octets[6] << 8 | one->unit.octets[7]);
	struct addr expected = unit_number(family, n);

	assert_true(n < MANY && addr_equal(&one->unit, &expected));
	assert_in_range(one->remaining_ms, 1, 5 * MINUTE_MS);
	seen[n] = true;
}

static size_t read_all(enum addr_family family, size_t *ret_parts)
{
	static struct ban_read part[BAN_READ_PART_MOST];
	bool seen[MANY] = { false };
	struct ban_reader *reader;
	size_t count, found = 0;
	int r;

	*ret_parts = 0;
	assert_int_equal(ban_reader_open(family, &reader), 0);
	do {
		r = ban_reader_next(reader, part, &count);
		assert_true(r >= 0);
		for (size_t i = 0; i < count; i++)
			note(family, &part[i], seen);
		++*ret_parts;
	} while (r == 1);
	ban_reader_close(reader);
	for (size_t n = 0; n < MANY; n++)
		found += seen[n];
	return found;
}

static void all_are_read_part_by_part(void **state)
{
	struct ban_table *ban;
	size_t parts;

	test_network_or_skip();
	ban = create();
	assert_int_equal(read_all(ADDR_IPV4, &parts), 0);
	put(ban, ADDR_IPV4, MANY);
	put(ban, ADDR_IPV6, 700);
	assert_int_equal(read_all(ADDR_IPV4, &parts), MANY);
	assert_true(parts > MANY / BAN_READ_PART_MOST);
	assert_int_equal(read_all(ADDR_IPV6, &parts), 700);
	ban_destroy(ban);
}

/* What waits to be read is on another socket than the changes. */
static void changes_do_not_wait_for_a_reader(void **state)
{
	static struct ban_read part[BAN_READ_PART_MOST];
	struct ban_reader *reader;
	struct ban_table *ban;
	size_t count, parts;

	test_network_or_skip();
	ban = create();
	put(ban, ADDR_IPV4, MANY / 2);
	assert_int_equal(ban_reader_open(ADDR_IPV4, &reader), 0);
	assert_int_equal(ban_reader_next(reader, part, &count), 1);
	put(ban, ADDR_IPV4, MANY);
	assert_int_equal(ban_alive(ban), 0);
	assert_int_equal(ban_reader_next(reader, part, &count), 1);
	ban_reader_close(reader);
	assert_int_equal(read_all(ADDR_IPV4, &parts), MANY);
	ban_destroy(ban);
}

static void one_is_asked_for(void **state)
{
	struct addr unit = unit_number(ADDR_IPV4, 7), unit6 = unit_number(ADDR_IPV6, 7), none = { .family = 7 };
	struct ban_table *ban;
	uint64_t remaining_ms;

	test_network_or_skip();
	ban = create();
	assert_int_equal(ban_query_suspect(ban, &unit, &remaining_ms), 0);
	assert_int_equal(remaining_ms, 0);
	put(ban, ADDR_IPV4, 8);
	put(ban, ADDR_IPV6, 8);
	assert_int_equal(ban_query_suspect(ban, &unit, &remaining_ms), 0);
	assert_in_range(remaining_ms, 1, 5 * MINUTE_MS);
	assert_int_equal(ban_query_suspect(ban, &unit6, &remaining_ms), 0);
	assert_in_range(remaining_ms, 1, 5 * MINUTE_MS);
	assert_int_equal(ban_query(ban, &unit, 1, &remaining_ms), 0);
	assert_int_equal(remaining_ms, 0);
	assert_int_equal(ban_query_suspect(ban, &none, &remaining_ms), -EINVAL);
	ban_destroy(ban);
}

static void without_a_table_there_is_nothing_to_read(void **state)
{
	static struct ban_read part[BAN_READ_PART_MOST];
	struct ban_reader *reader;
	size_t count;
	int r;

	test_network_or_skip();
	r = ban_reader_open(ADDR_IPV4, &reader);
	assert_int_equal(r, 0);
	assert_int_equal(ban_reader_next(reader, part, &count), -ENOENT);
	ban_reader_close(reader);
	ban_reader_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_are_read_part_by_part),
		cmocka_unit_test(changes_do_not_wait_for_a_reader),
		cmocka_unit_test(one_is_asked_for),
		cmocka_unit_test(without_a_table_there_is_nothing_to_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
