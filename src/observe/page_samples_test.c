/* SPDX-License-Identifier: Apache-2.0 */
#include "observe/page_samples.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct page_samples samples;

static int begin(void **state)
{
	samples = (struct page_samples){ 0 };
	return 0;
}

static void add(int64_t time_s, int64_t served, int64_t gate, int64_t arrivals)
{
	struct page_sample sample = { .of = { [PAGE_TIME] = time_s, [PAGE_SERVED] = served, [PAGE_WAITING] = 0,
					      [PAGE_GATE] = gate, [PAGE_ARRIVALS] = arrivals, [PAGE_BANS] = 4,
					      [PAGE_ENDED] = 0 } };

	page_samples_add(&samples, &sample);
}

static void assert_json(json_t *json, const char *wanted)
{
	char *text = json_dumps(json, JSON_COMPACT);

	assert_string_equal(text, wanted);
	free(text);
	json_decref(json);
}

static void test_columns(void **state)
{
	assert_null(page_samples_last(&samples));
	add(1785000000, 7, PAGE_UNKNOWN, 100);
	add(1785000001, 9, PAGE_UNKNOWN, PAGE_UNKNOWN);
	add(1785000004, 8, PAGE_UNKNOWN, 130);
	assert_json(page_samples_to_json(&samples),
		    "{\"time\":[1785000000,1,3],\"served\":[7,9,8],\"waiting\":[0,0,0],\"gate\":null,"
		    "\"arrivals\":[100,null,30],\"bans\":[4,0,0],\"ended\":[0,0,0]}");
	assert_json(page_sample_to_json(page_samples_last(&samples)),
		    "{\"time\":1785000004,\"served\":8,\"waiting\":0,\"gate\":null,\"arrivals\":130,\"bans\":4,"
		    "\"ended\":0}");
}

static void test_the_oldest_makes_room(void **state)
{
	json_t *o, *time;

	for (int i = 0; i < PAGE_SAMPLES_KEPT + 5; i++)
		add(1785000000 + i, i, 0, 0);
	o = page_samples_to_json(&samples);
	time = json_object_get(o, "time");
	assert_int_equal(json_array_size(time), PAGE_SAMPLES_KEPT);
	assert_int_equal(json_integer_value(json_array_get(time, 0)), 1785000005);
	assert_int_equal(json_integer_value(json_array_get(json_object_get(o, "served"), 599)), 604);
	json_decref(o);
}

/* As many as 32 bits can say of connections that are open, and of new ones in a second, after years. */
static void test_how_long_it_can_be(void **state)
{
	struct page_sample sample;
	char *text;
	json_t *o;

	for (int64_t i = 0; i < PAGE_SAMPLES_KEPT; i++) {
		for (int column = 0; column < PAGE_COLUMNS; column++)
			sample.of[column] = column < PAGE_ARRIVALS ? UINT32_MAX : INT64_MAX / 2 + i * UINT32_MAX;
		sample.of[PAGE_TIME] = 9999999999 + i * 9;
		page_samples_add(&samples, &sample);
	}
	o = page_samples_to_json(&samples);
	text = json_dumps(o, JSON_COMPACT);
	assert_true(strlen(text) > PAGE_SAMPLES_TEXT_MOST * 9 / 10 && strlen(text) <= PAGE_SAMPLES_TEXT_MOST);
	free(text);
	json_decref(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_columns, begin),
		cmocka_unit_test_setup(test_the_oldest_makes_room, begin),
		cmocka_unit_test_setup(test_how_long_it_can_be, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
