/* SPDX-License-Identifier: Apache-2.0 */
/* top_layout - what stands where on a screen of any size.
 *
 * From 80x24 on there is all of it. With less, what matters least goes first: the curve, lines of the head, columns
 * of the table; on one line there are the connections alone. Pure.
 */
#ifndef WAVEBREAK_CLI_TOP_LAYOUT_H
#define WAVEBREAK_CLI_TOP_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

enum top_tab {
	TOP_ADDRESSES,
	TOP_NETWORKS,
	TOP_GATE,
	TOP_ZONES,
	TOP_TABS
};

/* Lines of the head. */
enum top_head {
	TOP_HEAD_TITLE,
	TOP_HEAD_CONNECTIONS,
	TOP_HEAD_WAVE,
	TOP_HEAD_CLIENTS,
	TOP_HEADS
};

/* `rows` may be 0: it is not there. They follow each other without gap or overlap. */
struct top_span {
	size_t row, rows;
};

struct top_layout {
	size_t width, height;
	struct top_span head[TOP_HEADS];
	struct top_span curve, tabs, titles, rows, foot;
};

void top_layout_fit(size_t width, size_t height, struct top_layout *ret);

/* What the table of a tab has in a column. */
enum top_field {
	TOP_FIELD_NAME,
	TOP_FIELD_SCORE,
	TOP_FIELD_STATE,
	TOP_FIELD_OPEN,
	TOP_FIELD_OFFENCES,
	TOP_FIELD_LAST,
	TOP_FIELD_WHY,
	TOP_FIELD_CLIENTS,
	TOP_FIELD_BANNED,
	TOP_FIELD_SUSPECTS,
	TOP_FIELD_WEIGHT,
	TOP_FIELD_LATENCY,
	TOP_FIELD_ASKED,
	TOP_FIELD_LISTED,
	TOP_FIELD_DECIDED,
	TOP_FIELD_ERRORS,
};

struct top_column {
	enum top_field field;
	const char *title;
	size_t width;
	unsigned rank;  /* the lowest are kept longest */
	bool right;     /* numbers */
	bool stretches; /* takes what is left over */
};

struct top_placed {
	const struct top_column *column;
	size_t at, width;
};

#define TOP_COLUMNS_MOST 10

/* The columns of a tab that fit, from left to right; the first always does. Returns how many. */
size_t top_columns_fit(enum top_tab tab, size_t width, struct top_placed ret[TOP_COLUMNS_MOST]);

#endif
