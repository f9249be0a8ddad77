/* SPDX-License-Identifier: Apache-2.0 */
/* worker_gate - what the watch worker hears of the gate, and tells its workers.
 *
 * A client that the gate has told 5xx is judged like one in a log line, with one difference: what it
 * still holds at the gate is not ended, since the gate does that itself, in words. What one gate worker learned of
 * a client the others are told, and who was let in is remembered over a restart. The last dialogues are kept for
 * `explain`, WORKER_GATE_TALKS of them, each in the place of the oldest.
 */
#ifndef WAVEBREAK_DAEMON_WORKER_GATE_H
#define WAVEBREAK_DAEMON_WORKER_GATE_H

#include "base/prefix.h"
#include "daemon/request.h"
#include "event/loop.h"
#include "observe/measures.h"

#include <jansson.h>

#define WORKER_GATE_TALKS 2048
/* The "signature" of what the gate itself has seen; those of files are hashes (judge/policy.h). */
#define WORKER_GATE_SIGNATURE 1

struct worker;
struct worker_gate;

/* NULL in *ret when there is no gate. Returns 0 or -errno. */
int worker_gate_create(struct worker *w, struct worker_gate **ret);
void worker_gate_destroy(struct worker_gate *gate);
/* What the store knows, once more: it was opened late. NULL is fine. */
void worker_gate_restore(struct worker_gate *gate);

void worker_gate_each_second(struct worker_gate *gate);
/* All of the never-list, after each change. */
void worker_gate_tell_never(const struct worker_gate *gate, const struct prefix_set *never);

/* That a wave has begun or is over (worker_wave_lasts). */
void worker_gate_tell_wave(struct worker_gate *gate);

/* What was said, NULL when it is not known (any more). Overwritten by later ones. */
const char *worker_gate_talk(const struct worker_gate *gate, const struct addr *unit);

/* Until when the gate lets the client in at once, wall time in milliseconds; 0 where it does not. */
uint64_t worker_gate_let_in_until(const struct worker_gate *gate, const struct addr *unit);

/* How long its DNS lists took to answer of late: their mean, 0 where none was asked. */
uint32_t worker_gate_latency_ms(const struct worker_gate *gate);

/* Clients that its workers hold now. */
uint32_t worker_gate_sessions(const struct worker_gate *gate);

/* What the warden says of the kernel's part: ANSWER_STEERING. */
void worker_gate_steered(struct worker_gate *gate, const struct answer *answer);

/* For `status` and `zones`. */
json_t *worker_gate_to_json(const struct worker_gate *gate);
json_t *worker_gate_zones_to_json(const struct worker_gate *gate);
/* The gate's rows of defs/measures.def; none for NULL. */
void worker_gate_measure(const struct worker_gate *gate, measure_fn *fn, void *data);

#endif
