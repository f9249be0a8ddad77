/* SPDX-License-Identifier: Apache-2.0 */
/* world - a mail server and its outside, in namespaces that nobody else can see.
 *
 *	outside (network namespace)          server (network, mount, PID, UTS, IPC)
 *	the crowd, see crowd.h      ==veth== demo/mailhost: Courier, rsyslogd, DNS, and
 *	                                     wavebreak, if it guards this one
 *
 * Nothing of it has a name on the machine. The first process of each side dies with the
 * demo, and with it the kernel takes down all processes, mounts and interfaces. What is
 * in `state`, a folder of the caller's, is the caller's to remove.
 */
#ifndef WAVEBREAK_DEMO_WORLD_H
#define WAVEBREAK_DEMO_WORLD_H

#include "complaint.h"
#include "crowd.h"

#include <sys/types.h>

struct world_plan {
	const char *demo_dir; /* where mailhost and network are */
	const char *server_root; /* what tools/fetch-mail-server has unpacked */
	const char *state;
	const char *visible_dir; /* seen inside besides the repository: where wavebreak is */
	unsigned int tarpit, maxdaemons;
	unsigned int port; /* where Courier waits; the crowd comes to 25 */
	bool drop; /* Courier's own DROP=-drop */
	const struct crowd_plan *crowd; /* its server addresses are filled in here */
};

struct world {
	pid_t server; /* as numbered on the machine */
	pid_t outside;
	int visits_fd; /* struct visit by struct visit, from world_begin on; then end of file */
	int proc_fd; /* the server side's /proc */
	int begin_fd;
	struct crowd_end *crowd_end; /* shared with the crowd's process */
};

/* What the crowd's process leaves behind; valid when visits_fd has reached its end. */
struct crowd_end {
	int result;
	struct crowd_losses losses;
};

/* Builds both sides and waits until Courier greets. Returns 0, -EINTR, or -ECANCELED with
 * a complaint; nothing is left then. */
int world_create(const struct world_plan *plan, const volatile sig_atomic_t *stop,
		 struct complaint *complaint, struct world *ret);

/* The crowd sets out. */
void world_begin(struct world *world);

/* Still there? Otherwise complains of mailhost. */
int world_check(const struct world *world, const char *state, struct complaint *complaint);

/* Ends everything within, at once. */
void world_destroy(struct world *world);

#endif
