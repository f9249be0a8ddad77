/* SPDX-License-Identifier: Apache-2.0 */
#include "observe/prometheus.h"

#include "base/counter.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct prometheus *begin(void)
{
	struct prometheus *page;

	assert_int_equal(prometheus_create(&page), 0);
	return page;
}

/* Ends with NUL; the caller's to free. */
static char *end(struct prometheus *page)
{
	char *text, *copy;
	size_t size;

	assert_int_equal(prometheus_finish(page, &text, &size), 0);
	copy = strndup(text, size);
	assert_non_null(copy);
	assert_int_equal(strlen(copy), size);
	free(text);
	return copy;
}

static void assert_sample(enum measure measure, const char *label, double value, const char *line)
{
	struct prometheus *page = begin();
	const char *sample;
	char *text;

	prometheus_measure(page, measure, label, NULL, value);
	text = end(page);
	sample = strstr(text, "\nwavebreak_");
	assert_non_null(sample);
	assert_string_equal(sample + 1, line);
	free(text);
}

static void test_a_number_alone(void **state)
{
	struct prometheus *page = begin();
	char *text;

	prometheus_measure(page, MEASURE_banned_clients, NULL, NULL, 12);
	text = end(page);
	assert_string_equal(text, "# HELP wavebreak_banned_clients Clients that are banned.\n"
				  "# TYPE wavebreak_banned_clients gauge\n"
				  "wavebreak_banned_clients 12\n");
	free(text);
}

static void test_one_head_for_all_values_of_a_measure(void **state)
{
	struct prometheus *page = begin();
	char *text;

	prometheus_measure(page, MEASURE_zone_out, "a.example", "ipv4", 0);
	prometheus_measure(page, MEASURE_zone_out, "a.example", "ipv6", 1);
	prometheus_measure(page, MEASURE_zone_errors, "a.example", NULL, 3);
	text = end(page);
	assert_non_null(strstr(text, "# TYPE wavebreak_zone_out gauge\n"
				     "wavebreak_zone_out{zone=\"a.example\",family=\"ipv4\"} 0\n"
				     "wavebreak_zone_out{zone=\"a.example\",family=\"ipv6\"} 1\n"
				     "# HELP wavebreak_zone_errors_total "));
	assert_non_null(strstr(text, "# TYPE wavebreak_zone_errors_total counter\n"
				     "wavebreak_zone_errors_total{zone=\"a.example\"} 3\n"));
	free(text);
}

static void test_what_a_label_may_hold(void **state)
{
	static const struct {
		const char *value, *written;
	} cases[] = {
		{ "", "" },
		{ "bl.example", "bl.example" },
		{ "a\"b", "a\\\"b" },
		{ "a\\b", "a\\\\b" },
		{ "a\\", "a\\\\" },
		{ "a\nb", "a\\nb" },
		{ "\"} 1\nwavebreak_up 1", "\\\"} 1\\nwavebreak_up 1" },
		{ "a\rb\tc", "a\\\\x0db\\\\x09c" },
		{ "\x1b[2J", "\\\\x1b[2J" },
		{ "gr\xc3\xbc\xc3\x9f", "gr\\\\xc3\\\\xbc\\\\xc3\\\\x9f" },
		{ "\xff\x80", "\\\\xff\\\\x80" },
		{ "\x7f", "\\\\x7f" },
		{ "{a=b,c}", "{a=b,c}" },
	};
	char line[200];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(line, sizeof(line), "wavebreak_log_open{path=\"%s\"} 1\n", cases[i].written);
		assert_sample(MEASURE_log_open, cases[i].value, 1, line);
	}
}

static void test_numbers(void **state)
{
	static const struct {
		double value;
		const char *written;
	} cases[] = {
		{ 0, "0" },
		{ -0.5, "-0.5" },
		{ 0.1, "0.1" },
		{ 1.0 / 3, "0.3333333333333333" },
		{ 12.34, "12.34" },
		{ 1795837030, "1795837030" },
		{ 9007199254740992.0, "9007199254740992" },
		{ 1e300, "1e+300" },
		{ NAN, "NaN" },
		{ INFINITY, "+Inf" },
		{ -INFINITY, "-Inf" },
	};
	char line[200];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(line, sizeof(line), "wavebreak_store_bytes %s\n", cases[i].written);
		assert_sample(MEASURE_store_bytes, NULL, cases[i].value, line);
	}
}

static void test_every_counter_is_there_as_it_is_now(void **state)
{
	char name[PROMETHEUS_NAME_SIZE], line[PROMETHEUS_NAME_SIZE * 2 + 40];
	struct prometheus *page = begin();
	char *text;

	counter_add(COUNTER_bans, UINT64_MAX);
	prometheus_counters(page);
	text = end(page);
	for (int i = 0; i < COUNTER_COUNT; i++) {
		prometheus_name(counter_name((enum counter)i), true, name);
		snprintf(line, sizeof(line), "\n# TYPE %s counter\n%s ", name, name);
		assert_non_null(strstr(text, line));
	}
	assert_non_null(strstr(text, "\nwavebreak_bans_total 18446744073709551615\n"));
	free(text);
}

/* https://prometheus.io/docs/practices/naming/ and the format's grammar. */
static void assert_good_name(const char *name)
{
	for (const char *c = name; *c; c++)
		assert_true(islower((unsigned char)*c) || isdigit((unsigned char)*c) || *c == '_');
	assert_null(strstr(name, "__"));
}

static void test_the_tables_keep_the_conventions(void **state)
{
	char name[PROMETHEUS_NAME_SIZE], other[PROMETHEUS_NAME_SIZE];

	for (int i = 0; i < MEASURE_COUNT; i++) {
		enum measure measure = (enum measure)i;

		prometheus_name(measure_name(measure), measure_is_counter(measure), name);
		assert_good_name(name);
		assert_true(strlen(name) + 1 < PROMETHEUS_NAME_SIZE);
		assert_null(strstr(measure_name(measure), "total"));
		assert_true(strlen(measure_help(measure)) > 10);
		for (unsigned l = 0; l < measure_label_count(measure); l++)
			assert_good_name(measure_label(measure, l));
		for (int j = 0; j < COUNTER_COUNT; j++) {
			/* A counter's name without _total is taken by it, too (OpenMetrics). */
			assert_string_not_equal(measure_name(measure), counter_name((enum counter)j));
			assert_string_not_equal(name, prometheus_name(counter_name((enum counter)j), true, other));
		}
	}
	for (int j = 0; j < COUNTER_COUNT; j++)
		assert_good_name(counter_name((enum counter)j));
}

static void test_a_page_has_an_end(void **state)
{
	struct prometheus *page = begin();
	char *text, *label = calloc(1, 100001);
	size_t size;

	assert_non_null(label);
	memset(label, '"', 100000);
	for (int i = 0; i < 40; i++)
		prometheus_measure(page, MEASURE_log_open, label, NULL, 1);
	assert_int_equal(prometheus_finish(page, &text, &size), -EMSGSIZE);
	assert_null(text);
	free(label);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_number_alone),
		cmocka_unit_test(test_one_head_for_all_values_of_a_measure),
		cmocka_unit_test(test_what_a_label_may_hold),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_every_counter_is_there_as_it_is_now),
		cmocka_unit_test(test_the_tables_keep_the_conventions),
		cmocka_unit_test(test_a_page_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
