/* SPDX-License-Identifier: Apache-2.0 */
/* curve - counts over time, drawn for a terminal.
 *
 * The model (curve, curve_picture) is shared with svg.h: fill it once, draw it twice.
 * Everything is a view on the caller's memory. Pure: no clock, no allocation, no locale;
 * the text goes into the caller's buffer.
 *
 * The drawing uses Braille patterns (U+2800 …), which give 2 × 4 dots in each character
 * cell; text is UTF-8. Every line is exactly `width` cells wide and ends with '\n', so two
 * drawings can be put side by side line by line.
 *
 *	300 ┤╌ limit 300 ╌╌╌╌╌╌╌⣀⣤⠤⠤
 *	200 ┤         ⢀⣀⠤⠒⠊⠉
 *	100 ┤     ⢀⡠⠊⠁
 *	  0 ┼──┬─────────┬─────────┬
 *	     0 s       20 s      40 s
 */
#ifndef WAVEBREAK_OBSERVE_CURVE_H
#define WAVEBREAK_OBSERVE_CURVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `seconds` since the start of the picture, ascending; `count` of not-a-number is a gap. */
struct curve_point {
	double seconds;
	double count;
};

struct curve {
	const char *name; /* shown in the legend; foreign text has to be escaped before */
	const struct curve_point *points;
	size_t length;
};

#define CURVES_AT_MOST 4

struct curve_picture {
	const struct curve *curves;
	size_t curve_count;
	double limit; /* a line across the picture; 0: none */
	double seconds; /* extent of the time axis; 0: up to the last point */
	double top; /* extent of the count axis; 0: up to the largest count or the limit */
	int64_t wall_start; /* see struct time_axis; 0: elapsed time */
	/* What happened, below the time axis: counts that are added up where they fall on one place, each strip
	 * beside its own highest. Of the terminal, by curve_draw_strip, which curve_draw leaves room for the names of. */
	const struct curve *strips;
	size_t strip_count;
};

#define CURVE_STRIPS_AT_MOST 2
/* Colours of strips follow those of two curves. */
#define CURVE_STRIP_INK 2
/* Places across; the sums of a strip of a picture in them, and the highest of these. */
#define CURVE_PLACES_MOST 480
double curve_strip_sums(const struct curve_picture *picture, const struct curve *strip, size_t places,
			double sums[CURVE_PLACES_MOST]);
/* All that is counted in it. */
double curve_strip_whole(const struct curve *strip);

/* The extents in effect, the given ones or those that fit the points. Always above 0. */
double curve_picture_seconds(const struct curve_picture *picture);
double curve_picture_top(const struct curve_picture *picture);

/* The highest point of a curve; NULL when it has none. */
const struct curve_point *curve_peak(const struct curve *curve);

struct curve_frame {
	size_t width; /* in cells, axes included: CURVE_WIDTH_LEAST to CURVE_WIDTH_MOST */
	size_t height; /* in lines, axes included: CURVE_HEIGHT_LEAST to CURVE_HEIGHT_MOST */
	bool filled; /* the area below a curve too: for a picture of one curve */
	bool colour; /* with ANSI colours; of several curves the later ones cover the earlier */
	bool marked; /* each curve by a mark of its own in place of dots: for several without colours */
	unsigned int first_ink; /* colour of the first curve, 0 to CURVES_AT_MOST - 1 */
};

#define CURVE_WIDTH_LEAST 16
#define CURVE_WIDTH_MOST 240
#define CURVE_HEIGHT_LEAST 5
#define CURVE_HEIGHT_MOST 64

/* A buffer of this size always suffices: at worst each cell changes the colour
 * ("\033[0m\033[33m", a glyph of three bytes) and each line ends with "\033[0m\n". */
#define CURVE_TEXT_SIZE(width, height) (((size_t)(width) * 12 + 8) * (size_t)(height) + 1)

/* No count and no time beyond this is drawn: 300 centuries in seconds. */
#define CURVE_EXTENT_MOST 1e12

/* How many cells of the frame are right of the labels: a picture of twice as many points has one for each column of
 * dots. 0 for what curve_draw refuses. */
size_t curve_places(const struct curve_picture *picture, const struct curve_frame *frame);

/* Draws into `text`, NUL-terminated. Returns 0, -EINVAL (frame or picture out of bounds)
 * or -ENOBUFS (`size` too small). */
int curve_draw(const struct curve_picture *picture, const struct curve_frame *frame, char *text,
	       size_t size, size_t *ret_length);

/* Strip number `strip` of the picture as one more line, its name before it, in step with the columns of curve_draw; a
 * buffer of CURVE_TEXT_SIZE(width, 1) suffices. Returns as curve_draw. */
int curve_draw_strip(const struct curve_picture *picture, const struct curve_frame *frame, size_t strip, char *text,
		     size_t size, size_t *ret_length);

/* The colour in which curve number `ink` is drawn, for legends: an ANSI sequence; and its mark. */
const char *curve_ink(unsigned int ink);
char curve_mark(unsigned int ink);

#endif
