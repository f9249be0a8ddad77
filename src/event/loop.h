/* SPDX-License-Identifier: Apache-2.0 */
/* loop - one thread's events: descriptors (epoll), deadlines, signals.
 *
 * Single-threaded. Callbacks come only from loop_run, never from inside a call made here.
 * After a handle is removed or destroyed its callback never runs again, not even for an
 * event that was fetched in the same round. Handles belong to the caller; destroying the
 * loop does not free them.
 *
 * Times are milliseconds on the monotonic clock (base/clock.h); loop_now_ms is read once
 * a round, after the wait.
 */
#ifndef WAVEBREAK_EVENT_LOOP_H
#define WAVEBREAK_EVENT_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_fd;
struct loop_timer;
struct loop_signals;

int loop_create(struct loop **ret);
void loop_destroy(struct loop *loop);

/* Runs until loop_stop, which may come before. Returns 0 or -errno. */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop);
uint64_t loop_now_ms(const struct loop *loop);

/* `events` as in epoll(7): EPOLLIN, EPOLLOUT. Errors and hang-ups are always reported.
 * The descriptor stays the caller's to close, after loop_fd_remove. */
typedef void loop_fd_fn(void *data, int fd, uint32_t events);
int loop_fd_add(struct loop *loop, int fd, uint32_t events, loop_fd_fn *fn, void *data, struct loop_fd **ret);
int loop_fd_change(struct loop_fd *watch, uint32_t events);
/* Frees the handle. NULL is fine. */
void loop_fd_remove(struct loop_fd *watch);

/* A timer is made once and armed as often as wanted; it fires once for each arming. */
typedef void loop_timer_fn(void *data);
int loop_timer_create(struct loop *loop, loop_timer_fn *fn, void *data, struct loop_timer **ret);
/* Replaces an earlier deadline. A deadline that has passed fires in the next round. Timers fire
 * by deadline, equal ones in the order in which they were armed.
 * Returns 0 or -ENOMEM (the timer is then unarmed). */
int loop_timer_arm(struct loop_timer *timer, uint64_t deadline_ms);
void loop_timer_disarm(struct loop_timer *timer);
bool loop_timer_armed(const struct loop_timer *timer);
void loop_timer_destroy(struct loop_timer *timer);

/* Blocks the signals (a list ended by 0) for the process and hands each one to `fn`. */
typedef void loop_signal_fn(void *data, int signal_number);
int loop_signals_create(struct loop *loop, const int *signals, loop_signal_fn *fn, void *data,
			struct loop_signals **ret);
void loop_signals_destroy(struct loop_signals *signals);

#endif
