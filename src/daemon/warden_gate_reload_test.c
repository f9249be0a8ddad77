/* SPDX-License-Identifier: Apache-2.0 */
/* One generation of the gate after another: who drains and for how long, and what a plan that cannot be had leaves as
 * it was. */
#include "daemon/warden_gate_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/counter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <unistd.h>

static void test_a_reload_lets_sessions_finish(void **state)
{
	struct scene *s = *state;
	int ends[WARDEN_GATE_ENDS_MOST];
	struct client old, fresh;

	start(s, 0);
	old = enter_at(s, 0);
	start(s, 1);
	fresh = enter_at(s, 0);
	assert_int_not_equal(fresh.pid, old.pid);
	run_for(s, 500);
	assert_true(is_open(&old));
	/* Its idle fellow is gone, and so is what that would have said. */
	assert_int_equal(warden_gate_watch_ends(s->gate, ends), 3);
	close(old.fd);
	wait_gone(s, old.pid, PATIENCE_MS);
	assert_int_equal(warden_gate_watch_ends(s->gate, ends), 2);
	assert_true(is_open(&fresh));
	close(fresh.fd);
}

static bool is_of_one_of(const struct client *client, const struct client *earlier, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (earlier[i].pid == client->pid)
			return true;
	return false;
}

static void test_three_generations_drain(void **state)
{
	struct scene *s = *state;
	struct client clients[GATE_GENERATIONS_MOST]; /* of each generation */

	for (size_t i = 0; i < GATE_GENERATIONS_MOST; i++) {
		start(s, i % 2);
		do
			clients[i] = enter_at(s, 0);
		while (is_of_one_of(&clients[i], clients, i));
	}
	run_for(s, 300);
	for (size_t i = 0; i < GATE_GENERATIONS_MOST; i++)
		assert_true(is_open(&clients[i]));
	start(s, 0);
	wait_closed(s, &clients[0], PATIENCE_MS);
	run_for(s, 300);
	for (size_t i = 1; i < GATE_GENERATIONS_MOST; i++)
		assert_true(is_open(&clients[i]));
	for (size_t i = 0; i < GATE_GENERATIONS_MOST; i++)
		close(clients[i].fd);
}

static void test_it_drains_for_no_longer_than_a_session(void **state)
{
	struct scene *s = *state;
	struct client old;

	s->plans[0].settings.gate_session = 500;
	start(s, 0);
	old = enter(s);
	start(s, 1);
	run_for(s, 1000);
	assert_true(is_open(&old));
	wait_closed(s, &old, PATIENCE_MS);
	close(old.fd);
}

static void test_who_drains_does_not_come_again(void **state)
{
	struct scene *s = *state;
	uint64_t restarts = counter_read(COUNTER_gate_restarts);
	struct client old;

	start(s, 0);
	old = enter(s);
	start(s, 1);
	kill(old.pid, SIGKILL);
	wait_gone(s, old.pid, PATIENCE_MS);
	run_for(s, 500);
	assert_int_equal(counter_read(COUNTER_gate_restarts), restarts);
	close(old.fd);
}

static void test_an_endpoint_comes_and_another_goes(void **state)
{
	struct scene *s = *state;
	struct client client;

	start(s, 0);
	close(enter(s).fd);
	s->endpoints[1][0] = loopback(free_port());
	assert_int_equal(connect_to(&s->endpoints[1][0]), -ECONNREFUSED);
	start(s, 1);
	client = wait_for_greeting(s, connect_to(&s->endpoints[1][0]));
	run_for(s, 500);
	assert_int_equal(connect_to(&s->endpoints[0][0]), -ECONNREFUSED);
	close(client.fd);
}

static void test_an_endpoint_that_somebody_has_changes_nothing(void **state)
{
	struct scene *s = *state;
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int other = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct client before, after;

	start(s, 0);
	before = enter_at(s, 0);
	s->endpoints[1][0].port = free_port();
	in.sin_port = htons(s->endpoints[1][0].port);
	assert_int_equal(bind(other, (const struct sockaddr *)&in, sizeof(in)), 0);
	assert_int_equal(listen(other, 1), 0);
	assert_int_equal(prepare(s, 1), -EADDRINUSE);
	after = enter_at(s, 0);
	assert_int_equal(after.pid, before.pid);
	close(before.fd);
	close(after.fd);
	close(other);
}

static void test_a_porter_that_could_not_begin_changes_nothing(void **state)
{
	static char nobody[] = "there is no such user";
	struct scene *s = *state;
	struct client before, after;

	start(s, 0);
	before = enter_at(s, 0);
	s->plans[1].settings.gate_user = nobody;
	assert_int_equal(prepare(s, 1), -ENOENT);
	after = enter_at(s, 0);
	assert_int_equal(after.pid, before.pid);
	close(before.fd);
	close(after.fd);
}

static void test_what_was_prepared_twice_starts_once(void **state)
{
	struct scene *s = *state;
	int ends[WARDEN_GATE_ENDS_MOST];
	struct client client;

	s->plans[0].settings.gate_workers = 3;
	assert_int_equal(prepare(s, 0), 0);
	assert_false(warden_gate_runs(s->gate));
	assert_int_equal(prepare(s, 1), 0);
	warden_gate_start(s->gate);
	assert_int_equal(warden_gate_watch_ends(s->gate, ends), 2);
	client = enter(s);
	assert_true(client.number < 2);
	/* Prepared and never started: it goes with the gate. */
	assert_int_equal(prepare(s, 0), 0);
	close(client.fd);
}

static void test_the_gate_goes_and_comes(void **state)
{
	struct scene *s = *state;
	int ends[WARDEN_GATE_ENDS_MOST];
	struct client client;

	s->plans[1].settings.gate_handoff = HANDOFF_NONE;
	start(s, 1);
	assert_false(warden_gate_runs(s->gate));
	assert_int_equal(connect_to(&s->endpoints[0][0]), -ECONNREFUSED);
	start(s, 0);
	client = enter(s);
	start(s, 1);
	run_for(s, 500);
	assert_true(is_open(&client));
	assert_int_equal(connect_to(&s->endpoints[0][0]), -ECONNREFUSED);
	close(client.fd);
	for (uint64_t begin_ms = clock_ms(); warden_gate_runs(s->gate); run_for(s, 20))
		assert_true(clock_ms() - begin_ms < PATIENCE_MS);
	assert_int_equal(warden_gate_watch_ends(s->gate, ends), 0);
	start(s, 0);
	close(enter(s).fd);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		SCENE_TEST(test_a_reload_lets_sessions_finish),
		SCENE_TEST(test_three_generations_drain),
		SCENE_TEST(test_it_drains_for_no_longer_than_a_session),
		SCENE_TEST(test_who_drains_does_not_come_again),
		SCENE_TEST(test_an_endpoint_comes_and_another_goes),
		SCENE_TEST(test_an_endpoint_that_somebody_has_changes_nothing),
		SCENE_TEST(test_a_porter_that_could_not_begin_changes_nothing),
		SCENE_TEST(test_what_was_prepared_twice_starts_once),
		SCENE_TEST(test_the_gate_goes_and_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
