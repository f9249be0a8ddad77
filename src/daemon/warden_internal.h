/* SPDX-License-Identifier: Apache-2.0 */
/* warden_internal - what the files warden*.c share. */
#ifndef WAVEBREAK_DAEMON_WARDEN_INTERNAL_H
#define WAVEBREAK_DAEMON_WARDEN_INTERNAL_H

#include "act/backend.h"
#include "act/ban.h"
#include "act/blocked.h"
#include "act/evict.h"
#include "act/route.h"
#include "daemon/child.h"
#include "daemon/request.h"
#include "daemon/warden.h"
#include "daemon/upgrade.h"
#include "daemon/warden_gate.h"
#include "event/loop.h"

#include <sys/types.h>

/* Requests a second of one kind that a worker may make; more are refused, so that a worker
 * that was taken over cannot do more than a wave would. */
struct rate_bound {
	uint64_t per_second, burst;
	uint64_t tokens, filled_ms;
};

struct wanted_eviction {
	struct addr unit;
	uint16_t client_port;
};

enum warden_state {
	WARDEN_GUARDING,  /* a worker runs */
	WARDEN_WAITING,   /* it died, and the next one has to wait */
	WARDEN_RELOADING, /* it is ending; then `next` is taken, and a new one follows */
	WARDEN_UPGRADING, /* it is ending; then another program is executed in our place */
	WARDEN_ENDING,    /* it is ending, and we follow */
};

enum warden_steers {
	STEERS_UNSAID, /* not yet, or nobody is to be */
	STEERS_ON,
	STEERS_STOPPED, /* the gate does not work */
	STEERS_UNABLE,  /* the kernel cannot */
};

struct warden {
	const struct warden_options *options;
	struct plan *plan;
	struct plan *next; /* read by a reload, and not in force as long as a worker has the one before */
	struct loop *loop;
	struct loop_signals *signals;
	enum warden_state state;
	int status;

	struct ban_table *ban;     /* NULL when only observing, or while the kernel refuses a table */
	struct ban_backend *backend; /* who keeps the banned away; NULL when only observing */
	struct evict *evict;       /* NULL when neither evict.enabled nor relief.enabled wants it, or the kernel cannot */
	struct blocked *blocked;   /* who looks for BLOCK; NULL until the worker asks */
	uint64_t handlers_looked_ms;
	struct packet blocked_answers; /* on their way together */
	struct warden_suspects *suspects; /* who reads the kernel's suspects; NULL until the worker asks */
	struct warden_use *use;    /* who looks what processes take; NULL where nobody asks */
	struct route *route;       /* NULL unless clean clients come to the server by their own address */
	int route_error;           /* why it is not there, as was said */
	struct prefix_set never;   /* of this host and of the configuration */
	struct prefix_set allowed; /* by `wavebreak allow` */
	struct rate_bound ban_bound, suspect_bound, evict_bound, relief_bound;
	/* Gathered from the packets of one round: all bans in one transaction, and then the evictions. */
	struct ban_change *changes;
	struct wanted_eviction *evictions;
	size_t change_count, eviction_count;
	uint32_t table_limit, suspect_limit; /* what it was made for */
	struct ban_lacks said_lacks;         /* of the table, as the log was told */
	struct ban_counts counts;            /* of the table, as far as the counters have them */
	int table_error;          /* why the kernel's table is not to be had, as was said; else 0 */
	uint64_t refused_said_ms; /* when the log was last told that the kernel refused a change */
	struct loop_timer *every_second, *host_timer;
	struct loop_timer *state_timer; /* waiting: start a worker; reloading, ending: it takes too long */

	bool bounded; /* nothing that we execute gains more than we have */
	uid_t uid;
	gid_t gid;
	gid_t journal_group;
	int listener; /* of the control socket */
	int intake;   /* of watch.socket, or -1 */
	struct warden_gate *gate;
	enum warden_steers steering; /* as was said */
	int steering_error;
	bool steering_untold; /* the worker's socket was full: say it again */
	struct upgrade handed; /* over to us at the start, and not yet in its place */
	bool upgraded;         /* something was */
	char *executable;      /* by which we were started; NULL: not known */
	struct child trial;    /* of the program that is to be executed in our place */
	struct loop_timer *trial_timer;
	struct child worker;
	bool wave; /* one lasts, as the worker says */
	bool wave_in_force;
	struct wave_kept *wave_kept; /* for the worker alone (daemon/worker_wave.h) */
	bool worker_ready;
	bool worker_before; /* one was started already */
	bool ready_said;
	bool never_untold, table_loss_untold; /* the worker's socket was full: say it again */
	bool never_changed;        /* by `wavebreak allow`: the kernel is to know */
	int never_error, networks_error; /* why the kernel could not be told; it is tried again */
	bool bans_changed;         /* some of `changes` are about bans */
	bool bans_stale;           /* the kernel's bans are those of a worker that has ended */
	uint64_t answer_patience_ms; /* how long answers may yet be waited for in this second */
	uint64_t worker_worked_ms; /* when one last said that it is still here */
};

#define WARDEN_CHANGES_MOST 16384
#define WARDEN_EVICTIONS_MOST 4096

/* Exit statuses of the program. */
#define WARDEN_WRONG 2
#define WARDEN_UNABLE 3

/* warden_setup.c: before capabilities are given up. Each says its own error and returns 0 or
 * an exit status. */
int warden_find_user(struct warden *w);
int warden_check_permission(struct warden *w);
int warden_make_folders(struct warden *w);
int warden_open_control(struct warden *w);
/* The socket of watch.socket, if there is to be one. */
int warden_open_intake(struct warden *w);
int warden_open_kernel(struct warden *w);
/* Prepares the gate of the present plan. */
int warden_open_gate(struct warden *w);
/* The same for another plan; 0 or -errno. Who only observes lets nobody in and keeps nobody out. */
int warden_prepare_gate(struct warden *w, const struct plan *plan);
/* What was prepared last comes into force. */
void warden_start_gate(struct warden *w);
/* Once a second: the way back of connections from a client's own address. Once there, it stays to the end: those that a
 * reload lets finish need it, too. */
void warden_keep_route(struct warden *w);
/* At the end: what a run that crashed has left of it, so that it goes, too. */
void warden_take_over_route(struct warden *w);
void warden_close_control(struct warden *w);
void warden_close_intake(struct warden *w);
/* (Again) for the present plan. */
void warden_open_evict(struct warden *w);
struct ban_table_limits warden_ban_limits(const struct plan *plan);
/* For the present plan, which is not the one that it was opened for. */
void warden_change_backend(struct warden *w);

/* warden_table.c: what the kernel's table has to know. None of them minds that there is none. */
/* warden_ban_limits of the plan, or what a wave leaves of them. */
struct ban_table_limits warden_table_limits(const struct warden *w);
void warden_reconfigure_table(struct warden *w);
/* The never-list and the suspect networks, into a new table or for a new plan. */
void warden_fill_table(struct warden *w);
void warden_push_never(struct warden *w);
/* Once a second: what a wave leaves of the limits, and lists that the kernel did not take before. A worker that was
 * taken over can have the rules exchanged no oftener. */
void warden_keep_table(struct warden *w);
/* Once a second: what has come since, into the counters. */
void warden_count_arrivals(struct warden *w);
/* The table is another one, and its counts begin at 0. */
void warden_forget_counts(struct warden *w);

/* warden_request.c */
void warden_on_worker(void *data, int socket, uint32_t events);
void warden_send_never(struct warden *w);
void warden_answer(struct warden *w, const struct answer *answer);
void warden_send(struct warden *w, const struct packet *packet);
/* Once a second. */
void warden_renew_patience(struct warden *w);
/* Ends the bans of a worker that has ended, if there are any. */
void warden_clear_stale_bans(struct warden *w);
void warden_tell_table_loss(struct warden *w);
/* Once a second: what the worker did not take. */
void warden_tell_again(struct warden *w);
/* What a worker that has ended had still asked for. */
void warden_hear_last_words(struct warden *w);
void warden_set_bounds(struct warden *w);

/* warden_relief.c: 0, or why the connection is not ended. Whether its client is protected has been
 * looked at. */
int warden_relieve(struct warden *w, const struct request *q);
void warden_on_relieved(void *warden, const struct addr *client, uint16_t port, int error);
/* Answers REQUEST_HANDLERS, once a second at most. */
void warden_tell_handlers(struct warden *w);
/* What looks for BLOCK is made anew for the present plan when it is needed. */
void warden_close_relief(struct warden *w);

/* warden_suspects.c: answers REQUEST_SUSPECTS part by part, and REQUEST_IS_SUSPECT at once. */
void warden_tell_suspects(struct warden *w, const struct request *q);
void warden_tell_suspect(struct warden *w, const struct request *q);
void warden_close_suspects(struct warden *w);

/* warden_use.c: what the processes of the mail server and of the gate take, for the worker. Once a second, and before
 * the loop's timers go. */
void warden_look_at_use(struct warden *w);
/* Begins anew for the present plan, when it is asked for. */
void warden_close_use(struct warden *w);

/* warden_steer.c. Once a second: clients are led to the gate as long as it works. */
void warden_steer(struct warden *w);
/* At once, before the gate takes nobody any more. */
void warden_end_steering(struct warden *w);
/* A worker that has just begun, or could not be told before, is told. */
void warden_tell_steering(struct warden *w);

/* warden_log.c: a descriptor of a log of the plan, or of its sibling; else -errno. */
int warden_open_log(const struct plan *plan, const struct log_request *log);

/* warden_worker.c: the worker's life; warden_worker_ended follows from the loop. */
void warden_init_worker(struct warden *w);
int warden_start_worker(struct warden *w);
/* Whether a worker could begin with that plan, found out in a process of its own. Waits for it, for
 * some milliseconds as a rule. Returns 0, or -errno when it could not, which has been said. */
int warden_try_plan(const struct warden *w, const struct plan *plan);

/* warden_reload.c */
void warden_reload(struct warden *w);
void warden_take_next_plan(struct warden *w);
void warden_drop_plan(struct plan *plan);

/* warden_upgrade.c: makes ready for SIGUSR2, and takes what was handed over. Called before anything is opened. */
void warden_begin_upgraded(struct warden *w);
/* 0 or -errno; needs the loop. */
int warden_init_upgrade(struct warden *w);
/* SIGUSR2. */
void warden_upgrade(struct warden *w);
/* Executes the program; comes back only when that cannot be, which has been said. */
void warden_execute(struct warden *w);
void warden_end_upgrade(struct warden *w);

/* warden.c */
void warden_start(struct warden *w);
void warden_stop(struct warden *w, enum warden_state state);
void warden_look_at_host(void *warden);
void warden_worker_ended(struct warden *w, int wait_status);
/* The kernel lost our table, or it could not be made before: makes it (again). */
void warden_mend_table(struct warden *w);

#endif
