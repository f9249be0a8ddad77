/* SPDX-License-Identifier: Apache-2.0 */
#include "observe/curve.h"

#include "observe/axis.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define DOTS_ACROSS 2
#define DOTS_DOWN 4
/* More of a name is cut, or it would take the picture's place. */
#define STRIP_NAME_MOST 8

enum { INK_NONE, INK_AXIS, INK_LIMIT, INK_CURVE };

/* Amber and blue first: told apart with every common colour blindness. */
static const char *const inks[] = {
	[INK_NONE] = "\033[0m",
	[INK_AXIS] = "\033[2m",
	[INK_LIMIT] = "\033[31m",
	[INK_CURVE] = "\033[33m",
	"\033[36m", "\033[32m", "\033[35m",
};

struct cell {
	uint16_t glyph; /* 0: blank, or a Braille pattern when `dots` are set */
	uint8_t dots;
	uint8_t ink;
};

struct canvas {
	size_t width, height; /* cells */
	size_t left; /* cells of the count labels and their axis */
	double seconds, top;
	struct cell cells[CURVE_HEIGHT_MOST][CURVE_WIDTH_MOST];
};

const char *curve_ink(unsigned int ink)
{
	return inks[INK_CURVE + ink % CURVES_AT_MOST];
}

char curve_mark(unsigned int ink)
{
	return "*o+x"[ink % CURVES_AT_MOST];
}

const struct curve_point *curve_peak(const struct curve *curve)
{
	const struct curve_point *peak = NULL;

	for (size_t i = 0; i < curve->length; i++) {
		if (isfinite(curve->points[i].count) &&
		    (!peak || curve->points[i].count > peak->count))
			peak = &curve->points[i];
	}
	return peak;
}

double curve_picture_seconds(const struct curve_picture *picture)
{
	double last = 0;

	if (picture->seconds > 0)
		return picture->seconds;
	for (size_t i = 0; i < picture->curve_count; i++) {
		const struct curve *curve = &picture->curves[i];

		if (curve->length)
			last = fmax(last, curve->points[curve->length - 1].seconds);
	}
	return last > 0 ? last : 1;
}

double curve_picture_top(const struct curve_picture *picture)
{
	double largest = picture->limit;

	if (picture->top > 0)
		return picture->top;
	for (size_t i = 0; i < picture->curve_count; i++) {
		const struct curve_point *peak = curve_peak(&picture->curves[i]);

		if (peak)
			largest = fmax(largest, peak->count);
	}
	return axis_count_top(largest);
}

/* Rows and columns of dots belong to the drawing area: right of the labels, above the
 * axis and its labels, which take the last two lines. */
static size_t dot_columns(const struct canvas *canvas)
{
	return (canvas->width - canvas->left) * DOTS_ACROSS;
}

static size_t dot_rows(const struct canvas *canvas)
{
	return (canvas->height - 2) * DOTS_DOWN;
}

static long dot_column(const struct canvas *canvas, double seconds)
{
	return lround(seconds / canvas->seconds * (double)(dot_columns(canvas) - 1));
}

static long dot_row(const struct canvas *canvas, double count)
{
	double share = fmin(fmax(count / canvas->top, 0), 1);

	return lround((1 - share) * (double)(dot_rows(canvas) - 1));
}

static void put(struct canvas *canvas, size_t row, size_t column, uint16_t glyph, uint8_t ink)
{
	if (row < canvas->height && column < canvas->width)
		canvas->cells[row][column] = (struct cell){ .glyph = glyph, .ink = ink };
}

static void put_text(struct canvas *canvas, size_t row, size_t column, const char *text,
		     uint8_t ink)
{
	for (; *text; text++, column++)
		put(canvas, row, column, (uint8_t)*text, ink);
}

static void put_dot(struct canvas *canvas, long column, long row, uint8_t ink)
{
	/* Unicode chapter 21.1: dots 1-3 and 4-6 go down the two columns, 7 and 8 came later. */
	static const uint8_t bits[DOTS_DOWN][DOTS_ACROSS] = {
		{ 0x01, 0x08 }, { 0x02, 0x10 }, { 0x04, 0x20 }, { 0x40, 0x80 },
	};
	struct cell *cell;

	if (column < 0 || row < 0 || (size_t)column >= dot_columns(canvas) ||
	    (size_t)row >= dot_rows(canvas))
		return;
	cell = &canvas->cells[row / DOTS_DOWN][canvas->left + (size_t)column / DOTS_ACROSS];
	if (cell->ink != ink)
		*cell = (struct cell){ .ink = ink };
	cell->dots |= bits[row % DOTS_DOWN][column % DOTS_ACROSS];
	cell->glyph = (uint16_t)(0x2800 + cell->dots);
}

/* Every column between two points gets all the rows that the line passes in it, so a
 * peak of a single sample is seen even where a column stands for an hour. */
static void draw_segment(struct canvas *canvas, const struct curve_point *from,
			 const struct curve_point *to, bool filled, uint8_t ink)
{
	long first = dot_column(canvas, from->seconds), last = dot_column(canvas, to->seconds);
	long before = dot_row(canvas, from->count), target = dot_row(canvas, to->count);
	long rows = (long)dot_rows(canvas);

	for (long column = first; column <= last; column++) {
		double share = last > first ? (double)(column - first) / (double)(last - first) : 1;
		long row = lround((double)dot_row(canvas, from->count) +
				  share * (double)(target - dot_row(canvas, from->count)));
		long high = row < before ? row : before, low = row < before ? before : row;

		for (long r = high; r <= (filled ? rows - 1 : low); r++)
			put_dot(canvas, column, r, ink);
		before = row;
	}
}

static bool is_drawable(const struct canvas *canvas, const struct curve_point *point)
{
	return isfinite(point->count) && point->seconds >= 0 && point->seconds <= canvas->seconds;
}

static void draw_curve(struct canvas *canvas, const struct curve *curve, bool filled, uint8_t ink)
{
	const struct curve_point *before = NULL;

	for (size_t i = 0; i < curve->length; i++) {
		const struct curve_point *point = &curve->points[i];

		if (!is_drawable(canvas, point)) {
			before = NULL;
			continue;
		}
		draw_segment(canvas, before ? before : point, point, filled, ink);
		before = point;
	}
}

static void mark_curves(struct canvas *canvas)
{
	for (size_t row = 0; row < canvas->height; row++) {
		for (size_t column = canvas->left; column < canvas->width; column++) {
			struct cell *cell = &canvas->cells[row][column];

			if (cell->dots)
				cell->glyph = (uint8_t)curve_mark(cell->ink - INK_CURVE);
		}
	}
}

/* Drawn last, into cells that are still blank: the curve is what people look for, and the
 * line shows through beside it. */
static void draw_limit(struct canvas *canvas, double limit)
{
	size_t row = (size_t)dot_row(canvas, limit) / DOTS_DOWN;
	char label[AXIS_LABEL_SIZE], text[AXIS_LABEL_SIZE + 16];
	size_t length, blank = 0;

	count_axis_label(limit, label);
	length = (size_t)snprintf(text, sizeof(text), " limit %s ", label);
	for (size_t column = canvas->left; column < canvas->width; column++) {
		if (canvas->cells[row][column].glyph == 0)
			put(canvas, row, column, 0x254C, INK_LIMIT);
	}
	while (canvas->left + blank < canvas->width &&
	       canvas->cells[row][canvas->left + blank].ink == INK_LIMIT)
		blank++;
	if (blank > length + 1)
		put_text(canvas, row, canvas->left + 1, text, INK_LIMIT);
}

/* A label on every second line at most, but even the lowest picture has two. */
static double count_step(double top, size_t height)
{
	size_t marks = (height - 2) / 2;

	return axis_count_step(top, marks > 2 ? (unsigned int)marks : 2);
}

static void draw_count_axis(struct canvas *canvas)
{
	double step = count_step(canvas->top, canvas->height);
	size_t axis = canvas->left - 1;

	for (size_t row = 0; row + 2 < canvas->height; row++)
		put(canvas, row, axis, 0x2502, INK_AXIS);
	for (double count = step; count <= canvas->top; count += step) {
		size_t row = (size_t)dot_row(canvas, count) / DOTS_DOWN;
		char label[AXIS_LABEL_SIZE];
		size_t length = count_axis_label(count, label);

		if (length + 1 > axis)
			continue;
		put_text(canvas, row, axis - 1 - length, label, INK_AXIS);
		put(canvas, row, axis, 0x2524, INK_AXIS);
	}
}

static void draw_time_axis(struct canvas *canvas, int64_t wall_start)
{
	size_t across = canvas->width - canvas->left, line = canvas->height - 2;
	unsigned int marks = (unsigned int)(across / 12);
	struct time_axis axis;
	size_t free_from = 0;

	time_axis_fit(&axis, canvas->seconds, wall_start, marks ? marks : 1);
	put(canvas, line, canvas->left - 1, 0x2514, INK_AXIS);
	for (size_t column = canvas->left; column < canvas->width; column++)
		put(canvas, line, column, 0x2500, INK_AXIS);
	for (double at = axis.first; at <= canvas->seconds; at += axis.step) {
		size_t column = canvas->left + (size_t)dot_column(canvas, at) / DOTS_ACROSS;
		char label[AXIS_LABEL_SIZE];
		size_t length = time_axis_label(&axis, at, label);
		size_t start = column > length / 2 ? column - length / 2 : 0;

		put(canvas, line, column, 0x252C, INK_AXIS);
		if (start + length > canvas->width)
			start = canvas->width - length;
		if (start < free_from)
			continue;
		put_text(canvas, line + 1, start, label, INK_AXIS);
		free_from = start + length + 1;
	}
}

static char *put_utf8(char *out, uint16_t glyph)
{
	if (glyph < 0x80) {
		*out++ = (char)glyph;
		return out;
	}
	*out++ = (char)(0xE0 | glyph >> 12);
	*out++ = (char)(0x80 | (glyph >> 6 & 0x3F));
	*out++ = (char)(0x80 | (glyph & 0x3F));
	return out;
}

static char *put_ink(char *out, uint8_t ink)
{
	return stpcpy(out, inks[ink]);
}

static char *write_line(const struct canvas *canvas, const struct cell *cells, bool colour,
			char *out)
{
	uint8_t ink = INK_NONE;

	for (size_t column = 0; column < canvas->width; column++) {
		const struct cell *cell = &cells[column];
		uint8_t wanted = cell->glyph ? cell->ink : ink;

		if (colour && wanted != ink) {
			/* "dim" is not a colour: without the reset it would stay on. */
			if (ink == INK_AXIS)
				out = put_ink(out, INK_NONE);
			out = put_ink(out, wanted);
			ink = wanted;
		}
		out = put_utf8(out, cell->glyph ? cell->glyph : ' ');
	}
	if (ink != INK_NONE)
		out = put_ink(out, INK_NONE);
	*out++ = '\n';
	return out;
}

static size_t label_width(double top, size_t height)
{
	double step = count_step(top, height);
	char label[AXIS_LABEL_SIZE];

	return count_axis_label(floor(top / step) * step, label);
}

static bool is_in_bounds(const struct curve_picture *picture, const struct curve_frame *frame)
{
	return frame->width >= CURVE_WIDTH_LEAST && frame->width <= CURVE_WIDTH_MOST &&
	       frame->height >= CURVE_HEIGHT_LEAST && frame->height <= CURVE_HEIGHT_MOST &&
	       picture->curve_count <= CURVES_AT_MOST && picture->strip_count <= CURVE_STRIPS_AT_MOST &&
	       curve_picture_seconds(picture) <= CURVE_EXTENT_MOST &&
	       curve_picture_top(picture) <= CURVE_EXTENT_MOST;
}

/* The labels or the names of strips, a blank, and the axis. */
static size_t left_of(const struct curve_picture *picture, const struct curve_frame *frame)
{
	size_t widest = label_width(curve_picture_top(picture), frame->height);

	for (size_t i = 0; i < picture->strip_count; i++) {
		size_t length = strnlen(picture->strips[i].name, STRIP_NAME_MOST);

		widest = length > widest ? length : widest;
	}
	return widest + 2;
}

size_t curve_places(const struct curve_picture *picture, const struct curve_frame *frame)
{
	return is_in_bounds(picture, frame) ? frame->width - left_of(picture, frame) : 0;
}

int curve_draw(const struct curve_picture *picture, const struct curve_frame *frame, char *text,
	       size_t size, size_t *ret_length)
{
	struct canvas canvas;
	char *out = text;

	if (!is_in_bounds(picture, frame))
		return -EINVAL;
	if (size < CURVE_TEXT_SIZE(frame->width, frame->height))
		return -ENOBUFS;
	memset(&canvas, 0, sizeof(canvas));
	canvas.width = frame->width;
	canvas.height = frame->height;
	canvas.seconds = curve_picture_seconds(picture);
	canvas.top = curve_picture_top(picture);
	canvas.left = left_of(picture, frame);

	for (size_t i = 0; i < picture->curve_count; i++)
		draw_curve(&canvas, &picture->curves[i], frame->filled,
			   (uint8_t)(INK_CURVE + (frame->first_ink + i) % CURVES_AT_MOST));
	if (frame->marked)
		mark_curves(&canvas);
	if (picture->limit > 0 && picture->limit <= canvas.top)
		draw_limit(&canvas, picture->limit);
	draw_count_axis(&canvas);
	draw_time_axis(&canvas, picture->wall_start);

	for (size_t row = 0; row < canvas.height; row++)
		out = write_line(&canvas, canvas.cells[row], frame->colour, out);
	*out = '\0';
	*ret_length = (size_t)(out - text);
	return 0;
}

double curve_strip_whole(const struct curve *strip)
{
	double whole = 0;

	for (size_t i = 0; i < strip->length; i++)
		whole += isfinite(strip->points[i].count) ? fmax(strip->points[i].count, 0) : 0;
	return whole;
}

double curve_strip_sums(const struct curve_picture *picture, const struct curve *strip, size_t places,
			double sums[CURVE_PLACES_MOST])
{
	double seconds = curve_picture_seconds(picture), highest = 0;

	for (size_t i = 0; i < places; i++)
		sums[i] = 0;
	for (size_t i = 0; i < strip->length; i++) {
		const struct curve_point *point = &strip->points[i];
		size_t place;

		if (!isfinite(point->count) || point->count <= 0 || !(point->seconds >= 0 && point->seconds <= seconds))
			continue;
		place = (size_t)lround(point->seconds / seconds * (double)(places - 1));
		sums[place] += point->count;
		highest = fmax(highest, sums[place]);
	}
	return highest;
}

static void put_name(struct canvas *canvas, const char *name)
{
	char text[STRIP_NAME_MOST + 1];
	int length = snprintf(text, sizeof(text), "%.*s", STRIP_NAME_MOST, name);

	put_text(canvas, 0, canvas->left - 2 - (size_t)length, text, INK_AXIS);
}

int curve_draw_strip(const struct curve_picture *picture, const struct curve_frame *frame, size_t strip, char *text,
		     size_t size, size_t *ret_length)
{
	double sums[CURVE_PLACES_MOST], highest;
	struct canvas canvas;
	size_t places;

	if (!is_in_bounds(picture, frame) || strip >= picture->strip_count)
		return -EINVAL;
	if (size < CURVE_TEXT_SIZE(frame->width, 1))
		return -ENOBUFS;
	memset(&canvas, 0, sizeof(canvas));
	canvas.width = frame->width;
	canvas.height = 1;
	canvas.left = left_of(picture, frame);
	places = canvas.width - canvas.left;
	put_name(&canvas, picture->strips[strip].name);
	highest = curve_strip_sums(picture, &picture->strips[strip], places, sums);
	for (size_t i = 0; i < places; i++) {
		/* U+2581 to U+2588 are blocks of one to eight eighths; the least that happened is seen. */
		unsigned eighths = sums[i] > 0 ? (unsigned)lround(sums[i] / highest * 7) : 0;

		if (sums[i] > 0)
			put(&canvas, 0, canvas.left + i, (uint16_t)(0x2581 + eighths),
			    (uint8_t)(INK_CURVE + CURVE_STRIP_INK + strip));
	}
	*ret_length = (size_t)(write_line(&canvas, canvas.cells[0], frame->colour, text) - text);
	text[*ret_length] = '\0';
	return 0;
}
