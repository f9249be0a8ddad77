/* SPDX-License-Identifier: Apache-2.0 */
/* story - plays stories: story SIGNATURES FILE…
 *
 * A story is a text that a mail administrator can read. Its lines are
 *
 *	story: TITLE            once, first
 *	given  NAME VALUE, …    settings, before anything happens
 *	when   PHRASE           something happens
 *	then   PHRASE           something is so
 *	and    …                the same as the line before
 *	# …                     a remark; also behind a phrase, after two blanks
 *
 * All phrases are rows of the table below. "it" is the client that was named last; an IPv6 address
 * with a port is [2001:db8::7]:4711. Whatever is not understood is a mistake: FILE:LINE says where,
 * and the exit status is 2; it is 1 when a `then` is not so.
 *
 * story --fails-at LINE SIGNATURES FILE is well when the first thing wrong is in that line.
 */
#include "world.h"

#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define STORY_MOST 65536
/* A `then` may come a tick of the wheel late, and a little more. */
#define TOLERANCE_MS 1000

/* What a phrase has in its braces. */
struct details {
	struct client client;
	uint64_t times[2]; /* ms, as they come */
	size_t time_count;
	uint64_t count;
	struct prefix prefix;
	struct bytes rest;
};

struct story {
	const char *file;
	unsigned line;
	struct world *world;
	struct client it;
};

static unsigned fails_at; /* 0: not expected */

static void fail(const struct story *story, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4), noreturn));

static void fail(const struct story *story, int status, const char *format, ...)
{
	va_list args;

	if (fails_at)
		exit(fails_at == story->line ? 0 : 1);
	fprintf(stderr, "%s:%u: ", story->file, story->line);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\n");
	exit(status);
}

static void expect(const struct story *story, bool well, const char *but)
{
	if (!well)
		fail(story, 1, "%s", but);
}

static void connects(struct story *s, const struct details *d)
{
	expect(s, world_try(s->world, &d->client), "the kernel dropped it");
}

static void tries(struct story *s, const struct details *d)
{
	world_try(s->world, &d->client);
}

static void is_dropped(struct story *s, const struct details *d)
{
	expect(s, !world_try(s->world, &d->client), "it got in");
}

static void passes(struct story *s, const struct details *d)
{
	world_pass(s->world, d->times[0]);
}

static void passes_and_tries(struct story *s, const struct details *d)
{
	passes(s, d);
	tries(s, d);
}

static void try_for(struct story *s, const struct details *d, uint64_t left)
{
	while (left) {
		uint64_t step = d->times[0] < left ? d->times[0] : left;

		world_pass(s->world, step);
		left -= step;
		if (left)
			tries(s, d);
	}
}

static void tries_until(struct story *s, const struct details *d)
{
	uint64_t age = world_age_ms(s->world);

	if (d->times[0] == 0 || d->times[1] < age)
		fail(s, 2, "that time has passed already");
	try_for(s, d, d->times[1] - age);
	world_pass(s->world, TOLERANCE_MS);
}

static void tries_for(struct story *s, const struct details *d)
{
	if (d->times[0] == 0)
		fail(s, 2, "that never ends");
	try_for(s, d, d->times[1]);
}

static void acknowledges(struct story *s, const struct details *d)
{
	world_acknowledge(s->world, &d->client);
}

static void log_says(struct story *s, const struct details *d)
{
	if (!world_log(s->world, d->rest))
		fail(s, 2, "no signature knows this line");
}

static void log_repeats(struct story *s, const struct details *d)
{
	for (uint64_t i = 0; i < d->count; i++) {
		log_says(s, d);
		world_pass(s->world, d->times[0] / d->count);
	}
}

static void log_says_what_nobody_knows(struct story *s, const struct details *d)
{
	expect(s, !world_log(s->world, d->rest), "a signature knows this line");
}

static void admin_bans(struct story *s, const struct details *d)
{
	expect(s, world_ban(s->world, &d->client.addr, d->times[0], d->rest), "that was refused");
}

static void admin_cannot_ban(struct story *s, const struct details *d)
{
	expect(s, !world_ban(s->world, &d->client.addr, 0, d->rest), "that was not refused");
}

static void admin_unbans(struct story *s, const struct details *d)
{
	expect(s, world_unban(s->world, &d->client.addr), "it was not banned");
}

static void admin_allows(struct story *s, const struct details *d)
{
	expect(s, world_allow(s->world, &d->prefix), "that was refused");
}

static void restarts(struct story *s, const struct details *d)
{
	world_restart(s->world);
}

static void loses_table(struct story *s, const struct details *d)
{
	world_lose_kernel_table(s->world);
}

static void clock_back(struct story *s, const struct details *d)
{
	world_set_clock(s->world, -(int64_t)d->times[0]);
}

static void clock_forward(struct story *s, const struct details *d)
{
	world_set_clock(s->world, (int64_t)d->times[0]);
}

static void is_banned(struct story *s, const struct details *d)
{
	expect(s, world_banned_ms(s->world, &d->client.addr) > 0, "it is not");
}

static void is_not_banned(struct story *s, const struct details *d)
{
	uint64_t left = world_banned_ms(s->world, &d->client.addr);
	char text[DURATION_TEXT_SIZE];

	if (left)
		fail(s, 1, "it is banned for %s", duration_format(left, text));
}

static void is_banned_for(struct story *s, const struct details *d)
{
	uint64_t left = world_banned_ms(s->world, &d->client.addr);
	char text[DURATION_TEXT_SIZE];

	if (left == 0 || left > d->times[0] || left + TOLERANCE_MS < d->times[0])
		fail(s, 1, "it is banned for %s", duration_format(left, text));
}

static void is_connected(struct story *s, const struct details *d)
{
	expect(s, world_connection(s->world, &d->client) == CONNECTED, "it is not");
}

static void is_evicted(struct story *s, const struct details *d)
{
	expect(s, world_connection(s->world, &d->client) == EVICTED, "it is not");
}

static void score_is(struct story *s, const struct details *d)
{
	uint32_t score = world_score(s->world, &d->client.addr);

	if (score != d->count)
		fail(s, 1, "it is %u", score);
}

static void got_in(struct story *s, const struct details *d)
{
	unsigned count = world_got_in(s->world, &d->client.addr);

	if (count != d->count)
		fail(s, 1, "it got in %u times", count);
}

static void is_protected(struct story *s, const struct details *d)
{
	const struct prefix_entry *entry = world_protection(s->world, &d->client.addr);

	expect(s,
	       entry && entry->prefix.length == d->prefix.length &&
		       addr_equal(&entry->prefix.addr, &d->prefix.addr),
	       "it is not");
}

static void explain_says(struct story *s, const struct details *d)
{
	const char *text = world_explain(s->world, &d->client.addr);

	if (!bytes_contain(bytes_of(text), d->rest))
		fail(s, 1, "it says:\n%s", text);
}

enum mood { NOTHING, GIVEN, WHEN, THEN };

/* The first row that fits counts, so the longer of two that begin alike comes first. */
static const struct phrase {
	enum mood mood;
	const char *words;
	void (*play)(struct story *story, const struct details *details);
} phrases[] = {
	{ WHEN, "{client} connects", connects },
	{ WHEN, "{client} tries every {time} until {time} has passed", tries_until },
	{ WHEN, "{client} tries every {time} for {time}", tries_for },
	{ WHEN, "{client} tries again", tries },
	{ WHEN, "{client} has acknowledged everything", acknowledges },
	{ WHEN, "{time} pass and {client} tries again", passes_and_tries },
	{ WHEN, "{time} pass", passes },
	{ WHEN, "the log says {count} times in {time} {rest}", log_repeats },
	{ WHEN, "the log says {rest}", log_says },
	{ WHEN, "a client makes the log say {rest}", log_says_what_nobody_knows },
	{ WHEN, "the administrator bans {client} for {time} because {rest}", admin_bans },
	{ WHEN, "the administrator bans {client} for {time}", admin_bans },
	{ WHEN, "the administrator bans {client}", admin_bans },
	{ WHEN, "the administrator unbans {client}", admin_unbans },
	{ WHEN, "the administrator allows {prefix}", admin_allows },
	{ WHEN, "the daemon restarts", restarts },
	{ WHEN, "the kernel loses its table", loses_table },
	{ WHEN, "the clock is set back by {time}", clock_back },
	{ WHEN, "the clock is set forward by {time}", clock_forward },
	{ THEN, "{client} is banned for {time}", is_banned_for },
	{ THEN, "{client} is banned", is_banned },
	{ THEN, "{client} is not banned", is_not_banned },
	{ THEN, "{client} is still connected", is_connected },
	{ THEN, "{client} is evicted", is_evicted },
	{ THEN, "{client} gets in", connects },
	{ THEN, "{client} is dropped", is_dropped },
	{ THEN, "{client} got in {count} times", got_in },
	{ THEN, "{client} is protected by {prefix}", is_protected },
	{ THEN, "the score of {client} is {count}", score_is },
	{ THEN, "the administrator cannot ban {client}", admin_cannot_ban },
	{ THEN, "explain {client} says {rest}", explain_says },
};

static bool read_client(struct story *story, struct bytes word, struct client *ret)
{
	size_t colon = bytes_find_char(word, ':');
	struct bytes addr = word, port = { 0 };
	uint64_t number = 0;

	*ret = story->it;
	if (bytes_equal(word, BYTES_LITERAL("it")))
		return ret->addr.family != ADDR_NONE;
	if (bytes_starts_with(word, BYTES_LITERAL("["))) {
		size_t end = bytes_find(word, BYTES_LITERAL("]:"));

		addr = bytes_skip(bytes_first(word, end), 1);
		port = bytes_skip(word, end + 2);
	} else if (addr_parse(word, &ret->addr) < 0) {
		addr = bytes_first(word, colon);
		port = bytes_skip(word, colon + 1);
	}
	if (addr_parse(addr, &ret->addr) < 0 ||
	    (addr.size != word.size && bytes_to_u64(port, 65535, &number) < 0))
		return false;
	ret->port = (uint16_t)number;
	story->it = *ret;
	return true;
}

static bool read_detail(struct story *story, struct bytes kind, struct bytes word,
			struct details *ret)
{
	if (bytes_equal(kind, BYTES_LITERAL("{client}")))
		return read_client(story, word, &ret->client);
	if (bytes_equal(kind, BYTES_LITERAL("{time}")))
		return ret->time_count < 2 &&
		       duration_parse(word, &ret->times[ret->time_count++]) == 0;
	if (bytes_equal(kind, BYTES_LITERAL("{count}")))
		return bytes_to_u64(word, UINT32_MAX, &ret->count) == 0;
	if (bytes_equal(kind, BYTES_LITERAL("{prefix}")))
		return prefix_parse(word, &ret->prefix) == 0;
	return bytes_equal(kind, word);
}

static struct bytes take_word(struct bytes *text)
{
	size_t end = 0;
	struct bytes word;

	*text = bytes_trim(*text);
	while (end < text->size && !char_is_blank(text->data[end]))
		end++;
	word = bytes_first(*text, end);
	*text = bytes_trim(bytes_skip(*text, end));
	return word;
}

static bool fits(struct story *story, const char *words, struct bytes text, struct details *ret)
{
	struct bytes expected = bytes_of(words);

	*ret = (struct details){ 0 };
	while (expected.size) {
		struct bytes word = take_word(&expected);

		if (bytes_equal(word, BYTES_LITERAL("{rest}"))) {
			ret->rest = text;
			return text.size > 0;
		}
		if (!read_detail(story, word, take_word(&text), ret))
			return false;
	}
	return text.size == 0;
}

static void play_phrase(struct story *story, enum mood mood, struct bytes text)
{
	struct client it = story->it;
	struct details details;

	for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++) {
		story->it = it;
		if (phrases[i].mood != mood || !fits(story, phrases[i].words, text, &details))
			continue;
		phrases[i].play(story, &details);
		return;
	}
	fail(story, 2, "not understood: %.*s", BYTES_FMT(text));
}

static void play_settings(struct story *story, struct bytes text)
{
	while (text.size) {
		size_t end = bytes_find_char(text, ',');
		struct bytes pair = bytes_first(text, end), name = take_word(&pair);

		if (!world_set(story->world, name, pair))
			fail(story, 2, "no setting of a story, or a wrong value: %.*s",
			     BYTES_FMT(name));
		text = bytes_trim(bytes_skip(text, end + 1));
	}
}

/* A log line ends where it ends: what looks like a remark there is the client's. */
static struct bytes without_remark(struct bytes line)
{
	size_t remark;

	if (bytes_contain(line, BYTES_LITERAL("log say")))
		return line;
	remark = bytes_find(line, BYTES_LITERAL("  #"));
	return bytes_trim(bytes_starts_with(line, BYTES_LITERAL("#")) ? bytes_first(line, 0)
								      : bytes_first(line, remark));
}

static void play_line(struct story *story, enum mood *mood, struct bytes line)
{
	struct bytes word = take_word(&line);
	enum mood before = *mood;

	if (bytes_equal(word, BYTES_LITERAL("given")))
		*mood = GIVEN;
	else if (bytes_equal(word, BYTES_LITERAL("when")))
		*mood = WHEN;
	else if (bytes_equal(word, BYTES_LITERAL("then")))
		*mood = THEN;
	else if (!bytes_equal(word, BYTES_LITERAL("and")) || *mood == NOTHING)
		fail(story, 2, "a line begins with given, when, then or and");
	if (*mood == GIVEN && before > GIVEN)
		fail(story, 2, "settings come before anything happens");
	if (*mood == GIVEN)
		play_settings(story, line);
	else
		play_phrase(story, *mood, line);
}

static void play(const char *signatures, const char *file, struct bytes text)
{
	struct story story = { .file = file, .world = world_create(signatures) };
	enum mood mood = NOTHING;
	bool titled = false, checked = false;

	while (text.size) {
		size_t end = bytes_find_char(text, '\n');
		struct bytes line = without_remark(bytes_trim(bytes_first(text, end)));

		story.line++;
		text = bytes_skip(text, end + 1);
		if (line.size == 0)
			continue;
		if (!titled) {
			titled = bytes_starts_with(line, BYTES_LITERAL("story: "));
			if (!titled)
				fail(&story, 2, "a story begins with story: and its title");
			continue;
		}
		play_line(&story, &mood, line);
		checked = checked || mood == THEN;
	}
	if (!checked)
		fail(&story, 2, "nothing is checked");
	world_destroy(story.world);
}

static struct bytes read_file(const char *file, char *text)
{
	FILE *in = fopen(file, "re");
	size_t size;

	if (!in) {
		fprintf(stderr, "%s: %s\n", file, strerror(errno));
		exit(2);
	}
	size = fread(text, 1, STORY_MOST, in);
	fclose(in);
	if (size == STORY_MOST) {
		fprintf(stderr, "%s: that is no story any more, it is a novel\n", file);
		exit(2);
	}
	return bytes_make(text, size);
}

int main(int argc, char **argv)
{
	static char text[STORY_MOST];
	int first = 1;

	setenv("TZ", "UTC", 1);
	tzset();
	if (argc > 2 && strcmp(argv[1], "--fails-at") == 0) {
		fails_at = (unsigned)strtoul(argv[2], NULL, 10);
		first = 3;
	}
	if (argc < first + 2) {
		fprintf(stderr, "usage: story [--fails-at LINE] SIGNATURES FILE...\n");
		return 2;
	}
	for (int i = first + 1; i < argc; i++)
		play(argv[first], argv[i], read_file(argv[i], text));
	return fails_at ? 1 : 0;
}
