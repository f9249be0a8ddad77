/* SPDX-License-Identifier: Apache-2.0 */
#include "wave.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int read_text(const char *text, struct wave **ret, size_t *ret_line)
{
	char copy[2048];
	FILE *in;
	int r;

	snprintf(copy, sizeof(copy), "%s", text);
	in = fmemopen(copy, strlen(copy), "r");
	assert_non_null(in);
	r = wave_read(in, ret, ret_line);
	fclose(in);
	return r;
}

/* As many come as go: the rate is the same all the time. */
static void test_a_level_count_is_a_steady_rate(void **state)
{
	struct wave *wave;
	size_t line;

	assert_int_equal(read_text("time,open\n"
				   "2009-07-27T19:12:00+02:00,88\n2009-07-27T19:12:05+02:00,88\n"
				   "2009-07-27T19:12:10+02:00,88\n2009-07-27T19:12:15+02:00,88\n",
				   &wave, &line),
			 0);
	assert_true(wave_arrived(wave, -1) == 0);
	assert_true(wave_arrived(wave, 0) == 0);
	assert_true(fabs(wave_arrived(wave, 0.25) - 0.25) < 1e-9);
	assert_true(fabs(wave_arrived(wave, 1) - 1) < 1e-9);
	assert_true(wave_arrived(wave, 7) == wave_arrived(wave, 1));
	wave_destroy(wave);
}

static void test_arrivals_only_grow_and_never_faster_than_the_highest_rate(void **state)
{
	struct wave *wave;
	double before = 0;
	size_t line;

	assert_int_equal(read_text("2009-07-27T19:12:00+02:00,4\n2009-07-27T19:12:05+02:00,300\n"
				   "2009-07-27T19:12:10+02:00,20\n2009-07-27T19:12:15+02:00,0\n"
				   "2009-07-27T19:12:30+02:00,0\n2009-07-27T19:13:00+02:00,150\n",
				   &wave, &line),
			 0);
	for (double share = 0.01; share <= 1.005; share += 0.01) {
		double now = wave_arrived(wave, share);

		assert_true(now >= before);
		assert_true(now - before <= 0.01 + 1e-9);
		before = now;
	}
	assert_true(before > 0 && before < 1);
	wave_destroy(wave);
}

/* Over midnight, over a change of the offset: the moments count, not their spelling. */
static void test_times_are_moments(void **state)
{
	struct wave *wave;
	size_t line;

	assert_int_equal(read_text("2009-10-24T23:59:50+02:00,88\n2009-10-24T23:00:00+01:00,88\n"
				   "2009-10-24T22:00:10+00:00,88\n", &wave, &line), 0);
	assert_true(fabs(wave_arrived(wave, 0.5) - 0.5) < 1e-9);
	wave_destroy(wave);
}

static void test_mistakes_name_their_line(void **state)
{
	static const struct {
		const char *text;
		int error;
		size_t line;
	} rows[] = {
		{ "time,open\n", -ENODATA, 2 },
		{ "2009-07-27T19:12:00+02:00,4\n2009-07-27T19:12:05+02:00,4\n", -ENODATA, 3 },
		{ "2009-07-27T19:12:00+02:00,4\n\n", -EINVAL, 2 },
		{ "2009-07-27T19:12:00+02:00,4\nyesterday,5\n", -EINVAL, 2 },
		{ "2009-07-27T19:12:00+02:00,4\n2009-07-27T19:12:00+02:00,4\n", -EINVAL, 2 },
		{ "2009-07-27T19:12:00+02:00,4 more\n", -EINVAL, 1 },
		{ "2009-07-27T19:12:00+02:00,-4\n", -EINVAL, 1 },
		{ "2009-07-27T19:12:00 02:00,4\n", -EINVAL, 1 },
		{ "2009-07-27T19:12:00+02:00,0\n2009-07-27T19:12:05+02:00,0\n"
		  "2009-07-27T19:12:09+02:00,0\n", -ENODATA, 4 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct wave *wave = NULL;
		size_t line;

		assert_int_equal(read_text(rows[i].text, &wave, &line), rows[i].error);
		assert_int_equal(line, rows[i].line);
		assert_null(wave);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_level_count_is_a_steady_rate),
		cmocka_unit_test(test_arrivals_only_grow_and_never_faster_than_the_highest_rate),
		cmocka_unit_test(test_times_are_moments),
		cmocka_unit_test(test_mistakes_name_their_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
