/* SPDX-License-Identifier: Apache-2.0 */
/* warden - the privileged half of the guard: owns the kernel's table, ends connections,
 * listens for the gate, starts the watch worker and the gate's processes and starts each again when it dies.
 *
 * On SIGUSR2 it has the file that it was started from, by now perhaps a newer version, executed in its place, once
 * a trial of that (warden_try) has gone well. Listening sockets and the gate's processes go on (daemon/upgrade.h).
 *
 * It parses nothing from outside. It reads the configuration (root's own file), what this host
 * must never ban (sense/host.h), and the fixed-size requests of the worker, each of which it
 * checks against its own never-list and rate bounds. After it has set itself up it keeps
 * only the capabilities of confine_warden_mask.
 */
#ifndef WAVEBREAK_DAEMON_WARDEN_H
#define WAVEBREAK_DAEMON_WARDEN_H

#include "daemon/plan.h"

struct warden_options {
	const char *config_file; /* NULL: the default */
	bool observe;            /* change nothing: no table, no connection is ended */
	char *const *words;      /* the command and its options, as they were given; for an upgrade. NULL at the end */
};

/* Runs until it is told to end. `plan` is from plan_make and is the warden's from now on.
 * Returns the exit status of the program: 0, 2 (a user that does not exist, …), 3 (not permitted,
 * or the kernel lacks it). */
int warden_run(const struct warden_options *options, struct plan *plan);

/* Whether warden_run could begin so, and go on with what is handed over to this process, if anything is: says what
 * could not be, and returns the exit status. Guards nothing. `plan` stays the caller's. */
int warden_try(const struct warden_options *options, struct plan *plan);

#endif
