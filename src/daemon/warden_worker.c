/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/warden_internal.h"

#include "base/log.h"
#include "daemon/worker.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A packet of the largest kind, many times over: a worker that asks in a burst does not wait,
 * and neither do answers to it. */
#define SOCKET_BUFFER (1024 * 1024)
/* Bans live on for BAN_ALIVE_MS while we wait for a trial. */
#define TRIAL_MS 2000

/* Of all that the warden holds it keeps its own, and above all none of its netlink sockets. */
static int become_worker(void *data, int socket)
{
	const struct warden *w = data;
	struct worker_start start = { .plan = w->plan, .never = &w->never, .allowed = &w->allowed,
				      .observe = w->options->observe, .uid = w->uid, .gid = w->gid,
				      .warden = w->worker.parent, .socket = socket, .listener = w->listener,
				      .intake = w->intake, .follow_stdin = w->plan->follow_stdin,
				      .first = !w->worker_before, .wave_kept = w->wave_kept,
				      .journal_group = w->plan->journal ? w->journal_group : 0 };
	int *keep[3 + WARDEN_GATE_ENDS_MOST] = { &start.socket, &start.listener, &start.intake };

	start.gate_count = warden_gate_watch_ends(w->gate, start.gates);
	start.gates_serving = warden_gate_serving(w->gate);
	for (size_t i = 0; i < start.gate_count; i++)
		keep[3 + i] = &start.gates[i];
	return child_keep(keep, 3 + start.gate_count) < 0 ? 1 : worker_run(&start);
}

static void on_ending(void *data)
{
	warden_hear_last_words(data);
}

static void on_ended(void *data, int wait_status)
{
	struct warden *w = data;

	w->worker_ready = false;
	w->never_untold = w->table_loss_untold = false; /* a new one begins with what there is */
	w->bans_stale = true;
	warden_worker_ended(w, wait_status);
}

void warden_init_worker(struct warden *w)
{
	static const struct child_calls calls = { become_worker, warden_on_worker, on_ending, on_ended };

	child_init(&w->worker, w->loop, &calls, w);
	w->worker.socket_buffer = SOCKET_BUFFER;
}

int warden_start_worker(struct warden *w)
{
	int r = child_start(&w->worker);

	w->worker_before |= r == 0;
	return r;
}

static int wait_for_trial(pid_t child)
{
	struct pollfd p = { .fd = (int)syscall(SYS_pidfd_open, child, 0), .events = POLLIN };
	int status = 0, r = 0;

	if (p.fd < 0 || poll(&p, 1, TRIAL_MS) != 1) {
		log_error("a worker with the new configuration did not begin within %d s", TRIAL_MS / 1000);
		kill(child, SIGKILL);
		r = -ETIMEDOUT;
	}
	waitpid(child, &status, 0);
	if (p.fd >= 0)
		close(p.fd);
	if (r == 0 && status)
		r = -EINVAL;
	return r;
}

int warden_try_plan(const struct warden *w, const struct plan *plan)
{
	struct worker_start start = { .plan = plan, .uid = w->uid, .gid = w->gid };
	pid_t child = fork();
	int r = -errno;

	if (child < 0) {
		log_error("cannot try the new configuration: %s", strerror(-r));
		return r;
	}
	if (child == 0) {
		syscall(SYS_close_range, 3U, ~0U, 0U);
		_exit(worker_try(&start));
	}
	return wait_for_trial(child);
}
