/* SPDX-License-Identifier: Apache-2.0 */
/* axis - round numbers for the edges of a picture, the same in the terminal and in SVG.
 *
 * Pure: numbers in, numbers and short labels out. A step is the distance between two
 * marks; it is always a number that people count in (1, 2, 5, 10 … connections;
 * 5 s, 30 s, 15 min, 6 h, 1 day …).
 */
#ifndef WAVEBREAK_OBSERVE_AXIS_H
#define WAVEBREAK_OBSERVE_AXIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AXIS_LABEL_SIZE 24

/* The smallest round step that needs at most `marks` of them to cover `extent`.
 * Counts are whole, so their step is never below 1. */
double axis_count_step(double extent, unsigned int marks);
double axis_time_step(double seconds, unsigned int marks);

/* The upper end of a count axis: `largest` with some air above it, so that a line drawn
 * at the largest value does not lie on the frame. */
double axis_count_top(double largest);

/* Where the marks of a time axis lie. With `wall_start` (seconds since 1970, already
 * shifted to the zone to be shown) they fall on round clock times and are labelled
 * "19:12", at midnight "07-28", the day that begins; with 0 they count from the start and
 * are labelled "40 s", "5 min", "6 h". */
struct time_axis {
	double seconds; /* extent */
	double step;
	double first; /* second of the first mark, in [0, step) */
	int64_t wall_start;
};

void time_axis_fit(struct time_axis *axis, double seconds, int64_t wall_start, unsigned int marks);

/* The mark at `second` is a midnight among times of the clock. */
bool time_axis_begins_day(const struct time_axis *axis, double second);

/* Label of the mark at `second`; returns its length, at most AXIS_LABEL_SIZE - 1. */
size_t time_axis_label(const struct time_axis *axis, double second, char label[AXIS_LABEL_SIZE]);
size_t count_axis_label(double count, char label[AXIS_LABEL_SIZE]);

#endif
