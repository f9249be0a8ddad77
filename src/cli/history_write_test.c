/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/history_write.h"

#include "cli/history_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define START UINT64_C(1248714720) /* 19:12:00 CEST */

static struct history_chunk chunk;

static char *written(enum history_format format, const char *series, uint32_t step_s)
{
	struct history_writer writer = { .format = format };
	char *text;
	size_t size;

	writer.out = open_memstream(&text, &size);
	assert_non_null(writer.out);
	history_write_chunk(&writer, series, step_s, START, &chunk);
	fclose(writer.out);
	return text;
}

static int fill(void **state)
{
	memset(&chunk, 0xFF, sizeof(chunk));
	chunk.present = UINT64_C(1) << 17 | UINT64_C(1) << 22 | UINT64_C(1) << 59;
	chunk.values[HISTORY_open][17] = 4;
	chunk.values[HISTORY_open][22] = 301;
	chunk.values[HISTORY_limit][22] = 300;
	return 0;
}

static void text_is_that_of_date(void **state)
{
	char *text = written(HISTORY_AS_TEXT, "", 1);

	assert_string_equal(text, "Mon Jul 27 19:12:17 CEST 2009 4\nMon Jul 27 19:12:22 CEST 2009 301\n");
	free(text);
	text = written(HISTORY_AS_TEXT, "", 60);
	assert_string_equal(text, "Mon Jul 27 19:29:00 CEST 2009 4\nMon Jul 27 19:34:00 CEST 2009 301\n");
	free(text);
}

static void csv_leaves_out_what_is_not_known(void **state)
{
	char *text = written(HISTORY_AS_CSV, "", 10);

	assert_ptr_equal(strstr(text, "time,step,open,served,"), text);
	assert_non_null(strstr(text, "\n2009-07-27T19:14:50+02:00,10,4,,,,,,,"));
	assert_non_null(strstr(text, "\n2009-07-27T19:15:40+02:00,10,301,,,,,300,,"));
	assert_non_null(strstr(text, "\n2009-07-27T19:21:50+02:00,10,,"));
	free(text);
}

/* And how often somebody else counted is not known. */
static void csv_names_the_series(void **state)
{
	char *text = written(HISTORY_AS_CSV, "first", 1);

	assert_ptr_equal(strstr(text, "time,step,series,open,served,"), text);
	assert_non_null(strstr(text, "\n2009-07-27T19:12:17+02:00,,first,4,,"));
	free(text);
	text = written(HISTORY_AS_CSV, "a,\"b\"", 1);
	assert_non_null(strstr(text, "\n2009-07-27T19:12:17+02:00,,\"a,\"\"b\"\"\",4,,"));
	free(text);
}

/* Hostile names come escaped already; what JSON minds is minded here. */
static void json_names_the_series(void **state)
{
	char *text = written(HISTORY_AS_JSON, "a\"b\\", 1);

	assert_ptr_equal(strstr(text, "{\"time\": 1248714737, \"series\": \"a\\\"b\\\\\", \"open\": 4}\n"
				      "{\"time\": 1248714742, \"series\": \"a\\\"b\\\\\", \"open\": 301, "
				      "\"limit\": 300}\n"), text);
	free(text);
}

/* What is written as CSV and as text is read again as the same. */
static void import_reads_it_again(void **state)
{
	static const char *const series[] = { "", "", "a,\"b\"" };

	for (size_t i = 0; i < 3; i++) {
		enum history_format format = i ? HISTORY_AS_CSV : HISTORY_AS_TEXT;
		struct history_list list = { .now_s = START + 60 };
		char *text = written(format, series[i], 1);
		struct bytes rest = bytes_of(text);
		unsigned samples = 0;

		while (rest.size) {
			struct bytes line = bytes_first(rest, bytes_find_char(rest, '\n'));
			uint32_t values[HISTORY_COLUMNS];
			const char *mistake;
			uint64_t at_s;
			int r = history_list_line(&list, line, &at_s, values, &mistake);

			rest = bytes_skip(rest, line.size + 1);
			assert_in_range(r, 0, 1);
			if (r == 0)
				continue;
			samples++;
			assert_true(chunk.present >> (at_s - START) & 1);
			for (int c = 0; c < HISTORY_COLUMNS; c++)
				if (format == HISTORY_AS_CSV || c == HISTORY_open)
					assert_int_equal(values[c], chunk.values[c][at_s - START]);
		}
		assert_string_equal(list.series, series[i]);
		assert_int_equal(samples, format == HISTORY_AS_CSV ? 3 : 2);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(text_is_that_of_date, fill),
		cmocka_unit_test_setup(csv_leaves_out_what_is_not_known, fill),
		cmocka_unit_test_setup(csv_names_the_series, fill),
		cmocka_unit_test_setup(json_names_the_series, fill),
		cmocka_unit_test_setup(import_reads_it_again, fill),
	};

	/* A rule of its own: there need not be a table of zones here. */
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
