/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top_view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define ROWS 5

static struct top_model model;
static struct top_view view;

/* Clients .1 to .9 of two networks, .1 the worst; each has offences the other way round. */
static void answer(int first)
{
	top_model_begin(&model);
	for (int i = first; i < 10; i++) {
		json_t *line = json_pack("{s:s+, s:i, s:i, s:s, s:s}", "address", i < 6 ? "192.0.2." : "198.51.100.",
					 (char[]){ (char)('0' + i), '\0' }, "score", 100 - i, "offences", i, "state",
					 i < 4 ? "banned" : "offending", "outcome", i == 5 ? "relay-denied" : "listed");

		top_model_line(&model, line);
		json_decref(line);
	}
	for (int i = 0; i < 2; i++) {
		json_t *line = json_pack("{s:s, s:i}", "network", i ? "198.51.100.0/24" : "192.0.2.0/24", "score", 500 - i);

		top_model_line(&model, line);
		json_decref(line);
	}
	top_model_end(&model, 1, view.order);
}

static int set_up(void **state)
{
	memset(&model, 0, sizeof(model));
	memset(&view, 0, sizeof(view));
	answer(1);
	return 0;
}

static enum top_deed_kind type(const char *keys)
{
	struct top_deed deed = { TOP_NOTHING };

	for (; *keys; keys++)
		deed = top_view_key(&view, &model, *keys, ROWS);
	return deed.kind;
}

static struct top_deed press(int key)
{
	return top_view_key(&view, &model, key, ROWS);
}

static const char *selected(void)
{
	size_t visible[TOP_VISIBLE_MOST], count = top_visible(&model, &view, visible);

	top_view_settle(&view, &model, ROWS);
	return count ? top_row_name(&model, view.tab, visible[view.at[view.tab]]) : "";
}

static void moving(void **state)
{
	assert_string_equal(selected(), "192.0.2.1");
	press(TOP_KEY_UP);
	assert_string_equal(selected(), "192.0.2.1");
	type("jjk");
	press(TOP_KEY_DOWN);
	assert_string_equal(selected(), "192.0.2.3");
	assert_int_equal(view.first[TOP_ADDRESSES], 0);
	press(TOP_KEY_PAGE_DOWN);
	assert_string_equal(selected(), "198.51.100.7");
	assert_int_equal(view.first[TOP_ADDRESSES], 2);
	press(TOP_KEY_END);
	assert_string_equal(selected(), "198.51.100.9");
	press(TOP_KEY_HOME);
	assert_string_equal(selected(), "192.0.2.1");
	assert_int_equal(view.first[TOP_ADDRESSES], 0);
}

/* Whoever was chosen stays so wherever it goes; who has chosen nobody sees the worst. */
static void the_selection_follows_its_row(void **state)
{
	answer(3);
	assert_string_equal(selected(), "192.0.2.3");
	answer(1);
	assert_string_equal(selected(), "192.0.2.1");
	type("jjj");
	assert_string_equal(selected(), "192.0.2.4");
	answer(2);
	assert_string_equal(selected(), "192.0.2.4");
	answer(6);
	assert_string_equal(selected(), "198.51.100.8");
	answer(10);
	assert_string_equal(selected(), "");
	assert_int_equal(type("bey"), TOP_NOTHING);
	assert_int_equal(view.mode, TOP_LISTING);
}

/* The question and the mark speak of the same client, whatever the order becomes meanwhile. */
static void who_is_asked_about_is_chosen(void **state)
{
	answer(3);
	type("b");
	answer(1);
	assert_int_equal(view.mode, TOP_CONFIRMING);
	assert_string_equal(view.unconfirmed.name, "192.0.2.3");
	assert_string_equal(selected(), "192.0.2.3");
	assert_int_equal(type("n"), TOP_NOTHING);
	assert_string_equal(selected(), "192.0.2.3");
}

static void orders(void **state)
{
	type("jj");
	assert_int_equal(type("ss"), TOP_LOOK);
	assert_int_equal(view.order, WORST_BY_OFFENCES);
	assert_string_equal(selected(), "198.51.100.9");
	assert_int_equal(type("ss"), TOP_LOOK);
	assert_int_equal(view.order, WORST_BY_SCORE);
	assert_string_equal(selected(), "192.0.2.1");
}

static void filters(void **state)
{
	static const struct {
		const char *text;
		size_t visible;
		const char *network; /* NULL: it is text */
	} rows[] = {
		{ "192.0.2.", 5, "192.0.2.0/24" }, { "192.0.2", 5, "192.0.2.0/24" }, { "198.", 4, "198.0.0.0/8" },
		{ "198.51.100.8/31", 2, "198.51.100.8/31" }, { "192.0.2.3", 1, "192.0.2.3" },
		{ "banned", 3, NULL }, { "BAN", 3, NULL }, { "relay", 1, NULL }, { "100.", 0, "100.0.0.0/8" },
		{ "2001:db8::/32", 0, "2001:db8::/32" }, { "nobody", 0, NULL }, { "", 9, NULL }, { "1.2.3.4.5", 0, NULL },
		{ "300.1.", 0, NULL }, { "19", 9, NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t visible[TOP_VISIBLE_MOST];
		char text[PREFIX_TEXT_SIZE];
		struct prefix network;
		bool is_network;

		set_up(NULL);
		type("/");
		type(rows[i].text);
		is_network = top_filter_network(&view, &network);
		assert_int_equal(is_network, rows[i].network != NULL);
		if (rows[i].network)
			assert_string_equal(prefix_format(&network, text), rows[i].network);
		assert_int_equal(top_visible(&model, &view, visible), rows[i].visible);
		assert_int_equal(press(TOP_KEY_ENTER).kind, TOP_LOOK);
		assert_int_equal(view.mode, TOP_LISTING);
		assert_int_equal(press(TOP_KEY_ESCAPE).kind, rows[i].text[0] ? TOP_LOOK : TOP_NOTHING);
		assert_string_equal(view.filter, "");
	}
}

/* Keys of the list are letters here; what is no character is none of it. */
static void writing_a_filter(void **state)
{
	type("/bqsu");
	press(TOP_KEY_BACKSPACE);
	press(TOP_KEY_UP);
	press(0x1f);
	assert_string_equal(view.filter, "bqs");
	press(TOP_KEY_ENTER);
	type("/x");
	press(TOP_KEY_ESCAPE);
	assert_string_equal(view.filter, "bqs");
	type("/");
	for (int i = 0; i < 200; i++)
		type("x");
	assert_int_equal(strlen(view.filter), TOP_FILTER_SIZE - 1);
	for (int i = 0; i < 200; i++)
		press(TOP_KEY_BACKSPACE);
	assert_string_equal(view.filter, "");
}

static void a_deed_needs_a_yes(void **state)
{
	static const struct {
		const char *key;
		enum top_deed_kind kind;
	} rows[] = { { "b", TOP_BAN }, { "u", TOP_UNBAN }, { "a", TOP_ALLOW } };
	static const int others[] = { 'n', 'q', ' ', 'b', TOP_KEY_ENTER, TOP_KEY_ESCAPE, TOP_KEY_DOWN };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct top_deed deed;

		set_up(NULL);
		type("j");
		assert_int_equal(type(rows[i].key), TOP_NOTHING);
		assert_int_equal(view.mode, TOP_CONFIRMING);
		/* The list moves on below the question. */
		answer(3);
		deed = press('y');
		assert_int_equal(deed.kind, rows[i].kind);
		assert_string_equal(deed.name, "192.0.2.2");
		assert_int_equal(view.mode, TOP_LISTING);
		for (size_t other = 0; other < sizeof(others) / sizeof(others[0]); other++) {
			type(rows[i].key);
			assert_int_equal(press(others[other]).kind, TOP_NOTHING);
			assert_int_equal(view.mode, TOP_LISTING);
			assert_string_equal(view.message, "nothing was done");
			assert_int_equal(type("y"), TOP_NOTHING);
		}
	}
}

static void networks(void **state)
{
	struct top_deed deed;

	press(TOP_KEY_TAB);
	assert_int_equal(view.tab, TOP_NETWORKS);
	assert_string_equal(selected(), "192.0.2.0/24");
	type("jb");
	assert_int_equal(view.mode, TOP_LISTING);
	assert_true(view.message[0] != '\0');
	type("a");
	deed = press('y');
	assert_int_equal(deed.kind, TOP_ALLOW);
	assert_string_equal(deed.name, "198.51.100.0/24");
	assert_int_equal(press(TOP_KEY_ENTER).kind, TOP_LOOK);
	assert_int_equal(view.tab, TOP_ADDRESSES);
	assert_string_equal(view.filter, "198.51.100.0/24");
	assert_string_equal(selected(), "198.51.100.6");
}

static void tabs(void **state)
{
	press(TOP_KEY_BACK_TAB);
	assert_int_equal(view.tab, TOP_ZONES);
	assert_int_equal(type("eb"), TOP_NOTHING); /* there is no zone */
	type("3");
	assert_int_equal(view.tab, TOP_GATE);
	press(TOP_KEY_TAB);
	press(TOP_KEY_TAB);
	assert_int_equal(view.tab, TOP_ADDRESSES);
	assert_int_equal(type("e"), TOP_EXPLAIN);
	assert_int_equal(type("q"), TOP_QUIT);
}

static void the_pane(void **state)
{
	top_view_read(&view, "explain", bytes_of("one\n\033[31mtwo\x9b\nthree"));
	assert_string_equal(view.pane, "one\n\\x1b[31mtwo\\x9b\nthree\n");
	view.pane_lines = 10;
	view.pane_rows = 4;
	type("jj");
	assert_int_equal(view.pane_first, 2);
	press(TOP_KEY_END);
	assert_int_equal(view.pane_first, 6);
	press(TOP_KEY_DOWN);
	assert_int_equal(view.pane_first, 6);
	press(TOP_KEY_PAGE_UP);
	assert_int_equal(view.pane_first, 3);
	assert_int_equal(type("q"), TOP_NOTHING);
	assert_int_equal(view.mode, TOP_LISTING);
	type("?");
	assert_int_equal(view.mode, TOP_READING);
	assert_non_null(strstr(view.pane, "suspect"));
}

static void a_long_text_is_cut(void **state)
{
	static char text[100000];

	memset(text, '\033', sizeof(text));
	for (size_t i = 999; i < sizeof(text); i += 1000)
		text[i] = '\n';
	top_view_read(&view, "x", bytes_make(text, sizeof(text)));
	assert_true(strlen(view.pane) < TOP_PANE_SIZE);
	assert_null(strchr(view.pane, '\033'));
	top_view_read(&view, "x", bytes_make(NULL, 0));
	assert_string_equal(view.pane, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(moving, set_up),
		cmocka_unit_test_setup(the_selection_follows_its_row, set_up),
		cmocka_unit_test_setup(who_is_asked_about_is_chosen, set_up),
		cmocka_unit_test_setup(orders, set_up),
		cmocka_unit_test_setup(filters, set_up),
		cmocka_unit_test_setup(writing_a_filter, set_up),
		cmocka_unit_test_setup(a_deed_needs_a_yes, set_up),
		cmocka_unit_test_setup(networks, set_up),
		cmocka_unit_test_setup(tabs, set_up),
		cmocka_unit_test_setup(the_pane, set_up),
		cmocka_unit_test_setup(a_long_text_is_cut, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
