/* SPDX-License-Identifier: Apache-2.0 */
/* progress - a line on the terminal that says how far long work has come.
 *
 * Only where standard error is a terminal, drawn ten times a second at most, and taken away at
 * the end. Where the whole is not known it counts without a bar.
 */
#ifndef WAVEBREAK_CLI_PROGRESS_H
#define WAVEBREAK_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	bool shown;
	uint64_t whole; /* bytes; 0: not known */
	uint64_t begun_us, drawn_us;
};

void progress_begin(struct progress *progress, uint64_t whole);
/* Cheap; to be called often. */
void progress_show(struct progress *progress, uint64_t done, uint64_t lines);
void progress_end(struct progress *progress);

#endif
