/* SPDX-License-Identifier: Apache-2.0 */
/* wave_record - all that is known of a wave, as it is on disk and as the daemon tells it to the commands.
 *
 * It has a hash, and may come from a damaged file or from a process that was taken over: reading checks all of it.
 *
 * Pure.
 */
#ifndef WAVEBREAK_OBSERVE_WAVE_RECORD_H
#define WAVEBREAK_OBSERVE_WAVE_RECORD_H

#include "observe/wave_course.h"
#include "observe/wave_sources.h"

struct wave_record {
	struct wave_figures figures;
	struct wave_sources sources;
};

#define WAVE_RECORD_MOST 8192
/* Returns its size. */
size_t wave_record_encode(const struct wave_record *record, char out[WAVE_RECORD_MOST]);
/* Returns 0 or -EBADMSG. */
int wave_record_decode(struct bytes text, struct wave_record *ret);

#endif
