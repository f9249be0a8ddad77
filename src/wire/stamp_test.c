/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/stamp.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define NOW 1785157501 /* 2026-07-27 13:05:01 UTC */

/* `rest` is what follows the stamp; the time is on a clock 2 h east of UTC. */
static const struct {
	const char *text;
	enum stamp_form form;
	const char *rest;
	int result;
	uint64_t wall_s;
} rows[] = {
	{ "Jul 27 15:05:01 x", STAMP_RFC3164, " x", 0, NOW },
	{ "Jul 27 15:05:01,5x", STAMP_RFC3164, "x", 0, NOW },
	{ "Jul 7 15:05:01 x", STAMP_RFC3164, " x", 0, NOW - 20 * 86400 },
	{ "Jul  7 15:05:01 x", STAMP_RFC3164, " x", 0, NOW - 20 * 86400 },
	{ "Jul  15:05:01 x", STAMP_NONE, NULL, -ENODATA, 0 },
	{ "2026-07-27T15:05:01.214511+02:00 x", STAMP_ISO8601, " x", 0, NOW },
	{ "2026-07-27T15:05:01.x", STAMP_ISO8601, ".x", 0, NOW },
	{ "2026-07-27 15:05:01 x", STAMP_DATE, " x", 0, NOW },
	{ "2026-07-27 15:05:01.214 x", STAMP_DATE, " x", 0, NOW },
	{ "2026-07-27 13:05:01 +0000 x", STAMP_DATE, " x", 0, NOW },
	{ "2026-07-27 08:35:01,214 -0430 x", STAMP_DATE, " x", 0, NOW },
	{ "2026-07-27 15:05:01 +00000 x", STAMP_DATE, " +00000 x", 0, NOW },
	{ "2026/07/27 15:05:01 [info]", STAMP_SLASHED, " [info]", 0, NOW },
	{ "27-07-2026 15:05:01   smtp:", STAMP_DAY_FIRST, "   smtp:", 0, NOW },
	{ "Jul-27-26 15:05:01 x", STAMP_ASSP, " x", 0, NOW },
	{ "[27/Jul/2026 15:05:01] x", STAMP_KERIO, " x", 0, NOW },
	{ "[2026-07-27 15:05:01,214] x", STAMP_PYTHON, " x", 0, NOW },
	{ "[2026-07-27 15:05:01] x", STAMP_PYTHON, " x", 0, NOW },
	{ "@400000006a67578700000000 x", STAMP_TAI64N, " x", 0, NOW },
	{ "@400000006a675787 x", STAMP_TAI64N, " x", 0, NOW },
	{ "@3fffffffffffffff x", STAMP_TAI64N, " x", -EINVAL, 0 },
	{ "@4000003afff44189 x", STAMP_TAI64N, " x", 0, 253402300799 },
	{ "@4000003afff4418a x", STAMP_TAI64N, " x", -EINVAL, 0 },
	{ "@ffffffffffffffff x", STAMP_TAI64N, " x", -EINVAL, 0 },
	{ "@400000006A67580700000000 x", STAMP_NONE, NULL, -ENODATA, 0 },
	{ "Mon 2026-07-27 15:05:01 CEST x", STAMP_FULL, " x", 0, NOW },
	{ "Mon 2026-07-27 13:05:01 UTC x", STAMP_FULL, " x", 0, NOW },
	{ "Mon 2026-07-27 15:05:01 +02 x", STAMP_FULL, " x", 0, NOW },
	{ "1785157501.214511 x", STAMP_UNIX, " x", 0, NOW },
	{ "1785157501 x", STAMP_NONE, NULL, -ENODATA, 0 },
	{ "[ 5213.214511] x", STAMP_MONOTONIC, " x", -ENODATA, 0 },
	{ "[5213.214511] x", STAMP_MONOTONIC, " x", -ENODATA, 0 },
	{ "[SSL-out] x", STAMP_NONE, NULL, -ENODATA, 0 },
	{ "[] x", STAMP_NONE, NULL, -ENODATA, 0 },
	{ "[  ] x", STAMP_NONE, NULL, -ENODATA, 0 },
	{ "[31/Feb/2026 15:05:01] x", STAMP_KERIO, " x", -EINVAL, 0 },
	{ "2026-13-27 15:05:01 x", STAMP_DATE, " x", -EINVAL, 0 },
	{ "0000/00/00 00:00:00 x", STAMP_SLASHED, " x", -EINVAL, 0 },
	{ "", STAMP_NONE, NULL, -ENODATA, 0 },
};

static void stamps_are_found_and_told(void **state)
{
	const struct stamp_clock clock = { .now_s = NOW, .utc_offset_s = 7200 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bytes text = bytes_of(rows[i].text);
		enum stamp_form form;
		uint64_t wall_s = 0;
		size_t size = stamp_find(text, &form);

		print_message("%s\n", rows[i].text);
		assert_int_equal(form, rows[i].form);
		assert_int_equal(size, rows[i].rest ? text.size - strlen(rows[i].rest) : 0);
		assert_int_equal(stamp_time(form, bytes_first(text, size), &clock, &wall_s), rows[i].result);
		assert_int_equal(wall_s, rows[i].wall_s);
	}
}

/* Each prefix of each line, in memory that ends where the prefix ends. */
static void nothing_is_read_past_the_end(void **state)
{
	const struct stamp_clock clock = { .now_s = NOW };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t size = 0; size <= strlen(rows[i].text); size++) {
			char *copy = malloc(size ? size : 1);
			enum stamp_form form;
			uint64_t wall_s;
			size_t found;

			memcpy(copy, rows[i].text, size);
			found = stamp_find(bytes_make(copy, size), &form);
			assert_true(found <= size);
			stamp_time(form, bytes_make(copy, found), &clock, &wall_s);
			free(copy);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stamps_are_found_and_told),
		cmocka_unit_test(nothing_is_read_past_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
