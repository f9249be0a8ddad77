/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/explain.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

#define SECOND_MS 1000ULL
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

bool explain_make(struct judge *judge, const struct bans *bans, const struct prefix_set *never,
		  const struct addr *asked, uint64_t now_ms, struct explanation *ret)
{
	const struct prefix_entry *protection;

	*ret = (struct explanation){ .asked = *asked, .unit = addr_unit(asked), .now_ms = now_ms };
	ret->for_ms = bans_limits(bans)->for_ms;
	ret->banned = bans_find(bans, &ret->unit, &ret->ban);
	ret->known = judge_look(judge, &ret->unit, now_ms, &ret->client);
	protection = prefix_set_find(never, &ret->unit);
	ret->is_protected = protection != NULL;
	if (protection)
		ret->protection = *protection;
	return ret->banned || ret->known || ret->is_protected;
}

/* Text that is made line by line. */
struct page {
	char *text;
	size_t size, used;
	bool full;
};

static void say(struct page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct page *page, const char *format, ...)
{
	size_t room = page->size - page->used;
	va_list args;
	int length;

	if (page->full)
		return;
	va_start(args, format);
	length = vsnprintf(page->text + page->used, room, format, args);
	va_end(args);
	page->full = length < 0 || (size_t)length >= room;
	if (page->full)
		page->text[page->used] = '\0';
	else
		page->used += (size_t)length;
}

static const char *wall(uint64_t wall_ms, char text[WALL_TEXT_SIZE])
{
	return wall_format(wall_ms / SECOND_MS, text);
}

/* As exact as somebody wants to know: seconds within the hour, minutes within the day. */
static const char *span(uint64_t ms, char text[DURATION_TEXT_SIZE])
{
	uint64_t unit = ms < HOUR_MS ? SECOND_MS : ms < DAY_MS ? MINUTE_MS : HOUR_MS;

	return duration_format(ms - ms % unit, text);
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

static void say_ban(struct page *page, const struct explanation *e, const char *who)
{
	char begin[WALL_TEXT_SIZE], until[WALL_TEXT_SIZE], most[WALL_TEXT_SIZE];
	char ago[DURATION_TEXT_SIZE], left[DURATION_TEXT_SIZE], lasts[DURATION_TEXT_SIZE];
	char why[BAN_WHY_SIZE * 4];
	const struct ban *ban = &e->ban;

	say(page, "%s is banned since %s (%s ago)", who, wall(ban->begin_ms, begin),
	    span(distance(e->now_ms, ban->begin_ms), ago));
	if (ban->state == BAN_CHECKING)
		say(page,
		    "; its time has come, and the kernel is asked whether the client tried again");
	else
		say(page, " until %s (in %s)", wall(ban->until_ms, until),
		    span(ban->until_ms > e->now_ms ? ban->until_ms - e->now_ms : 0, left));
	if (ban->fixed)
		say(page, ".\nIt ends then, whatever the client does.\n");
	else
		say(page,
		    ", at most until %s.\nEach new attempt begins its %s again, up to that time.\n",
		    wall(ban->at_most_ms, most), duration_format(e->for_ms, lasts));
	if (ban->by_hand && ban->why[0])
		say(page, "It was banned by hand: %s\n",
		    text_escape(bytes_make(ban->why, strnlen(ban->why, BAN_WHY_SIZE)), why,
				sizeof(why)));
	else if (ban->by_hand)
		say(page, "It was banned by hand.\n");
}

/* "told 511: dnsbl-reject of courier-smtp (listed)", as far as it is known. */
static void say_reason(struct page *page, uint16_t reply_code, uint32_t signature, uint8_t outcome,
		       explain_signature_fn *name, const void *data)
{
	struct explain_signature called;

	if (reply_code)
		say(page, "told %u: ", reply_code);
	if (signature && name && name(data, signature, &called))
		say(page, "%s of %s (%s)", called.name, called.service, outcome_name(outcome));
	else
		say(page, "%s", outcome_name(outcome));
}

static void say_event(struct page *page, const struct judge_entry *event,
		      explain_signature_fn *name, const void *data)
{
	char at[WALL_TEXT_SIZE];

	say(page, "  %s  ", wall(event->at_ms, at));
	say_reason(page, event->reply_code, event->signature, event->outcome, name, data);
	if (event->client_port)
		say(page, ", from port %u", event->client_port);
	if (event->added)
		say(page, ", added %u: score %u\n", event->added, event->score_after);
	else
		say(page, ", halved: score %u\n", event->score_after);
}

static void say_score(struct page *page, const struct explanation *e, explain_signature_fn *name,
		      const void *data)
{
	const struct judge_client *client = &e->client;
	char half[DURATION_TEXT_SIZE];

	say(page, "Its score is %u; %u is a ban (ban.score). It falls by half every %s.\n",
	    client->score, client->ban_score, duration_format(client->half_life_ms, half));
	if (client->offences > client->event_count)
		say(page, "Of %u offences, the latest events:\n", client->offences);
	for (size_t i = 0; i < client->event_count; i++)
		say_event(page, &client->events[i], name, data);
}

/* The ban's own memory, for when the score is forgotten: after a restart, or with a full table. */
static void say_kept_reason(struct page *page, const struct ban *ban, explain_signature_fn *name,
			    const void *data)
{
	say(page, "It began with: ");
	say_reason(page, 0, ban->signature, ban->outcome, name, data);
	say(page, ". The events are not remembered any more.\n");
}

static void say_talk(struct page *page, const char *talk)
{
	char text[EXPLAIN_TALK_MOST];

	say(page, "Last at the gate: %s\n", text_escape(bytes_of(talk), text, sizeof(text)));
}

static void say_let_in(struct page *page, const struct explanation *e)
{
	char until[WALL_TEXT_SIZE], left[DURATION_TEXT_SIZE];

	say(page, "The gate has let it in, and lets it in at once until %s (in %s).\n", wall(e->let_in_until_ms, until),
	    span(e->let_in_until_ms - e->now_ms, left));
}

static void say_relief(struct page *page, const struct explanation *e)
{
	const struct relief_record *r = e->relief;
	char ago[DURATION_TEXT_SIZE], words[RELIEF_WORDS_SIZE];

	say(page, "%s ago its connection %s ended near the server's limit (%u of %u): %s.\n",
	    span(distance(e->now_ms, r->at_ms), ago), r->observed ? "would have been" : "was", r->open, r->limit,
	    relief_words(r, words));
}

/* The never-list goes before all networks. */
static void say_suspect(struct page *page, const struct explanation *e, explain_signature_fn *name, const void *data)
{
	char since[WALL_TEXT_SIZE], until[WALL_TEXT_SIZE], left[DURATION_TEXT_SIZE];
	char prefix[PREFIX_TEXT_SIZE], why[PREFIX_WHY_SIZE * 4];
	const struct suspect *suspect = &e->suspect;

	if (e->suspected) {
		say(page, "It is a suspect, led to the gate, since %s until %s (in %s): ", wall(suspect->begin_ms, since),
		    wall(suspect->until_ms, until),
		    span(suspect->until_ms > e->now_ms ? suspect->until_ms - e->now_ms : 0, left));
		if (suspect->score)
			say(page, "its score was %u after ", suspect->score);
		else
			say(page, "it was banned for ");
		say_reason(page, 0, suspect->signature, suspect->outcome, name, data);
		say(page, ".\n");
	}
	if (e->over_limit)
		say(page, "It is a suspect, led to the gate, until %s (in %s): at %s it asked for more new connections than "
		    "limits.per_address allows.\n", wall(e->over_limit_until_ms, until),
		    span(e->over_limit_until_ms > e->now_ms ? e->over_limit_until_ms - e->now_ms : 0, left),
		    wall(e->over_limit_ms, since));
	if (e->network && !e->is_protected)
		say(page, "All of %s is suspect, and led to the gate (%s).\n", prefix_format(&e->network->prefix, prefix),
		    text_escape(bytes_make(e->network->why, strnlen(e->network->why, PREFIX_WHY_SIZE)), why, sizeof(why)));
}

static void say_what_next(struct page *page, const struct explanation *e)
{
	char prefix[PREFIX_TEXT_SIZE], why[PREFIX_WHY_SIZE * 4];
	uint32_t missing;

	if (e->is_protected) {
		say(page, "It is never banned: %s is on the never-list (%s).\n",
		    prefix_format(&e->protection.prefix, prefix),
		    text_escape(bytes_make(e->protection.why,
					   strnlen(e->protection.why, PREFIX_WHY_SIZE)),
				why, sizeof(why)));
	} else if (!e->banned && e->known) {
		missing = e->client.ban_score > e->client.score
				  ? e->client.ban_score - e->client.score
				  : 1;
		say(page, "An offence that adds %u or more would ban it now.\n", missing);
	} else if (e->banned && !e->ban.fixed) {
		say(page,
		    "After that it may come again, and is banned anew only for a new offence.\n");
	}
}

size_t explain_text(const struct explanation *explanation, explain_signature_fn *signature,
		    const void *signature_data, char *text, size_t text_size)
{
	struct page page = { text, text_size, 0, text_size == 0 };
	char who[ADDR_UNIT_TEXT_SIZE];

	addr_unit_format(&explanation->unit, who);
	if (explanation->banned)
		say_ban(&page, explanation, who);
	else
		say(&page, "%s is not banned.\n", who);
	if (explanation->known)
		say_score(&page, explanation, signature, signature_data);
	else if (explanation->banned && !explanation->ban.by_hand)
		say_kept_reason(&page, &explanation->ban, signature, signature_data);
	else if (!explanation->banned)
		say(&page, "No offence of it is known.\n");
	if (explanation->relief)
		say_relief(&page, explanation);
	say_suspect(&page, explanation, signature, signature_data);
	if (explanation->talk)
		say_talk(&page, explanation->talk);
	if (explanation->let_in_until_ms > explanation->now_ms)
		say_let_in(&page, explanation);
	say_what_next(&page, explanation);
	return page.used;
}
