/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/suspects.h"

#include "base/counter.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define SECOND 1000ULL
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define START (1785179537 * SECOND)

static const struct suspect_limits limits = { .for_ms = HOUR, .score = 20, .most = 1000 };

static struct addr address(const char *text)
{
	struct addr addr;

	assert_int_equal(addr_parse(bytes_of(text), &addr), 0);
	return addr_unit(&addr);
}

static struct addr numbered(uint32_t n)
{
	uint8_t octets[4] = { 198, 18, (uint8_t)(n >> 8), (uint8_t)n };

	return addr_from_ipv4(octets);
}

static int make(void **state)
{
	struct suspects *suspects;

	assert_int_equal(suspects_create(&limits, &suspects), 0);
	*state = suspects;
	return 0;
}

static int unmake(void **state)
{
	suspects_destroy(*state);
	return 0;
}

static struct suspect_offence offence_of(struct addr unit)
{
	return (struct suspect_offence){ .unit = unit, .outcome = OUTCOME_LISTED, .signature = 4711, .score = 25 };
}

static struct suspect_step begin(struct suspects *suspects, struct addr unit, uint64_t now)
{
	struct suspect_offence offence = offence_of(unit);
	struct suspect_step step;

	assert_int_equal(suspects_begin(suspects, &offence, now, &step), 0);
	return step;
}

static void begins_and_says_why(void **state)
{
	uint64_t counted = counter_read(COUNTER_suspects);
	struct suspect_step step = begin(*state, address("192.0.2.7"), START);
	struct suspect suspect;

	assert_int_equal(step.event, SUSPECT_BEGAN);
	assert_int_equal(step.kernel, SUSPECT_KERNEL_REPLACE);
	assert_int_equal(step.store, SUSPECT_STORE_PUT);
	assert_int_equal(step.timeout_ms, HOUR);
	assert_true(suspects_find(*state, &step.suspect.unit, &suspect));
	assert_int_equal(suspect.begin_ms, START);
	assert_int_equal(suspect.until_ms, START + HOUR);
	assert_int_equal(suspect.outcome, OUTCOME_LISTED);
	assert_int_equal(suspect.signature, 4711);
	assert_int_equal(suspect.score, 25);
	assert_int_equal(counter_read(COUNTER_suspects), counted + 1);
}

static void the_unit_of_ipv6_is_kept(void **state)
{
	struct addr unit = address("2001:db8:1:2:3::7"), neighbour = address("2001:db8:1:3::7");
	struct suspect suspect;

	begin(*state, unit, START);
	assert_true(suspects_find(*state, &unit, &suspect));
	assert_true(addr_equal(&suspect.unit, &unit));
	assert_false(suspects_find(*state, &neighbour, &suspect));
}

/* suspect.for begins again with each offence, but a burst of them is one change. */
static void a_new_offence_extends(void **state)
{
	struct addr unit = address("192.0.2.7");
	struct suspect_step step;

	begin(*state, unit, START);
	step = begin(*state, unit, START + SUSPECTS_NOTE_MS - 1);
	assert_int_equal(step.event, SUSPECT_NOTED);
	assert_int_equal(step.kernel, SUSPECT_KERNEL_NOTHING);
	assert_int_equal(step.store, SUSPECT_STORE_NOTHING);
	assert_int_equal(step.suspect.last_ms, START + SUSPECTS_NOTE_MS - 1);
	assert_int_equal(step.suspect.until_ms, START + HOUR);
	step = begin(*state, unit, START + 10 * MINUTE);
	assert_int_equal(step.event, SUSPECT_EXTENDED);
	assert_int_equal(step.kernel, SUSPECT_KERNEL_REPLACE);
	assert_int_equal(step.timeout_ms, HOUR);
	assert_int_equal(step.suspect.begin_ms, START);
	assert_int_equal(step.suspect.until_ms, START + 70 * MINUTE);
	assert_int_equal(suspects_count(*state), 1);
	assert_int_equal(suspects_due(*state, START + 65 * MINUTE, &step, 1), 0);
}

static void runs_out_without_a_word_to_the_kernel(void **state)
{
	struct addr unit = address("192.0.2.7");
	struct suspect_step step;
	struct suspect suspect;

	assert_int_equal(suspects_wait_ms(*state, START), UINT64_MAX);
	begin(*state, unit, START);
	assert_int_equal(suspects_due(*state, START + HOUR - 1, &step, 1), 0);
	assert_in_range(suspects_wait_ms(*state, START + HOUR - 1), 1, 2 * SUSPECTS_TICK_MS);
	assert_int_equal(suspects_due(*state, START + HOUR + SUSPECTS_TICK_MS, &step, 1), 1);
	assert_int_equal(step.event, SUSPECT_RAN_OUT);
	assert_int_equal(step.kernel, SUSPECT_KERNEL_NOTHING);
	assert_int_equal(step.store, SUSPECT_STORE_DELETE);
	assert_false(suspects_find(*state, &unit, &suspect));
}

static void what_happened_long_ago_makes_no_suspect(void **state)
{
	struct suspect_offence offence = offence_of(address("192.0.2.7"));
	struct suspect_step step;

	offence.age_ms = HOUR;
	assert_int_equal(suspects_begin(*state, &offence, START, &step), -ESTALE);
	offence.age_ms = 20 * MINUTE;
	assert_int_equal(suspects_begin(*state, &offence, START, &step), 0);
	assert_int_equal(step.timeout_ms, 40 * MINUTE);
}

static void who_is_trusted_is_removed(void **state)
{
	struct addr unit = address("192.0.2.7");
	struct suspect_step step;

	begin(*state, unit, START);
	assert_int_equal(suspects_trust(*state, &unit, START + MINUTE, &step), 0);
	assert_int_equal(step.event, SUSPECT_TRUSTED);
	assert_int_equal(step.kernel, SUSPECT_KERNEL_REMOVE);
	assert_int_equal(step.store, SUSPECT_STORE_DELETE);
	assert_int_equal(suspects_trust(*state, &unit, START + MINUTE, &step), -ENOENT);
	assert_int_equal(suspects_due(*state, START + 2 * HOUR, &step, 1), 0);
}

static void a_network_is_trusted(void **state)
{
	struct suspect_step steps[4];
	struct prefix prefix;
	uint32_t cursor = 0;

	begin(*state, address("192.0.2.7"), START);
	begin(*state, address("192.0.2.200"), START);
	begin(*state, address("198.51.100.7"), START);
	begin(*state, address("2001:db8:0:1::7"), START);
	assert_int_equal(prefix_parse(BYTES_LITERAL("192.0.2.0/24"), &prefix), 0);
	assert_int_equal(suspects_trust_within(*state, &prefix, &cursor, START, steps, 4), 2);
	cursor = 0;
	/* One address of the /64. */
	assert_int_equal(prefix_parse(BYTES_LITERAL("2001:db8:0:1::9"), &prefix), 0);
	assert_int_equal(suspects_trust_within(*state, &prefix, &cursor, START, steps, 4), 1);
	assert_int_equal(suspects_count(*state), 1);
}

static void at_the_limit_new_ones_are_refused(void **state)
{
	uint64_t dropped = counter_read(COUNTER_suspects_dropped);
	struct suspect_offence offence;
	struct suspect_step step;

	for (uint32_t i = 0; i < limits.most; i++)
		begin(*state, numbered(i), START);
	offence = offence_of(numbered(limits.most));
	assert_int_equal(suspects_begin(*state, &offence, START, &step), -ENOSPC);
	assert_int_equal(counter_read(COUNTER_suspects_dropped), dropped + 1);
	assert_int_equal(begin(*state, numbered(0), START + MINUTE).event, SUSPECT_EXTENDED);
	while (suspects_due(*state, START + HOUR + SUSPECTS_TICK_MS, &step, 1))
		assert_int_equal(step.event, SUSPECT_RAN_OUT);
	assert_int_equal(suspects_begin(*state, &offence, START + HOUR + SUSPECTS_TICK_MS, &step), 0);
}

static void the_store_gives_them_back(void **state)
{
	struct suspect kept = begin(*state, address("192.0.2.7"), START).suspect;
	struct suspects *fresh;
	struct suspect_step step;

	assert_int_equal(suspects_create(&limits, &fresh), 0);
	assert_int_equal(suspects_restore(fresh, &kept, START + 20 * MINUTE, &step), 0);
	assert_int_equal(step.event, SUSPECT_RESTORED);
	assert_int_equal(step.kernel, SUSPECT_KERNEL_ADD);
	assert_int_equal(step.store, SUSPECT_STORE_NOTHING);
	assert_int_equal(step.timeout_ms, 40 * MINUTE);
	assert_true(addr_equal(&step.suspect.unit, &kept.unit));
	assert_int_equal(step.suspect.begin_ms, kept.begin_ms);
	assert_int_equal(step.suspect.last_ms, kept.last_ms);
	assert_int_equal(step.suspect.until_ms, kept.until_ms);
	assert_int_equal(step.suspect.score, kept.score);
	assert_int_equal(step.suspect.signature, kept.signature);
	assert_int_equal(suspects_restore(fresh, &kept, START + 20 * MINUTE, &step), -EEXIST);
	suspects_destroy(fresh);
}

static void the_store_is_not_believed(void **state)
{
	const struct suspect good = { .unit = address("192.0.2.7"), .begin_ms = START, .last_ms = START,
				      .until_ms = START + HOUR, .outcome = OUTCOME_LISTED };
	struct suspect_step step;
	struct suspect bad;

	assert_int_equal(suspects_restore(*state, &good, START + HOUR, &step), -ESTALE);
	bad = good;
	bad.until_ms = START - 1;
	assert_int_equal(suspects_restore(*state, &bad, START - MINUTE, &step), -EINVAL);
	bad = good;
	bad.outcome = OUTCOME_COUNT;
	assert_int_equal(suspects_restore(*state, &bad, START, &step), -EINVAL);
	bad = good;
	bad.unit = (struct addr){ .family = ADDR_IPV6, .octets = { [0] = 0x20, [15] = 1 } };
	assert_int_equal(suspects_restore(*state, &bad, START, &step), -EINVAL);
	bad.unit = (struct addr){ .family = ADDR_NONE };
	assert_int_equal(suspects_restore(*state, &bad, START, &step), -EINVAL);
	/* No longer than suspect.for, whatever it says. */
	bad = good;
	bad.until_ms = START + 1000 * HOUR;
	assert_int_equal(suspects_restore(*state, &bad, START, &step), 0);
	assert_int_equal(step.timeout_ms, HOUR);
}

static void all_are_written_again(void **state)
{
	struct suspect_step steps[3];
	uint32_t cursor = 0;
	size_t count = 0, n;

	for (uint32_t i = 0; i < 10; i++)
		begin(*state, numbered(i), START);
	do {
		n = suspects_renew(*state, &cursor, START + 10 * MINUTE, steps, 3);
		for (size_t i = 0; i < n; i++, count++) {
			assert_int_equal(steps[i].event, SUSPECT_RENEWED);
			assert_int_equal(steps[i].kernel, SUSPECT_KERNEL_ADD);
			assert_int_equal(steps[i].timeout_ms, 50 * MINUTE);
		}
	} while (n == 3);
	assert_int_equal(count, 10);
	cursor = 0;
	assert_int_equal(suspects_renew(*state, &cursor, START + HOUR, steps, 3), 0);
}

static void a_clock_that_is_set_back_prolongs_nothing(void **state)
{
	struct suspect_step step;

	begin(*state, address("192.0.2.7"), START);
	assert_int_equal(suspects_due(*state, START - HOUR, &step, 1), 0);
	assert_int_equal(suspects_due(*state, START + SUSPECTS_TICK_MS, &step, 1), 1);
	assert_int_equal(step.event, SUSPECT_RAN_OUT);
}

static void limits_that_make_no_sense_are_refused(void **state)
{
	static const struct suspect_limits wrong[] = {
		{ 0, 20, 1000 }, { HOUR, 0, 1000 }, { HOUR, 20, 0 }, { SUSPECTS_FOR_MOST_MS + 1, 20, 1000 },
		{ HOUR, 20, SUSPECTS_MOST + 1 },
	};
	struct suspects *suspects;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(suspects_create(&wrong[i], &suspects), -EINVAL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, unmake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(begins_and_says_why),
		TEST(the_unit_of_ipv6_is_kept),
		TEST(a_new_offence_extends),
		TEST(runs_out_without_a_word_to_the_kernel),
		TEST(what_happened_long_ago_makes_no_suspect),
		TEST(who_is_trusted_is_removed),
		TEST(a_network_is_trusted),
		TEST(at_the_limit_new_ones_are_refused),
		TEST(the_store_gives_them_back),
		TEST(the_store_is_not_believed),
		TEST(all_are_written_again),
		TEST(a_clock_that_is_set_back_prolongs_nothing),
		TEST(limits_that_make_no_sense_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
