/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/judge.h"

#include "base/counter.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define SECOND 1000ULL
#define MINUTE (60 * SECOND)
#define START (1785179537 * SECOND) /* wall time of the first event in each test */

static const struct judge_limits limits = {
	.half_life_ms = 10 * MINUTE,
	.ban_score = 100,
	.clients = 100,
	.scores = {
		[OUTCOME_LISTED] = 100,
		[OUTCOME_UNKNOWN_RECIPIENT] = 20,
		[OUTCOME_TIMED_OUT] = 5,
	},
};

static const struct prefix_set nobody;

static struct addr address(const char *text)
{
	struct addr addr;

	assert_int_equal(addr_parse(bytes_of(text), &addr), 0);
	return addr;
}

static struct addr numbered(uint32_t n)
{
	uint8_t octets[4] = { 198, (uint8_t)(18 + (n >> 16)), (uint8_t)(n >> 8), (uint8_t)n };

	return addr_from_ipv4(octets);
}

static struct judge *make(const struct judge_limits *with)
{
	struct judge *judge;

	assert_int_equal(judge_create(with, &judge), 0);
	return judge;
}

static struct verdict event_of(struct judge *judge, struct addr client, enum outcome outcome,
			       uint64_t now)
{
	struct judge_event event = { .client = client,
				     .outcome = outcome,
				     .score = JUDGE_SCORE_OF_OUTCOME };
	struct verdict verdict;

	judge_event(judge, &nobody, &event, now, &verdict);
	return verdict;
}

static uint32_t score_of(struct judge *judge, struct addr client, uint64_t now)
{
	struct judge_client seen;
	struct addr unit = addr_unit(&client);

	judge_look(judge, &unit, now, &seen);
	assert_int_equal(judge_score(judge, &unit, now), seen.score);
	return seen.score;
}

/* A client's life in one row: `count` events of one kind, one every `every_ms`. */
static const struct life {
	const char *story;
	enum outcome outcome;
	int count;
	uint64_t every_ms;
	uint32_t score_at_end;
	enum judge_action action_at_end;
} lives[] = {
	{ "a listed one is banned at once", OUTCOME_LISTED, 1, 0, 100, JUDGE_BAN },
	{ "the score stops at ban.score", OUTCOME_LISTED, 50, 0, 100, JUDGE_BAN },
	{ "four are not yet five", OUTCOME_UNKNOWN_RECIPIENT, 4, 0, 80, JUDGE_NOTHING },
	{ "five at once are", OUTCOME_UNKNOWN_RECIPIENT, 5, 0, 100, JUDGE_BAN },
	{ "whole points decide: five within seconds", OUTCOME_UNKNOWN_RECIPIENT, 5, SECOND, 100,
	  JUDGE_BAN },
	{ "ten in a minute", OUTCOME_UNKNOWN_RECIPIENT, 10, 6 * SECOND, 100, JUDGE_BAN },
	{ "ten in a day", OUTCOME_UNKNOWN_RECIPIENT, 10, 144 * MINUTE, 20, JUDGE_NOTHING },
	{ "one every half-life comes near 40", OUTCOME_UNKNOWN_RECIPIENT, 20, 10 * MINUTE, 40,
	  JUDGE_NOTHING },
	{ "to connect is no offence", OUTCOME_CONNECTED, 1000, 0, 0, JUDGE_NOTHING },
	{ "nor is to deliver mail", OUTCOME_ACCEPTED, 1000, 0, 0, JUDGE_NOTHING },
};

static void test_lives(void **state)
{
	for (size_t i = 0; i < sizeof(lives) / sizeof(lives[0]); i++) {
		const struct life *life = &lives[i];
		struct judge *judge = make(&limits);
		struct verdict verdict = { 0 };

		for (int n = 0; n < life->count; n++)
			verdict = event_of(judge, address("192.0.2.7"), life->outcome,
					   START + (uint64_t)n * life->every_ms);
		if (verdict.score != life->score_at_end || verdict.action != life->action_at_end)
			fail_msg("%s: score %u, action %d", life->story, verdict.score,
				 (int)verdict.action);
		judge_destroy(judge);
	}
}

static void test_score_falls_by_half(void **state)
{
	struct judge *judge = make(&limits);
	struct addr client = address("192.0.2.7");

	event_of(judge, client, OUTCOME_LISTED, START);
	assert_int_equal(score_of(judge, client, START + 5 * MINUTE), 71);
	assert_int_equal(score_of(judge, client, START + 10 * MINUTE), 50);
	assert_int_equal(score_of(judge, client, START + 20 * MINUTE), 25);
	assert_int_equal(score_of(judge, client, START + 24 * 60 * MINUTE), 0);
	judge_destroy(judge);
}

static void test_clock_set_back(void **state)
{
	struct judge *judge = make(&limits);
	struct addr client = address("192.0.2.7");
	uint64_t day = 24 * 60 * MINUTE;

	event_of(judge, client, OUTCOME_LISTED, START);
	assert_int_equal(score_of(judge, client, START - day), 100);
	assert_int_equal(score_of(judge, client, START - day + 10 * MINUTE), 50);
	judge_destroy(judge);
}

static void test_old_lines_weigh_less(void **state)
{
	struct judge *judge = make(&limits);
	struct judge_event event = {
		.client = address("192.0.2.7"),
		.outcome = OUTCOME_LISTED,
		.score = JUDGE_SCORE_OF_OUTCOME,
		.age_ms = 10 * MINUTE,
	};
	struct judge_client seen;
	struct verdict verdict;

	judge_event(judge, &nobody, &event, START, &verdict);
	/* Judged by what it was worth then, remembered by what it is worth now. */
	assert_int_equal(verdict.score, 100);
	assert_int_equal(verdict.action, JUDGE_BAN);
	assert_true(judge_look(judge, &event.client, START, &seen));
	assert_int_equal(seen.score, 50);
	assert_int_equal(seen.events[0].at_ms, START - 10 * MINUTE);
	judge_destroy(judge);
}

static void test_signature_has_its_own_score(void **state)
{
	struct judge *judge = make(&limits);
	struct judge_event event = { .client = address("192.0.2.7"),
				     .outcome = OUTCOME_OTHER,
				     .score = 30 };
	struct verdict verdict;

	judge_event(judge, &nobody, &event, START, &verdict);
	assert_int_equal(verdict.score, 30);
	event.outcome = OUTCOME_LISTED;
	event.score = 0;
	judge_event(judge, &nobody, &event, START, &verdict);
	assert_int_equal(verdict.score, 30);
	assert_false(verdict.offence);
	event.score = 4000000000U;
	judge_event(judge, &nobody, &event, START, &verdict);
	assert_int_equal(verdict.score, 100);
	judge_destroy(judge);
}

static void test_never_list_comes_first(void **state)
{
	struct judge *judge = make(&limits);
	struct prefix_set never = { 0 };
	struct judge_event event = { .outcome = OUTCOME_LISTED, .score = JUDGE_SCORE_OF_OUTCOME };
	uint64_t refused = counter_read(COUNTER_bans_refused);
	struct prefix prefix;
	struct verdict verdict;

	assert_int_equal(prefix_parse(bytes_of("192.0.2.0/24"), &prefix), 0);
	assert_int_equal(prefix_set_add(&never, &prefix, "ban.never"), 0);
	event.client = address("192.0.2.7");
	judge_event(judge, &never, &event, START, &verdict);
	assert_int_equal(verdict.action, JUDGE_PROTECTED);
	assert_string_equal(verdict.protection->why, "ban.never");
	assert_int_equal(counter_read(COUNTER_bans_refused), refused + 1);
	assert_int_equal(score_of(judge, event.client, START), 100);
	event.client = address("192.0.3.7");
	judge_event(judge, &never, &event, START, &verdict);
	assert_int_equal(verdict.action, JUDGE_BAN);
	assert_null(verdict.protection);
	prefix_set_clear(&never);
	judge_destroy(judge);
}

static void test_ipv6_is_judged_by_its_64(void **state)
{
	struct judge *judge = make(&limits);
	struct addr unit = address("2001:db8:0:1::");
	struct verdict verdict;

	for (int i = 0; i < 4; i++)
		event_of(judge, address("2001:db8:0:1::25"), OUTCOME_UNKNOWN_RECIPIENT, START);
	verdict = event_of(judge, address("2001:db8:0:1:ffff::"), OUTCOME_UNKNOWN_RECIPIENT, START);
	assert_int_equal(verdict.action, JUDGE_BAN);
	assert_true(addr_equal(&verdict.unit, &unit));
	verdict = event_of(judge, address("2001:db8:0:2::25"), OUTCOME_UNKNOWN_RECIPIENT, START);
	assert_int_equal(verdict.score, 20);
	judge_destroy(judge);
}

static void test_accepted_mail_pardons_once_in_a_half_life(void **state)
{
	struct judge *judge = make(&limits);
	struct addr client = address("192.0.2.7");
	struct verdict verdict;

	for (int i = 0; i < 4; i++)
		event_of(judge, client, OUTCOME_UNKNOWN_RECIPIENT, START);
	verdict = event_of(judge, client, OUTCOME_ACCEPTED, START);
	assert_int_equal(verdict.score, 40);
	assert_false(verdict.offence);
	for (int i = 0; i < 10; i++)
		event_of(judge, client, OUTCOME_ACCEPTED, START + SECOND);
	assert_int_equal(score_of(judge, client, START), 40);
	event_of(judge, client, OUTCOME_ACCEPTED, START + 10 * MINUTE);
	assert_int_equal(score_of(judge, client, START + 10 * MINUTE), 10);
	judge_destroy(judge);
}

/* One good recipient among four bad ones does not let a dictionary attack go on. */
static void test_attacker_cannot_wash_itself(void **state)
{
	struct judge *judge = make(&limits);
	struct addr client = address("192.0.2.7");
	bool banned = false;

	for (uint64_t second = 0; second < 60 && !banned; second++) {
		enum outcome outcome = second % 5 == 4 ? OUTCOME_ACCEPTED
						       : OUTCOME_UNKNOWN_RECIPIENT;

		banned = event_of(judge, client, outcome, START + second * SECOND).action ==
			 JUDGE_BAN;
	}
	assert_true(banned);
	judge_destroy(judge);
}

static void test_accepted_mail_of_strangers_takes_no_room(void **state)
{
	struct judge *judge = make(&limits);

	event_of(judge, address("192.0.2.7"), OUTCOME_ACCEPTED, START);
	event_of(judge, address("192.0.2.8"), OUTCOME_CONNECTED, START);
	assert_int_equal(judge_count(judge), 0);
	judge_destroy(judge);
}

static void test_latest_events_are_kept(void **state)
{
	struct judge *judge = make(&limits);
	struct judge_event event = {
		.client = address("192.0.2.7"),
		.client_port = 4711,
		.reply_code = 550,
		.outcome = OUTCOME_UNKNOWN_RECIPIENT,
		.score = 1,
	};
	struct judge_client seen;
	struct verdict verdict;

	for (uint32_t i = 1; i <= 10; i++) {
		event.signature = i;
		judge_event(judge, &nobody, &event, START + i * SECOND, &verdict);
	}
	assert_true(judge_look(judge, &event.client, START + 10 * SECOND, &seen));
	assert_int_equal(seen.offences, 10);
	assert_int_equal(seen.event_count, JUDGE_EVENTS);
	for (uint32_t i = 0; i < JUDGE_EVENTS; i++) {
		assert_int_equal(seen.events[i].signature, i + 3);
		assert_int_equal(seen.events[i].at_ms, START + (i + 3) * SECOND);
		assert_int_equal(seen.events[i].score_after, i + 3);
	}
	assert_int_equal(seen.events[0].client_port, 4711);
	assert_int_equal(seen.events[0].reply_code, 550);
	judge_destroy(judge);
}

static void test_full_table_forgets_the_least(void **state)
{
	struct judge_limits small = limits;
	uint64_t forgotten = counter_read(COUNTER_offences_forgotten);
	struct judge *judge;

	small.clients = JUDGE_SAMPLE;
	judge = make(&small);
	for (uint32_t i = 0; i < JUDGE_SAMPLE; i++)
		event_of(judge, numbered(i), i == 3 ? OUTCOME_TIMED_OUT : OUTCOME_UNKNOWN_RECIPIENT,
			 START);
	event_of(judge, numbered(1000), OUTCOME_UNKNOWN_RECIPIENT, START);
	assert_int_equal(judge_count(judge), JUDGE_SAMPLE);
	assert_int_equal(score_of(judge, numbered(3), START), 0);
	assert_int_equal(score_of(judge, numbered(4), START), 20);
	assert_int_equal(score_of(judge, numbered(1000), START), 20);
	assert_int_equal(counter_read(COUNTER_offences_forgotten), forgotten + 1);
	judge_destroy(judge);
}

/* A client with a score is not pushed out by a crowd that did less. */
static void test_crowd_does_not_push_out_the_worst(void **state)
{
	struct judge *judge = make(&limits);

	event_of(judge, address("192.0.2.7"), OUTCOME_LISTED, START);
	for (uint32_t i = 0; i < 10000; i++)
		event_of(judge, numbered(i), OUTCOME_TIMED_OUT, START);
	assert_int_equal(judge_count(judge), limits.clients);
	assert_int_equal(score_of(judge, address("192.0.2.7"), START), 100);
	judge_destroy(judge);
}

static void test_new_limits_keep_the_scores(void **state)
{
	struct judge_limits changed = limits;
	struct judge *judge = make(&limits);
	struct verdict verdict;

	for (uint32_t i = 0; i < limits.clients; i++)
		event_of(judge, numbered(i), OUTCOME_UNKNOWN_RECIPIENT, START);
	event_of(judge, numbered(50), OUTCOME_LISTED, START);
	changed.clients = 2000;
	changed.ban_score = 40;
	assert_int_equal(judge_set_limits(judge, &changed), 0);
	assert_int_equal(judge_count(judge), limits.clients);
	assert_int_equal(score_of(judge, numbered(50), START), 40);
	verdict = event_of(judge, numbered(7), OUTCOME_UNKNOWN_RECIPIENT, START);
	assert_int_equal(verdict.action, JUDGE_BAN);
	changed.clients = 10;
	assert_int_equal(judge_set_limits(judge, &changed), 0);
	assert_int_equal(judge_count(judge), 10);
	assert_int_equal(score_of(judge, numbered(50), START), 40);
	changed.half_life_ms = 0;
	assert_int_equal(judge_set_limits(judge, &changed), -EINVAL);
	judge_destroy(judge);
}

static void test_forget(void **state)
{
	struct judge *judge = make(&limits);
	struct addr client = address("192.0.2.7");

	event_of(judge, client, OUTCOME_LISTED, START);
	assert_true(judge_forget(judge, &client));
	assert_false(judge_forget(judge, &client));
	assert_int_equal(score_of(judge, client, START), 0);
	judge_destroy(judge);
}

static void test_limits_are_checked(void **state)
{
	struct judge_limits wrong = limits;
	struct judge *judge;

	wrong.ban_score = 0;
	assert_int_equal(judge_create(&wrong, &judge), -EINVAL);
	wrong = limits;
	wrong.clients = 0;
	assert_int_equal(judge_create(&wrong, &judge), -EINVAL);
}

static void test_all_are_gone_through(void **state)
{
	struct judge_standing standing, again;
	struct judge *judge = make(&limits);
	struct addr unit, first = numbered(1);
	uint32_t cursor = 0;
	size_t seen = 0;

	assert_false(judge_next(judge, &cursor, START, &unit, &standing));
	for (uint32_t n = 1; n <= 5; n++)
		event_of(judge, numbered(n), OUTCOME_UNKNOWN_RECIPIENT, START);
	event_of(judge, first, OUTCOME_TIMED_OUT, START + SECOND);
	for (cursor = 0; judge_next(judge, &cursor, START + 10 * MINUTE, &unit, &standing); seen++) {
		assert_true(judge_standing(judge, &unit, START + 10 * MINUTE, &again));
		assert_memory_equal(&standing, &again, sizeof(again));
		assert_int_equal(standing.score, addr_equal(&unit, &first) ? 13 : 10);
		assert_int_equal(standing.offences, addr_equal(&unit, &first) ? 2 : 1);
		assert_int_equal(standing.last_ms, addr_equal(&unit, &first) ? START + SECOND : START);
	}
	assert_int_equal(seen, 5);
	first = numbered(99);
	assert_false(judge_standing(judge, &first, START, &standing));
	judge_destroy(judge);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lives),
		cmocka_unit_test(test_score_falls_by_half),
		cmocka_unit_test(test_clock_set_back),
		cmocka_unit_test(test_old_lines_weigh_less),
		cmocka_unit_test(test_signature_has_its_own_score),
		cmocka_unit_test(test_never_list_comes_first),
		cmocka_unit_test(test_ipv6_is_judged_by_its_64),
		cmocka_unit_test(test_accepted_mail_pardons_once_in_a_half_life),
		cmocka_unit_test(test_attacker_cannot_wash_itself),
		cmocka_unit_test(test_accepted_mail_of_strangers_takes_no_room),
		cmocka_unit_test(test_latest_events_are_kept),
		cmocka_unit_test(test_full_table_forgets_the_least),
		cmocka_unit_test(test_crowd_does_not_push_out_the_worst),
		cmocka_unit_test(test_new_limits_keep_the_scores),
		cmocka_unit_test(test_forget),
		cmocka_unit_test(test_all_are_gone_through),
		cmocka_unit_test(test_limits_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
