/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/test_zones.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

struct loop *loop;
struct name_server *server;
struct resolver *resolver;
struct zones *zones;

const struct addr spammer = { ADDR_IPV4, { 192, 0, 2, 7 } };
const struct addr spammer6 = { ADDR_IPV6, { 0x20, 1, 0xd, 0xb8, [15] = 1 } };

const struct zones_timing quick = {
	.test_every_ms = 600000, .retry_least_ms = 40, .retry_most_ms = 160, .bad_in_a_row = 3,
};

/* Two block lists and an allow list. */
const struct zone_rule three[ZONES_OF_THREE] = {
	{ .name = "bl.example", .text = "", .weight = 3 },
	{ .name = "other.example", .text = "%a sends spam", .weight = 2 },
	{ .name = "wl.example", .text = "", .weight = -4 },
};

int zones_set_up(void **state)
{
	struct resolver_limits limits = { .server_count = 1, .questions = 1000, .cache = 1000, .timeout_ms = 60,
					  .tries = 1, .longest_ttl_s = 3600, .failure_ttl_s = 30 };

	if (loop_create(&loop) < 0)
		return -1;
	server = name_server_create(loop);
	limits.servers[0] = name_server_place(server);
	return resolver_create(loop, &limits, &resolver);
}

int zones_tear_down(void **state)
{
	zones_destroy(zones);
	zones = NULL;
	resolver_destroy(resolver);
	name_server_destroy(server);
	loop_destroy(loop);
	return 0;
}

struct told *told(const char *before, const char *zone)
{
	char name[DNS_NAME_SIZE];

	snprintf(name, sizeof(name), "%s%s", before, zone);
	return name_server_told(server, name, DNS_A);
}

struct told *lists(const char *before, const char *zone, uint8_t last)
{
	struct told *entry = told(before, zone);

	return name_server_lists(server, entry->name, last);
}

void zone_is_well(const char *zone)
{
	lists("2.0.0.127.", zone, 2);
	lists(TEST6_LISTED, zone, 2);
}

void open_zones(const struct zone_rule *rules, size_t count, const struct zones_timing *timing)
{
	assert_int_equal(zones_create_timed(loop, resolver, rules, count, timing, &zones), 0);
}

struct zone_health health(unsigned zone)
{
	struct zone_health health;

	zones_look_at_health(zones, zone, &health);
	return health;
}

bool all_are_tested(void *data)
{
	for (unsigned i = 0; i < zones_count(zones); i++) {
		if (health(i).state == ZONE_UNTRIED || health(i).state6 == ZONE_UNTRIED)
			return false;
	}
	return true;
}

void open_tested(const struct zone_rule *rules, size_t count)
{
	open_zones(rules, count, &quick);
	assert_true(loop_until(loop, all_are_tested, NULL));
}

void open_three(void)
{
	for (size_t i = 0; i < ZONES_OF_THREE; i++)
		zone_is_well(three[i].name);
	open_tested(three, ZONES_OF_THREE);
	for (unsigned i = 0; i < ZONES_OF_THREE; i++) {
		assert_int_equal(health(i).state, ZONE_WELL);
		assert_int_equal(health(i).state6, ZONE_WELL);
	}
}

static void note(void *data)
{
	++*(int *)data;
}

bool is_told(void *data)
{
	return *(int *)data > 0;
}

struct zones_look *look(const struct addr *client, bool reverse_too, int *called)
{
	struct zones_look *look;

	*called = 0;
	assert_int_equal(zones_look(zones, client, reverse_too, note, called, &look), 0);
	assert_int_equal(*called, 0);
	return look;
}

struct zones_verdict verdict_of(const struct addr *client, bool reverse_too)
{
	struct zones_verdict verdict;
	int called;
	struct zones_look *l = look(client, reverse_too, &called);

	assert_true(loop_until(loop, is_told, &called));
	assert_int_equal(called, 1);
	zones_look_end(l, &verdict);
	return verdict;
}
bool nothing_in_flight(void *data)
{
	return resolver_in_flight(resolver) == 0;
}

void ask_about(uint8_t first, uint8_t count)
{
	for (uint8_t i = 0; i < count; i++)
		verdict_of(&(struct addr){ ADDR_IPV4, { 198, 51, 100, (uint8_t)(first + i) } }, false);
}

void clients_meet(enum manner manner, const uint8_t address[4])
{
	char name[DNS_NAME_SIZE];

	for (uint8_t i = 0; i < 100; i++) {
		struct told *entry;

		snprintf(name, sizeof(name), "%u.100.51.198.bl.example", i);
		entry = name_server_lists(server, name, 0);
		entry->manner = manner;
		entry->ttl_s = 0;
		entry->address_count = address[0] != 0;
		memcpy(entry->addresses[0], address, 4);
	}
}
bool is_well(void *data)
{
	return health(0).state == ZONE_WELL;
}

bool is_out(void *data)
{
	return health(0).state == ZONE_OUT;
}
