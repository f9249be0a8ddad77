/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/zones_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

/* One question of a look: to a zone, or for the reverse name. */
struct slot {
	struct zones_look *look;
	struct resolver_question *question;
	uint64_t asked_ms;
	uint8_t zone; /* `count` for the reverse name */
	uint8_t word; /* enum zone_word; of the reverse name LISTED: it has one */
};

struct zones_look {
	LIST_ENTRY(zones_look) link;
	TAILQ_ENTRY(zones_look) ready_link;
	struct zones *zones;
	struct addr client;
	zones_fn *fn;
	void *data;
	bool reverse_too;
	bool is_ready;  /* in the list of those */
	bool is_called; /* or has been */
	struct slot slots[];
};

static struct zone_side *side_of(struct zones *zones, size_t zone, const struct addr *client)
{
	return &zones->zones[zone].sides[client->family == ADDR_IPV6];
}

static void arm_ready(struct zones *zones, uint64_t deadline_ms)
{
	int r = loop_timer_arm(zones->ready_timer, deadline_ms);

	assert(r == 0);
}

static bool slot_is_settled(struct zones_look *look, size_t zone)
{
	const struct zone_side *side = side_of(look->zones, zone, &look->client);

	return side->state == ZONE_OUT || (side->state == ZONE_WELL && look->slots[zone].word != WORD_NONE);
}

static bool is_settled(struct zones_look *look)
{
	struct zones *zones = look->zones;

	for (size_t i = 0; i < zones->count; i++) {
		if (!slot_is_settled(look, i))
			return false;
	}
	return !look->reverse_too || look->slots[zones->count].word != WORD_NONE;
}

static void ready_if_settled(struct zones_look *look)
{
	if (look->is_ready || look->is_called || !is_settled(look))
		return;
	look->is_ready = true;
	TAILQ_INSERT_TAIL(&look->zones->ready, look, ready_link);
	arm_ready(look->zones, 0);
}

void zones_side_changed(struct zones *zones)
{
	struct zones_look *look;

	LIST_FOREACH(look, &zones->looks, link)
		ready_if_settled(look);
}

/* As many as there were: those that become ready meanwhile have their turn in the next round. */
void zones_call_ready(void *data)
{
	struct zones *zones = data;
	struct zones_look *look;
	bool destroyed = false;
	size_t left = 0;

	arm_ready(zones, UINT64_MAX);
	TAILQ_FOREACH(look, &zones->ready, ready_link)
		left++;
	zones->destroyed = &destroyed;
	while (left-- && (look = TAILQ_FIRST(&zones->ready))) {
		TAILQ_REMOVE(&zones->ready, look, ready_link);
		look->is_ready = false;
		look->is_called = true;
		look->fn(look->data);
		if (destroyed)
			return;
	}
	zones->destroyed = NULL;
	if (!TAILQ_EMPTY(&zones->ready))
		arm_ready(zones, 0);
}

static void nobody_waits(void *data, const struct dns_answer *answer)
{
}

/* Its text will be wanted: into the cache with it. */
static void fetch_text(struct zones *zones, size_t zone, const struct addr *client)
{
	struct resolver_question *question;
	struct dns_answer answer;
	char name[DNS_NAME_SIZE];

	if (zones->zones[zone].rule.text[0] || !zones_list_name(zones, zone, client, name) ||
	    resolver_known(zones->resolver, name, DNS_TXT, &answer))
		return;
	if (resolver_ask(zones->resolver, name, DNS_TXT, nobody_waits, NULL, &question) == 0)
		resolver_cancel(question);
}

/* Whatever the zone's state: while it is untried, its word may come to count. */
static void count_word(struct zones *zones, size_t zone, const struct addr *client, enum zone_word word)
{
	zones->zones[zone].asked++;
	if (word != WORD_LISTED)
		return;
	zones->zones[zone].listed++;
	fetch_text(zones, zone, client);
}

static void note_latency(struct zone *zone, uint64_t ms)
{
	if (zone->latency_16th_ms == 0)
		zone->latency_16th_ms = ms * 16;
	else
		zone->latency_16th_ms = zone->latency_16th_ms - zone->latency_16th_ms / 8 + ms * 2;
}

static void hear_zone(void *data, const struct dns_answer *answer)
{
	struct slot *slot = data;
	struct zones_look *look = slot->look;
	struct zones *zones = look->zones;
	struct zone *zone = &zones->zones[slot->zone];

	slot->question = NULL;
	slot->word = (uint8_t)zone_word_of(&zone->rule, answer);
	count_word(zones, slot->zone, &look->client, slot->word);
	if (zone_word_is_bad(slot->word))
		zone->errors++;
	else
		note_latency(zone, loop_now_ms(zones->loop) - slot->asked_ms);
	zone_side_heard(side_of(zones, slot->zone, &look->client), slot->word, slot->asked_ms);
	ready_if_settled(look);
}

static uint8_t reverse_word(const struct dns_answer *answer)
{
	if (answer->outcome > DNS_NO_NAME)
		return WORD_FAILED;
	return answer->outcome == DNS_FOUND ? WORD_LISTED : WORD_CLEAN;
}

static void hear_reverse(void *data, const struct dns_answer *answer)
{
	struct slot *slot = data;

	slot->question = NULL;
	slot->word = reverse_word(answer);
	ready_if_settled(slot->look);
}

/* What cannot be asked for us has failed, through no fault of the zone. */
static int ask(struct slot *slot, const char *name, enum dns_type type, resolver_fn *fn)
{
	struct zones *zones = slot->look->zones;
	int r = resolver_ask(zones->resolver, name, type, fn, slot, &slot->question);

	slot->asked_ms = loop_now_ms(zones->loop);
	if (r == -EBUSY || r == -EINVAL)
		slot->word = WORD_FAILED;
	return r == -ENOMEM ? r : 0;
}

static int ask_zone(struct zones_look *look, size_t zone)
{
	struct slot *slot = &look->slots[zone];
	struct zones *zones = look->zones;
	struct dns_answer answer;
	char name[DNS_NAME_SIZE];

	/* Not asked is as good as failed, also when it comes back before the look has ended. */
	slot->word = WORD_FAILED;
	if (side_of(zones, zone, &look->client)->state == ZONE_OUT ||
	    !zones_list_name(zones, zone, &look->client, name))
		return 0;
	slot->word = WORD_NONE;
	if (!resolver_known(zones->resolver, name, DNS_A, &answer))
		return ask(slot, name, DNS_A, hear_zone);
	slot->word = (uint8_t)zone_word_of(&zones->zones[zone].rule, &answer);
	count_word(zones, zone, &look->client, slot->word);
	return 0;
}

static int ask_all(struct zones_look *look)
{
	size_t count = look->zones->count;
	char name[DNS_NAME_SIZE];
	int r = 0;

	for (size_t i = 0; i < count && r == 0; i++)
		r = ask_zone(look, i);
	if (r == 0 && look->reverse_too) {
		dns_reverse_name(&look->client, name);
		r = ask(&look->slots[count], name, DNS_PTR, hear_reverse);
	}
	return r;
}

static struct zones_look *make_look(struct zones *zones, const struct addr *client, bool reverse_too)
{
	size_t slots = zones->count + reverse_too;
	struct zones_look *look = calloc(1, sizeof(*look) + slots * sizeof(look->slots[0]));

	if (!look)
		return NULL;
	look->zones = zones;
	look->client = *client;
	look->reverse_too = reverse_too;
	for (size_t i = 0; i < slots; i++) {
		look->slots[i].look = look;
		look->slots[i].zone = (uint8_t)i;
	}
	LIST_INSERT_HEAD(&zones->looks, look, link);
	return look;
}

int zones_look(struct zones *zones, const struct addr *client, bool reverse_too, zones_fn *fn, void *data,
	       struct zones_look **ret)
{
	struct zones_look *look = make_look(zones, client, reverse_too);
	int r;

	assert(client->family != ADDR_NONE);
	if (!look)
		return -ENOMEM;
	look->fn = fn;
	look->data = data;
	r = ask_all(look);
	if (r < 0) {
		zones_look_end(look, NULL);
		return r;
	}
	ready_if_settled(look);
	*ret = look;
	return 0;
}

static void add_word(struct zones *zones, size_t zone, enum zone_word word, struct zones_verdict *verdict)
{
	if (word != WORD_CLEAN && word != WORD_LISTED)
		return;
	verdict->answered |= 1U << zone;
	if (word != WORD_LISTED)
		return;
	verdict->listed |= 1U << zone;
	verdict->score += zones->zones[zone].rule.weight;
}

static void add_reverse(enum zone_word word, struct zones_verdict *verdict)
{
	verdict->reverse_known = word == WORD_CLEAN || word == WORD_LISTED;
	verdict->has_reverse = word == WORD_LISTED;
}

static void sum_up(struct zones_look *look, struct zones_verdict *ret)
{
	struct zones *zones = look->zones;

	*ret = (struct zones_verdict){ 0 };
	for (size_t i = 0; i < zones->count; i++) {
		if (side_of(zones, i, &look->client)->state == ZONE_WELL)
			add_word(zones, i, look->slots[i].word, ret);
	}
	if (look->reverse_too)
		add_reverse(look->slots[zones->count].word, ret);
}

/* Who is not waited for any longer may be on its way, or never come: a zone that is as slow as this time and again is
 * as good as silent, however short the patience of those who ask. */
static void note_slow_ones(struct zones_look *look)
{
	struct zones *zones = look->zones;

	for (size_t i = 0; i < zones->count; i++) {
		const struct slot *slot = &look->slots[i];

		if (!slot->question || zones->timing.slow_ms == 0 ||
		    loop_now_ms(zones->loop) - slot->asked_ms < zones->timing.slow_ms)
			continue;
		zones->zones[i].errors++;
		zone_side_heard(side_of(zones, i, &look->client), WORD_FAILED, slot->asked_ms);
	}
}

void zones_look_end(struct zones_look *look, struct zones_verdict *ret)
{
	struct zones *zones = look->zones;

	if (ret) {
		sum_up(look, ret);
		note_slow_ones(look);
	}
	for (size_t i = 0; i < zones->count + look->reverse_too; i++)
		resolver_cancel(look->slots[i].question);
	if (look->is_ready)
		TAILQ_REMOVE(&zones->ready, look, ready_link);
	LIST_REMOVE(look, link);
	free(look);
}

static bool zone_known(struct zones *zones, size_t zone, const struct addr *client, enum zone_word *ret)
{
	const struct zone_side *side = side_of(zones, zone, client);
	struct dns_answer answer;
	char name[DNS_NAME_SIZE];

	*ret = WORD_NONE;
	if (side->state == ZONE_OUT || !zones_list_name(zones, zone, client, name))
		return true;
	if (side->state != ZONE_WELL || !resolver_known(zones->resolver, name, DNS_A, &answer))
		return false;
	*ret = zone_word_of(&zones->zones[zone].rule, &answer);
	return true;
}

static bool reverse_known(struct zones *zones, const struct addr *client, enum zone_word *ret)
{
	struct dns_answer answer;
	char name[DNS_NAME_SIZE];

	dns_reverse_name(client, name);
	if (!resolver_known(zones->resolver, name, DNS_PTR, &answer))
		return false;
	*ret = reverse_word(&answer);
	return true;
}

bool zones_known(struct zones *zones, const struct addr *client, bool reverse_too, struct zones_verdict *ret)
{
	enum zone_word words[ZONES_MOST], reverse = WORD_NONE;

	for (size_t i = 0; i < zones->count; i++) {
		if (!zone_known(zones, i, client, &words[i]))
			return false;
	}
	if (reverse_too && !reverse_known(zones, client, &reverse))
		return false;
	*ret = (struct zones_verdict){ 0 };
	for (size_t i = 0; i < zones->count; i++) {
		if (words[i] != WORD_NONE)
			count_word(zones, i, client, words[i]);
		add_word(zones, i, words[i], ret);
	}
	add_reverse(reverse, ret);
	return true;
}
