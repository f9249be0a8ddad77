/* SPDX-License-Identifier: Apache-2.0 */
#include "observe/curve.h"

#include "observe/axis.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char text[CURVE_TEXT_SIZE(CURVE_WIDTH_MOST, CURVE_HEIGHT_MOST)];

static void draw(const struct curve_picture *picture, const struct curve_frame *frame)
{
	size_t length;

	assert_int_equal(curve_draw(picture, frame, text, sizeof(text), &length), 0);
	assert_int_equal(length, strlen(text));
}

/* Cells of one line, colour sequences left out; stops at the end of the line. */
static size_t cells_in_line(const char **at)
{
	size_t cells = 0;

	for (; **at != '\n'; (*at)++) {
		assert_int_not_equal(**at, '\0');
		if (**at == '\033')
			*at += strcspn(*at, "m");
		else if (((unsigned char)**at & 0xC0) != 0x80)
			cells++;
	}
	(*at)++;
	return cells;
}

static void assert_frame(const struct curve_frame *frame)
{
	const char *at = text;

	for (size_t line = 0; line < frame->height; line++)
		assert_int_equal(cells_in_line(&at), frame->width);
	assert_int_equal(*at, '\0');
}

static void test_every_line_has_the_width(void **state)
{
	static const struct curve_frame frames[] = {
		{ CURVE_WIDTH_LEAST, CURVE_HEIGHT_LEAST, false, false, 0 },
		{ 80, 12, true, false, 0 },
		{ 80, 12, false, true, 3 },
		{ CURVE_WIDTH_MOST, CURVE_HEIGHT_MOST, true, true, 1 },
	};
	struct curve_point points[500];
	struct curve curves[2] = { { "one", points, COUNT(points) }, { "two", points, 100 } };
	struct curve_picture picture = { .curves = curves, .curve_count = 2, .limit = 280 };

	for (size_t i = 0; i < COUNT(points); i++)
		points[i] = (struct curve_point){ (double)i, (double)(i * i % 307) };
	for (size_t i = 0; i < COUNT(frames); i++) {
		draw(&picture, &frames[i]);
		assert_frame(&frames[i]);
	}
}

/* Every cell another colour than the one before is the worst case of the buffer's size. */
static void test_hostile_numbers_stay_in_the_frame(void **state)
{
	static const struct curve_point points[] = {
		{ -5, 10 }, { 0, NAN }, { 1, -1e300 }, { 2, INFINITY }, { NAN, 3 },
		{ 3, 1e11 }, { 2, 7 }, { 4, 0.001 }, { 1e300, 5 },
	};
	const struct curve curve = { "odd", points, COUNT(points) };
	struct curve_picture picture = { .curves = &curve, .curve_count = 1, .seconds = 4 };
	const struct curve_frame frame = { 40, 9, true, true, 0 };

	draw(&picture, &frame);
	assert_frame(&frame);
	picture.wall_start = INT64_MAX / 2;
	draw(&picture, &frame);
	assert_frame(&frame);
}

static void test_a_rise_is_drawn_where_it_is(void **state)
{
	static const struct curve_point points[] = {
		{ 0, 0 }, { 20, 0 }, { 20, 100 }, { 40, 100 }
	};
	const struct curve curve = { "step", points, COUNT(points) };
	const struct curve_picture picture = { .curves = &curve, .curve_count = 1, .top = 100 };
	const struct curve_frame frame = { 26, 5, false, false, 0 };

	draw(&picture, &frame);
	assert_string_equal(text, "100 ┤          ⢸⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉\n"
				  " 50 ┤          ⢸          \n"
				  "    │⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣸          \n"
				  "    └┬────────────────────\n"
				  "    0 s                   \n");
}

/* The later one covers the earlier; the names say which is which without a colour. */
static void test_marks_tell_curves_apart(void **state)
{
	static const struct curve_point up[] = { { 0, 0 }, { 40, 100 } }, down[] = { { 0, 100 }, { 40, 0 } };
	const struct curve curves[] = { { "up", up, COUNT(up) }, { "down", down, COUNT(down) } };
	const struct curve_picture picture = { .curves = curves, .curve_count = 2, .top = 100, .limit = 100 };
	const struct curve_frame frame = { .width = 16, .height = 5, .marked = true };

	draw(&picture, &frame);
	assert_string_equal(text, "100 ┤oooo╌╌╌****\n"
				  " 50 ┤   ooooo   \n"
				  "    │****   oooo\n"
				  "    └┬──────────\n"
				  "    0 s         \n");
	assert_int_equal(curve_mark(0), '*');
	assert_int_equal(curve_mark(1), 'o');
}

static void test_long_names_of_strips_leave_room(void **state)
{
	const struct curve strips[] = { { "connections that were ended", NULL, 0 }, { "b", NULL, 0 } };
	const struct curve_picture picture = { .top = 1e12, .seconds = 1, .strips = strips, .strip_count = 2 };
	const struct curve_picture many = { .strips = strips, .strip_count = CURVE_STRIPS_AT_MOST + 1 };
	const struct curve_frame frame = { .width = CURVE_WIDTH_LEAST, .height = 6 };
	size_t length;

	draw(&picture, &frame);
	assert_frame(&frame);
	assert_int_equal(curve_draw_strip(&picture, &frame, 0, text, sizeof(text), &length), 0);
	assert_string_equal(text, "connecti        \n");
	assert_int_equal(curve_draw_strip(&picture, &frame, 1, text, sizeof(text), &length), 0);
	assert_string_equal(text, "       b        \n");
	assert_int_equal(curve_draw(&many, &frame, text, sizeof(text), &length), -EINVAL);
}

static void test_a_single_sample_is_seen_among_thousands(void **state)
{
	static struct curve_point points[100000];
	const struct curve curve = { "spike", points, COUNT(points) };
	const struct curve_picture picture = { .curves = &curve, .curve_count = 1, .top = 100 };
	const struct curve_frame frame = { 60, 8, false, false, 0 };

	for (size_t i = 0; i < COUNT(points); i++)
		points[i] = (struct curve_point){ (double)i, 0 };
	draw(&picture, &frame);
	assert_null(strstr(text, "⡇"));
	assert_null(strstr(text, "⢸"));
	points[54321].count = 100;
	draw(&picture, &frame);
	assert_true(strstr(text, "⡇") || strstr(text, "⢸"));
}

static void test_the_limit_is_named_and_gives_way_to_the_curve(void **state)
{
	static const struct curve_point low[] = { { 0, 1 }, { 10, 1 } };
	static const struct curve_point high[] = { { 0, 300 }, { 10, 300 } };
	struct curve curve = { "level", low, COUNT(low) };
	const struct curve_picture picture = { .curves = &curve, .curve_count = 1, .limit = 300 };
	const struct curve_frame frame = { 60, 8, false, false, 0 };

	draw(&picture, &frame);
	assert_non_null(strstr(text, "╌ limit 300 ╌"));
	curve.points = high;
	draw(&picture, &frame);
	assert_null(strstr(text, "╌"));
}

static void test_a_gap_is_not_bridged(void **state)
{
	static struct curve_point points[] = {
		{ 0, 100 }, { 10, 100 }, { 11, NAN }, { 30, 100 }, { 40, 100 }
	};
	const struct curve curve = { "gap", points, COUNT(points) };
	const struct curve_picture picture = { .curves = &curve, .curve_count = 1, .top = 100 };
	const struct curve_frame frame = { 26, 5, false, false, 0 };
	const char *first_line = "100 ┤⠉⠉⠉⠉⠉⠁         ⠈⠉⠉⠉⠉⠉\n";

	draw(&picture, &frame);
	assert_memory_equal(text, first_line, strlen(first_line));
	points[2].count = 100;
	draw(&picture, &frame);
	assert_memory_not_equal(text, first_line, strlen(first_line));
}

static void test_bounds_are_refused(void **state)
{
	const struct curve_picture empty = { 0 }, crowded = { .curve_count = CURVES_AT_MOST + 1 };
	const struct curve_picture endless = { .seconds = 1e300 }, high = { .top = INFINITY };
	const struct curve_frame good = { 40, 8, false, false, 0 };
	const struct curve_frame frames[] = {
		{ CURVE_WIDTH_LEAST - 1, 8, false, false, 0 },
		{ CURVE_WIDTH_MOST + 1, 8, false, false, 0 },
		{ 40, CURVE_HEIGHT_LEAST - 1, false, false, 0 },
		{ 40, CURVE_HEIGHT_MOST + 1, false, false, 0 },
	};
	size_t length;

	for (size_t i = 0; i < COUNT(frames); i++)
		assert_int_equal(curve_draw(&empty, &frames[i], text, sizeof(text), &length),
				 -EINVAL);
	assert_int_equal(curve_draw(&crowded, &good, text, sizeof(text), &length), -EINVAL);
	assert_int_equal(curve_draw(&endless, &good, text, sizeof(text), &length), -EINVAL);
	assert_int_equal(curve_draw(&high, &good, text, sizeof(text), &length), -EINVAL);
	assert_int_equal(curve_draw(&empty, &good, text, CURVE_TEXT_SIZE(40, 8) - 1, &length),
			 -ENOBUFS);
	draw(&empty, &good);
	assert_frame(&good);
}

static void test_steps_are_round(void **state)
{
	static const struct {
		double extent;
		unsigned int marks;
		double count_step, time_step;
	} rows[] = {
		{ 0, 5, 1, 1 },
		{ 3, 5, 1, 1 },
		{ 324, 6, 100, 60 },
		{ 40, 6, 10, 10 },
		{ 180, 9, 20, 20 },
		{ 3600, 8, 500, 600 },
		{ 86400, 8, 20000, 10800 },
		{ 100, 0, 100, 120 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_true(axis_count_step(rows[i].extent, rows[i].marks) == rows[i].count_step);
		assert_true(axis_time_step(rows[i].extent, rows[i].marks) == rows[i].time_step);
	}
}

static void test_time_labels(void **state)
{
	static const struct {
		double seconds;
		int64_t wall;
		double at;
		const char *label;
	} rows[] = {
		{ 180, 0, 60, "60 s" },
		{ 1200, 0, 600, "10 min" },
		{ 86400, 0, 10800, "3 h" },
		{ 864000, 0, 86400, "1 d" },
		/* 27 July 2009, 19:12:17 */
		{ 323, 1248721937, 43, "19:13" },
		{ 20, 1248721937, 3, "19:12:20" },
		{ 8640000, 1248721937, 0, "07-27" },
		/* The midnight after it, among times of either form, and a day before it. */
		{ 86400, 1248721937, 17263, "07-28" },
		{ 86400, 1248721937, 17263 + 10800, "03:00" },
		{ 60, 1248739190, 10, "07-28" },
		{ 86400, 0, 0, "0 h" },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct time_axis axis;
		char label[AXIS_LABEL_SIZE];

		time_axis_fit(&axis, rows[i].seconds, rows[i].wall, 8);
		assert_int_equal(time_axis_label(&axis, rows[i].at, label), strlen(rows[i].label));
		assert_string_equal(label, rows[i].label);
	}
}

static void test_days_begin_among_times(void **state)
{
	static const struct {
		double seconds;
		int64_t wall;
		double at;
		bool begins;
	} rows[] = {
		{ 86400, 1248721937, 17263, true },
		{ 86400, 1248721937, 17263 + 10800, false },
		{ 8640000, 1248721937, 17263, false }, /* each mark is a day there */
		{ 86400, 0, 0, false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct time_axis axis;

		time_axis_fit(&axis, rows[i].seconds, rows[i].wall, 8);
		assert_int_equal(time_axis_begins_day(&axis, rows[i].at), rows[i].begins);
	}
}

static void test_clock_marks_fall_on_round_times(void **state)
{
	struct time_axis axis;

	time_axis_fit(&axis, 323, 1248721937, 6);
	assert_true(axis.step == 60);
	assert_true(axis.first == 43);
}

/* Bars stand where the curve is; the sum of what falls together counts, and the least is seen. */
static void test_strips_are_in_step(void **state)
{
	static const struct curve_point points[] = {
		{ -1, 9 }, { 0, 1 }, { 50, 3 }, { 50.1, 4 }, { 60, NAN }, { 70, -5 }, { 100, 1 }, { 101, 9 },
	};
	const struct curve strips[] = { { "bans", points, COUNT(points) }, { "nothing", NULL, 0 } };
	const struct curve_picture picture = { .seconds = 100, .top = 300, .strips = strips, .strip_count = 2 };
	const struct curve_frame frame = { .width = 50, .height = 10 };
	size_t length;

	assert_int_equal(curve_draw_strip(&picture, &frame, 0, text, sizeof(text), &length), 0);
	assert_string_equal(text, "   bans  \u2582                   \u2588                   \u2582\n");
	assert_int_equal(curve_draw_strip(&picture, &frame, 1, text, sizeof(text), &length), 0);
	assert_string_equal(text, "nothing                                           \n");
	draw(&picture, &frame);
	assert_frame(&frame);
	assert_non_null(strstr(text, "\n    200 ┤"));
	assert_int_equal(curve_draw_strip(&picture, &frame, 2, text, sizeof(text), &length), -EINVAL);
	assert_int_equal(curve_draw_strip(&picture, &frame, 0, text, 100, &length), -ENOBUFS);
	assert_true(curve_strip_whole(&strips[0]) == 27);
}

static void test_peak(void **state)
{
	static const struct curve_point points[] = {
		{ 0, NAN }, { 1, 4 }, { 2, INFINITY }, { 3, 9 }, { 4, 9 }
	};
	const struct curve curve = { "peak", points, COUNT(points) }, none = { "none", points, 1 };

	assert_ptr_equal(curve_peak(&curve), &points[3]);
	assert_null(curve_peak(&none));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_line_has_the_width),
		cmocka_unit_test(test_hostile_numbers_stay_in_the_frame),
		cmocka_unit_test(test_a_rise_is_drawn_where_it_is),
		cmocka_unit_test(test_marks_tell_curves_apart),
		cmocka_unit_test(test_long_names_of_strips_leave_room),
		cmocka_unit_test(test_a_single_sample_is_seen_among_thousands),
		cmocka_unit_test(test_the_limit_is_named_and_gives_way_to_the_curve),
		cmocka_unit_test(test_a_gap_is_not_bridged),
		cmocka_unit_test(test_bounds_are_refused),
		cmocka_unit_test(test_steps_are_round),
		cmocka_unit_test(test_time_labels),
		cmocka_unit_test(test_days_begin_among_times),
		cmocka_unit_test(test_clock_marks_fall_on_round_times),
		cmocka_unit_test(test_strips_are_in_step),
		cmocka_unit_test(test_peak),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
