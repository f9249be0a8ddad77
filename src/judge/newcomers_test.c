/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/newcomers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define HOUR_MS (3600 * 1000ULL)

static struct addr client(uint32_t n)
{
	const uint8_t octets[4] = { 10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };

	return addr_from_ipv4(octets);
}

/* Connections first to last - 1, each of a client of the same number. */
static struct newcomers_count look(struct newcomers *n, uint64_t now_ms, uint32_t first, uint32_t last)
{
	struct newcomers_count count;

	newcomers_begin(n, now_ms);
	for (uint32_t i = first; i < last; i++) {
		struct addr addr = client(i);

		newcomers_see(n, i, &addr);
	}
	newcomers_end(n, &count);
	return count;
}

static struct newcomers *create(void)
{
	struct newcomers *n;

	assert_int_equal(newcomers_create(&n), 0);
	return n;
}

static void expect(struct newcomers_count count, uint32_t connections, uint32_t first_seen)
{
	assert_int_equal(count.connections, connections);
	assert_int_equal(count.first_seen, first_seen);
}

static void who_stays_is_no_newcomer(void **state)
{
	struct newcomers *n = create();

	expect(look(n, 1000, 0, 300), 300, 300);
	expect(look(n, 2000, 0, 300), 0, 0);
	expect(look(n, 3000, 100, 310), 10, 10);
	/* Those have left and their numbers are used again, which a kernel does not do. */
	expect(look(n, 4000, 0, 310), 100, 0);
	newcomers_destroy(n);
}

static void a_client_is_first_seen_once(void **state)
{
	static const char *const clients[] = { "192.0.2.1", "192.0.2.1", "2001:db8:1::7", "2001:db8:1::8",
					       "2001:db8:1:1::8" };
	struct newcomers *n = create();
	struct newcomers_count count;

	newcomers_begin(n, 1);
	for (uint64_t i = 0; i < 5; i++) {
		struct addr addr;

		assert_int_equal(addr_parse(bytes_of(clients[i]), &addr), 0);
		newcomers_see(n, i, &addr);
		newcomers_see(n, i, &addr);
	}
	newcomers_end(n, &count);
	expect(count, 5, 3);
	newcomers_destroy(n);
}

static void a_client_is_forgotten(void **state)
{
	struct newcomers *n = create();

	expect(look(n, 0, 1, 2), 1, 1);
	expect(look(n, 13 * HOUR_MS, 0, 0), 0, 0);
	expect(look(n, 14 * HOUR_MS, 1, 2), 1, 0);
	expect(look(n, 26 * HOUR_MS, 0, 0), 0, 0);
	expect(look(n, 39 * HOUR_MS, 0, 0), 0, 0);
	expect(look(n, 40 * HOUR_MS, 1, 2), 1, 1);
	newcomers_destroy(n);
}

static void a_flood_is_bounded(void **state)
{
	struct newcomers *n = create();
	uint32_t first = 1000;

	expect(look(n, 0, 0, 10), 10, 10);
	assert_true(newcomers_memory(n) < 80000);
	for (uint64_t round = 1; round <= 100; round++, first += NEWCOMERS_CONNECTIONS_MOST)
		look(n, round * 1000, first, first + NEWCOMERS_CONNECTIONS_MOST);
	assert_true(newcomers_clients(n) <= NEWCOMERS_CLIENTS_MOST);
	assert_true(newcomers_memory(n) <= 4 << 20);
	/* More than it looks at. */
	expect(look(n, 200000, first, first + NEWCOMERS_CONNECTIONS_MOST + 10), NEWCOMERS_CONNECTIONS_MOST,
	       NEWCOMERS_CONNECTIONS_MOST);
	newcomers_destroy(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_stays_is_no_newcomer),
		cmocka_unit_test(a_client_is_first_seen_once),
		cmocka_unit_test(a_client_is_forgotten),
		cmocka_unit_test(a_flood_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
