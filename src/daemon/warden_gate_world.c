/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/warden_gate_world.h"

#include "base/clock.h"
#include "daemon/porter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define CLIENTS_MOST 8
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
	if (letter == 'u')
		send(start->warden_socket, &(char){ GATE_WORD_UNABLE }, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
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

volatile sig_atomic_t porter_heard;

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

uint16_t free_port(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t size = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (const struct sockaddr *)&in, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &size), 0);
	close(fd);
	return ntohs(in.sin_port);
}

struct endpoint loopback(uint16_t port)
{
	static const uint8_t octets[] = { 127, 0, 0, 1 };

	return (struct endpoint){ .addr = addr_from_ipv4(octets), .port = port };
}

int set_up(void **state)
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

int tear_down(void **state)
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

void run_for(struct scene *s, uint64_t ms)
{
	loop_timer_arm(s->stop, clock_ms() + ms);
	assert_int_equal(loop_run(s->loop), 0);
}

int prepare(struct scene *s, int plan)
{
	const struct warden_gate_start start = { &s->plans[plan], &s->never, getuid(), getgid() };

	return warden_gate_prepare(s->gate, &start);
}

void start(struct scene *s, int plan)
{
	assert_int_equal(prepare(s, plan), 0);
	warden_gate_start(s->gate);
}

int connect_to(const struct endpoint *endpoint)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) },
				  .sin_port = htons(endpoint->port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (const struct sockaddr *)&in, sizeof(in)) == 0)
		return fd;
	close(fd);
	return -errno;
}

struct client wait_for_greeting(struct scene *s, int fd)
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

struct client enter(struct scene *s)
{
	return wait_for_greeting(s, connect_to(&s->endpoints[0][0]));
}

struct client enter_at(struct scene *s, unsigned number)
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

void say(const struct client *client, char letter)
{
	assert_int_equal(send(client->fd, &letter, 1, MSG_NOSIGNAL), 1);
}

bool is_open(const struct client *client)
{
	char letter;
	ssize_t size = recv(client->fd, &letter, 1, MSG_DONTWAIT);

	return size < 0 && errno == EAGAIN;
}

void wait_closed(struct scene *s, const struct client *client, uint64_t ms)
{
	uint64_t begin_ms = clock_ms();

	while (is_open(client)) {
		assert_true(clock_ms() - begin_ms < ms);
		run_for(s, 20);
	}
}

bool process_exists(pid_t pid)
{
	return kill(pid, 0) == 0;
}

void wait_gone(struct scene *s, pid_t pid, uint64_t ms)
{
	uint64_t begin_ms = clock_ms();

	while (process_exists(pid)) {
		assert_true(clock_ms() - begin_ms < ms);
		run_for(s, 20);
	}
}
