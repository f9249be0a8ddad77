/* SPDX-License-Identifier: Apache-2.0 */
/* Generations of the gate, with real processes and sockets, and doubles for what these do: a gate worker that
 * accepts clients, tells each its number and its process, and holds them until they leave; and a porter that ends
 * with its gates. What a letter from a client does to its worker is in serve_letter. */
#include "daemon/warden_gate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/counter.h"
#include "daemon/gate_listen.h"
#include "daemon/porter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define CLIENTS_MOST 8
#define PATIENCE_MS 8000
#define LOOK_MS 200

/* The doubles. */

static void beat(int socket, uint64_t *beaten_ms)
{
	uint64_t now = clock_ms();

	if (now - *beaten_ms < 500)
		return;
	*beaten_ms = now;
	send(socket, ".", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* A word to the porter or to the watch worker, or that it stops, or ends. */
static void serve_letter(const struct gate_worker_start *start, char letter)
{
	if (letter == 'p' || letter == 'x')
		send(start->porter, &letter, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (letter == 'w')
		send(start->watch, "w", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (letter == 's')
		raise(SIGSTOP);
	if (letter == 'e')
		_exit(9);
}

static void greet(const struct gate_worker_start *start, int client)
{
	struct {
		unsigned number;
		pid_t pid;
	} here = { start->number, getpid() };

	send(client, &here, sizeof(here), MSG_NOSIGNAL);
}

static volatile sig_atomic_t told_to_end;

static void on_sigterm(int signal_number)
{
	told_to_end = 1;
}

int gate_worker_run(const struct gate_worker_start *start)
{
	struct pollfd p[1 + GATE_LISTENERS_MOST + CLIENTS_MOST] = { { .fd = start->warden_socket, .events = POLLIN } };
	size_t first = 1 + start->listener_count, clients = 0;
	uint64_t beaten_ms = 0;
	bool draining = false;

	signal(SIGTERM, on_sigterm);
	for (size_t i = 0; i < start->listener_count; i++)
		p[1 + i] = (struct pollfd){ .fd = start->listeners[i], .events = POLLIN };
	while (!draining || clients) {
		char letter = '\0';

		beat(start->warden_socket, &beaten_ms);
		poll(p, first + clients, 100);
		if (p[0].revents && recv(p[0].fd, &letter, 1, MSG_DONTWAIT) == 0)
			return 0;
		if (!draining && (letter == GATE_WORD_DRAIN || told_to_end)) {
			draining = true;
			for (size_t i = 1; i < first; i++) {
				close(p[i].fd);
				p[i].fd = -1;
			}
		}
		for (size_t i = first; i < first + clients; i++) {
			if (!p[i].revents)
				continue;
			if (recv(p[i].fd, &letter, 1, 0) == 1) {
				serve_letter(start, letter);
				continue;
			}
			close(p[i].fd);
			p[i] = p[first + --clients];
		}
		for (size_t i = 1; i < first && clients < CLIENTS_MOST; i++) {
			int client = p[i].fd >= 0 ? accept(p[i].fd, NULL, NULL) : -1;

			if (client < 0)
				continue;
			greet(start, client);
			p[first + clients++] = (struct pollfd){ .fd = client, .events = POLLIN };
		}
	}
	return 0;
}

/* The runner gets a signal for each word of a gate; 'x' is its end. */
int porter_run(const struct porter_start *start)
{
	struct pollfd p[1 + GATE_WORKERS_MOST] = { { .fd = start->warden, .events = POLLIN } };
	uint64_t beaten_ms = 0;
	size_t gates = start->gate_count;
	char letter;

	for (size_t i = 0; i < gates; i++)
		p[1 + i] = (struct pollfd){ .fd = start->gates[i], .events = POLLIN };
	while (gates) {
		beat(start->warden, &beaten_ms);
		poll(p, 1 + start->gate_count, 100);
		if (p[0].revents && recv(p[0].fd, &letter, 1, MSG_DONTWAIT) == 0)
			return 0;
		for (size_t i = 1; i <= start->gate_count; i++) {
			if (!p[i].revents)
				continue;
			if (recv(p[i].fd, &letter, 1, MSG_DONTWAIT) == 1) {
				if (letter == 'x')
					_exit(8);
				kill(getppid(), SIGUSR1);
				continue;
			}
			p[i].fd = -1;
			gates--;
		}
	}
	return 0;
}

/* The scene. */

struct scene {
	struct loop *loop;
	struct loop_timer *look, *stop;
	struct warden_gate *gate;
	struct plan plans[2];
	struct endpoint endpoints[2][2];
	struct prefix_set never;
	int ends;
};

static volatile sig_atomic_t porter_heard;

static void on_sigusr1(int signal_number)
{
	porter_heard++;
}

static void on_look(void *data)
{
	struct scene *s = data;

	warden_gate_look(s->gate);
	loop_timer_arm(s->look, clock_ms() + LOOK_MS);
}

static void on_stop(void *data)
{
	struct scene *s = data;

	loop_stop(s->loop);
}

static void on_ended(void *data)
{
	struct scene *s = data;

	s->ends++;
	loop_stop(s->loop);
}

/* A port that nobody has, as far as one can know. */
static uint16_t free_port(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t size = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (const struct sockaddr *)&in, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &size), 0);
	close(fd);
	return ntohs(in.sin_port);
}

static struct endpoint loopback(uint16_t port)
{
	static const uint8_t octets[] = { 127, 0, 0, 1 };

	return (struct endpoint){ .addr = addr_from_ipv4(octets), .port = port };
}

static int set_up(void **state)
{
	static char user[] = "nobody", none[] = "", cat[] = "/bin/cat", *program[] = { cat };
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	signal(SIGUSR1, on_sigusr1);
	for (int i = 0; i < 2; i++) {
		s->endpoints[i][0] = loopback(free_port());
		s->plans[i].settings = (struct settings){ .gate_handoff = HANDOFF_EXEC, .gate_workers = 2,
							  .gate_session = 60000, .gate_user = user, .gate_hook = none,
							  .gate_environment = none,
							  .gate_program = { program, 1 },
							  .gate_listen = { s->endpoints[i], 1 } };
	}
	s->endpoints[1][0] = s->endpoints[0][0];
	assert_int_equal(loop_create(&s->loop), 0);
	assert_int_equal(loop_timer_create(s->loop, on_look, s, &s->look), 0);
	assert_int_equal(loop_timer_create(s->loop, on_stop, s, &s->stop), 0);
	assert_int_equal(warden_gate_create(s->loop, on_ended, s, &s->gate), 0);
	on_look(s);
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *s = *state;

	warden_gate_destroy(s->gate);
	loop_timer_destroy(s->look);
	loop_timer_destroy(s->stop);
	loop_destroy(s->loop);
	free(s);
	/* Nothing is left of any generation. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	return 0;
}

static void run_for(struct scene *s, uint64_t ms)
{
	loop_timer_arm(s->stop, clock_ms() + ms);
	assert_int_equal(loop_run(s->loop), 0);
}

static int prepare(struct scene *s, int plan)
{
	const struct warden_gate_start start = { &s->plans[plan], &s->never, getuid(), getgid() };

	return warden_gate_prepare(s->gate, &start);
}

static void start(struct scene *s, int plan)
{
	assert_int_equal(prepare(s, plan), 0);
	warden_gate_start(s->gate);
}

struct client {
	int fd;
	unsigned number;
	pid_t pid;
};

/* Connects: that is never refused while there is a gate. */
static int connect_to(const struct endpoint *endpoint)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) },
				  .sin_port = htons(endpoint->port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (const struct sockaddr *)&in, sizeof(in)) == 0)
		return fd;
	close(fd);
	return -errno;
}

/* The loop runs until it is greeted. */
static struct client wait_for_greeting(struct scene *s, int fd)
{
	uint64_t begin_ms = clock_ms();
	struct client client = { .fd = fd };
	struct {
		unsigned number;
		pid_t pid;
	} there;

	assert_true(fd >= 0);
	while (recv(fd, &there, sizeof(there), MSG_DONTWAIT) != sizeof(there)) {
		assert_true(clock_ms() - begin_ms < PATIENCE_MS);
		run_for(s, 10);
	}
	client.number = there.number;
	client.pid = there.pid;
	return client;
}

static struct client enter(struct scene *s)
{
	return wait_for_greeting(s, connect_to(&s->endpoints[0][0]));
}

static struct client enter_at(struct scene *s, unsigned number)
{
	struct client client;

	for (int i = 0; i < 200; i++) {
		client = enter(s);
		if (client.number == number)
			return client;
		close(client.fd);
	}
	fail_msg("no client came to the worker");
	return client;
}

static void say(const struct client *client, char letter)
{
	assert_int_equal(send(client->fd, &letter, 1, MSG_NOSIGNAL), 1);
}

static bool is_open(const struct client *client)
{
	char letter;
	ssize_t size = recv(client->fd, &letter, 1, MSG_DONTWAIT);

	return size < 0 && errno == EAGAIN;
}

static void wait_closed(struct scene *s, const struct client *client, uint64_t ms)
{
	uint64_t begin_ms = clock_ms();

	while (is_open(client)) {
		assert_true(clock_ms() - begin_ms < ms);
		run_for(s, 20);
	}
}

static bool process_exists(pid_t pid)
{
	return kill(pid, 0) == 0;
}

static void wait_gone(struct scene *s, pid_t pid, uint64_t ms)
{
	uint64_t begin_ms = clock_ms();

	while (process_exists(pid)) {
		assert_true(clock_ms() - begin_ms < ms);
		run_for(s, 20);
	}
}

/* The tests. */

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

static void wait_for_porter(struct scene *s, int heard)
{
	uint64_t begin_ms = clock_ms();

	while (porter_heard == heard) {
		assert_true(clock_ms() - begin_ms < PATIENCE_MS);
		run_for(s, 20);
	}
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

/* Clients of any place that the kernel brings there, and nobody else's. */
static void test_a_steered_gate_listens_on_loopback_alone(void **state)
{
	struct scene *s = *state;
	struct gate_listeners *listeners, *again;
	int on;

	for (int i = 0; i < 2; i++) {
		s->plans[0].settings.gate_steer = i ? STEERING_ALL : STEERING_SUSPECT;
		s->plans[0].settings.gate_steer_port = s->endpoints[0][0].port;
		if (gate_listeners_open(&s->plans[0].settings, NULL, &listeners) == -EPERM)
			skip();
		assert_int_equal(gate_listeners_open(&s->plans[0].settings, listeners, &again), 0);
		assert_int_equal(again->count, 2);
		for (size_t e = 0; e < again->count; e++) {
			struct sockaddr_storage local;
			socklen_t size = sizeof(local), on_size = sizeof(on);
			struct addr addr;
			char text[ADDR_TEXT_SIZE];

			assert_int_equal(getsockname(again->endpoints[e].sockets[1], (struct sockaddr *)&local, &size), 0);
			assert_int_equal(addr_from_sockaddr((struct sockaddr *)&local, size, &addr), 0);
			assert_string_equal(addr_format(&addr, text), e ? "::1" : "127.0.0.1");
			assert_int_equal(getsockopt(again->endpoints[e].sockets[1], e ? SOL_IPV6 : SOL_IP,
						    e ? IPV6_TRANSPARENT : IP_TRANSPARENT, &on, &on_size), 0);
			assert_int_equal(on, 1);
		}
		assert_int_equal(gate_listeners_try(&s->plans[0].settings, again), 0);
		gate_listeners_close(listeners);
		gate_listeners_close(again);
	}
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

static void test_one_generation_drains(void **state)
{
	struct scene *s = *state;
	struct client oldest, old;

	start(s, 0);
	oldest = enter(s);
	start(s, 1);
	old = enter(s);
	while (old.pid == oldest.pid)
		old = enter(s);
	start(s, 0);
	wait_closed(s, &oldest, PATIENCE_MS);
	run_for(s, 300);
	assert_true(is_open(&old));
	close(oldest.fd);
	close(old.fd);
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

static void test_all_addresses_are_of_both_families(void **state)
{
	char none[] = "";
	struct settings settings = { .gate_workers = 2, .gate_hook = none, .gate_user = none };
	struct gate_listeners *listeners, *kept;
	struct endpoint all = { .port = free_port() };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(all.port),
				    .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), client;

	settings.gate_listen = (struct endpoint_list){ &all, 1 };
	assert_int_equal(gate_listeners_open(&settings, NULL, &listeners), 0);
	assert_int_equal(listeners->workers, 2);
	client = connect_to(&all);
	assert_true(client >= 0);
	/* A host without IPv6 has no such loopback. */
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&in6, sizeof(in6)) < 0)
		assert_int_equal(errno, EADDRNOTAVAIL);
	/* What waits to be accepted stays when another takes the socket over. */
	settings.gate_workers = 3;
	assert_int_equal(gate_listeners_open(&settings, listeners, &kept), 0);
	gate_listeners_close(listeners);
	assert_true(is_open(&(struct client){ .fd = client }));
	gate_listeners_close(kept);
	assert_false(is_open(&(struct client){ .fd = client }));
	close(client);
	close(fd);
}

static void test_how_many_workers(void **state)
{
	struct settings settings = { .gate_workers = 5 };

	assert_int_equal(gate_worker_count(&settings), 5);
	settings.gate_workers = 0;
	assert_in_range(gate_worker_count(&settings), 1, GATE_WORKERS_MOST);
}

#define SCENE_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		SCENE_TEST(test_clients_come_to_all_workers),
		SCENE_TEST(test_a_worker_that_dies_comes_again_alone),
		SCENE_TEST(test_what_cannot_be_started_is_tried_again),
		SCENE_TEST(test_a_generation_that_never_began_goes_at_once),
		SCENE_TEST(test_both_find_their_socket_again),
		SCENE_TEST(test_the_watch_worker_hears_them),
		SCENE_TEST(test_it_works_when_all_of_it_speaks),
		SCENE_TEST(test_a_steered_gate_listens_on_loopback_alone),
		SCENE_TEST(test_a_silent_worker_is_replaced),
		SCENE_TEST(test_a_reload_lets_sessions_finish),
		SCENE_TEST(test_one_generation_drains),
		SCENE_TEST(test_it_drains_for_no_longer_than_a_session),
		SCENE_TEST(test_who_drains_does_not_come_again),
		SCENE_TEST(test_an_endpoint_comes_and_another_goes),
		SCENE_TEST(test_an_endpoint_that_somebody_has_changes_nothing),
		SCENE_TEST(test_a_porter_that_could_not_begin_changes_nothing),
		SCENE_TEST(test_what_was_prepared_twice_starts_once),
		SCENE_TEST(test_the_gate_goes_and_comes),
		SCENE_TEST(test_all_end_when_it_is_stopped),
		SCENE_TEST(test_who_does_not_end_is_ended),
		cmocka_unit_test(test_all_addresses_are_of_both_families),
		cmocka_unit_test(test_how_many_workers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
