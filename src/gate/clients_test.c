/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/clients.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define START 1000000
#define DAY_MS (24ULL * 3600 * 1000)

struct world {
	struct settings settings;
	struct clients *clients;
};

static int set_up_with(void **state, const char *text)
{
	static struct world world;
	struct mistakes mistakes = { 0 };

	world = (struct world){ 0 };
	assert_int_equal(settings_parse(bytes_of(text), "test", &world.settings, &mistakes), 0);
	assert_int_equal(clients_create(&world.settings, &world.clients), 0);
	*state = &world;
	return 0;
}

static int set_up(void **state)
{
	return set_up_with(state, "gate {\n per_address = 3\n per_network = 5\n sessions = 10\n remembered = 100\n"
				  " remember_pass = 1d\n remember_fail = 10m\n}\n");
}

static int tear_down(void **state)
{
	struct world *world = *state;

	clients_destroy(world->clients);
	settings_free(&world->settings);
	return 0;
}

static struct addr addr_of(const char *text)
{
	struct addr addr;

	assert_int_equal(addr_parse(bytes_of(text), &addr), 0);
	return addr;
}

static struct addr numbered(unsigned number)
{
	char text[ADDR_TEXT_SIZE];

	snprintf(text, sizeof(text), "10.%u.%u.1", number / 256, number % 256);
	return addr_of(text);
}

static enum session_memory recall(struct world *world, const char *client, uint64_t now_ms)
{
	struct addr addr = addr_of(client);
	struct session_facts facts;
	bool stale;

	return clients_recall(world->clients, &addr, now_ms, &facts, &stale);
}

static void test_sessions_of_an_address_are_bounded(void **state)
{
	struct world *world = *state;
	struct addr client = addr_of("192.0.2.7");

	for (int i = 0; i < 3; i++)
		assert_int_equal(clients_enter(world->clients, &client, START), 0);
	assert_int_equal(clients_enter(world->clients, &client, START), -EUSERS);
	clients_leave(world->clients, &client);
	assert_int_equal(clients_enter(world->clients, &client, START), 0);
}

static void test_sessions_of_a_network_are_bounded(void **state)
{
	struct world *world = *state;
	struct addr one = addr_of("192.0.2.7"), two = addr_of("192.0.2.8"), three = addr_of("192.0.2.9"),
		    elsewhere = addr_of("192.0.3.9");

	for (int i = 0; i < 3; i++)
		assert_int_equal(clients_enter(world->clients, &one, START), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(clients_enter(world->clients, &two, START), 0);
	assert_int_equal(clients_enter(world->clients, &three, START), -ENETUNREACH);
	assert_int_equal(clients_enter(world->clients, &elsewhere, START), 0);
}

/* Some machines in a provider's network are not enough to keep a sender away that is next to them. */
static void test_neighbours_do_not_keep_a_good_one_away(void **state)
{
	struct world *world = *state;
	struct addr good = addr_of("192.0.2.6"), one = addr_of("192.0.2.7"), two = addr_of("192.0.2.8");

	clients_passed(world->clients, &good, START);
	for (int i = 0; i < 3; i++)
		assert_int_equal(clients_enter(world->clients, &one, START), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(clients_enter(world->clients, &two, START), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(clients_enter(world->clients, &good, START), 0);
	assert_int_equal(clients_enter(world->clients, &good, START), -EUSERS);
	assert_int_equal(clients_enter(world->clients, &two, START), -ENETUNREACH);
	clients_leave(world->clients, &good);
	assert_int_equal(clients_enter(world->clients, &good, START + DAY_MS), -ENETUNREACH); /* it was */
}

static void test_one_subscriber_of_ipv6_is_one_client(void **state)
{
	struct world *world = *state;
	struct addr one = addr_of("2001:db8:0:1::1"), other = addr_of("2001:db8:0:1:ffff::2");

	for (int i = 0; i < 3; i++)
		assert_int_equal(clients_enter(world->clients, &one, START), 0);
	assert_int_equal(clients_enter(world->clients, &other, START), -EUSERS);
}

/* Neither of the two counts goes up, and nobody who was turned away is kept. */
static void test_who_is_turned_away_leaves_nothing(void **state)
{
	struct world *world = *state;
	struct addr one = addr_of("192.0.2.7"), two = addr_of("192.0.2.8"), three = addr_of("192.0.2.9");

	for (int i = 0; i < 3; i++)
		assert_int_equal(clients_enter(world->clients, &one, START), 0);
	for (int i = 0; i < 4; i++)
		(void)clients_enter(world->clients, &two, START);
	assert_int_equal(clients_enter(world->clients, &three, START), -ENETUNREACH);
	assert_int_equal(clients_count(world->clients), 2);
	for (int i = 0; i < 3; i++)
		clients_leave(world->clients, &one);
	for (int i = 0; i < 2; i++)
		clients_leave(world->clients, &two);
	assert_int_equal(clients_count(world->clients), 0);
}

static void test_the_good_are_remembered_for_a_while(void **state)
{
	struct world *world = *state;
	struct addr client = addr_of("192.0.2.7");

	assert_int_equal(recall(world, "192.0.2.7", START), SESSION_STRANGER);
	clients_passed(world->clients, &client, START);
	assert_int_equal(recall(world, "192.0.2.7", START + DAY_MS - 1), SESSION_KNOWN_GOOD);
	assert_int_equal(recall(world, "192.0.2.8", START), SESSION_STRANGER);
	assert_int_equal(recall(world, "192.0.2.7", START + DAY_MS), SESSION_STRANGER);
}

static void test_the_good_are_asked_about_again(void **state)
{
	struct world *world = *state;
	struct addr client = addr_of("192.0.2.7");
	struct session_facts facts;
	bool stale;

	clients_passed(world->clients, &client, START);
	clients_recall(world->clients, &client, START + CLIENTS_FRESH_MS, &facts, &stale);
	assert_false(stale);
	clients_recall(world->clients, &client, START + CLIENTS_FRESH_MS + 1, &facts, &stale);
	assert_true(stale);
}

static void test_the_good_of_an_earlier_life(void **state)
{
	struct world *world = *state;
	struct addr client = addr_of("192.0.2.7");
	struct session_facts facts;
	bool stale;

	clients_restore(world->clients, &client, 5000, START);
	assert_int_equal(clients_recall(world->clients, &client, START + 4999, &facts, &stale), SESSION_KNOWN_GOOD);
	assert_true(stale);
	assert_int_equal(recall(world, "192.0.2.7", START + 5000), SESSION_STRANGER);
}

static void test_the_bad_are_remembered_with_their_reason(void **state)
{
	struct world *world = *state;
	struct addr client = addr_of("192.0.2.7");
	struct session_facts why = { .score = 5, .listed = 6 }, facts;
	bool stale;

	clients_passed(world->clients, &client, START);
	clients_failed(world->clients, &client, &why, START);
	assert_int_equal(clients_recall(world->clients, &client, START + 599999, &facts, &stale), SESSION_KNOWN_BAD);
	assert_int_equal(facts.score, 5);
	assert_int_equal(facts.listed, 6);
	assert_int_equal(recall(world, "192.0.2.7", START + 600000), SESSION_STRANGER);
	clients_failed(world->clients, &client, &why, START);
	clients_passed(world->clients, &client, START);
	assert_int_equal(recall(world, "192.0.2.7", START + 1), SESSION_KNOWN_GOOD);
}

static void test_a_large_sender_is_known_by_its_network(void **state)
{
	struct world *world = *state;
	const char *senders[CLIENTS_SENDERS] = { "192.0.2.7", "192.0.2.8", "192.0.2.9", "192.0.2.10" };
	struct session_facts why = { .score = 5 };

	for (size_t i = 0; i < CLIENTS_SENDERS; i++) {
		struct addr client = addr_of(senders[i]);

		assert_int_equal(recall(world, "192.0.2.77", START), SESSION_STRANGER);
		/* Again and again is one sender. */
		clients_passed(world->clients, &client, START);
		clients_passed(world->clients, &client, START);
	}
	assert_int_equal(recall(world, "192.0.2.77", START), SESSION_KNOWN_NETWORK);
	assert_int_equal(recall(world, "192.0.3.77", START), SESSION_STRANGER);
	clients_failed(world->clients, &(struct addr){ ADDR_IPV4, { 192, 0, 2, 99 } }, &why, START);
	assert_int_equal(recall(world, "192.0.2.77", START), SESSION_STRANGER);
}

/* However many come, those who are here keep their places, and memory has a bound. */
static void test_memory_is_bounded(void **state)
{
	struct world *world = *state;
	struct addr here = addr_of("192.0.2.7");

	assert_int_equal(clients_enter(world->clients, &here, START), 0);
	for (unsigned i = 0; i < 2000; i++) {
		struct addr client = numbered(i);

		clients_passed(world->clients, &client, START + i);
	}
	assert_true(clients_count(world->clients) <= 110);
	assert_true(clients_count(world->clients) >= 100);
	for (int i = 0; i < 2; i++)
		assert_int_equal(clients_enter(world->clients, &here, START), 0);
	assert_int_equal(clients_enter(world->clients, &here, START), -EUSERS);
	assert_int_equal(recall(world, "10.7.207.1", START + 2000), SESSION_KNOWN_GOOD);
}

#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_WORLD(test_sessions_of_an_address_are_bounded),
		WITH_WORLD(test_sessions_of_a_network_are_bounded),
		WITH_WORLD(test_neighbours_do_not_keep_a_good_one_away),
		WITH_WORLD(test_one_subscriber_of_ipv6_is_one_client),
		WITH_WORLD(test_who_is_turned_away_leaves_nothing),
		WITH_WORLD(test_the_good_are_remembered_for_a_while),
		WITH_WORLD(test_the_good_are_asked_about_again),
		WITH_WORLD(test_the_good_of_an_earlier_life),
		WITH_WORLD(test_the_bad_are_remembered_with_their_reason),
		WITH_WORLD(test_a_large_sender_is_known_by_its_network),
		WITH_WORLD(test_memory_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
