/* SPDX-License-Identifier: Apache-2.0 */
/* worker_wave_records - what is written down of each wave: its figures (observe/wave_course.h), and who came in it
 * (observe/wave_tally.h).
 *
 * A record lies in the history under the second at which its wave began. It is written when the wave is declared, each
 * WORKER_WAVE_RECORDS_EVERY_S while it lasts, and when it is over: who dies in a wave leaves what was known until then.
 * The next worker begins a new tally, and the record keeps the one that has more clients, as a least number. Where there
 * is no history, or no wave is looked for, there are no records.
 *
 * Countries and holders of networks are found where wave.countries and wave.asns name databases
 * (sense/place_file.h), for each client once, a bounded number in a second.
 */
#ifndef WAVEBREAK_DAEMON_WORKER_WAVE_RECORDS_H
#define WAVEBREAK_DAEMON_WORKER_WAVE_RECORDS_H

#include "control/control.h"
#include "judge/wave.h"
#include "observe/wave_tally.h"

#define WORKER_WAVE_RECORDS_EVERY_S 60
/* The latest of them: that the page lists. */
#define WORKER_WAVE_RECORDS_LISTED 50

struct worker;
struct worker_wave_records;
struct judge_event;
struct answer;

/* Before the worker becomes its user: copies of the databases. Says its own errors. */
void worker_wave_records_read_places(struct worker *w);
/* After the history and the look for waves, before confinement. *ret is NULL where there is to be none. */
void worker_wave_records_open(struct worker *w, struct worker_wave_records **ret);
/* Before the history is closed. */
void worker_wave_records_close(struct worker_wave_records *waves);

/* Of all of these NULL is fine. */
void worker_wave_records_see(struct worker_wave_records *waves, const struct addr *client, enum wave_tally_event event);
void worker_wave_records_on_event(struct worker_wave_records *waves, const struct judge_event *event);
void worker_wave_records_on_answer(struct worker_wave_records *waves, const struct answer *answer);
/* Each second, after the detector took the sample. */
void worker_wave_records_take(struct worker_wave_records *waves, const struct wave *wave,
			      const struct wave_sample *sample, enum wave_event event);

/* {"command": "waves", "since": N, "until": N} is answered by a line for each record of a wave that was within:
 * {"record": wave_record_encode's, as control/packed.h has it}. */
void worker_wave_records_tell(struct worker *w, const json_t *request, struct control_answer *answer);

/* For the page: the latest ones, the last first, with their figures; one, with its sources and its curve. NULL where
 * there is none. */
json_t *worker_wave_records_list(const struct worker *w);
json_t *worker_wave_records_one(const struct worker *w, uint64_t begin_s);

#endif
