/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top_curve.h"

#include "base/text.h"
#include "observe/curve.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* More than a day before the latest is a clock that was set back, and begins anew. */
#define DAY_STEPS (86400 / TOP_CURVE_STEP_S)

void top_curve_add(struct top_curve *curve, uint64_t at_s, uint64_t open)
{
	uint64_t number = at_s / TOP_CURVE_STEP_S;
	size_t place = number % TOP_CURVE_STEPS;
	uint32_t count = open < UINT32_MAX ? (uint32_t)open : UINT32_MAX;

	if (at_s > WALL_MOST_S)
		return;
	if (number + DAY_STEPS < curve->latest)
		*curve = (struct top_curve){ 0 };
	if (curve->steps[place].known && curve->steps[place].number > number)
		return;
	if (!curve->steps[place].known || curve->steps[place].number != number) {
		curve->steps[place].number = number;
		curve->steps[place].most = 0;
		curve->steps[place].known = true;
	}
	if (count > curve->steps[place].most)
		curve->steps[place].most = count;
	if (number > curve->latest)
		curve->latest = number;
}

static size_t points_of(const struct top_curve *curve, size_t steps, struct curve_point points[TOP_CURVE_STEPS])
{
	uint64_t first = curve->latest + 1 > steps ? curve->latest + 1 - steps : 0;

	for (size_t i = 0; i < steps; i++) {
		size_t place = (first + i) % TOP_CURVE_STEPS;
		bool known = curve->steps[place].known && curve->steps[place].number == first + i;

		points[i] = (struct curve_point){ (double)(i * TOP_CURVE_STEP_S), known ? (double)curve->steps[place].most : NAN };
	}
	return steps;
}

/* The inks of curve.h, as they are written. */
static enum top_style style_of(unsigned long code)
{
	switch (code) {
	case 2: return TOP_DIM;
	case 31: return TOP_LIMIT;
	case 33: return TOP_CURVE;
	default: return TOP_PLAIN;
	}
}

/* Characters of the picture come one by one, between them the ANSI sequences of its inks. */
static void take_over(const char *text, struct top_screen *screen, size_t row)
{
	enum top_style style = TOP_PLAIN;
	size_t column = 0;

	while (*text) {
		char glyph[4] = "";
		size_t size = (*text & 0x80) ? 3 : 1;

		if (*text == '\033') {
			style = style_of(strtoul(text + 2, NULL, 10));
			text = strchr(text, 'm') + 1;
			continue;
		}
		if (*text == '\n') {
			row++;
			column = 0;
		} else {
			memcpy(glyph, text, size);
			column += top_put(screen, row, column, 1, style, glyph);
		}
		text += size;
	}
}

void top_curve_draw(const struct top_curve *curve, uint64_t limit, int64_t utc_offset_s, struct top_screen *screen,
		    size_t first_row, size_t rows)
{
	static char text[CURVE_TEXT_SIZE(CURVE_WIDTH_MOST, CURVE_HEIGHT_MOST)];
	struct curve_point points[TOP_CURVE_STEPS];
	struct curve_frame frame = { .width = screen->width, .height = rows, .filled = true, .colour = true };
	struct curve drawn = { .points = points };
	struct curve_picture picture = { .curves = &drawn, .curve_count = 1, .limit = (double)limit };
	size_t steps, length;

	if (screen->width < CURVE_WIDTH_LEAST || rows < CURVE_HEIGHT_LEAST)
		return;
	frame.width = frame.width > CURVE_WIDTH_MOST ? CURVE_WIDTH_MOST : frame.width;
	frame.height = frame.height > CURVE_HEIGHT_MOST ? CURVE_HEIGHT_MOST : frame.height;
	/* How much the labels take hangs on the counts, and how many steps there is room for on the labels. */
	drawn.length = points_of(curve, TOP_CURVE_STEPS, points);
	picture.top = curve_picture_top(&picture);
	steps = curve_places(&picture, &frame) * 2;
	drawn.length = points_of(curve, steps, points);
	picture.seconds = (double)((steps - 1) * TOP_CURVE_STEP_S);
	picture.wall_start = (int64_t)((curve->latest + 1 - steps) * TOP_CURVE_STEP_S) + utc_offset_s;
	if (curve->latest < steps || curve_draw(&picture, &frame, text, sizeof(text), &length) < 0)
		return;
	take_over(text, screen, first_row);
}
