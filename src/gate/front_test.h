/* SPDX-License-Identifier: Apache-2.0 */
/* front_test - real sockets on loopback, in one process with the front; played are the DNS lists and the porter. */
#ifndef WAVEBREAK_GATE_FRONT_TEST_H
#define WAVEBREAK_GATE_FRONT_TEST_H

#include "base/counter.h"
#include "gate/front.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 3000

#define HELD_MOST 65536

struct world {
	struct loop *loop;
	struct loop_timer *stop;
	struct settings settings;
	struct session_rules rules;
	struct clients *clients;
	struct front *front;
	int listener;
	struct sockaddr_in address;

	/* What is played. */
	struct session_facts facts;
	bool facts_late, never_tested;
	uint32_t late_visit;
	int let_in; /* what the porter's socket says */
	uint32_t asked_visit;
	int asked_greeted; /* whether it is marked so (kernel/gate_mark.h) */
	unsigned asked, looks, look_ends, drained;
	struct gate_report reports[64];
	size_t report_count;
};

static inline int on_look(void *data, const struct addr *client, uint32_t visit, void **ret_look, struct session_facts *ret)
{
	struct world *w = data;

	if (!w->facts_late) {
		*ret = w->facts;
		return 1;
	}
	w->looks++;
	w->late_visit = visit;
	*ret_look = w;
	return 0;
}

static inline void on_look_end(void *data, void *look, struct session_facts *ret)
{
	struct world *w = data;

	w->look_ends++;
	if (ret)
		*ret = w->facts;
}

static inline void on_look_again(void *data, const struct addr *client)
{
}

static inline int on_let_in(void *data, uint32_t visit, const struct session *session, int fd)
{
	struct world *w = data;
	socklen_t size = sizeof(w->asked_greeted);

	w->asked++;
	w->asked_visit = visit;
	assert_int_equal(getsockopt(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &w->asked_greeted, &size), 0);
	return w->let_in;
}

static inline void on_report(void *data, const struct gate_report *report)
{
	struct world *w = data;

	assert_true(w->report_count < 64);
	w->reports[w->report_count++] = *report;
}

static inline bool on_never(void *data, const struct addr *client)
{
	return ((struct world *)data)->never_tested;
}

static inline void on_drained(void *data)
{
	((struct world *)data)->drained++;
}

static inline void on_stop(void *data)
{
	loop_stop(((struct world *)data)->loop);
}

static inline void pump(struct world *w, uint64_t ms)
{
	loop_timer_arm(w->stop, loop_now_ms(w->loop) + ms);
	assert_int_equal(loop_run(w->loop), 0);
}

static const char usual[] __attribute__((unused)) = "gate {\n greet_wait = 100ms\n dns_wait = 400ms\n per_address = 1000\n per_network = 1000\n"
			    " full_wait = 300ms\n name = mx.example.test\n contact = \"+49 30 1234\"\n"
			    " zone bl.example { weight = 3 }\n}\n";

static inline const char *no_text(void *data, unsigned zone, const struct addr *client, char *text, size_t size)
{
	snprintf(text, size, "see bl.example");
	return text;
}

static inline struct world *open_world_with(void **state, const char *more, size_t sessions, struct tls_server *tls)
{
	static const struct front_calls calls = { on_look, on_look_end, on_look_again, on_let_in, on_report, on_never };
	struct world *w = calloc(1, sizeof(*w));
	struct mistakes mistakes = { 0 };
	socklen_t size = sizeof(w->address);
	char text[2048];
	struct front_set_up set_up = { .rules = &w->rules, .calls = &calls, .data = w, .listeners = &w->listener,
				       .listener_count = 1, .sessions = sessions, .tls = tls };

	*state = w;
	/* The later of two would be a mistake: what differs takes the place of the usual line. */
	snprintf(text, sizeof(text), "%s", more ? more : usual);
	assert_int_equal(settings_parse(bytes_of(text), "test", &w->settings, &mistakes), 0);
	w->rules = (struct session_rules){ .settings = &w->settings, .name = "mx.example.test", .zone_text = no_text,
					 .has_tls = tls != NULL };
	assert_int_equal(loop_create(&w->loop), 0);
	assert_int_equal(loop_timer_create(w->loop, on_stop, w, &w->stop), 0);
	assert_int_equal(clients_create(&w->settings, &w->clients), 0);
	w->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	w->address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	assert_int_equal(bind(w->listener, (struct sockaddr *)&w->address, sizeof(w->address)), 0);
	assert_int_equal(listen(w->listener, 128), 0);
	assert_int_equal(getsockname(w->listener, (struct sockaddr *)&w->address, &size), 0);
	set_up.clients = w->clients;
	assert_int_equal(front_create(w->loop, &set_up, &w->front), 0);
	return w;
}

static inline struct world *open_world(void **state, const char *more, size_t sessions)
{
	return open_world_with(state, more, sessions, NULL);
}

static inline int set_up(void **state)
{
	open_world(state, NULL, 100);
	return 0;
}

static inline int tear_down(void **state)
{
	struct world *w = *state;

	front_destroy(w->front);
	clients_destroy(w->clients);
	settings_free(&w->settings);
	loop_timer_destroy(w->stop);
	loop_destroy(w->loop);
	close(w->listener);
	free(w);
	return 0;
}

struct peer {
	int fd;
	size_t size;
	bool ended, reset;
	char heard[HELD_MOST];
};

static inline struct peer *visit_with(struct world *w, int receive_buffer)
{
	struct peer *peer = calloc(1, sizeof(*peer));

	peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (receive_buffer)
		setsockopt(peer->fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
	assert_int_equal(connect(peer->fd, (struct sockaddr *)&w->address, sizeof(w->address)), 0);
	return peer;
}

static inline struct peer *visit(struct world *w)
{
	return visit_with(w, 0);
}

static inline void leave(struct peer *peer)
{
	close(peer->fd);
	free(peer);
}

static inline void hear(struct peer *peer)
{
	ssize_t n = recv(peer->fd, peer->heard + peer->size, HELD_MOST - 1 - peer->size, MSG_DONTWAIT);

	if (n > 0)
		peer->size += (size_t)n;
	else if (n == 0)
		peer->ended = true;
	else if (errno != EAGAIN)
		peer->reset = true;
}

static inline void say(struct peer *peer, const char *text)
{
	assert_int_equal(send(peer->fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static inline uint64_t processor_ms(void)
{
	struct timespec t;

	assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t), 0);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Waits until that is in what it heard, and forgets all before its end. */
static inline void expect(struct world *w, struct peer *peer, const char *text)
{
	char *at = NULL;

	for (int waited = 0; waited < PATIENCE_MS; waited += 5) {
		hear(peer);
		at = memmem(peer->heard, peer->size, text, strlen(text));
		if (at)
			break;
		pump(w, 5);
	}
	if (!at)
		fail_msg("'%s' was not heard, but '%.*s'", text, (int)peer->size, peer->heard);
	at += strlen(text);
	peer->size -= (size_t)(at - peer->heard);
	memmove(peer->heard, at, peer->size);
}

static inline void expect_end(struct world *w, struct peer *peer)
{
	for (int waited = 0; waited < PATIENCE_MS && !peer->ended && !peer->reset; waited += 5) {
		hear(peer);
		pump(w, 5);
	}
	assert_true(peer->ended);
	assert_false(peer->reset);
}

static inline size_t sessions(struct world *w)
{
	struct front_numbers numbers;

	front_count(w->front, &numbers);
	return numbers.sessions;
}

static inline void expect_sessions(struct world *w, size_t count)
{
	for (int waited = 0; waited < PATIENCE_MS && sessions(w) != count; waited += 5)
		pump(w, 5);
	assert_int_equal(sessions(w), count);
}

static inline void expect_asked(struct world *w, unsigned times)
{
	for (int waited = 0; waited < PATIENCE_MS && w->asked < times; waited += 5)
		pump(w, 5);
	assert_int_equal(w->asked, times);
}

/* The front's end of the connection. */
static inline int fronts_end(struct world *w, const struct peer *peer)
{
	for (int fd = 3; fd < 64; fd++) {
		struct sockaddr_in local;
		socklen_t size = sizeof(local);

		if (fd != peer->fd && fd != w->listener && getsockname(fd, (struct sockaddr *)&local, &size) == 0 &&
		    local.sin_family == AF_INET && local.sin_port == w->address.sin_port)
			return fd;
	}
	fail_msg("the front has no end of it");
	return -1;
}

/* A mail server for the relay: a connected pair, of which the front gets one end. */
static inline int connect_elsewhere(int *ret_server)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	assert_true(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 || errno == EINPROGRESS);
	*ret_server = accept(listener, NULL, NULL);
	close(listener);
	return fd;
}

#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif
