/* SPDX-License-Identifier: Apache-2.0 */
/* warden_gate - the gate's processes: a porter and gate workers, and what becomes of them.
 *
 * They come in generations, one for each reading of the configuration. A generation has its socketpairs, from
 * each gate worker to the porter and to the watch worker; both ends of each stay with the warden, too, so that
 * whoever dies finds them again. Its states:
 *
 *   serving   each process that dies, or is silent for too long, is started again, alone
 *   draining  a reload has put another one in its place: its gate workers take no new clients and may finish
 *             what they have, for at most gate.session, or an hour where they stand between clients and server;
 *             nobody is started again. The warden's ends of the pairs to the porter are closed, so that the porter
 *             sees when the last gate is gone
 *   ending    no time is left: what it still has is ended by force
 *
 * GATE_GENERATIONS_MOST - 1 of them drain at most: when one more begins to, the oldest is ended. A generation that has
 * no process is forgotten.
 *
 * Should the warden be killed, the gate workers see that by themselves and drain, and the porter ends with the last of
 * them.
 */
#ifndef WAVEBREAK_DAEMON_WARDEN_GATE_H
#define WAVEBREAK_DAEMON_WARDEN_GATE_H

#include "daemon/gate_worker.h"
#include "daemon/plan.h"
#include "daemon/upgrade.h"
#include "event/loop.h"

struct warden_gate;

/* What a generation's processes are started with; the caller's, and to stay for as long as it serves. */
struct warden_gate_start {
	const struct plan *plan;
	const struct prefix_set *never;
	uid_t uid;
	gid_t gid;
};

/* A gate that does not run yet. `ended` is called from the loop when the last process has ended after
 * warden_gate_stop. */
int warden_gate_create(struct loop *loop, void (*ended)(void *data), void *data, struct warden_gate **ret);
/* Ends by force what still runs. NULL is fine. */
void warden_gate_destroy(struct warden_gate *gate);

/* Makes all that it takes to start: the sockets that the plan asks for, beside those of the plan in force, and
 * the pairs. Says its error and returns -errno when these cannot be had; then nothing has changed. What was
 * prepared before is given up. */
int warden_gate_prepare(struct warden_gate *gate, const struct warden_gate_start *start);
/* What was prepared comes into force: a new generation is started, if there is to be a gate, and the one before
 * drains. */
void warden_gate_start(struct warden_gate *gate);

/* For a program that is executed in the place of this one: what it needs of the sockets and generations, which stay
 * as they are. A generation that is ending is ended now. */
void warden_gate_hand_over(struct warden_gate *gate, struct upgrade *upgrade);
/* The sockets alone. */
void warden_gate_tell_listeners(const struct warden_gate *gate, struct upgrade *upgrade);
/* In the new program, before warden_gate_prepare: the sockets are in force and the generations there, as before; the
 * one that serves is to be replaced by warden_gate_start at once, since nobody of it can be started again. All of
 * it is the gate's from now on, and gone from `upgrade`. */
int warden_gate_adopt(struct warden_gate *gate, struct upgrade *upgrade);
/* Whether there could be a gate by these settings, beside the sockets of `old` (gate_listeners_try). Says its error.
 * Returns 0 or -errno. */
int warden_gate_try(const struct settings *settings, const struct gate_listeners *old);

/* Once a second: ends who is silent. */
#define WARDEN_GATE_LOOK_MS 1000
void warden_gate_look(struct warden_gate *gate);
/* Whether clients can be led to it: a generation serves, all of it spoke in the last 2.5 s, and no worker of it has said
 * lately that it can serve nobody. */
bool warden_gate_works(const struct warden_gate *gate);

/* How many gate workers serve. */
size_t warden_gate_serving(const struct warden_gate *gate);
/* The ends of the watch worker, of all generations that serve or drain; those that serve come first. Returns how
 * many. */
#define WARDEN_GATE_ENDS_MOST ((size_t)GATE_WORKERS_MOST * GATE_GENERATIONS_MOST)
size_t warden_gate_watch_ends(const struct warden_gate *gate, int ends[WARDEN_GATE_ENDS_MOST]);

/* All that run, of all generations. Returns how many. */
#define WARDEN_GATE_PROCESSES_MOST ((GATE_WORKERS_MOST + 1) * GATE_GENERATIONS_MOST)
struct warden_gate_process {
	pid_t pid;
	bool is_porter;
};
size_t warden_gate_processes(const struct warden_gate *gate,
			     struct warden_gate_process ret[WARDEN_GATE_PROCESSES_MOST]);

/* Asks all of them to end, and starts none again; by force when they do not. False when there is none: then
 * nobody is called. */
bool warden_gate_stop(struct warden_gate *gate);
bool warden_gate_runs(const struct warden_gate *gate);

#endif
