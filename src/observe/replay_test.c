/* SPDX-License-Identifier: Apache-2.0 */
#include "observe/replay.h"

#include "judge/signature_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define START 1248714000 /* 2009-07-27 17:00:00 UTC */

static const char signatures[] =
	"service sample\n"
	"signature connect\n  pattern ^connect {addr} {port}$\n  outcome connected\n"
	"signature listed\n  pattern ^listed {addr} {port}$\n  outcome listed\n"
	"signature unknown\n  pattern ^unknown {addr}$\n  outcome unknown-recipient\n"
	"signature disconnect\n  pattern ^disconnect {addr} {port}$\n  outcome disconnected\n";

struct scene {
	struct signature_set *set;
	struct prefix_set never;
	struct replay *replay;
};

static int set_up(void **state)
{
	static struct scene s;
	struct signature_mistake mistake;
	struct replay_limits limits = {
		.judge = { .half_life_ms = 600000, .ban_score = 100, .clients = 1000 },
		.bans = { .for_ms = 600000, .at_most_ms = 3600000, .most = 1000 },
		.never = &s.never,
	};
	struct prefix prefix;

	for (int i = 0; i < OUTCOME_COUNT; i++)
		limits.judge.scores[i] = outcome_score((enum outcome)i);
	assert_int_equal(signature_set_create(&s.set), 0);
	assert_int_equal(signature_file_read(s.set, BYTES_LITERAL(signatures), "sample.sig", &mistake), 0);
	assert_int_equal(signature_set_seal(s.set), 0);
	assert_int_equal(prefix_parse(BYTES_LITERAL("203.0.113.0/24"), &prefix), 0);
	s.never = (struct prefix_set){ 0 };
	assert_int_equal(prefix_set_add(&s.never, &prefix, "ban.never"), 0);
	assert_int_equal(replay_create(s.set, signature_set_by_name(s.set, BYTES_LITERAL("sample")), &limits, &s.replay),
			 0);
	*state = &s;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *s = *state;

	replay_destroy(s->replay);
	prefix_set_clear(&s->never);
	signature_set_destroy(s->set);
	return 0;
}

/* A line `second` seconds after START. */
static void says(struct scene *s, unsigned second, const char *message)
{
	const struct stamp_clock clock = { .now_s = START + 86400 };
	unsigned of_day = 17 * 3600 + second;
	char line[128];
	int size = snprintf(line, sizeof(line), "2009-07-27 %02u:%02u:%02u %s", of_day / 3600, of_day / 60 % 60, of_day % 60,
			    message);

	replay_line(s->replay, bytes_make(line, (size_t)size), false, &clock);
}

static void a_zombie_is_banned_once_and_kept_out(void **state)
{
	struct scene *s = *state;
	const struct replay_figures *f;

	says(s, 0, "connect 192.0.2.7 4711");
	says(s, 1, "listed 192.0.2.7 4711");
	says(s, 2, "listed 192.0.2.7 4711");
	says(s, 41, "disconnect 192.0.2.7 4711");
	for (unsigned minute = 1; minute <= 5; minute++)
		says(s, minute * 60, "connect 192.0.2.7 4712");
	says(s, 301, "listed 192.0.2.7 4712");
	f = replay_end(s->replay);
	assert_int_equal(f->lines, 10);
	assert_int_equal(f->recognised, 10);
	assert_int_equal(f->first_s, START);
	assert_int_equal(f->last_s, START + 301);
	assert_int_equal(f->connections, 6);
	assert_int_equal(f->offences, 3);
	assert_int_equal(f->clients, 1);
	assert_int_equal(f->bans, 1);
	assert_int_equal(f->banned_clients, 1);
	assert_int_equal(f->kept_out, 5);
	assert_int_equal(f->evicted, 1);
	assert_int_equal(f->slot_seconds, 40);
	assert_int_equal(f->unknown_ends, 0);
}

static void a_ban_ends_by_itself_and_at_its_cap(void **state)
{
	struct scene *s = *state;
	const struct replay_figures *f;

	says(s, 0, "listed 192.0.2.7 1");
	says(s, 700, "listed 192.0.2.7 2"); /* after ban.for: a new one */
	for (unsigned second = 760; second < 700 + 3700; second += 60)
		says(s, second, "connect 192.0.2.7 3");
	f = replay_end(s->replay);
	assert_int_equal(f->bans, 2);
	assert_int_equal(f->capped, 1);
	assert_int_equal(f->bans_at_once, 1);
	assert_int_equal(f->evicted, 2);
	assert_int_equal(f->unknown_ends, 2);
}

static void the_never_list_is_asked_first(void **state)
{
	struct scene *s = *state;

	says(s, 0, "listed 203.0.113.7 1");
	says(s, 1, "listed 203.0.113.8 1");
	says(s, 1, "unknown 203.0.113.9");
	assert_int_equal(replay_end(s->replay)->bans, 0);
	assert_int_equal(replay_end(s->replay)->offences, 3);
	assert_int_equal(replay_protected(s->replay, 0), 2);
}

static void the_worst_come_first(void **state)
{
	struct scene *s = *state;
	struct frequent_entry list[3];
	char text[PREFIX_TEXT_SIZE];

	for (unsigned i = 0; i < 4; i++)
		says(s, i, "unknown 2001:db8:7::1");
	says(s, 5, "unknown 192.0.2.7");
	says(s, 6, "unknown 192.0.2.8");
	says(s, 7, "unknown 192.0.2.8");
	assert_int_equal(replay_worst_clients(s->replay, list, 3), 3);
	assert_string_equal(prefix_format(&list[0].prefix, text), "2001:db8:7::/64");
	assert_string_equal(prefix_format(&list[1].prefix, text), "192.0.2.8");
	assert_int_equal(replay_worst_networks(s->replay, list, 3), 2);
	assert_string_equal(prefix_format(&list[0].prefix, text), "2001:db8:7::/48");
	assert_string_equal(prefix_format(&list[1].prefix, text), "192.0.2.0/24");
	assert_int_equal(list[1].count, 3);
}

static void a_wave_is_found(void **state)
{
	struct scene *s = *state;
	const struct wave_found *waves;
	uint64_t dropped;
	char line[64];

	for (unsigned i = 0; i < 1200; i++) {
		snprintf(line, sizeof(line), "listed 10.1.%u.%u %u", i / 250, i % 250, 1024 + i);
		says(s, 600 + i / 20, line);
	}
	assert_int_equal(replay_waves(s->replay, &waves, &dropped), 1);
	assert_int_equal(waves->begin_s, START + 600);
	assert_int_equal(waves->offences, 1200);
	assert_int_equal(waves->clients, 1200);
	/* ban.limit is 1000. */
	assert_int_equal(replay_end(s->replay)->bans, 1000);
	assert_int_equal(replay_end(s->replay)->dropped, 200);
}

static void clocks_that_jump_do_no_harm(void **state)
{
	struct scene *s = *state;
	const struct stamp_clock clock = { .now_s = START };
	const struct replay_figures *f;

	replay_line(s->replay, BYTES_LITERAL("listed 192.0.2.1 1"), false, &clock);
	replay_line(s->replay, BYTES_LITERAL("2099-01-01 00:00:00 listed 192.0.2.2 1"), false, &clock);
	says(s, 0, "listed 192.0.2.3 1");
	replay_line(s->replay, BYTES_LITERAL("1970-01-01 00:00:00 listed 192.0.2.4 1"), false, &clock);
	replay_line(s->replay, BYTES_LITERAL(""), false, &clock);
	replay_line(s->replay, BYTES_LITERAL("\xff\xfe\0\0"), true, &clock);
	f = replay_end(s->replay);
	assert_int_equal(f->lines, 6);
	assert_int_equal(f->offences, 4);
	assert_int_equal(f->bans, 4);
	assert_int_equal(f->cut, 1);
}

/* Two processes write one log, and the second's lines come late. */
static void disorder_is_no_second_time(void **state)
{
	struct scene *s = *state;
	const struct replay_figures *f;

	says(s, 1200, "listed 192.0.2.7 1");
	says(s, 1210, "connect 192.0.2.7 2");
	says(s, 900, "unknown 192.0.2.8");
	says(s, 1215, "connect 192.0.2.7 3");
	says(s, 1220, "disconnect 192.0.2.7 1");
	f = replay_end(s->replay);
	assert_int_equal(f->kept_out, 2);
	assert_int_equal(f->slot_seconds, 20);
	assert_int_equal(f->first_s, START + 900);
	assert_int_equal(f->last_s, START + 1220);
}

/* Each connection that the log names would have been ended once, however often it was told off. */
static void a_second_connection_counts_once(void **state)
{
	struct scene *s = *state;
	const struct replay_figures *f;

	for (unsigned second = 0; second < 3; second++) {
		says(s, second, "listed 192.0.2.7 1");
		says(s, second, "listed 192.0.2.7 2");
	}
	f = replay_end(s->replay);
	assert_int_equal(f->evicted, 2);
	assert_int_equal(f->unknown_ends, 2);
}

#define SCENE_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(a_zombie_is_banned_once_and_kept_out),
		SCENE_TEST(a_ban_ends_by_itself_and_at_its_cap),
		SCENE_TEST(the_never_list_is_asked_first),
		SCENE_TEST(the_worst_come_first),
		SCENE_TEST(a_wave_is_found),
		SCENE_TEST(clocks_that_jump_do_no_harm),
		SCENE_TEST(disorder_is_no_second_time),
		SCENE_TEST(a_second_connection_counts_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
