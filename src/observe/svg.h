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

struct svg_caption {
	const char *title; /* one line above the picture */
	const char *note; /* a second, smaller line: the finding; NULL: none */
	const char *description; /* what a reader who cannot see it should know; NULL: none */
	const char *counted; /* what the count axis counts: "open connections" */
};

/* Writes the whole document. Names and captions may hold any text: they are escaped.
 * Returns 0, -EINVAL (as curve_draw) or -EIO when `out` reports an error. */
int svg_write(const struct curve_picture *picture, const struct svg_caption *caption, FILE *out);

#endif
