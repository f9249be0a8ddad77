/* SPDX-License-Identifier: Apache-2.0 */
/* window - the page of a guard in private namespaces, looked at from this machine.
 *
 * A socket belongs to the network namespace that it was made in, whoever uses it later. So the
 * window listens on this machine's loopback, and for each run there is a process that lives in
 * the guard's network, as nobody, with that one listening socket of ours: it connects each
 * client to the guard's own http.listen, and passes on the bytes of these connections and
 * nothing else. Between two runs clients wait in the kernel's queue, and are served by the next
 * guard. All of it is bounded: WINDOW_CLIENTS_MOST clients, as many as the guard takes, with
 * WINDOW_BUFFER bytes for each direction.
 */
#ifndef WAVEBREAK_DEMO_WINDOW_H
#define WAVEBREAK_DEMO_WINDOW_H

#include "complaint.h"

#include "base/addr.h"

#include <sys/types.h>

#define WINDOW_CLIENTS_MOST 32
#define WINDOW_BUFFER 16384

/* Where the guard serves its page within its own network. */
#define WINDOW_GUARD_PORT 9025

struct window_place {
	struct addr addr;
	uint16_t port; /* 0: WINDOW_GUARD_PORT, or where that is taken, one that is free */
};

/* Reads "PORT" or "ADDR:PORT", as http.listen does, or nothing at all. Returns 0, or a sentence on what is
 * wrong with it: only this machine itself is to look. */
const char *window_place_read(const char *text, struct window_place *ret);

struct window {
	int listener; /* -1: there is no window, and nothing of it does anything */
	char url[80];
};

/* Returns 0, or -ECANCELED with a complaint where it cannot listen there. */
int window_open(const struct window_place *place, struct complaint *complaint, struct window *ret);
void window_close(struct window *window);

/* From now on clients see the guard in the network namespace of process `server`. Returns 0 or -errno;
 * *ret_pid, where it is above 0, is the process that carries their bytes, for spawn_kill, in either case. */
int window_show(const struct window *window, pid_t server, pid_t *ret_pid);

#endif
