/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top_draw.h"

#include "base/text.h"
#include "cli/when.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define DAY_S 86400

struct drawing {
	struct top_model *model;
	struct top_view *view;
	const struct top_curve *curve;
	int64_t utc_offset_s;
	struct top_layout layout;
	struct top_screen *screen;
};

/* A line that is written piece by piece from the left. The first is cut where it does not fit, a further one left out
 * with all that follow: half a number would be another one. */
struct line {
	struct top_screen *screen;
	size_t row, at, end;
};

static void write_on(struct line *line, enum top_style style, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static void write_on(struct line *line, enum top_style style, const char *format, ...)
{
	char text[TOP_WIDTH_MOST + 1];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (line->at > 0 && strlen(text) > line->end - line->at)
		line->end = line->at;
	line->at += top_put(line->screen, line->row, line->at, line->end - line->at, style, text);
}

/* A word in front of the others, as `status` has them. */
static void write_subject(struct line *line, const char *subject)
{
	write_on(line, TOP_DIM, line->end >= 60 ? "%-13s" : "%s ", subject);
}

static struct line line_of(const struct drawing *d, size_t row)
{
	return (struct line){ d->screen, row, 0, d->layout.width };
}

/* "1.2", "23" */
static const char *rate_text(double rate, char text[COUNT_TEXT_SIZE])
{
	snprintf(text, COUNT_TEXT_SIZE, rate < 9.95 && rate > 0.04 ? "%.1f" : "%.0f", rate);
	return text;
}

static void draw_title(const struct drawing *d, const struct top_now *now)
{
	struct line line = line_of(d, d->layout.head[TOP_HEAD_TITLE].row);
	int64_t of_day = ((int64_t)(now->now_s % (UINT64_C(1) << 40)) + d->utc_offset_s) % DAY_S;
	char up[DURATION_TEXT_SIZE], clock[48];

	if (d->view->trouble[0]) {
		write_on(&line, TOP_ALARM, "NOT ANSWERING for %s: %s", span_format(d->view->trouble_s, up), d->view->trouble);
		return;
	}
	of_day = of_day < 0 ? of_day + DAY_S : of_day;
	snprintf(clock, sizeof(clock), "%02d:%02d:%02d", (int)(of_day / 3600), (int)(of_day / 60 % 60), (int)(of_day % 60));
	if (line.end > 30) {
		top_put_right(d->screen, line.row, line.end - 9, 9, TOP_PLAIN, clock);
		line.end -= 10;
	}
	write_on(&line, TOP_STRONG, "wavebreak ");
	write_on(&line, strcmp(now->mode, "guarding") == 0 ? TOP_PLAIN : TOP_WARNING, "%s ", now->mode);
	write_on(&line, TOP_PLAIN, "%s", *now->server ? now->server : "by the log alone");
	if (now->started_s && now->now_s > now->started_s)
		write_on(&line, TOP_DIM, ", up %s", span_format(now->now_s - now->started_s, up));
}

static void draw_rate(const struct drawing *d, struct line *line, double rate, const char *words)
{
	char text[COUNT_TEXT_SIZE];

	if (rate >= 0)
		write_on(line, TOP_PLAIN, "%s%s %s/s", d->layout.width >= 72 ? "   " : "  ", words, rate_text(rate, text));
}

static void draw_connections(const struct drawing *d, const struct top_now *now)
{
	struct line line = line_of(d, d->layout.head[TOP_HEAD_CONNECTIONS].row);
	const double *rates = d->model->rates;
	bool full = now->limit && now->served >= now->limit;

	write_subject(&line, "connections");
	if (!now->counted) {
		write_on(&line, TOP_WARNING, "not known: the kernel does not tell (sock_diag)");
		return;
	}
	write_on(&line, full ? TOP_ALARM : TOP_STRONG, "%" PRIu64 "%s", now->served, full ? " FULL" : "");
	if (now->limit)
		write_on(&line, TOP_PLAIN, " of %" PRIu64, now->limit);
	write_on(&line, TOP_PLAIN, " served");
	write_on(&line, now->waiting ? TOP_WARNING : TOP_PLAIN, ", %" PRIu64 " waiting", now->waiting);
	if (!now->looks_for_waves)
		draw_rate(d, &line, rates[TOP_ARRIVALS], "new");
	if (rates[TOP_EVICTIONS] >= 0 && rates[TOP_RELIEFS] >= 0)
		draw_rate(d, &line, rates[TOP_EVICTIONS] + rates[TOP_RELIEFS], "ended");
	draw_rate(d, &line, rates[TOP_ARRIVALS_BANNED], "dropped");
}

static void draw_wave(const struct drawing *d, const struct top_now *now)
{
	struct line line = line_of(d, d->layout.head[TOP_HEAD_WAVE].row);
	char since[DURATION_TEXT_SIZE], rate[COUNT_TEXT_SIZE], usual[COUNT_TEXT_SIZE];
	uint64_t for_s = now->now_s > now->wave_since_s ? now->now_s - now->wave_since_s : 0;

	write_subject(&line, "wave");
	if (!now->looks_for_waves) {
		write_on(&line, TOP_DIM, "not looked for");
		return;
	}
	if (now->wave_lasts)
		write_on(&line, TOP_ALARM, "A WAVE LASTS for %s", span_format(for_s, since));
	else
		write_on(&line, TOP_PLAIN, "%s for %s", now->wave_state, span_format(for_s, since));
	write_on(&line, TOP_PLAIN, ", %s new a second, usually %s", rate_text(now->wave_rate, rate),
		 rate_text(now->wave_usual, usual));
	if (now->relieves)
		write_on(&line, TOP_WARNING, "; relief at work");
}

static void draw_clients(const struct drawing *d, const struct top_now *now)
{
	struct line line = line_of(d, d->layout.head[TOP_HEAD_CLIENTS].row);
	char text[COUNT_TEXT_SIZE];
	const char *gap = d->layout.width >= 72 ? "   " : "  ";

	write_subject(&line, "clients");
	write_on(&line, TOP_STRONG, "%s", count_format(now->bans, text));
	write_on(&line, TOP_PLAIN, now->observes ? " would be banned" : " banned");
	if (d->model->rates[TOP_BANS] > 0)
		write_on(&line, TOP_PLAIN, " (+%s/s)", rate_text(d->model->rates[TOP_BANS], text));
	if (now->has_suspects)
		write_on(&line, TOP_PLAIN, "%s%s suspects", gap, count_format(now->suspects, text));
	write_on(&line, TOP_PLAIN, "%s%s with a score", gap, count_format(now->scored, text));
	if (now->has_gate)
		write_on(&line, TOP_PLAIN, "%s%s at the gate", gap, count_format(now->sessions, text));
	if (now->steers && !now->steering)
		write_on(&line, TOP_ALARM, "%sSTEERING IS OFF", gap);
}

/* "1,234 left out, filter: 10.66., by score" */
static void format_what_is_shown(const struct top_view *view, const struct top_now *now, char *text, size_t size)
{
	char count[COUNT_TEXT_SIZE];
	size_t at = 0;

	if (view->tab == TOP_NETWORKS && now->networks_left_out)
		at += (size_t)snprintf(text, size, "%s left out, ", count_format(now->networks_left_out, count));
	if (*view->filter)
		at += (size_t)snprintf(text + at, size - at, "filter: %s, ", view->filter);
	snprintf(text + at, size - at, "by %s", view->order == WORST_BY_LATEST ? "the latest" : worst_order_name(view->order));
}

/* With less room there is the present one alone. */
#define TABS_WIDTH 38

static void draw_tabs(const struct drawing *d, const struct top_now *now)
{
	static const char *const names[TOP_TABS] = { "Addresses", "Networks", "Gate", "Zones" };
	struct line line = line_of(d, d->layout.tabs.row);
	char right[TOP_FILTER_SIZE + COUNT_TEXT_SIZE + 64];
	enum top_tab tab = d->view->tab;

	for (size_t i = 0; i < TOP_TABS; i++) {
		if (i == tab)
			write_on(&line, TOP_STRONG, "[%s]", names[i]);
		else if (d->layout.width >= TABS_WIDTH)
			write_on(&line, TOP_DIM, " %s ", names[i]);
	}
	if (tab != TOP_ADDRESSES && tab != TOP_NETWORKS)
		return;
	format_what_is_shown(d->view, now, right, sizeof(right));
	if (line.at + 2 + (*d->view->filter ? 1 : strlen(right)) <= line.end)
		top_put_right(d->screen, line.row, line.at + 2, line.end - line.at - 2,
			      *d->view->filter ? TOP_WARNING : TOP_DIM, right);
}

/* One unit, of what is long ago nobody wants to know more: "7s", "12m", "3h", "9d". */
static const char *age_text(uint64_t at_s, uint64_t now_s, char text[COUNT_TEXT_SIZE])
{
	uint64_t age_s = now_s > at_s ? now_s - at_s : 0;

	if (at_s == 0)
		return strcpy(text, "-");
	if (age_s < 60)
		snprintf(text, COUNT_TEXT_SIZE, "%" PRIu64 "s", age_s);
	else if (age_s < 3600)
		snprintf(text, COUNT_TEXT_SIZE, "%" PRIu64 "m", age_s / 60);
	else if (age_s < DAY_S)
		snprintf(text, COUNT_TEXT_SIZE, "%" PRIu64 "h", age_s / 3600);
	else
		snprintf(text, COUNT_TEXT_SIZE, "%" PRIu64 "d", age_s / DAY_S);
	return text;
}

static enum top_style style_of_state(enum client_state state)
{
	switch (state) {
	case CLIENT_BANNED: return TOP_ALARM;
	case CLIENT_ALLOWED: return TOP_GOOD;
	case CLIENT_SUSPECT: case CLIENT_LISTED: return TOP_WARNING;
	case CLIENT_CONNECTED: return TOP_DIM;
	default: return TOP_PLAIN;
	}
}

#define FIELD_SIZE 256

static enum top_style field_of_row(const struct top_row *row, enum top_field field, uint64_t now_s,
				   char text[FIELD_SIZE])
{
	const struct worst_row *sums = &row->sums;
	uint64_t number = 0;

	switch (field) {
	case TOP_FIELD_NAME:
		snprintf(text, FIELD_SIZE, "%s", row->name);
		return TOP_PLAIN;
	case TOP_FIELD_STATE:
		snprintf(text, FIELD_SIZE, "%s", row->state < CLIENT_STATES ? client_state_name(row->state) : "-");
		return style_of_state(row->state);
	case TOP_FIELD_LAST:
		age_text(sums->last_ms / 1000, now_s, text);
		return TOP_PLAIN;
	case TOP_FIELD_WHY:
		snprintf(text, FIELD_SIZE, "%s", row->why);
		return TOP_PLAIN;
	case TOP_FIELD_SCORE: number = sums->score; break;
	case TOP_FIELD_OPEN: number = sums->open; break;
	case TOP_FIELD_OFFENCES: number = sums->offences; break;
	case TOP_FIELD_CLIENTS: number = sums->clients; break;
	case TOP_FIELD_BANNED: number = sums->banned; break;
	case TOP_FIELD_SUSPECTS: number = sums->suspects; break;
	default: break;
	}
	snprintf(text, FIELD_SIZE, "%" PRIu64, number);
	return number ? TOP_PLAIN : TOP_DIM;
}

static enum top_style field_of_session(const struct top_now *now, size_t place, enum top_field field,
				       char text[FIELD_SIZE])
{
	uint64_t number = now->by_state[place];

	if (field == TOP_FIELD_NAME)
		snprintf(text, FIELD_SIZE, "%s", top_session_name((enum top_session)place));
	else if (field == TOP_FIELD_WHY)
		snprintf(text, FIELD_SIZE, "%s", top_session_help((enum top_session)place));
	else
		snprintf(text, FIELD_SIZE, "%" PRIu64, number);
	return field == TOP_FIELD_OPEN && number ? TOP_STRONG : number || field == TOP_FIELD_NAME ? TOP_PLAIN : TOP_DIM;
}

static bool is_out(const struct top_zone *zone)
{
	return strcmp(zone->state, "out") == 0 || strcmp(zone->state6, "out") == 0;
}

static enum top_style field_of_zone(const struct top_zone *zone, enum top_field field, char text[FIELD_SIZE])
{
	uint64_t number = 0;

	switch (field) {
	case TOP_FIELD_NAME:
		snprintf(text, FIELD_SIZE, "%s", zone->name);
		return TOP_PLAIN;
	case TOP_FIELD_STATE:
		/* The worse of both families. */
		snprintf(text, FIELD_SIZE, "%s", is_out(zone) ? "OUT" : zone->state);
		return is_out(zone) ? TOP_ALARM : TOP_PLAIN;
	case TOP_FIELD_WHY:
		snprintf(text, FIELD_SIZE, "%s%s%s", zone->trouble, *zone->trouble && *zone->trouble6 ? "; IPv6: " : "",
			 zone->trouble6);
		return TOP_WARNING;
	case TOP_FIELD_WEIGHT:
		snprintf(text, FIELD_SIZE, "%" PRId64, zone->weight);
		return TOP_PLAIN;
	case TOP_FIELD_LATENCY:
		snprintf(text, FIELD_SIZE, "%" PRIu64 " ms", zone->latency_ms);
		return TOP_PLAIN;
	case TOP_FIELD_ASKED: number = zone->asked; break;
	case TOP_FIELD_LISTED: number = zone->listed; break;
	case TOP_FIELD_DECIDED: number = zone->decided; break;
	default: number = zone->errors; break;
	}
	snprintf(text, FIELD_SIZE, "%" PRIu64, number);
	return number ? TOP_PLAIN : TOP_DIM;
}

static enum top_style field_text(const struct drawing *d, size_t place, enum top_field field, char text[FIELD_SIZE])
{
	const struct top_answer *shown = top_shown(d->model);

	switch (d->view->tab) {
	case TOP_ADDRESSES: return field_of_row(&shown->addresses.rows[place], field, shown->now.now_s, text);
	case TOP_NETWORKS: return field_of_row(&shown->networks.rows[place], field, shown->now.now_s, text);
	case TOP_GATE: return field_of_session(&shown->now, place, field, text);
	default: return field_of_zone(&shown->now.zones[place], field, text);
	}
}

static const char *words_of_none(const struct drawing *d)
{
	const struct top_now *now = &top_shown(d->model)->now;

	if (!d->model->known)
		return "asking the daemon ...";
	switch (d->view->tab) {
	case TOP_GATE: return "there is no gate: gate.handoff is none";
	case TOP_ZONES: return now->has_gate ? "no zones: gate { zone NAME { } } names them" :
					       "there is no gate: gate.handoff is none";
	default: return d->view->filter[0] ? "nobody passes the filter; Escape takes it away" :
					     "nobody is connected, and nothing is known against anybody";
	}
}

/* "listed, courier-smtp/dnsbl-reject" without its service, where there is no room for it. */
static void shorten_why(char text[FIELD_SIZE], size_t width)
{
	char *service = strstr(text, ", "), *slash = service ? strchr(service, '/') : NULL;

	if (strlen(text) > width && slash && strncmp(text, "by hand", 7) != 0)
		memmove(service + 2, slash + 1, strlen(slash + 1) + 1);
}

static void draw_row(const struct drawing *d, size_t row, size_t place, const struct top_placed *placed, size_t columns,
		     bool selected)
{
	if (selected)
		top_put(d->screen, row, 0, 1, TOP_SELECTED, ">");
	for (size_t i = 0; i < columns; i++) {
		char text[FIELD_SIZE];
		enum top_style style = field_text(d, place, placed[i].column->field, text);

		if (placed[i].column->field == TOP_FIELD_WHY)
			shorten_why(text, placed[i].width);
		if (placed[i].column->right)
			top_put_right(d->screen, row, placed[i].at, placed[i].width, style, text);
		else
			top_put(d->screen, row, placed[i].at, placed[i].width, style, text);
	}
	if (selected)
		top_restyle(d->screen, row, TOP_SELECTED);
}

static void draw_table(const struct drawing *d)
{
	struct top_placed placed[TOP_COLUMNS_MOST];
	size_t columns = top_columns_fit(d->view->tab, d->layout.width, placed), visible[TOP_VISIBLE_MOST];
	size_t count = top_visible(d->model, d->view, visible), first = d->view->first[d->view->tab];

	if (d->layout.titles.rows) {
		top_restyle(d->screen, d->layout.titles.row, TOP_TITLE);
		for (size_t i = 0; i < columns; i++) {
			const struct top_column *column = placed[i].column;
			size_t row = d->layout.titles.row;

			if (column->right)
				top_put_right(d->screen, row, placed[i].at, placed[i].width, TOP_TITLE, column->title);
			else
				top_put(d->screen, row, placed[i].at, placed[i].width, TOP_TITLE, column->title);
		}
	}
	for (size_t i = 0; i < d->layout.rows.rows && first + i < count; i++)
		draw_row(d, d->layout.rows.row + i, visible[first + i], placed, columns,
			 first + i == d->view->at[d->view->tab]);
	if (count == 0 && d->layout.rows.rows)
		top_put(d->screen, d->layout.rows.row, 1, d->layout.width, TOP_DIM, words_of_none(d));
}

/* The next line of at most so many cells, broken after a blank where there is one. */
static struct bytes take_line(struct bytes *text, size_t width)
{
	size_t end = bytes_find_char(*text, '\n'), cut = width ? width : 1, skipped;
	struct bytes line;

	if (end <= cut) {
		line = bytes_first(*text, end);
		*text = bytes_skip(*text, end + 1);
		return line;
	}
	for (skipped = cut; skipped > cut / 2 && text->data[skipped] != ' '; skipped--)
		;
	if (text->data[skipped] == ' ')
		cut = skipped;
	line = bytes_first(*text, cut);
	*text = bytes_skip(*text, cut + (text->data[cut] == ' '));
	return line;
}

/* In the place of the curve and the table. */
static void draw_pane(const struct drawing *d)
{
	size_t first_row = d->layout.curve.row, lines = 0;
	size_t rows = d->layout.rows.row + d->layout.rows.rows - first_row;
	struct bytes text = bytes_of(d->view->pane);
	char line[TOP_WIDTH_MOST + 1];

	if (rows > 2) {
		top_restyle(d->screen, first_row, TOP_TITLE);
		top_put(d->screen, first_row, 1, d->layout.width, TOP_TITLE, d->view->pane_title);
		first_row++;
		rows--;
	}
	for (; text.size; lines++) {
		struct bytes next = take_line(&text, d->layout.width > 2 ? d->layout.width - 2 : 1);

		if (lines < d->view->pane_first || lines >= d->view->pane_first + rows)
			continue;
		snprintf(line, sizeof(line), "%.*s", BYTES_FMT(bytes_first(next, TOP_WIDTH_MOST)));
		top_put(d->screen, first_row + lines - d->view->pane_first, 1, d->layout.width, TOP_PLAIN, line);
	}
	d->view->pane_lines = lines;
	d->view->pane_rows = rows;
}

/* In the order in which they are shown; the lowest ranks stay longest. */
static const struct {
	const char *text;
	unsigned rank;
} hints[] = {
	{ "s sort", 4 }, { "/ filter", 5 }, { "e explain", 2 }, { "b ban", 3 },	  { "u unban", 6 },
	{ "a allow", 7 }, { "Tab next", 8 }, { "? help", 1 },	 { "q quit", 0 },
};

#define HINTS (sizeof(hints) / sizeof(hints[0]))

static void draw_hints(const struct drawing *d)
{
	struct line line = line_of(d, d->layout.foot.row);
	size_t used = 0;
	unsigned ranks = 0;

	for (; ranks < HINTS; ranks++) {
		size_t i = 0;

		while (hints[i].rank != ranks)
			i++;
		used += strlen(hints[i].text) + 2;
		if (used > d->layout.width)
			break;
	}
	for (size_t i = 0; i < HINTS; i++) {
		size_t key = strcspn(hints[i].text, " ");

		if (hints[i].rank >= ranks)
			continue;
		write_on(&line, TOP_STRONG, "%.*s", (int)key, hints[i].text);
		write_on(&line, TOP_DIM, "%s  ", hints[i].text + key);
	}
}

static void draw_foot(const struct drawing *d)
{
	static const char *const words[] = { [TOP_BAN] = "ban", [TOP_UNBAN] = "unban", [TOP_ALLOW] = "allow" };
	struct line line = line_of(d, d->layout.foot.row);
	const struct top_view *view = d->view;

	if (view->mode == TOP_CONFIRMING) {
		write_on(&line, TOP_STRONG, "%s %s? ", words[view->unconfirmed.kind], view->unconfirmed.name);
		write_on(&line, TOP_STRONG, "y/n ");
		write_on(&line, TOP_PLAIN, " %s", top_question(&view->unconfirmed));
	} else if (view->mode == TOP_FILTERING) {
		write_on(&line, TOP_STRONG, "filter: %s", view->filter);
		write_on(&line, TOP_SELECTED, " ");
		write_on(&line, TOP_DIM, "  Enter, or Escape for none of it");
	} else if (view->mode == TOP_READING) {
		bool more = view->pane_lines > view->pane_first + view->pane_rows;

		write_on(&line, TOP_STRONG, "q");
		write_on(&line, TOP_DIM, " back%s", more ? "   down: more" : "");
	} else if (view->message[0]) {
		write_on(&line, view->alarming ? TOP_ALARM : TOP_STRONG, "%s", view->message);
	} else {
		draw_hints(d);
	}
}

size_t top_table_rows(size_t width, size_t height)
{
	struct top_layout layout;

	top_layout_fit(width, height, &layout);
	return layout.rows.rows;
}

void top_draw(struct top_model *model, struct top_view *view, const struct top_curve *curve, int64_t utc_offset_s,
	      size_t width, size_t height, struct top_screen *screen)
{
	static void (*const draw_head[TOP_HEADS])(const struct drawing *, const struct top_now *) = {
		[TOP_HEAD_TITLE] = draw_title,
		[TOP_HEAD_CONNECTIONS] = draw_connections,
		[TOP_HEAD_WAVE] = draw_wave,
		[TOP_HEAD_CLIENTS] = draw_clients,
	};
	struct drawing d = { model, view, curve, utc_offset_s, .screen = screen };
	const struct top_now *now = &top_shown(model)->now;

	top_screen_begin(screen, width, height);
	top_layout_fit(screen->width, screen->height, &d.layout);
	top_view_settle(view, model, d.layout.rows.rows);
	for (size_t i = 0; i < TOP_HEADS; i++)
		if (d.layout.head[i].rows && (model->known || i == TOP_HEAD_TITLE))
			draw_head[i](&d, now);
	if (view->mode == TOP_READING) {
		draw_pane(&d);
	} else {
		top_curve_draw(curve, now->limit, utc_offset_s, screen, d.layout.curve.row, d.layout.curve.rows);
		if (d.layout.tabs.rows)
			draw_tabs(&d, now);
		draw_table(&d);
	}
	if (d.layout.foot.rows)
		draw_foot(&d);
}
