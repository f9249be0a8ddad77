/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "base/counter.h"
#include "resolve/test_zones.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* What a zone says of 127.0.0.2 and of 127.0.0.1, and what becomes of it. */
static const struct {
	const char *what;
	enum manner listed_manner;
	uint8_t listed[4];
	enum manner unlisted_manner;
	uint8_t unlisted[4];
	enum zone_state state;
	enum zone_trouble trouble;
} tests_of_zones[] = {
	{ "as it has to be", SAYS, { 127, 0, 0, 2 }, SAYS_NO_NAME, { 0 }, ZONE_WELL, ZONE_NO_TROUBLE },
	{ "with an answer of its own", SAYS, { 127, 0, 10, 3 }, SAYS_NO_NAME, { 0 }, ZONE_WELL, ZONE_NO_TROUBLE },
	{ "lists all", SAYS, { 127, 0, 0, 2 }, SAYS, { 127, 0, 0, 2 }, ZONE_OUT, ZONE_LISTS_ALL },
	{ "lists none", SAYS_NO_NAME, { 0 }, SAYS_NO_NAME, { 0 }, ZONE_OUT, ZONE_LISTS_NONE },
	{ "the wrong way round", SAYS_NO_NAME, { 0 }, SAYS, { 127, 0, 0, 2 }, ZONE_OUT, ZONE_LISTS_ALL },
	{ "refuses", SAYS, { 127, 255, 255, 254 }, SAYS, { 127, 255, 255, 254 }, ZONE_OUT, ZONE_REFUSES },
	{ "parked", SAYS, { 192, 0, 2, 80 }, SAYS, { 192, 0, 2, 80 }, ZONE_OUT, ZONE_FOREIGN },
	{ "silent", STALLS, { 0 }, STALLS, { 0 }, ZONE_OUT, ZONE_SILENT },
	{ "half silent", SAYS, { 127, 0, 0, 2 }, STALLS, { 0 }, ZONE_OUT, ZONE_SILENT },
	{ "SERVFAIL", SAYS_SERVFAIL, { 0 }, SAYS_SERVFAIL, { 0 }, ZONE_OUT, ZONE_SILENT },
	{ "garbage", SAYS_GARBAGE, { 127, 0, 0, 2 }, SAYS_GARBAGE, { 0 }, ZONE_OUT, ZONE_SILENT },
};

static void tell_test(const char *before, enum manner manner, const uint8_t address[4])
{
	struct told *entry = lists(before, "bl.example", 0);

	entry->manner = manner;
	entry->address_count = address[0] != 0;
	memcpy(entry->addresses[0], address, 4);
}

static void a_zone_is_tested(void **state)
{
	for (size_t i = 0; i < COUNT(tests_of_zones); i++) {
		uint64_t out = counter_read(COUNTER_zones_out);

		tell_test("2.0.0.127.", tests_of_zones[i].listed_manner, tests_of_zones[i].listed);
		tell_test("1.0.0.127.", tests_of_zones[i].unlisted_manner, tests_of_zones[i].unlisted);
		open_tested(three, 1);
		if (health(0).state != tests_of_zones[i].state || health(0).trouble != tests_of_zones[i].trouble)
			fail_msg("%s: %d %d", tests_of_zones[i].what, health(0).state, health(0).trouble);
		/* Of IPv6 it was told nothing. */
		assert_int_equal(health(0).state6, ZONE_OUT);
		assert_int_equal(health(0).trouble6, ZONE_LISTS_NONE);
		assert_int_equal(counter_read(COUNTER_zones_out) - out, 1 + (tests_of_zones[i].state == ZONE_OUT));
		zones_destroy(zones);
	}
	zones = NULL;
}
static void what_an_untried_zone_says_waits_for_its_test(void **state)
{
	struct zones_verdict verdict;
	struct zones_look *early, *patient;
	int called, called_early;

	lists("7.2.0.192.", "bl.example", 2);
	lists("2.0.0.127.", "bl.example", 2)->manner = STALLS;
	open_zones(three, 1, &quick);
	early = look(&spammer, false, &called_early);
	patient = look(&spammer, false, &called);
	loop_for(loop, 20);
	assert_int_equal(health(0).state, ZONE_UNTRIED);
	assert_int_equal(health(0).listed, 2);
	assert_false(zones_known(zones, &spammer, false, &verdict));
	zones_look_end(early, &verdict);
	assert_int_equal(verdict.score + (int)verdict.listed + (int)verdict.answered, 0);
	assert_int_equal(called, 0);
	assert_true(loop_until(loop, is_told, &called));
	assert_int_equal(health(0).state, ZONE_OUT);
	zones_look_end(patient, &verdict);
	assert_int_equal(verdict.score + (int)verdict.listed + (int)verdict.answered, 0);
	assert_int_equal(called_early, 0);
	zones_destroy(zones);
	assert_true(loop_until(loop, nothing_in_flight, NULL));
	/* And when the test is passed, it counts. */
	zone_is_well("bl.example");
	open_zones(three, 1, &quick);
	assert_int_equal(health(0).state, ZONE_UNTRIED);
	assert_int_equal(verdict_of(&spammer, false).listed, 1);
}
static const struct {
	enum manner manner;
	uint8_t address[4];
	enum zone_trouble trouble;
} failings[] = {
	{ STALLS, { 0 }, ZONE_SILENT },
	{ SAYS_SERVFAIL, { 0 }, ZONE_SILENT },
	{ SAYS, { 127, 255, 255, 254 }, ZONE_REFUSES },
	{ SAYS, { 192, 0, 2, 1 }, ZONE_FOREIGN },
};
static void a_zone_that_fails_clients_is_out_and_tested_at_once(void **state)
{
	for (size_t i = 0; i < COUNT(failings); i++) {
		struct told *test;

		zone_is_well("bl.example");
		open_tested(three, 1);
		test = lists("2.0.0.127.", "bl.example", 2);
		clients_meet(failings[i].manner, failings[i].address);
		ask_about((uint8_t)(i * 10), 2);
		assert_int_equal(health(0).state, ZONE_WELL);
		/* One good answer, and it begins from the start. */
		verdict_of(&(struct addr){ ADDR_IPV4, { 203, 0, 113, (uint8_t)i } }, false);
		ask_about((uint8_t)(i * 10 + 2), 2);
		assert_int_equal(health(0).state, ZONE_WELL);
		test->asked = 0;
		ask_about((uint8_t)(i * 10 + 4), 1);
		assert_int_equal(health(0).errors, 5);
		/* Its test is passed at once, so it may be back already. */
		if (health(0).state == ZONE_OUT)
			assert_int_equal(health(0).trouble, failings[i].trouble);
		assert_true(loop_until(loop, is_well, NULL));
		assert_int_equal(test->asked, 1);
		zones_destroy(zones);
	}
	zones = NULL;
}

/* A look does not wait for a zone that has gone out meanwhile. */
static void nobody_waits_for_a_zone_that_is_out(void **state)
{
	struct zones_verdict verdict;
	struct zones_look *looks[4];
	int called[4];

	open_three();
	lists("2.0.0.127.", "bl.example", 2)->manner = STALLS;
	clients_meet(STALLS, (uint8_t[4]){ 0 });
	for (uint8_t i = 0; i < 3; i++)
		looks[i] = look(&(struct addr){ ADDR_IPV4, { 198, 51, 100, i } }, false, &called[i]);
	loop_for(loop, 10);
	looks[3] = look(&(struct addr){ ADDR_IPV4, { 198, 51, 100, 3 } }, false, &called[3]);
	assert_int_equal(called[0] + called[1] + called[2] + called[3], 0);
	assert_true(loop_until(loop, is_out, NULL));
	loop_for(loop, 2);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(called[i], 1);
		zones_look_end(looks[i], &verdict);
		assert_int_equal(verdict.answered, 6);
	}
	assert_int_equal(verdict_of(&(struct addr){ ADDR_IPV4, { 198, 51, 100, 9 } }, false).answered, 6);
	assert_int_equal(health(0).asked, 3);
	assert_true(zones_known(zones, &(struct addr){ ADDR_IPV4, { 198, 51, 100, 9 } }, false, &verdict));
	assert_int_equal(verdict.answered, 6);
}

static void it_is_tried_again_ever_later(void **state)
{
	struct told *test = lists("2.0.0.127.", "bl.example", 2);
	const unsigned after_ms[] = { 40, 120, 280, 440 };
	uint64_t begun = clock_ms();

	test->manner = SAYS_NO_NAME;
	test->address_count = 0;
	open_tested(three, 1);
	/* 40, 80, 160, 160 ms, each an eighth more or less. */
	for (size_t i = 0; i < COUNT(after_ms); i++) {
		uint64_t soonest = begun + after_ms[i] * 7 / 8;

		while (test->asked < 2 + i)
			loop_for(loop, 1);
		assert_true(clock_ms() + 2 >= soonest);
	}
	assert_true(clock_ms() - begun < 2000);
	assert_int_equal(health(0).trouble, ZONE_LISTS_NONE);
	zone_is_well("bl.example");
	assert_true(loop_until(loop, is_well, NULL));
	assert_int_equal(health(0).trouble, ZONE_NO_TROUBLE);
}

static void a_well_zone_is_tested_now_and_then(void **state)
{
	static const struct zones_timing often = { .test_every_ms = 40, .retry_least_ms = 10000,
						   .retry_most_ms = 10000, .bad_in_a_row = 3 };
	struct told *test = lists("2.0.0.127.", "bl.example", 2);
	uint64_t begun = clock_ms();

	/* The cache would know for a minute. */
	open_zones(three, 1, &often);
	while (test->asked < 5)
		loop_for(loop, 1);
	assert_in_range(clock_ms() - begun, 4 * 35 - 2, 2000);
	lists("1.0.0.127.", "bl.example", 2);
	assert_true(loop_until(loop, is_out, NULL));
	assert_int_equal(health(0).trouble, ZONE_LISTS_ALL);
}

/* It passes its tests and fails clients: it is out most of the time, for all that. */
static void a_zone_of_two_faces_does_not_flap(void **state)
{
	static const struct zones_timing slower = { .test_every_ms = 600000, .retry_least_ms = 400,
						    .retry_most_ms = 400, .bad_in_a_row = 3 };
	struct told *test;

	zone_is_well("bl.example");
	open_zones(three, 1, &slower);
	assert_true(loop_until(loop, all_are_tested, NULL));
	test = told("2.0.0.127.", "bl.example");
	clients_meet(SAYS_SERVFAIL, (uint8_t[4]){ 0 });
	ask_about(0, 3);
	assert_true(loop_until(loop, is_well, NULL));
	test->asked = 0;
	ask_about(10, 3);
	assert_int_equal(health(0).state, ZONE_OUT);
	loop_for(loop, 50);
	assert_int_equal(health(0).state, ZONE_OUT);
	assert_int_equal(test->asked, 0);
	assert_true(loop_until(loop, is_well, NULL));
	assert_int_equal(test->asked, 1);
}

/* Its clients are let in before it could have been heard to fail. */
static void a_zone_that_is_not_waited_for_long_enough(void **state)
{
	static const struct zones_timing hasty = { .test_every_ms = 600000, .retry_least_ms = 600000,
						   .retry_most_ms = 600000, .bad_in_a_row = 3, .slow_ms = 10 };
	struct zones_look *looks[4];
	struct zones_verdict verdict;
	int called;

	zone_is_well("bl.example");
	open_zones(three, 1, &hasty);
	assert_true(loop_until(loop, all_are_tested, NULL));
	clients_meet(STALLS, (uint8_t[4]){ 0 });
	for (uint8_t i = 0; i < 4; i++)
		looks[i] = look(&(struct addr){ ADDR_IPV4, { 198, 51, 100, i } }, false, &called);
	loop_for(loop, 15);
	/* A client that hangs up says nothing of it. */
	zones_look_end(looks[3], NULL);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(health(0).state, ZONE_WELL);
		zones_look_end(looks[i], &verdict);
	}
	assert_int_equal(health(0).state, ZONE_OUT);
	assert_int_equal(health(0).trouble, ZONE_SILENT);
	assert_int_equal(health(0).errors, 3);
}

/* One client is enough, and its wait: who comes next does not wait for it. */
static void a_zone_that_is_away_is_found_out_by_one_client(void **state)
{
	static const struct zones_timing usual = { .test_every_ms = 600000, .retry_least_ms = 600000,
						   .retry_most_ms = 600000, .bad_in_a_row = 5, .silent_ms = 15 };
	struct zones_look *first, *second;
	struct zones_verdict verdict;
	int called, called_second;

	zone_is_well("bl.example");
	open_zones(three, 1, &usual);
	assert_true(loop_until(loop, all_are_tested, NULL));
	clients_meet(STALLS, (uint8_t[4]){ 0 });
	/* Of another client it is heard meanwhile: then it is one name that has no answer. */
	first = look(&(struct addr){ ADDR_IPV4, { 198, 51, 100, 1 } }, false, &called);
	loop_for(loop, 5);
	verdict_of(&(struct addr){ ADDR_IPV4, { 203, 0, 113, 1 } }, false);
	assert_true(loop_until(loop, is_told, &called));
	zones_look_end(first, &verdict);
	assert_int_equal(health(0).errors, 1);
	assert_int_equal(health(0).state, ZONE_WELL);
	/* And of nobody. */
	lists("2.0.0.127.", "bl.example", 2)->manner = STALLS;
	first = look(&(struct addr){ ADDR_IPV4, { 198, 51, 100, 2 } }, false, &called);
	assert_true(loop_until(loop, is_told, &called));
	zones_look_end(first, &verdict);
	assert_int_equal(health(0).state, ZONE_OUT);
	assert_int_equal(health(0).trouble, ZONE_SILENT);
	second = look(&(struct addr){ ADDR_IPV4, { 198, 51, 100, 3 } }, false, &called_second);
	loop_for(loop, 2);
	assert_int_equal(called_second, 1);
	zones_look_end(second, &verdict);
}

/* Questions that were on their way when it went out say nothing new when it is back. */
static void late_failures_are_old_ones(void **state)
{
	struct zones_look *looks[3];
	int called[3];

	zone_is_well("bl.example");
	open_tested(three, 1);
	clients_meet(STALLS, (uint8_t[4]){ 0 });
	for (uint8_t i = 0; i < 3; i++)
		looks[i] = look(&(struct addr){ ADDR_IPV4, { 198, 51, 100, i } }, false, &called[i]);
	loop_for(loop, 5);
	clients_meet(SAYS_SERVFAIL, (uint8_t[4]){ 0 });
	ask_about(10, 3);
	assert_true(loop_until(loop, is_well, NULL));
	assert_int_equal(health(0).errors, 3);
	while (health(0).errors < 6)
		loop_for(loop, 1);
	assert_int_equal(health(0).state, ZONE_WELL);
	assert_int_equal(zones->zones[0].sides[0].bad_in_a_row, 0);
	for (int i = 0; i < 3; i++)
		zones_look_end(looks[i], NULL);
}

/* It was not asked, and so nobody waits for it. */
static void a_zone_that_comes_back_is_asked_for_the_next_client(void **state)
{
	struct zones_verdict verdict;
	struct zones_look *l;
	int called;

	zone_is_well("other.example");
	lists("7.2.0.192.", "bl.example", 2);
	lists("7.2.0.192.", "other.example", 2)->manner = STALLS;
	open_tested(three, 2);
	assert_int_equal(health(0).state, ZONE_OUT);
	l = look(&spammer, false, &called);
	zone_is_well("bl.example");
	assert_true(loop_until(loop, is_well, NULL));
	assert_int_equal(called, 0);
	assert_true(loop_until(loop, is_told, &called));
	zones_look_end(l, &verdict);
	assert_int_equal(verdict.answered, 0);
	assert_int_equal(verdict_of(&spammer, false).listed, 1);
}

static void all_come_back_with_the_first(void **state)
{
	static const struct zones_timing slow = { .test_every_ms = 600000, .retry_least_ms = 600000,
						  .retry_most_ms = 600000, .bad_in_a_row = 3 };

	for (size_t i = 0; i < 2; i++)
		lists("2.0.0.127.", three[i].name, 2)->manner = SAYS_SERVFAIL;
	open_zones(three, 2, &slow);
	assert_true(loop_until(loop, all_are_tested, NULL));
	assert_int_equal(health(0).trouble, ZONE_SILENT);
	assert_int_equal(health(1).trouble, ZONE_SILENT);
	for (size_t i = 0; i < 2; i++)
		lists("2.0.0.127.", three[i].name, 2)->manner = SAYS;
	loop_for(loop, 5);
	assert_int_equal(health(0).state, ZONE_OUT);
	assert_int_equal(loop_timer_arm(zones->zones[1].sides[0].timer, 0), 0);
	assert_true(loop_until(loop, is_well, NULL));
	assert_int_equal(health(1).state, ZONE_WELL);
	/* Another trouble than silence is its own. */
	assert_int_equal(health(0).state6, ZONE_OUT);
	assert_int_equal(told(TEST6_LISTED, "bl.example")->asked, 1);
}

static void a_failure_that_the_cache_knows_is_no_new_one(void **state)
{
	zone_is_well("bl.example");
	open_tested(three, 1);
	clients_meet(SAYS_SERVFAIL, (uint8_t[4]){ 0 });
	for (int i = 0; i < 10; i++)
		ask_about(7, 1);
	assert_int_equal(health(0).state, ZONE_WELL);
	assert_int_equal(health(0).errors, 1);
	assert_int_equal(health(0).asked, 10);
}

static void our_own_cap_is_no_fault_of_a_zone(void **state)
{
	struct resolver_limits limits = { .servers = { name_server_place(server) }, .server_count = 1,
		.questions = 4, .cache = 1000, .timeout_ms = 60, .tries = 1, .longest_ttl_s = 3600 };
	struct zones_look *looks[20];
	int called[20];

	resolver_destroy(resolver);
	assert_int_equal(resolver_create(loop, &limits, &resolver), 0);
	zone_is_well("bl.example");
	open_tested(three, 1);
	assert_int_equal(health(0).state, ZONE_WELL);
	for (uint8_t i = 0; i < 20; i++)
		looks[i] = look(&(struct addr){ ADDR_IPV4, { 198, 51, 100, i } }, false, &called[i]);
	assert_true(loop_until(loop, is_told, &called[19]));
	loop_for(loop, 10);
	for (int i = 0; i < 20; i++) {
		struct zones_verdict verdict;

		assert_int_equal(called[i], 1);
		zones_look_end(looks[i], &verdict);
		assert_int_equal(verdict.answered, i < 4);
	}
	assert_int_equal(health(0).state, ZONE_WELL);
	assert_int_equal(health(0).errors, 0);
}
int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, zones_set_up, zones_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_zone_is_tested),
		TEST(what_an_untried_zone_says_waits_for_its_test),
		TEST(a_zone_that_fails_clients_is_out_and_tested_at_once),
		TEST(nobody_waits_for_a_zone_that_is_out),
		TEST(it_is_tried_again_ever_later),
		TEST(a_well_zone_is_tested_now_and_then),
		TEST(a_zone_of_two_faces_does_not_flap),
		TEST(a_zone_that_is_not_waited_for_long_enough),
		TEST(a_zone_that_is_away_is_found_out_by_one_client),
		TEST(late_failures_are_old_ones),
		TEST(a_zone_that_comes_back_is_asked_for_the_next_client),
		TEST(all_come_back_with_the_first),
		TEST(a_failure_that_the_cache_knows_is_no_new_one),
		TEST(our_own_cap_is_no_fault_of_a_zone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
