/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/docker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define END ",\"stream\":\"stdout\",\"time\":\"2026-07-27T13:05:01.2Z\"}"

/* NULL: no line of Docker's. */
static const struct {
	const char *line, *text;
} rows[] = {
	{ "{\"log\":\"plain\\n\"" END, "plain" },
	{ "{\"log\":\"no newline\"" END, "no newline" },
	{ "{\"log\":\"\\n\"" END, "" },
	{ "{\"log\":\"\"" END, "" },
	{ "{\"log\":\"two\\nlines\\n\"" END, "two\nlines" },
	{ "{\"log\":\"a \\\"quote\\\", a \\\\, a \\u003c and \\u00e9\\u2028\\n\"" END,
	  "a \"quote\", a \\, a < and \xc3\xa9\xe2\x80\xa8" },
	{ "{\"log\":\"\\t\\r\\b\\f\\/\"" END, "\t\r\b\f/" },
	{ "{\"log\":\"x\\n\",\"stream\":\"stderr\",\"attrs\":{\"tag\":\"mx\"},\"time\":\"2026-07-27T13:05:01.2Z\"}",
	  "x" },
	{ "{\"log\":\"x\\q\"" END, NULL },
	{ "{\"log\":\"x\\u00g0\"" END, NULL },
	{ "{\"log\":\"x\\u00", NULL },
	{ "{\"log\":\"x\\", NULL },
	{ "{\"log\":\"x" END, NULL },
	{ "{\"log\":\"x\"" END " ", NULL },
	{ "{\"log\":\"x\",\"time\":\"2026\"}", NULL },
	{ "{\"log\":\"x\",\"stream\":\"stdout\"}", NULL },
	{ " {\"log\":\"x\"" END, NULL },
	{ "{\"message\":\"x\"}", NULL },
	{ "", NULL },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void lines_are_read(void **state)
{
	char room[256];

	for (size_t i = 0; i < ROWS; i++) {
		struct docker_line line;
		bool is_one = docker_read(bytes_of(rows[i].line), room, &line);

		print_message("%s\n", rows[i].line);
		assert_int_equal(is_one, rows[i].text != NULL);
		if (!is_one)
			continue;
		assert_true(bytes_equal(line.text, bytes_of(rows[i].text)));
		assert_int_equal(line.partial, strstr(rows[i].line, "\\n\"") == NULL);
		assert_int_equal(line.of_stderr, strstr(rows[i].line, "stderr") != NULL);
		assert_true(bytes_equal(line.stamp, BYTES_LITERAL("2026-07-27T13:05:01.2Z")));
	}
}

/* Each prefix, in memory that ends where the prefix ends, with room for no byte more. */
static void nothing_is_touched_past_the_end(void **state)
{
	for (size_t i = 0; i < ROWS; i++) {
		for (size_t size = 0; size <= strlen(rows[i].line); size++) {
			char *copy = malloc(size ? size : 1), *room = malloc(size ? size : 1);
			struct docker_line line;

			memcpy(copy, rows[i].line, size);
			docker_read(bytes_make(copy, size), room, &line);
			free(room);
			free(copy);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_read),
		cmocka_unit_test(nothing_is_touched_past_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
