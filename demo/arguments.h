/* SPDX-License-Identifier: Apache-2.0 */
/* arguments - what the demo was asked to play: the options of `wavebreak demo` (defs/options.def), checked, and with
 * their defaults.
 */
#ifndef WAVEBREAK_DEMO_ARGUMENTS_H
#define WAVEBREAK_DEMO_ARGUMENTS_H

#include "play.h"
#include "window.h"

#include "cli/options.h"

struct arguments {
	double seconds, rate;
	unsigned int tarpit, maxdaemons, mute;
	const char *only; /* the name of one way, or NULL */
	const char *svg;
	bool steady, drop, silent, dashboard, json;
	struct window_place place; /* of the dashboard */
};

/* Returns OPTIONS_GO_ON, or the exit status of the program: help was given, or standard error names the mistake.
 * Texts are those of argv. */
int arguments_read(int argc, char **argv, struct arguments *ret);

bool arguments_play(const struct arguments *arguments, enum way way);

#endif
