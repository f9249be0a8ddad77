/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/bans_test.h"

#include "base/counter.h"

#include <errno.h>
#include <stdlib.h>

static void test_lift_within(void **state)
{
	static const struct {
		const char *prefix;
		size_t lifted;
	} rows[] = {
		{ "203.0.113.0/24", 0 }, { "192.0.2.0/25", 128 },   { "192.0.2.128", 1 },
		{ "192.0.2.0/24", 127 }, { "2001:db8:0:1::25", 1 }, { "2001:db8::/32", 1 },
		{ "0.0.0.0/0", 1 },
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
	assert_int_equal(bans_by_hand(*state, &offence.unit, HOUR, bytes_of(""), START, &step),
			 -ENOSPC);
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
				bans_answer(bans, &steps[i].ban.unit, left, now, &answered);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
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
