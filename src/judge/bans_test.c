/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/bans.h"

#include "base/counter.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define SECOND 1000ULL
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define START (1785179537 * SECOND)
#define SLICE 64

static const struct ban_limits limits = { .for_ms = 10 * MINUTE, .at_most_ms = HOUR, .most = 100000 };

static struct addr address(const char *text)
{
	struct addr addr;

	assert_int_equal(addr_parse(bytes_of(text), &addr), 0);
	return addr_unit(&addr);
}

static struct addr numbered(uint32_t n)
{
	uint8_t octets[4] = { 198, (uint8_t)(18 + (n >> 16)), (uint8_t)(n >> 8), (uint8_t)n };

	return addr_from_ipv4(octets);
}

static struct ban_offence listed(struct addr unit)
{
	return (struct ban_offence){ .unit = unit, .outcome = OUTCOME_LISTED, .signature = 4711 };
}

static int make(void **state)
{
	struct bans *bans;

	assert_int_equal(bans_create(&limits, &bans), 0);
	*state = bans;
	return 0;
}

static int unmake(void **state)
{
	bans_destroy(*state);
	return 0;
}

static struct ban_step begin(struct bans *bans, struct addr unit, uint64_t now)
{
	struct ban_offence offence = listed(unit);
	struct ban_step step;

	assert_int_equal(bans_begin(bans, &offence, now, &step), 0);
	return step;
}

static struct ban_step by_hand(struct bans *bans, struct addr unit, uint64_t duration_ms, uint64_t now)
{
	struct ban_step step;

	assert_int_equal(bans_by_hand(bans, &unit, duration_ms, BYTES_LITERAL("why not"), now, &step), 0);
	return step;
}

/* The one step that is due. */
static struct ban_step due(struct bans *bans, uint64_t now)
{
	struct ban_step steps[2];

	assert_int_equal(bans_due(bans, now, steps, 2), 1);
	return steps[0];
}

static void nothing_due(struct bans *bans, uint64_t now)
{
	struct ban_step step;

	assert_int_equal(bans_due(bans, now, &step, 1), 0);
}

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
	static const char *const units[] = { "192.0.2.7", "255.255.255.255", "2001:db8:1:2::", "::", "ffff::" };
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
	struct ban_limits odd = { .for_ms = 10 * MINUTE, .at_most_ms = 10 * MINUTE + SECOND, .most = 10 };
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
	assert_int_equal(bans_by_hand(*state, &unit, BANS_DURATION_MOST_MS + 1, bytes_of(""), START, &step),
			 -ERANGE);
}

static void test_reason_is_cut_and_goes_with_the_ban(void **state)
{
	char longer[BAN_WHY_SIZE * 2];
	struct addr unit = address("192.0.2.7");
	struct ban_step step;
	struct ban ban;

	memset(longer, 'x', sizeof(longer));
	assert_int_equal(bans_by_hand(*state, &unit, HOUR, bytes_make(longer, sizeof(longer)), START, &step), 0);
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

static void test_lift_within(void **state)
{
	static const struct {
		const char *prefix;
		size_t lifted;
	} rows[] = {
		{ "203.0.113.0/24", 0 }, { "192.0.2.0/25", 128 },   { "192.0.2.128", 1 },
		{ "192.0.2.0/24", 127 }, { "2001:db8:0:1::25", 1 }, { "2001:db8::/32", 1 }, { "0.0.0.0/0", 1 },
	};
	struct ban_step steps[SLICE];

	for (uint32_t i = 0; i < 256; i++) {
		uint8_t octets[4] = { 192, 0, 2, (uint8_t)i };

		begin(*state, addr_from_ipv4(octets), START);
	}
	begin(*state, address("198.51.100.1"), START);
	begin(*state, address("2001:db8:0:1::"), START);
	begin(*state, address("2001:db8:0:2::"), START);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t cursor = 0;
		size_t lifted = 0, n;
		struct prefix prefix;

		assert_int_equal(prefix_parse(bytes_of(rows[i].prefix), &prefix), 0);
		do {
			n = bans_lift_within(*state, &prefix, &cursor, START, steps, SLICE);
			lifted += n;
			for (size_t k = 0; k < n; k++)
				assert_int_equal(steps[k].kernel, BAN_KERNEL_REMOVE);
		} while (n == SLICE);
		assert_int_equal(lifted, rows[i].lifted);
	}
	assert_int_equal(bans_count(*state), 0);
}

static void test_renew(void **state)
{
	struct ban_step steps[SLICE];
	uint64_t now = START + 10 * MINUTE + BANS_TICK_MS;
	uint32_t cursor = 0;

	begin(*state, address("192.0.2.7"), START);
	by_hand(*state, address("192.0.2.8"), HOUR, START + 7 * MINUTE);
	begin(*state, address("192.0.2.9"), START + 8 * MINUTE);
	due(*state, now);
	assert_int_equal(bans_renew(*state, &cursor, now, steps, SLICE), 2);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(steps[i].kernel, BAN_KERNEL_REPLACE);
		assert_int_equal(now + steps[i].timeout_ms, steps[i].ban.until_ms);
	}
}

static void test_limit(void **state)
{
	struct ban_limits small = { .for_ms = MINUTE, .at_most_ms = HOUR, .most = 2 };
	uint64_t dropped = counter_read(COUNTER_bans_dropped);
	struct ban_offence offence = listed(numbered(3));
	struct ban_step step;

	assert_int_equal(bans_set_limits(*state, &small), 0);
	begin(*state, numbered(1), START);
	begin(*state, numbered(2), START);
	assert_int_equal(bans_begin(*state, &offence, START, &step), -ENOSPC);
	assert_int_equal(bans_by_hand(*state, &offence.unit, HOUR, bytes_of(""), START, &step), -ENOSPC);
	assert_int_equal(counter_read(COUNTER_bans_dropped), dropped + 2);
	assert_int_equal(begin(*state, numbered(2), START + MINUTE / 2).event, BAN_EXTENDED);
	assert_int_equal(bans_lift(*state, &(struct addr){ 0 }, START, &step), -ENOENT);
	offence.unit = numbered(1);
	assert_int_equal(bans_lift(*state, &offence.unit, START, &step), 0);
	assert_int_equal(begin(*state, numbered(3), START).event, BAN_BEGAN);
}

static void test_limits_are_checked(void **state)
{
	static const struct ban_limits wrong[] = {
		{ 0, HOUR, 10 },
		{ HOUR, 0, 10 },
		{ HOUR, HOUR, 0 },
		{ HOUR, HOUR, BANS_MOST + 1 },
		{ BANS_DURATION_MOST_MS + 1, HOUR, 10 },
	};
	struct bans *bans;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(bans_create(&wrong[i], &bans), -EINVAL);
		assert_int_equal(bans_set_limits(*state, &wrong[i]), -EINVAL);
	}
}

/* What a restart does: the ban goes through the store and a new table. */
static struct ban_step restart(void **state, struct ban ban, uint64_t now, int expected)
{
	struct ban_step step = { 0 };

	unmake(state);
	make(state);
	ban.at_most_ms = 0;
	ban.state = BAN_ACTIVE;
	assert_int_equal(bans_restore(*state, &ban, now, &step), expected);
	return step;
}

static void test_restart_keeps_begin_and_cap(void **state)
{
	struct ban_step step = begin(*state, address("192.0.2.7"), START);

	step = restart(state, step.ban, START + 4 * MINUTE, 0);
	assert_int_equal(step.event, BAN_RESTORED);
	assert_int_equal(step.kernel, BAN_KERNEL_ADD);
	assert_int_equal(step.timeout_ms, 6 * MINUTE);
	assert_int_equal(step.ban.begin_ms, START);
	assert_int_equal(step.ban.last_ms, START);
	assert_int_equal(step.ban.at_most_ms, START + HOUR);
	assert_int_equal(step.ban.signature, 4711);
	assert_int_equal(bans_restore(*state, &step.ban, START + 4 * MINUTE, &step), -EEXIST);
	for (uint64_t now = START + 5 * MINUTE; now < START + HOUR; now += 5 * MINUTE)
		begin(*state, address("192.0.2.7"), now);
	assert_int_equal(due(*state, START + HOUR + BANS_TICK_MS).event, BAN_CAPPED);
}

static void test_restart_after_the_end(void **state)
{
	struct ban_step step = begin(*state, address("192.0.2.7"), START);

	restart(state, step.ban, START + 10 * MINUTE, -ESTALE);
	step.ban.until_ms = START + 3 * HOUR;
	restart(state, step.ban, START + HOUR, -ESTALE);
}

static void test_restart_keeps_a_ban_by_hand(void **state)
{
	struct ban_step step = by_hand(*state, address("192.0.2.7"), 3 * HOUR, START);

	step = restart(state, step.ban, START + 2 * HOUR, 0);
	assert_int_equal(step.timeout_ms, HOUR);
	assert_true(step.ban.by_hand && step.ban.fixed);
	assert_string_equal(step.ban.why, "why not");
	assert_int_equal(step.ban.until_ms, START + 3 * HOUR);
}

/* The store's bytes may be anything, and the clock may have been set in between. */
static void test_restore_believes_little(void **state)
{
	struct ban_step step = begin(*state, address("192.0.2.7"), START);
	const struct ban good = step.ban;
	struct ban bad;

	step = restart(state, good, START - 30 * 24 * HOUR, 0);
	assert_int_equal(step.timeout_ms, 10 * MINUTE);
	assert_int_equal(step.ban.begin_ms, START - 30 * 24 * HOUR);
	bad = good;
	bad.until_ms = UINT64_MAX;
	step = restart(state, bad, START, 0);
	assert_int_equal(step.timeout_ms, 10 * MINUTE);
	bad.by_hand = bad.fixed = true;
	step = restart(state, bad, START, 0);
	assert_int_equal(step.timeout_ms, BANS_DURATION_MOST_MS);
	bad = good;
	bad.begin_ms = bad.until_ms + 1;
	restart(state, bad, START, -EINVAL);
	bad = good;
	bad.unit.octets[15] = 1;
	restart(state, bad, START, -EINVAL);
	bad = good;
	bad.unit.family = 5;
	restart(state, bad, START, -EINVAL);
	bad = good;
	bad.outcome = OUTCOME_COUNT;
	restart(state, bad, START, -EINVAL);
	bad = good;
	memset(bad.why, 'x', sizeof(bad.why));
	restart(state, bad, START, -EINVAL);
}

static void test_clock_set_back_makes_no_ban_longer(void **state)
{
	struct addr unit = address("192.0.2.7");
	uint64_t day = 24 * HOUR, now = START - day;
	struct ban ban;

	begin(*state, unit, START);
	nothing_due(*state, now);
	assert_true(bans_find(*state, &unit, &ban));
	assert_int_equal(ban.begin_ms, START - day);
	assert_int_equal(ban.until_ms, START - day + 10 * MINUTE);
	assert_true(bans_wait_ms(*state, now) < 11 * MINUTE);
	assert_int_equal(due(*state, now + 10 * MINUTE + BANS_TICK_MS).event, BAN_ASKED);
	assert_int_equal(due(*state, now + HOUR + BANS_TICK_MS).event, BAN_CAPPED);
}

static void test_clock_set_forward_lets_in(void **state)
{
	begin(*state, address("192.0.2.7"), START);
	assert_int_equal(due(*state, START + 365 * 24 * HOUR).event, BAN_CAPPED);
}

static void test_all_at_once_in_slices(void **state)
{
	struct ban_step steps[SLICE];
	uint64_t end = START + 10 * MINUTE + BANS_TICK_MS;
	size_t asked = 0, n;

	for (uint32_t i = 0; i < 10000; i++)
		begin(*state, numbered(i), START);
	while ((n = bans_due(*state, end, steps, SLICE))) {
		for (size_t i = 0; i < n; i++) {
			struct ban_step step;

			assert_int_equal(steps[i].event, BAN_ASKED);
			assert_int_equal(bans_answer(*state, &steps[i].ban.unit, 0, end, &step), 0);
		}
		asked += n;
		assert_true(asked == 10000 || bans_wait_ms(*state, end) == 0);
	}
	assert_int_equal(asked, 10000);
	assert_int_equal(bans_count(*state), 0);
}

static void test_next_shows_all(void **state)
{
	uint32_t cursor = 0, seen = 0;
	struct ban ban;

	for (uint32_t i = 0; i < 3000; i++)
		begin(*state, numbered(i), START);
	while (bans_next(*state, &cursor, &ban)) {
		assert_int_equal(ban.until_ms, START + 10 * MINUTE);
		seen++;
	}
	assert_int_equal(seen, 3000);
}

static void test_memory(void **state)
{
	for (uint32_t i = 0; i < 100000; i++)
		begin(*state, numbered(i), START);
	assert_true(bans_memory(*state) / 100000 <= 90);
}

#define CLIENTS 50

/* A kernel that slides, clients that try as they like, answers that get lost. Whatever happens:
 * the kernel lets every client in now and then, and in ban.for after its last attempt. */
static void test_nobody_is_locked_out(void **state)
{
	struct bans *bans = *state;
	uint64_t expires[CLIENTS] = { 0 }, came_in[CLIENTS], tried[CLIENTS], now = START;

	for (uint32_t i = 0; i < CLIENTS; i++)
		came_in[i] = tried[i] = START;
	srand(20260727);
	for (int step = 0; step < 100000; step++, now += (uint64_t)rand() % 2000) {
		uint32_t client = (uint32_t)rand() % CLIENTS;
		struct ban_step steps[SLICE];
		size_t n;

		if (expires[client] > now) {
			assert_true(now - came_in[client] <= HOUR + 2 * BANS_TICK_MS + 2000);
			assert_true(now - tried[client] < 10 * MINUTE);
			expires[client] = now + 10 * MINUTE;
		} else {
			struct ban_step began = begin(bans, numbered(client), now);

			if (began.kernel != BAN_KERNEL_NOTHING)
				expires[client] = now + began.timeout_ms;
			if (began.event == BAN_BEGAN || began.event == BAN_BEGAN_ANEW)
				came_in[client] = now;
		}
		tried[client] = now;
		n = bans_due(bans, now, steps, SLICE);
		for (size_t i = 0; i < n; i++) {
			uint32_t which = steps[i].ban.unit.octets[3];
			uint64_t left = expires[which] > now ? expires[which] - now : 0;
			struct ban_step answered;

			if (steps[i].kernel == BAN_KERNEL_REMOVE)
				expires[which] = 0;
			if (steps[i].kernel == BAN_KERNEL_ASK && rand() % 10)
				assert_int_equal(bans_answer(bans, &steps[i].ban.unit, left, now, &answered), 0);
		}
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make, unmake)
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
		TEST(test_lift_within),
		TEST(test_renew),
		TEST(test_limit),
		TEST(test_limits_are_checked),
		TEST(test_restart_keeps_begin_and_cap),
		TEST(test_restart_after_the_end),
		TEST(test_restart_keeps_a_ban_by_hand),
		TEST(test_restore_believes_little),
		TEST(test_clock_set_back_makes_no_ban_longer),
		TEST(test_clock_set_forward_lets_in),
		TEST(test_all_at_once_in_slices),
		TEST(test_next_shows_all),
		TEST(test_memory),
		TEST(test_nobody_is_locked_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
