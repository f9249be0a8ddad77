/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top_view.h"

#include "base/text.h"

#include <stdio.h>

#define LINE_SIZE 1024

/* For 80 cells and fewer. */
static const char help[] =
	"up, down, j, k   another row; Page Up, Page Down, Home, End as well\n"
	"Tab, 1 to 4      addresses, networks, sessions of the gate, its DNS lists\n"
	"s                order: score, open connections, offences, the latest one\n"
	"/                filter: a network (192.0.2. or 2001:db8::/32), or a word\n"
	"Escape           no filter any more\n"
	"e, Enter         explain the address; of a network, show its addresses\n"
	"b                ban the address, for as long as ban.for says\n"
	"u                end its ban, and forget its score\n"
	"a                never ban the address, or the network, from now on\n"
	"q                quit\n"
	"\n"
	"SCORE            falls by half in each judge.half_life; of a network: the sum\n"
	"OPEN             connections to the mail server now\n"
	"OFFENCES         since the client is known\n"
	"LAST             how long ago the latest was\n"
	"left out         networks beyond the first 65,536, which are not added up\n"
	"\n"
	"STATE\n";

const char *top_row_name(struct top_model *model, enum top_tab tab, size_t place)
{
	struct top_answer *shown = top_shown(model);

	switch (tab) {
	case TOP_ADDRESSES: return shown->addresses.rows[place].name;
	case TOP_NETWORKS: return shown->networks.rows[place].name;
	case TOP_GATE: return top_session_name((enum top_session)place);
	default: return shown->now.zones[place].name;
	}
}

static size_t row_count(struct top_model *model, enum top_tab tab)
{
	struct top_answer *shown = top_shown(model);

	switch (tab) {
	case TOP_ADDRESSES: return shown->addresses.count;
	case TOP_NETWORKS: return shown->networks.count;
	case TOP_GATE: return shown->now.has_gate ? TOP_SESSIONS : 0;
	default: return shown->now.zone_count;
	}
}

/* "192.0." is short for 192.0.0.0/16. */
static int parse_beginning(const char *text, struct prefix *ret)
{
	uint8_t octets[4] = { 0 };
	struct bytes rest = bytes_of(text);
	struct addr addr;
	unsigned count = 0;

	while (rest.size && count < 4) {
		size_t end = bytes_find_char(rest, '.');
		uint64_t octet;

		if (bytes_to_u64(bytes_first(rest, end), 255, &octet) < 0 || (count == 0 && end == rest.size))
			return -1;
		octets[count++] = (uint8_t)octet;
		rest = bytes_skip(rest, end + 1);
	}
	if (count == 0 || rest.size)
		return -1;
	addr = addr_from_ipv4(octets);
	*ret = prefix_around(&addr, (uint8_t)(count * 8));
	return 0;
}

bool top_filter_network(const struct top_view *view, struct prefix *ret)
{
	struct bytes text = bytes_of(view->filter);

	return prefix_parse(text, ret) == 0 || parse_beginning(view->filter, ret) == 0;
}

static bool holds(const char *text, const char *part)
{
	return strcasestr(text, part) != NULL;
}

static bool passes(const struct top_row *row, const struct top_view *view, const struct prefix *network)
{
	if (network)
		return prefix_overlaps(network, &row->sums.prefix);
	return holds(row->name, view->filter) || holds(row->why, view->filter) ||
	       (row->state < CLIENT_STATES && holds(client_state_name(row->state), view->filter));
}

size_t top_visible(struct top_model *model, const struct top_view *view, size_t ret[TOP_VISIBLE_MOST])
{
	struct top_answer *shown = top_shown(model);
	const struct top_list *list = view->tab == TOP_ADDRESSES ? &shown->addresses :
				      view->tab == TOP_NETWORKS ? &shown->networks : NULL;
	size_t count = row_count(model, view->tab), visible = 0;
	struct prefix network;
	bool is_network = top_filter_network(view, &network);

	for (size_t i = 0; i < count; i++)
		if (!list || !view->filter[0] || passes(&list->rows[i], view, is_network ? &network : NULL))
			ret[visible++] = i;
	return visible;
}

static void select_at(struct top_view *view, struct top_model *model, const size_t *visible, size_t count, size_t at)
{
	view->at[view->tab] = at;
	snprintf(view->selected[view->tab], TOP_NAME_SIZE, "%s",
		 count ? top_row_name(model, view->tab, visible[at]) : "");
}

/* Rows without a choice: nobody has moved yet, so the worst stays the selected one. */
void top_view_settle(struct top_view *view, struct top_model *model, size_t rows)
{
	size_t visible[TOP_VISIBLE_MOST], count = top_visible(model, view, visible), at = view->at[view->tab];
	size_t *first = &view->first[view->tab];

	for (size_t i = 0; view->selected[view->tab][0] && i < count; i++)
		if (strcmp(top_row_name(model, view->tab, visible[i]), view->selected[view->tab]) == 0)
			at = i;
	at = at < count ? at : count ? count - 1 : 0;
	if (view->selected[view->tab][0])
		select_at(view, model, visible, count, at);
	else
		view->at[view->tab] = 0;
	if (*first > view->at[view->tab])
		*first = view->at[view->tab];
	if (rows && view->at[view->tab] >= *first + rows)
		*first = view->at[view->tab] - rows + 1;
	if (*first + rows > count)
		*first = count > rows ? count - rows : 0;
}

static void move_to(struct top_view *view, struct top_model *model, size_t at, size_t rows)
{
	size_t visible[TOP_VISIBLE_MOST], count = top_visible(model, view, visible);

	if (count)
		select_at(view, model, visible, count, at < count ? at : count - 1);
	top_view_settle(view, model, rows);
}

void top_view_read(struct top_view *view, const char *title, struct bytes text)
{
	size_t used = 0;

	view->mode = TOP_READING;
	view->pane_first = 0;
	snprintf(view->pane_title, sizeof(view->pane_title), "%s", title);
	while (text.size && used + LINE_SIZE + 1 < sizeof(view->pane)) {
		size_t end = bytes_find_char(text, '\n');

		text_escape(bytes_first(text, end), view->pane + used, LINE_SIZE);
		used += strlen(view->pane + used);
		view->pane[used++] = '\n';
		text = bytes_skip(text, end + 1);
	}
	view->pane[used] = '\0';
}

static void read_help(struct top_view *view)
{
	char text[sizeof(help) + CLIENT_STATES * 128];
	size_t used = (size_t)snprintf(text, sizeof(text), "%s", help);

	for (int i = 0; i < CLIENT_STATES; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%-16s %s\n", client_state_name((enum client_state)i),
					 client_state_help((enum client_state)i));
	top_view_read(view, "keys and words", bytes_make(text, used));
}

static void read_zone(struct top_view *view, const struct top_zone *zone)
{
	char text[1024], title[TOP_WORD_SIZE];
	const char *four = zone->trouble, *six = zone->trouble6;
	int size = snprintf(text, sizeof(text),
			    "weight %lld\n%llu asked, %llu of them listed, %llu rejected (or let in) with its word, "
			    "%llu answers that were none\nanswers within %llu ms\nIPv4: %s%s%s\nIPv6: %s%s%s\n",
			    (long long)zone->weight, (unsigned long long)zone->asked, (unsigned long long)zone->listed,
			    (unsigned long long)zone->decided, (unsigned long long)zone->errors,
			    (unsigned long long)zone->latency_ms, zone->state, *four ? ", " : "", four, zone->state6,
			    *six ? ", " : "", six);

	snprintf(title, sizeof(title), "%.*s", (int)sizeof(title) - 1, zone->name);
	top_view_read(view, title, bytes_make(text, (size_t)size < sizeof(text) ? (size_t)size : sizeof(text) - 1));
}

static void say(struct top_view *view, const char *message)
{
	snprintf(view->message, sizeof(view->message), "%s", message);
	view->alarming = false;
}

static void show_network(struct top_view *view, const char *network)
{
	snprintf(view->filter, sizeof(view->filter), "%s", network);
	view->tab = TOP_ADDRESSES;
	view->selected[TOP_ADDRESSES][0] = '\0';
	view->at[TOP_ADDRESSES] = view->first[TOP_ADDRESSES] = 0;
}

static struct top_deed explain(struct top_view *view, struct top_model *model, size_t place)
{
	struct top_deed deed = { TOP_EXPLAIN };

	switch (view->tab) {
	case TOP_ADDRESSES:
		strcpy(deed.name, top_row_name(model, view->tab, place));
		return deed;
	case TOP_NETWORKS:
		show_network(view, top_row_name(model, view->tab, place));
		return (struct top_deed){ TOP_LOOK };
	case TOP_ZONES:
		read_zone(view, &top_shown(model)->now.zones[place]);
		break;
	default:
		break;
	}
	return (struct top_deed){ TOP_NOTHING };
}

static void ask_first(struct top_view *view, struct top_model *model, enum top_deed_kind kind, size_t place)
{
	if (view->tab == TOP_NETWORKS && kind != TOP_ALLOW) {
		say(view, "a ban is of an address: Enter shows those of this network");
		return;
	}
	if (view->tab != TOP_ADDRESSES && view->tab != TOP_NETWORKS)
		return;
	view->unconfirmed = (struct top_deed){ kind };
	strcpy(view->unconfirmed.name, top_row_name(model, view->tab, place));
	view->mode = TOP_CONFIRMING;
}

const char *top_question(const struct top_deed *deed)
{
	switch (deed->kind) {
	case TOP_BAN: return "keep it out, and end its connections";
	case TOP_UNBAN: return "let it in again, and forget its score";
	default: return "never ban it from now on";
	}
}

static struct top_deed on_selected(struct top_view *view, struct top_model *model, int key)
{
	size_t visible[TOP_VISIBLE_MOST], count = top_visible(model, view, visible), place;

	if (count == 0)
		return (struct top_deed){ TOP_NOTHING };
	place = visible[view->at[view->tab]];
	/* Whoever is asked about is selected by name from now on: the mark is not to go to another meanwhile. */
	select_at(view, model, visible, count, view->at[view->tab]);
	switch (key) {
	case 'b': ask_first(view, model, TOP_BAN, place); break;
	case 'u': ask_first(view, model, TOP_UNBAN, place); break;
	case 'a': ask_first(view, model, TOP_ALLOW, place); break;
	default: return explain(view, model, place);
	}
	return (struct top_deed){ TOP_NOTHING };
}

static struct top_deed take_filter_away(struct top_view *view)
{
	bool was_there = view->filter[0];

	view->filter[0] = '\0';
	return (struct top_deed){ was_there ? TOP_LOOK : TOP_NOTHING };
}

/* The worst by the new order is what is asked for, so nobody is selected any more. */
static struct top_deed next_order(struct top_view *view, struct top_model *model)
{
	view->order = (view->order + 1) % WORST_ORDERS;
	for (size_t i = 0; i < TOP_TABS; i++) {
		view->selected[i][0] = '\0';
		view->at[i] = view->first[i] = 0;
	}
	top_model_sort(model, view->order);
	return (struct top_deed){ TOP_LOOK };
}

static struct top_deed key_of_list(struct top_view *view, struct top_model *model, int key, size_t rows)
{
	struct top_deed deed = { TOP_NOTHING };
	size_t at = view->at[view->tab], page = rows > 1 ? rows - 1 : 1;

	switch (key) {
	case 'q': deed.kind = TOP_QUIT; break;
	case TOP_KEY_UP: case 'k': move_to(view, model, at ? at - 1 : 0, rows); break;
	case TOP_KEY_DOWN: case 'j': move_to(view, model, at + 1, rows); break;
	case TOP_KEY_PAGE_UP: move_to(view, model, at > page ? at - page : 0, rows); break;
	case TOP_KEY_PAGE_DOWN: move_to(view, model, at + page, rows); break;
	case TOP_KEY_HOME: case 'g': move_to(view, model, 0, rows); break;
	case TOP_KEY_END: case 'G': move_to(view, model, TOP_ROWS_MOST, rows); break;
	case TOP_KEY_TAB: view->tab = (view->tab + 1) % TOP_TABS; break;
	case TOP_KEY_BACK_TAB: view->tab = (view->tab + TOP_TABS - 1) % TOP_TABS; break;
	case '1': case '2': case '3': case '4': view->tab = (enum top_tab)(key - '1'); break;
	case 's': return next_order(view, model);
	case '?': case 'h': read_help(view); break;
	case TOP_KEY_ESCAPE: return take_filter_away(view);
	case '/':
		strcpy(view->filter_before, view->filter);
		view->mode = TOP_FILTERING;
		break;
	case 'e': case TOP_KEY_ENTER: case 'b': case 'u': case 'a': return on_selected(view, model, key);
	default: break;
	}
	return deed;
}

static struct top_deed key_of_pane(struct top_view *view, int key)
{
	size_t most = view->pane_lines > view->pane_rows ? view->pane_lines - view->pane_rows : 0;
	size_t page = view->pane_rows > 1 ? view->pane_rows - 1 : 1, at = view->pane_first;

	switch (key) {
	case 'q': case 'e': case '?': case TOP_KEY_ESCAPE: case TOP_KEY_ENTER: view->mode = TOP_LISTING; break;
	case TOP_KEY_UP: case 'k': at = at ? at - 1 : 0; break;
	case TOP_KEY_DOWN: case 'j': at++; break;
	case TOP_KEY_PAGE_UP: at = at > page ? at - page : 0; break;
	case TOP_KEY_PAGE_DOWN: case ' ': at += page; break;
	case TOP_KEY_HOME: case 'g': at = 0; break;
	case TOP_KEY_END: case 'G': at = most; break;
	default: break;
	}
	view->pane_first = at < most ? at : most;
	return (struct top_deed){ TOP_NOTHING };
}

static struct top_deed key_of_confirmation(struct top_view *view, int key)
{
	struct top_deed deed = view->unconfirmed;

	view->mode = TOP_LISTING;
	view->unconfirmed = (struct top_deed){ TOP_NOTHING };
	if (key == 'y' || key == 'Y')
		return deed;
	say(view, "nothing was done");
	return (struct top_deed){ TOP_NOTHING };
}

/* What is written filters at once what is here; the daemon is asked when it is complete. */
static struct top_deed key_of_filter(struct top_view *view, int key)
{
	size_t length = strlen(view->filter);

	switch (key) {
	case TOP_KEY_ENTER:
		view->mode = TOP_LISTING;
		return (struct top_deed){ TOP_LOOK };
	case TOP_KEY_ESCAPE:
		strcpy(view->filter, view->filter_before);
		view->mode = TOP_LISTING;
		break;
	case TOP_KEY_BACKSPACE:
		if (length)
			view->filter[length - 1] = '\0';
		break;
	default:
		if (key >= ' ' && key < 0x7f && length + 1 < sizeof(view->filter)) {
			view->filter[length] = (char)key;
			view->filter[length + 1] = '\0';
		}
		break;
	}
	return (struct top_deed){ TOP_NOTHING };
}

struct top_deed top_view_key(struct top_view *view, struct top_model *model, int key, size_t rows)
{
	view->message[0] = '\0';
	top_view_settle(view, model, rows);
	switch (view->mode) {
	case TOP_READING: return key_of_pane(view, key);
	case TOP_CONFIRMING: return key_of_confirmation(view, key);
	case TOP_FILTERING: return key_of_filter(view, key);
	default: return key_of_list(view, model, key, rows);
	}
}
