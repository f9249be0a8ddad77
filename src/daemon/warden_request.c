/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/warden_internal.h"

#include "base/clock.h"
#include "base/counter.h"
#include "base/log.h"
#include "daemon/notify.h"
#include "judge/bans.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

/* In each second a worker that does not take its answers is waited for so long altogether; then
 * they are dropped. One that is hung, or was taken over, must not hold up who keeps the kernel's
 * table alive, however many answers it has asked for. */
#define ANSWER_PATIENCE_MS 50
/* Packets handled before the loop turns to its timers again. */
#define PACKETS_A_ROUND 64
/* A worker that has ended sends no more; its socket's buffer holds less than this. */
#define LAST_ROUNDS_MOST 1024
#define REFUSED_SAID_MS 60000

/* The longest burst that is honest is the return of all bans, and all suspects, at a start. */
void warden_set_bounds(struct warden *w)
{
	uint64_t most = w->plan->settings.ban_limit;

	w->ban_bound = (struct rate_bound){ .per_second = 200000, .burst = most + 50000, .tokens = most + 50000 };
	most = w->plan->settings.suspect_limit;
	w->suspect_bound = (struct rate_bound){ .per_second = 200000, .burst = most + 50000, .tokens = most + 50000 };
	w->evict_bound = (struct rate_bound){ .per_second = 10000, .burst = 50000, .tokens = 50000 };
	/* A server of 10,000 connections is relieved of 2,000 at once by default. */
	w->relief_bound = (struct rate_bound){ .per_second = 2000, .burst = 4000, .tokens = 4000 };
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

void warden_renew_patience(struct warden *w)
{
	w->answer_patience_ms = ANSWER_PATIENCE_MS;
}

static bool wait_for_worker(struct warden *w)
{
	struct pollfd p = { .fd = w->worker.socket, .events = POLLOUT };
	uint64_t begin_ms = clock_ms(), waited_ms;
	int ready = poll(&p, 1, (int)w->answer_patience_ms);

	waited_ms = clock_ms() - begin_ms;
	w->answer_patience_ms -= waited_ms < w->answer_patience_ms ? waited_ms : w->answer_patience_ms;
	return ready == 1;
}

/* False when the worker is there and did not take it. */
static bool send_packet(struct warden *w, const struct packet *packet, int fd)
{
	if (w->worker.socket < 0 || packet_send(w->worker.socket, packet, fd) != -EAGAIN)
		return true;
	if (wait_for_worker(w) && packet_send(w->worker.socket, packet, fd) == 0)
		return true;
	counter_add(COUNTER_answers_dropped, 1);
	return false;
}

void warden_answer(struct warden *w, const struct answer *answer)
{
	struct packet packet;

	packet.head = (struct packet_head){ PACKET_ANSWERS, 1 };
	packet.answers[0] = *answer;
	send_packet(w, &packet, -1);
}

void warden_send(struct warden *w, const struct packet *packet)
{
	send_packet(w, packet, -1);
}

void warden_tell_table_loss(struct warden *w)
{
	struct packet packet;

	packet.head = (struct packet_head){ PACKET_ANSWERS, 1 };
	packet.answers[0] = (struct answer){ .kind = ANSWER_TABLE_LOST };
	w->table_loss_untold = !send_packet(w, &packet, -1);
}

void warden_send_never(struct warden *w)
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
		w->never_untold = !send_packet(w, &packet, -1);
		sent += n;
	} while (packet.head.count == PACKET_ENTRIES_MOST && !w->never_untold);
}

/* An answer that got lost is asked for again, or told a little late; of these two the worker would
 * never know. */
void warden_tell_again(struct warden *w)
{
	if (w->never_untold)
		warden_send_never(w);
	if (w->table_loss_untold)
		warden_tell_table_loss(w);
}

static void refuse(struct warden *w, const struct request *q, int error)
{
	struct answer answer = { .kind = ANSWER_REFUSED, .flags = q->kind, .error = error, .unit = q->unit,
				 .port = q->port };

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

/* Only a worker lifts bans at their cap and by hand, so what it does not know of must not stay:
 * the packet path alone would keep it for as long as the client tries. What it does know of, it
 * sends now, and the old bans go no sooner than the first of these comes. */
void warden_clear_stale_bans(struct warden *w)
{
	if (!w->bans_stale)
		return;
	w->bans_stale = false;
	if (w->backend && backend_clear(w->backend) < 0 && w->ban)
		warden_mend_table(w);
}

/* A set that is full refuses each new ban of a wave. The counter has them all. */
static void say_refused(struct warden *w, int error)
{
	uint64_t now = loop_now_ms(w->loop);

	if (w->refused_said_ms && now - w->refused_said_ms < REFUSED_SAID_MS)
		return;
	w->refused_said_ms = now;
	log_warning("the kernel refused some of %zu changes to the ban list: %s", w->change_count, strerror(-error));
}

static void apply_changes(struct warden *w)
{
	int r;

	if (w->change_count == 0)
		return;
	if (w->bans_changed)
		warden_clear_stale_bans(w);
	w->bans_changed = false;
	r = w->backend ? backend_apply(w->backend, w->changes, w->change_count) : 0;
	if (r == -ENOENT)
		warden_mend_table(w);
	else if (r < 0)
		say_refused(w, r);
	w->change_count = 0;
}

/* The ban goes first, or the client is back before its connection is gone. */
static void carry_out(struct warden *w)
{
	if (w->never_changed)
		warden_push_never(w);
	apply_changes(w);
	for (size_t i = 0; w->evict && i < w->eviction_count; i++)
		evict_address(w->evict, w->evictions[i].unit, w->evictions[i].client_port);
	w->eviction_count = 0;
}

static void add_change(struct warden *w, const struct request *q, enum ban_list list, uint64_t timeout_ms)
{
	if (w->change_count == WARDEN_CHANGES_MOST)
		apply_changes(w);
	w->changes[w->change_count++] = (struct ban_change){
		.unit = q->unit,
		.timeout_ms = timeout_ms,
		.replace = q->flags & REQUEST_REPLACE,
		.list = list,
	};
	w->bans_changed |= list == BAN_LIST_BANNED;
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

/* Bans, or suspects of a worker that has ended: the latter end by themselves, and cost a client no more than the
 * way over the gate, so that they stay. */
static void do_list(struct warden *w, const struct request *q, enum ban_list list, struct rate_bound *bound)
{
	bool lasts = q->timeout_ms && q->timeout_ms <= BANS_DURATION_MOST_MS;
	int r = lasts ? check_unit(w, q, bound) : -EINVAL;

	if (r < 0)
		refuse(w, q, r);
	else
		add_change(w, q, list, q->timeout_ms);
}

static void do_evict(struct warden *w, const struct request *q)
{
	int r = check_unit(w, q, &w->evict_bound);

	if (r == 0 && !w->plan->settings.evict_enabled)
		r = -EOPNOTSUPP;

	/* One too many is counted and no more: the client's ban holds. */
	if (r == -EAGAIN) {
		counter_add(COUNTER_evictions_dropped, 1);
		return;
	}
	if (r < 0) {
		refuse(w, q, r);
		return;
	}
	if (w->eviction_count == WARDEN_EVICTIONS_MOST)
		carry_out(w);
	w->evictions[w->eviction_count++] = (struct wanted_eviction){ q->unit, q->port };
}

/* One connection, by the whole address of its client. */
static void do_relieve(struct warden *w, const struct request *q)
{
	struct addr unit = addr_unit(&q->unit);
	int r = is_unit(&unit) ? 0 : -EINVAL;

	if (r == 0 && is_protected(w, &unit))
		r = -EPERM;
	if (r == 0 && !within_bound(&w->relief_bound, loop_now_ms(w->loop)))
		r = -EAGAIN;
	if (r == 0)
		r = warden_relieve(w, q);
	if (r < 0)
		refuse(w, q, r);
}

static void do_query(struct warden *w, const struct request *q)
{
	struct answer answer = { .kind = ANSWER_REMAINING, .unit = q->unit };

	apply_changes(w);
	if (w->backend && is_unit(&q->unit))
		answer.error = backend_query(w->backend, &q->unit, &answer.value);
	warden_answer(w, &answer);
}

static void do_allow(struct warden *w, const struct request *q)
{
	struct prefix prefix = { .addr = q->unit, .length = q->length };

	if ((q->unit.family != ADDR_IPV4 && q->unit.family != ADDR_IPV6) ||
	    q->length > (q->unit.family == ADDR_IPV4 ? 32 : 128))
		refuse(w, q, -EINVAL);
	else if (q->kind == REQUEST_DISALLOW)
		w->never_changed |= prefix_set_remove(&w->allowed, &prefix);
	else if (prefix_set_add(&w->allowed, &prefix, "wavebreak allow") < 0)
		refuse(w, q, -ENOSPC);
	else
		w->never_changed = true;
}

static void do_open_log(struct warden *w, const struct log_request *log)
{
	int fd = warden_open_log(w->plan, log);
	struct packet packet;

	packet.head = (struct packet_head){ PACKET_LOG, 1 };
	packet.answers[0] = (struct answer){ .kind = ANSWER_LOG, .error = fd < 0 ? fd : 0, .value = log->ticket };
	send_packet(w, &packet, fd);
	if (fd >= 0)
		close(fd);
}

static void do_wave(struct warden *w, const struct request *q)
{
	if (q->flags > 1)
		refuse(w, q, -EINVAL);
	else
		w->wave = q->flags;
}

static void do_ready(struct warden *w)
{
	if (w->worker_ready)
		return;
	w->worker_ready = true;
	warden_clear_stale_bans(w);
	/* Also when it is ready again: a reload is over then. */
	notify_supervisor("READY=1");
	w->ready_said = true;
}

static void handle(struct warden *w, const struct request *q)
{
	switch (q->kind) {
	case REQUEST_BAN:
		do_list(w, q, BAN_LIST_BANNED, &w->ban_bound);
		return;
	case REQUEST_UNBAN:
		if (is_unit(&q->unit))
			add_change(w, q, BAN_LIST_BANNED, 0);
		return;
	case REQUEST_SUSPECT:
		do_list(w, q, BAN_LIST_SUSPECT, &w->suspect_bound);
		return;
	case REQUEST_TRUST:
		if (is_unit(&q->unit))
			add_change(w, q, BAN_LIST_SUSPECT, 0);
		return;
	case REQUEST_QUERY:
		do_query(w, q);
		return;
	case REQUEST_EVICT:
		do_evict(w, q);
		return;
	case REQUEST_RELIEVE:
		do_relieve(w, q);
		return;
	case REQUEST_HANDLERS:
		warden_tell_handlers(w);
		return;
	case REQUEST_ALLOW:
	case REQUEST_DISALLOW:
		do_allow(w, q);
		return;
	case REQUEST_SUSPECTS:
		warden_tell_suspects(w, q);
		return;
	case REQUEST_IS_SUSPECT:
		apply_changes(w);
		warden_tell_suspect(w, q);
		return;
	case REQUEST_WAVE:
		do_wave(w, q);
		return;
	case REQUEST_READY:
		warden_tell_steering(w);
		do_ready(w);
		return;
	case REQUEST_STILL_HERE:
		w->worker_worked_ms = loop_now_ms(w->loop);
		return;
	}
	refuse(w, q, -EINVAL);
}

/* Returns 1 when there may be more, 0 at the end, -EAGAIN, -EBADMSG, or -errno. */
static int take_packets(struct warden *w)
{
	struct packet packet;
	int fd, r = 0;

	for (int i = 0; i < PACKETS_A_ROUND; i++) {
		r = packet_receive(w->worker.socket, &packet, &fd);
		if (fd >= 0)
			close(fd);
		if (r != 1)
			break;
		child_note_word(&w->worker);
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
	carry_out(w);
	return r;
}

void warden_hear_last_words(struct warden *w)
{
	for (int i = 0; i < LAST_ROUNDS_MOST && w->worker.socket_watch; i++) {
		if (take_packets(w) != 1)
			break;
	}
}

void warden_on_worker(void *data, int socket, uint32_t events)
{
	struct warden *w = data;
	int r = take_packets(w);

	if (r == -EAGAIN || r == -EINTR || r == 1)
		return;
	/* Closed, or nonsense: its exit is seen through its pidfd. */
	if (r == -EBADMSG) {
		log_error("the watch worker sent a packet that is none; it is ended and started again");
		child_signal(&w->worker, SIGKILL);
	}
	child_stop_hearing(&w->worker);
}
