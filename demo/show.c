/* SPDX-License-Identifier: Apache-2.0 */
#include "show.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define PLAIN_LINE_EVERY_SECONDS 10
#define COLUMN_GAP 2
#define NOTES 5 /* lines below each curve */
#define COLUMN_LEAST 24 /* cells, of a curve and its notes */
#define NOTE_SIZE 160
#define BAR_CELLS 20
#define HEIGHT_MOST 20 /* of one curve: more would only be more of the same */
#define AROUND_LINES 6 /* title, progress, and some of what was there before */

/* For a world to come up and go; the visitors' time is by far the most. */
#define AROUND_A_RUN_SECONDS 6.0

struct show {
	const struct story *story;
	FILE *out;
	bool terminal, colour;
	size_t width, height;
	const char *stage;
	size_t lines; /* of the picture on the terminal */
	double plain_line_due; /* in seconds of the wave */
};

static void look_at_terminal(struct show *show)
{
	struct winsize size = { 0 };

	show->width = 80;
	show->height = 24;
	if (ioctl(fileno(show->out), TIOCGWINSZ, &size) == 0 && size.ws_col && size.ws_row) {
		show->width = size.ws_col;
		show->height = size.ws_row;
	}
	if (show->width > CURVE_WIDTH_MOST)
		show->width = CURVE_WIDTH_MOST;
}

struct show *show_create(const struct story *story, FILE *out)
{
	struct show *show = calloc(1, sizeof(*show));
	const char *term = getenv("TERM");

	if (!show)
		return NULL;
	show->story = story;
	show->out = out;
	/* The fonts of the Linux console have no Braille patterns. */
	show->terminal = isatty(fileno(show->out)) && term && strcmp(term, "dumb") != 0 &&
			 strcmp(term, "linux") != 0;
	show->colour = show->terminal && !getenv("NO_COLOR");
	show->stage = "";
	look_at_terminal(show);
	return show;
}

void show_destroy(struct show *show)
{
	free(show);
}

const char *story_title(const struct story *story)
{
	static char title[160];

	snprintf(title, sizeof(title), "%s on Courier, %u connections at most",
		 story->silent ? "A silent wave" : story->steady ? "A steady wave" : "The wave of 27 July 2009", story->maxdaemons);
	return title;
}

struct curve run_curve(const struct run *run)
{
	return (struct curve){ way_name(run->way), run->processes, run->points };
}

/* All on one scale, or the guarded ones would look like the other. */
static double common_top(const struct story *story)
{
	double top = 0;

	for (size_t i = 0; i < story->run_count; i++) {
		const struct curve curve = run_curve(story->runs[i]);
		const struct curve_picture picture = { .curves = &curve, .curve_count = 1,
			.limit = story->maxdaemons };

		if (curve_picture_top(&picture) > top)
			top = curve_picture_top(&picture);
	}
	return top;
}

struct column {
	char curve[CURVE_TEXT_SIZE(CURVE_WIDTH_MOST, CURVE_HEIGHT_MOST)];
	char notes[NOTES][NOTE_SIZE];
	const char *next_line;
};

static void draw_run(const struct show *show, size_t number, size_t width, size_t height,
		      struct column *column)
{
	const struct story *story = show->story;
	const struct curve curve = run_curve(story->runs[number]);
	const struct curve_picture picture = { .curves = &curve, .curve_count = 1,
		.limit = story->maxdaemons, .seconds = story->seconds, .top = common_top(story) };
	const struct curve_frame frame = { .width = width, .height = height, .filled = true,
		.colour = show->colour, .first_ink = (unsigned int)number };
	size_t length;

	column->curve[0] = '\0';
	if (curve_draw(&picture, &frame, column->curve, sizeof(column->curve), &length) < 0)
		column->curve[0] = '\0';
	column->next_line = column->curve;
}

static void write_count(const char *name, size_t now, size_t most, bool ended, char note[NOTE_SIZE])
{
	if (ended)
		snprintf(note, NOTE_SIZE, "%s: at most %zu", name, most);
	else
		snprintf(note, NOTE_SIZE, "%s: %zu", name, now);
}

static void write_notes(const struct run *run, struct column *column)
{
	const struct tally *tally = &run->tally;
	double longest;
	size_t waiting = tally_waiting(tally, run->elapsed, &longest);

	if (!run->begun) {
		for (size_t i = 0; i < NOTES; i++)
			column->notes[i][0] = '\0';
		return;
	}
	write_count("processes", run->processes_now, run->processes_most, run->ended, column->notes[0]);
	write_count("connections", run->open_now, run->open_most, run->ended, column->notes[1]);
	snprintf(column->notes[2], NOTE_SIZE, "honest: %zu of %zu greeted", tally->greeted,
		 tally->honest);
	snprintf(column->notes[3], NOTE_SIZE, "  %zu wait, longest %.0f s", waiting, longest);
	snprintf(column->notes[4], NOTE_SIZE, "zombies: %zu, told %zu",
		 tally->zombies + tally->returned, tally->told);
}

/* The picture is composed in memory and written at once, or it would flicker. */
struct page {
	FILE *out;
	size_t lines, width;
};

static void end_line(struct page *page)
{
	fputs("\033[K\n", page->out);
	page->lines++;
}

static void put_line(struct page *page, const char *text)
{
	fprintf(page->out, "%.*s", (int)page->width - 1, text);
	end_line(page);
}

static void put_curve_line(struct page *page, struct column *column)
{
	size_t length = strcspn(column->next_line, "\n");

	fwrite(column->next_line, 1, length, page->out);
	column->next_line += length + (column->next_line[length] == '\n');
}

static void put_columns(struct page *page, const struct show *show, struct column *columns,
			size_t first, size_t count, size_t width, size_t height)
{
	for (size_t i = first; i < first + count; i++)
		fprintf(page->out, "%s%-*.*s", i > first ? "  " : "", (int)width, (int)width,
			way_name(show->story->runs[i]->way));
	end_line(page);
	for (size_t line = 0; line < height; line++) {
		for (size_t i = first; i < first + count; i++) {
			fputs(i > first ? "  " : "", page->out);
			put_curve_line(page, &columns[i]);
		}
		end_line(page);
	}
	for (size_t note = 0; note < NOTES; note++) {
		for (size_t i = first; i < first + count; i++)
			fprintf(page->out, "%s%-*.*s", i > first ? "  " : "", (int)width,
				(int)width, columns[i].notes[note]);
		end_line(page);
	}
}

static size_t clamp(size_t value, size_t least, size_t most)
{
	return value < least ? least : value > most ? most : value;
}

static void put_runs(struct page *page, const struct show *show)
{
	static struct column columns[RUNS_AT_MOST];
	size_t count = show->story->run_count;
	size_t column_width = (show->width - 1 - COLUMN_GAP * (count - 1)) / count;
	bool beside = count > 1 && column_width >= COLUMN_LEAST;
	size_t rows = beside || count == 1 ? 1 : count;
	size_t room = show->height > AROUND_LINES ? show->height - AROUND_LINES : 0;
	size_t width = beside ? column_width : show->width - 1;
	size_t height;

	/* What is higher than the screen cannot be redrawn in place. */
	if (width < COLUMN_LEAST || room / rows < CURVE_HEIGHT_LEAST + NOTES + 1)
		return;
	height = clamp(room / rows - NOTES - 1, CURVE_HEIGHT_LEAST, HEIGHT_MOST);
	for (size_t i = 0; i < count; i++) {
		draw_run(show, i, width, height, &columns[i]);
		write_notes(show->story->runs[i], &columns[i]);
	}
	if (beside)
		put_columns(page, show, columns, 0, count, width, height);
	for (size_t i = 0; !beside && i < count; i++)
		put_columns(page, show, columns, i, 1, width, height);
}

/* Seconds done of all the seconds that the demo takes, as far as can be told beforehand. */
static double progress_of(const struct story *story, double *ret_total)
{
	double done = 0;

	*ret_total = (story->seconds + AROUND_A_RUN_SECONDS) * (double)story->run_count;
	for (size_t i = 0; i < story->run_count; i++) {
		if (story->runs[i]->ended)
			done += story->seconds + AROUND_A_RUN_SECONDS;
		else if (story->runs[i]->begun)
			done += story->runs[i]->elapsed;
	}
	return done < *ret_total ? done : *ret_total;
}

static void put_progress(struct page *page, const struct show *show)
{
	double total, done = progress_of(show->story, &total);
	int full = (int)(done / total * BAR_CELLS);
	int left = (int)(total - done);
	char line[256];

	snprintf(line, sizeof(line), "[%.*s%.*s] about %d:%02d left   %s", full,
		 "####################", BAR_CELLS - full, "....................", left / 60,
		 left % 60, show->stage);
	put_line(page, line);
}

static void redraw(struct show *show)
{
	char *text = NULL;
	size_t size = 0;
	struct page page = { .out = open_memstream(&text, &size), .width = show->width };

	if (!page.out)
		return;
	if (show->lines)
		fprintf(page.out, "\033[%zuA", show->lines);
	put_line(&page, story_title(show->story));
	put_runs(&page, show);
	put_progress(&page, show);
	fputs("\033[J", page.out);
	if (fclose(page.out) == 0) {
		fwrite(text, 1, size, show->out);
		fflush(show->out);
		show->lines = page.lines;
	}
	free(text);
}

static const struct run *current(const struct story *story)
{
	for (size_t i = 0; i < story->run_count; i++) {
		if (story->runs[i]->begun && !story->runs[i]->ended)
			return story->runs[i];
	}
	return NULL;
}

static void print_plain_line(struct show *show)
{
	const struct run *run = current(show->story);
	double longest;
	size_t waiting;

	if (!run || run->elapsed < show->plain_line_due)
		return;
	show->plain_line_due += PLAIN_LINE_EVERY_SECONDS;
	waiting = tally_waiting(&run->tally, run->elapsed, &longest);
	fprintf(show->out, "%-9s %3.0f s: %zu connections, %zu of %u processes; "
	       "honest senders: %zu of %zu greeted, %zu wait, the longest for %.0f s\n",
	       way_name(run->way), run->elapsed, run->open_now, run->processes_now,
	       show->story->maxdaemons, run->tally.greeted, run->tally.honest, waiting, longest);
	fflush(show->out);
}

void show_progress(struct show *show)
{
	size_t width = show->width, height = show->height;

	if (!show->terminal) {
		print_plain_line(show);
		return;
	}
	/* Another size may have wrapped lines of the old picture: begin below it. */
	look_at_terminal(show);
	if (show->width != width || show->height != height)
		show->lines = 0;
	redraw(show);
}

void show_stage(struct show *show, const char *stage)
{
	show->stage = stage;
	show->plain_line_due = PLAIN_LINE_EVERY_SECONDS;
	if (show->terminal) {
		redraw(show);
	} else if (*stage) {
		fprintf(show->out, "%s\n", stage);
		fflush(show->out);
	}
}

void show_clear(struct show *show)
{
	if (show->terminal && show->lines) {
		fprintf(show->out, "\033[%zuA\033[J", show->lines);
		fflush(show->out);
	}
	show->lines = 0;
}

void show_curves(const struct show *show)
{
	static struct column column;
	size_t width = clamp(show->width - 1, COLUMN_LEAST, 100);

	for (size_t i = 0; i < show->story->run_count; i++) {
		draw_run(show, i, width, 10, &column);
		fprintf(show->out, "\n%s, processes of Courier\n%s", way_name(show->story->runs[i]->way),
		       column.curve);
	}
}
