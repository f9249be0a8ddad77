/* SPDX-License-Identifier: Apache-2.0 */
/* plot - the history drawn: in the terminal, or as SVG. */
#include "base/text.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/glyphs.h"
#include "cli/history_ask.h"
#include "cli/when.h"
#include "observe/svg.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

/* Where there is no terminal to ask. */
#define WIDTH 80
#define HEIGHT 20
#define HEIGHT_MOST 24
#define LINES_BESIDE 7 /* strips, legend, and the prompt that comes after */
/* So many steps without a sample are a gap. Imported lists say nothing of how often they counted. */
#define GAP_STEPS 4
#define GAP_IMPORTED_S 90

enum { STRIP_BANS, STRIP_EVICTIONS };

struct row {
	struct curve_point *points;
	size_t count, room;
	char name[ASK_TEXT_SIZE];
	uint64_t last_s;
};

struct plot {
	struct row rows[CURVES_AT_MOST]; /* a series each; the first and only one, of live samples */
	size_t row_count;
	bool left_out;                   /* a series that found no row */
	struct row strips[CURVE_STRIPS_AT_MOST];
	uint64_t first_s, last_s;
	uint32_t limit;
	bool failed;
};

static void add(struct plot *plot, struct row *row, double seconds, double count)
{
	if (row->count == row->room) {
		size_t room = row->room ? row->room * 2 : 4096;
		struct curve_point *points = realloc(row->points, room * sizeof(*points));

		if (!points) {
			plot->failed = true;
			return;
		}
		row->points = points;
		row->room = room;
	}
	row->points[row->count++] = (struct curve_point){ seconds, count };
}

static struct row *row_of(struct plot *plot, const char *series)
{
	const char *name = series[0] ? series : "open connections";

	for (size_t i = 0; i < plot->row_count; i++)
		if (strcmp(plot->rows[i].name, name) == 0)
			return &plot->rows[i];
	if (plot->row_count == CURVES_AT_MOST)
		return NULL;
	strncpy(plot->rows[plot->row_count].name, name, ASK_TEXT_SIZE - 1);
	return &plot->rows[plot->row_count++];
}

static void take_sample(struct plot *plot, struct row *row, uint64_t at_s, uint32_t gap_s,
			const struct history_chunk *chunk, unsigned slot)
{
	uint32_t open = chunk->values[HISTORY_open][slot], limit = chunk->values[HISTORY_limit][slot];
	uint32_t bans = chunk->values[HISTORY_bans_new][slot], evictions = chunk->values[HISTORY_evictions][slot];
	double seconds = (double)at_s; /* the begin is taken off at the end, when it is known */

	if (row->last_s && at_s - row->last_s > gap_s)
		add(plot, row, seconds, NAN);
	add(plot, row, seconds, open == HISTORY_UNKNOWN ? NAN : (double)open);
	row->last_s = at_s;
	if (bans != HISTORY_UNKNOWN && bans)
		add(plot, &plot->strips[STRIP_BANS], seconds, bans);
	if (evictions != HISTORY_UNKNOWN && evictions)
		add(plot, &plot->strips[STRIP_EVICTIONS], seconds, evictions);
	if (limit != HISTORY_UNKNOWN)
		plot->limit = limit;
	plot->first_s = plot->first_s && plot->first_s < at_s ? plot->first_s : at_s;
	plot->last_s = plot->last_s > at_s ? plot->last_s : at_s;
}

static void on_part(void *data, const struct history_part *part)
{
	struct plot *plot = data;
	struct row *row = row_of(plot, part->series);
	uint32_t gap_s = part->series[0] ? GAP_IMPORTED_S : part->step_s * GAP_STEPS;

	plot->left_out |= !row;
	for (unsigned slot = 0; row && slot < HISTORY_SLOTS; slot++) {
		uint64_t at_s = part->start_s + (uint64_t)slot * part->step_s;

		/* Where a finer tier begins, both may have a time. */
		if (part->chunk->present >> slot & 1 && at_s > row->last_s)
			take_sample(plot, row, at_s, gap_s, part->chunk, slot);
	}
}

static void from_begin(const struct plot *plot, struct row *row)
{
	for (size_t i = 0; i < row->count; i++)
		row->points[i].seconds -= (double)plot->first_s;
}

static int64_t local_start(uint64_t wall_s)
{
	time_t at = (time_t)wall_s;
	struct tm tm = { 0 };

	localtime_r(&at, &tm);
	return (int64_t)wall_s + tm.tm_gmtoff;
}

static bool wants_colour(void)
{
	const char *term = getenv("TERM"), *no_colour = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && term && strcmp(term, "dumb") != 0 && (!no_colour || !*no_colour);
}

struct terminal {
	struct curve_frame frame;
	bool plain;  /* ASCII only */
	bool narrow; /* too much so for a picture */
};

static struct terminal terminal_of(const struct curve_picture *picture)
{
	const char *term = getenv("TERM");
	struct terminal ret = { { .width = WIDTH, .height = HEIGHT, .colour = wants_colour() } };
	struct curve_frame *frame = &ret.frame;
	struct winsize size;

	ret.plain = glyphs_are_plain(term ? term : "");
	frame->filled = picture->curve_count == 1;
	frame->marked = picture->curve_count > 1 && (!frame->colour || ret.plain);
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || !size.ws_col || !size.ws_row)
		return ret;
	ret.narrow = size.ws_col < CURVE_WIDTH_LEAST;
	frame->width = size.ws_col < CURVE_WIDTH_MOST ? size.ws_col : CURVE_WIDTH_MOST;
	frame->height = size.ws_row > LINES_BESIDE ? size.ws_row - LINES_BESIDE : 0;
	frame->height = frame->height < CURVE_HEIGHT_LEAST ? CURVE_HEIGHT_LEAST : frame->height;
	frame->height = frame->height > HEIGHT_MOST ? HEIGHT_MOST : frame->height;
	return ret;
}

static void tell_name(const struct terminal *terminal, unsigned ink, const char *glyph, const char *name, FILE *out)
{
	fputs(terminal->frame.colour ? curve_ink(ink) : "", out);
	glyphs_write(glyph, terminal->plain, out);
	fprintf(out, "%s %s", terminal->frame.colour ? "\033[0m" : "", name);
}

static void tell_legend(const struct curve_picture *picture, const struct terminal *terminal, FILE *out)
{
	for (size_t i = 0; i < picture->curve_count; i++) {
		const struct curve_point *peak = curve_peak(&picture->curves[i]);
		char mark[] = { curve_mark((unsigned)i), '\0' };

		tell_name(terminal, (unsigned)i, terminal->frame.marked ? mark : "⣿", picture->curves[i].name, out);
		fprintf(out, peak ? ": at most %.0f\n" : ": not known\n", peak ? peak->count : 0);
	}
	for (size_t i = 0; i < picture->strip_count; i++) {
		tell_name(terminal, CURVE_STRIP_INK + (unsigned)i, "▇", picture->strips[i].name, out);
		fprintf(out, ": %.0f\n", curve_strip_whole(&picture->strips[i]));
	}
}

static int draw_picture(const struct curve_picture *picture, const struct terminal *terminal, FILE *out)
{
	size_t size = CURVE_TEXT_SIZE(terminal->frame.width, terminal->frame.height), length;
	char *text = malloc(size);
	int r = text ? curve_draw(picture, &terminal->frame, text, size, &length) : -ENOMEM;

	if (r == 0)
		glyphs_write(text, terminal->plain, out);
	for (size_t i = 0; i < picture->strip_count && r == 0; i++) {
		r = curve_draw_strip(picture, &terminal->frame, i, text, size, &length);
		if (r == 0)
			glyphs_write(text, terminal->plain, out);
	}
	free(text);
	return r;
}

#define SPAN_SIZE 160

/* When it begins and ends, with the day and the year, which the axis leaves out. */
static const char *span_text(const struct plot *plot, char text[SPAN_SIZE])
{
	char from[WALL_TEXT_SIZE], to[WALL_TEXT_SIZE], span[DURATION_TEXT_SIZE];

	snprintf(text, SPAN_SIZE, "%s to %s, %s", wall_format(plot->first_s, from), wall_format(plot->last_s, to),
		 span_format(plot->last_s - plot->first_s, span));
	return text;
}

static int draw(const struct plot *plot, const struct curve_picture *picture, FILE *out)
{
	struct terminal terminal = terminal_of(picture);
	char span[SPAN_SIZE];
	int r = terminal.narrow ? 0 : draw_picture(picture, &terminal, out);

	if (r < 0)
		return r;
	fprintf(out, "%s\n", span_text(plot, span));
	tell_legend(picture, &terminal, out);
	return 0;
}

static double whole(const struct row *strip)
{
	return curve_strip_whole(&(struct curve){ .points = strip->points, .length = strip->count });
}

static int write_svg(const struct plot *plot, const struct curve_picture *picture, FILE *out)
{
	char note[SPAN_SIZE], description[SPAN_SIZE + 80];
	struct svg_caption caption = { .title = "Connections to the mail server", .note = span_text(plot, note),
				       .description = description, .counted = "open connections" };

	snprintf(description, sizeof(description), "%s. %.0f bans began and %.0f connections were evicted.", note,
		 whole(&plot->strips[STRIP_BANS]), whole(&plot->strips[STRIP_EVICTIONS]));
	return svg_write(picture, &caption, out);
}

/* NULL: standard output. */
static const char *file_of(const struct options *options)
{
	return options->svg && strcmp(options->svg, "-") != 0 ? options->svg : NULL;
}

/* What has failed on standard output is said by who calls, and not once more at the end of the program. */
static int deliver(const char *document, size_t size, const char *file)
{
	FILE *out = file ? fopen(file, "we") : stdout;
	int r = 0;

	if (!out)
		return -errno;
	if (fwrite(document, 1, size, out) != size)
		r = -errno;
	if ((file ? fclose(out) : fflush(out)) != 0 && r == 0)
		r = -errno;
	if (!file)
		clearerr(out);
	return r;
}

struct curves {
	struct curve rows[CURVES_AT_MOST], strips[CURVE_STRIPS_AT_MOST];
};

/* A view on the samples, with their times from the begin on. */
static struct curve_picture picture_of(struct plot *plot, struct curves *curves)
{
	static const char *const names[CURVE_STRIPS_AT_MOST] = { [STRIP_BANS] = "bans", [STRIP_EVICTIONS] = "evicted" };
	struct curve_picture picture = { .curves = curves->rows, .curve_count = plot->row_count,
					 .strips = curves->strips, .limit = plot->limit,
					 .wall_start = local_start(plot->first_s),
					 .seconds = (double)(plot->last_s - plot->first_s) };

	for (size_t i = 0; i < plot->row_count; i++) {
		from_begin(plot, &plot->rows[i]);
		curves->rows[i] = (struct curve){ plot->rows[i].name, plot->rows[i].points, plot->rows[i].count };
	}
	for (size_t i = 0; i < CURVE_STRIPS_AT_MOST; i++) {
		from_begin(plot, &plot->strips[i]);
		curves->strips[i] = (struct curve){ names[i], plot->strips[i].points, plot->strips[i].count };
		/* Both or none: of an imported list nobody knows. */
		if (plot->strips[i].count)
			picture.strip_count = CURVE_STRIPS_AT_MOST;
	}
	return picture;
}

/* Made in memory first: a file is not touched for a picture that is none, and errno is that of the write. */
static int show(struct plot *plot, const struct options *options)
{
	struct curves curves;
	struct curve_picture picture = picture_of(plot, &curves);
	char *document = NULL;
	size_t size;
	FILE *out = open_memstream(&document, &size);
	int r;

	if (!out)
		return -errno;
	r = options->svg ? write_svg(plot, &picture, out) : draw(plot, &picture, out);
	if (fclose(out) != 0 && r == 0)
		r = -errno;
	if (r == 0)
		r = deliver(document, size, file_of(options));
	free(document);
	return r;
}

int cmd_plot(int argc, char **argv)
{
	static struct plot plot;
	struct history_span span;
	struct options options;
	history_columns wanted = (history_columns)1 << HISTORY_open | (history_columns)1 << HISTORY_limit |
				 (history_columns)1 << HISTORY_bans_new | (history_columns)1 << HISTORY_evictions;
	int status = options_parse(argc, argv, &options), r;

	if (status == OPTIONS_GO_ON)
		status = history_span_of(&options, "plot", &span);
	if (status != OPTIONS_GO_ON)
		return status;
	status = history_ask(&options, &span, wanted, on_part, &plot);
	if (status != STATUS_OK)
		return status;
	r = plot.failed ? -ENOMEM : show(&plot, &options);
	if (plot.left_out)
		fprintf(stderr, "wavebreak plot: only the first %d imported series are drawn; --imported=SERIES draws one\n",
			CURVES_AT_MOST);
	if (r < 0)
		fprintf(stderr, "wavebreak plot: %s: %s\n", file_of(&options) ? options.svg : "standard output", strerror(-r));
	for (size_t i = 0; i < CURVES_AT_MOST; i++)
		free(plot.rows[i].points);
	for (size_t i = 0; i < CURVE_STRIPS_AT_MOST; i++)
		free(plot.strips[i].points);
	return r < 0 ? STATUS_UNABLE : STATUS_OK;
}
