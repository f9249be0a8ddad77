/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/warden_internal.h"

#include "base/log.h"
#include "daemon/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A packet of the largest kind, many times over: a worker that asks in a burst does not wait,
 * and neither do answers to it. */
#define SOCKET_BUFFER (1024 * 1024)
/* Bans live on for BAN_ALIVE_MS while we wait for a trial. */
#define TRIAL_MS 2000

/* In the child: keeps its descriptors (as 3, 4 and perhaps 5) and closes all else that the warden
 * holds, above all its netlink sockets. */
static _Noreturn void become_worker(const struct warden *w, int socket, pid_t warden)
{
	struct worker_start start = { .plan = w->plan, .never = &w->never, .allowed = &w->allowed,
				      .observe = w->options->observe, .uid = w->uid, .gid = w->gid,
				      .warden = warden, .socket = 3, .listener = 4, .intake = -1,
				      .follow_stdin = w->plan->follow_stdin, .first = !w->worker_before,
				      .journal_group = w->plan->journal ? w->journal_group : 0 };
	int s = fcntl(socket, F_DUPFD, 10), l = fcntl(w->listener, F_DUPFD, 10);
	int i = w->intake >= 0 ? fcntl(w->intake, F_DUPFD, 10) : -1;

	if (s < 0 || l < 0 || (w->intake >= 0 && i < 0) || dup2(s, 3) < 0 || dup2(l, 4) < 0 || (i >= 0 && dup2(i, 5) < 0))
		_exit(1);
	if (i >= 0)
		start.intake = 5;
	syscall(SYS_close_range, i >= 0 ? 6U : 5U, ~0U, 0U);
	_exit(worker_run(&start));
}

static void forget_worker(struct warden *w)
{
	loop_fd_remove(w->worker_exit_watch);
	loop_fd_remove(w->worker_watch);
	w->worker_exit_watch = w->worker_watch = NULL;
	if (w->worker_pidfd >= 0)
		close(w->worker_pidfd);
	if (w->worker_socket >= 0)
		close(w->worker_socket);
	w->worker_pidfd = w->worker_socket = -1;
	w->worker = 0;
	w->worker_ready = false;
	w->never_untold = w->table_loss_untold = false; /* a new one begins with what there is */
	w->bans_stale = true;
}

static void on_worker_exit(void *data, int fd, uint32_t events)
{
	struct warden *w = data;
	int status = 0;

	warden_hear_last_words(w);
	if (waitpid(w->worker, &status, WNOHANG) != w->worker)
		return;
	forget_worker(w);
	warden_worker_ended(w, status);
}

static int watch_worker(struct warden *w)
{
	int r;

	w->worker_pidfd = (int)syscall(SYS_pidfd_open, w->worker, 0);
	if (w->worker_pidfd < 0)
		return -errno;
	r = loop_fd_add(w->loop, w->worker_pidfd, EPOLLIN, on_worker_exit, w, &w->worker_exit_watch);
	if (r == 0)
		r = loop_fd_add(w->loop, w->worker_socket, EPOLLIN, warden_on_worker, w, &w->worker_watch);
	return r;
}

int warden_start_worker(struct warden *w)
{
	int pair[2], size = SOCKET_BUFFER, r;
	pid_t self = getpid();

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return -errno;
	for (int i = 0; i < 2; i++) {
		/* Beyond net.core.wmem_max where CAP_NET_ADMIN lets us, else up to it. */
		if (setsockopt(pair[i], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
			setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	}
	w->worker = fork();
	if (w->worker < 0) {
		r = -errno;
		close(pair[0]);
		close(pair[1]);
		w->worker = 0;
		return r;
	}
	if (w->worker == 0)
		become_worker(w, pair[1], self);
	w->worker_before = true;
	close(pair[1]);
	w->worker_socket = pair[0];
	w->worker_started_ms = w->worker_heard_ms = loop_now_ms(w->loop);
	r = watch_worker(w);
	if (r < 0) {
		kill(w->worker, SIGKILL);
		waitpid(w->worker, NULL, 0);
		forget_worker(w);
	}
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

/* The pidfd is of our own child, which is not yet reaped: it cannot be anybody else. */
static void signal_worker(const struct warden *w, int signal_number)
{
	if (w->worker_pidfd >= 0)
		syscall(SYS_pidfd_send_signal, w->worker_pidfd, signal_number, NULL, 0);
}

void warden_stop_worker(const struct warden *w)
{
	signal_worker(w, SIGTERM);
}

void warden_kill_worker(const struct warden *w)
{
	signal_worker(w, SIGKILL);
}
