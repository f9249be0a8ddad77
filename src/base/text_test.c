/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define DAY_MS (24ULL * 3600 * 1000)

static void durations_read(void **state)
{
	static const struct {
		const char *text;
		int r;
		uint64_t ms;
	} rows[] = {
		{ "500ms", 0, 500 },
		{ "2s", 0, 2000 },
		{ "10m", 0, 600000 },
		{ "1h", 0, 3600000 },
		{ "7d", 0, 7 * DAY_MS },
		{ "1h30m", 0, 5400000 },
		{ "1d2h3m4s5ms", 0, DAY_MS + 7384005 },
		{ "1m5ms", 0, 60005 },
		{ "90m", 0, 5400000 },
		{ "0s", 0, 0 },
		{ "007s", 0, 7000 },
		{ "3653d", 0, 3653 * DAY_MS },

		{ "3654d", -ERANGE, 0 },
		{ "3653d1ms", -ERANGE, 0 },
		{ "18446744073709551615d", -ERANGE, 0 },
		{ "18446744073709551616ms", -ERANGE, 0 },
		{ "213503982335d", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "10", -EINVAL, 0 },
		{ "m", -EINVAL, 0 },
		{ "10 m", -EINVAL, 0 },
		{ "10m ", -EINVAL, 0 },
		{ " 10m", -EINVAL, 0 },
		{ "-10m", -EINVAL, 0 },
		{ "1.5h", -EINVAL, 0 },
		{ "10M", -EINVAL, 0 },
		{ "10min", -EINVAL, 0 },
		{ "10m30", -EINVAL, 0 },
		{ "30m1h", -EINVAL, 0 },
		{ "1m1m", -EINVAL, 0 },
		{ "1w", 0, 7 * DAY_MS },
		{ "1y2w3d", 0, 382 * DAY_MS },
		{ "10y", 0, 3650 * DAY_MS },
		{ "11y", -ERANGE, 0 },
		{ "1d1w", -EINVAL, 0 },
		{ "1M", -EINVAL, 0 },
		{ "1hh", -EINVAL, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t ms = 4711;

		assert_int_equal(duration_parse(bytes_of(rows[i].text), &ms), rows[i].r);
		assert_int_equal(ms, rows[i].r ? 4711 : rows[i].ms);
	}
	assert_int_equal(duration_parse(BYTES_LITERAL("1m\0"), &(uint64_t){ 0 }), -EINVAL);
}

static void durations_written(void **state)
{
	static const struct {
		uint64_t ms;
		const char *text;
	} rows[] = {
		{ 0, "0s" },	       { 1, "1ms" },	     { 999, "999ms" },
		{ 1000, "1s" },	       { 90000, "1m30s" },   { 3600000, "1h" },
		{ 3600001, "1h1ms" },  { 7 * DAY_MS, "7d" }, { DAY_MS + 7384005, "1d2h3m4s5ms" },
		{ UINT64_MAX, "213503982334d14h25m51s615ms" },
	};
	char text[DURATION_TEXT_SIZE];

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(duration_format(rows[i].ms, text), rows[i].text);
}

static void durations_come_back_as_they_were(void **state)
{
	char text[DURATION_TEXT_SIZE];
	uint64_t again;

	for (uint64_t ms = 0; ms < 3653 * DAY_MS; ms = ms * 3 + 1) {
		assert_int_equal(duration_parse(bytes_of(duration_format(ms, text)), &again), 0);
		assert_int_equal(again, ms);
	}
}

static void sizes_read(void **state)
{
	static const struct {
		const char *text;
		int r;
		uint64_t bytes;
	} rows[] = {
		{ "0", 0, 0 },
		{ "512", 0, 512 },
		{ "64k", 0, 65536 },
		{ "10M", 0, 10485760 },
		{ "1G", 0, 1073741824 },
		{ "18446744073709551615", 0, UINT64_MAX },
		{ "17179869183G", 0, 17179869183ULL << 30 },
		{ "17179869184G", -ERANGE, 0 },
		{ "18446744073709551615k", -ERANGE, 0 },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "k", -EINVAL, 0 },
		{ "64K", -EINVAL, 0 },
		{ "64kB", -EINVAL, 0 },
		{ "64 k", -EINVAL, 0 },
		{ "64m", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "1k1", -EINVAL, 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t bytes = 0;

		assert_int_equal(size_parse(bytes_of(rows[i].text), &bytes), rows[i].r);
		if (rows[i].r == 0)
			assert_int_equal(bytes, rows[i].bytes);
	}
	assert_int_equal(size_parse(BYTES_LITERAL("64\0"), &(uint64_t){ 0 }), -EINVAL);
}

static void wall_time(void **state)
{
	char text[WALL_TEXT_SIZE];

	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	assert_string_equal(wall_format(1185563537, text), "2007-07-27 21:12:17");
	assert_string_equal(wall_format(0, text), "1970-01-01 01:00:00");
	setenv("TZ", "UTC0", 1);
	tzset();
	assert_string_equal(wall_format(253402300800, text), "10000-01-01 00:00:00");
	/* A year that struct tm cannot hold. */
	assert_string_equal(wall_format((uint64_t)INT64_MAX, text), "-");
	wall_format(UINT64_MAX, text);
	assert_true(memchr(text, '\0', sizeof(text)) != NULL);
}

static void foreign_text_is_made_safe(void **state)
{
	static const struct {
		struct bytes foreign;
		size_t room;
		const char *shown;
	} rows[] = {
		{ BYTES_LITERAL(""), 10, "" },
		{ BYTES_LITERAL("plain ~ text"), 20, "plain ~ text" },
		{ BYTES_LITERAL("a\0b"), 20, "a\\x00b" },
		{ BYTES_LITERAL("\x1b[31m\r\n\t"), 40, "\\x1b[31m\\x0d\\x0a\\x09" },
		{ BYTES_LITERAL("\x7f"), 20, "\\x7f" },
		{ BYTES_LITERAL("\\x41"), 20, "\\x5cx41" },
		/* The mark that turns the direction of writing. */
		{ BYTES_LITERAL("\xe2\x80\xae"), 20, "\\xe2\\x80\\xae" },
		{ BYTES_LITERAL("\xff\xfe"), 20, "\\xff\\xfe" },

		{ BYTES_LITERAL("abcd"), 5, "abcd" },
		{ BYTES_LITERAL("abcde"), 5, "a..." },
		{ BYTES_LITERAL("abcdefgh"), 7, "abc..." },
		{ BYTES_LITERAL("ab\ncd"), 9, "ab\\x0acd" },
		{ BYTES_LITERAL("ab\ncd"), 8, "ab..." },
		{ BYTES_LITERAL("\n"), 5, "\\x0a" },
		{ BYTES_LITERAL("\n"), 4, "..." },
		{ BYTES_LITERAL("ab"), 2, "." },
		{ BYTES_LITERAL("a"), 2, "a" },
		{ BYTES_LITERAL("a"), 1, "" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char out[64];

		memset(out, 'X', sizeof(out));
		assert_ptr_equal(text_escape(rows[i].foreign, out, rows[i].room), out);
		assert_string_equal(out, rows[i].shown);
		assert_int_equal(out[rows[i].room], 'X');
	}
}

static void letters_stay_where_utf8_is_read(void **state)
{
	static const struct {
		const char *foreign, *shown;
	} rows[] = {
		{ "Réunion", "Réunion" },
		{ "Åland, Việt Nam, Ελλάδα, Україна", "Åland, Việt Nam, Ελλάδα, Україна" },
		{ "a\\b\x1b[2J\n", "a\\x5cb\\x1b[2J\\x0a" },
		{ "\xe2\x80\xae" "evil", "\\xe2\\x80\\xaeevil" },         /* right to left, by decree */
		{ "\xd7\x90", "\\xd7\\x90" },                           /* and by nature: Hebrew */
		{ "\xc2\x9b" "2J", "\\xc2\\x9b2J" },                    /* CSI in one character */
		{ "\xc2\xad" "\xc2\xa0", "\\xc2\\xad\\xc2\\xa0" },      /* soft hyphen, blank that is none */
		{ "e\xcc\x81 \xd2\x83", "e\\xcc\\x81 \\xd2\\x83" },      /* accents by themselves */
		{ "\xc3", "\\xc3" }, { "\xc3(", "\\xc3(" },             /* cut, and not UTF-8 */
		{ "\xc1\xa9 \xe1\xbb", "\\xc1\\xa9 \\xe1\\xbb" },
	};
	char out[80];

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(text_escape_letters(bytes_of(rows[i].foreign), out, sizeof(out)), rows[i].shown);
	/* A letter is cut as a whole. */
	assert_string_equal(text_escape_letters(bytes_of("ééééé"), out, 9), "éé...");
}

static void no_room_is_no_byte(void **state)
{
	char out = 'X';

	text_escape(bytes_of("abc"), &out, 0);
	assert_int_equal(out, 'X');
}

/* Of any bytes, into any room: printable, ended, inside; whole or with dots. */
static void any_bytes_into_any_room(void **state)
{
	char foreign[32], out[80];

	srand(2);
	for (int round = 0; round < 20000; round++) {
		size_t size = (size_t)rand() % sizeof(foreign), room = 1 + (size_t)rand() % sizeof(out), length;

		for (size_t i = 0; i < size; i++)
			foreign[i] = (char)(rand() % 3 ? 'a' + rand() % 26 : rand());
		text_escape(bytes_make(foreign, size), out, room);
		length = strnlen(out, room);
		assert_true(length < room);
		for (size_t i = 0; i < length; i++)
			assert_true(out[i] >= ' ' && out[i] <= '~');
		assert_true(strnlen(text_escape_letters(bytes_make(foreign, size), out, room), room) < room);
		if (room > 4 * sizeof(foreign))
			assert_true(length >= size);
	}
}

static void the_nearest_word(void **state)
{
	static const char *const words[] = { "for", "at_most", "never", "score", "limit", "grace", "enabled" };
	static const struct {
		const char *word, *nearest;
	} rows[] = {
		{ "at_least", "at_most" }, { "at_mots", "at_most" }, { "atmost", "at_most" },
		{ "nevr", "never" },	    { "enver", "never" },     { "scoer", "score" },
		{ "limit", "limit" },	    { "limits", "limit" },    { "xyz", NULL },
		{ "fro", "for" },	    { "f", NULL },	      { "enable", "enabled" },
		{ "disabled", "enabled" },  { "", NULL },	      { "graec", "grace" },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *nearest = text_nearest(bytes_of(rows[i].word), words, COUNT(words));

		if (rows[i].nearest)
			assert_string_equal(nearest ? nearest : "none", rows[i].nearest);
		else
			assert_null(nearest);
	}
	assert_null(text_nearest(bytes_of("for"), words, 0));
}

static void a_long_candidate_is_passed_over(void **state)
{
	static const char *const words[] = {
		"a_word_that_is_longer_than_any_word_a_person_would_type", "a_word",
	};

	assert_string_equal(text_nearest(bytes_of("a_wrod"), words, COUNT(words)), "a_word");
}

static void counts_are_grouped(void **state)
{
	char text[COUNT_TEXT_SIZE];

	assert_string_equal(count_format(0, text), "0");
	assert_string_equal(count_format(999, text), "999");
	assert_string_equal(count_format(1000, text), "1,000");
	assert_string_equal(count_format(1234567, text), "1,234,567");
	assert_string_equal(count_format(UINT64_MAX, text), "18,446,744,073,709,551,615");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_read),
		cmocka_unit_test(durations_written),
		cmocka_unit_test(durations_come_back_as_they_were),
		cmocka_unit_test(sizes_read),
		cmocka_unit_test(wall_time),
		cmocka_unit_test(foreign_text_is_made_safe),
		cmocka_unit_test(letters_stay_where_utf8_is_read),
		cmocka_unit_test(no_room_is_no_byte),
		cmocka_unit_test(any_bytes_into_any_room),
		cmocka_unit_test(the_nearest_word),
		cmocka_unit_test(a_long_candidate_is_passed_over),
		cmocka_unit_test(counts_are_grouped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
