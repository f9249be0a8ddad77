/* SPDX-License-Identifier: Apache-2.0 */
/* Who is a suspect. When a ban begins the tests of judge and bans say, and the stories. */
#include "judge/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define MINUTE (60 * 1000ULL)
#define HOUR (60 * MINUTE)
#define START 1785179537000ULL

struct court {
	struct prefix_set never;
	struct policy policy;
	struct verdict verdict;
	struct ban_step ban;
	struct suspect_step suspect;
	bool is_ban, is_suspect;
};

static int make(void **state)
{
	static const struct judge_limits judge = { .half_life_ms = 10 * MINUTE, .ban_score = 100, .clients = 100,
						   .scores = { [OUTCOME_LISTED] = 100, [OUTCOME_UNKNOWN_RECIPIENT] = 10 } };
	static const struct ban_limits bans = { 10 * MINUTE, HOUR, .most = 100 };
	static const struct suspect_limits suspects = { HOUR, .score = 20, .most = 100 };
	static struct court court;
	struct prefix prefix;

	court = (struct court){ .policy.never = &court.never };
	assert_int_equal(judge_create(&judge, &court.policy.judge), 0);
	assert_int_equal(bans_create(&bans, &court.policy.bans), 0);
	assert_int_equal(suspects_create(&suspects, &court.policy.suspects), 0);
	assert_int_equal(prefix_parse(BYTES_LITERAL("203.0.113.0/24"), &prefix), 0);
	assert_int_equal(prefix_set_add(&court.never, &prefix, "ban.never"), 0);
	*state = &court;
	return 0;
}

static int unmake(void **state)
{
	struct court *court = *state;

	judge_destroy(court->policy.judge);
	bans_destroy(court->policy.bans);
	suspects_destroy(court->policy.suspects);
	prefix_set_clear(&court->never);
	return 0;
}

static void offend(struct court *court, const char *client, enum outcome outcome, uint64_t now)
{
	struct judge_event event = { .outcome = outcome, .signature = 7, .score = JUDGE_SCORE_OF_OUTCOME };

	assert_int_equal(addr_parse(bytes_of(client), &event.client), 0);
	court->is_ban = policy_decide(&court->policy, &event, now, &court->verdict, &court->ban);
	court->is_suspect = policy_suspect(&court->policy, &event, &court->verdict, now, &court->suspect);
}

static void who_reaches_the_score_is_a_suspect(void **state)
{
	struct court *court = *state;

	offend(court, "192.0.2.7", OUTCOME_UNKNOWN_RECIPIENT, START);
	assert_false(court->is_suspect);
	offend(court, "192.0.2.7", OUTCOME_UNKNOWN_RECIPIENT, START);
	assert_true(court->is_suspect);
	assert_false(court->is_ban);
	assert_int_equal(court->suspect.event, SUSPECT_BEGAN);
	assert_int_equal(court->suspect.suspect.score, 20);
	assert_int_equal(court->suspect.suspect.outcome, OUTCOME_UNKNOWN_RECIPIENT);
}

static void accepted_mail_makes_no_suspect(void **state)
{
	struct court *court = *state;

	offend(court, "192.0.2.7", OUTCOME_UNKNOWN_RECIPIENT, START);
	offend(court, "192.0.2.7", OUTCOME_UNKNOWN_RECIPIENT, START);
	offend(court, "192.0.2.7", OUTCOME_UNKNOWN_RECIPIENT, START + 30 * 1000);
	offend(court, "192.0.2.7", OUTCOME_ACCEPTED, START + MINUTE);
	assert_false(court->is_suspect);
}

static void who_is_never_banned_is_no_suspect(void **state)
{
	struct court *court = *state;

	offend(court, "203.0.113.7", OUTCOME_UNKNOWN_RECIPIENT, START);
	offend(court, "203.0.113.7", OUTCOME_UNKNOWN_RECIPIENT, START);
	assert_int_equal(court->verdict.score, 20);
	assert_false(court->is_suspect);
	offend(court, "203.0.113.8", OUTCOME_LISTED, START);
	assert_int_equal(court->verdict.action, JUDGE_PROTECTED);
	assert_false(court->is_suspect);
}

static void who_is_banned_is_a_suspect_as_well(void **state)
{
	struct court *court = *state;

	offend(court, "192.0.2.7", OUTCOME_LISTED, START);
	assert_true(court->is_ban);
	assert_true(court->is_suspect);
	assert_int_equal(court->suspect.suspect.score, 100);
}

static struct suspect_step after(struct court *court, uint64_t now)
{
	struct suspect_step step;

	assert_true(policy_suspect_after_ban(&court->policy, &court->ban, now, &step));
	return step;
}

/* The kernel's slide may have held the ban longer than suspect.for: suspicion begins at its end. */
static void who_was_banned_is_a_suspect(void **state)
{
	struct court *court = *state;
	struct addr unit;
	uint64_t end = START + 2 * HOUR;

	assert_int_equal(addr_parse(BYTES_LITERAL("192.0.2.7"), &unit), 0);
	offend(court, "192.0.2.7", OUTCOME_LISTED, START);
	while (suspects_due(court->policy.suspects, end, &court->suspect, 1))
		;
	assert_int_equal(suspects_count(court->policy.suspects), 0);
	while (court->ban.event != BAN_CAPPED)
		assert_int_equal(bans_due(court->policy.bans, end, &court->ban, 1), 1);
	court->suspect = after(court, end);
	assert_int_equal(court->suspect.event, SUSPECT_BEGAN);
	assert_int_equal(court->suspect.suspect.until_ms, end + HOUR);
	assert_int_equal(court->suspect.suspect.score, 0);
	assert_int_equal(court->suspect.suspect.outcome, OUTCOME_LISTED);
}

static void who_was_let_in_by_hand_is_none(void **state)
{
	struct court *court = *state;
	struct suspect_step step;
	struct addr unit;

	assert_int_equal(addr_parse(BYTES_LITERAL("192.0.2.7"), &unit), 0);
	assert_int_equal(bans_by_hand(court->policy.bans, &unit, 0, BYTES_LITERAL(""), START, &court->ban), 0);
	assert_false(policy_suspect_after_ban(&court->policy, &court->ban, START, &step));
	assert_int_equal(bans_lift(court->policy.bans, &unit, START + MINUTE, &court->ban), 0);
	assert_false(policy_suspect_after_ban(&court->policy, &court->ban, START + MINUTE, &step));
}

static void without_steering_nobody_is_a_suspect(void **state)
{
	struct court *court = *state;
	struct suspects *suspects = court->policy.suspects;
	struct suspect_step step;

	court->policy.suspects = NULL;
	offend(court, "192.0.2.7", OUTCOME_LISTED, START);
	assert_true(court->is_ban);
	assert_false(court->is_suspect);
	court->ban.event = BAN_RAN_OUT;
	assert_false(policy_suspect_after_ban(&court->policy, &court->ban, START, &step));
	court->policy.suspects = suspects;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, unmake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_reaches_the_score_is_a_suspect), TEST(accepted_mail_makes_no_suspect),
		TEST(who_is_never_banned_is_no_suspect),  TEST(who_is_banned_is_a_suspect_as_well),
		TEST(who_was_banned_is_a_suspect),        TEST(who_was_let_in_by_hand_is_none),
		TEST(without_steering_nobody_is_a_suspect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
