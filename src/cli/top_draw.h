/* SPDX-License-Identifier: Apache-2.0 */
/* top_draw - the screen of `wavebreak top`, made of what is known and how it is looked at. Pure. */
#ifndef WAVEBREAK_CLI_TOP_DRAW_H
#define WAVEBREAK_CLI_TOP_DRAW_H

#include "cli/top_curve.h"
#include "cli/top_view.h"

/* How many rows of the table such a screen has, for top_view_key. */
size_t top_table_rows(size_t width, size_t height);

/* `utc_offset_s` is what has to be added for local time. The view learns where its rows and its pane stand. */
void top_draw(struct top_model *model, struct top_view *view, const struct top_curve *curve, int64_t utc_offset_s,
	      size_t width, size_t height, struct top_screen *screen);

#endif
