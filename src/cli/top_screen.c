/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top_screen.h"

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

static bool is_our_glyph(uint16_t glyph)
{
	return glyph == ELLIPSIS || glyph == 0x00b7 || (glyph >= 0x2500 && glyph <= 0x25ff) ||
	       (glyph >= 0x2800 && glyph <= 0x28ff);
}

/* The next glyph; what is none of ours is '?', byte by byte. */
static uint16_t take_glyph(const char **text)
{
	const unsigned char *at = (const unsigned char *)*text;
	uint16_t glyph = '?';
	size_t size = 1;

	if (at[0] >= ' ' && at[0] < 0x7f) {
		glyph = at[0];
	} else if (at[0] >> 5 == 6 && at[1] >> 6 == 2) {
		glyph = (uint16_t)((at[0] & 0x1f) << 6 | (at[1] & 0x3f));
		size = 2;
	} else if (at[0] >> 4 == 0xe && at[1] >> 6 == 2 && at[2] >> 6 == 2) {
		glyph = (uint16_t)((at[0] & 0xf) << 12 | (at[1] & 0x3f) << 6 | (at[2] & 0x3f));
		size = 3;
	}
	if (size > 1 && !is_our_glyph(glyph)) {
		glyph = '?';
		size = 1;
	}
	*text += size;
	return glyph;
}

static size_t length_of(const char *text)
{
	size_t length = 0;

	for (; *text; length++)
		take_glyph(&text);
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
			(struct top_cell){ is_cut ? ELLIPSIS : take_glyph(&text), (uint8_t)style };
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

static char plain_dots(unsigned dots)
{
	/* Unicode chapter 21.1: these are the upper four of eight. */
	bool upper = dots & (0x01 | 0x02 | 0x08 | 0x10), lower = dots & (0x04 | 0x40 | 0x20 | 0x80);

	return upper && lower ? ':' : upper ? '\'' : lower ? '.' : ' ';
}

char top_plain_glyph(uint16_t glyph)
{
	if (glyph >= ' ' && glyph < 0x7f)
		return (char)glyph;
	if (glyph >= 0x2800 && glyph <= 0x28ff)
		return plain_dots(glyph & 0xff);
	switch (glyph) {
	case 0x2500: case 0x254c: return '-';
	case 0x2502: return '|';
	case 0x2514: case 0x2524: case 0x252c: return '+';
	case ELLIPSIS: return '~';
	default: return '*';
	}
}
