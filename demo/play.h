/* SPDX-License-Identifier: Apache-2.0 */
/* play - one run of the demo: the wave on a fresh mail server, guarded in one way or not, and what
 * was measured meanwhile.
 *
 * What is drawn is how many processes Courier has for its clients, as they are what it runs out
 * of; a point of the curve is the highest count of its second. Where Courier itself takes the
 * connections, each that it has taken is one: they are counted ten times a second, so that a
 * process that lives for 100 ms is seen. At the gate a connection is none, but there are so few
 * processes that /proc can be read fifty times a second. Elsewhere it is read once a second,
 * and what processes cost every fifth second, as that takes a while (processes.h).
 */
#ifndef WAVEBREAK_DEMO_PLAY_H
#define WAVEBREAK_DEMO_PLAY_H

#include "complaint.h"
#include "crowd.h"
#include "processes.h"
#include "tally.h"
#include "window.h"

#include "observe/curve.h"

#include <signal.h>

#define PLAY_SECONDS_MOST 3600

enum way {
	WAY_UNGUARDED,
	WAY_WATCHED, /* wavebreak reads the log, bans, and ends connections */
	WAY_GATED, /* and all clients come to its gate first */
	WAYS,
};

/* "unguarded" … */
const char *way_name(enum way way);

struct run {
	enum way way;
	bool begun, ended;
	double elapsed; /* seconds since the crowd set out */
	struct curve_point processes[PLAY_SECONDS_MOST + 60]; /* of Courier for clients, by the second */
	size_t points; /* length of `processes` */
	size_t processes_now, processes_most;
	size_t open_now, open_most; /* connections to the SMTP port */
	size_t waiting_now, waiting_most; /* of these, such that nobody has accepted yet */
	struct cost courier, guard; /* CPU since the crowd set out, the most memory seen */
	struct tally tally;
	struct crowd_losses losses;
};

struct play_plan {
	const char *demo_dir, *server_root, *visible_dir;
	const char *state; /* an empty folder for this run */
	const char *wavebreak; /* not needed when unguarded and without a window */
	unsigned int tarpit, maxdaemons;
	bool drop; /* Courier's own DROP=-drop */
	const struct crowd_plan *crowd;
	const struct window *window; /* where there is one, a guard looks on in the unguarded run as well */
};

/* Called after every second of the wave, and often enough in between for a clock. */
typedef void play_progress(void *owner);

/* Returns 0, -EINTR, or -ECANCELED with a complaint. `run` has its way already; all else
 * is filled in as it happens. */
int play(const struct play_plan *plan, struct run *run, play_progress *progress, void *owner,
	 const volatile sig_atomic_t *stop, struct complaint *complaint);

#endif
