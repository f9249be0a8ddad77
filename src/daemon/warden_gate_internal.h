/* SPDX-License-Identifier: Apache-2.0 */
/* warden_gate_internal - what the files warden_gate*.c share. */
#ifndef WAVEBREAK_DAEMON_WARDEN_GATE_INTERNAL_H
#define WAVEBREAK_DAEMON_WARDEN_GATE_INTERNAL_H

#include "daemon/child.h"
#include "daemon/gate_listen.h"
#include "daemon/warden_gate.h"

enum generation_state { SERVING, DRAINING, ENDING };

enum { GATE_SIDE, OTHER_SIDE };

struct process {
	struct generation *generation;
	struct child child;
	struct loop_timer *start_timer;
	bool is_porter;
	bool spoke; /* since its start */
	unsigned number;
};

struct generation {
	struct warden_gate *gate;
	struct generation *next;
	enum generation_state state;
	struct warden_gate_start start; /* read by forks, while it serves */
	uint64_t session_ms;
	struct process porter, workers[GATE_WORKERS_MOST];
	unsigned worker_count;
	int to_watch[GATE_WORKERS_MOST][2], to_porter[GATE_WORKERS_MOST][2];
	struct loop_timer *patience; /* draining: the longest session is over */
	uint64_t patience_ends_ms;
	unsigned packet_form; /* what its workers and the watch worker say to each other (GATE_PACKET_FORM) */
};

struct warden_gate {
	struct loop *loop;
	void (*ended)(void *data);
	void *data;
	bool stopping;
	struct loop_timer *patience; /* stopping: by force now */
	struct loop_timer *look;     /* somebody's silence is too long then */
	uint64_t unable_ms;          /* when a worker last said that it can serve nobody; 0: never */
	uint64_t pause_ends_ms, pause_ms; /* until when no client is led here for that, and for how long that is */
	struct generation *generations; /* the newest first */
	struct gate_listeners *listeners; /* of the one that serves; NULL: there is none */
	bool prepared;
	struct generation *next;
	struct gate_listeners *next_listeners;
};

/* NULL when there is none. */
struct generation *gate_generation_serving(const struct warden_gate *gate);
void gate_close_pair(int pair[2]);
bool gate_process_runs(const struct process *p);
/* One that nothing of runs, and without its socketpairs. */
int gate_generation_allocate(struct warden_gate *gate, unsigned workers, struct generation **ret);
/* What still runs is ended by force. */
void gate_generation_free(struct generation *g);
/* Its workers are ended by force after that time. */
void gate_generation_limit(struct generation *g, uint64_t ms);
/* A worker that serves says that it can serve nobody who comes; whether one has said so lately. */
void gate_note_unable(struct generation *g);
bool gate_serves_nobody(const struct warden_gate *gate);
/* Takes it out of the list and frees it, when nothing is left of it. */
void gate_generation_forget_if_gone(struct generation *g);

#endif
