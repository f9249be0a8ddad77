/* SPDX-License-Identifier: Apache-2.0 */
/* recorded_waves - what the daemon wrote down of waves, for `wavebreak waves`: who came in them.
 *
 * What comes over the socket is taken for hostile, as everywhere (cli/ask.h): a record that is none is passed over.
 */
#ifndef WAVEBREAK_CLI_RECORDED_WAVES_H
#define WAVEBREAK_CLI_RECORDED_WAVES_H

#include "cli/history_ask.h"
#include "observe/wave_record.h"

#define RECORDED_WAVES_MOST 4000

struct recorded_waves {
	struct wave_record *list; /* in order of their begins */
	size_t count, room;
	bool failed; /* for want of memory */
};

/* Asks for those of that span. Returns STATUS_OK, or another exit status after a sentence. */
int recorded_waves_ask(const struct options *options, const struct history_span *span, struct recorded_waves *ret);
void recorded_waves_free(struct recorded_waves *records);

bool waves_overlap(const struct wave_figures *a, const struct wave_figures *b);

/* Who came in a wave: of the record that shares the most seconds with it, at least these where it is not the only one.
 * False where nothing is known. */
bool waves_sources_of(const struct recorded_waves *records, const struct wave_figures *wave, struct wave_sources *ret);

/* A share in whole percent; 100 where the part is the larger one, as counts of different moments may be. */
unsigned waves_percent(uint64_t part, uint64_t whole);

/* Lines for a person. */
void waves_sources_tell(const struct wave_sources *sources);

#endif
