/* SPDX-License-Identifier: Apache-2.0 */
/* The way of a clean client into the mail server. */
#include "gate/front_test.h"

static void test_a_full_server_is_waited_for(void **state)
{
	struct world *w = *state;
	struct peer *peer;

	w->let_in = -EAGAIN;
	peer = visit(w);
	expect_asked(w, 1);
	front_room(w->front);
	assert_int_equal(w->asked, 2);
	w->let_in = 0;
	front_room(w->front);
	assert_int_equal(w->asked, 3);
	front_answer(w->front, w->asked_visit, -EAGAIN, -1, bytes_make(NULL, 0));
	front_room(w->front);
	assert_int_equal(w->asked, 4);
	/* It is full no more, but being started again. */
	front_answer(w->front, w->asked_visit, -ECONNREFUSED, -1, bytes_make(NULL, 0));
	front_room(w->front);
	assert_int_equal(w->asked, 5);
	front_answer(w->front, w->asked_visit, 0, -1, bytes_make(NULL, 0));
	expect_sessions(w, 0);
	leave(peer);
}

static void test_a_server_that_stays_full_is_said_in_words(void **state)
{
	struct world *w = *state;
	struct peer *peer;

	w->let_in = -EAGAIN;
	peer = visit(w);
	expect(w, peer, "220-mx.example.test ESMTP\r\n220 mx.example.test ESMTP\r\n421 4.3.2 ");
	expect_end(w, peer);
	expect_sessions(w, 0);
	leave(peer);
}

static void test_a_porter_that_cannot_is_said_in_words(void **state)
{
	struct world *w = *state;
	struct peer *peer = visit(w);

	expect_asked(w, 1);
	front_answer(w->front, w->asked_visit, -ENOENT, -1, bytes_make(NULL, 0));
	expect(w, peer, "220 mx.example.test ESMTP\r\n421 4.3.2 ");
	expect_end(w, peer);
	leave(peer);
}

static void test_who_has_its_share_of_the_server_is_told_so(void **state)
{
	struct world *w = *state;
	struct peer *peer = visit(w);

	expect_asked(w, 1);
	front_answer(w->front, w->asked_visit, -EUSERS, -1, bytes_make(NULL, 0));
	expect(w, peer, "220 mx.example.test ESMTP\r\n421 4.7.0 Too many connections from your address\r\n");
	expect_end(w, peer);
	leave(peer);
}

static void test_bytes_go_both_ways(void **state)
{
	static char sent[200000], got[200000];
	struct world *w = *state;
	struct peer *peer = visit(w);
	size_t up = 0, down = 0;
	int server, fd;

	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (char)(i * 31 + i / 251);
	expect_asked(w, 1);
	fd = connect_elsewhere(&server);
	front_answer(w->front, w->asked_visit, 0, fd, BYTES_LITERAL("PROXY header\r\n"));
	pump(w, 20);
	assert_int_equal(recv(server, got, 14, MSG_WAITALL), 14);
	assert_memory_equal(got, "PROXY header\r\n", 14);
	assert_int_equal(send(server, "220 server\r\n", 12, 0), 12);
	expect(w, peer, "220 server\r\n");
	for (int i = 0; i < 4000 && down < sizeof(sent); i++) {
		ssize_t n = up < sizeof(sent) ? send(peer->fd, sent + up, sizeof(sent) - up, MSG_DONTWAIT) : 0;

		up += n > 0 ? (size_t)n : 0;
		pump(w, 1);
		n = recv(server, got + down, sizeof(got) - down, MSG_DONTWAIT);
		down += n > 0 ? (size_t)n : 0;
	}
	assert_int_equal(down, sizeof(sent));
	assert_memory_equal(sent, got, sizeof(sent));
	/* A half that is closed is closed there, too, and the other goes on. */
	shutdown(peer->fd, SHUT_WR);
	pump(w, 20);
	assert_int_equal(recv(server, got, 1, MSG_DONTWAIT), 0);
	assert_int_equal(send(server, "221 bye\r\n", 9, 0), 9);
	expect(w, peer, "221 bye\r\n");
	close(server);
	expect_end(w, peer);
	expect_sessions(w, 0);
	leave(peer);
}

/* The mail server has closed, and the client stays: its place is not for ever. */
static void test_a_client_that_outstays_the_server(void **state)
{
	struct world *w = open_world(state, "gate {\n greet_wait = 0s\n command_time = 1s\n session = 11s\n}\n", 100);
	struct peer *peer = visit(w);
	socklen_t size = sizeof(unsigned);
	unsigned patience_ms = 0;
	int server, fd;

	expect_asked(w, 1);
	fd = connect_elsewhere(&server);
	front_answer(w->front, w->asked_visit, 0, fd, bytes_make(NULL, 0));
	assert_int_equal(send(server, "220 server\r\n", 12, 0), 12);
	expect(w, peer, "220 server\r\n");
	pump(w, 1200);
	assert_int_equal(sessions(w), 1); /* the server says when it has waited enough */
	assert_int_equal(getsockopt(fronts_end(w, peer), IPPROTO_TCP, TCP_USER_TIMEOUT, &patience_ms, &size), 0);
	assert_int_equal(patience_ms, 11000);
	assert_int_equal(send(server, "421 enough\r\n", 12, 0), 12);
	close(server);
	expect(w, peer, "421 enough\r\n");
	pump(w, 500);
	assert_int_equal(sessions(w), 1);
	expect_sessions(w, 0);
	leave(peer);
}

static struct world *doubtful_world(void **state)
{
	struct world *w = open_world(state, "gate {\n greet_wait = 50ms\n handoff = transparent\n server = 2525\n"
					    " full_wait = 500ms\n helo = 2\n name = mx.example.test\n}\n", 100);

	w->facts = (struct session_facts){ .score = 1 };
	return w;
}

/* The client hears one greeting, and the mail server's answer to its EHLO. */
static void test_a_doubtful_client_is_introduced(void **state)
{
	struct world *w = doubtful_world(state);
	struct peer *peer = visit(w);
	char heard[256] = "";
	int server, fd;

	expect(w, peer, "220-mx.example.test ESMTP\r\n220 mx.example.test ESMTP\r\n");
	say(peer, "EHLO sender.example\r\nNOOP\r\n");
	expect_asked(w, 1);
	fd = connect_elsewhere(&server);
	front_answer(w->front, w->asked_visit, 0, fd, bytes_make(NULL, 0));
	assert_int_equal(send(server, "220-server\r\n220 greets\r\n", 24, 0), 24);
	pump(w, 30);
	assert_int_equal(recv(server, heard, sizeof(heard) - 1, MSG_DONTWAIT), 27);
	assert_string_equal(heard, "EHLO sender.example\r\nNOOP\r\n");
	assert_int_equal(send(server, "250 server\r\n250 well\r\n", 22, 0), 22);
	expect(w, peer, "250 server\r\n250 well\r\n");
	say(peer, "QUIT\r\n");
	pump(w, 30);
	memset(heard, 0, sizeof(heard));
	assert_int_equal(recv(server, heard, sizeof(heard) - 1, MSG_DONTWAIT), 6);
	assert_string_equal(heard, "QUIT\r\n");
	assert_int_equal(w->report_count, 1);
	assert_int_equal(w->reports[0].kind, GATE_REPORT_PASSED);
	close(server);
	expect_end(w, peer);
	leave(peer);
}

/* It is not the client's to hear, who has been greeted already: the next try may find it better. */
static void test_a_server_that_greets_with_a_refusal(void **state)
{
	struct world *w = doubtful_world(state);
	struct peer *peer = visit(w);
	int server, fd;

	expect(w, peer, "220 mx");
	say(peer, "EHLO sender.example\r\n");
	expect_asked(w, 1);
	fd = connect_elsewhere(&server);
	front_answer(w->front, w->asked_visit, 0, fd, bytes_make(NULL, 0));
	assert_int_equal(send(server, "421 full\r\n", 10, 0), 10);
	pump(w, 30);
	front_room(w->front);
	assert_int_equal(w->asked, 2);
	expect(w, peer, "421 4.3.2 ");
	expect_end(w, peer);
	close(server);
	leave(peer);
}

static void test_a_server_that_refuses_is_tried_again(void **state)
{
	struct world *w = *state;
	struct sockaddr_in nobody = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(1) };
	struct peer *peer = visit(w);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), server;

	expect_asked(w, 1);
	(void)connect(fd, (struct sockaddr *)&nobody, sizeof(nobody));
	front_answer(w->front, w->asked_visit, 0, fd, bytes_make(NULL, 0));
	pump(w, 50);
	assert_int_equal(sessions(w), 1);
	front_room(w->front);
	assert_int_equal(w->asked, 2);
	fd = connect_elsewhere(&server);
	front_answer(w->front, w->asked_visit, 0, fd, bytes_make(NULL, 0));
	assert_int_equal(send(server, "220 server\r\n", 12, 0), 12);
	expect(w, peer, "220 server\r\n");
	close(server);
	leave(peer);
	expect_sessions(w, 0);
}

/* It connects, and never says a word: as far as the client can tell, that is no server. */
static void test_a_server_that_does_not_take_the_connection(void **state)
{
	struct world *w = *state;
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), fillers[4], fd;
	struct peer *peer = visit(w);

	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 0), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	for (int i = 0; i < 4; i++) {
		fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		(void)connect(fillers[i], (struct sockaddr *)&address, sizeof(address));
	}
	expect_asked(w, 1);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	(void)connect(fd, (struct sockaddr *)&address, sizeof(address));
	front_answer(w->front, w->asked_visit, 0, fd, bytes_make(NULL, 0));
	expect(w, peer, "220 mx.example.test ESMTP\r\n421 4.3.2 ");
	expect_end(w, peer);
	expect_sessions(w, 0);
	for (int i = 0; i < 4; i++)
		close(fillers[i]);
	close(listener);
	leave(peer);
}

static void test_answers_for_who_has_gone_are_closed(void **state)
{
	struct world *w = *state;
	struct peer *peer = visit(w);
	char byte;
	int server, fd;

	expect_asked(w, 1);
	leave(peer);
	expect_sessions(w, 1); /* on its way through, nobody looks */
	pump(w, 400);
	expect_sessions(w, 0);
	fd = connect_elsewhere(&server);
	front_answer(w->front, w->asked_visit, 0, fd, bytes_make(NULL, 0));
	assert_int_equal(recv(server, &byte, 1, 0), 0);
	close(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_WORLD(test_a_full_server_is_waited_for),
		WITH_WORLD(test_a_server_that_stays_full_is_said_in_words),
		WITH_WORLD(test_a_porter_that_cannot_is_said_in_words),
		WITH_WORLD(test_who_has_its_share_of_the_server_is_told_so),
		WITH_WORLD(test_bytes_go_both_ways),
		WITH_WORLD(test_a_server_that_refuses_is_tried_again),
		WITH_WORLD(test_a_server_that_does_not_take_the_connection),
		WITH_WORLD(test_answers_for_who_has_gone_are_closed),
		cmocka_unit_test_teardown(test_a_client_that_outstays_the_server, tear_down),
		cmocka_unit_test_teardown(test_a_doubtful_client_is_introduced, tear_down),
		cmocka_unit_test_teardown(test_a_server_that_greets_with_a_refusal, tear_down),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
