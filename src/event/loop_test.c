/* SPDX-License-Identifier: Apache-2.0 */
#include "event/loop.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static struct loop *loop;

static int set_up(void **state)
{
	return loop_create(&loop);
}

static int tear_down(void **state)
{
	loop_destroy(loop);
	return 0;
}

/* A descriptor that is readable for good, and what its callback does. */
struct bell {
	int fd;
	struct loop_fd *watch;
	int rung;
	uint32_t events;
};

static void ring(void *data, int fd, uint32_t events)
{
	struct bell *bell = data;

	assert_int_equal(fd, bell->fd);
	bell->rung++;
	bell->events = events;
}

static void bell_open(struct bell *bell, loop_fd_fn *fn)
{
	*bell = (struct bell){ .fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK) };
	assert_true(bell->fd >= 0);
	assert_int_equal(loop_fd_add(loop, bell->fd, EPOLLIN, fn, bell, &bell->watch), 0);
}

static void bell_close(struct bell *bell)
{
	loop_fd_remove(bell->watch);
	close(bell->fd);
}

static void stop(void *data)
{
	loop_stop(loop);
}

/* Rounds of the loop go by: `rounds` timers, each armed for at once by the one before. */
static int rounds_left;
static struct loop_timer *round_timer;

static void next_round(void *data)
{
	if (rounds_left-- == 0)
		loop_stop(loop);
	else
		assert_int_equal(loop_timer_arm(round_timer, 0), 0);
}

static void run_rounds(int rounds)
{
	rounds_left = rounds;
	assert_int_equal(loop_timer_create(loop, next_round, NULL, &round_timer), 0);
	assert_int_equal(loop_timer_arm(round_timer, 0), 0);
	assert_int_equal(loop_run(loop), 0);
	loop_timer_destroy(round_timer);
}

static void a_descriptor_is_reported_until_it_is_removed(void **state)
{
	struct bell bell;

	bell_open(&bell, ring);
	assert_int_equal(bell.rung, 0);
	run_rounds(3);
	assert_in_range(bell.rung, 3, 5);
	assert_int_equal(bell.events, EPOLLIN);
	loop_fd_remove(bell.watch);
	bell.watch = NULL;
	bell.rung = 0;
	run_rounds(3);
	assert_int_equal(bell.rung, 0);
	bell_close(&bell);
}

static void events_can_be_changed(void **state)
{
	struct bell bell;

	bell_open(&bell, ring);
	assert_int_equal(loop_fd_change(bell.watch, 0), 0);
	run_rounds(3);
	assert_int_equal(bell.rung, 0);
	assert_int_equal(loop_fd_change(bell.watch, EPOLLOUT), 0);
	run_rounds(1);
	assert_int_equal(bell.events, EPOLLOUT);
	bell_close(&bell);
}

static void a_hang_up_is_reported_unasked(void **state)
{
	struct bell bell = { 0 };
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	bell.fd = ends[0];
	assert_int_equal(loop_fd_add(loop, bell.fd, 0, ring, &bell, &bell.watch), 0);
	run_rounds(2);
	assert_int_equal(bell.rung, 0);
	close(ends[1]);
	run_rounds(2);
	assert_int_equal(bell.events, EPOLLHUP);
	bell_close(&bell);
}

static void what_cannot_be_watched_is_refused(void **state)
{
	struct loop_fd *watch = NULL;
	struct bell bell;
	char path[] = "/tmp/loop_test.XXXXXX";
	int regular = mkstemp(path);

	unlink(path);
	bell_open(&bell, ring);
	assert_int_equal(loop_fd_add(loop, bell.fd, EPOLLIN, ring, &bell, &watch), -EEXIST);
	assert_int_equal(loop_fd_add(loop, regular, EPOLLIN, ring, &bell, &watch), -EPERM);
	assert_int_equal(loop_fd_add(loop, -1, EPOLLIN, ring, &bell, &watch), -EBADF);
	assert_null(watch);
	loop_fd_remove(NULL);
	close(regular);
	bell_close(&bell);
}

/* All bells ring in the same round; whichever comes first removes all others, whose events
 * have been fetched already. */
#define CHOIR 40

static struct bell choir[CHOIR];
static int choir_rung;

static void silence_the_others(void *data, int fd, uint32_t events)
{
	choir_rung++;
	for (size_t i = 0; i < CHOIR; i++) {
		if (&choir[i] == data)
			continue;
		loop_fd_remove(choir[i].watch);
		choir[i].watch = NULL;
		close(choir[i].fd);
		choir[i].fd = -1;
	}
}

static void a_fetched_event_of_a_removed_descriptor_is_not_given(void **state)
{
	choir_rung = 0;
	for (size_t i = 0; i < CHOIR; i++)
		bell_open(&choir[i], silence_the_others);
	run_rounds(0);
	assert_int_equal(choir_rung, 1);
	for (size_t i = 0; i < CHOIR; i++) {
		if (choir[i].watch)
			bell_close(&choir[i]);
	}
}

static void remove_itself(void *data, int fd, uint32_t events)
{
	struct bell *bell = data;

	bell->rung++;
	bell_close(bell);
	bell->watch = NULL;
}

static void a_callback_may_remove_itself(void **state)
{
	struct bell bell;

	bell_open(&bell, remove_itself);
	run_rounds(3);
	assert_int_equal(bell.rung, 1);
}

/* The new one may get the number, and the memory, of the old one. */
static void replace_the_others(void *data, int fd, uint32_t events)
{
	choir_rung++;
	for (size_t i = 0; i < CHOIR; i++) {
		if (&choir[i] == data)
			continue;
		bell_close(&choir[i]);
		bell_open(&choir[i], ring);
	}
	loop_stop(loop);
}

static void an_event_of_the_old_is_not_given_to_the_new(void **state)
{
	choir_rung = 0;
	for (size_t i = 0; i < CHOIR; i++)
		bell_open(&choir[i], replace_the_others);
	assert_int_equal(loop_run(loop), 0);
	assert_int_equal(choir_rung, 1);
	for (size_t i = 0; i < CHOIR; i++) {
		assert_int_equal(choir[i].rung, 0);
		bell_close(&choir[i]);
	}
}

static void more_are_ready_than_fit_one_round(void **state)
{
	static struct bell bells[300];

	for (size_t i = 0; i < COUNT(bells); i++)
		bell_open(&bells[i], ring);
	run_rounds(20);
	for (size_t i = 0; i < COUNT(bells); i++) {
		assert_true(bells[i].rung > 0);
		bell_close(&bells[i]);
	}
}

static void stop_at_the_first(void *data, int fd, uint32_t events)
{
	choir_rung++;
	loop_stop(loop);
}

static void what_a_stop_cut_off_comes_later(void **state)
{
	struct bell a, b;

	choir_rung = 0;
	bell_open(&a, stop_at_the_first);
	bell_open(&b, stop_at_the_first);
	assert_int_equal(loop_run(loop), 0);
	assert_int_equal(choir_rung, 1);
	assert_int_equal(loop_run(loop), 0);
	assert_int_equal(choir_rung, 2);
	bell_close(&a);
	bell_close(&b);
}

static void a_stop_before_the_run_counts(void **state)
{
	struct bell bell;

	bell_open(&bell, ring);
	loop_stop(loop);
	assert_int_equal(loop_run(loop), 0);
	assert_int_equal(bell.rung, 0);
	run_rounds(1);
	assert_true(bell.rung > 0);
	bell_close(&bell);
}

/* Timers write their numbers down as they fire. */
static int fired[2000];
static size_t fired_count;

struct numbered {
	int number;
	struct loop_timer *timer;
	uint64_t deadline_ms;
	bool armed;
};

static void note(void *data)
{
	const struct numbered *n = data;

	assert_false(loop_timer_armed(n->timer));
	assert_true(n->deadline_ms <= loop_now_ms(loop));
	fired[fired_count++] = n->number;
}

static void numbered_create(struct numbered *timers, size_t count, loop_timer_fn *fn)
{
	fired_count = 0;
	for (size_t i = 0; i < count; i++) {
		timers[i] = (struct numbered){ .number = (int)i };
		assert_int_equal(loop_timer_create(loop, fn, &timers[i], &timers[i].timer), 0);
	}
}

static void arm(struct numbered *n, uint64_t deadline_ms)
{
	n->deadline_ms = deadline_ms;
	n->armed = true;
	assert_int_equal(loop_timer_arm(n->timer, deadline_ms), 0);
	assert_true(loop_timer_armed(n->timer));
}

static void numbered_destroy(struct numbered *timers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		loop_timer_destroy(timers[i].timer);
}

static void a_stop_is_due_at(uint64_t deadline_ms)
{
	struct loop_timer *timer;

	assert_int_equal(loop_timer_create(loop, stop, NULL, &timer), 0);
	assert_int_equal(loop_timer_arm(timer, deadline_ms), 0);
	assert_int_equal(loop_run(loop), 0);
	loop_timer_destroy(timer);
}

static void timers_fire_by_deadline_then_in_the_order_of_arming(void **state)
{
	static const uint64_t offsets[] = { 5, 3, 9, 3, 0, 5, 3, 9 };
	static const int order[] = { 4, 1, 3, 6, 0, 5, 2, 7 };
	struct numbered timers[COUNT(offsets)];
	uint64_t base = clock_ms() + 2;

	numbered_create(timers, COUNT(timers), note);
	for (size_t i = 0; i < COUNT(timers); i++)
		arm(&timers[i], base + offsets[i]);
	assert_int_equal(fired_count, 0);
	a_stop_is_due_at(base + 20);
	assert_int_equal(fired_count, COUNT(order));
	assert_memory_equal(fired, order, sizeof(order));
	numbered_destroy(timers, COUNT(timers));
}

/* Arming again, disarming and destroying at random; what is left fires once, in order. */
static void the_heap_stays_in_order(void **state)
{
	static struct numbered timers[500];
	uint64_t base = clock_ms() + 1, last = 0;
	size_t left = 0;

	srand(3);
	numbered_create(timers, COUNT(timers), note);
	for (int step = 0; step < 20000; step++) {
		struct numbered *n = &timers[rand() % 500];

		if (rand() % 3) {
			arm(n, base + (uint64_t)(rand() % 10));
		} else {
			loop_timer_disarm(n->timer);
			assert_false(loop_timer_armed(n->timer));
			n->armed = false;
		}
	}
	for (size_t i = 0; i < COUNT(timers); i++)
		left += timers[i].armed;
	a_stop_is_due_at(base + 50);
	assert_int_equal(fired_count, left);
	for (size_t i = 0; i < left; i++) {
		struct numbered *n = &timers[fired[i]];

		assert_true(n->armed && n->deadline_ms >= last);
		last = n->deadline_ms;
		n->armed = false;
	}
	numbered_destroy(timers, COUNT(timers));
}

static struct numbered *victims;

static void destroy_the_others(void *data)
{
	struct numbered *self = data;

	note(data);
	for (int i = 0; i < 5; i++) {
		if (&victims[i] == self)
			continue;
		loop_timer_destroy(victims[i].timer);
		victims[i].timer = NULL;
	}
	loop_timer_destroy(self->timer);
	self->timer = NULL;
}

static void a_callback_may_destroy_any_timer_also_its_own(void **state)
{
	struct numbered timers[5];

	victims = timers;
	numbered_create(timers, 5, destroy_the_others);
	for (int i = 0; i < 5; i++)
		arm(&timers[i], 0);
	run_rounds(2);
	assert_int_equal(fired_count, 1);
	assert_int_equal(fired[0], 0);
	loop_timer_destroy(NULL);
}

static void note_and_arm_again(void *data)
{
	note(data);
	if (fired_count < 100)
		arm(data, 0);
}

/* One that is always due takes its turn with the others, and with the descriptors. */
static void who_arms_itself_for_the_past_lets_others_by(void **state)
{
	struct numbered timers[4];
	struct bell bell;

	numbered_create(timers, COUNT(timers), note_and_arm_again);
	bell_open(&bell, ring);
	for (size_t i = 0; i < COUNT(timers); i++)
		arm(&timers[i], 0);
	run_rounds(10);
	assert_in_range(fired_count, 40, 48);
	for (size_t i = 0; i < fired_count; i++)
		assert_int_equal(fired[i], i % 4);
	assert_in_range(bell.rung, 10, 12);
	bell_close(&bell);
	numbered_destroy(timers, COUNT(timers));
}

/* However long ago its deadline is, it does not come before those that became due first. */
static void an_older_deadline_is_no_better_than_now(void **state)
{
	struct numbered busy, waiting;

	numbered_create(&busy, 1, note_and_arm_again);
	numbered_create(&waiting, 1, note);
	waiting.number = 1;
	arm(&busy, 0);
	arm(&waiting, clock_ms());
	run_rounds(5);
	assert_false(loop_timer_armed(waiting.timer));
	assert_int_equal(fired[1], 1);
	numbered_destroy(&busy, 1);
	numbered_destroy(&waiting, 1);
}

static void a_far_deadline_does_not_fire(void **state)
{
	struct numbered timers[2];

	numbered_create(timers, 2, note);
	arm(&timers[0], UINT64_MAX);
	arm(&timers[1], loop_now_ms(loop) + (1ULL << 33));
	run_rounds(3);
	assert_int_equal(fired_count, 0);
	numbered_destroy(timers, 2);
}

static void the_clock_of_the_loop_goes_on(void **state)
{
	uint64_t before = clock_ms();

	assert_true(loop_now_ms(loop) <= before);
	a_stop_is_due_at(before + 5);
	assert_true(loop_now_ms(loop) >= before + 5);
}

/* Signals. */
static int caught[8];
static size_t caught_count;
static struct loop_signals *signals;

static void catch(void *data, int signal_number)
{
	caught[caught_count++] = signal_number;
}

static void signals_come_from_the_loop(void **state)
{
	static const int list[] = { SIGUSR1, SIGHUP, 0 };

	caught_count = 0;
	assert_int_equal(loop_signals_create(loop, list, catch, NULL, &signals), 0);
	raise(SIGUSR1);
	raise(SIGHUP);
	assert_int_equal(caught_count, 0);
	run_rounds(4);
	/* The kernel hands out the lower number first. */
	assert_int_equal(caught_count, 2);
	assert_int_equal(caught[0], SIGHUP);
	assert_int_equal(caught[1], SIGUSR1);
	loop_signals_destroy(signals);
	loop_signals_destroy(NULL);
}

static void destroy_on_signal(void *data, int signal_number)
{
	catch(data, signal_number);
	loop_signals_destroy(signals);
}

static void a_signal_callback_may_destroy_its_handle(void **state)
{
	static const int list[] = { SIGUSR1, SIGUSR2, 0 };

	caught_count = 0;
	assert_int_equal(loop_signals_create(loop, list, destroy_on_signal, NULL, &signals), 0);
	raise(SIGUSR1);
	raise(SIGUSR2);
	run_rounds(4);
	assert_int_equal(caught_count, 1);
	/* The other one still waits, blocked; it is for whoever asks next. */
	assert_int_equal(loop_signals_create(loop, list, destroy_on_signal, NULL, &signals), 0);
	run_rounds(2);
	assert_int_equal(caught_count, 2);
}

static void a_loop_without_descriptors_is_an_error(void **state)
{
	static const int list[] = { SIGUSR1, 0 };
	struct rlimit old, none;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = (struct rlimit){ 3, old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(loop_create(&(struct loop *){ NULL }), -EMFILE);
	assert_int_equal(loop_signals_create(loop, list, catch, NULL, &signals), -EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_descriptor_is_reported_until_it_is_removed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(events_can_be_changed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_hang_up_is_reported_unasked, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_cannot_be_watched_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_fetched_event_of_a_removed_descriptor_is_not_given, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_callback_may_remove_itself, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_event_of_the_old_is_not_given_to_the_new, set_up, tear_down),
		cmocka_unit_test_setup_teardown(more_are_ready_than_fit_one_round, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_a_stop_cut_off_comes_later, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_stop_before_the_run_counts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(timers_fire_by_deadline_then_in_the_order_of_arming, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_heap_stays_in_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_callback_may_destroy_any_timer_also_its_own, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_arms_itself_for_the_past_lets_others_by, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_older_deadline_is_no_better_than_now, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_far_deadline_does_not_fire, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_clock_of_the_loop_goes_on, set_up, tear_down),
		cmocka_unit_test_setup_teardown(signals_come_from_the_loop, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_signal_callback_may_destroy_its_handle, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_loop_without_descriptors_is_an_error, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
