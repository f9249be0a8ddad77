/* SPDX-License-Identifier: Apache-2.0 */
#include "observe/wave_tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct wave_tally *tally;
static struct wave_sources sources;

static int create(void **state)
{
	return wave_tally_create(&tally);
}

static int destroy(void **state)
{
	wave_tally_destroy(tally);
	return 0;
}

static struct addr client(uint32_t number)
{
	uint8_t octets[4] = { 10, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number };

	return addr_from_ipv4(octets);
}

static void add(uint32_t number, enum wave_tally_event event, uint32_t now_s)
{
	struct addr addr = client(number);

	wave_tally_add(tally, &addr, event, now_s);
}

/* All of it at 100 s. */
static void add_times(unsigned times, uint32_t number, enum wave_tally_event event)
{
	while (times--)
		add(number, event, 100);
}

/* So many clients, each once, at 100 s. */
static void add_all(uint32_t count, enum wave_tally_event event)
{
	for (uint32_t i = 0; i < count; i++)
		add(i, event, 100);
}

/* As it goes on from second to second. */
static void forget(uint32_t from_s, uint32_t until_s)
{
	for (uint32_t s = from_s; s < until_s; s++)
		wave_tally_forget(tally, s);
}

/* Returns in how many slices. */
static unsigned sum(uint32_t from_s, uint32_t until_s, unsigned budget, wave_place_fn *place, void *data)
{
	unsigned slices = 1;

	assert_int_equal(wave_tally_sum(tally, from_s, until_s), 0);
	while (!wave_tally_go_on(tally, budget, place, data, &sources))
		slices++;
	return slices;
}

static void assert_worst(const struct wave_worst *worst, const char *who, uint32_t clients, uint32_t connections,
			 uint32_t told, uint32_t evicted)
{
	char shown[PREFIX_TEXT_SIZE];

	assert_string_equal(prefix_format(&worst->who, shown), who);
	assert_int_equal(worst->clients, clients);
	assert_int_equal(worst->connections, connections);
	assert_int_equal(worst->told, told);
	assert_int_equal(worst->evicted, evicted);
}

static void what_became_of_them(void **state)
{
	struct addr v6, neighbour;

	add(1, WAVE_TALLY_CONNECTION, 100);
	add(1, WAVE_TALLY_TOLD, 101);
	add(1, WAVE_TALLY_TOLD, 102);
	add(1, WAVE_TALLY_EVICTED, 103);
	add(2, WAVE_TALLY_CONNECTION, 103);
	add(2, WAVE_TALLY_RELIEVED, 104);
	add(300, WAVE_TALLY_TOLD_OF, 104);
	addr_parse(bytes_of("2001:db8:1:2::3"), &v6);
	addr_parse(bytes_of("2001:db8:1:2::4"), &neighbour);
	wave_tally_add(tally, &v6, WAVE_TALLY_TOLD, 105);
	wave_tally_add(tally, &neighbour, WAVE_TALLY_CONNECTION, 105);
	sum(100, 200, 1000, NULL, NULL);
	assert_int_equal(sources.clients, 4);
	assert_int_equal(sources.told, 2);
	assert_int_equal(sources.evicted, 1);
	assert_int_equal(sources.relieved, 1);
	assert_int_equal(sources.with_country, 0);
	assert_false(sources.at_least);
	assert_int_equal(sources.worst_clients, 4);
	assert_worst(&sources.client[0], "10.0.0.1", 1, 1, 2, 1);
	assert_worst(&sources.client[1], "2001:db8:1:2::/64", 1, 1, 1, 0);
	assert_int_equal(sources.worst_networks, 3);
	assert_worst(&sources.network[0], "10.0.0.0/24", 2, 2, 2, 1);
	assert_worst(&sources.network[1], "2001:db8:1::/48", 1, 1, 1, 0);
}

/* Who came and went between two looks, as told by what else is known. */
static void the_most_that_is_known_of_connections(void **state)
{
	add_times(2, 1, WAVE_TALLY_TOLD);
	add_times(2, 256, WAVE_TALLY_LOGGED);
	add_times(1, 256, WAVE_TALLY_CONNECTION);
	add_times(3, 512, WAVE_TALLY_EVICTED);
	sum(100, 100, 1000, NULL, NULL);
	for (size_t i = 0; i < 3; i++) {
		uint8_t number = sources.client[i].who.addr.octets[2];

		assert_int_equal(sources.client[i].connections, number == 0 ? 1 : number == 1 ? 2 : 3);
	}
}

static void of_its_time_alone(void **state)
{
	add(1, WAVE_TALLY_CONNECTION, 99);
	add(2, WAVE_TALLY_CONNECTION, 99);
	add(2, WAVE_TALLY_CONNECTION, 100);
	add(3, WAVE_TALLY_CONNECTION, 200);
	add(3, WAVE_TALLY_CONNECTION, 250);
	add(4, WAVE_TALLY_CONNECTION, 201);
	sum(100, 200, 1000, NULL, NULL);
	assert_int_equal(sources.clients, 2);
}

static void also_of_a_clock_that_overflows(void **state)
{
	add(1, WAVE_TALLY_CONNECTION, UINT32_MAX - 5);
	add(2, WAVE_TALLY_CONNECTION, 5);
	sum(UINT32_MAX - 10, 10, 1000, NULL, NULL);
	assert_int_equal(sources.clients, 2);
}

static void who_was_not_seen_for_long_is_forgotten(void **state)
{
	add_all(5000, WAVE_TALLY_CONNECTION);
	for (uint32_t s = 101; s <= 150; s++) {
		add(1, WAVE_TALLY_CONNECTION, s);
		forget(s, s + 1);
	}
	forget(151, 161);
	assert_int_equal(wave_tally_count(tally), 5000);
	forget(161, 200);
	assert_int_equal(wave_tally_count(tally), 1);
	forget(211, 260);
	assert_int_equal(wave_tally_count(tally), 0);
}

static void too_many_are_that_many_or_more(void **state)
{
	add_all(WAVE_TALLY_MOST, WAVE_TALLY_TOLD);
	sum(100, 100, 4096, NULL, NULL);
	assert_false(sources.at_least);
	add(WAVE_TALLY_MOST, WAVE_TALLY_TOLD, 100);
	assert_int_equal(wave_tally_count(tally), WAVE_TALLY_MOST);
	assert_true(wave_tally_memory(tally) < 5 << 20);
	/* All clients, 256 networks, and the end of each table. */
	assert_int_equal(sum(100, 100, 4096, NULL, NULL), 17);
	assert_true(sources.at_least);
	assert_int_equal(sources.clients, WAVE_TALLY_MOST);
	assert_int_equal(sources.worst_networks, WAVE_WORST);
	assert_int_equal(sources.network[0].clients, 256);
	forget(200, 300);
	add(1, WAVE_TALLY_TOLD, 300);
	sum(300, 300, 4096, NULL, NULL);
	assert_false(sources.at_least);
}

static void place(void *data, const struct addr *unit, struct wave_place *ret)
{
	unsigned *asked = data;

	++*asked;
	if (unit->octets[3] % 4 == 3)
		return;
	memcpy(ret->country, unit->octets[3] % 4 ? "BR" : "VN", 2);
	ret->asn = 64496 + unit->octets[3] % 20;
}

static void where_they_are_is_asked_once(void **state)
{
	unsigned asked = 0;

	for (uint32_t i = 0; i < 100; i++)
		add(i, i % 2 ? WAVE_TALLY_TOLD : WAVE_TALLY_CONNECTION, 100);
	/* Few at a time: that takes time. */
	assert_true(sum(100, 100, WAVE_TALLY_PLACE_COSTS, place, &asked) > 100);
	assert_int_equal(asked, 100);
	sum(100, 100, 1000, place, &asked);
	assert_int_equal(asked, 100);
	assert_int_equal(sources.with_country, 75);
	assert_int_equal(sources.with_asn, 75);
	assert_int_equal(sources.worst_countries, 2);
	assert_memory_equal(sources.country[0].of.country, "BR", 2);
	assert_int_equal(sources.country[0].share.clients, 50);
	assert_int_equal(sources.country[0].share.told, 25);
	assert_int_equal(sources.worst_asns, 15);
	assert_int_equal(sources.asn[0].share.clients, 5);
}

static void a_sum_that_is_begun_again_gives_up_the_first(void **state)
{
	add_all(1000, WAVE_TALLY_TOLD);
	assert_int_equal(wave_tally_sum(tally, 100, 100), 0);
	assert_false(wave_tally_go_on(tally, 900, NULL, NULL, &sources));
	assert_true(wave_tally_is_summing(tally));
	sum(100, 100, 10000, NULL, NULL);
	assert_int_equal(sources.clients, 1000);
	assert_false(wave_tally_is_summing(tally));
	assert_false(wave_tally_go_on(tally, 10000, NULL, NULL, &sources));
}

#define TALLY_TEST(f) cmocka_unit_test_setup_teardown(f, create, destroy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TALLY_TEST(what_became_of_them),
		TALLY_TEST(the_most_that_is_known_of_connections),
		TALLY_TEST(of_its_time_alone),
		TALLY_TEST(also_of_a_clock_that_overflows),
		TALLY_TEST(who_was_not_seen_for_long_is_forgotten),
		TALLY_TEST(too_many_are_that_many_or_more),
		TALLY_TEST(where_they_are_is_asked_once),
		TALLY_TEST(a_sum_that_is_begun_again_gives_up_the_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
