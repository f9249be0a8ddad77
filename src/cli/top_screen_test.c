/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top_screen.h"

#include "cli/glyphs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct top_screen screen;

/* A row as ASCII. */
static const char *row_text(size_t row)
{
	static char text[TOP_WIDTH_MOST + 1];

	for (size_t i = 0; i < screen.width; i++)
		text[i] = glyph_plain(screen.cells[row][i].glyph);
	text[screen.width] = '\0';
	return text;
}

static void text_is_cut(void **state)
{
	static const struct {
		size_t column, width;
		const char *text, *shown;
	} rows[] = {
		{ 0, 10, "abc", "abc       " },
		{ 8, 10, "abcd", "        a~" },
		{ 2, 3, "abcd", "  ab~     " },
		{ 2, 4, "abcd", "  abcd    " },
		{ 2, 0, "abcd", "          " },
		{ 10, 5, "abcd", "          " },
		{ 99, 5, "abcd", "          " },
		{ 0, 10, "", "          " },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		top_screen_begin(&screen, 10, 2);
		top_put(&screen, 1, rows[i].column, rows[i].width, TOP_PLAIN, rows[i].text);
		assert_string_equal(row_text(1), rows[i].shown);
		assert_string_equal(row_text(0), "          ");
	}
	assert_int_equal(top_put(&screen, 2, 0, 10, TOP_PLAIN, "below"), 0);
}

static void numbers_end_at_the_right(void **state)
{
	top_screen_begin(&screen, 10, 1);
	top_put_right(&screen, 0, 2, 5, TOP_STRONG, "12");
	assert_string_equal(row_text(0), "     12   ");
	assert_int_equal(screen.cells[0][5].style, TOP_STRONG);
	top_put_right(&screen, 0, 2, 5, TOP_STRONG, "1234567");
	assert_string_equal(row_text(0), "  1234~   ");
}

/* Control bytes, C1 in both encodings, what turns the direction, what is no UTF-8, what is cut. */
static void foreign_bytes_are_none(void **state)
{
	static const char *const texts[] = {
		"\033[31m", "\a\b\t\n\r", "\x9b""31m", "\xc2\x9b""31m", "\xe2\x80\xae", "\xff\xfe", "\xe2\xa0", "\xc2",
		"\xef\xbf\xbf", "\xf0\x9f\x98\x80", "\x7f", "\xc0\x9b", "\xe0\x80\x9b",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		top_screen_begin(&screen, 10, 1);
		top_put(&screen, 0, 0, 10, TOP_PLAIN, texts[i]);
		for (size_t column = 0; column < 10; column++)
			assert_true(screen.cells[0][column].glyph >= ' ' && screen.cells[0][column].glyph < 0x7f);
	}
	top_screen_begin(&screen, 10, 1);
	top_put(&screen, 0, 0, 10, TOP_PLAIN, "│⣿…");
	assert_int_equal(screen.cells[0][0].glyph, 0x2502);
	assert_int_equal(screen.cells[0][1].glyph, 0x28ff);
	assert_int_equal(screen.cells[0][2].glyph, 0x2026);
	assert_int_equal(screen.cells[0][3].glyph, ' ');
}

static void a_larger_screen_is_cut(void **state)
{
	top_screen_begin(&screen, 100000, 100000);
	assert_int_equal(screen.width, TOP_WIDTH_MOST);
	assert_int_equal(screen.height, TOP_HEIGHT_MOST);
	top_restyle(&screen, TOP_HEIGHT_MOST, TOP_ALARM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_cut),
		cmocka_unit_test(numbers_end_at_the_right),
		cmocka_unit_test(foreign_bytes_are_none),
		cmocka_unit_test(a_larger_screen_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
