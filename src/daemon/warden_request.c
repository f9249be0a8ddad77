/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/warden_internal.h"

#include "base/counter.h"
#include "base/log.h"
#include "daemon/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A worker that does not take its answers for so long is hung; the answer is dropped. */
#define ANSWER_PATIENCE_MS 50
/* Packets handled before the loop turns to its timers again. */
#define PACKETS_A_ROUND 64

/* The longest burst that is honest is the return of all bans at a start. */
void warden_set_bounds(struct warden *w)
{
	uint64_t most = w->plan->settings.ban_limit;

	w->ban_bound = (struct rate_bound){ .per_second = 50000, .burst = most + 50000, .tokens = most + 50000 };
	w->evict_bound = (struct rate_bound){ .per_second = 10000, .burst = 50000, .tokens = 50000 };
}

static bool within_bound(struct rate_bound *bound, uint64_t now_ms)
{
	uint64_t fresh = (now_ms - bound->filled_ms) * bound->per_second / 1000;

	if (fresh) {
		bound->tokens = fresh > bound->burst - bound->tokens ? bound->burst : bound->tokens + fresh;
		bound->filled_ms = now_ms;
	}
	if (bound->tokens == 0)
		return false;
	bound->tokens--;
	return true;
}

static void send_packet(const struct warden *w, const struct packet *packet, int fd)
{
	struct pollfd p = { .fd = w->worker_socket, .events = POLLOUT };

	if (w->worker_socket < 0 || packet_send(w->worker_socket, packet, fd) != -EAGAIN)
		return;
	if (poll(&p, 1, ANSWER_PATIENCE_MS) != 1 || packet_send(w->worker_socket, packet, fd) < 0)
		counter_add(COUNTER_answers_dropped, 1);
}

void warden_answer(const struct warden *w, const struct answer *answer)
{
	struct packet packet;

	packet.head = (struct packet_head){ PACKET_ANSWERS, 1 };
	packet.answers[0] = *answer;
	send_packet(w, &packet, -1);
}

void warden_send_never(const struct warden *w)
{
	struct packet packet;
	size_t sent = 0;

	do {
		size_t n = w->never.count - sent;

		if (n > PACKET_ENTRIES_MOST)
			n = PACKET_ENTRIES_MOST;
		if (n)
			memcpy(packet.entries, w->never.entries + sent, n * sizeof(packet.entries[0]));
		packet.head = (struct packet_head){ PACKET_NEVER, (uint32_t)n };
		send_packet(w, &packet, -1);
		sent += n;
	} while (packet.head.count == PACKET_ENTRIES_MOST);
}

static void refuse(const struct warden *w, const struct request *q, int error)
{
	struct answer answer = { .kind = ANSWER_REFUSED, .error = error, .unit = q->unit };

	counter_add(COUNTER_requests_refused, 1);
	warden_answer(w, &answer);
}

static bool is_unit(const struct addr *addr)
{
	struct addr unit = addr_unit(addr);

	return (addr->family == ADDR_IPV4 || addr->family == ADDR_IPV6) && addr_equal(&unit, addr);
}

static bool is_protected(const struct warden *w, const struct addr *unit)
{
	return prefix_set_find(&w->never, unit) || prefix_set_find(&w->allowed, unit);
}

static void apply_changes(struct warden *w)
{
	int r;

	if (w->change_count == 0)
		return;
	r = w->ban ? ban_apply(w->ban, w->changes, w->change_count) : 0;
	if (r == -ENOENT)
		warden_mend_table(w);
	else if (r < 0)
		log_warning("the kernel refused some of %zu changes to the ban list: %s", w->change_count, strerror(-r));
	w->change_count = 0;
}

static void add_change(struct warden *w, const struct request *q, uint64_t timeout_ms)
{
	if (w->change_count == WARDEN_CHANGES_MOST)
		apply_changes(w);
	w->changes[w->change_count++] = (struct ban_change){
		.unit = q->unit,
		.timeout_ms = timeout_ms,
		.replace = q->flags & REQUEST_REPLACE,
	};
}

/* 0 when the worker may ask this of the unit. */
static int check_unit(const struct warden *w, const struct request *q, struct rate_bound *bound)
{
	if (!is_unit(&q->unit))
		return -EINVAL;
	if (is_protected(w, &q->unit))
		return -EPERM;
	return within_bound(bound, loop_now_ms(w->loop)) ? 0 : -EAGAIN;
}

static void do_ban(struct warden *w, const struct request *q)
{
	int r = q->timeout_ms ? check_unit(w, q, &w->ban_bound) : -EINVAL;

	if (r < 0)
		refuse(w, q, r);
	else
		add_change(w, q, q->timeout_ms);
}

static void do_evict(struct warden *w, const struct request *q)
{
	int r = check_unit(w, q, &w->evict_bound);

	if (r < 0) {
		refuse(w, q, r);
		return;
	}
	/* The ban goes first, or the client is back before its connection is gone. */
	apply_changes(w);
	if (w->evict)
		evict_address(w->evict, q->unit, q->port);
}

static void do_query(struct warden *w, const struct request *q)
{
	struct answer answer = { .kind = ANSWER_REMAINING, .unit = q->unit };

	apply_changes(w);
	if (w->ban && is_unit(&q->unit))
		answer.error = ban_query(w->ban, &q->unit, 1, &answer.value);
	warden_answer(w, &answer);
}

static void do_allow(struct warden *w, const struct request *q)
{
	struct prefix prefix = { .addr = q->unit, .length = q->length };

	if (q->unit.family == ADDR_NONE || q->length > (q->unit.family == ADDR_IPV4 ? 32 : 128))
		refuse(w, q, -EINVAL);
	else if (q->kind == REQUEST_DISALLOW)
		prefix_set_remove(&w->allowed, &prefix);
	else if (prefix_set_add(&w->allowed, &prefix, "wavebreak allow") < 0)
		refuse(w, q, -ENOSPC);
}

/* The path of a file beside `log` to which it was rotated: mail.log.1, mail-20260727.log. Returns 0,
 * -EINVAL for a name that is not like that, or -ENAMETOOLONG. */
static int sibling_path(const char *log, struct bytes sibling, char path[PATH_MAX])
{
	const char *slash = strrchr(log, '/');
	struct bytes name = slash ? bytes_of(slash + 1) : bytes_of("");
	struct bytes stem = bytes_first(name, bytes_find_char(name, '.'));

	if (stem.size == 0 || !bytes_starts_with(sibling, stem) || bytes_find_char(sibling, '/') < sibling.size)
		return -EINVAL;
	return snprintf(path, PATH_MAX, "%.*s/%.*s", (int)(slash - log), log, BYTES_FMT(sibling)) < PATH_MAX ?
		       0 : -ENAMETOOLONG;
}

/* No link is followed to a sibling; the log itself may be one. */
static int open_sibling(const char *log, struct bytes sibling)
{
	char path[PATH_MAX];
	int fd, r = sibling_path(log, sibling, path);

	if (r < 0)
		return r;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

/* The path is the configuration's, never the worker's, but for the name of a sibling, which
 * stands beside the log or beside what the log points to. */
static int open_any(const struct plan *plan, const struct log_request *log)
{
	struct bytes sibling = { log->sibling, strnlen(log->sibling, sizeof(log->sibling)) };
	char target[PATH_MAX];
	const char *base;
	int fd;

	if (log->index >= plan->logs.count || sibling.size == sizeof(log->sibling))
		return -EINVAL;
	base = plan->logs.paths[log->index];
	if (sibling.size == 0) {
		fd = open(base, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		return fd < 0 ? -errno : fd;
	}
	fd = open_sibling(base, sibling);
	if (fd < 0 && realpath(base, target) && strcmp(base, target) != 0)
		fd = open_sibling(target, sibling);
	return fd;
}

/* A FIFO would have hung us without O_NONBLOCK; only a regular file is passed on. */
static int open_log(const struct plan *plan, const struct log_request *log)
{
	int fd = open_any(plan, log);
	struct stat st = { 0 };

	if (fd < 0 || (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)))
		return fd;
	close(fd);
	return S_ISDIR(st.st_mode) ? -EISDIR : -ENOTSUP;
}

static void do_open_log(const struct warden *w, const struct log_request *log)
{
	int fd = open_log(w->plan, log);
	struct packet packet;

	packet.head = (struct packet_head){ PACKET_LOG, 1 };
	packet.answers[0] = (struct answer){ .kind = ANSWER_LOG, .error = fd < 0 ? fd : 0, .value = log->ticket };
	send_packet(w, &packet, fd);
	if (fd >= 0)
		close(fd);
}

static void do_ready(struct warden *w)
{
	if (w->worker_ready)
		return;
	w->worker_ready = true;
	if (!w->ready_said)
		notify_supervisor("READY=1");
	w->ready_said = true;
}

static void handle(struct warden *w, const struct request *q)
{
	switch (q->kind) {
	case REQUEST_BAN:
		do_ban(w, q);
		return;
	case REQUEST_UNBAN:
		if (is_unit(&q->unit))
			add_change(w, q, 0);
		return;
	case REQUEST_QUERY:
		do_query(w, q);
		return;
	case REQUEST_EVICT:
		do_evict(w, q);
		return;
	case REQUEST_ALLOW:
	case REQUEST_DISALLOW:
		do_allow(w, q);
		return;
	case REQUEST_READY:
		do_ready(w);
		return;
	case REQUEST_STILL_HERE:
		return;
	}
	refuse(w, q, -EINVAL);
}

void warden_on_worker(void *data, int socket, uint32_t events)
{
	struct warden *w = data;
	struct packet packet;
	int fd, r = 0;

	for (int i = 0; i < PACKETS_A_ROUND; i++) {
		r = packet_receive(socket, &packet, &fd);
		if (fd >= 0)
			close(fd);
		if (r != 1)
			break;
		w->worker_heard_ms = loop_now_ms(w->loop);
		if (packet.head.kind == PACKET_OPEN_LOG && packet.head.count == 1) {
			do_open_log(w, &packet.log);
		} else if (packet.head.kind == PACKET_REQUESTS) {
			for (size_t n = 0; n < packet.head.count; n++)
				handle(w, &packet.requests[n]);
		} else {
			r = -EBADMSG;
			break;
		}
	}
	apply_changes(w);
	if (r == -EAGAIN || r == -EINTR || r == 1)
		return;
	/* Closed, or nonsense: its exit is seen through its pidfd. */
	if (r == -EBADMSG) {
		log_error("the worker sent a packet that is none; it is ended and started again");
		warden_kill_worker(w);
	}
	loop_fd_remove(w->worker_watch);
	w->worker_watch = NULL;
}
