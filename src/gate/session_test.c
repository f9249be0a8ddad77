/* SPDX-License-Identifier: Apache-2.0 */
/* What no story can show: room for replies, words as long as they go, numbers at their ends. The rest is
 * in test/scenario/gate. */
#include "gate/session_internal.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define START 1000000
#define ROOM 65536

struct world {
	struct settings settings;
	struct session_rules rules;
	char name[254], text[200];
	struct session session;
	struct replies replies;
	char heard[ROOM];
};

static const char *zone_text(void *data, unsigned zone, const struct addr *client, char *text, size_t size)
{
	snprintf(text, size, "%s", ((struct world *)data)->text);
	return text;
}

static struct world *open_world(const char *client, const char *gate)
{
	struct world *w = calloc(1, sizeof(*w));
	struct mistakes mistakes = { 0 };
	char text[2048];

	snprintf(text, sizeof(text), "gate {\n%s\n}\n", gate);
	assert_int_equal(settings_parse(bytes_of(text), "test", &w->settings, &mistakes), 0);
	snprintf(w->name, sizeof(w->name), "mx.example.test");
	w->rules = (struct session_rules){ .settings = &w->settings, .name = w->name, .zone_text = zone_text,
					   .zone_data = w };
	assert_int_equal(addr_parse(bytes_of(client), &w->session.client), 0);
	w->replies = (struct replies){ .data = w->heard, .room = sizeof(w->heard) - 1 };
	return w;
}

static void close_world(struct world *w)
{
	session_end(&w->session);
	settings_free(&w->settings);
	free(w);
}

static void begin(struct world *w, enum session_memory memory, const struct session_facts *facts)
{
	session_begin(&w->session, &w->rules, memory, facts, START, &w->replies);
}

static const struct session_facts listed = { .score = 3, .listed = 1 };

static void test_what_there_is_no_room_to_answer_is_not_taken(void **state)
{
	struct world *w = open_world("192.0.2.7", "zone bl.example { weight = 3 }");
	struct bytes input = BYTES_LITERAL("NOOP\r\nNOOP\r\nQUIT\r\n");

	begin(w, SESSION_KNOWN_BAD, &listed);
	w->replies.size = w->replies.room - REPLY_MOST;
	assert_int_equal(session_take(&w->session, &w->rules, &input, START, &w->replies), SESSION_WISH_NOTHING);
	assert_int_equal(input.size, 12);
	assert_int_equal(w->session.commands, 1);
	w->replies.size = 0;
	assert_int_equal(session_take(&w->session, &w->rules, &input, START, &w->replies), SESSION_WISH_END);
	assert_int_equal(input.size, 0);
	close_world(w);
}

/* The reply to EHLO by a gate with the longest of names is what REPLY_MOST is for. */
static void test_the_longest_reply_has_room(void **state)
{
	struct world *w = open_world("192.0.2.7", "errors = 1\nzone bl.example { weight = 3 }");
	struct bytes input = BYTES_LITERAL("EHLO a.example\r\n");

	memset(w->name, 'n', sizeof(w->name) - 1);
	begin(w, SESSION_KNOWN_BAD, &listed);
	w->replies.size = w->replies.room - REPLY_MOST;
	session_take(&w->session, &w->rules, &input, START, &w->replies);
	assert_int_equal(w->session.envelope, SESSION_HELO);
	assert_true(w->replies.size <= w->replies.room);
	close_world(w);
}

#define TEN "1234567890"
#define FIFTY TEN TEN TEN TEN TEN
#define LABEL "a" FIFTY "."

/* Lengths that fit are told as they are; of those that do not, the list's words go first. */
static const struct {
	const char *zone, *contact;
	size_t name, text;
	const char *in_it, *not_in_it;
} words[] = {
	{ "bl.example", "+49 30 1", 15, 0, "bl.example names it; ask", "()" },
	{ "bl.example", "+49 30 1", 15, 199, "names it (tttttttttt", "..." },
	{ "bl.example", FIFTY FIFTY TEN TEN, 15, 199, "names it (tttttttttt", "..." },
	{ "bl.example", "", 253, 199, "ttt...); ask the postmaster of nnn", "names it; ask" },
	{ LABEL LABEL LABEL "example", FIFTY FIFTY TEN TEN, 15, 199, "example names it (ttt", "ttt); ask" },
	{ LABEL LABEL LABEL "example", "", 253, 199, "; ask the postmaster of nnn", "ttt" },
};

static void test_a_reason_keeps_whom_to_ask(void **state)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		char text[1024], ending[512], reason[SESSION_REASON_SIZE];
		struct world *w;
		size_t size;

		snprintf(text, sizeof(text), "contact = \"%s\"\nzone %s { weight = 3 }", words[i].contact,
			 words[i].zone);
		w = open_world("2001:db8:1234:5678:9abc:def0:1234:5678", text);
		memset(w->name, 'n', words[i].name);
		w->name[words[i].name] = '\0';
		memset(w->text, 't', words[i].text);
		begin(w, SESSION_KNOWN_BAD, &listed);
		session_reason(&w->session, &w->rules, reason);
		print_message("%s\n", reason);
		size = strlen(reason);
		assert_true(size + strlen("550 5.7.1 \r\n") <= REPLY_LINE_MOST);
		if (*words[i].contact)
			snprintf(ending, sizeof(ending), "; ask %s", words[i].contact);
		else
			snprintf(ending, sizeof(ending), "; ask the postmaster of %s by another way", w->name);
		assert_string_equal(reason + size - strlen(ending), ending);
		assert_non_null(strstr(reason, words[i].in_it));
		assert_null(strstr(reason, words[i].not_in_it));
		close_world(w);
	}
}

static void test_a_score_stays_at_its_ends(void **state)
{
	static const struct {
		int score;
		enum session_wish wish;
	} scores[] = {
		{ INT_MAX, SESSION_WISH_NOTHING },
		{ INT16_MAX + 1, SESSION_WISH_NOTHING },
		{ INT16_MIN - 1, SESSION_WISH_LET_IN },
		{ INT_MIN, SESSION_WISH_LET_IN },
	};

	for (size_t i = 0; i < sizeof(scores) / sizeof(scores[0]); i++) {
		struct world *w = open_world("192.0.2.7", "greet_wait = 0s");
		struct session_facts facts = { .score = scores[i].score, .no_reverse = true };

		begin(w, SESSION_STRANGER, NULL);
		assert_int_equal(session_looked(&w->session, &w->rules, &facts, START, &w->replies), scores[i].wish);
		close_world(w);
	}
}

/* An early recipient is told before there is any other word. */
static void test_a_talk_without_words(void **state)
{
	struct world *w = open_world("192.0.2.7", "zone bl.example { weight = 3 }");
	char text[SESSION_TALK_SIZE];

	begin(w, SESSION_KNOWN_BAD, &listed);
	session_talk(&w->session, &w->rules, text);
	assert_string_equal(text, "550 5.7.1 [192.0.2.7] is refused: bl.example names it; "
				  "ask the postmaster of mx.example.test by another way");
	close_world(w);
}

static void test_states_have_names(void **state)
{
	assert_string_equal(session_state_name(SESSION_TESTING), "testing");
	assert_string_equal(session_state_name(SESSION_CLOSING), "closing");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_there_is_no_room_to_answer_is_not_taken),
		cmocka_unit_test(test_the_longest_reply_has_room),
		cmocka_unit_test(test_a_reason_keeps_whom_to_ask),
		cmocka_unit_test(test_a_score_stays_at_its_ends),
		cmocka_unit_test(test_a_talk_without_words),
		cmocka_unit_test(test_states_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
