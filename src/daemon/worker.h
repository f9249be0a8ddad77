/* SPDX-License-Identifier: Apache-2.0 */
/* worker - the unprivileged half of the guard: follows the logs, judges, remembers, answers
 * on the control socket. It reads what strangers wrote, so it may do nothing but ask the
 * warden (daemon/request.h).
 *
 * It runs in a process of its own, made by fork(2) from the warden; it loads the signatures,
 * becomes another user, opens its store, and then confines itself before it reads the first
 * line.
 */
#ifndef WAVEBREAK_DAEMON_WORKER_H
#define WAVEBREAK_DAEMON_WORKER_H

#include "daemon/gate_worker.h"
#include "daemon/plan.h"
#include "daemon/worker_wave.h"

#include <sys/types.h>

struct worker_start {
	const struct plan *plan;
	const struct prefix_set *never; /* of this host and of the configuration, as the warden has it now */
	const struct prefix_set *allowed; /* by hand, as a worker before told the warden */
	bool observe;
	pid_t warden;
	int socket;   /* to the warden */
	int listener; /* of the control socket */
	int intake;   /* where a logger sends its lines, or -1 */
	bool follow_stdin;
	bool first;   /* no worker was there before */
	struct wave_kept *wave_kept; /* what the one before knew of waves; NULL: nothing is kept */
	/* Where gate workers say what became of their clients (SOCK_SEQPACKET): those that serve, and those that
	 * a reload lets finish what they have. One of the latter is closed when its gate worker has ended. */
	int gates[GATE_WORKERS_MOST * GATE_GENERATIONS_MOST];
	size_t gate_count, gates_serving; /* the latter of the former, and the first of them */
	gid_t journal_group; /* whose members may read the journal; 0: none, or there is no need */
	uid_t uid;
	gid_t gid;
};

/* Returns the exit status of the process: WORKER_WRONG for what starting again does not mend
 * (a mistake in a signature file). */
#define WORKER_WRONG 2
int worker_run(const struct worker_start *start);

/* Finds out whether worker_run would get past its signatures, says it when not, and changes
 * nothing. Takes only the plan, uid and gid. Returns 0 or an exit status. */
int worker_try(const struct worker_start *start);

#endif
