/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/warden_internal.h"

#include "base/counter.h"
#include "base/log.h"
#include "base/text.h"
#include "build_config.h"
#include "daemon/confine.h"
#include "daemon/notify.h"
#include "daemon/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* It says something each second; silent for longer, it is hung, and a hung worker lifts no
 * bans and lets nobody back in. */
#define WORKER_SILENCE_MS 8000
/* Before it is ready it has all bans to read: millions, from a disk that is busy with mail. */
#define WORKER_START_MS 60000
#define WORKER_STOP_MS 3000
/* So long without any worker that works, bans outlive their worker: a moment's crash lets nobody
 * back in, and a worker that never comes up keeps nobody out past all caps. */
#define UNATTENDED_MS 60000
#define HOST_LOOK_MS 30000

static bool same_sets(const struct prefix_set *a, const struct prefix_set *b)
{
	return a->count == b->count && memcmp(a->entries, b->entries, a->count * sizeof(*a->entries)) == 0;
}

/* Addresses come and go; a ban of an address that has become our own must not be possible for
 * long. */
void warden_look_at_host(void *data)
{
	struct warden *w = data;
	struct prefix_set fresh = { 0 };

	loop_timer_arm(w->host_timer, loop_now_ms(w->loop) + HOST_LOOK_MS);
	/* What is missing because it could not be read now must not lose its protection. */
	if (plan_never(w->plan, &fresh) != 0) {
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
	warden_push_never(w);
}

/* Once for each trouble: it is tried again each second. */
static void say_table_error(struct warden *w, int error)
{
	if (error == w->table_error)
		return;
	w->table_error = error;
	if (error)
		log_error("no table inet wavebreak (%s); nobody is %s until there is one", strerror(-error),
			  w->plan->settings.ban_backend == BACKEND_NFT ? "kept out" : "limited or steered");
	else
		log_info("the table inet wavebreak is in force");
}

void warden_mend_table(struct warden *w)
{
	struct ban_table_limits limits = warden_table_limits(w);
	int r;

	if (w->ban)
		log_warning("the table inet wavebreak was removed by somebody else; making it anew");
	ban_destroy(w->ban);
	w->ban = NULL;
	r = ban_create(&limits, &w->ban);
	say_table_error(w, r);
	if (r < 0) {
		counter_add(COUNTER_kernel_errors, 1);
		return;
	}
	w->table_limit = limits.most;
	w->suspect_limit = limits.most_suspects;
	warden_forget_counts(w);
	warden_fill_table(w);
	warden_set_bounds(w);
	warden_tell_table_loss(w);
}

static void keep_table_alive(struct warden *w)
{
	int r = w->ban ? ban_alive(w->ban) : -ENOENT;

	/* That a kernel has no nf_tables has been said, and is nothing to be tried each second. */
	if (!w->ban && (w->table_error == -EOPNOTSUPP || w->table_error == -EPROTONOSUPPORT))
		return;
	if (r == -ENOENT)
		warden_mend_table(w);
	else
		say_table_error(w, r);
}

static void keep_backend_alive(struct warden *w)
{
	if (w->backend && backend_alive(w->backend) == -ENOENT)
		warden_tell_table_loss(w);
}

static void each_second(void *data)
{
	struct warden *w = data;
	uint64_t now = loop_now_ms(w->loop);
	uint64_t patience_ms = w->worker_ready ? WORKER_SILENCE_MS : WORKER_START_MS;
	char text[DURATION_TEXT_SIZE];

	loop_timer_arm(w->every_second, now + 1000);
	notify_alive();
	warden_renew_patience(w);
	if (!w->options->observe)
		keep_table_alive(w);
	keep_backend_alive(w);
	warden_count_arrivals(w);
	warden_tell_again(w);
	warden_gate_look(w->gate);
	warden_look_at_use(w);
	if (!w->options->observe) {
		warden_keep_route(w);
		warden_steer(w);
	}
	if (now - w->worker_worked_ms > UNATTENDED_MS) {
		warden_clear_stale_bans(w);
		w->wave = false;
	}
	warden_keep_table(w);
	if (w->state == WARDEN_GUARDING && child_silence_ms(&w->worker) > patience_ms) {
		log_event(LOG_PROCESS_HUNG, LOG_TEXT(PROCESS, "watch worker"), LOG_TEXT(FOR, duration_format(patience_ms, text)));
		child_note_word(&w->worker);
		child_signal(&w->worker, SIGKILL);
	}
}

static void wait_to_start(struct warden *w, uint64_t delay_ms)
{
	w->state = WARDEN_WAITING;
	loop_timer_arm(w->state_timer, loop_now_ms(w->loop) + delay_ms);
}

void warden_start(struct warden *w)
{
	int r = warden_start_worker(w);

	loop_timer_disarm(w->state_timer);
	w->state = WARDEN_GUARDING;
	if (r == 0)
		return;
	log_error("cannot start the watch worker: %s", strerror(-r));
	wait_to_start(w, CHILD_DELAY_MOST_MS);
}

/* Into RELOADING or ENDING. */
void warden_stop(struct warden *w, enum warden_state state)
{
	w->state = state;
	child_signal(&w->worker, SIGTERM);
	loop_timer_arm(w->state_timer, loop_now_ms(w->loop) + WORKER_STOP_MS);
}

static void end_if_alone(void *data)
{
	struct warden *w = data;

	if (w->state == WARDEN_ENDING && !w->worker.pid && !warden_gate_runs(w->gate))
		loop_stop(w->loop);
}

static void begin_to_end(struct warden *w, int status)
{
	w->status = status;
	warden_stop(w, WARDEN_ENDING);
	/* Whom it would bring from now on nobody takes in. */
	warden_end_steering(w);
	warden_gate_stop(w->gate);
	end_if_alone(w);
}

static void worker_failed(struct warden *w, int wait_status)
{
	char text[CHILD_END_SIZE];

	/* At a first start a wrong signature file is for the administrator to see; later we go on. */
	if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == WORKER_WRONG && !w->ready_said) {
		begin_to_end(w, WORKER_WRONG);
		return;
	}
	log_event(LOG_PROCESS_DIED, LOG_TEXT(PROCESS, "watch worker"), LOG_TEXT(WHY, child_end_text(wait_status, text)));
	counter_add(COUNTER_worker_restarts, 1);
	wait_to_start(w, child_start_delay(&w->worker));
}

/* Where that cannot be, with what there is; what a reload has read is taken. */
static void execute_or_go_on(struct warden *w)
{
	warden_execute(w);
	if (w->next)
		warden_take_next_plan(w);
	child_forgive(&w->worker);
	warden_start(w);
}

void warden_worker_ended(struct warden *w, int wait_status)
{
	switch (w->state) {
	case WARDEN_ENDING:
		end_if_alone(w);
		break;
	case WARDEN_RELOADING:
		warden_take_next_plan(w);
		child_forgive(&w->worker);
		warden_start(w);
		break;
	case WARDEN_UPGRADING:
		execute_or_go_on(w);
		break;
	case WARDEN_GUARDING:
		worker_failed(w, wait_status);
		break;
	case WARDEN_WAITING: /* there is none */
		break;
	}
}

static void on_state_timer(void *data)
{
	struct warden *w = data;

	if (w->state == WARDEN_WAITING)
		warden_start(w);
	else if (w->state == WARDEN_UPGRADING && !w->worker.pid)
		execute_or_go_on(w);
	else
		child_signal(&w->worker, SIGKILL);
}

static void on_signal(void *data, int signal_number)
{
	struct warden *w = data;

	if (signal_number == SIGHUP || signal_number == SIGUSR2) {
		(signal_number == SIGHUP ? warden_reload : warden_upgrade)(w);
		return;
	}
	notify_supervisor("STOPPING=1");
	if (w->state != WARDEN_ENDING)
		begin_to_end(w, 0);
}

/* What whoever started us may have left otherwise. A worker's exit has to be seen, and who reads
 * our log may go away. And none of our sockets may come to stand where standard error belongs. */
static void set_right_what_is_inherited(void)
{
	int fd;

	signal(SIGCHLD, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static int open_loop(struct warden *w)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR2, 0 };
	int r = loop_create(&w->loop);

	if (r == 0)
		r = loop_signals_create(w->loop, signals, on_signal, w, &w->signals);
	if (r == 0)
		r = loop_timer_create(w->loop, each_second, w, &w->every_second);
	if (r == 0)
		r = loop_timer_create(w->loop, warden_look_at_host, w, &w->host_timer);
	if (r == 0)
		r = loop_timer_create(w->loop, on_state_timer, w, &w->state_timer);
	if (r == 0)
		r = warden_gate_create(w->loop, end_if_alone, w, &w->gate);
	if (r == 0)
		r = warden_init_upgrade(w);
	if (r == 0)
		warden_init_worker(w);
	if (r == 0 && (!(w->changes = calloc(WARDEN_CHANGES_MOST, sizeof(*w->changes))) ||
		       !(w->evictions = calloc(WARDEN_EVICTIONS_MOST, sizeof(*w->evictions)))))
		r = -ENOMEM;
	if (r == 0)
		r = counter_share();
	w->wave_kept = worker_wave_share();
	/* More than 0: without a part that cannot be read, which has been said. */
	if (r == 0)
		r = plan_never(w->plan, &w->never);
	if (r < 0)
		log_error("cannot set up: %s", strerror(-r));
	return r < 0 ? WARDEN_UNABLE : 0;
}

static int set_up(struct warden *w)
{
	static int (*const steps[])(struct warden *) = { warden_check_permission, warden_find_user, open_loop,
							 warden_make_folders, warden_open_control, warden_open_intake,
							 warden_open_kernel, warden_open_gate };
	int status = 0, r;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && status == 0; i++)
		status = steps[i](w);
	if (status)
		return status;
	warden_set_bounds(w);
	/* The mail server's own programs, which the porter starts, may have to change their user, and the program of
	 * ban.command may do more to a firewall than we: what they can gain is not ours to give up. */
	w->bounded |= w->plan->settings.gate_handoff != HANDOFF_EXEC &&
		      w->plan->settings.ban_backend != BACKEND_COMMAND;
	r = w->bounded ? confine_capabilities(confine_warden_mask()) : confine_own_capabilities(confine_warden_mask());
	if (r < 0)
		log_warning("cannot give up the privileges that are not needed: %s", strerror(-r));
	return 0;
}

static void tear_down(struct warden *w)
{
	warden_end_upgrade(w);
	warden_gate_destroy(w->gate);
	route_close(w->route);
	evict_destroy(w->evict);
	warden_close_relief(w);
	warden_close_use(w);
	warden_close_suspects(w);
	backend_close(w->backend);
	ban_destroy(w->ban);
	/* Who no longer answers on the control socket makes room for the next one in all else, too. */
	warden_close_intake(w);
	warden_close_control(w);
	if (w->loop) {
		loop_timer_destroy(w->every_second);
		loop_timer_destroy(w->host_timer);
		loop_timer_destroy(w->state_timer);
		loop_signals_destroy(w->signals);
	}
	loop_destroy(w->loop);
	prefix_set_clear(&w->never);
	prefix_set_clear(&w->allowed);
	free(w->changes);
	free(w->evictions);
	warden_drop_plan(w->plan);
	warden_drop_plan(w->next);
}

int warden_run(const struct warden_options *options, struct plan *plan)
{
	struct warden w = { .options = options, .plan = plan, .listener = -1, .intake = -1 };
	int status;

	set_right_what_is_inherited();
	log_observe(options->observe);
	warden_begin_upgraded(&w);
	plan_find_networks(plan);
	status = set_up(&w);
	if (status == 0) {
		if (w.upgraded)
			log_event(LOG_UPGRADED, LOG_TEXT(VERSION, WAVEBREAK_VERSION));
		w.worker_worked_ms = loop_now_ms(w.loop);
		loop_timer_arm(w.every_second, loop_now_ms(w.loop) + 1000);
		loop_timer_arm(w.host_timer, loop_now_ms(w.loop) + HOST_LOOK_MS);
		warden_start_gate(&w);
		warden_start(&w);
		status = loop_run(w.loop) < 0 ? WARDEN_UNABLE : w.status;
		warden_take_over_route(&w);
	}
	tear_down(&w);
	return status;
}
