/* SPDX-License-Identifier: Apache-2.0 */
/* worker_history - a sample each second of what the watch worker knows, and who asks for them.
 *
 * The samples (observe/history.h) are put into chunks in memory, and these every few seconds into the store, whose own
 * thread writes them. Lists of an earlier time that were imported lie beside them, each in a series of its own name,
 * and are kept until they are removed. There is no history where a guard only observes, or where the settings say so.
 * Of the processes only this one is known: it may not look at others.
 */
#ifndef WAVEBREAK_DAEMON_WORKER_HISTORY_H
#define WAVEBREAK_DAEMON_WORKER_HISTORY_H

#include "control/control.h"
#include "store/history.h"

struct worker;
struct worker_history;

/* Before confinement. Says its own error, and then, as where there is to be none, *ret is NULL. */
void worker_history_open(struct worker *w, struct worker_history **ret);
/* After confinement. */
void worker_history_start(struct worker_history *history);
void worker_history_close(struct worker_history *history);

void worker_history_each_second(struct worker_history *history);

/* Records of waves lie beside the samples (daemon/worker_wave_records.h), under the second at which each began, and are
 * kept as long, at most so many. */
#define WORKER_HISTORY_WAVES_MOST 4000
void worker_history_put_wave(struct worker_history *history, uint64_t begin_s, struct bytes record);
/* The first one at or after *begin_s, whose begin that becomes. Returns 0, -ENOENT or -errno. */
int worker_history_next_wave(struct worker_history *history, uint64_t *begin_s, char ret[HISTORY_CHUNK_SIZE_MOST],
			     size_t *ret_size);

/* worker_history_curve.c: what was open, and would have been without the guard, in at most WORKER_HISTORY_CURVE_MOST
 * samples of the finest step that is kept of that time: {"step": seconds, "time": [...], "open": [...], "without":
 * [...], "limit": [...]}, null where something is not known, and each time but the first as the seconds since the one
 * before. What is too long is cut at its end. */
#define WORKER_HISTORY_CURVE_MOST 1440
json_t *worker_history_curve(struct worker_history *history, uint64_t since_s, uint64_t until_s);

/* worker_history_control.c: {"command": "history", "since": N, "until": N, "columns": [names], "imported": bool,
 * "names": bool} is answered by a line for each chunk: {"step": seconds, "start": N, "chunk": as control/packed.h has
 * it}, and "series" where it was imported. Without "columns" by all of them. With "names" and "imported" by
 * {"series": NAME} alone, for each series that has something of that time. */
void worker_history_tell(struct worker *w, const json_t *request, struct control_answer *answer);
/* {"command": "import", "series": NAME, "chunks": [[start, chunk], …]} or "remove": true. Answers how many chunks were
 * "taken", or removed; or that it is "busy", and has done nothing. Where there is no room for all chunks, none is taken,
 * and that is an error. */
void worker_history_import(struct worker *w, const json_t *request, struct control_answer *answer);

/* For requests that are answered by lines out of it: zeroed room for where the answer stands, for free(3). NULL after
 * the answer that there is no history, and why, or no memory. */
void *worker_history_begin_to_tell(struct worker *w, size_t size, struct control_answer *answer);
/* "since" and "until" of such a request: all until now, where it does not say. */
void worker_history_read_times(const json_t *request, uint64_t *ret_since_s, uint64_t *ret_until_s);

#endif
