/* SPDX-License-Identifier: Apache-2.0 */
#include "event/loop.h"

#include "base/clock.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define EVENTS_PER_ROUND 64
#define UNARMED SIZE_MAX

struct loop {
	int epoll_fd;
	bool stopped;
	uint64_t now_ms;
	struct epoll_event *round; /* the events being handed out, so that a removal can blank them */
	int round_count;
	struct loop_timer **heap; /* by deadline, then by arming, the first first */
	size_t heap_count, heap_room;
	uint64_t armings;
};

struct loop_fd {
	struct loop *loop;
	int fd;
	uint32_t events; /* that the kernel was told of last */
	loop_fd_fn *fn;
	void *data;
};

struct loop_timer {
	struct loop *loop;
	loop_timer_fn *fn;
	void *data;
	uint64_t deadline_ms;
	uint64_t arming; /* its number among all of the loop */
	size_t place;    /* in the heap, or UNARMED */
};

struct loop_signals {
	int fd;
	struct loop_fd *watch;
	loop_signal_fn *fn;
	void *data;
};

int loop_create(struct loop **ret)
{
	struct loop *loop = calloc(1, sizeof(*loop));
	int r;

	if (!loop)
		return -ENOMEM;
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0) {
		r = -errno;
		free(loop);
		return r;
	}
	loop->now_ms = clock_ms();
	*ret = loop;
	return 0;
}

void loop_destroy(struct loop *loop)
{
	if (!loop)
		return;
	close(loop->epoll_fd);
	free(loop->heap);
	free(loop);
}

void loop_stop(struct loop *loop)
{
	loop->stopped = true;
}

uint64_t loop_now_ms(const struct loop *loop)
{
	return loop->now_ms;
}

int loop_fd_add(struct loop *loop, int fd, uint32_t events, loop_fd_fn *fn, void *data, struct loop_fd **ret)
{
	struct loop_fd *watch = calloc(1, sizeof(*watch));
	struct epoll_event ev = { .events = events };
	int r;

	if (!watch)
		return -ENOMEM;
	*watch = (struct loop_fd){ .loop = loop, .fd = fd, .events = events, .fn = fn, .data = data };
	ev.data.ptr = watch;
	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0) {
		r = -errno;
		free(watch);
		return r;
	}
	*ret = watch;
	return 0;
}

int loop_fd_change(struct loop_fd *watch, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.ptr = watch };

	if (events == watch->events)
		return 0;
	if (epoll_ctl(watch->loop->epoll_fd, EPOLL_CTL_MOD, watch->fd, &ev) < 0)
		return -errno;
	watch->events = events;
	return 0;
}

void loop_fd_remove(struct loop_fd *watch)
{
	struct loop *loop;

	if (!watch)
		return;
	loop = watch->loop;
	epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
	for (int i = 0; i < loop->round_count; i++) {
		if (loop->round[i].data.ptr == watch)
			loop->round[i].data.ptr = NULL;
	}
	free(watch);
}

static bool is_before(const struct loop_timer *a, const struct loop_timer *b)
{
	return a->deadline_ms != b->deadline_ms ? a->deadline_ms < b->deadline_ms : a->arming < b->arming;
}

static void heap_put(struct loop *loop, size_t place, struct loop_timer *timer)
{
	loop->heap[place] = timer;
	timer->place = place;
}

static void heap_rise(struct loop *loop, struct loop_timer *timer)
{
	size_t place = timer->place;

	while (place > 0 && is_before(timer, loop->heap[(place - 1) / 2])) {
		heap_put(loop, place, loop->heap[(place - 1) / 2]);
		place = (place - 1) / 2;
	}
	heap_put(loop, place, timer);
}

static void heap_sink(struct loop *loop, struct loop_timer *timer)
{
	size_t place = timer->place;

	for (;;) {
		size_t child = place * 2 + 1;

		if (child >= loop->heap_count)
			break;
		if (child + 1 < loop->heap_count && is_before(loop->heap[child + 1], loop->heap[child]))
			child++;
		if (is_before(timer, loop->heap[child]))
			break;
		heap_put(loop, place, loop->heap[child]);
		place = child;
	}
	heap_put(loop, place, timer);
}

int loop_timer_create(struct loop *loop, loop_timer_fn *fn, void *data, struct loop_timer **ret)
{
	struct loop_timer *timer = calloc(1, sizeof(*timer));

	if (!timer)
		return -ENOMEM;
	*timer = (struct loop_timer){ .loop = loop, .fn = fn, .data = data, .place = UNARMED };
	*ret = timer;
	return 0;
}

void loop_timer_disarm(struct loop_timer *timer)
{
	struct loop *loop = timer->loop;
	struct loop_timer *last;

	if (timer->place == UNARMED)
		return;
	last = loop->heap[--loop->heap_count];
	if (last != timer) {
		heap_put(loop, timer->place, last);
		heap_rise(loop, last);
		heap_sink(loop, last);
	}
	timer->place = UNARMED;
}

int loop_timer_arm(struct loop_timer *timer, uint64_t deadline_ms)
{
	struct loop *loop = timer->loop;
	struct loop_timer **grown;
	size_t room;

	loop_timer_disarm(timer);
	if (loop->heap_count == loop->heap_room) {
		room = loop->heap_room ? loop->heap_room * 2 : 16;
		grown = reallocarray(loop->heap, room, sizeof(struct loop_timer *));
		if (!grown)
			return -ENOMEM;
		loop->heap = grown;
		loop->heap_room = room;
	}
	/* All that is overdue is due now: who arms itself for the past must not overtake, round after
	 * round, those that wait. */
	timer->deadline_ms = deadline_ms < loop->now_ms ? loop->now_ms : deadline_ms;
	timer->arming = loop->armings++;
	timer->place = loop->heap_count++;
	heap_rise(loop, timer);
	return 0;
}

bool loop_timer_armed(const struct loop_timer *timer)
{
	return timer->place != UNARMED;
}

void loop_timer_destroy(struct loop_timer *timer)
{
	if (!timer)
		return;
	loop_timer_disarm(timer);
	free(timer);
}

/* Only timers that were armed when the round began: one that arms itself for now does not
 * keep the descriptors waiting. */
static void fire_timers(struct loop *loop, uint64_t armings)
{
	while (loop->heap_count > 0 && loop->heap[0]->deadline_ms <= loop->now_ms &&
	       loop->heap[0]->arming < armings && !loop->stopped) {
		struct loop_timer *timer = loop->heap[0];

		loop_timer_disarm(timer);
		timer->fn(timer->data);
	}
}

static int wait_ms(const struct loop *loop)
{
	uint64_t now, soonest;

	if (loop->heap_count == 0)
		return -1;
	now = clock_ms();
	soonest = loop->heap[0]->deadline_ms;
	if (soonest <= now)
		return 0;
	return soonest - now > INT_MAX ? INT_MAX : (int)(soonest - now);
}

static void hand_out(struct loop *loop, struct epoll_event *events, int count)
{
	loop->round = events;
	loop->round_count = count;
	for (int i = 0; i < count && !loop->stopped; i++) {
		struct loop_fd *watch = events[i].data.ptr;

		if (watch)
			watch->fn(watch->data, watch->fd, events[i].events);
	}
	loop->round_count = 0;
}

int loop_run(struct loop *loop)
{
	struct epoll_event events[EVENTS_PER_ROUND];
	int r = 0;

	while (!loop->stopped && r == 0) {
		int n = epoll_wait(loop->epoll_fd, events, EVENTS_PER_ROUND, wait_ms(loop));
		uint64_t armings = loop->armings;

		if (n < 0)
			r = errno == EINTR ? 0 : -errno;
		loop->now_ms = clock_ms();
		hand_out(loop, events, n);
		if (r == 0)
			fire_timers(loop, armings);
	}
	loop->stopped = false;
	return r;
}

static void read_signals(void *data, int fd, uint32_t events)
{
	struct loop_signals *signals = data;
	struct signalfd_siginfo info;

	/* One a round: the callback may destroy us, and epoll reports the rest again. */
	if (read(fd, &info, sizeof(info)) == sizeof(info))
		signals->fn(signals->data, (int)info.ssi_signo);
}

int loop_signals_create(struct loop *loop, const int *list, loop_signal_fn *fn, void *data,
			struct loop_signals **ret)
{
	struct loop_signals *signals = calloc(1, sizeof(*signals));
	sigset_t set;
	int r;

	if (!signals)
		return -ENOMEM;
	signals->fn = fn;
	signals->data = data;
	sigemptyset(&set);
	for (; *list; list++)
		sigaddset(&set, *list);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0) {
		r = -errno;
		goto fail;
	}
	signals->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals->fd < 0) {
		r = -errno;
		goto fail;
	}
	r = loop_fd_add(loop, signals->fd, EPOLLIN, read_signals, signals, &signals->watch);
	if (r < 0) {
		close(signals->fd);
		goto fail;
	}
	*ret = signals;
	return 0;
fail:
	free(signals);
	return r;
}

void loop_signals_destroy(struct loop_signals *signals)
{
	if (!signals)
		return;
	loop_fd_remove(signals->watch);
	close(signals->fd);
	free(signals);
}
