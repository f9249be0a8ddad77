/* SPDX-License-Identifier: Apache-2.0 */
/* worker_use - what all processes of wavebreak, and those of the mail server, take of this machine.
 *
 * The worker looks at itself and at the warden; of all others the warden tells it, each second or, where there are
 * many, after a longer rest (ANSWER_USED). In between, the mean of the time before is what a second took.
 */
#ifndef WAVEBREAK_DAEMON_WORKER_USE_H
#define WAVEBREAK_DAEMON_WORKER_USE_H

#include "daemon/request.h"
#include "observe/measures.h"
#include "sense/process_use.h"

/* In this order, that of the metrics' lines. */
enum worker_use_whose { USE_OF_WARDEN, USE_OF_WORKER, USE_OF_GATE, USE_OF_PORTER, USE_OF_SERVER, USE_OF_COUNT };

struct worker_use {
	bool known;
	uint64_t heard_ms;              /* on the monotonic clock */
	uint64_t used[USED_WHAT_COUNT];
	bool cpu_known;
	double cpu_ms;                  /* of one second */
};

struct worker_uses {
	struct process_files warden, own;
	struct worker_use of[USE_OF_COUNT];
};

struct worker;

/* Before confinement. What cannot be looked at, as where proc is mounted with hidepid, stays unknown. */
void worker_use_open(struct worker *w);
void worker_use_on_answer(struct worker *w, const struct answer *answer);
void worker_use_each_second(struct worker *w);

/* Of the last second, together; unknown where nothing is known of one of them. Memory is what is no file's. */
struct worker_use_sum {
	bool cpu_known, memory_known;
	uint32_t cpu_ms, memory_kib;
};
struct worker_use_sum worker_use_of_wavebreak(const struct worker *w);
struct worker_use_sum worker_use_of_server(const struct worker *w);

void worker_use_measure(const struct worker *w, measure_fn *fn, void *data);

#endif
