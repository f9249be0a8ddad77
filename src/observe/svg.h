/* SPDX-License-Identifier: Apache-2.0 */
/* svg - counts over time as a picture for a page, a report or a printer.
 *
 * Takes the same curve_picture as the terminal drawing. The file stands alone: no script,
 * no font and no other file is fetched; it follows the reader's light or dark setting, is
 * dark on white on paper, and tells a screen reader its title and what it shows.
 */
#ifndef WAVEBREAK_OBSERVE_SVG_H
#define WAVEBREAK_OBSERVE_SVG_H

#include "observe/curve.h"

#include <stdio.h>

/* Somebody who came, and whether it went well for him. */
struct svg_arrival {
	double seconds; /* as in struct curve_point */
	bool well;
};

/* Those who met what a curve shows: marks in a row of their own below the axis, in that curve's colour. */
struct svg_row {
	const char *name;
	const struct svg_arrival *arrivals;
	size_t length;
};

struct svg_rows {
	const struct svg_row *rows; /* one for each curve, or none */
	size_t count;
	const char *title, *well, *ill; /* what they are, and what either mark means */
};

struct svg_caption {
	const char *title; /* one line above the picture */
	const char *note; /* a second, smaller line: the finding; NULL: none */
	const char *description; /* what a reader who cannot see it should know; NULL: none */
	const char *counted; /* what the count axis counts: "open connections" */
	struct svg_rows rows;
};

/* Writes the whole document. Names and captions may hold any text: they are escaped.
 * Returns 0, -EINVAL (as curve_draw, or too many rows) or -EIO when `out` reports an error. */
int svg_write(const struct curve_picture *picture, const struct svg_caption *caption, FILE *out);

#endif
