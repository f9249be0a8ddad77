/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top_layout.h"

#include <string.h>

/* Of the curve; a lower one tells nothing. */
#define CURVE_LEAST 6
#define CURVE_MOST 16
/* Of the table, before there is a curve beside it. */
#define ROWS_LEAST 7

/* Of the mark at the row that is selected. */
#define LEFT 1
/* Between columns: two cells, where that does not cost one. */
#define ROOMY_WIDTH 96

static const struct {
	size_t least_height;
} heads[TOP_HEADS] = {
	[TOP_HEAD_TITLE] = { 8 },
	[TOP_HEAD_CONNECTIONS] = { 1 },
	[TOP_HEAD_WAVE] = { 4 },
	[TOP_HEAD_CLIENTS] = { 12 },
};

/* The longest /64 takes 24. */
static const struct top_column addresses[] = {
	{ TOP_FIELD_NAME, "ADDRESS", 24, 0 },
	{ TOP_FIELD_SCORE, "SCORE", 5, 2, .right = true },
	{ TOP_FIELD_STATE, "STATE", 9, 1 },
	{ TOP_FIELD_OPEN, "OPEN", 4, 3, .right = true },
	{ TOP_FIELD_OFFENCES, "OFFENCES", 8, 4, .right = true },
	{ TOP_FIELD_LAST, "LAST", 4, 6, .right = true },
	{ TOP_FIELD_WHY, "WHY", 20, 5, .stretches = true },
};

static const struct top_column networks[] = {
	{ TOP_FIELD_NAME, "NETWORK", 18, 0 },
	{ TOP_FIELD_SCORE, "SCORE", 7, 1, .right = true },
	{ TOP_FIELD_STATE, "STATE", 7, 8 },
	{ TOP_FIELD_CLIENTS, "CLIENTS", 7, 2, .right = true },
	{ TOP_FIELD_BANNED, "BANNED", 6, 3, .right = true },
	{ TOP_FIELD_SUSPECTS, "SUSPECTS", 8, 6, .right = true },
	{ TOP_FIELD_OPEN, "OPEN", 5, 4, .right = true },
	{ TOP_FIELD_OFFENCES, "OFFENCES", 8, 5, .right = true },
	{ TOP_FIELD_LAST, "LAST", 4, 7, .right = true },
};

static const struct top_column gate[] = {
	{ TOP_FIELD_NAME, "STATE", 10, 0 },
	{ TOP_FIELD_OPEN, "SESSIONS", 8, 1, .right = true },
	{ TOP_FIELD_WHY, "WHAT THE CLIENT DOES", 20, 2, .stretches = true },
};

static const struct top_column zones[] = {
	{ TOP_FIELD_NAME, "ZONE", 22, 0 },
	{ TOP_FIELD_STATE, "STATE", 8, 1 },
	{ TOP_FIELD_WEIGHT, "WEIGHT", 6, 3, .right = true },
	{ TOP_FIELD_LATENCY, "LATENCY", 8, 2, .right = true },
	{ TOP_FIELD_ASKED, "ASKED", 7, 4, .right = true },
	{ TOP_FIELD_LISTED, "LISTED", 7, 5, .right = true },
	{ TOP_FIELD_ERRORS, "ERRORS", 6, 6, .right = true },
	{ TOP_FIELD_DECIDED, "DECIDED", 7, 7, .right = true },
	{ TOP_FIELD_WHY, "TROUBLE", 12, 8, .stretches = true },
};

static const struct {
	const struct top_column *columns;
	size_t count;
} tables[TOP_TABS] = {
#define TABLE(rows) { rows, sizeof(rows) / sizeof((rows)[0]) }
	[TOP_ADDRESSES] = TABLE(addresses),
	[TOP_NETWORKS] = TABLE(networks),
	[TOP_GATE] = TABLE(gate),
	[TOP_ZONES] = TABLE(zones),
};

static struct top_span take(size_t *row, size_t rows)
{
	struct top_span span = { *row, rows };

	*row += rows;
	return span;
}

/* Two fifths of what the curve and the table share: it is looked at, and the table is read. */
static size_t curve_rows(size_t shared, size_t width)
{
	size_t rows = shared * 2 / 5;

	if (rows < CURVE_LEAST)
		rows = CURVE_LEAST;
	if (rows > CURVE_MOST)
		rows = CURVE_MOST;
	return shared < rows + ROWS_LEAST || width < 40 ? 0 : rows;
}

void top_layout_fit(size_t width, size_t height, struct top_layout *ret)
{
	bool has_foot = height >= 2, has_table = height >= 5;
	size_t row = 0, used;

	*ret = (struct top_layout){ .width = width, .height = height };
	for (size_t i = 0; i < TOP_HEADS; i++)
		ret->head[i] = take(&row, height >= heads[i].least_height);
	used = row + has_foot + (has_table ? 2 : 0);
	ret->curve = take(&row, height > used ? curve_rows(height - used, width) : 0);
	ret->tabs = take(&row, has_table);
	ret->titles = take(&row, has_table);
	ret->rows = take(&row, height > row + has_foot ? height - row - has_foot : 0);
	ret->foot = take(&row, has_foot);
}

size_t top_columns_fit(enum top_tab tab, size_t width, struct top_placed ret[TOP_COLUMNS_MOST])
{
	const struct top_column *columns = tables[tab].columns;
	size_t gap = width >= ROOMY_WIDTH ? 2 : 1, used = LEFT + columns[0].width, count = 0, at = LEFT;
	bool taken[TOP_COLUMNS_MOST] = { true };

	/* Once one does not fit, none that matters less takes its room. */
	for (unsigned rank = 1; rank < TOP_COLUMNS_MOST; rank++) {
		for (size_t i = 1; i < tables[tab].count; i++) {
			if (columns[i].rank != rank)
				continue;
			if (used + gap + columns[i].width > width)
				rank = TOP_COLUMNS_MOST;
			else
				used += gap + columns[i].width;
			taken[i] = rank < TOP_COLUMNS_MOST;
			break;
		}
	}
	for (size_t i = 0; i < tables[tab].count; i++) {
		size_t wide = columns[i].width;

		if (!taken[i])
			continue;
		if (columns[i].stretches && width > used)
			wide += width - used;
		ret[count++] = (struct top_placed){ &columns[i], at, wide };
		at += wide + gap;
	}
	return count;
}
