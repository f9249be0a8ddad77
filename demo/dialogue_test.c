/* SPDX-License-Identifier: Apache-2.0 */
#include "dialogue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Codes of all complete replies in `text`, in pieces of `piece` bytes; returns how many. */
static size_t read_replies(const char *text, size_t piece, uint16_t codes[8])
{
	struct reply_reader reader = { 0 };
	size_t size = strlen(text), count = 0;

	for (size_t at = 0; at < size;) {
		size_t length = size - at < piece ? size - at : piece, used;

		if (reply_read(&reader, text + at, length, &used, &codes[count]))
			assert_true(++count < 8);
		assert_true(used <= length && used > 0);
		at += used;
	}
	return count;
}

static void test_replies(void **state)
{
	static const struct { const char *text; size_t count; uint16_t codes[4]; } rows[] = {
		{ "220 mx ESMTP\r\n", 1, { 220 } },
		{ "250-mx\r\n250-PIPELINING\r\n250 HELP\r\n", 1, { 250 } },
		{ "250 one\r\n511 two\r\n", 2, { 250, 511 } },
		{ "250\r\n", 1, { 250 } },
		{ "250\n", 1, { 250 } },
		{ "250-first\r\n550 last\r\n", 1, { 550 } },
		{ "hello\r\n220 mx\r\n", 2, { 0, 220 } },
		{ "\r\n", 1, { 0 } },
		{ "25", 0, { 0 } },
		{ "250-only the first line\r\n", 0, { 0 } },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		for (size_t piece = 1; piece < 64; piece++) {
			uint16_t codes[8];

			assert_int_equal(read_replies(rows[i].text, piece, codes), rows[i].count);
			assert_memory_equal(codes, rows[i].codes, rows[i].count * sizeof(codes[0]));
		}
	}
}

static void test_a_line_of_any_length_is_one_reply(void **state)
{
	static char text[100000];
	struct reply_reader reader = { 0 };
	uint16_t code;
	size_t used;

	memset(text, 'x', sizeof(text));
	memcpy(text, "511 ", 4);
	text[sizeof(text) - 1] = '\n';
	assert_true(reply_read(&reader, text, sizeof(text), &used, &code));
	assert_int_equal(code, 511);
	assert_int_equal(used, sizeof(text));
}

/* The steps of a whole conversation, when the server answers with `codes`. */
static void assert_steps(enum manner manner, const uint16_t *codes, const enum step *steps,
			 size_t count)
{
	enum step step = STEP_GREETING;

	for (size_t i = 0; i < count; i++) {
		step = dialogue_next(manner, step, codes[i]);
		assert_int_equal(step, steps[i]);
	}
}

static void test_an_honest_sender_delivers_and_quits(void **state)
{
	static const uint16_t codes[] = { 220, 250, 250, 250, 354, 250, 221 };
	static const enum step steps[] = { STEP_HELO, STEP_MAIL, STEP_RCPT, STEP_DATA,
					   STEP_TEXT, STEP_QUIT, STEP_LEAVE };

	assert_steps(MANNER_HONEST, codes, steps, COUNT(codes));
}

static void test_an_honest_sender_leaves_when_refused(void **state)
{
	static const enum step steps[] = { STEP_GREETING, STEP_HELO, STEP_MAIL,
					   STEP_RCPT, STEP_DATA, STEP_TEXT };

	for (size_t i = 0; i < COUNT(steps); i++) {
		assert_int_equal(dialogue_next(MANNER_HONEST, steps[i], 421), STEP_LEAVE);
		assert_int_equal(dialogue_next(MANNER_HONEST, steps[i], 550), STEP_LEAVE);
		assert_int_equal(dialogue_next(MANNER_HONEST, steps[i], 0), STEP_LEAVE);
	}
}

static void test_a_zombie_stays_whatever_it_is_told(void **state)
{
	static const uint16_t told[] = { 220, 250, 250, 511, 421 };
	static const uint16_t taken[] = { 220, 250, 250, 250 };
	static const enum step steps[] = { STEP_HELO, STEP_MAIL, STEP_RCPT, STEP_HOLD, STEP_HOLD };

	assert_steps(MANNER_ZOMBIE, told, steps, COUNT(told));
	assert_steps(MANNER_ZOMBIE, taken, steps, COUNT(taken));
	assert_int_equal(dialogue_next(MANNER_ZOMBIE, STEP_GREETING, 554), STEP_HOLD);
}

static void test_a_mute_one_says_nothing(void **state)
{
	assert_int_equal(dialogue_next(MANNER_MUTE, STEP_GREETING, 220), STEP_HOLD);
	assert_int_equal(dialogue_next(MANNER_MUTE, STEP_HOLD, 421), STEP_HOLD);
}

static void test_text(void **state)
{
	const struct dialogue_words words = { "ham.test", "ham@example.test", 7, 1248721937 };
	char text[DIALOGUE_TEXT_SIZE];
	size_t length;

	assert_int_equal(dialogue_text(STEP_RCPT, &words, text),
			 strlen("RCPT TO:<ham@example.test>\r\n"));
	assert_string_equal(text, "RCPT TO:<ham@example.test>\r\n");
	assert_int_equal(dialogue_text(STEP_HOLD, &words, text), 0);
	length = dialogue_text(STEP_TEXT, &words, text);
	assert_non_null(strstr(text, "Date: Mon, 27 Jul 2009 19:12:17 +0000\r\n"));
	assert_non_null(strstr(text, "\r\n\r\n"));
	/* RFC 5321 section 4.1.1.4: the end of the mail data, and nothing before it ends it. */
	assert_memory_equal(text + length - 5, "\r\n.\r\n", 5);
	assert_ptr_equal(strstr(text, "\r\n.\r\n"), text + length - 5);
}

/* The longest names that DNS and RFC 5321 allow do not fit the mail: nothing is sent cut. */
static void test_text_that_does_not_fit_is_not_sent(void **state)
{
	static char domain[1000];
	const struct dialogue_words words = { domain, "ham@example.test", 7, 0 };
	char text[DIALOGUE_TEXT_SIZE];

	memset(domain, 'a', sizeof(domain) - 1);
	assert_int_equal(dialogue_text(STEP_TEXT, &words, text), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_a_line_of_any_length_is_one_reply),
		cmocka_unit_test(test_an_honest_sender_delivers_and_quits),
		cmocka_unit_test(test_an_honest_sender_leaves_when_refused),
		cmocka_unit_test(test_a_zombie_stays_whatever_it_is_told),
		cmocka_unit_test(test_a_mute_one_says_nothing),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_text_that_does_not_fit_is_not_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
