/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/introduction.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define WORDS "EHLO a.example\r\nSTARTTLS\r\n"

/* What the server says, and what becomes of it: the lines that are said to it, separated by '|', and
 * how it ends: '>' over, '!' refused, '?' still listening. */
static const struct {
	const char *server, *result;
} table[] = {
	{ "220 mx\r\n", "EHLO a.example|?" },
	{ "220 mx\r\n250 mx\r\n", "EHLO a.example|STARTTLS|>" },
	{ "220-mx\r\n220-this is\r\n220 it\r\n250-mx\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n", "EHLO a.example|STARTTLS|>" },
	{ "220\r\n250\r\n", "EHLO a.example|STARTTLS|>" },
	{ "220 mx\n250 mx\n", "EHLO a.example|STARTTLS|>" },
	{ "220 mx\r\n250-mx\r\n", "EHLO a.example|?" },
	{ "421 full\r\n", "!" },
	{ "554-no\r\n554 no\r\n", "!" },
	{ "220 mx\r\n502 what\r\n", "EHLO a.example|!" },
	{ "\r\n", "!" },
	{ "2", "?" },
	{ "", "?" },
};

static void play(const char *server, size_t piece, char result[128])
{
	struct introduction introduction = { .lines = BYTES_LITERAL(WORDS) };
	struct bytes all = bytes_of(server);
	enum introduction_step step = INTRODUCTION_LISTEN;

	result[0] = '\0';
	while (all.size && (step == INTRODUCTION_LISTEN || step == INTRODUCTION_SAY)) {
		struct bytes part = bytes_first(all, piece), line = { NULL, 0 };
		size_t size = part.size;

		step = introduction_take(&introduction, &part, &line);
		all = bytes_skip(all, size - part.size);
		if (step == INTRODUCTION_SAY || step == INTRODUCTION_OVER) {
			strncat(result, line.data, line.size - 2);
			strcat(result, "|");
		}
	}
	strcat(result, step == INTRODUCTION_OVER ? ">" : step == INTRODUCTION_REFUSED ? "!" : "?");
}

static void test_table(void **state)
{
	char result[128];

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		for (size_t piece = 1; piece < 100; piece++) {
			play(table[i].server, piece, result);
			assert_string_equal(result, table[i].result);
		}
	}
}

static void test_a_server_that_does_not_end(void **state)
{
	struct introduction introduction = { .lines = BYTES_LITERAL(WORDS) };
	struct bytes line;
	enum introduction_step step = INTRODUCTION_LISTEN;

	for (int i = 0; i < 1000 && step == INTRODUCTION_LISTEN; i++) {
		struct bytes more = BYTES_LITERAL("220-and another line\r\n");

		step = introduction_take(&introduction, &more, &line);
	}
	assert_int_equal(step, INTRODUCTION_REFUSED);
	assert_true(introduction.heard <= INTRODUCTION_REPLIES_MOST + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_a_server_that_does_not_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
