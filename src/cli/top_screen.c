/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top_screen.h"

#include "cli/glyphs.h"

#include <string.h>

#define ELLIPSIS 0x2026

void top_screen_begin(struct top_screen *screen, size_t width, size_t height)
{
	screen->width = width < TOP_WIDTH_MOST ? width : TOP_WIDTH_MOST;
	screen->height = height < TOP_HEIGHT_MOST ? height : TOP_HEIGHT_MOST;
	for (size_t row = 0; row < screen->height; row++)
		for (size_t column = 0; column < screen->width; column++)
			screen->cells[row][column] = (struct top_cell){ ' ', TOP_PLAIN };
}

static size_t length_of(const char *text)
{
	size_t length = 0;

	for (; *text; length++)
		glyph_take(&text);
	return length;
}

size_t top_put(struct top_screen *screen, size_t row, size_t column, size_t width, enum top_style style,
	       const char *text)
{
	size_t length = length_of(text), used;

	if (row >= screen->height || column >= screen->width)
		return 0;
	if (width > screen->width - column)
		width = screen->width - column;
	for (used = 0; used < length && used < width; used++) {
		bool is_cut = used + 1 == width && length > width;

		screen->cells[row][column + used] =
			(struct top_cell){ is_cut ? ELLIPSIS : glyph_take(&text), (uint8_t)style };
	}
	return used;
}

void top_put_right(struct top_screen *screen, size_t row, size_t column, size_t width, enum top_style style,
		   const char *text)
{
	size_t length = length_of(text), blank = length < width ? width - length : 0;

	top_put(screen, row, column + blank, width - blank, style, text);
}

void top_restyle(struct top_screen *screen, size_t row, enum top_style style)
{
	for (size_t column = 0; row < screen->height && column < screen->width; column++)
		screen->cells[row][column].style = (uint8_t)style;
}
