/* SPDX-License-Identifier: Apache-2.0 */
/* broom - a temporary folder that is gone when the demo is, however it ends.
 *
 * A process of its own waits for the demo's end (of a pipe that only the demo holds
 * open) and then removes the folder; so it is removed after kill -9 as well.
 */
#ifndef WAVEBREAK_DEMO_BROOM_H
#define WAVEBREAK_DEMO_BROOM_H

#include <limits.h>
#include <sys/types.h>

struct broom {
	char folder[PATH_MAX]; /* readable by everybody: the guard's worker is nobody */
	pid_t pid;
	int hold_fd;
};

/* Returns 0 or -errno. */
int broom_create(struct broom *ret);

/* Returns when the folder has been removed. Everything that writes to it has to be dead. */
void broom_sweep(struct broom *broom);

#endif
