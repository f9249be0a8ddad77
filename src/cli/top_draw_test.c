/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top_draw.h"

#include "cli/glyphs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define NOW 1785179537 /* 19:12:17 UTC */

static struct top_model model;
static struct top_view view;
static struct top_curve curve;
static struct top_screen screen;

static void take(json_t *line)
{
	assert_non_null(line);
	top_model_line(&model, line);
	json_decref(line);
}

static int set_up(void **state)
{
	memset(&model, 0, sizeof(model));
	memset(&view, 0, sizeof(view));
	memset(&curve, 0, sizeof(curve));
	for (uint64_t i = 0; i < 600; i++)
		top_curve_add(&curve, NOW - 600 + i, i / 2);
	top_model_begin(&model);
	take(json_pack("{s:{s:s, s:s, s:i, s:i, s:{s:i, s:i, s:i, s:i}, s:{s:b, s:s, s:f, s:f, s:{s:i}}, s:i, s:{s:i},"
		       " s:{s:i, s:i, s:{s:i}}}, s:[{s:s, s:s, s:s, s:i}]}",
		       "now", "mode", "guarding", "mail_server", "courier", "now", NOW, "started", NOW - 7200, "connections",
		       "open", 301, "served", 300, "waiting", 1, "limit", 300, "wave", "lasts", 1, "state", "wave", "rate", 41.0,
		       "usual", 2.0, "wave", "begin", NOW - 252, "bans", 1204, "suspects", "now", 310, "gate", "sessions", 212,
		       "most", 2000, "states", "testing", 180, "zones", "zone", "bl.example", "state", "out", "trouble",
		       "lists everybody", "weight", 3));
	take(json_pack("{s:s, s:s, s:i, s:i, s:i, s:i, s:s, s:s, s:s}", "address", "192.0.2.7", "state", "banned",
		       "score", 100, "open", 3, "offences", 17, "last", NOW - 125, "outcome", "listed", "service",
		       "courier-smtp", "signature", "dnsbl-reject"));
	take(json_pack("{s:s, s:s, s:i}", "address", "2001:db8:1234:5678::/64", "state", "suspect", "score", 40));
	take(json_pack("{s:s, s:i, s:i, s:i}", "network", "192.0.2.0/24", "score", 1234567, "clients", 200, "banned",
		       199));
	top_model_end(&model, 1000, WORST_BY_SCORE);
	return 0;
}

/* As ASCII, a line for each row. */
static const char *draw(size_t width, size_t height)
{
	static char text[TOP_HEIGHT_MOST * (TOP_WIDTH_MOST + 1) + 1];
	char *out = text;

	top_draw(&model, &view, &curve, 0, width, height, &screen);
	for (size_t row = 0; row < screen.height; row++) {
		for (size_t column = 0; column < screen.width; column++)
			*out++ = glyph_plain(screen.cells[row][column].glyph);
		*out++ = '\n';
	}
	*out = '\0';
	return text;
}

static void shows(const char *text, const char *part)
{
	if (!strstr(text, part))
		print_message("'%s' is not in\n%s", part, text);
	assert_non_null(strstr(text, part));
}

static void networks_that_are_too_many_are_counted(void **state)
{
	take(json_pack("{s:{s:i}, s:i}", "now", "now", NOW, "networks_left_out", 1234));
	top_model_end(&model, 2000, WORST_BY_SCORE);
	view.tab = TOP_NETWORKS;
	shows(draw(80, 24), " 1,234 left out, by score\n");
	view.tab = TOP_ADDRESSES;
	assert_null(strstr(draw(80, 24), "left out"));
}

static void all_of_it_at_80x24(void **state)
{
	const char *text = draw(80, 24);

	shows(text, "wavebreak guarding courier, up 2h");
	shows(text, " 19:12:17\n");
	shows(text, "connections  300 FULL of 300 served, 1 waiting");
	shows(text, "wave         A WAVE LASTS for 4m12s, 41 new a second, usually 2");
	shows(text, "clients      1,204 banned   310 suspects");
	shows(text, "212 at the gate");
	shows(text, "limit 300");
	shows(text, "19:10");
	shows(text, "[Addresses] Networks  Gate  Zones");
	shows(text, "by score\n");
	shows(text, ">192.0.2.7                  100 banned       3       17 listed, dnsbl-reject");
	shows(text, " 2001:db8:1234:5678::/64     40 suspect");
	shows(text, "q quit");
}

static void each_tab(void **state)
{
	view.tab = TOP_NETWORKS;
	shows(draw(80, 24), ">192.0.2.0/24       1234567");
	view.tab = TOP_GATE;
	shows(draw(80, 24), ">testing         180 waits for its greeting");
	view.tab = TOP_ZONES;
	shows(draw(80, 24), ">bl.example             OUT");
	shows(draw(132, 24), "lists everybody");
}

static void what_a_client_of_the_gate_does_is_told_whole(void **state)
{
	const char *text;

	view.tab = TOP_GATE;
	text = draw(80, 24);
	for (int i = 0; i < TOP_SESSIONS; i++)
		shows(text, top_session_help((enum top_session)i));
}

static void smaller_ones(void **state)
{
	shows(draw(60, 15), ">192.0.2.7                  100 banned       3       17");
	shows(draw(40, 10), ">192.0.2.7                banned");
	shows(draw(40, 10), "A WAVE LASTS for 4m12s");
	shows(draw(40, 1), "connections 300 FULL");
	shows(draw(200, 60), "listed, courier-smtp/dnsbl-reject");
	assert_string_equal(draw(1, 1), "~\n");
	/* A number is told whole or not at all. */
	shows(draw(60, 15), "310 suspects  0 with a score     ");
	view.tab = TOP_ZONES;
	shows(draw(20, 10), "[Zones]");
}

#define SIZES_HEIGHT 40
#define SIZES_WIDTH 140

/* Cells of no glyph and no style, which nobody draws. */
static void blot(void)
{
	for (size_t row = 0; row <= SIZES_HEIGHT; row++)
		memset(screen.cells[row], 0xff, (SIZES_WIDTH + 1) * sizeof(struct top_cell));
}

static bool is_drawn(const struct top_cell *cell)
{
	return cell->glyph >= ' ' && cell->glyph != UINT16_MAX && cell->style < TOP_STYLES;
}

/* Cells of the screen that were left out, and others that were drawn. */
static size_t wrong_cells(size_t width, size_t height)
{
	size_t count = 0;

	for (size_t row = 0; row <= SIZES_HEIGHT; row++)
		for (size_t column = 0; column <= SIZES_WIDTH; column++)
			count += is_drawn(&screen.cells[row][column]) != (row < height && column < width);
	return count;
}

/* What is asked, or how to go on, whatever else has no room. */
static void check_last_line(const char *last, size_t width, size_t height)
{
	static const char *const words[] = { [TOP_LISTING] = "q quit", [TOP_READING] = "q",
					     [TOP_CONFIRMING] = "ban 192.0.2.7?", [TOP_FILTERING] = "filter:" };
	const char *expected = height == 1 ? "connections" : words[view.mode];
	bool may_be_cut = height == 1 || view.mode != TOP_LISTING; /* half a hint is none */

	if (width >= strlen(expected) + 2)
		shows(last, expected);
	else if (may_be_cut)
		assert_true(strspn(last, " ") < width);
}

/* Whatever the size, and whatever is shown. */
static void all_sizes(void **state)
{
	for (size_t height = 0; height < SIZES_HEIGHT; height++) {
		for (size_t width = 0; width < SIZES_WIDTH; width++) {
			for (int tab = 0; tab < TOP_TABS; tab++) {
				const char *text;

				view.tab = (enum top_tab)tab;
				view.mode = (enum top_mode)((height + width) % 4);
				view.unconfirmed = (struct top_deed){ TOP_BAN, "192.0.2.7" };
				blot();
				text = draw(width, height);
				assert_int_equal(screen.width, width);
				assert_int_equal(screen.height, height);
				assert_int_equal(wrong_cells(width, height), 0);
				if (height && width)
					check_last_line(text + (height - 1) * (width + 1), width, height);
			}
		}
	}
}

static void what_is_asked_and_said(void **state)
{
	view.mode = TOP_CONFIRMING;
	view.unconfirmed = (struct top_deed){ TOP_BAN, "192.0.2.7" };
	shows(draw(80, 24), "ban 192.0.2.7? y/n  keep it out, and end its connections");
	/* Also where there is little room. */
	view.unconfirmed = (struct top_deed){ TOP_ALLOW, "2001:db8:1234:5678::/64" };
	shows(draw(40, 10), "allow 2001:db8:1234:5678::/64? y/n");
	view.mode = TOP_LISTING;
	strcpy(view.message, "192.0.2.7 is banned");
	shows(draw(80, 24), "\n192.0.2.7 is banned");
	strcpy(view.trouble, "no socket at /run/wavebreak/control");
	view.trouble_s = 12;
	shows(draw(80, 24), "NOT ANSWERING for 12s: no socket at /run/wavebreak/control");
}

static void the_pane_is_wrapped(void **state)
{
	top_view_read(&view, "explain 192.0.2.7", bytes_of("one two three four five six seven eight\nnine"));
	shows(draw(22, 20), " one two three four   \n five six seven eight \n nine");
	top_view_read(&view, "explain", bytes_of("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
	shows(draw(22, 20), " aaaaaaaaaaaaaaaaaaaa \n aaaaaaaaaaaaaaaaaaaa \n");
	top_view_key(&view, &model, '?', 5);
	top_view_key(&view, &model, '?', 5);
	shows(draw(80, 24), "down: more");
	top_view_key(&view, &model, TOP_KEY_END, 5);
	shows(draw(80, 24), "connected        is connected");
}

static size_t cells_that_differ(const struct top_screen *before)
{
	size_t count = 0;

	for (size_t row = 0; row < screen.height; row++)
		for (size_t column = 0; column < screen.width; column++)
			count += memcmp(&before->cells[row][column], &screen.cells[row][column], sizeof(struct top_cell)) != 0;
	return count;
}

/* From one second to the next it stays as it is, until a step of the curve is over. */
static void it_is_calm(void **state)
{
	static struct top_screen before;

	draw(80, 24);
	before = screen;
	top_shown(&model)->now.now_s++;
	top_curve_add(&curve, NOW + 1, 301);
	draw(80, 24);
	assert_in_range(cells_that_differ(&before), 1, 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(all_of_it_at_80x24, set_up),
		cmocka_unit_test_setup(networks_that_are_too_many_are_counted, set_up),
		cmocka_unit_test_setup(each_tab, set_up),
		cmocka_unit_test_setup(what_a_client_of_the_gate_does_is_told_whole, set_up),
		cmocka_unit_test_setup(smaller_ones, set_up),
		cmocka_unit_test_setup(all_sizes, set_up),
		cmocka_unit_test_setup(what_is_asked_and_said, set_up),
		cmocka_unit_test_setup(the_pane_is_wrapped, set_up),
		cmocka_unit_test_setup(it_is_calm, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
