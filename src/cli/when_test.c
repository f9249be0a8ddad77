/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/when.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define NOW 1185563537 /* 2007-07-27 19:12:17 UTC */

static void spans_are_as_exact_as_they_are_short(void **state)
{
	static const struct {
		uint64_t seconds;
		const char *text;
	} rows[] = {
		{ 0, "0s" },
		{ 59, "59s" },
		{ 252, "4m12s" },
		{ 3599, "59m59s" },
		{ 3600, "1h" },
		{ 7559, "2h5m" },
		{ 86399, "23h59m" },
		{ 86400, "1d" },
		{ 3 * 86400 + 7 * 3600 + 1799, "3d7h" },
	};
	char text[DURATION_TEXT_SIZE];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(span_format(rows[i].seconds, text), rows[i].text);
}

static void any_number_fits(void **state)
{
	char distance[DISTANCE_TEXT_SIZE], when[WHEN_TEXT_SIZE];

	distance_format(UINT64_MAX, 0, distance);
	assert_memory_equal(distance, "in ", 3);
	distance_format(0, UINT64_MAX, distance);
	assert_string_equal(distance + strlen(distance) - 4, " ago");
	when_format(UINT64_MAX, 1, when);
	assert_int_equal(when[strlen(when) - 1], ')');
}

static void a_moment_says_how_far_it_is(void **state)
{
	static const struct {
		uint64_t at, now;
		const char *text;
	} rows[] = {
		{ NOW - 125, NOW, "2007-07-27 19:10:12 (2m5s ago)" },
		{ NOW + 600, NOW, "2007-07-27 19:22:17 (in 10m)" },
		{ NOW, NOW, "2007-07-27 19:12:17 (now)" },
		{ 0, NOW, "1970-01-01 00:00:00 (13721d19h ago)" },
	};
	char text[WHEN_TEXT_SIZE];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(when_format(rows[i].at, rows[i].now, text), rows[i].text);
}

/* The clocks went back in the night of 28 October 2007, at 3 o'clock. */
static void yesterday_may_have_had_25_hours(void **state)
{
	uint64_t at_s;

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	assert_int_equal(when_parse(BYTES_LITERAL("23:00"), 1193600000, &at_s), 0); /* Sunday, 20:33 CET */
	assert_int_equal(at_s, 1193518800);                                         /* Saturday, CEST */
	assert_int_equal(when_parse(BYTES_LITERAL("20:33"), 1193600000, &at_s), 0);
	assert_int_equal(at_s, 1193599980);
	setenv("TZ", "UTC0", 1);
	tzset();
}

static void it_is_local_time(void **state)
{
	char text[WHEN_TEXT_SIZE];

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	assert_string_equal(when_format(NOW, NOW, text), "2007-07-27 21:12:17 (now)");
	setenv("TZ", "UTC0", 1);
	tzset();
}

static void a_moment_is_named(void **state)
{
	static const struct {
		const char *text;
		uint64_t at_s; /* 0: it is none */
	} rows[] = {
		{ "now", NOW },
		{ "2h", NOW - 7200 },
		{ "1d", NOW - 86400 },
		{ "2007-07-27", 1185494400 },
		{ "2007-07-27 19:12", 1185563520 },
		{ "2007-07-27T19:12:17", NOW },
		{ "2007-07-27T19:12:17Z", NOW },
		{ "2007-07-27T21:12:17+02:00", NOW },
		{ "2007-07-27 14:42:17-0430", NOW },
		{ "19:12", 1185563520 },
		{ "19:12:17", NOW },
		{ "19:12:18", NOW + 1 - 86400 },
		{ "23:59", 1185580740 - 86400 },
		{ "23:59Z", 1185580740 - 86400 },
		{ "08:12:17+14:00", NOW - 3600 },
		{ "01:00-12:00", 1185541200 },
		{ "1w", NOW - 7 * 86400 },
		{ "1y", NOW - 365 * 86400 },
		{ "00:00:01", 1185494401 },
		{ "", 0 }, { "yesterday", 0 }, { "2007-7-27", 0 }, { "2007-07-32", 0 }, { "2007-02-29", 0 }, { "24:00", 0 },
		{ "19:60", 0 }, { "2007-07-27 ", 0 }, { "2007-07-27 19", 0 }, { "2007-07-27 19:12:17 x", 0 },
		{ "2007-07-27T19:12:17+99:00", 0 }, { "1969-12-31", 0 }, { "-1d", 0 }, { "20007-07-27", 0 },
	};
	uint64_t at_s;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(when_parse(bytes_of(rows[i].text), NOW, &at_s), rows[i].at_s ? 0 : -EINVAL);
		if (rows[i].at_s)
			assert_int_equal(at_s, rows[i].at_s);
	}
	assert_int_equal(when_parse(bytes_make("2007-02-28\0", 11), NOW, &at_s), -EINVAL);
	assert_true(when_is_time_of_day(BYTES_LITERAL("19:12")));
	assert_false(when_is_time_of_day(BYTES_LITERAL("2h")));
	assert_false(when_is_time_of_day(BYTES_LITERAL("2007-07-27 19:12")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spans_are_as_exact_as_they_are_short),
		cmocka_unit_test(any_number_fits),
		cmocka_unit_test(a_moment_says_how_far_it_is),
		cmocka_unit_test(yesterday_may_have_had_25_hours),
		cmocka_unit_test(it_is_local_time),
		cmocka_unit_test(a_moment_is_named),
	};

	setenv("TZ", "UTC0", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
