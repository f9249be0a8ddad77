/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/warden_internal.h"

#include "base/counter.h"
#include "base/log.h"
#include "daemon/confine.h"
#include "daemon/notify.h"
#include "daemon/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define RESTART_FIRST_MS 100
#define RESTART_MOST_MS 10000
/* A worker that ran so long begins anew with the shortest delay. */
#define RESTART_FORGIVEN_MS 60000
/* It says something each second; silent for longer, it is hung, and a hung worker lifts no
 * bans and lets nobody back in. */
#define WORKER_SILENCE_MS 8000
#define WORKER_STOP_MS 3000
#define HOST_LOOK_MS 30000

static bool same_sets(const struct prefix_set *a, const struct prefix_set *b)
{
	return a->count == b->count && memcmp(a->entries, b->entries, a->count * sizeof(*a->entries)) == 0;
}

/* Addresses come and go; a ban of an address that has become our own must not be possible for
 * long. */
static void look_at_host(void *data)
{
	struct warden *w = data;
	struct prefix_set fresh = { 0 };

	loop_timer_arm(w->host_timer, loop_now_ms(w->loop) + HOST_LOOK_MS);
	if (plan_never(w->plan, &fresh) < 0) {
		log_warning("the never-list could not be read anew; the old one stays");
		prefix_set_clear(&fresh);
		return;
	}
	if (same_sets(&fresh, &w->never)) {
		prefix_set_clear(&fresh);
		return;
	}
	prefix_set_clear(&w->never);
	w->never = fresh;
	warden_send_never(w);
}

void warden_mend_table(struct warden *w)
{
	struct ban_table_limits limits = warden_ban_limits(w->plan);
	struct answer answer = { .kind = ANSWER_TABLE_LOST };

	if (w->ban)
		log_warning("the table inet wavebreak was removed by somebody else; making it anew");
	ban_destroy(w->ban);
	w->ban = NULL;
	if (ban_create(&limits, &w->ban) < 0) {
		counter_add(COUNTER_kernel_errors, 1);
		return;
	}
	warden_set_bounds(w);
	warden_answer(w, &answer);
}

static void each_second(void *data)
{
	struct warden *w = data;
	uint64_t now = loop_now_ms(w->loop);

	loop_timer_arm(w->every_second, now + 1000);
	if (!w->options->observe && (!w->ban || ban_alive(w->ban) < 0))
		warden_mend_table(w);
	if (w->worker && w->state == WARDEN_GUARDING && now - w->worker_heard_ms > WORKER_SILENCE_MS) {
		log_error("the worker has been silent for %d s; it is ended and started again", WORKER_SILENCE_MS / 1000);
		w->worker_heard_ms = now;
		warden_kill_worker(w);
	}
}

static void start_worker(struct warden *w)
{
	int r = warden_start_worker(w);

	if (r == 0)
		return;
	log_error("cannot start the worker: %s", strerror(-r));
	loop_timer_arm(w->restart_timer, loop_now_ms(w->loop) + RESTART_MOST_MS);
}

static void restart_later(struct warden *w)
{
	uint64_t now = loop_now_ms(w->loop);

	if (now - w->worker_started_ms > RESTART_FORGIVEN_MS || w->restart_delay_ms == 0)
		w->restart_delay_ms = RESTART_FIRST_MS;
	counter_add(COUNTER_worker_restarts, 1);
	loop_timer_arm(w->restart_timer, now + w->restart_delay_ms);
	w->restart_delay_ms = w->restart_delay_ms * 2 > RESTART_MOST_MS ? RESTART_MOST_MS : w->restart_delay_ms * 2;
}

static void end_with(struct warden *w, int status)
{
	w->status = status;
	loop_stop(w->loop);
}

static void worker_failed(struct warden *w, int wait_status)
{
	/* At a first start a wrong signature file is for the administrator to see; later we go on. */
	if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == WORKER_WRONG && !w->ready_said) {
		end_with(w, WORKER_WRONG);
		return;
	}
	if (WIFSIGNALED(wait_status))
		log_error("the worker was ended by signal %d (%s); it is started again", WTERMSIG(wait_status),
			  strsignal(WTERMSIG(wait_status)));
	else
		log_error("the worker ended with status %d; it is started again", WEXITSTATUS(wait_status));
	restart_later(w);
}

void warden_worker_ended(struct warden *w, int wait_status)
{
	switch (w->state) {
	case WARDEN_ENDING:
		end_with(w, 0);
		break;
	case WARDEN_RELOADING:
		loop_timer_disarm(w->restart_timer);
		w->state = WARDEN_GUARDING;
		w->restart_delay_ms = 0;
		start_worker(w);
		notify_supervisor("READY=1");
		break;
	case WARDEN_GUARDING:
		worker_failed(w, wait_status);
		break;
	}
}

/* While guarding: the back-off is over. Else: the worker took too long to end. */
static void on_restart_timer(void *data)
{
	struct warden *w = data;

	if (w->state == WARDEN_GUARDING)
		start_worker(w);
	else
		warden_kill_worker(w);
}

static void stop_worker(struct warden *w, enum warden_state state)
{
	w->state = state;
	warden_stop_worker(w);
	loop_timer_arm(w->restart_timer, loop_now_ms(w->loop) + WORKER_STOP_MS);
}

static void take_plan(struct warden *w, struct plan *fresh)
{
	struct ban_table_limits limits = warden_ban_limits(fresh);

	if (strcmp(fresh->settings.daemon_runtime, w->plan->settings.daemon_runtime) != 0 ||
	    strcmp(fresh->settings.daemon_state, w->plan->settings.daemon_state) != 0 ||
	    strcmp(fresh->settings.daemon_user, w->plan->settings.daemon_user) != 0)
		log_warning("a change of daemon.runtime, daemon.state or daemon.user takes a restart");
	plan_free(w->plan);
	free(w->plan);
	w->plan = fresh;
	if (w->ban && ban_reconfigure(w->ban, &limits) < 0)
		warden_mend_table(w);
	warden_open_evict(w);
	warden_set_bounds(w);
	look_at_host(w);
}

static void reload(struct warden *w)
{
	struct plan *fresh = malloc(sizeof(*fresh));
	struct mistakes mistakes = { 0 };
	int r = fresh ? plan_make(w->options->config_file, fresh, &mistakes) : -ENOMEM;
	char line[MISTAKE_LINE_SIZE];

	if (r < 0) {
		for (size_t i = 0; i < mistakes.count; i++)
			log_error("%s", mistakes_format(&mistakes, i, line));
		log_error("the configuration was not taken; the old one stays in force");
		free(fresh);
		return;
	}
	notify_supervisor("RELOADING=1");
	take_plan(w, fresh);
	log_info("the configuration was read again");
	stop_worker(w, WARDEN_RELOADING);
}

static void on_signal(void *data, int signal_number)
{
	struct warden *w = data;

	if (signal_number == SIGHUP) {
		if (w->state == WARDEN_GUARDING && w->worker)
			reload(w);
		return;
	}
	notify_supervisor("STOPPING=1");
	if (w->worker)
		stop_worker(w, WARDEN_ENDING);
	else
		end_with(w, 0);
}

static int open_loop(struct warden *w)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, 0 };
	int r = loop_create(&w->loop);

	if (r == 0)
		r = loop_signals_create(w->loop, signals, on_signal, w, &w->signals);
	if (r == 0)
		r = loop_timer_create(w->loop, each_second, w, &w->every_second);
	if (r == 0)
		r = loop_timer_create(w->loop, look_at_host, w, &w->host_timer);
	if (r == 0)
		r = loop_timer_create(w->loop, on_restart_timer, w, &w->restart_timer);
	if (r == 0 && !(w->changes = calloc(WARDEN_CHANGES_MOST, sizeof(*w->changes))))
		r = -ENOMEM;
	if (r == 0)
		r = counter_share();
	if (r == 0)
		r = plan_never(w->plan, &w->never);
	if (r < 0)
		log_error("cannot set up: %s", strerror(-r));
	return r < 0 ? WARDEN_UNABLE : 0;
}

static int set_up(struct warden *w)
{
	static int (*const steps[])(struct warden *) = { warden_check_permission, warden_find_user, open_loop,
							 warden_make_folders, warden_open_control, warden_open_kernel };
	int status = 0, r;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && status == 0; i++)
		status = steps[i](w);
	if (status)
		return status;
	warden_set_bounds(w);
	r = geteuid() == 0 ? confine_capabilities(confine_warden_mask()) : 0;
	if (r < 0)
		log_warning("cannot give up the privileges that are not needed: %s", strerror(-r));
	return 0;
}

static void tear_down(struct warden *w)
{
	evict_destroy(w->evict);
	ban_destroy(w->ban);
	warden_close_control(w);
	if (w->loop) {
		loop_timer_destroy(w->every_second);
		loop_timer_destroy(w->host_timer);
		loop_timer_destroy(w->restart_timer);
		loop_signals_destroy(w->signals);
	}
	loop_destroy(w->loop);
	prefix_set_clear(&w->never);
	prefix_set_clear(&w->allowed);
	free(w->changes);
	plan_free(w->plan);
	free(w->plan);
}

int warden_run(const struct warden_options *options, struct plan *plan)
{
	struct warden w = { .options = options, .plan = plan, .listener = -1, .worker_pidfd = -1,
			    .worker_socket = -1 };
	int status = set_up(&w);

	if (status == 0) {
		loop_timer_arm(w.every_second, loop_now_ms(w.loop) + 1000);
		loop_timer_arm(w.host_timer, loop_now_ms(w.loop) + HOST_LOOK_MS);
		start_worker(&w);
		status = loop_run(w.loop) < 0 ? WARDEN_UNABLE : w.status;
	}
	tear_down(&w);
	return status;
}
