/* SPDX-License-Identifier: Apache-2.0 */
#include "observe/svg.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct svg_caption caption = { .title = "A wave", .counted = "connections" };

/* The document; the caller frees it. Not inlined: gcc 12 takes what open_memstream(3) gave for a
 * local variable then. */
__attribute__((noinline)) static char *write(const struct curve_picture *picture, const struct svg_caption *words)
{
	char *document = NULL;
	size_t size;
	FILE *out = open_memstream(&document, &size);

	assert_non_null(out);
	assert_int_equal(svg_write(picture, words, out), 0);
	assert_int_equal(fclose(out), 0);
	return document;
}

/* So many times, and not once more. */
static void has(const char *document, size_t times, const char *part)
{
	size_t count = 0;

	for (const char *at = document; (at = strstr(at, part)); at++)
		count++;
	if (count != times)
		print_message("'%s' is there %zu times\n", part, count);
	assert_int_equal(count, times);
}

static void test_curves_limit_and_legend(void **state)
{
	static const struct curve_point points[] = { { 0, 0 }, { 10, 300 }, { 20, 12 } };
	const struct curve curves[] = { { "unguarded", points, 3 }, { "guarded", points, 1 } };
	const struct curve_picture picture = { .curves = curves, .curve_count = 2, .limit = 300 };
	char *document = write(&picture, &caption);

	has(document, 1, "class=\"line c0\"");
	has(document, 1, "class=\"line c1\"");
	has(document, 1, ">limit 300<");
	has(document, 1, ">unguarded<");
	has(document, 1, ">at most 300<");
	has(document, 1, ">at most 0<");
	has(document, 0, "<script");
	free(document);
}

/* Names of whatever length: in one line where they fit for sure, else in a line each, and what is below moves down. */
static void test_long_names_have_a_line_each(void **state)
{
	static const struct curve_point points[] = { { 0, 0 }, { 10, 300 } };
	static const char wide[] = "WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW";
	const struct curve curves[] = { { "2009-07-27-undefended", points, 2 }, { "2009-07-28-afternoon-evicting", points, 2 },
					{ "2009-07-28-morning-evicting", points, 2 }, { wide, points, 2 } };
	struct curve_picture picture = { .curves = curves, .curve_count = 2 };
	char *document = write(&picture, &caption);

	has(document, 1, "viewBox=\"0 0 960 480\"");
	has(document, 1, "translate(0 0)");
	free(document);
	picture.curve_count = 3;
	document = write(&picture, &caption);
	has(document, 1, "viewBox=\"0 0 960 524\"");
	has(document, 1, "translate(0 44)");
	has(document, 1, "<text x=\"20\" y=\"86\"><tspan class=\"dot c0\"");
	has(document, 1, "<text x=\"20\" y=\"108\"><tspan class=\"dot c1\"");
	has(document, 1, "<text x=\"20\" y=\"130\"><tspan class=\"dot c2\"");
	free(document);
	/* What is counted does not fit behind the last one. */
	picture.curve_count = 4;
	document = write(&picture, &caption);
	has(document, 1, "viewBox=\"0 0 960 568\"");
	free(document);
}

static void test_a_day_begins_at_midnight(void **state)
{
	/* From 27 July 2009, 17:12:17, for 20 hours. */
	const struct curve_picture picture = { .seconds = 72000, .wall_start = 1248714737 };
	char *document = write(&picture, &caption);

	has(document, 1, "text-anchor=\"middle\">07-28<");
	has(document, 1, "<text class=\"name\" x=");
	has(document, 1, ">18:00<");
	has(document, 0, ">00:00<");
	free(document);
}

static void test_the_last_time_stays_on_the_page(void **state)
{
	/* From 27 July 2009, 17:12:20, for a minute: the last mark is its end. */
	const struct curve_picture picture = { .seconds = 60, .wall_start = 1248714740 };
	char *document = write(&picture, &caption);

	has(document, 1, "<text x=\"925.0\" y=\"458\" text-anchor=\"middle\">17:13:20<");
	free(document);
}

static void test_strips_are_bars_below(void **state)
{
	static const struct curve_point open[] = { { 0, 0 }, { 20, 12 } }, bans[] = { { 0, 2 }, { 10, 4 }, { 10, 1 } };
	const struct curve curve = { "open", open, 2 };
	const struct curve strips[] = { { "bans", bans, 3 }, { "<b>", NULL, 0 } };
	const struct curve_picture picture = { .curves = &curve, .curve_count = 1, .strips = strips, .strip_count = 2 };
	const struct curve_picture many = { .curves = &curve, .curve_count = 1, .strips = strips, .strip_count = 3 };
	char *document = write(&picture, &caption);

	has(document, 1, "viewBox=\"0 0 960 532\"");
	has(document, 1, "<path class=\"mark c2\" d=\"M62.0 492.0v-8.0M497.0 492.0v-20.0\"/>");
	has(document, 1, "<path class=\"mark c3\" d=\"\"/>");
	has(document, 1, ">7<");
	has(document, 0, "<b>");
	assert_int_equal(svg_write(&many, &caption, stdout), -EINVAL);
	free(document);
}

static void test_rows_are_marks_below(void **state)
{
	static const struct curve_point open[] = { { 0, 0 }, { 20, 12 } };
	static const struct svg_arrival came[] = { { 0, true }, { 10, false }, { 20, true }, { 21, true }, { NAN, true } };
	const struct curve curve = { "open", open, 2 };
	const struct svg_row rows[] = { { "<some>", came, COUNT(came) }, { "none", NULL, 0 } };
	const struct curve_picture picture = { .curves = &curve, .curve_count = 1 };
	const struct svg_caption words = { .title = "t", .counted = "c",
		.rows = { rows, COUNT(rows), "Who came:", "well", "<ill>" } };
	const struct svg_caption many = { .title = "t", .counted = "c", .rows = { rows, CURVES_AT_MOST + 1 } };
	char *document = write(&picture, &words);

	has(document, 1, "viewBox=\"0 0 960 572\"");
	has(document, 1, "d=\"M108.0 520.0h.1M930.0 520.0h.1\"/>");
	has(document, 1, "<path class=\"ill\" d=\"M515.4 516.4l7.2 7.2m0 -7.2l-7.2 7.2\"/>");
	has(document, 1, "<path class=\"ill\" d=\"\"/>");
	has(document, 1, "&lt;some&gt;");
	has(document, 1, "&lt;ill&gt;");
	assert_int_equal(svg_write(&picture, &many, stdout), -EINVAL);
	free(document);
}

static void test_foreign_text_cannot_leave_its_element(void **state)
{
	const struct curve curve = { "</text><script>\x01&", NULL, 0 };
	const struct curve_picture picture = { .curves = &curve, .curve_count = 1 };
	const struct svg_caption words = { .title = "<t>", .note = "<n>", .description = "<d>", .counted = "<c>" };
	char *document = write(&picture, &words);

	has(document, 0, "<script");
	has(document, 0, "\x01");
	has(document, 1, "&lt;/text&gt;&lt;script&gt; &amp;");
	has(document, 2, "&lt;t&gt;");
	has(document, 1, "&lt;n&gt;");
	has(document, 1, "&lt;d&gt;");
	has(document, 1, "&lt;c&gt;");
	free(document);
}

static void test_a_gap_begins_a_new_stretch(void **state)
{
	static const struct curve_point points[] = { { 0, 1 }, { 10, 1 }, { 11, NAN }, { 20, 1 }, { 30, 1 } };
	static const char begin[] = "class=\"line c0\" d=\"";
	const struct curve curve = { "gap", points, COUNT(points) };
	const struct curve_picture picture = { .curves = &curve, .curve_count = 1 };
	char *document = write(&picture, &caption);
	const char *line = strstr(document, begin);

	assert_non_null(line);
	line += strlen(begin);
	assert_int_equal(line[0], 'M');
	assert_non_null(memchr(line + 1, 'M', strcspn(line, "\"") - 1));
	free(document);
}

/* A day of samples: the file stays small, and the one high sample is still in it. */
static void test_many_points_keep_their_peak(void **state)
{
	static struct curve_point points[86400];
	const struct curve curve = { "day", points, COUNT(points) };
	const struct curve_picture picture = { .curves = &curve, .curve_count = 1, .top = 100 };
	char *calm, *peaked;

	for (size_t i = 0; i < COUNT(points); i++)
		points[i] = (struct curve_point){ (double)i, (double)(i % 7) };
	calm = write(&picture, &caption);
	assert_true(strlen(calm) < 150000);
	points[54321].count = 100;
	peaked = write(&picture, &caption);
	/* The top of the drawing area. */
	has(calm, 0, " 116.0L");
	has(peaked, 2, " 116.0L");
	free(calm);
	free(peaked);
}

static void test_a_full_disk_is_reported(void **state)
{
	const struct curve_picture picture = { 0 };
	FILE *out = fopen("/dev/full", "w");

	assert_non_null(out);
	setbuf(out, NULL);
	assert_int_equal(svg_write(&picture, &caption, out), -EIO);
	fclose(out);
}

static void test_bounds_are_refused(void **state)
{
	const struct curve_picture crowded = { .curve_count = CURVES_AT_MOST + 1 };
	const struct curve_picture endless = { .seconds = INFINITY };

	assert_int_equal(svg_write(&crowded, &caption, stdout), -EINVAL);
	assert_int_equal(svg_write(&endless, &caption, stdout), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_curves_limit_and_legend),
		cmocka_unit_test(test_long_names_have_a_line_each),
		cmocka_unit_test(test_a_day_begins_at_midnight),
		cmocka_unit_test(test_the_last_time_stays_on_the_page),
		cmocka_unit_test(test_strips_are_bars_below),
		cmocka_unit_test(test_rows_are_marks_below),
		cmocka_unit_test(test_foreign_text_cannot_leave_its_element),
		cmocka_unit_test(test_a_gap_begins_a_new_stretch),
		cmocka_unit_test(test_many_points_keep_their_peak),
		cmocka_unit_test(test_a_full_disk_is_reported),
		cmocka_unit_test(test_bounds_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
