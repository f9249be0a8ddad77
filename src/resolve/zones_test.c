/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/test_zones.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static const struct {
	const char *what;
	struct zone_replies replies[2];
	size_t reply_count;
	uint8_t outcome, address_count;
	uint8_t addresses[3][4];
	enum zone_word word;
} words[] = {
	{ "no such name", {{ 0 }}, 0, DNS_NO_NAME, 0, {{ 0 }}, WORD_CLEAN },
	{ "no such record", {{ 0 }}, 0, DNS_NO_DATA, 0, {{ 0 }}, WORD_CLEAN },
	{ "failed", {{ 0 }}, 0, DNS_FAILED, 0, {{ 0 }}, WORD_FAILED },
	{ "broken", {{ 0 }}, 0, DNS_BROKEN, 0, {{ 0 }}, WORD_FAILED },
	{ "listed", {{ 0 }}, 0, DNS_FOUND, 1, {{ 127, 0, 0, 2 }}, WORD_LISTED },
	{ "listed at the ends", {{ 0 }}, 0, DNS_FOUND, 2, {{ 127, 0, 0, 0 }, { 127, 255, 254, 255 }}, WORD_LISTED },
	{ "refused", {{ 0 }}, 0, DNS_FOUND, 1, {{ 127, 255, 255, 254 }}, WORD_REFUSED },
	{ "refused beside a listing", {{ 0 }}, 0, DNS_FOUND, 2, {{ 127, 0, 0, 2 }, { 127, 255, 255, 0 }},
	  WORD_REFUSED },
	{ "foreign", {{ 0 }}, 0, DNS_FOUND, 1, {{ 192, 0, 2, 1 }}, WORD_FOREIGN },
	{ "foreign, just below", {{ 0 }}, 0, DNS_FOUND, 1, {{ 126, 255, 255, 255 }}, WORD_FOREIGN },
	{ "foreign, just above", {{ 0 }}, 0, DNS_FOUND, 1, {{ 128, 0, 0, 0 }}, WORD_FOREIGN },
	{ "foreign before a listing", {{ 0 }}, 0, DNS_FOUND, 2, {{ 192, 0, 2, 1 }, { 127, 0, 0, 2 }}, WORD_FOREIGN },
	{ "foreign after a listing", {{ 0 }}, 0, DNS_FOUND, 2, {{ 127, 0, 0, 2 }, { 192, 0, 2, 1 }}, WORD_FOREIGN },
	{ "taken, first", {{ 0x7f000004, 0x7f000007 }}, 1, DNS_FOUND, 1, {{ 127, 0, 0, 4 }}, WORD_LISTED },
	{ "taken, last", {{ 0x7f000004, 0x7f000007 }}, 1, DNS_FOUND, 1, {{ 127, 0, 0, 7 }}, WORD_LISTED },
	{ "not taken, below", {{ 0x7f000004, 0x7f000007 }}, 1, DNS_FOUND, 1, {{ 127, 0, 0, 3 }}, WORD_CLEAN },
	{ "not taken, above", {{ 0x7f000004, 0x7f000007 }}, 1, DNS_FOUND, 1, {{ 127, 0, 0, 8 }}, WORD_CLEAN },
	{ "one of several taken", {{ 0x7f000004, 0x7f000007 }}, 1, DNS_FOUND, 2,
	  {{ 127, 0, 0, 2 }, { 127, 0, 0, 5 }}, WORD_LISTED },
	{ "taken by the second range", {{ 0x7f000004, 0x7f000007 }, { 0x7f00000a, 0x7f00000a }}, 2, DNS_FOUND, 1,
	  {{ 127, 0, 0, 10 }}, WORD_LISTED },
	{ "a refusal is none, even if it is said to be", {{ 0x7f000000, 0x7fffffff }}, 1, DNS_FOUND, 1,
	  {{ 127, 255, 255, 255 }}, WORD_REFUSED },
};

static void an_answer_says_a_word(void **state)
{
	for (size_t i = 0; i < COUNT(words); i++) {
		struct zone_rule rule = { .name = "bl.example", .text = "", .reply_count = words[i].reply_count };
		struct dns_answer answer = { .outcome = words[i].outcome, .address_count = words[i].address_count };

		memcpy(rule.replies, words[i].replies, sizeof(words[i].replies));
		memcpy(answer.addresses, words[i].addresses, sizeof(words[i].addresses));
		if (zone_word_of(&rule, &answer) != words[i].word)
			fail_msg("%s: %d", words[i].what, zone_word_of(&rule, &answer));
	}
}
static void all_zones_make_the_verdict(void **state)
{
	struct zones_verdict verdict;

	open_three();
	lists("7.2.0.192.", "bl.example", 4);
	lists("7.2.0.192.", "other.example", 2);
	verdict = verdict_of(&spammer, false);
	assert_int_equal(verdict.score, 5);
	assert_int_equal(verdict.listed, 3);
	assert_int_equal(verdict.answered, 7);
	assert_false(verdict.reverse_known || verdict.has_reverse);
	lists("9.2.0.192.", "wl.example", 2);
	verdict = verdict_of(&(struct addr){ ADDR_IPV4, { 192, 0, 2, 9 } }, false);
	assert_int_equal(verdict.score, -4);
	assert_int_equal(verdict.listed, 4);
	verdict = verdict_of(&(struct addr){ ADDR_IPV4, { 192, 0, 2, 10 } }, false);
	assert_int_equal(verdict.score, 0);
	assert_int_equal(verdict.listed, 0);
	assert_int_equal(verdict.answered, 7);
	assert_int_equal(health(0).asked, 3);
	assert_int_equal(health(0).listed, 1);
	assert_int_equal(health(0).errors, 0);
}

static void an_error_of_a_zone_is_no_listing(void **state)
{
	struct zones_verdict verdict;
	struct told *entry;

	open_three();
	entry = lists("7.2.0.192.", "bl.example", 0);
	memcpy(entry->addresses[0], (uint8_t[]){ 127, 255, 255, 254 }, 4);
	entry = lists("7.2.0.192.", "other.example", 0);
	memcpy(entry->addresses[0], (uint8_t[]){ 192, 0, 2, 1 }, 4);
	verdict = verdict_of(&spammer, false);
	assert_int_equal(verdict.score, 0);
	assert_int_equal(verdict.listed, 0);
	assert_int_equal(verdict.answered, 4);
	assert_int_equal(health(0).errors, 1);
	assert_int_equal(health(1).errors, 1);
}

static void an_ipv6_client_is_asked_for_where_ipv6_is_listed(void **state)
{
	struct zones_verdict verdict;
	struct told *other;

	zone_is_well("bl.example");
	lists("2.0.0.127.", "other.example", 2);
	lists(SPAMMER6, "bl.example", 2);
	other = lists(SPAMMER6, "other.example", 2);
	open_tested(three, 2);
	assert_int_equal(health(1).state, ZONE_WELL);
	assert_int_equal(health(1).state6, ZONE_OUT);
	verdict = verdict_of(&spammer6, false);
	assert_int_equal(verdict.listed, 1);
	assert_int_equal(verdict.answered, 1);
	assert_int_equal(other->asked, 0);
	verdict = verdict_of(&spammer, false);
	assert_int_equal(verdict.answered, 3);
}

static void the_reverse_name_is_asked_for(void **state)
{
	const struct { enum manner manner; const char *text; bool is_known, has_reverse; } rows[] = {
		{ SAYS, "host.example", true, true },
		{ SAYS, NULL, true, false },
		{ SAYS_NO_NAME, NULL, true, false },
		{ SAYS_SERVFAIL, NULL, false, false },
		{ STALLS, NULL, false, false },
	};

	open_three();
	for (uint8_t i = 0; i < COUNT(rows); i++) {
		struct addr client = { ADDR_IPV4, { 198, 51, 100, i } };
		struct zones_verdict verdict;
		struct told *entry;
		char name[DNS_NAME_SIZE];

		dns_reverse_name(&client, name);
		entry = name_server_told(server, name, DNS_PTR);
		entry->manner = rows[i].manner;
		entry->text = rows[i].text;
		verdict = verdict_of(&client, true);
		assert_int_equal(verdict.reverse_known, rows[i].is_known);
		assert_int_equal(verdict.has_reverse, rows[i].has_reverse);
		assert_int_equal(verdict.answered, 7);
		assert_true(zones_known(zones, &client, true, &verdict));
		assert_int_equal(verdict.reverse_known, rows[i].is_known);
		assert_int_equal(verdict.has_reverse, rows[i].has_reverse);
	}
}

static void what_is_known_needs_no_question(void **state)
{
	struct zones_verdict verdict;
	unsigned asked;

	open_three();
	lists("7.2.0.192.", "other.example", 2);
	assert_false(zones_known(zones, &spammer, false, &verdict));
	verdict_of(&spammer, false);
	asked = name_server_asked(server);
	memset(&verdict, 0, sizeof(verdict));
	assert_true(zones_known(zones, &spammer, false, &verdict));
	assert_int_equal(verdict.score, 2);
	assert_int_equal(verdict.listed, 2);
	assert_int_equal(verdict.answered, 7);
	assert_false(zones_known(zones, &spammer, true, &verdict));
	verdict = verdict_of(&spammer, false);
	assert_int_equal(verdict.listed, 2);
	assert_int_equal(name_server_asked(server), asked);
	assert_int_equal(health(1).asked, 3);
	assert_int_equal(health(1).listed, 3);
}

static struct told *told_text(const char *name, const char *text)
{
	struct told *entry = name_server_told(server, name, DNS_TXT);

	entry->manner = SAYS;
	entry->text = text;
	return entry;
}

static bool has_text(void *data)
{
	char text[ZONES_TEXT_SIZE];

	return zones_text(zones, 0, &spammer, text)[0] != '\0';
}

static void a_listing_has_a_text(void **state)
{
	char text[ZONES_TEXT_SIZE], long_text[DNS_TEXT_SIZE];
	struct told *asked, *not_asked, *clean;

	memset(long_text, 'x', sizeof(long_text));
	memcpy(long_text, "%a \x01", 4);
	long_text[sizeof(long_text) - 1] = '\0';
	asked = told_text("7.2.0.192.bl.example", long_text);
	not_asked = told_text("7.2.0.192.other.example", "never seen");
	clean = told_text("7.2.0.192.wl.example", "never seen");
	lists("7.2.0.192.", "bl.example", 2);
	lists("7.2.0.192.", "other.example", 2);
	open_three();
	assert_string_equal(zones_text(zones, 0, &spammer, text), "");
	verdict_of(&spammer, false);
	assert_true(loop_until(loop, has_text, NULL));
	memcpy(long_text, "%a ?", 4);
	long_text[ZONES_TEXT_SIZE - 1] = '\0';
	assert_string_equal(zones_text(zones, 0, &spammer, text), long_text);
	assert_string_equal(zones_text(zones, 1, &spammer, text), "192.0.2.7 sends spam");
	assert_string_equal(zones_text(zones, 2, &spammer, text), "");
	loop_for(loop, 5);
	assert_int_equal(asked->asked, 1);
	assert_int_equal(not_asked->asked + clean->asked, 0);
}

static void a_text_of_the_rule_is_made_fit(void **state)
{
	char long_rule[300], text[ZONES_TEXT_SIZE];
	const struct { const char *rule, *text; } rows[] = {
		{ "%a", "192.0.2.7" },
		{ "100% %A %%a %", "100% %A %192.0.2.7 %" },
		{ "sp\xc3\xa4m\r\n250 ok", "sp??m??250 ok" },
		{ "%a and %a", "192.0.2.7 and 192.0.2.7" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct zone_rule rule = { .name = "bl.example", .text = rows[i].rule };

		open_zones(&rule, 1, &quick);
		assert_string_equal(zones_text(zones, 0, &spammer, text), rows[i].text);
		zones_destroy(zones);
	}
	memset(long_rule, 'x', sizeof(long_rule));
	memcpy(long_rule + ZONES_TEXT_SIZE - 4, "%a", 3);
	open_zones(&(struct zone_rule){ .name = "bl.example", .text = long_rule }, 1, &quick);
	assert_int_equal(strlen(zones_text(zones, 0, &spammer, text)), ZONES_TEXT_SIZE - 1);
	assert_string_equal(text + ZONES_TEXT_SIZE - 4, "192");
}
static void a_look_may_end_at_any_time(void **state)
{
	struct zones_verdict verdict;
	struct zones_look *l;
	int called;

	open_three();
	lists("7.2.0.192.", "bl.example", 2);
	lists("7.2.0.192.", "other.example", 2)->manner = STALLS;
	zones_look_end(look(&spammer6, true, &called), &verdict);
	assert_int_equal(verdict.answered, 0);
	l = look(&spammer, false, &called);
	loop_for(loop, 20);
	zones_look_end(l, &verdict);
	assert_int_equal(verdict.answered, 5);
	assert_int_equal(verdict.score, 3);
	loop_for(loop, 100);
	assert_int_equal(called, 0);
	/* Also between the last answer and the callback. */
	verdict_of(&(struct addr){ ADDR_IPV4, { 198, 51, 100, 1 } }, false);
	l = look(&(struct addr){ ADDR_IPV4, { 198, 51, 100, 1 } }, false, &called);
	zones_look_end(l, NULL);
	loop_for(loop, 5);
	assert_int_equal(called, 0);
}

static struct zones_look *open_looks[3];
static int ends;

static void end_all(void *data)
{
	ends++;
	for (size_t i = 0; i < COUNT(open_looks); i++)
		zones_look_end(open_looks[i], NULL);
	zones_destroy(zones);
	zones = NULL;
}

static bool has_ended(void *data)
{
	return ends > 0;
}

static void a_callback_may_end_it_all(void **state)
{
	for (int known = 0; known < 2; known++) {
		open_three();
		if (known)
			verdict_of(&spammer, false);
		ends = 0;
		for (size_t i = 0; i < COUNT(open_looks); i++)
			assert_int_equal(zones_look(zones, &spammer, false, end_all, NULL, &open_looks[i]), 0);
		assert_int_equal(ends, 0);
		assert_true(loop_until(loop, has_ended, NULL));
		loop_for(loop, 10);
		assert_int_equal(ends, 1);
	}
}

static void without_zones_there_is_nothing_to_wait_for(void **state)
{
	struct zones_verdict verdict;

	open_zones(NULL, 0, &quick);
	verdict = verdict_of(&spammer, false);
	assert_int_equal(verdict.answered, 0);
	assert_true(zones_known(zones, &spammer, false, &verdict));
	assert_true(verdict_of(&spammer, true).reverse_known);
}

static void the_latency_is_of_late(void **state)
{
	open_three();
	assert_true(health(0).latency_ms < 50);
	zones->zones[0].latency_16th_ms = 16 * 100;
	ask_about(0, 40);
	assert_true(health(0).latency_ms < 50);
}

static void rules_that_cannot_be_are_refused(void **state)
{
	struct zone_rule many[ZONES_MOST + 1], rule = { .name = "bl.example", .text = "" };
	char long_name[DNS_NAME_SIZE];
	struct zones *none;

	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = rule;
	assert_int_equal(zones_create(loop, resolver, many, COUNT(many), &none), -EINVAL);
	rule.reply_count = ZONE_REPLIES_MOST + 1;
	assert_int_equal(zones_create(loop, resolver, &rule, 1, &none), -EINVAL);
	rule = (struct zone_rule){ .name = "bl..example", .text = "" };
	assert_int_equal(zones_create(loop, resolver, &rule, 1, &none), -EINVAL);
	/* A name, but with an address before it there is no room. */
	for (size_t i = 0; i < sizeof(long_name) - 1; i++)
		long_name[i] = i % 50 == 49 ? '.' : 'a';
	long_name[sizeof(long_name) - 1] = '\0';
	assert_true(dns_name_is_well(bytes_of(long_name)));
	rule.name = long_name;
	assert_int_equal(zones_create(loop, resolver, &rule, 1, &none), -EINVAL);
	zones_destroy(NULL);
	/* The usual way, with the usual intervals. */
	zone_is_well("bl.example");
	assert_int_equal(zones_create(loop, resolver, three, 1, &zones), 0);
	assert_int_equal(zones_count(zones), 1);
	assert_true(loop_until(loop, is_well, NULL));
}
int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, zones_set_up, zones_tear_down)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_says_a_word),
		TEST(all_zones_make_the_verdict),
		TEST(an_error_of_a_zone_is_no_listing),
		TEST(an_ipv6_client_is_asked_for_where_ipv6_is_listed),
		TEST(the_reverse_name_is_asked_for),
		TEST(what_is_known_needs_no_question),
		TEST(a_listing_has_a_text),
		TEST(a_text_of_the_rule_is_made_fit),
		TEST(a_look_may_end_at_any_time),
		TEST(a_callback_may_end_it_all),
		TEST(without_zones_there_is_nothing_to_wait_for),
		TEST(the_latency_is_of_late),
		TEST(rules_that_cannot_be_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
