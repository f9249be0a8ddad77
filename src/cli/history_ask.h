/* SPDX-License-Identifier: Apache-2.0 */
/* history_ask - samples from the running daemon, for the commands that tell or draw them.
 *
 * What comes over the socket is taken for hostile, as everywhere (cli/ask.h): chunks are checked, and those that
 * make no sense are passed over.
 */
#ifndef WAVEBREAK_CLI_HISTORY_ASK_H
#define WAVEBREAK_CLI_HISTORY_ASK_H

#include "cli/options.h"
#include "observe/history.h"

#include <jansson.h>

/* A chunk of samples whose slots that are not asked for are taken out. `series` is "" for what was sampled there, or
 * the name of what was imported, safe to show. */
struct history_part {
	const char *series;
	uint32_t step_s;
	uint64_t start_s;
	const struct history_chunk *chunk;
};
typedef void history_part_fn(void *data, const struct history_part *part);

struct history_span {
	uint64_t since_s, until_s;
	bool to_now; /* what goes on at its end goes on */
};

/* What --since and --until say; without them the last day, or of what was imported (--imported) all. Returns OPTIONS_GO_ON, or the exit status after a
 * sentence on standard error. */
int history_span_of(const struct options *options, const char *command, struct history_span *ret);

/* The question "history", for who asks by itself, and its lines: for control_line_fn. */
struct history_asking {
	const struct history_span *span;
	history_part_fn *fn;
	void *data;
	uint64_t samples;   /* so far */
	const char *series; /* this one alone; NULL: all */
};
json_t *history_request(const struct history_span *span, history_columns wanted, bool imported);
void history_line(void *asking, const json_t *line);

/* Samples of that span in order of time, the live ones, or where there are none, or with --imported, the imported ones, a
 * series after the other. Where there are both, a sentence says so. Returns STATUS_OK, STATUS_NO where there is nothing,
 * or another exit status, both after a sentence. */
int history_ask(const struct options *options, const struct history_span *span, history_columns wanted,
		history_part_fn *fn, void *data);
/* The same, but first the live ones and then the imported ones. */
int history_ask_both(const struct options *options, const struct history_span *span, history_columns wanted,
		     history_part_fn *fn, void *data);

#endif
