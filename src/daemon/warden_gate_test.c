/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of the gate: who dies, is silent, or cannot be started, whom they hear, and how they end. */
#include "daemon/warden_gate_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/counter.h"
#include "daemon/warden_gate_internal.h"

#include <errno.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_clients_come_to_all_workers(void **state)
{
	struct scene *s = *state;
	struct client first, second;

	start(s, 0);
	first = enter_at(s, 0);
	second = enter_at(s, 1);
	assert_int_not_equal(first.pid, second.pid);
	close(first.fd);
	close(second.fd);
}

static void test_a_worker_that_dies_comes_again_alone(void **state)
{
	struct scene *s = *state;
	uint64_t restarts = counter_read(COUNTER_gate_restarts);
	struct client first, second, third;

	start(s, 0);
	first = enter_at(s, 0);
	second = enter_at(s, 1);
	kill(first.pid, SIGKILL);
	for (int i = 0; i < 20; i++) {
		int fd = connect_to(&s->endpoints[0][0]);

		assert_true(fd >= 0);
		close(fd);
	}
	wait_closed(s, &first, PATIENCE_MS);
	third = enter_at(s, 0);
	assert_int_not_equal(third.pid, first.pid);
	assert_true(is_open(&second));
	assert_int_equal(counter_read(COUNTER_gate_restarts), restarts + 1);
	close(first.fd);
	close(second.fd);
	close(third.fd);
}

static void test_a_silent_worker_is_replaced(void **state)
{
	struct scene *s = *state;
	struct client stopped, next;
	uint64_t begin_ms;

	start(s, 0);
	stopped = enter_at(s, 1);
	run_for(s, 1000);
	begin_ms = clock_ms();
	say(&stopped, 's');
	wait_closed(s, &stopped, 6000);
	assert_true(clock_ms() - begin_ms > 3000);
	next = enter_at(s, 1);
	assert_int_not_equal(next.pid, stopped.pid);
	close(stopped.fd);
	close(next.fd);
}

static void test_what_cannot_be_started_is_tried_again(void **state)
{
	struct scene *s = *state;
	struct rlimit before, none;
	struct client client;

	assert_int_equal(prepare(s, 0), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){ 3, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	warden_gate_start(s->gate);
	run_for(s, 150);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	client = enter(s);
	close(client.fd);
	assert_true(warden_gate_stop(s->gate));
	run_for(s, PATIENCE_MS);
	assert_int_equal(s->ends, 1);
}

static void test_a_generation_that_never_began_goes_at_once(void **state)
{
	struct scene *s = *state;
	struct rlimit before, none;

	assert_int_equal(prepare(s, 0), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){ 3, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	warden_gate_start(s->gate);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_false(warden_gate_stop(s->gate));
	assert_false(warden_gate_runs(s->gate));
	run_for(s, 300);
	assert_int_equal(s->ends, 0);
}

static void wait_for_porter(struct scene *s, int heard)
{
	uint64_t begin_ms = clock_ms();

	while (porter_heard == heard) {
		assert_true(clock_ms() - begin_ms < PATIENCE_MS);
		run_for(s, 20);
	}
}

static void test_both_find_their_socket_again(void **state)
{
	struct scene *s = *state;
	struct client client;
	int heard = porter_heard;

	start(s, 0);
	client = enter_at(s, 0);
	say(&client, 'p');
	wait_for_porter(s, heard);
	/* The next one of its number, to the same porter. */
	say(&client, 'e');
	wait_closed(s, &client, PATIENCE_MS);
	close(client.fd);
	client = enter_at(s, 0);
	heard = porter_heard;
	say(&client, 'p');
	wait_for_porter(s, heard);
	/* And the next porter, what this one had said before it came. */
	heard = porter_heard;
	say(&client, 'x');
	say(&client, 'p');
	wait_for_porter(s, heard);
	assert_true(is_open(&client));
	close(client.fd);
}

static void test_the_watch_worker_hears_them(void **state)
{
	struct scene *s = *state;
	int ends[WARDEN_GATE_ENDS_MOST];
	struct pollfd p = { .events = POLLIN };
	struct client client;
	char word;

	start(s, 0);
	assert_int_equal(warden_gate_watch_ends(s->gate, ends), 2);
	client = enter_at(s, 1);
	say(&client, 'w');
	p.fd = ends[1];
	assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
	assert_int_equal(recv(ends[1], &word, 1, 0), 1);
	assert_int_equal(word, 'w');
	assert_true(recv(ends[0], &word, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN);
	close(client.fd);
}

static void wait_works(struct scene *s, bool expected, uint64_t ms)
{
	uint64_t begin_ms = clock_ms();

	while (warden_gate_works(s->gate) != expected) {
		assert_true(clock_ms() - begin_ms < ms);
		run_for(s, 20);
	}
}

static void test_it_works_when_all_of_it_speaks(void **state)
{
	struct scene *s = *state;
	struct client client;

	assert_false(warden_gate_works(s->gate));
	start(s, 0);
	assert_false(warden_gate_works(s->gate));
	wait_works(s, true, PATIENCE_MS);
	client = enter_at(s, 1);
	say(&client, 's');
	/* Before it is replaced. */
	wait_works(s, false, 3300);
	assert_true(process_exists(client.pid));
	wait_works(s, true, PATIENCE_MS);
	wait_gone(s, client.pid, PATIENCE_MS);
	close(client.fd);
	client = enter(s);
	start(s, 1);
	wait_works(s, true, PATIENCE_MS);
	close(client.fd);
	assert_true(warden_gate_stop(s->gate));
	assert_false(warden_gate_works(s->gate));
	run_for(s, PATIENCE_MS);
	assert_int_equal(s->ends, 1);
}

static void test_all_end_when_it_is_stopped(void **state)
{
	struct scene *s = *state;
	struct client client;
	uint64_t begin_ms;

	start(s, 0);
	client = enter(s);
	close(client.fd);
	run_for(s, 300);
	begin_ms = clock_ms();
	assert_true(warden_gate_stop(s->gate));
	run_for(s, PATIENCE_MS);
	assert_int_equal(s->ends, 1);
	assert_true(clock_ms() - begin_ms < 2500);
	assert_false(warden_gate_runs(s->gate));
	assert_false(warden_gate_stop(s->gate));
}

static void test_who_does_not_end_is_ended(void **state)
{
	struct scene *s = *state;
	struct client stopped, fresh;

	start(s, 0);
	stopped = enter_at(s, 0);
	start(s, 1);
	fresh = enter_at(s, 0);
	say(&fresh, 's');
	run_for(s, 200);
	assert_true(warden_gate_stop(s->gate));
	run_for(s, PATIENCE_MS);
	assert_int_equal(s->ends, 1);
	assert_false(is_open(&stopped));
	assert_false(is_open(&fresh));
	close(stopped.fd);
	close(fresh.fd);
}

/* For a while, and twice as long when it was too soon. Nobody loses a connection by that. */
static void test_who_can_serve_nobody_does_not_work(void **state)
{
	struct scene *s = *state;
	struct client client;

	start(s, 0);
	client = enter_at(s, 0);
	wait_works(s, true, PATIENCE_MS);
	for (uint64_t pause_ms = 10000; pause_ms <= 40000; pause_ms *= 2) {
		say(&client, 'u');
		wait_works(s, false, 1000);
		assert_int_equal(s->gate->pause_ms, pause_ms);
		s->gate->pause_ends_ms -= pause_ms; /* as if that had passed */
		wait_works(s, true, PATIENCE_MS);
		assert_true(is_open(&client));
	}
	close(client.fd);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		SCENE_TEST(test_clients_come_to_all_workers),
		SCENE_TEST(test_a_worker_that_dies_comes_again_alone),
		SCENE_TEST(test_a_silent_worker_is_replaced),
		SCENE_TEST(test_what_cannot_be_started_is_tried_again),
		SCENE_TEST(test_a_generation_that_never_began_goes_at_once),
		SCENE_TEST(test_both_find_their_socket_again),
		SCENE_TEST(test_the_watch_worker_hears_them),
		SCENE_TEST(test_it_works_when_all_of_it_speaks),
		SCENE_TEST(test_who_can_serve_nobody_does_not_work),
		SCENE_TEST(test_all_end_when_it_is_stopped),
		SCENE_TEST(test_who_does_not_end_is_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
