/* SPDX-License-Identifier: Apache-2.0 */
/* gate_worker - the process that speaks SMTP for the clients that are to be kept from the server.
 *
 * There are several, one a core, each with a listening socket of its own on the same address
 * (SO_REUSEPORT). The warden makes the listening sockets and keeps them, so that a worker that dies
 * takes only its own sessions along: what waits to be accepted waits for the next one. The sockets to
 * the porter and to the watch worker are the warden's, too: the next one of this number finds on them answers
 * that were meant for the one before (tickets that it never gave: their descriptors are closed), and a porter
 * that dies is no end of file but an answer that never comes.
 *
 * It has no privilege and reaches no file; it may talk to name servers (UDP and TCP port 53 of those
 * that are configured), to the porter, who alone can let a client in (daemon/porter.h), and to the
 * watch worker, whom it tells what became of its clients (gate/report.h).
 */
#ifndef WAVEBREAK_DAEMON_GATE_WORKER_H
#define WAVEBREAK_DAEMON_GATE_WORKER_H

#include "daemon/plan.h"

#include <sys/types.h>

#define GATE_WORKERS_MOST 16
#define GATE_LISTENERS_MOST 16
/* The one that serves, and those of earlier configurations that may finish what they have. */
#define GATE_GENERATIONS_MOST 4

/* A byte from the warden: to drain. */
#define GATE_WORD_DRAIN 'd'
/* Bytes to the warden, one a second: it is there; it is, and can serve nobody who comes. */
#define GATE_WORD_HERE '.'
#define GATE_WORD_UNABLE '!'

struct gate_worker_start {
	const struct plan *plan;
	const struct prefix_set *never; /* of this host and of the configuration: never tested, let in at once */
	unsigned number;                /* 0 … gate.workers - 1 */
	pid_t warden;
	int warden_socket; /* it writes a byte each second: alive */
	/* Non-blocking. To be closed when it drains: a socket that stays open has its share of the clients, who
	 * would wait in vain, and its port. Never to be shut down: that is for all who have it. */
	int listeners[GATE_LISTENERS_MOST];
	size_t listener_count;
	int watch;  /* to the watch worker, see gate_packet.h */
	int porter; /* see porter.h */
	int hook;   /* gate.hook, shared by all of them, or -1; see gate_hook.h */
	uid_t uid;
	gid_t gid;
};

/* SIGTERM: no new sessions; ends when the last one has ended. GATE_WORD_DRAIN from the warden says the same; the warden
 * sees to it that this has an end. When the warden itself is gone, the same follows in a moment, and ends after
 * plan_longest_session_ms at the latest. Returns the exit status of the process. */
int gate_worker_run(const struct gate_worker_start *start);

#endif
