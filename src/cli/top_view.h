/* SPDX-License-Identifier: Apache-2.0 */
/* top_view - how somebody looks at what `wavebreak top` knows: the tab, the row, the order, the filter, and what the
 * keys do to them. What a key asks of others is a deed; a ban, its end and an allowance are one only after a "y".
 *
 * The row that is selected is known by its name, so it is the same one when the order changes. Pure.
 */
#ifndef WAVEBREAK_CLI_TOP_VIEW_H
#define WAVEBREAK_CLI_TOP_VIEW_H

#include "cli/top_layout.h"
#include "cli/top_model.h"

#define TOP_FILTER_SIZE 48
#define TOP_MESSAGE_SIZE 256
#define TOP_PANE_SIZE 16384

/* Others are characters. */
enum top_key {
	TOP_KEY_UP = 0x100,
	TOP_KEY_DOWN,
	TOP_KEY_PAGE_UP,
	TOP_KEY_PAGE_DOWN,
	TOP_KEY_HOME,
	TOP_KEY_END,
	TOP_KEY_ENTER,
	TOP_KEY_ESCAPE,
	TOP_KEY_TAB,
	TOP_KEY_BACK_TAB,
	TOP_KEY_BACKSPACE,
};

enum top_mode {
	TOP_LISTING,
	TOP_READING,   /* the pane: an explanation, the help */
	TOP_CONFIRMING,
	TOP_FILTERING, /* the filter is being written */
};

enum top_deed_kind {
	TOP_NOTHING,
	TOP_QUIT,
	TOP_LOOK, /* ask anew at once: another order, another filter */
	TOP_EXPLAIN,
	TOP_BAN,
	TOP_UNBAN,
	TOP_ALLOW,
};

struct top_deed {
	enum top_deed_kind kind;
	char name[TOP_NAME_SIZE]; /* of the address, or for TOP_ALLOW of a network */
};

struct top_view {
	enum top_mode mode;
	enum top_tab tab;
	enum worst_order order;
	char filter[TOP_FILTER_SIZE];
	char filter_before[TOP_FILTER_SIZE]; /* for who gives up writing another */
	char selected[TOP_TABS][TOP_NAME_SIZE]; /* "": the first */
	size_t at[TOP_TABS];                    /* its place, and who is selected when it is gone */
	size_t first[TOP_TABS];                 /* row on the screen */
	struct top_deed unconfirmed;
	char message[TOP_MESSAGE_SIZE]; /* what became of the latest deed, until the next key; "": nothing */
	bool alarming;                  /* it did not work */

	char pane_title[TOP_WORD_SIZE];
	char pane[TOP_PANE_SIZE]; /* lines, ASCII */
	size_t pane_first;
	size_t pane_lines, pane_rows; /* of the last drawing */

	char trouble[TOP_MESSAGE_SIZE]; /* the daemon does not answer; "": it does */
	uint64_t trouble_s;             /* for how long */
};

/* The rows of a tab that the filter lets through, by their places in the model. Returns how many. */
#define TOP_VISIBLE_MOST TOP_ROWS_MOST
size_t top_visible(struct top_model *model, const struct top_view *view, size_t ret[TOP_VISIBLE_MOST]);

/* What the filter says as a network ("192.0.2.", "192.0.2.0/24", "2001:db8::/32"). False when it is text. */
bool top_filter_network(const struct top_view *view, struct prefix *ret);

/* A key, with so many rows of the table on the screen. */
struct top_deed top_view_key(struct top_view *view, struct top_model *model, int key, size_t rows);

/* After a new answer, and before each drawing. */
void top_view_settle(struct top_view *view, struct top_model *model, size_t rows);

/* Opens the pane. Foreign text is escaped, line by line. */
void top_view_read(struct top_view *view, const char *title, struct bytes text);

/* The question that a deed is confirmed by. */
const char *top_question(const struct top_deed *deed);

/* The name of a row of the model. */
const char *top_row_name(struct top_model *model, enum top_tab tab, size_t place);

#endif
