/* SPDX-License-Identifier: Apache-2.0 */
/* worker_wave - the watch worker looks for waves (judge/wave.h), and tells who is to act on one.
 *
 * Each second it counts who is new among the connections to the guarded ports (judge/newcomers.h). How many
 * were asked for is what the kernel's table counts (COUNTER_arrivals), less those of the banned, as long as that
 * moves; else the new ones that were seen. At the begin and at the end of a wave there is one line in the log,
 * a word to the warden (REQUEST_WAVE) and one to each gate worker (GATE_PACKET_WAVE). Who only observes says
 * it, and tells nobody.
 *
 * What is known outlives the worker: it is kept in memory that the warden made, for the next worker. So a wave
 * goes on over a crash and a reload; not over an upgrade, after which it has to be found anew.
 */
#ifndef WAVEBREAK_DAEMON_WORKER_WAVE_H
#define WAVEBREAK_DAEMON_WORKER_WAVE_H

#include "judge/wave.h"
#include "wire/sockdiag.h"

#include <jansson.h>

struct worker;
struct worker_wave;

/* What one worker keeps for the next. It writes in the slot that is not in force, so one that was killed on the way
 * has spoilt nothing. */
struct wave_kept {
	unsigned number; /* of values that were kept; the last is in the slot of the one before it */
	struct wave slots[2];
};

/* By the warden, before the first fork. NULL without memory: then nothing is kept. */
struct wave_kept *worker_wave_share(void);

/* Before confinement. NULL in *ret with wave.detect = no. Returns 0 or -errno. */
int worker_wave_create(struct worker *w, struct worker_wave **ret);

/* Tells the warden how it is at the start, who may still act on a wave of the worker before; a gate worker is told
 * by daemon/worker_gate. */
void worker_wave_start(struct worker *w);

/* Round the visit of mail.ports of each second. */
void worker_wave_look(struct worker_wave *wave);
void worker_wave_see(void *worker, const struct sockdiag_socket *connection);
/* After it. */
void worker_wave_each_second(struct worker_wave *wave);

/* Whether a wave is under way. */
bool worker_wave_lasts(const struct worker *w);
/* What the detector knows; there has to be one. */
const struct wave *worker_wave_now(const struct worker *w);

/* For `status`; NULL with wave.detect = no. */
json_t *worker_wave_to_json(const struct worker_wave *wave);

#endif
