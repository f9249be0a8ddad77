/* SPDX-License-Identifier: Apache-2.0 */
/* What the sets hold after changes, in a private network namespace without traffic. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "act/ban.h"
#include "act/test_network.h"
#include "base/counter.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_MS 60000

static struct ban_table *create(uint32_t most)
{
	const struct ban_table_limits limits = {
		.ban_for_ms = 10 * MINUTE_MS, .most = most, .ports = { 25 }, .port_count = 1,
	};
	struct ban_table *ban;

	assert_int_equal(ban_create(&limits, &ban), 0);
	return ban;
}

/* The nth of many different units; one in eight is IPv6. */
static struct addr unit_number(uint32_t n)
{
	uint8_t octets[16] = { 0x20, 0x01, 0x0d, 0xb8 };

	if (n % 8)
		return addr_from_ipv4(&n);
	memcpy(octets + 4, &n, sizeof(n));
	return addr_from_ipv6(octets);
}

static struct ban_change *changes_for(size_t count, uint64_t timeout_ms, bool replace)
{
	struct ban_change *changes = calloc(count, sizeof(*changes));

	assert_non_null(changes);
	for (size_t i = 0; i < count; i++)
		changes[i] = (struct ban_change){ unit_number((uint32_t)i), timeout_ms, replace };
	return changes;
}

static uint64_t remaining(struct ban_table *ban, uint32_t n)
{
	struct addr unit = unit_number(n);
	uint64_t ms;

	assert_int_equal(ban_query(ban, &unit, 1, &ms), 0);
	return ms;
}

/* How many of the units 0 .. count - 1 are banned. */
static size_t count_banned(struct ban_table *ban, size_t count)
{
	struct addr *units = calloc(count, sizeof(*units));
	uint64_t *ms = calloc(count, sizeof(*ms));
	size_t banned = 0;

	for (size_t i = 0; i < count; i++)
		units[i] = unit_number((uint32_t)i);
	assert_int_equal(ban_query(ban, units, count, ms), 0);
	for (size_t i = 0; i < count; i++)
		banned += ms[i] != 0;
	free(units);
	free(ms);
	return banned;
}

static void timeouts_are_as_told(void **state)
{
	struct ban_change c = { unit_number(1), 2 * MINUTE_MS, false };
	struct ban_table *ban;

	test_network_or_skip();
	ban = create(100);
	assert_int_equal(ban_apply(ban, &c, 1), 0);
	assert_in_range(remaining(ban, 1), MINUTE_MS, 2 * MINUTE_MS);
	/* Without `replace` either timeout may hold, but the ban does. */
	c.timeout_ms = 9 * MINUTE_MS;
	assert_int_equal(ban_apply(ban, &c, 1), 0);
	assert_in_range(remaining(ban, 1), MINUTE_MS, 9 * MINUTE_MS);
	c.replace = true;
	assert_int_equal(ban_apply(ban, &c, 1), 0);
	assert_in_range(remaining(ban, 1), 8 * MINUTE_MS, 9 * MINUTE_MS);
	c.timeout_ms = 3 * MINUTE_MS;
	assert_int_equal(ban_apply(ban, &c, 1), 0);
	assert_in_range(remaining(ban, 1), 2 * MINUTE_MS, 3 * MINUTE_MS);
	ban_destroy(ban);
}

static void no_timeout_is_too_short_to_end(void **state)
{
	struct ban_change *changes = changes_for(20, 0, true);
	struct ban_table *ban;
	int tries;

	test_network_or_skip();
	ban = create(100);
	for (size_t i = 0; i < 20; i++)
		changes[i].timeout_ms = i + 1;
	assert_int_equal(ban_apply(ban, changes, 20), 0);
	for (tries = 0; tries < 1000 && count_banned(ban, 20) > 0; tries++)
		poll(NULL, 0, 10);
	assert_true(tries < 1000);
	free(changes);
	ban_destroy(ban);
}

static void what_ran_out_fails_nothing(void **state)
{
	struct ban_change *changes = changes_for(100, BAN_SHORTEST_MS, false);
	uint64_t errors = counter_read(COUNTER_kernel_errors);
	struct ban_table *ban;
	int tries;

	test_network_or_skip();
	ban = create(1000);
	assert_int_equal(ban_apply(ban, changes, 50), 0);
	for (tries = 0; tries < 1000 && count_banned(ban, 100) > 0; tries++)
		poll(NULL, 0, 10);
	assert_true(tries < 1000);
	/* Some expired, some never there; every other ended, the others banned anew. */
	for (size_t i = 0; i < 100; i++)
		changes[i] = (struct ban_change){ changes[i].unit, i % 2 ? MINUTE_MS : 0, true };
	assert_int_equal(ban_apply(ban, changes, 100), 0);
	assert_int_equal(count_banned(ban, 100), 50);
	assert_int_equal(remaining(ban, 8), 0);
	assert_true(remaining(ban, 9) > 0);
	assert_int_equal(counter_read(COUNTER_kernel_errors), errors);
	free(changes);
	ban_destroy(ban);
}

static void changes_happen_in_their_order(void **state)
{
	const struct addr a = unit_number(1), b = unit_number(8);
	const struct ban_change changes[] = {
		{ a, 9 * MINUTE_MS, false }, { b, MINUTE_MS, true },
		{ a, 0, true },		     { b, 0, true },
		{ b, 9 * MINUTE_MS, false }, { a, 2 * MINUTE_MS, true },
		{ a, 0, false },
	};
	struct ban_table *ban;

	test_network_or_skip();
	ban = create(100);
	assert_int_equal(ban_apply(ban, changes, 2), 0);
	assert_true(remaining(ban, 1) > 0);
	assert_int_equal(ban_apply(ban, changes, 6), 0);
	assert_in_range(remaining(ban, 1), MINUTE_MS, 2 * MINUTE_MS);
	assert_in_range(remaining(ban, 8), 8 * MINUTE_MS, 9 * MINUTE_MS);
	assert_int_equal(ban_apply(ban, changes, 7), 0);
	assert_int_equal(remaining(ban, 1), 0);
	ban_destroy(ban);
}

static void ipv6_counts_as_its_network(void **state)
{
	struct addr one, other;
	struct ban_change changes[2];
	struct ban_table *ban;
	uint64_t ms;

	test_network_or_skip();
	ban = create(100);
	assert_int_equal(addr_parse(bytes_of("2001:db8:1:2:3:4:5:6"), &one), 0);
	assert_int_equal(addr_parse(bytes_of("2001:db8:1:2:ffff::1"), &other), 0);
	/* Both are the same unit, so the second is the later word about it. */
	changes[0] = (struct ban_change){ one, MINUTE_MS, true };
	changes[1] = (struct ban_change){ other, 9 * MINUTE_MS, true };
	assert_int_equal(ban_apply(ban, changes, 2), 0);
	assert_int_equal(ban_query(ban, &one, 1, &ms), 0);
	assert_in_range(ms, 8 * MINUTE_MS, 9 * MINUTE_MS);
	ban_destroy(ban);
}

/* A timeout that the kernel cannot hold (-ERANGE) stands for whatever it may refuse. */
static void refused_change_takes_no_other_along(void **state)
{
	struct ban_change *changes = changes_for(2000, MINUTE_MS, true);
	uint64_t errors = counter_read(COUNTER_kernel_errors);
	struct ban_table *ban;

	test_network_or_skip();
	ban = create(10000);
	changes[777].timeout_ms = UINT64_MAX;
	changes[1500].unit = (struct addr){ .family = ADDR_NONE };
	assert_int_equal(ban_apply(ban, changes, 2000), -ERANGE);
	assert_int_equal(counter_read(COUNTER_kernel_errors), errors + 2);
	assert_int_equal(count_banned(ban, 2000), 1998);
	assert_int_equal(remaining(ban, 777), 0);
	assert_int_equal(remaining(ban, 1500), 0);
	free(changes);
	ban_destroy(ban);
}

static void full_set_is_told_apart(void **state)
{
	struct ban_change *changes = changes_for(4000, MINUTE_MS, false);
	struct ban_table *ban;
	size_t banned;

	test_network_or_skip();
	ban = create(1);
	assert_int_equal(ban_apply(ban, changes, 500), 0);
	/* ban4 fills; the IPv6 ones among them find room in ban6, and ends still happen. */
	changes[3999] = (struct ban_change){ unit_number(1), 0, false };
	assert_int_equal(ban_apply(ban, changes, 4000), -ENOSPC);
	banned = count_banned(ban, 4000);
	assert_in_range(banned, 500, 3998);
	for (uint32_t n = 0; n < 4000; n += 8)
		assert_true(remaining(ban, n) > 0);
	assert_int_equal(remaining(ban, 1), 0);
	free(changes);
	ban_destroy(ban);
}

static void hundred_thousand_fit(void **state)
{
	enum { COUNT = 100000 };
	struct ban_change *changes = changes_for(COUNT, 5 * MINUTE_MS, false);
	struct ban_table *ban;

	test_network_or_skip();
	ban = create(COUNT);
	assert_int_equal(ban_apply(ban, changes, COUNT), 0);
	assert_int_equal(count_banned(ban, COUNT), COUNT);
	for (size_t i = 0; i < COUNT; i++) {
		changes[i].timeout_ms = i % 2 ? 9 * MINUTE_MS : 0;
		changes[i].replace = true;
	}
	assert_int_equal(ban_apply(ban, changes, COUNT), 0);
	assert_int_equal(count_banned(ban, COUNT), COUNT / 2);
	assert_true(remaining(ban, COUNT - 1) > 8 * MINUTE_MS);
	free(changes);
	ban_destroy(ban);
}

static void question_about_no_address_is_refused(void **state)
{
	struct addr none = { .family = ADDR_NONE };
	struct ban_table *ban;
	uint64_t ms;

	test_network_or_skip();
	ban = create(100);
	assert_int_equal(ban_query(ban, &none, 1, &ms), -EINVAL);
	assert_int_equal(ban_query(ban, NULL, 0, NULL), 0);
	assert_int_equal(ban_apply(ban, NULL, 0), 0);
	ban_destroy(ban);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timeouts_are_as_told),
		cmocka_unit_test(no_timeout_is_too_short_to_end),
		cmocka_unit_test(what_ran_out_fails_nothing),
		cmocka_unit_test(changes_happen_in_their_order),
		cmocka_unit_test(ipv6_counts_as_its_network),
		cmocka_unit_test(refused_change_takes_no_other_along),
		cmocka_unit_test(full_set_is_told_apart),
		cmocka_unit_test(hundred_thousand_fit),
		cmocka_unit_test(question_about_no_address_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
