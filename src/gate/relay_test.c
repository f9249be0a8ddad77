/* SPDX-License-Identifier: Apache-2.0 */
/* Ends of a relay that come while the other side takes nothing: what is still to come comes, and nobody is woken for
 * nothing meanwhile. */
#include "gate/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* More than a pipe and what a client's sockets take, and less than what fits into the server's beside that. */
#define SAID ((size_t)150 * 1024)
#define SMALL 2048
#define IDLE_MS 400
#define BUSY_MS 40 /* processor time of that, for one that is not idle */

struct world {
	struct loop *loop;
	struct loop_timer *stop;
	struct relay_pipes *pipes;
	struct relay *relay;
	int client, gates_client, server;
	unsigned connected, ending, ended;
};

static void on_connected(void *data, int error)
{
	assert_int_equal(error, 0);
	((struct world *)data)->connected++;
}

static void on_ending(void *data)
{
	((struct world *)data)->ending++;
}

static void on_ended(void *data)
{
	struct world *w = data;

	w->ended++;
	relay_destroy(w->relay);
	w->relay = NULL;
}

static void on_stop(void *data)
{
	loop_stop(((struct world *)data)->loop);
}

static void pump(struct world *w, uint64_t ms)
{
	loop_timer_arm(w->stop, loop_now_ms(w->loop) + ms);
	assert_int_equal(loop_run(w->loop), 0);
}

static uint64_t processor_ms(void)
{
	struct timespec t;

	assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t), 0);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void expect_idle(struct world *w)
{
	uint64_t before = processor_ms();

	pump(w, IDLE_MS);
	assert_in_range(processor_ms() - before, 0, BUSY_MS);
}

static void connect_tcp(int *ret_client, int *ret_accepted)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), small = SMALL;

	*ret_client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(setsockopt(*ret_client, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	assert_int_equal(connect(*ret_client, (struct sockaddr *)&address, sizeof(address)), 0);
	*ret_accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	assert_true(*ret_accepted >= 0);
	close(listener);
}

/* The server's end of a TCP connection, or of a pair as programs have it that are started. */
static void connect_server(bool tcp, int *ret_ours, int *ret_server)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int listener, large = 4 * (int)SAID, pair[2];

	if (!tcp) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
		*ret_ours = pair[0];
		*ret_server = pair[1];
		return;
	}
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	*ret_ours = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(setsockopt(*ret_ours, SOL_SOCKET, SO_RCVBUF, &large, sizeof(large)), 0);
	assert_true(connect(*ret_ours, (struct sockaddr *)&address, sizeof(address)) == 0 || errno == EINPROGRESS);
	*ret_server = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	assert_true(*ret_server >= 0);
	close(listener);
}

static void open_world(struct world *w, bool tcp)
{
	static const struct relay_calls calls = { on_connected, on_ending, on_ended };
	static const struct relay_words no_words = { { "", 0 }, { "", 0 } };
	int small = SMALL, ours;

	*w = (struct world){ 0 };
	assert_int_equal(loop_create(&w->loop), 0);
	assert_int_equal(loop_timer_create(w->loop, on_stop, w, &w->stop), 0);
	assert_int_equal(relay_pipes_create(&w->pipes), 0);
	connect_tcp(&w->client, &w->gates_client);
	assert_int_equal(setsockopt(w->gates_client, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
	connect_server(tcp, &ours, &w->server);
	assert_int_equal(relay_create(w->loop, w->pipes, w->gates_client, ours, bytes_make(NULL, 0), &no_words, &calls, w,
				      &w->relay), 0);
	pump(w, 20);
	assert_int_equal(w->connected, 1);
}

static void close_world(struct world *w)
{
	relay_destroy(w->relay);
	relay_pipes_destroy(w->pipes);
	close(w->client);
	close(w->gates_client);
	if (w->server >= 0)
		close(w->server);
	loop_timer_destroy(w->stop);
	loop_destroy(w->loop);
}

static void server_says(struct world *w, size_t size)
{
	static char text[4096];
	size_t said = 0;

	for (int i = 0; i < 2000 && said < size; i++) {
		size_t left = size - said;
		ssize_t n = send(w->server, text, left < sizeof(text) ? left : sizeof(text), MSG_NOSIGNAL);

		said += n > 0 ? (size_t)n : 0;
		if (n < 0)
			pump(w, 1);
	}
	assert_int_equal(said, size);
	pump(w, 50);
}

static void server_ends(struct world *w)
{
	close(w->server);
	w->server = -1;
}

static void expect_all(struct world *w, size_t size)
{
	static char text[65536];
	size_t heard = 0;
	ssize_t n = -1;

	for (int i = 0; i < 3000 && n != 0; i++) {
		n = recv(w->client, text, sizeof(text), MSG_DONTWAIT);
		heard += n > 0 ? (size_t)n : 0;
		if (n < 0)
			pump(w, 1);
	}
	assert_int_equal(heard, size);
	assert_int_equal(n, 0);
}

static const bool kinds[] = { true, false };

/* It has said all that it has to say, as has the server, and does not listen. */
static void test_a_client_that_has_ended_and_does_not_read(void **state)
{
	for (size_t i = 0; i < 2; i++) {
		struct world w;

		open_world(&w, kinds[i]);
		shutdown(w.client, SHUT_WR);
		server_says(&w, SAID);
		server_ends(&w);
		expect_idle(&w);
		assert_int_equal(w.ended, 0);
		expect_all(&w, SAID);
		assert_int_equal(w.ended, 1);
		close_world(&w);
	}
}

static void test_a_client_that_talks_on_and_does_not_read(void **state)
{
	struct world w;

	open_world(&w, false);
	server_says(&w, SAID);
	server_ends(&w);
	pump(&w, 50);
	assert_int_equal(send(w.client, "RSET\r\n", 6, MSG_NOSIGNAL), 6);
	expect_idle(&w);
	assert_int_equal(w.ended, 0);
	expect_all(&w, SAID);
	assert_int_equal(w.ended, 1);
	close_world(&w);
}

/* The mail server does not read what it is sent, and has nothing more to say. */
static void test_a_server_that_has_ended_and_does_not_read(void **state)
{
	struct world w;
	static char text[SAID];
	ssize_t n;

	open_world(&w, true);
	shutdown(w.server, SHUT_WR);
	pump(&w, 20);
	n = send(w.client, text, sizeof(text), MSG_NOSIGNAL | MSG_DONTWAIT);
	assert_true(n > 0);
	pump(&w, 50);
	shutdown(w.client, SHUT_WR);
	expect_idle(&w);
	close_world(&w);
}

/* Whether it is to be waited for is for others to say. */
static void test_the_servers_end_is_told(void **state)
{
	for (size_t i = 0; i < 2; i++) {
		struct world w;

		open_world(&w, kinds[i]);
		server_says(&w, 10);
		assert_int_equal(w.ending, 0);
		server_ends(&w);
		pump(&w, 50);
		assert_int_equal(w.ending + w.ended, 1);
		close_world(&w);
		/* Also when the client does not take its last words. */
		open_world(&w, kinds[i]);
		server_says(&w, SAID);
		server_ends(&w);
		pump(&w, 50);
		assert_int_equal(w.ending, 1);
		assert_int_equal(w.ended, 0);
		close_world(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_client_that_has_ended_and_does_not_read),
		cmocka_unit_test(test_a_client_that_talks_on_and_does_not_read),
		cmocka_unit_test(test_a_server_that_has_ended_and_does_not_read),
		cmocka_unit_test(test_the_servers_end_is_told),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
