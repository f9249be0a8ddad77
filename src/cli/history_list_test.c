/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/history_list.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define NOW UINT64_C(1795842000)

struct row {
	const char *line;
	uint64_t at_s; /* 0: no sample */
	uint32_t open;
	const char *mistake; /* NULL: none */
};

static void check(const struct row *rows, size_t count)
{
	struct history_list list = { .now_s = NOW };

	for (size_t i = 0; i < count; i++) {
		uint32_t values[HISTORY_COLUMNS];
		const char *mistake;
		uint64_t at_s = 0;
		int r = history_list_line(&list, bytes_of(rows[i].line), &at_s, values, &mistake);

		if (rows[i].mistake) {
			assert_int_equal(r, -EINVAL);
			assert_string_equal(mistake, rows[i].mistake);
			continue;
		}
		assert_int_equal(r, rows[i].at_s ? 1 : 0);
		if (!rows[i].at_s)
			continue;
		assert_int_equal(at_s, rows[i].at_s);
		assert_int_equal(values[HISTORY_open], rows[i].open);
		assert_int_equal(values[HISTORY_limit], HISTORY_UNKNOWN);
	}
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof(rows[0]))

static void dates_and_counts(void **state)
{
	static const struct row rows[] = {
		{ "", 0, 0, NULL },
		{ "Mon Jul 27 19:12:17 CEST 2009 4", 1248714737, 4, NULL },
		{ "Mon Jul 27 19:12:22 CEST 2009\t 301 \r", 1248714742, 301, NULL },
		{ "Mon Jul 27 17:12:27 UTC 2009", 0, 0, NULL },
		{ "  77", 1248714747, 77, NULL },
		{ "78", 0, 0, "it begins with no date" },
		{ "Mon Jul 27 17:12:32 UTC 2009", 0, 0, NULL },
		{ "nonsense", 0, 0, "it begins with no date" },
		{ "79", 0, 0, "it begins with no date" },
		{ "Mon Jul 27 13:13:00 EDT 2009 5", 1248714780, 5, NULL },
		{ "Mon Jul 27 19:12:59 CEST 2009 4", 0, 0, "it is earlier than the line before" },
		{ "Mon Jul 27 19:14:17 XYZT 2009 4", 0, 0, "its time zone is not known" },
		{ "Mon Jul 27 19:14:17 CEST 2009 4x", 0, 0, "behind its date is no count" },
		{ "Mon Jul 27 19:14:17 CEST 2009 4294967295", 0, 0, "behind its date is no count" },
		{ "Mon Jul 27 19:14:7 CEST 2009 4", 0, 0, "its time of day is none" },
		{ "Mon Jul 32 19:14:17 CEST 2009 4", 0, 0, "its date is not one of date(1) in the C locale" },
		{ "Mon Feb 30 19:14:17 CEST 2009 4", 0, 0, "there is no such day" },
		{ "Mon Jul 27 19:14:17 CEST 2099 4", 0, 0, "its time is yet to come" },
		{ "Mon", 0, 0, "its date is not one of date(1) in the C locale" },
		{ "Mon Jul 27 19:14:20 2009 6", 1248722060, 6, NULL },
		{ "Mon Jul 27 17:14:25 -03 2009 7", 1248725665, 7, NULL },
		{ "Tue Jul 28 03:59:25 +0545 2009 8", 1248732865, 8, NULL },
		{ "Tue Jul 28 03:59:25 +5 2009 8", 0, 0, "its time zone is not known" },
		{ "Tue Jul 28 03:59:25 +05: 2009 8", 0, 0, "its time zone is not known" },
		{ "Tue Jul 28 03:59:25 -1500 2009 8", 0, 0, "its time zone is not known" },
	};

	CHECK(rows);
}

static void csv(void **state)
{
	static const struct row rows[] = {
		{ "time,open_smtp_connections,mood", 0, 0, NULL },
		{ "2009-07-27T19:12:17+02:00,4,calm", 1248714737, 4, NULL },
		{ "2009-07-27T17:12:22Z,5", 1248714742, 5, NULL },
		{ "\"2009-07-27 19:12:27\",\"6\",", 0, 0, NULL },
		{ "2h,6", 0, 0, "its time is none" },
		{ ",6", 0, 0, "its time is none" },
		{ "2009-07-27T19:20:17+02:00,many", 0, 0, "one of its values is no count" },
		{ "2009-07-27T19:20:17+02:00,", 1248715217, HISTORY_UNKNOWN, NULL },
	};
	struct row local[sizeof(rows) / sizeof(rows[0])];

	memcpy(local, rows, sizeof(rows));
	local[3].at_s = 1248721947; /* UTC is local here */
	local[3].open = 6;
	local[7].line = "2009-07-27T21:20:17+02:00,";
	local[7].at_s = 1248722417;
	check(local, 8);
}

static void a_mark_before_utf8_is_passed_over(void **state)
{
	static const struct row csv[] = {
		{ "\xef\xbb\xbf\r", 0, 0, NULL },
		{ "\xef\xbb\xbftime,open\r", 0, 0, NULL },
		{ "2009-07-27T19:12:17+02:00,4\r", 1248714737, 4, NULL },
		{ "\xef\xbb\xbf" "2009-07-27T19:12:17+02:00,4", 0, 0, "its time is none" },
	};
	static const struct row dates[] = { { "\xef\xbb\xbfMon Jul 27 19:12:17 CEST 2009 4", 1248714737, 4, NULL } };

	CHECK(csv);
	CHECK(dates);
}

/* Each has its own times, and its name may hold what CSV is made of. */
static void several_series(void **state)
{
	static const struct {
		const char *line, *series;
	} rows[] = {
		{ "time,step,series,open", "" },
		{ "2009-07-27T19:12:17+02:00,,first,4", "first" },
		{ "2009-07-27T19:13:17+02:00,,first,5", "first" },
		{ "2009-07-27T19:12:17+02:00,,\"a,\"\"b\"\"\",6", "a,\"b\"" },
		{ "2009-07-27T19:12:18+02:00, , \"an \033[31m other\" ,7", "an--[31m-other" },
		{ "2009-07-27T19:12:19+02:00,,,8", "" },
	};
	struct history_list list = { .now_s = NOW };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t values[HISTORY_COLUMNS];
		const char *mistake;
		uint64_t at_s;

		assert_int_equal(history_list_line(&list, bytes_of(rows[i].line), &at_s, values, &mistake), i > 0);
		assert_string_equal(list.series, rows[i].series);
		if (i)
			assert_int_equal(values[HISTORY_open], 3 + i);
	}
}

/* What a quote begins that nothing ends is taken as it stands. */
static void quotes_that_do_not_end(void **state)
{
	static const struct row rows[] = {
		{ "time,open,series", 0, 0, NULL },
		{ "2009-07-27T19:12:17+02:00,4,\"", 1248714737, 4, NULL },
		{ "2009-07-27T19:12:18+02:00,4,\"\"\"", 1248714738, 4, NULL },
		{ "2009-07-27T19:12:19+02:00,\"4\"x,y", 0, 0, "one of its values is no count" },
		{ "2009-07-27T19:12:20+02:00,\"4", 0, 0, "one of its values is no count" },
	};

	CHECK(rows);
}

static void a_head_that_names_nothing_of_ours(void **state)
{
	static const char mistake[] = "it does not name the columns, of which `time` and `open` are two";
	static const struct row rows[] = {
		{ "open,closed", 0, 0, mistake },
		{ "time,mood", 0, 0, mistake },
		{ "closing,time,open", 0, 0, NULL },
		{ "1,2009-07-27T19:12:17+02:00,4,9,9", 1248714737, 4, NULL },
	};

	CHECK(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dates_and_counts),
		cmocka_unit_test(csv),
		cmocka_unit_test(a_mark_before_utf8_is_passed_over),
		cmocka_unit_test(several_series),
		cmocka_unit_test(quotes_that_do_not_end),
		cmocka_unit_test(a_head_that_names_nothing_of_ours),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
