/* SPDX-License-Identifier: Apache-2.0 */
/* history_list - lines of old lists of dates and counts, read.
 *
 * Two kinds, known by the first line that is not empty:
 *
 *	Mon Jul 27 19:12:17 CEST 2009 4      date(1) in the C locale, and a count behind it or on the next line
 *	time,open                            CSV with a line that names its columns; those of defs/samples.def,
 *	2009-07-27T19:12:17+02:00,4          and open_smtp_connections, which is `open`; `series`, where there are several
 *	                                     in one file, one behind the other; others are passed over
 *
 * A zone that is a name is that of a table of the common ones, or this machine's when it calls itself so; one that is
 * an offset is (-03, +0545); others are not guessed. Times without a zone are local. What is of no known form, of no date or out of order (before the minute
 * of the line before) is a mistake of that line alone.
 *
 * Pure but for the zone of this machine.
 */
#ifndef WAVEBREAK_CLI_HISTORY_LIST_H
#define WAVEBREAK_CLI_HISTORY_LIST_H

#include "observe/history.h"

#define HISTORY_LIST_COLUMNS_MOST 128
/* The longest name of a series that the store takes (store/history.h), and a NUL. */
#define HISTORY_LIST_SERIES_SIZE 48

struct history_list {
	enum { LIST_NOT_KNOWN, LIST_OF_DATES, LIST_CSV } kind;
	uint64_t now_s;     /* no sample is later */
	uint64_t pending_s; /* a date without a count: it is on the next line; 0: none */
	uint64_t last_s;
	/* Of CSV: which column of ours each is, HISTORY_COLUMNS for none. */
	uint8_t columns[HISTORY_LIST_COLUMNS_MOST];
	size_t column_count, time_column, series_column; /* HISTORY_LIST_COLUMNS_MOST: it has no series */
	char series[HISTORY_LIST_SERIES_SIZE];           /* of the latest line; "" where it names none */
};

/* Returns 1 with a sample, 0 for a line without one (a head, an empty one, a date alone), or -EINVAL with a
 * sentence. */
int history_list_line(struct history_list *list, struct bytes line, uint64_t *ret_s, uint32_t ret[HISTORY_COLUMNS],
		      const char **ret_mistake);

/* A name of a series, of what may hold anything: printable ASCII without blanks, cut where it is too long. */
void history_list_series(struct bytes name, char ret[HISTORY_LIST_SERIES_SIZE]);

#endif
