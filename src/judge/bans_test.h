/* SPDX-License-Identifier: Apache-2.0 */
/* bans_test - what the tests of bans share: a table for each, and words for what is done to it. */
#ifndef WAVEBREAK_JUDGE_BANS_TEST_H
#define WAVEBREAK_JUDGE_BANS_TEST_H

#include "judge/bans.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define SECOND 1000ULL
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define START (1785179537 * SECOND)
#define SLICE 64

static const struct ban_limits limits = { 10 * MINUTE, HOUR, .most = 100000 };

static inline struct addr address(const char *text)
{
	struct addr addr;

	assert_int_equal(addr_parse(bytes_of(text), &addr), 0);
	return addr_unit(&addr);
}

static inline struct addr numbered(uint32_t n)
{
	uint8_t octets[4] = { 198, (uint8_t)(18 + (n >> 16)), (uint8_t)(n >> 8), (uint8_t)n };

	return addr_from_ipv4(octets);
}

static inline struct ban_offence listed(struct addr unit)
{
	return (struct ban_offence){ .unit = unit, .outcome = OUTCOME_LISTED, .signature = 4711 };
}

static inline int make(void **state)
{
	struct bans *bans;

	assert_int_equal(bans_create(&limits, &bans), 0);
	*state = bans;
	return 0;
}

static inline int unmake(void **state)
{
	bans_destroy(*state);
	return 0;
}

static inline struct ban_step begin(struct bans *bans, struct addr unit, uint64_t now)
{
	struct ban_offence offence = listed(unit);
	struct ban_step step;

	assert_int_equal(bans_begin(bans, &offence, now, &step), 0);
	return step;
}

static inline struct ban_step by_hand(struct bans *bans, struct addr unit, uint64_t duration_ms,
				      uint64_t now)
{
	struct ban_step step;

	assert_int_equal(
		bans_by_hand(bans, &unit, duration_ms, BYTES_LITERAL("why not"), now, &step), 0);
	return step;
}

/* The one step that is due. */
static inline struct ban_step due(struct bans *bans, uint64_t now)
{
	struct ban_step steps[2];

	assert_int_equal(bans_due(bans, now, steps, 2), 1);
	return steps[0];
}

static inline void nothing_due(struct bans *bans, uint64_t now)
{
	struct ban_step step;

	assert_int_equal(bans_due(bans, now, &step, 1), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, unmake)

#endif
