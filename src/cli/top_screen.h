/* SPDX-License-Identifier: Apache-2.0 */
/* top_screen - a screen that is drawn before any terminal sees it: cells with a glyph and a style.
 *
 * What does not fit is cut. Text is printable ASCII, or of our own glyphs (cli/glyphs.h); whatever else
 * is in it becomes '?', so nothing else can come to a terminal from here. Pure.
 */
#ifndef WAVEBREAK_CLI_TOP_SCREEN_H
#define WAVEBREAK_CLI_TOP_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOP_WIDTH_MOST 400
#define TOP_HEIGHT_MOST 200

/* What a style looks like is the terminal's matter; no meaning hangs on it alone. */
enum top_style {
	TOP_PLAIN,
	TOP_DIM,
	TOP_STRONG,
	TOP_ALARM,    /* somebody should look at this */
	TOP_WARNING,
	TOP_GOOD,
	TOP_SELECTED,
	TOP_TITLE,    /* of columns */
	TOP_CURVE,
	TOP_LIMIT,
	TOP_STYLES
};

struct top_cell {
	uint16_t glyph;
	uint8_t style; /* enum top_style */
};

struct top_screen {
	size_t width, height;
	struct top_cell cells[TOP_HEIGHT_MOST][TOP_WIDTH_MOST];
};

/* Blank; a larger one than there may be is cut. */
void top_screen_begin(struct top_screen *screen, size_t width, size_t height);

/* Text from that place on, in `width` cells at most; what is cut ends with U+2026. Returns the cells it took. */
size_t top_put(struct top_screen *screen, size_t row, size_t column, size_t width, enum top_style style,
	       const char *text);
/* The same with its end at the end of these cells. */
void top_put_right(struct top_screen *screen, size_t row, size_t column, size_t width, enum top_style style,
		   const char *text);
/* The whole row takes the style. */
void top_restyle(struct top_screen *screen, size_t row, enum top_style style);

#endif
