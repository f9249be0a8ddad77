/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/explain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
#include <cmocka.h>

#define SECOND 1000ULL
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define START (1785179537 * SECOND) /* 2026-07-27 19:12:17 UTC */
#define DNSBL_REJECT 4711

struct court {
	struct judge *judge;
	struct bans *bans;
	struct prefix_set never;
};

static int make(void **state)
{
	static const struct judge_limits judge_limits = {
		.half_life_ms = 10 * MINUTE,
		.ban_score = 100,
		.clients = 100,
		.scores = { [OUTCOME_LISTED] = 100, [OUTCOME_UNKNOWN_RECIPIENT] = 20 },
	};
	static const struct ban_limits ban_limits = { 10 * MINUTE, HOUR, .most = 100 };
	struct court *court = calloc(1, sizeof(*court));

	assert_int_equal(judge_create(&judge_limits, &court->judge), 0);
	assert_int_equal(bans_create(&ban_limits, &court->bans), 0);
	*state = court;
	return 0;
}

static int unmake(void **state)
{
	struct court *court = *state;

	judge_destroy(court->judge);
	bans_destroy(court->bans);
	prefix_set_clear(&court->never);
	free(court);
	return 0;
}

static struct addr address(const char *text)
{
	struct addr addr;

	assert_int_equal(addr_parse(bytes_of(text), &addr), 0);
	return addr;
}

static void offend(struct court *court, const char *client, enum outcome outcome, uint64_t now)
{
	struct judge_event event = {
		.client = address(client),
		.client_port = 4711,
		.reply_code = outcome == OUTCOME_LISTED ? 511 : 0,
		.outcome = outcome,
		.signature = outcome == OUTCOME_LISTED ? DNSBL_REJECT : 0,
		.score = JUDGE_SCORE_OF_OUTCOME,
	};
	struct verdict verdict;
	struct ban_step step;

	judge_event(court->judge, &court->never, &event, now, &verdict);
	if (verdict.action != JUDGE_BAN)
		return;
	assert_int_equal(
		bans_begin(court->bans,
			   &(struct ban_offence){ verdict.unit, outcome, event.signature, 0 }, now,
			   &step),
		0);
}

static bool name(const void *data, uint32_t signature, struct explain_signature *ret)
{
	if (signature != DNSBL_REJECT)
		return false;
	*ret = (struct explain_signature){ .service = "courier-smtp", .name = "dnsbl-reject" };
	return true;
}

static void expect(struct court *court, const char *client, uint64_t now, bool known,
		   const char *words)
{
	struct addr asked = address(client);
	struct explanation explanation;
	char text[EXPLAIN_TEXT_SIZE];

	assert_int_equal(
		explain_make(court->judge, court->bans, &court->never, &asked, now, &explanation),
		known);
	assert_int_equal(explain_text(&explanation, name, NULL, text, sizeof(text)), strlen(words));
	assert_string_equal(text, words);
}

static void test_unknown(void **state)
{
	expect(*state, "192.0.2.7", START, false,
	       "192.0.2.7 is not banned.\n"
	       "No offence of it is known.\n");
}

static void test_banned(void **state)
{
	offend(*state, "192.0.2.7", OUTCOME_LISTED, START);
	expect(*state, "192.0.2.7", START + 3 * MINUTE + 5 * SECOND, true,
	       "192.0.2.7 is banned since 2026-07-27 19:12:17 (3m5s ago) until 2026-07-27 19:22:17 (in 6m55s), "
	       "at most until 2026-07-27 20:12:17.\n"
	       "Each new attempt begins its 10m again, up to that time.\n"
	       "Its score is 81; 100 is a ban (ban.score). It falls by half every 10m.\n"
	       "  2026-07-27 19:12:17  told 511: dnsbl-reject of courier-smtp (listed), from port 4711, "
	       "added 100: score 100\n"
	       "After that it may come again, and is banned anew only for a new offence.\n");
}

static void test_ipv6_says_its_unit(void **state)
{
	offend(*state, "2001:db8:0:1::25", OUTCOME_UNKNOWN_RECIPIENT, START);
	expect(*state, "2001:db8:0:1::99", START, true,
	       "2001:db8:0:1::/64 is not banned.\n"
	       "Its score is 20; 100 is a ban (ban.score). It falls by half every 10m.\n"
	       "  2026-07-27 19:12:17  unknown-recipient, from port 4711, added 20: score 20\n"
	       "An offence that adds 80 or more would ban it now.\n");
}

static void test_pardoned(void **state)
{
	offend(*state, "192.0.2.7", OUTCOME_UNKNOWN_RECIPIENT, START);
	offend(*state, "192.0.2.7", OUTCOME_ACCEPTED, START + SECOND);
	expect(*state, "192.0.2.7", START + SECOND, true,
	       "192.0.2.7 is not banned.\n"
	       "Its score is 10; 100 is a ban (ban.score). It falls by half every 10m.\n"
	       "  2026-07-27 19:12:17  unknown-recipient, from port 4711, added 20: score 20\n"
	       "  2026-07-27 19:12:18  accepted, from port 4711, halved: score 10\n"
	       "An offence that adds 90 or more would ban it now.\n");
}

static void test_protected(void **state)
{
	struct court *court = *state;
	struct prefix prefix;

	assert_int_equal(prefix_parse(bytes_of("192.0.2.0/24"), &prefix), 0);
	assert_int_equal(prefix_set_add(&court->never, &prefix, "ban.never"), 0);
	expect(court, "192.0.2.7", START, true,
	       "192.0.2.7 is not banned.\n"
	       "No offence of it is known.\n"
	       "It is never banned: 192.0.2.0/24 is on the never-list (ban.never).\n");
	offend(court, "192.0.2.7", OUTCOME_LISTED, START);
	expect(court, "192.0.2.7", START, true,
	       "192.0.2.7 is not banned.\n"
	       "Its score is 100; 100 is a ban (ban.score). It falls by half every 10m.\n"
	       "  2026-07-27 19:12:17  told 511: dnsbl-reject of courier-smtp (listed), from port 4711, "
	       "added 100: score 100\n"
	       "It is never banned: 192.0.2.0/24 is on the never-list (ban.never).\n");
}

static void test_by_hand(void **state)
{
	struct court *court = *state;
	struct addr unit = address("192.0.2.7");
	struct ban_step step;

	assert_int_equal(bans_by_hand(court->bans, &unit, 49 * HOUR,
				      BYTES_LITERAL("all \x1b[2Jnight"), START, &step),
			 0);
	expect(court, "192.0.2.7", START + 90 * MINUTE, true,
	       "192.0.2.7 is banned since 2026-07-27 19:12:17 (1h30m ago) until 2026-07-29 20:12:17 (in 1d23h).\n"
	       "It ends then, whatever the client does.\n"
	       "It was banned by hand: all \\x1b[2Jnight\n");
}

static void test_after_a_restart(void **state)
{
	struct court *court = *state;
	struct ban kept = {
		.unit = address("192.0.2.7"),
		.begin_ms = START,
		.last_ms = START,
		.until_ms = START + 10 * MINUTE,
		.outcome = OUTCOME_LISTED,
		.signature = DNSBL_REJECT,
	};
	struct ban_step step;

	assert_int_equal(bans_restore(court->bans, &kept, START + 2 * MINUTE, &step), 0);
	expect(court, "192.0.2.7", START + 2 * MINUTE, true,
	       "192.0.2.7 is banned since 2026-07-27 19:12:17 (2m ago) until 2026-07-27 19:22:17 (in 8m), "
	       "at most until 2026-07-27 20:12:17.\n"
	       "Each new attempt begins its 10m again, up to that time.\n"
	       "It began with: dnsbl-reject of courier-smtp (listed). The events are not remembered any more.\n"
	       "After that it may come again, and is banned anew only for a new offence.\n");
}

static void test_checking(void **state)
{
	struct court *court = *state;
	uint64_t end = START + 10 * MINUTE + BANS_TICK_MS;
	struct explanation explanation;
	struct addr asked = address("192.0.2.7");
	char text[EXPLAIN_TEXT_SIZE];
	struct ban_step step;

	offend(court, "192.0.2.7", OUTCOME_LISTED, START);
	assert_int_equal(bans_due(court->bans, end, &step, 1), 1);
	assert_true(
		explain_make(court->judge, court->bans, &court->never, &asked, end, &explanation));
	explain_text(&explanation, NULL, NULL, text, sizeof(text));
	assert_non_null(strstr(text, "(10m ago); its time has come, and the kernel is asked"));
	assert_non_null(strstr(text, "told 511: listed, from port 4711"));
}

static void test_the_gate_is_quoted(void **state)
{
	struct court *court = *state;
	struct addr asked = address("192.0.2.7");
	char text[EXPLAIN_TEXT_SIZE];
	struct explanation explanation;

	explain_make(court->judge, court->bans, &court->never, &asked, START, &explanation);
	explanation.talk = "EHLO a\x1b[2J, RCPT TO:<b@c>: 550 5.7.1 no";
	explain_text(&explanation, NULL, NULL, text, sizeof(text));
	assert_non_null(strstr(text, "Last at the gate: EHLO a\\x1b[2J, RCPT TO:<b@c>: 550 5.7.1 no\n"));
}

static void test_who_was_let_in_by_the_gate(void **state)
{
	struct court *court = *state;
	struct addr asked = address("192.0.2.7");
	char text[EXPLAIN_TEXT_SIZE];
	struct explanation explanation;

	explain_make(court->judge, court->bans, &court->never, &asked, START, &explanation);
	explanation.let_in_until_ms = START + 90 * 60000;
	explain_text(&explanation, NULL, NULL, text, sizeof(text));
	assert_non_null(strstr(text, "The gate has let it in, and lets it in at once until "));
	assert_non_null(strstr(text, " (in 1h30m).\n"));
	explanation.let_in_until_ms = START;
	explain_text(&explanation, NULL, NULL, text, sizeof(text));
	assert_null(strstr(text, "The gate"));
}

static void test_relieved(void **state)
{
	const struct relief_record record = { .at_ms = START - 2 * MINUTE, .reason = RELIEF_SILENT, .open = 241, .limit = 300,
					      .silent_ms = 31 * SECOND, .others = 12 };
	struct court *court = *state;
	struct addr asked = address("192.0.2.7");
	char text[EXPLAIN_TEXT_SIZE];
	struct explanation explanation;

	explain_make(court->judge, court->bans, &court->never, &asked, START, &explanation);
	explanation.relief = &record;
	explain_text(&explanation, NULL, NULL, text, sizeof(text));
	assert_non_null(strstr(text, "2m ago its connection was ended near the server's limit (241 of 300): "
				     "silent for 31s, 12 others of its network.\n"));
}

static void test_a_suspect(void **state)
{
	struct court *court = *state;
	struct addr asked = address("192.0.2.7");
	char text[EXPLAIN_TEXT_SIZE];
	struct explanation explanation;

	explain_make(court->judge, court->bans, &court->never, &asked, START + MINUTE, &explanation);
	explanation.suspected = true;
	explanation.suspect = (struct suspect){ .unit = asked, .begin_ms = START, .last_ms = START, .until_ms = START + 61 * MINUTE,
						.signature = DNSBL_REJECT, .score = 25, .outcome = OUTCOME_LISTED };
	explain_text(&explanation, name, NULL, text, sizeof(text));
	assert_non_null(strstr(text, "It is a suspect, led to the gate, since 2026-07-27 19:12:17 until 2026-07-27 20:13:17 (in 1h): "
				     "its score was 25 after dnsbl-reject of courier-smtp (listed).\n"));
	explanation.suspect.score = 0;
	explain_text(&explanation, NULL, NULL, text, sizeof(text));
	assert_non_null(strstr(text, "(in 1h): it was banned for listed.\n"));
}

static void test_who_was_over_a_limit(void **state)
{
	struct court *court = *state;
	struct addr asked = address("192.0.2.7");
	char text[EXPLAIN_TEXT_SIZE];
	struct explanation explanation;

	explain_make(court->judge, court->bans, &court->never, &asked, START + MINUTE, &explanation);
	explanation.over_limit = true;
	explanation.over_limit_ms = START;
	explanation.over_limit_until_ms = START + HOUR;
	explain_text(&explanation, name, NULL, text, sizeof(text));
	assert_non_null(strstr(text, "It is a suspect, led to the gate, until 2026-07-27 20:12:17 (in 59m): at 2026-07-27 19:12:17 "
				     "it asked for more new connections than limits.per_address allows.\n"));
}

/* The kernel asks the never-list first. */
static void test_a_suspect_network(void **state)
{
	struct court *court = *state;
	struct addr asked = address("192.0.2.7");
	struct prefix_entry network = { .why = "/etc/wavebreak/drop\x1b.txt:17" };
	char text[EXPLAIN_TEXT_SIZE];
	struct explanation explanation;

	assert_int_equal(prefix_parse(BYTES_LITERAL("192.0.2.0/24"), &network.prefix), 0);
	explain_make(court->judge, court->bans, &court->never, &asked, START, &explanation);
	explanation.network = &network;
	explain_text(&explanation, NULL, NULL, text, sizeof(text));
	assert_non_null(strstr(text, "All of 192.0.2.0/24 is suspect, and led to the gate (/etc/wavebreak/drop\\x1b.txt:17).\n"));
	explanation.is_protected = true;
	explain_text(&explanation, NULL, NULL, text, sizeof(text));
	assert_null(strstr(text, "suspect"));
}

/* Whatever the size: whole words of the page's beginning, never past the end. */
static void test_small_page(void **state)
{
	struct court *court = *state;
	struct addr asked = address("192.0.2.7");
	char whole[EXPLAIN_TEXT_SIZE], part[EXPLAIN_TEXT_SIZE];
	struct explanation explanation;
	size_t length;

	for (int i = 0; i < 20; i++)
		offend(court, "192.0.2.7", OUTCOME_LISTED, START);
	explain_make(court->judge, court->bans, &court->never, &asked, START, &explanation);
	length = explain_text(&explanation, name, NULL, whole, sizeof(whole));
	assert_true(length < EXPLAIN_TEXT_SIZE / 2);
	assert_non_null(strstr(whole, "Of 20 offences, the latest events:\n"));
	for (size_t size = 1; size <= length; size++) {
		size_t used;

		memset(part, '#', sizeof(part));
		used = explain_text(&explanation, name, NULL, part, size);
		assert_true(used < size);
		assert_int_equal(part[used], '\0');
		assert_int_equal(part[size], '#');
		assert_memory_equal(part, whole, used);
	}
	assert_int_equal(explain_text(&explanation, name, NULL, part, 0), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make, unmake)
	const struct CMUnitTest tests[] = {
		TEST(test_unknown),	    TEST(test_banned),	  TEST(test_ipv6_says_its_unit),
		TEST(test_pardoned),	    TEST(test_protected), TEST(test_by_hand),
		TEST(test_after_a_restart), TEST(test_checking),  TEST(test_small_page),
		TEST(test_the_gate_is_quoted),
		TEST(test_who_was_let_in_by_the_gate), TEST(test_relieved),
		TEST(test_who_was_over_a_limit),
		TEST(test_a_suspect),	    TEST(test_a_suspect_network),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
