/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/zones_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

/* Who lists nobody costs two questions in ten minutes; who is silent is missed for half a minute at
 * first. Five in a row: of a zone that loses one question in ten, one run in 100,000 is that bad. Who comes
 * seldom would be held up five times for it, though: a name server that says nothing for 3 s, over its repeats, is
 * away. Should it not be, the test at once brings the zone back. */
static const struct zones_timing usual_timing = {
	.test_every_ms = 600000,
	.retry_least_ms = 30000,
	.retry_most_ms = 600000,
	.bad_in_a_row = 5,
	.silent_ms = 3000,
	.slow_ms = 500,
};

static bool is_loopback_list(uint32_t address)
{
	return address >> 24 == 127;
}

static bool is_refusal(uint32_t address)
{
	return address >> 8 == 0x7fffff;
}

static bool rule_takes(const struct zone_rule *rule, uint32_t address)
{
	if (!rule || rule->reply_count == 0)
		return true;
	for (size_t i = 0; i < rule->reply_count; i++) {
		if (address >= rule->replies[i].first && address <= rule->replies[i].last)
			return true;
	}
	return false;
}

static uint32_t address_number(const uint8_t octets[4])
{
	return (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 | (uint32_t)octets[2] << 8 | octets[3];
}

enum zone_word zone_word_of(const struct zone_rule *rule, const struct dns_answer *answer)
{
	enum zone_word word = WORD_CLEAN;

	if (answer->outcome > DNS_NO_NAME)
		return WORD_FAILED;
	for (size_t i = 0; i < answer->address_count; i++) {
		uint32_t address = address_number(answer->addresses[i]);

		if (is_refusal(address))
			return WORD_REFUSED;
		if (!is_loopback_list(address))
			word = WORD_FOREIGN;
		else if (word == WORD_CLEAN && rule_takes(rule, address))
			word = WORD_LISTED;
	}
	return word;
}

bool zones_list_name(const struct zones *zones, size_t zone, const struct addr *client, char name[DNS_NAME_SIZE])
{
	return dns_list_name(client, bytes_of(zones->zones[zone].rule.name), name) == 0;
}

static void fill_text(const char *pattern, const struct addr *client, char text[ZONES_TEXT_SIZE])
{
	char address[ADDR_TEXT_SIZE];
	size_t size = 0;

	addr_format(client, address);
	for (; *pattern && size < ZONES_TEXT_SIZE - 1; pattern++) {
		bool is_address = pattern[0] == '%' && pattern[1] == 'a';
		size_t room = ZONES_TEXT_SIZE - 1 - size;

		if (is_address) {
			struct bytes part = bytes_first(bytes_of(address), room);

			memcpy(text + size, part.data, part.size);
			size += part.size;
			pattern++;
		} else {
			text[size++] = *pattern >= ' ' && *pattern <= '~' ? *pattern : '?';
		}
	}
	text[size] = '\0';
}

/* What the zone says itself, as it is: its percent signs are its own. */
static void copy_text(const struct dns_answer *answer, char text[ZONES_TEXT_SIZE])
{
	struct bytes part = bytes_first(bytes_make(answer->text, answer->text_size), ZONES_TEXT_SIZE - 1);

	memcpy(text, part.data, part.size);
	text[part.size] = '\0';
}

const char *zones_text(struct zones *zones, unsigned zone, const struct addr *client, char text[ZONES_TEXT_SIZE])
{
	struct dns_answer answer;
	char name[DNS_NAME_SIZE];

	assert(zone < zones->count);
	text[0] = '\0';
	if (zones->zones[zone].rule.text[0])
		fill_text(zones->zones[zone].rule.text, client, text);
	else if (zones_list_name(zones, zone, client, name) &&
		 resolver_known(zones->resolver, name, DNS_TXT, &answer) && answer.outcome == DNS_FOUND)
		copy_text(&answer, text);
	return text;
}

size_t zones_count(const struct zones *zones)
{
	return zones->count;
}

void zones_look_at_health(const struct zones *zones, unsigned number, struct zone_health *ret)
{
	const struct zone *zone = &zones->zones[number];

	assert(number < zones->count);
	*ret = (struct zone_health){
		.state = zone->sides[0].state,
		.trouble = zone->sides[0].trouble,
		.state6 = zone->sides[1].state,
		.trouble6 = zone->sides[1].trouble,
		.latency_ms = (uint32_t)((zone->latency_16th_ms + 8) / 16),
		.asked = zone->asked,
		.listed = zone->listed,
		.errors = zone->errors,
	};
}

static int zone_open(struct zones *zones, uint8_t number)
{
	int r = zone_side_open(&zones->zones[number].sides[0], zones, number, ADDR_IPV4);

	return r < 0 ? r : zone_side_open(&zones->zones[number].sides[1], zones, number, ADDR_IPV6);
}

static int zones_open(struct zones *zones)
{
	int r = loop_timer_create(zones->loop, zones_call_ready, zones, &zones->ready_timer);

	if (r == 0)
		r = loop_timer_arm(zones->ready_timer, UINT64_MAX);
	for (size_t i = 0; i < zones->count && r == 0; i++)
		r = zone_open(zones, (uint8_t)i);
	return r;
}

static bool rules_are_valid(const struct zone_rule *rules, size_t count)
{
	if (count > ZONES_MOST)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!dns_name_is_well(bytes_of(rules[i].name)) || rules[i].reply_count > ZONE_REPLIES_MOST)
			return false;
	}
	return true;
}

int zones_create_timed(struct loop *loop, struct resolver *resolver, const struct zone_rule *rules, size_t count,
		       const struct zones_timing *timing, struct zones **ret)
{
	struct zones *zones;
	int r;

	if (!rules_are_valid(rules, count))
		return -EINVAL;
	zones = calloc(1, sizeof(*zones) + count * sizeof(zones->zones[0]));
	if (!zones)
		return -ENOMEM;
	zones->loop = loop;
	zones->resolver = resolver;
	zones->timing = *timing;
	zones->count = count;
	TAILQ_INIT(&zones->ready);
	for (size_t i = 0; i < count; i++)
		zones->zones[i].rule = rules[i];
	/* Without it the tests only lose their spread. */
	if (getrandom(&zones->chance, sizeof(zones->chance), GRND_NONBLOCK) < 0)
		zones->chance = (uintptr_t)zones;
	r = zones_open(zones);
	if (r < 0) {
		zones_destroy(zones);
		return r;
	}
	*ret = zones;
	return 0;
}

int zones_create(struct loop *loop, struct resolver *resolver, const struct zone_rule *rules, size_t count,
		 struct zones **ret)
{
	return zones_create_timed(loop, resolver, rules, count, &usual_timing, ret);
}

void zones_destroy(struct zones *zones)
{
	if (!zones)
		return;
	assert(LIST_EMPTY(&zones->looks));
	if (zones->destroyed)
		*zones->destroyed = true;
	for (size_t i = 0; i < zones->count; i++) {
		zone_side_close(&zones->zones[i].sides[0]);
		zone_side_close(&zones->zones[i].sides[1]);
	}
	loop_timer_destroy(zones->ready_timer);
	free(zones);
}
