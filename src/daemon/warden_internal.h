/* SPDX-License-Identifier: Apache-2.0 */
/* warden_internal - what the files warden*.c share. */
#ifndef WAVEBREAK_DAEMON_WARDEN_INTERNAL_H
#define WAVEBREAK_DAEMON_WARDEN_INTERNAL_H

#include "act/ban.h"
#include "act/evict.h"
#include "daemon/request.h"
#include "daemon/warden.h"
#include "event/loop.h"

#include <sys/types.h>

/* Requests a second of one kind that a worker may make; more are refused, so that a worker
 * that was taken over cannot do more than a wave would. */
struct rate_bound {
	uint64_t per_second, burst;
	uint64_t tokens, filled_ms;
};

enum warden_state {
	WARDEN_GUARDING,
	WARDEN_RELOADING, /* the old worker is ending, a new one follows */
	WARDEN_ENDING,
};

struct warden {
	const struct warden_options *options;
	struct plan *plan;
	struct loop *loop;
	struct loop_signals *signals;
	enum warden_state state;
	int status;

	struct ban_table *ban;     /* NULL when only observing, or while the kernel refuses a table */
	struct evict *evict; /* NULL likewise */
	struct prefix_set never;   /* of this host and of the configuration */
	struct prefix_set allowed; /* by `wavebreak allow` */
	struct rate_bound ban_bound, evict_bound;
	struct ban_change *changes; /* gathered from the packets of one round */
	size_t change_count;
	struct loop_timer *every_second, *host_timer, *restart_timer;

	uid_t uid;
	gid_t gid;
	int listener; /* of the control socket */
	pid_t worker;
	int worker_pidfd, worker_socket;
	struct loop_fd *worker_exit_watch, *worker_watch;
	bool worker_ready;
	bool ready_said;
	uint64_t worker_started_ms, worker_heard_ms, restart_delay_ms;
};

#define WARDEN_CHANGES_MOST 16384

/* Exit statuses of the program. */
#define WARDEN_WRONG 2
#define WARDEN_UNABLE 3

/* warden_setup.c: before capabilities are given up. Each says its own error and returns 0 or
 * an exit status. */
int warden_find_user(struct warden *w);
int warden_check_permission(struct warden *w);
int warden_make_folders(struct warden *w);
int warden_open_control(struct warden *w);
int warden_open_kernel(struct warden *w);
void warden_close_control(struct warden *w);
/* (Again) for the present plan. */
void warden_open_evict(struct warden *w);
struct ban_table_limits warden_ban_limits(const struct plan *plan);

/* warden_request.c */
void warden_on_worker(void *data, int socket, uint32_t events);
void warden_send_never(const struct warden *w);
void warden_answer(const struct warden *w, const struct answer *answer);
void warden_set_bounds(struct warden *w);

/* warden_worker.c: the worker's life. */
int warden_start_worker(struct warden *w);
/* Asks it to end, or ends it; warden_worker_ended follows from the loop. */
void warden_stop_worker(const struct warden *w);
void warden_kill_worker(const struct warden *w);

/* warden.c */
void warden_worker_ended(struct warden *w, int wait_status);
/* The kernel lost our table, or it could not be made before: makes it (again). */
void warden_mend_table(struct warden *w);

#endif
