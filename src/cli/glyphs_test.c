/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/glyphs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void glyphs_have_plain_ones(void **state)
{
	assert_int_equal(glyph_plain('x'), 'x');
	assert_int_equal(glyph_plain(0x2502), '|');
	assert_int_equal(glyph_plain(0x28ff), ':');
	assert_int_equal(glyph_plain(0x28c0), '.');
	assert_int_equal(glyph_plain(0x2809), '\'');
	assert_int_equal(glyph_plain(0x2581), '_');
	assert_int_equal(glyph_plain(0x2588), '#');
	for (unsigned glyph = 0x80; glyph < 0x10000; glyph++)
		assert_true(glyph_plain((uint16_t)glyph) >= ' ' && glyph_plain((uint16_t)glyph) < 0x7f);
}

static void a_picture_keeps_its_colours_and_lines(void **state)
{
	static const char picture[] = "\033[2m300 ┤\033[0m\033[33m⣿⣀⠉\033[0m ╌\n│▁▄█\n";
	static const char *const shown[] = { picture, "\033[2m300 +\033[0m\033[33m:.'\033[0m -\n|_-#\n" };

	for (size_t plain = 0; plain < COUNT(shown); plain++) {
		char text[200];
		FILE *out = fmemopen(text, sizeof(text), "w");

		assert_non_null(out);
		glyphs_write(picture, plain, out);
		fclose(out);
		assert_string_equal(text, shown[plain]);
	}
}

/* Of locales that are hardly ever installed, as of those that are. */
static void who_shows_ascii_only(void **state)
{
	static const struct {
		const char *all, *ctype, *lang, *term;
		bool plain;
	} rows[] = {
		{ NULL, NULL, NULL, "xterm", false },
		{ NULL, NULL, "C", "xterm", false },
		{ NULL, NULL, "C.UTF-8", "xterm", false },
		{ NULL, NULL, "C.UTF-8", "linux", true },
		{ NULL, NULL, "C.UTF-8", "", false },
		{ NULL, NULL, "xx_YY.utf8", "xterm", false },
		{ NULL, NULL, "xx_YY.ISO-8859-1", "xterm", true },
		{ "xx_YY.ISO-8859-1", NULL, "C.UTF-8", "xterm", true },
		{ "", "xx_YY.KOI8-R", "C.UTF-8", "xterm", true },
		{ "xx_YY.UTF-8", "xx_YY.KOI8-R", "xx_YY.KOI8-R", "xterm", false },
		{ NULL, NULL, "xx_YY", "xterm", false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
		const char *const values[] = { rows[i].all, rows[i].ctype, rows[i].lang };

		for (size_t j = 0; j < COUNT(names); j++)
			assert_int_equal(values[j] ? setenv(names[j], values[j], 1) : unsetenv(names[j]), 0);
		if (glyphs_are_plain(rows[i].term) != rows[i].plain)
			fail_msg("row %zu", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(glyphs_have_plain_ones),
		cmocka_unit_test(a_picture_keeps_its_colours_and_lines),
		cmocka_unit_test(who_shows_ascii_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
