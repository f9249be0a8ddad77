/* SPDX-License-Identifier: Apache-2.0 */
/* guard - wavebreak, as an administrator would start it, beside the private mail server, or with its
 * gate in front of it.
 *
 * Written to `state`: wavebreak.conf, the log wavebreak.log, and its folders. It counts as
 * guarding from the moment that it says so the way it tells systemd (READY=1, sd_notify(3)).
 */
#ifndef WAVEBREAK_DEMO_GUARD_H
#define WAVEBREAK_DEMO_GUARD_H

#include "complaint.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct guard_plan {
	const char *demo_dir;
	const char *state;
	const char *program; /* the wavebreak to run */
	bool observe; /* only looks on, and acts on nothing */
	bool page; /* serves its page, at WINDOW_GUARD_PORT of its own loopback */
	bool gate; /* clients come to its gate, on the SMTP port, which Courier leaves to it */
	pid_t server; /* a process of the mail server's namespaces */
};

struct guard {
	pid_t pid; /* of the `mailhost enter` that waits for it and ends as it ends */
};

/* Returns 0 when it guards, -EINTR, or -ECANCELED with a complaint; guard_let_go is due in
 * any case. */
int guard_start(const struct guard_plan *plan, const volatile sig_atomic_t *stop,
		struct complaint *complaint, struct guard *ret);

/* Still there? */
int guard_check(const struct guard *guard, const char *state, struct complaint *complaint);

/* After world_destroy, with which the guard itself ends. The process kept here is its
 * parent, and has to be there to bury it: an orphan from outside would go to the
 * machine's process 1, and until that one has got round to it the kernel does not let the
 * PID namespace go (1.8 s were measured). */
void guard_let_go(struct guard *guard);

#endif
