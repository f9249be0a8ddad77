/* SPDX-License-Identifier: Apache-2.0 */
/* top_curve - the open connections of the last minutes, as `wavebreak top` draws them (observe/curve.h).
 *
 * A column of dots is TOP_CURVE_STEP_S long and begins where that divides the time since 1970, and shows the most that
 * were open in it. So the curve moves by one dot at a time and what is drawn stays as it is, which spares the
 * terminal and the eye. Pure; times are wall time in seconds.
 */
#ifndef WAVEBREAK_CLI_TOP_CURVE_H
#define WAVEBREAK_CLI_TOP_CURVE_H

#include "cli/top_screen.h"

#include <stdbool.h>
#include <stdint.h>

#define TOP_CURVE_STEP_S 5
#define TOP_CURVE_STEPS 480 /* two for each cell of the widest picture */

struct top_curve {
	struct {
		uint64_t number; /* time divided by the step */
		uint32_t most;
		bool known;
	} steps[TOP_CURVE_STEPS]; /* each at its number modulo their count */
	uint64_t latest; /* number */
};

void top_curve_add(struct top_curve *curve, uint64_t at_s, uint64_t open);

/* Into these rows, from the first column on; nothing where there is too little room for a picture. `utc_offset_s` is
 * what has to be added for local time. */
void top_curve_draw(const struct top_curve *curve, uint64_t limit, int64_t utc_offset_s, struct top_screen *screen,
		    size_t first_row, size_t rows);

#endif
