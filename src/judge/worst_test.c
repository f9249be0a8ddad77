/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/worst.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define MANY 20000

/* Client n of network m. */
static struct worst_row row(uint32_t m, uint32_t n, uint64_t score, uint64_t open)
{
	const uint8_t octets[4] = { 10, (uint8_t)(m >> 8), (uint8_t)m, (uint8_t)n };
	struct addr addr = addr_from_ipv4(octets);

	return (struct worst_row){ .prefix = prefix_of_unit(&addr), .score = score, .open = open, .offences = score / 10,
				   .last_ms = 1000 + n, .clients = 1 };
}

static void add(struct worst *worst, uint32_t m, uint32_t n, uint64_t score, uint64_t open)
{
	struct worst_row one = row(m, n, score, open);

	worst_add(worst, &one);
}

static uint32_t last_octet(const struct worst_row *r)
{
	return r->prefix.addr.octets[3];
}

static void each_order(void **state)
{
	static const struct {
		enum worst_order order;
		uint32_t first, second;
	} rows[] = {
		{ WORST_BY_SCORE, 1, 4 }, /* 1 and 4 have the same, and 1 more open */
		{ WORST_BY_OPEN, 3, 1 },
		{ WORST_BY_OFFENCES, 1, 4 },
		{ WORST_BY_LATEST, 4, 3 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct worst_row *const *list;
		enum worst_order order;
		struct worst *worst;

		assert_int_equal(worst_create(rows[i].order, 2, 4, &worst), 0);
		add(worst, 1, 2, 20, 0);
		add(worst, 1, 4, 100, 1);
		add(worst, 1, 1, 100, 2);
		add(worst, 1, 3, 50, 9);
		assert_int_equal(worst_clients(worst, &list), 2);
		assert_int_equal(last_octet(list[0]), rows[i].first);
		assert_int_equal(last_octet(list[1]), rows[i].second);
		worst_destroy(worst);
		assert_int_equal(worst_order_by_name(bytes_of(worst_order_name(rows[i].order)), &order), 0);
		assert_int_equal(order, rows[i].order);
	}
}

static int by_score(const void *a, const void *b)
{
	return worst_before(WORST_BY_SCORE, a, b) ? -1 : 1;
}

/* Against a sort of all of them, for clients that come in any order. */
static void the_heap_is_a_sort(void **state)
{
	struct worst_row *all = calloc(MANY, sizeof(*all)), sums[400] = { 0 };
	const struct worst_row *const *list;
	struct worst *worst;

	assert_non_null(all);
	assert_int_equal(worst_create(WORST_BY_SCORE, 50, MANY, &worst), 0);
	srand(7);
	for (uint32_t i = 0; i < MANY; i++) {
		uint32_t m = (uint32_t)rand() % 400;

		all[i] = row(m, i % 256, (uint64_t)(rand() % 100), (uint64_t)(rand() % 5));
		worst_add(worst, &all[i]);
		sums[m].prefix = prefix_around(&all[i].prefix.addr, 24);
		sums[m].score += all[i].score;
		sums[m].open += all[i].open;
		sums[m].offences += all[i].offences;
		sums[m].last_ms = all[i].last_ms > sums[m].last_ms ? all[i].last_ms : sums[m].last_ms;
		sums[m].clients++;
	}
	qsort(all, MANY, sizeof(*all), by_score);
	qsort(sums, 400, sizeof(*sums), by_score);
	assert_int_equal(worst_clients(worst, &list), 50);
	for (size_t i = 0; i < 50; i++) {
		assert_int_equal(list[i]->score, all[i].score);
		assert_int_equal(list[i]->open, all[i].open);
	}
	assert_int_equal(worst_networks(worst, &list), 50);
	for (size_t i = 0; i < 50; i++)
		assert_memory_equal(list[i], &sums[i], sizeof(sums[i]));
	worst_destroy(worst);
	free(all);
}

static void networks_of_both_families(void **state)
{
	const struct worst_row *const *list;
	struct prefix expected;
	struct worst_row six = { .score = 5 };
	struct addr addr;
	struct worst *worst;

	assert_int_equal(worst_create(WORST_BY_SCORE, 10, 0, &worst), 0);
	assert_int_equal(addr_parse(bytes_of("2001:db8:1:2:3::4"), &addr), 0);
	addr = addr_unit(&addr);
	six.prefix = prefix_of_unit(&addr);
	worst_add(worst, &six);
	assert_int_equal(addr_parse(bytes_of("2001:db8:1:ffff::"), &addr), 0);
	six.prefix = prefix_of_unit(&addr);
	worst_add(worst, &six);
	worst_mark(worst, &six.prefix, true, false);
	worst_mark(worst, &six.prefix, false, true);
	add(worst, 1, 1, 3, 0);
	assert_int_equal(worst_clients(worst, &list), 3);
	assert_int_equal(worst_networks(worst, &list), 2);
	assert_int_equal(prefix_parse(bytes_of("2001:db8:1::/48"), &expected), 0);
	assert_memory_equal(&list[0]->prefix, &expected, sizeof(expected));
	assert_int_equal(list[0]->score, 10);
	assert_int_equal(list[0]->clients, 2);
	assert_int_equal(list[0]->banned, 1);
	assert_int_equal(list[0]->suspects, 1);
	assert_int_equal(prefix_parse(bytes_of("10.0.1.0/24"), &expected), 0);
	assert_memory_equal(&list[1]->prefix, &expected, sizeof(expected));
	worst_destroy(worst);
}

/* More networks than are added up: their clients are ranked all the same. */
static void too_many_networks(void **state)
{
	const struct worst_row *const *list;
	struct worst *worst;

	assert_int_equal(worst_create(WORST_BY_SCORE, 3, 10, &worst), 0);
	for (uint32_t m = 0; m < WORST_NETWORKS_MOST; m++)
		add(worst, m, 1, 1, 0);
	assert_int_equal(worst_networks_left_out(worst), 0);
	for (uint32_t n = 0; n < 5; n++) {
		const uint8_t octets[4] = { 11, 0, (uint8_t)n, 9 };
		struct addr addr = addr_from_ipv4(octets);

		worst_add(worst, &(struct worst_row){ .prefix = prefix_of_unit(&addr), .score = 100 });
	}
	assert_int_equal(worst_networks_left_out(worst), 5);
	assert_int_equal(worst_clients(worst, &list), 3);
	assert_int_equal(list[0]->score, 100);
	assert_int_equal(worst_networks(worst, &list), 3);
	assert_int_equal(list[0]->score, 1);
	worst_destroy(worst);
}

static void names_of_states(void **state)
{
	enum client_state found;

	for (int i = 0; i < CLIENT_STATES; i++) {
		assert_int_equal(client_state_by_name(bytes_of(client_state_name((enum client_state)i)), &found), 0);
		assert_int_equal(found, i);
		assert_true(client_state_help((enum client_state)i)[0] != '\0');
	}
	assert_true(client_state_by_name(bytes_of("ban"), &found) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_order),
		cmocka_unit_test(the_heap_is_a_sort),
		cmocka_unit_test(networks_of_both_families),
		cmocka_unit_test(too_many_networks),
		cmocka_unit_test(names_of_states),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
