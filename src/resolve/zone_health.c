/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/zones_internal.h"

#include "base/counter.h"

#include <assert.h>
#include <errno.h>

/* RFC 5782 section 5. Of IPv6 written out: as an addr made in the usual way they would become IPv4. */
static const struct addr test_addresses[2][TEST_COUNT] = {
	{ { ADDR_IPV4, { 127, 0, 0, 2 } }, { ADDR_IPV4, { 127, 0, 0, 1 } } },
	{ { ADDR_IPV6, { [10] = 0xff, 0xff, 0x7f, 0, 0, 2 } }, { ADDR_IPV6, { [10] = 0xff, 0xff, 0x7f, 0, 0, 1 } } },
};

static const char *name_of(const struct zone_side *side)
{
	return side->zones->zones[side->number].rule.name;
}

/* Of a length of time an eighth more or less: the workers of this host do not ask in step, nor do all
 * hosts that were started by the same power cut. */
static uint64_t about(struct zones *zones, uint32_t ms)
{
	uint64_t word = zones->chance += 0x9e3779b97f4a7c15ULL;

	word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9ULL;
	word = (word ^ word >> 27) * 0x94d049bb133111ebULL;
	return ms - ms / 8 + (word >> 32) % (ms / 4 + 1);
}

static void test_at(struct zone_side *side, uint64_t deadline_ms)
{
	int r = loop_timer_arm(side->timer, deadline_ms);

	assert(r == 0);
}

static bool is_being_tested(const struct zone_side *side)
{
	return side->questions[TEST_LISTED] || side->questions[TEST_UNLISTED];
}

static void change_state(struct zone_side *side, enum zone_state state, enum zone_trouble trouble)
{
	side->came_back = side->state == ZONE_OUT;
	side->state = (uint8_t)state;
	side->trouble = (uint8_t)trouble;
	side->since_ms = loop_now_ms(side->zones->loop);
	side->bad_in_a_row = 0;
}

/* One silent zone is heard again: then the others may only have waited for the same name server. */
static void hurry_the_silent(struct zones *zones)
{
	for (size_t i = 0; i < zones->count * 2; i++) {
		struct zone_side *side = &zones->zones[i / 2].sides[i % 2];

		if (side->state == ZONE_OUT && side->trouble == ZONE_SILENT && !is_being_tested(side))
			test_at(side, 0);
	}
}

static void go_well(struct zone_side *side)
{
	bool was_silent = side->state == ZONE_OUT && side->trouble == ZONE_SILENT;

	change_state(side, ZONE_WELL, ZONE_NO_TROUBLE);
	if (was_silent)
		hurry_the_silent(side->zones);
	zones_side_changed(side->zones);
}

static void go_out(struct zone_side *side, enum zone_trouble trouble)
{
	counter_add(COUNTER_zones_out, 1);
	change_state(side, ZONE_OUT, trouble);
	zones_side_changed(side->zones);
}

static enum zone_trouble trouble_of_word(enum zone_word word)
{
	switch (word) {
	case WORD_FAILED: return ZONE_SILENT;
	case WORD_REFUSED: return ZONE_REFUSES;
	case WORD_FOREIGN: return ZONE_FOREIGN;
	default: return ZONE_NO_TROUBLE;
	}
}

static enum zone_trouble trouble_of_test(const enum zone_word words[TEST_COUNT])
{
	for (int i = 0; i < TEST_COUNT; i++) {
		if (zone_word_is_bad(words[i]))
			return trouble_of_word(words[i]);
	}
	if (words[TEST_UNLISTED] == WORD_LISTED)
		return ZONE_LISTS_ALL;
	return words[TEST_LISTED] == WORD_LISTED ? ZONE_NO_TROUBLE : ZONE_LISTS_NONE;
}

static uint32_t next_retry(const struct zones_timing *timing, uint32_t retry_ms)
{
	if (retry_ms == 0)
		return timing->retry_least_ms;
	return retry_ms < timing->retry_most_ms / 2 ? retry_ms * 2 : timing->retry_most_ms;
}

static void end_test(struct zone_side *side)
{
	enum zone_trouble trouble = trouble_of_test(side->words);
	struct zones *zones = side->zones;

	side->retry_ms = trouble ? next_retry(&zones->timing, side->retry_ms) : 0;
	test_at(side, loop_now_ms(zones->loop) + about(zones, trouble ? side->retry_ms : zones->timing.test_every_ms));
	if (trouble && side->state != ZONE_OUT)
		go_out(side, trouble);
	else if (trouble)
		side->trouble = (uint8_t)trouble;
	else if (side->state != ZONE_WELL)
		go_well(side);
}

static void hear(struct zone_side *side, enum zone_test test, const struct dns_answer *answer)
{
	side->questions[test] = NULL;
	side->words[test] = zone_word_of(NULL, answer);
	if (!is_being_tested(side))
		end_test(side);
}

static void hear_listed(void *data, const struct dns_answer *answer)
{
	hear(data, TEST_LISTED, answer);
}

static void hear_unlisted(void *data, const struct dns_answer *answer)
{
	hear(data, TEST_UNLISTED, answer);
}

/* Nobody is there to be told that the name is too long: zones_create has tried it. */
static int ask(struct zone_side *side, enum zone_test test, resolver_fn *fn)
{
	const struct addr *address = &test_addresses[side->family == ADDR_IPV6][test];
	char name[DNS_NAME_SIZE];
	int r = dns_list_name(address, bytes_of(name_of(side)), name);

	assert(r == 0);
	return resolver_ask_anew(side->zones->resolver, name, DNS_A, fn, side, &side->questions[test]);
}

static void cancel_test(struct zone_side *side)
{
	for (int i = 0; i < TEST_COUNT; i++) {
		resolver_cancel(side->questions[i]);
		side->questions[i] = NULL;
	}
}

static void begin_test(void *data)
{
	struct zone_side *side = data;
	uint64_t again_ms = loop_now_ms(side->zones->loop) + side->zones->timing.retry_least_ms;
	int r;

	test_at(side, again_ms);
	if (is_being_tested(side))
		return;
	r = ask(side, TEST_LISTED, hear_listed);
	if (r == 0)
		r = ask(side, TEST_UNLISTED, hear_unlisted);
	/* We have too much to do or no memory: the zone stays what it was until the next time. */
	if (r < 0)
		cancel_test(side);
}

/* A zone that passes its tests and fails clients all the same goes out again and again: then it is not
 * brought back faster than by a failed test. */
static void fail_clients(struct zone_side *side, enum zone_trouble trouble)
{
	uint64_t now_ms = loop_now_ms(side->zones->loop), soonest_ms = 0;

	if (side->came_back && now_ms < side->since_ms + side->zones->timing.retry_least_ms)
		soonest_ms = now_ms + about(side->zones, side->zones->timing.retry_least_ms);
	if (!is_being_tested(side))
		test_at(side, soonest_ms);
	go_out(side, trouble);
}

static bool is_away(const struct zone_side *side, enum zone_word word, uint64_t asked_ms)
{
	uint64_t open_ms = loop_now_ms(side->zones->loop) - asked_ms;

	return word == WORD_FAILED && side->zones->timing.silent_ms && open_ms >= side->zones->timing.silent_ms &&
	       side->heard_ms <= asked_ms;
}

void zone_side_heard(struct zone_side *side, enum zone_word word, uint64_t asked_ms)
{
	if (word != WORD_FAILED)
		side->heard_ms = loop_now_ms(side->zones->loop);
	/* While untried, its test is under way. What was asked for before it came back says why it was out. */
	if (side->state != ZONE_WELL || asked_ms < side->since_ms)
		return;
	if (!zone_word_is_bad(word))
		side->bad_in_a_row = 0;
	else if (is_away(side, word, asked_ms) || ++side->bad_in_a_row >= side->zones->timing.bad_in_a_row)
		fail_clients(side, trouble_of_word(word));
}

int zone_side_open(struct zone_side *side, struct zones *zones, uint8_t number, uint8_t family)
{
	char name[DNS_NAME_SIZE];
	int r;

	*side = (struct zone_side){ .zones = zones, .number = number, .family = family };
	r = dns_list_name(&test_addresses[family == ADDR_IPV6][0], bytes_of(name_of(side)), name);
	if (r < 0)
		return -EINVAL;
	r = loop_timer_create(zones->loop, begin_test, side, &side->timer);
	return r < 0 ? r : loop_timer_arm(side->timer, 0);
}

void zone_side_close(struct zone_side *side)
{
	cancel_test(side);
	loop_timer_destroy(side->timer);
}

const char *zone_state_name(unsigned state)
{
	static const char *const names[] = { [ZONE_UNTRIED] = "untried", [ZONE_WELL] = "well", [ZONE_OUT] = "out" };

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : "?";
}

const char *zone_trouble_words(unsigned trouble)
{
	static const char *const texts[ZONE_TROUBLES] = {
#define ZONE_TROUBLE(id, words) [ZONE_##id] = words,
#include "defs/zone_troubles.def"
#undef ZONE_TROUBLE
	};

	return trouble < ZONE_TROUBLES ? texts[trouble] : "?";
}
