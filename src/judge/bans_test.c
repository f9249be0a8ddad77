/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/bans_test.h"

#include "base/counter.h"

#include <errno.h>

static void test_begins(void **state)
{
	uint64_t counted = counter_read(COUNTER_bans);
	struct ban_step step = begin(*state, address("192.0.2.7"), START);

	assert_int_equal(step.event, BAN_BEGAN);
	assert_int_equal(step.kernel, BAN_KERNEL_ADD);
	assert_int_equal(step.store, BAN_STORE_PUT);
	assert_int_equal(step.timeout_ms, 10 * MINUTE);
	assert_int_equal(step.ban.begin_ms, START);
	assert_int_equal(step.ban.until_ms, START + 10 * MINUTE);
	assert_int_equal(step.ban.at_most_ms, START + HOUR);
	assert_int_equal(step.ban.signature, 4711);
	assert_int_equal(counter_read(COUNTER_bans), counted + 1);
}

static void test_unit_is_kept(void **state)
{
	static const char *const units[] = { "192.0.2.7", "255.255.255.255",
					     "2001:db8:1:2::", "::", "ffff::" };
	struct ban ban;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		struct addr unit = address(units[i]);
		struct ban_step step = begin(*state, unit, START);

		assert_true(addr_equal(&step.ban.unit, &unit));
		assert_true(bans_find(*state, &unit, &ban));
		assert_true(addr_equal(&ban.unit, &unit));
	}
	assert_int_equal(bans_count(*state), sizeof(units) / sizeof(units[0]));
}

static void test_runs_out_when_the_kernel_says_so(void **state)
{
	struct addr unit = address("192.0.2.7");
	uint64_t end = START + 10 * MINUTE + BANS_TICK_MS;
	struct ban_step step;

	begin(*state, unit, START);
	nothing_due(*state, START + 10 * MINUTE - 1);
	step = due(*state, end);
	assert_int_equal(step.event, BAN_ASKED);
	assert_int_equal(step.kernel, BAN_KERNEL_ASK);
	assert_int_equal(bans_answer(*state, &unit, 0, end, &step), 0);
	assert_int_equal(step.event, BAN_RAN_OUT);
	assert_int_equal(step.store, BAN_STORE_DELETE);
	assert_int_equal(bans_count(*state), 0);
	assert_int_equal(bans_answer(*state, &unit, 0, end, &step), -ENOENT);
}

static void test_has_slid(void **state)
{
	struct addr unit = address("192.0.2.7");
	uint64_t end = START + 10 * MINUTE + BANS_TICK_MS;
	struct ban_step step;

	begin(*state, unit, START);
	due(*state, end);
	assert_int_equal(bans_answer(*state, &unit, 7 * MINUTE, end, &step), 0);
	assert_int_equal(step.event, BAN_SLID);
	assert_int_equal(step.store, BAN_STORE_PUT);
	assert_int_equal(step.ban.last_ms, end - 3 * MINUTE);
	assert_int_equal(step.ban.until_ms, end + 7 * MINUTE);
	assert_int_equal(step.ban.state, BAN_ACTIVE);
	nothing_due(*state, end + 7 * MINUTE - 1);
	assert_int_equal(due(*state, end + 7 * MINUTE + BANS_TICK_MS).event, BAN_ASKED);
}

/* The kernel began to count later than we did: no new attempt. */
static void test_a_moment_left_is_no_attempt(void **state)
{
	struct addr unit = address("192.0.2.7");
	uint64_t end = START + 10 * MINUTE + BANS_TICK_MS;
	struct ban_step step;

	begin(*state, unit, START);
	due(*state, end);
	assert_int_equal(bans_answer(*state, &unit, 4, end, &step), 0);
	assert_int_equal(step.event, BAN_NOTED);
	assert_int_equal(step.ban.last_ms, START);
	assert_int_equal(due(*state, end + 4 + BANS_TICK_MS).event, BAN_ASKED);
}

static void test_asks_again_without_an_answer(void **state)
{
	uint64_t end = START + 10 * MINUTE + BANS_TICK_MS;

	begin(*state, address("192.0.2.7"), START);
	due(*state, end);
	nothing_due(*state, end + BANS_ASK_AGAIN_MS - 1);
	assert_int_equal(due(*state, end + BANS_ASK_AGAIN_MS + BANS_TICK_MS).event, BAN_ASKED);
}

static void test_late_answer_is_not_believed(void **state)
{
	struct addr unit = address("192.0.2.7");
	uint64_t end = START + 10 * MINUTE + BANS_TICK_MS;
	struct ban_offence offence = listed(unit);
	struct ban_step step;

	begin(*state, unit, START);
	due(*state, end);
	assert_int_equal(bans_extend(*state, &offence, end, &step), 0);
	assert_int_equal(step.event, BAN_EXTENDED);
	assert_int_equal(bans_answer(*state, &unit, 0, end, &step), -ENOENT);
	assert_int_equal(bans_count(*state), 1);
}

static void test_offence_extends(void **state)
{
	struct addr unit = address("192.0.2.7");
	struct ban_offence offence = listed(unit);
	struct ban_step step;

	begin(*state, unit, START);
	assert_int_equal(bans_extend(*state, &offence, START + 4 * MINUTE, &step), 0);
	assert_int_equal(step.event, BAN_EXTENDED);
	assert_int_equal(step.kernel, BAN_KERNEL_REPLACE);
	assert_int_equal(step.timeout_ms, 10 * MINUTE);
	assert_int_equal(step.ban.begin_ms, START);
	assert_int_equal(step.ban.until_ms, START + 14 * MINUTE);
	/* A verdict that is a ban again does the same. */
	assert_int_equal(begin(*state, unit, START + 5 * MINUTE).event, BAN_EXTENDED);
	nothing_due(*state, START + 15 * MINUTE - 1);
	assert_int_equal(due(*state, START + 15 * MINUTE + BANS_TICK_MS).event, BAN_ASKED);
}

static void test_offences_in_a_row_are_written_once(void **state)
{
	struct addr unit = address("192.0.2.7");
	struct ban_offence offence = listed(unit);
	int written = 0;
	struct ban_step step;

	begin(*state, unit, START);
	for (uint64_t ms = 0; ms <= 10 * SECOND; ms += 10) {
		assert_int_equal(bans_extend(*state, &offence, START + ms, &step), 0);
		written += step.kernel != BAN_KERNEL_NOTHING;
	}
	assert_int_equal(written, 10);
	assert_int_equal(step.ban.last_ms, START + 10 * SECOND);
}

static void test_stranger_is_not_extended(void **state)
{
	struct ban_offence offence = listed(address("192.0.2.7"));
	struct ban_step step;

	assert_int_equal(bans_extend(*state, &offence, START, &step), -ENOENT);
	assert_int_equal(bans_count(*state), 0);
}

static void test_capped(void **state)
{
	struct addr unit = address("192.0.2.7");
	uint64_t cap = START + HOUR, now = START;
	struct ban_offence offence = listed(unit);
	struct ban_step step = begin(*state, unit, START);

	for (; now + 5 * MINUTE < cap; now += 5 * MINUTE) {
		assert_int_equal(bans_extend(*state, &offence, now, &step), 0);
		assert_true(now + step.timeout_ms <= cap);
	}
	assert_int_equal(step.ban.until_ms, cap);
	nothing_due(*state, cap - 1);
	step = due(*state, cap + BANS_TICK_MS);
	assert_int_equal(step.event, BAN_CAPPED);
	assert_int_equal(step.kernel, BAN_KERNEL_REMOVE);
	assert_int_equal(step.store, BAN_STORE_DELETE);
	step = begin(*state, unit, cap + MINUTE);
	assert_int_equal(step.event, BAN_BEGAN);
	assert_int_equal(step.ban.at_most_ms, cap + MINUTE + HOUR);
}

static void test_capped_while_waiting_for_an_answer(void **state)
{
	struct bans *bans = *state;
	struct ban_limits odd = { 10 * MINUTE, 10 * MINUTE + SECOND, .most = 10 };
	uint64_t end = START + 10 * MINUTE + BANS_TICK_MS;

	assert_int_equal(bans_set_limits(bans, &odd), 0);
	begin(bans, address("192.0.2.7"), START);
	assert_int_equal(due(bans, end).event, BAN_ASKED);
	assert_int_equal(due(bans, end + SECOND).event, BAN_CAPPED);
}

static void test_offence_at_the_cap_begins_anew(void **state)
{
	struct addr unit = address("192.0.2.7");
	struct ban_step step;

	begin(*state, unit, START);
	step = begin(*state, unit, START + HOUR);
	assert_int_equal(step.event, BAN_BEGAN_ANEW);
	assert_int_equal(step.kernel, BAN_KERNEL_REPLACE);
	assert_int_equal(step.ban.begin_ms, START + HOUR);
}

static void test_cap_shorter_than_for(void **state)
{
	struct ban_limits odd = { .for_ms = HOUR, .at_most_ms = MINUTE, .most = 10 };

	assert_int_equal(bans_set_limits(*state, &odd), 0);
	assert_int_equal(begin(*state, address("192.0.2.7"), START).timeout_ms, MINUTE);
	assert_int_equal(due(*state, START + MINUTE + BANS_TICK_MS).event, BAN_CAPPED);
}

static void test_old_offence(void **state)
{
	struct ban_offence offence = listed(address("192.0.2.7"));
	struct ban_step step;

	offence.age_ms = 10 * MINUTE;
	assert_int_equal(bans_begin(*state, &offence, START, &step), -ESTALE);
	offence.age_ms = 9 * MINUTE;
	assert_int_equal(bans_begin(*state, &offence, START, &step), 0);
	assert_int_equal(step.timeout_ms, MINUTE);
	assert_int_equal(step.ban.begin_ms, START - 9 * MINUTE);
	offence.age_ms = 5 * MINUTE;
	assert_int_equal(bans_extend(*state, &offence, START, &step), 0);
	assert_int_equal(step.timeout_ms, 5 * MINUTE);
}

static void test_fixed_is_written_again_before_a_slide_ends_it(void **state)
{
	struct addr unit = address("192.0.2.7");
	uint64_t now = START, written = START, end = START + HOUR;
	struct ban_step step = by_hand(*state, unit, HOUR, START);

	assert_int_equal(step.timeout_ms, HOUR);
	assert_int_equal(step.ban.at_most_ms, 0);
	for (;;) {
		struct ban_step next;

		now += bans_wait_ms(*state, now);
		if (bans_due(*state, now, &next, 1) == 0)
			continue;
		if (next.event != BAN_RENEWED)
			break;
		/* A client that tried right after the last writing would have ten minutes. */
		assert_true(now - written < 10 * MINUTE);
		assert_int_equal(next.kernel, BAN_KERNEL_REPLACE);
		assert_int_equal(next.timeout_ms, end - now);
		written = now;
	}
	assert_true(written > START);
	assert_true(now >= end && now <= end + BANS_TICK_MS);
	assert_int_equal(bans_count(*state), 0);
}

static void test_fixed_ends_and_is_removed(void **state)
{
	struct ban_step step;

	by_hand(*state, address("192.0.2.7"), MINUTE, START);
	step = due(*state, START + MINUTE + BANS_TICK_MS);
	assert_int_equal(step.event, BAN_SERVED);
	assert_int_equal(step.kernel, BAN_KERNEL_REMOVE);
}

static void test_fixed_is_not_moved_by_offences(void **state)
{
	struct addr unit = address("192.0.2.7");

	by_hand(*state, unit, 3 * HOUR, START);
	for (uint64_t now = START; now < START + 2 * HOUR; now += 7 * MINUTE) {
		struct ban_step step = begin(*state, unit, now);

		assert_int_equal(step.event, BAN_NOTED);
		assert_int_equal(step.ban.until_ms, START + 3 * HOUR);
		assert_int_equal(step.ban.last_ms, now);
	}
}

static void test_by_hand_without_duration_is_as_automatic(void **state)
{
	struct addr unit = address("192.0.2.7");
	struct ban_step step = by_hand(*state, unit, 0, START);

	assert_false(step.ban.fixed);
	assert_true(step.ban.by_hand);
	assert_string_equal(step.ban.why, "why not");
	assert_int_equal(step.timeout_ms, 10 * MINUTE);
	assert_int_equal(step.ban.at_most_ms, START + HOUR);
	assert_int_equal(begin(*state, unit, START + MINUTE).event, BAN_EXTENDED);
}

static void test_by_hand_replaces(void **state)
{
	struct addr unit = address("192.0.2.7");
	struct ban_step step;

	begin(*state, unit, START);
	step = by_hand(*state, unit, 2 * HOUR, START + MINUTE);
	assert_int_equal(step.event, BAN_BEGAN_ANEW);
	assert_int_equal(step.kernel, BAN_KERNEL_REPLACE);
	assert_int_equal(step.ban.begin_ms, START + MINUTE);
	assert_int_equal(bans_count(*state), 1);
	assert_int_equal(
		bans_by_hand(*state, &unit, BANS_DURATION_MOST_MS + 1, bytes_of(""), START, &step),
		-ERANGE);
}

static void test_reason_is_cut_and_goes_with_the_ban(void **state)
{
	char longer[BAN_WHY_SIZE * 2];
	struct addr unit = address("192.0.2.7");
	struct ban_step step;
	struct ban ban;

	memset(longer, 'x', sizeof(longer));
	assert_int_equal(
		bans_by_hand(*state, &unit, HOUR, bytes_make(longer, sizeof(longer)), START, &step),
		0);
	assert_int_equal(strlen(step.ban.why), BAN_WHY_SIZE - 1);
	assert_int_equal(bans_lift(*state, &unit, START, &step), 0);
	assert_int_equal(step.kernel, BAN_KERNEL_REMOVE);
	begin(*state, unit, START);
	assert_true(bans_find(*state, &unit, &ban));
	assert_string_equal(ban.why, "");
}

static void test_lift(void **state)
{
	struct addr unit = address("192.0.2.7");
	struct ban_step step;

	assert_int_equal(bans_lift(*state, &unit, START, &step), -ENOENT);
	begin(*state, unit, START);
	assert_int_equal(bans_lift(*state, &unit, START, &step), 0);
	assert_int_equal(step.event, BAN_LIFTED);
	assert_int_equal(step.store, BAN_STORE_DELETE);
	nothing_due(*state, START + 2 * HOUR);
	assert_int_equal(bans_wait_ms(*state, START + 2 * HOUR), UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_begins),
		TEST(test_unit_is_kept),
		TEST(test_runs_out_when_the_kernel_says_so),
		TEST(test_has_slid),
		TEST(test_a_moment_left_is_no_attempt),
		TEST(test_asks_again_without_an_answer),
		TEST(test_late_answer_is_not_believed),
		TEST(test_offence_extends),
		TEST(test_offences_in_a_row_are_written_once),
		TEST(test_stranger_is_not_extended),
		TEST(test_capped),
		TEST(test_capped_while_waiting_for_an_answer),
		TEST(test_offence_at_the_cap_begins_anew),
		TEST(test_cap_shorter_than_for),
		TEST(test_old_offence),
		TEST(test_fixed_is_written_again_before_a_slide_ends_it),
		TEST(test_fixed_ends_and_is_removed),
		TEST(test_fixed_is_not_moved_by_offences),
		TEST(test_by_hand_without_duration_is_as_automatic),
		TEST(test_by_hand_replaces),
		TEST(test_reason_is_cut_and_goes_with_the_ban),
		TEST(test_lift),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
