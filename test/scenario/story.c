/* SPDX-License-Identifier: Apache-2.0 */
/* story - plays stories of logs and bans: story [--fails-at LINE] SIGNATURES FILE…
 *
 * See script.h for what a story is. `given NAME VALUE, …` are settings.
 */
#include "world.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* A `then` may come a tick of the wheel late, and a little more. */
#define TOLERANCE_MS 1000

static void connects(struct story *s, const struct details *d)
{
	story_expect(s, world_try(s->world, &d->client), "the kernel dropped it");
}

static void tries(struct story *s, const struct details *d)
{
	world_try(s->world, &d->client);
}

static void is_dropped(struct story *s, const struct details *d)
{
	story_expect(s, !world_try(s->world, &d->client), "it got in");
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
		story_fail(s, 2, "that time has passed already");
	try_for(s, d, d->times[1] - age);
	world_pass(s->world, TOLERANCE_MS);
}

static void tries_for(struct story *s, const struct details *d)
{
	if (d->times[0] == 0)
		story_fail(s, 2, "that never ends");
	try_for(s, d, d->times[1]);
}

static void acknowledges(struct story *s, const struct details *d)
{
	world_acknowledge(s->world, &d->client);
}

static void log_says(struct story *s, const struct details *d)
{
	if (!world_log(s->world, d->rest))
		story_fail(s, 2, "no signature knows this line");
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
	story_expect(s, !world_log(s->world, d->rest), "a signature knows this line");
}

static void admin_bans(struct story *s, const struct details *d)
{
	story_expect(s, world_ban(s->world, &d->client.addr, d->times[0], d->rest), "that was refused");
}

static void admin_cannot_ban(struct story *s, const struct details *d)
{
	story_expect(s, !world_ban(s->world, &d->client.addr, 0, d->rest), "that was not refused");
}

static void admin_unbans(struct story *s, const struct details *d)
{
	story_expect(s, world_unban(s->world, &d->client.addr), "it was not banned");
}

static void admin_allows(struct story *s, const struct details *d)
{
	story_expect(s, world_allow(s->world, &d->prefix), "that was refused");
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
	story_expect(s, world_banned_ms(s->world, &d->client.addr) > 0, "it is not");
}

static void is_not_banned(struct story *s, const struct details *d)
{
	uint64_t left = world_banned_ms(s->world, &d->client.addr);
	char text[DURATION_TEXT_SIZE];

	if (left)
		story_fail(s, 1, "it is banned for %s", duration_format(left, text));
}

static void is_banned_for(struct story *s, const struct details *d)
{
	uint64_t left = world_banned_ms(s->world, &d->client.addr);
	char text[DURATION_TEXT_SIZE];

	if (left == 0 || left > d->times[0] || left + TOLERANCE_MS < d->times[0])
		story_fail(s, 1, "it is banned for %s", duration_format(left, text));
}

static void is_led_for(struct story *s, const struct details *d)
{
	uint64_t left = world_suspect_ms(s->world, &d->client.addr);
	char text[DURATION_TEXT_SIZE];

	if (left == 0 || left > d->times[0] || left + TOLERANCE_MS < d->times[0])
		story_fail(s, 1, "it is led to the gate for %s", duration_format(left, text));
}

static void is_led(struct story *s, const struct details *d)
{
	story_expect(s, world_suspect_ms(s->world, &d->client.addr) > 0, "it comes to the mail server directly");
}

static void is_not_led(struct story *s, const struct details *d)
{
	uint64_t left = world_suspect_ms(s->world, &d->client.addr);
	char text[DURATION_TEXT_SIZE];

	if (left)
		story_fail(s, 1, "it is led to the gate for %s", duration_format(left, text));
}

static void gate_passes(struct story *s, const struct details *d)
{
	story_expect(s, world_suspect_ms(s->world, &d->client.addr) > 0, "it does not come to the gate");
	world_gate_passes(s->world, &d->client.addr);
}

static void is_connected(struct story *s, const struct details *d)
{
	story_expect(s, world_connection(s->world, &d->client) == CONNECTED, "it is not");
}

static void is_evicted(struct story *s, const struct details *d)
{
	story_expect(s, world_connection(s->world, &d->client) == EVICTED, "it is not");
}

static void score_is(struct story *s, const struct details *d)
{
	uint32_t score = world_score(s->world, &d->client.addr);

	if (score != d->count)
		story_fail(s, 1, "it is %u", score);
}

static void got_in(struct story *s, const struct details *d)
{
	unsigned count = world_got_in(s->world, &d->client.addr);

	if (count != d->count)
		story_fail(s, 1, "it got in %u times", count);
}

static void is_protected(struct story *s, const struct details *d)
{
	const struct prefix_entry *entry = world_protection(s->world, &d->client.addr);

	story_expect(s,
	       entry && entry->prefix.length == d->prefix.length &&
		       addr_equal(&entry->prefix.addr, &d->prefix.addr),
	       "it is not");
}

static void explain_says(struct story *s, const struct details *d)
{
	const char *text = world_explain(s->world, &d->client.addr);

	if (!bytes_contain(bytes_of(text), d->rest))
		story_fail(s, 1, "it says:\n%s", text);
}

static const struct phrase phrases[] = {
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
	{ WHEN, "the gate finds {client} clean", gate_passes },
	{ WHEN, "the daemon restarts", restarts },
	{ WHEN, "the kernel loses its table", loses_table },
	{ WHEN, "the clock is set back by {time}", clock_back },
	{ WHEN, "the clock is set forward by {time}", clock_forward },
	{ THEN, "{client} is banned for {time}", is_banned_for },
	{ THEN, "{client} is banned", is_banned },
	{ THEN, "{client} is not banned", is_not_banned },
	{ THEN, "{client} is led to the gate for {time}", is_led_for },
	{ THEN, "{client} is led to the gate", is_led },
	{ THEN, "{client} comes to the mail server directly", is_not_led },
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

static void play_settings(struct story *story, struct bytes text)
{
	while (text.size) {
		size_t end = bytes_find_char(text, ',');
		struct bytes pair = bytes_first(text, end), name = story_take_word(&pair);

		if (!world_set(story->world, name, pair))
			story_fail(story, 2, "no setting of a story, or a wrong value: %.*s",
			     BYTES_FMT(name));
		text = bytes_trim(bytes_skip(text, end + 1));
	}
}

static const char *signatures;

static struct world *begin(void)
{
	return world_create(signatures);
}

static void end(struct story *story)
{
	world_destroy(story->world);
}

int main(int argc, char **argv)
{
	static const struct script script = {
		.phrases = phrases,
		.phrase_count = sizeof(phrases) / sizeof(phrases[0]),
		.given = play_settings,
		.without_remarks = "log say", /* a log line ends where it ends */
		.begin = begin,
		.end = end,
	};

	setenv("TZ", "UTC", 1);
	tzset();
	story_options(&argc, &argv);
	if (argc < 3) {
		fprintf(stderr, "usage: story [--fails-at LINE] SIGNATURES FILE...\n");
		return 2;
	}
	signatures = argv[1];
	return story_play(&script, argv + 2, argc - 2);
}
