/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top_layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void each_size(void **state)
{
	static const struct {
		size_t width, height, heads, curve, rows, foot;
	} sizes[] = {
		{ 80, 24, 4, 6, 11, 1 },
		{ 60, 15, 4, 0, 8, 1 },
		{ 40, 10, 3, 0, 4, 1 },
		{ 200, 60, 4, 16, 37, 1 },
		{ 20, 40, 4, 0, 33, 1 }, /* too narrow for a curve */
		{ 80, 4, 2, 0, 1, 1 },
		{ 80, 2, 1, 0, 0, 1 },
		{ 1, 1, 1, 0, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct top_layout layout;
		size_t heads = 0;

		top_layout_fit(sizes[i].width, sizes[i].height, &layout);
		for (size_t head = 0; head < TOP_HEADS; head++)
			heads += layout.head[head].rows;
		assert_int_equal(heads, sizes[i].heads);
		assert_int_equal(layout.curve.rows, sizes[i].curve);
		assert_int_equal(layout.rows.rows, sizes[i].rows);
		assert_int_equal(layout.foot.rows, sizes[i].foot);
	}
}

/* No gap, no overlap, nothing outside, whatever the size. */
static void all_rows_are_somebodys(void **state)
{
	for (size_t height = 1; height < 120; height++) {
		for (size_t width = 1; width < 200; width += 13) {
			struct top_layout l;
			const struct top_span *spans[] = { &l.head[0], &l.head[1], &l.head[2], &l.head[3], &l.curve,
							   &l.tabs,    &l.titles,  &l.rows,    &l.foot };
			size_t row = 0;

			top_layout_fit(width, height, &l);
			for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
				assert_int_equal(spans[i]->row, row);
				row += spans[i]->rows;
			}
			assert_int_equal(row, height);
			assert_int_equal(l.head[TOP_HEAD_CONNECTIONS].rows, 1);
		}
	}
}

static void columns_are_beside_each_other(void **state)
{
	for (int tab = 0; tab < TOP_TABS; tab++) {
		for (size_t width = 1; width < 300; width++) {
			struct top_placed placed[TOP_COLUMNS_MOST];
			size_t count = top_columns_fit((enum top_tab)tab, width, placed), end = 0;

			assert_true(count >= 1);
			assert_int_equal(placed[0].column->field, TOP_FIELD_NAME);
			for (size_t i = 0; i < count; i++) {
				assert_true(placed[i].at >= end);
				assert_true(placed[i].width >= placed[i].column->width);
				end = placed[i].at + placed[i].width;
			}
			assert_true(end <= width || count == 1);
		}
	}
}

static bool has(enum top_tab tab, size_t width, enum top_field field)
{
	struct top_placed placed[TOP_COLUMNS_MOST];
	size_t count = top_columns_fit(tab, width, placed);

	for (size_t i = 0; i < count; i++)
		if (placed[i].column->field == field)
			return true;
	return false;
}

/* What somebody needs to decide is there on a small screen, too. */
static void what_matters_stays_longest(void **state)
{
	assert_true(has(TOP_ADDRESSES, 40, TOP_FIELD_STATE) && has(TOP_ADDRESSES, 42, TOP_FIELD_SCORE));
	assert_false(has(TOP_ADDRESSES, 40, TOP_FIELD_OPEN));
	assert_true(has(TOP_ADDRESSES, 60, TOP_FIELD_OFFENCES));
	assert_true(has(TOP_ADDRESSES, 80, TOP_FIELD_WHY));
	assert_true(has(TOP_ADDRESSES, 132, TOP_FIELD_LAST));
	assert_true(has(TOP_NETWORKS, 80, TOP_FIELD_LAST));
	assert_true(has(TOP_NETWORKS, 132, TOP_FIELD_STATE));
	assert_true(has(TOP_ZONES, 40, TOP_FIELD_STATE));
	assert_true(has(TOP_ZONES, 132, TOP_FIELD_WHY));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_size),
		cmocka_unit_test(all_rows_are_somebodys),
		cmocka_unit_test(columns_are_beside_each_other),
		cmocka_unit_test(what_matters_stays_longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
