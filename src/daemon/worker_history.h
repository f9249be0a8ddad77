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

struct worker;
struct worker_history;

/* Of imported series, together: 69 days of them at most. */
#define WORKER_HISTORY_IMPORTED_MOST 100000

/* Before confinement. Says its own error, and then, as where there is to be none, *ret is NULL. */
void worker_history_open(struct worker *w, struct worker_history **ret);
/* After confinement. */
void worker_history_start(struct worker_history *history);
void worker_history_close(struct worker_history *history);

void worker_history_each_second(struct worker_history *history);

/* worker_history_control.c: {"command": "history", "since": N, "until": N, "columns": [names], "imported": bool} is
 * answered by a line for each chunk: {"step": seconds, "start": N, "chunk": hexadecimal digits}, and
 * "series" where it was imported. Without "columns" by all of them. */
void worker_history_tell(struct worker *w, const json_t *request, struct control_answer *answer);
/* {"command": "import", "series": NAME, "chunks": [[start, digits], …]} or "remove": true. Answers how many chunks were
 * "taken", or removed; or that it is "busy", and has done nothing. */
void worker_history_import(struct worker *w, const json_t *request, struct control_answer *answer);

#endif
