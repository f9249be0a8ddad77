/* SPDX-License-Identifier: Apache-2.0 */
/* play - one half of the demo: the wave on a fresh mail server, guarded or not, and what was
 * measured meanwhile.
 *
 * Connections are counted ten times a second, so that a handler that lives for 100 ms is
 * seen; a point of the curve is the highest count of its second. Processes are looked at
 * once a second; what they cost every fifth time, as that takes a while (processes.h).
 */
#ifndef WAVEBREAK_DEMO_PLAY_H
#define WAVEBREAK_DEMO_PLAY_H

#include "complaint.h"
#include "crowd.h"
#include "processes.h"
#include "tally.h"

#include "observe/curve.h"

#include <signal.h>

#define PLAY_SECONDS_MOST 3600

struct half {
	const char *name; /* "unguarded" or "guarded" */
	bool begun, ended;
	double elapsed; /* seconds since the crowd set out */
	struct curve_point served[PLAY_SECONDS_MOST + 60]; /* slots in use, by the second */
	size_t points; /* length of `served` */
	size_t served_now, served_most;
	size_t waiting_now, waiting_most; /* connections that nobody has accepted yet */
	struct cost courier, guard; /* CPU since the crowd set out, the most memory seen */
	struct tally tally;
	struct crowd_losses losses;
};

struct play_plan {
	const char *demo_dir, *server_root, *visible_dir;
	const char *state; /* an empty folder for this half */
	const char *wavebreak; /* NULL: unguarded */
	unsigned int tarpit, maxdaemons;
	const struct crowd_plan *crowd;
};

/* Called after every second of the wave, and often enough in between for a clock. */
typedef void play_progress(void *owner);

/* Returns 0, -EINTR, or -ECANCELED with a complaint. `half` has its name already; all else
 * is filled in as it happens. */
int play(const struct play_plan *plan, struct half *half, play_progress *progress, void *owner,
	 const volatile sig_atomic_t *stop, struct complaint *complaint);

#endif
