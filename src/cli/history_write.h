/* SPDX-License-Identifier: Apache-2.0 */
/* history_write - samples as text, CSV or JSON, on a stream.
 *
 *	text	Mon Jul 27 19:12:17 CEST 2009 4           as date(1) in the C locale, and the open connections
 *	csv	2009-07-27T19:12:17+02:00,1,4,…           a first line names the columns; empty: not known
 *	json	{"time": 1248714737, "step": 1, "open": 4, …}   a line each; without what is not known
 *
 * Of a list that was imported it is known of which series each sample is, and not how often somebody counted: csv has
 * a third column, series, and no step in the second.
 *
 * Of 10 s or a minute of samples the time is that of its begin. Made for a day of seconds at once: what is the
 * same for all seconds of a minute is made once a minute.
 */
#ifndef WAVEBREAK_CLI_HISTORY_WRITE_H
#define WAVEBREAK_CLI_HISTORY_WRITE_H

#include "observe/history.h"

#include <stdio.h>

enum history_format { HISTORY_AS_TEXT, HISTORY_AS_CSV, HISTORY_AS_JSON };

struct history_writer {
	FILE *out;
	enum history_format format;
	uint64_t minute; /* for which the text before and behind the seconds was made; 0: none yet */
	char before[40], behind[40];
	bool begun;
};

/* What the format needs; the others are not asked for. */
history_columns history_writer_columns(enum history_format format);

/* All samples that are present; `series` is "" for what was sampled here. All of them have a series, or none has. */
void history_write_chunk(struct history_writer *writer, const char *series, uint32_t step_s, uint64_t start_s,
			 const struct history_chunk *chunk);

#endif
