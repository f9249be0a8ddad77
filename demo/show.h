/* SPDX-License-Identifier: Apache-2.0 */
/* show - what the person sees: a live picture while the waves run, then the result.
 *
 * On a terminal the picture is redrawn in place; in a pipe there is a plain line every ten
 * seconds. The terminal keeps its modes and its cursor, so there is nothing to restore,
 * however the demo ends. Reads the runs, changes nothing.
 */
#ifndef WAVEBREAK_DEMO_SHOW_H
#define WAVEBREAK_DEMO_SHOW_H

#include "play.h"

#define RUNS_AT_MOST WAYS

struct story {
	struct run *runs[RUNS_AT_MOST]; /* the unguarded one first */
	size_t run_count;
	unsigned int tarpit, maxdaemons;
	double seconds; /* for how long visitors come, in each run */
	double rate; /* zombies a second at the height of the wave */
	bool steady, silent;
	bool looked_on; /* a guard was beside the unguarded run too, for the page, and acted on nothing */
};

/* What is drawn of a run. */
struct curve run_curve(const struct run *run);

/* The one-line title of all pictures and tables; returns its buffer. */
const char *story_title(const struct story *story);

struct show;

/* All of it is written to `out`, as it is now: a terminal, or not. Returns NULL when there is no memory. */
struct show *show_create(const struct story *story, FILE *out);
void show_destroy(struct show *show);

/* What is being done now, e.g. "starting Courier"; until the next call. */
void show_stage(struct show *show, const char *stage);
void show_progress(struct show *show);

/* Takes the live picture away; what is printed next begins where it began. */
void show_clear(struct show *show);

/* The curves for the scrollback, one for each run. */
void show_curves(const struct show *show);

#endif
