/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct top_model model;

static int set_up(void **state)
{
	memset(&model, 0, sizeof(model));
	top_model_begin(&model);
	return 0;
}

static void take(const char *text)
{
	json_t *line = json_loads(text, 0, NULL);

	assert_non_null(line);
	top_model_line(&model, line);
	json_decref(line);
}

static const struct top_answer *shown(void)
{
	return top_shown(&model);
}

static void a_whole_answer(void **state)
{
	take("{\"now\":{\"mode\":\"guarding\",\"mail_server\":\"courier\",\"now\":1000,\"started\":400,"
	     "\"connections\":{\"open\":301,\"served\":287,\"waiting\":13,\"limit\":300},"
	     "\"wave\":{\"state\":\"wave\",\"lasts\":true,\"since\":990,\"rate\":41.5,\"usual\":2,\"wave\":{\"begin\":700}},"
	     "\"bans\":12,\"clients\":30,\"suspects\":{\"now\":4},\"relief\":{\"active\":true},"
	     "\"gate\":{\"sessions\":7,\"most\":100,\"states\":{\"testing\":5,\"passed\":2},\"steering\":{\"on\":false}}},"
	     "\"totals\":{\"arrivals\":100,\"evictions\":5},"
	     "\"zones\":[{\"zone\":\"bl.example\",\"state\":\"out\",\"trouble\":\"lists everybody\",\"weight\":-3}]}");
	take("{\"address\":\"192.0.2.7\",\"state\":\"banned\",\"score\":100,\"open\":3,\"offences\":17,\"last\":995,"
	     "\"until\":1600,\"outcome\":\"listed\",\"service\":\"courier-smtp\",\"signature\":\"dnsbl-reject\"}");
	take("{\"address\":\"2001:db8:0:1::/64\",\"state\":\"something\",\"score\":3}");
	take("{\"network\":\"192.0.2.0/24\",\"score\":500,\"clients\":9,\"banned\":8,\"suspects\":1}");
	assert_int_equal(shown()->addresses.count, 0);
	top_model_end(&model, 5000, WORST_BY_SCORE);

	assert_string_equal(shown()->now.server, "courier");
	assert_true(shown()->now.counted);
	assert_int_equal(shown()->now.served, 287);
	assert_true(shown()->now.wave_lasts);
	assert_int_equal(shown()->now.wave_since_s, 700);
	assert_int_equal(shown()->now.suspects, 4);
	assert_int_equal(shown()->now.by_state[TOP_SESSION_TESTING], 5);
	assert_int_equal(shown()->now.by_state[TOP_SESSION_PASSED], 2);
	assert_true(shown()->now.steers && !shown()->now.steering && shown()->now.relieves);
	assert_int_equal(shown()->now.zone_count, 1);
	assert_int_equal(shown()->now.zones[0].weight, -3);
	assert_int_equal(shown()->addresses.count, 2);
	assert_string_equal(shown()->addresses.rows[0].name, "192.0.2.7");
	assert_int_equal(shown()->addresses.rows[0].state, CLIENT_BANNED);
	assert_string_equal(shown()->addresses.rows[0].why, "listed, courier-smtp/dnsbl-reject");
	assert_int_equal(shown()->addresses.rows[1].state, CLIENT_STATES);
	assert_int_equal(shown()->networks.rows[0].sums.banned, 8);
	assert_true(model.rates[TOP_ARRIVALS] < 0);
}

static void look(const char *totals, uint64_t now_ms)
{
	char text[256];

	top_model_begin(&model);
	snprintf(text, sizeof(text), "{\"now\":{\"started\":1},\"totals\":%s}", totals);
	take(text);
	top_model_end(&model, now_ms, WORST_BY_SCORE);
}

static void how_fast_it_grows(void **state)
{
	look("{\"arrivals\":100,\"evictions\":7}", 1000);
	assert_true(model.rates[TOP_ARRIVALS] < 0);
	look("{\"arrivals\":150,\"evictions\":7}", 3000);
	assert_true(model.rates[TOP_ARRIVALS] == 25 && model.rates[TOP_EVICTIONS] == 0);
	look("{\"arrivals\":3,\"evictions\":8}", 4000);
	assert_true(model.rates[TOP_ARRIVALS] < 0 && model.rates[TOP_EVICTIONS] == 1);
	look("{\"arrivals\":3,\"evictions\":9000000000000}", 4001);
	assert_true(model.rates[TOP_EVICTIONS] < 0);
	look("{\"arrivals\":4}", 4001);
	assert_true(model.rates[TOP_ARRIVALS] < 0);
	/* Who only observes has nothing that counts them. */
	look("{\"evictions\":1}", 5001);
	look("{\"evictions\":1}", 6001);
	assert_true(model.rates[TOP_ARRIVALS] < 0 && model.rates[TOP_EVICTIONS] == 0);
	look("{\"arrivals\":9,\"evictions\":1}", 7001);
	assert_true(model.rates[TOP_ARRIVALS] < 0);
	look("{\"arrivals\":11,\"evictions\":1}", 8001);
	assert_true(model.rates[TOP_ARRIVALS] == 2);
}

static bool is_safe(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

static void hostile_text_is_escaped(void **state)
{
	take("{\"now\":{\"mode\":\"\\u001b[31m\",\"mail_server\":\"\\u0001\\u202e\",\"wave\":{\"state\":\"\\u009b\"}},"
	     "\"zones\":[{\"zone\":\"\\u001b]0;x\\u0007\",\"state\":\"\\r\\n\","
	     "\"trouble\":\"\\u001bP\",\"trouble6\":\"\\u007f\"}, 7]}");
	take("{\"address\":\"10.0.0.1\",\"by_hand\":true,\"why\":\"\\u001b[2J\\u001b]52;c;x\\u0007\"}");
	take("{\"address\":\"10.0.0.2\",\"outcome\":\"\\u001b\",\"service\":\"\\b\",\"signature\":\"\\u009bq\"}");
	take("{\"address\":\"\\u001b[31m\",\"score\":5}");
	take("{\"network\":\"not a network\"}");
	take("{\"network\":\"10.0.0.1/24\"}");
	top_model_end(&model, 1, WORST_BY_SCORE);
	assert_int_equal(shown()->addresses.count, 2);
	assert_int_equal(shown()->networks.count, 0);
	assert_int_equal(shown()->now.zone_count, 1);
	assert_true(is_safe(shown()->now.mode) && is_safe(shown()->now.server) && is_safe(shown()->now.wave_state));
	assert_true(is_safe(shown()->now.zones[0].name) && is_safe(shown()->now.zones[0].state));
	assert_true(is_safe(shown()->now.zones[0].trouble) && is_safe(shown()->now.zones[0].trouble6));
	assert_string_equal(shown()->addresses.rows[0].why, "by hand: \\x1b[2J\\x1b]52;c;x\\x07");
	assert_true(is_safe(shown()->addresses.rows[1].why));
}

static void what_makes_no_sense_is_passed_over(void **state)
{
	static const char *const lines[] = {
		"{}", "[]", "{\"now\":7}", "{\"now\":{\"connections\":[]},\"zones\":{\"a\":1},\"totals\":3}",
		"{\"address\":7}", "{\"address\":[\"10.0.0.1\"]}", "{\"network\":null}",
		"{\"address\":\"10.0.0.1\",\"score\":-5,\"open\":1.5,\"offences\":\"many\",\"last\":9223372036854775807}",
		"{\"now\":{\"wave\":{\"rate\":1e300,\"usual\":-1}}}",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		take(lines[i]);
	top_model_end(&model, 1, WORST_BY_LATEST);
	assert_int_equal(shown()->addresses.count, 1);
	assert_int_equal(shown()->addresses.rows[0].sums.score, 0);
	assert_int_equal(shown()->addresses.rows[0].sums.open, 0);
	assert_true(shown()->now.wave_rate == 0 && shown()->now.wave_usual == 0);
}

static void more_than_there_is_room_for(void **state)
{
	char text[160];

	for (int i = 0; i < TOP_ROWS_MOST + 50; i++) {
		snprintf(text, sizeof(text), "{\"address\":\"10.0.%d.%d\",\"score\":%d}", i / 250, i % 250, i);
		take(text);
	}
	top_model_end(&model, 1, WORST_BY_SCORE);
	assert_int_equal(shown()->addresses.count, TOP_ROWS_MOST);
	assert_int_equal(shown()->addresses.rows[0].sums.score, TOP_ROWS_MOST - 1);
	top_model_sort(&model, WORST_BY_OPEN);
	assert_int_equal(shown()->addresses.rows[0].sums.score, TOP_ROWS_MOST - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_whole_answer, set_up),
		cmocka_unit_test_setup(how_fast_it_grows, set_up),
		cmocka_unit_test_setup(hostile_text_is_escaped, set_up),
		cmocka_unit_test_setup(what_makes_no_sense_is_passed_over, set_up),
		cmocka_unit_test_setup(more_than_there_is_room_for, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
