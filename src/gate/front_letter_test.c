/* SPDX-License-Identifier: Apache-2.0 */
/* Rejected clients that write to postmaster. */
#include "gate/front_test_tls.h"

/* What the front says to a server, until it holds `text`. */
static void expect_said(struct world *w, int server, const char *text)
{
	char said[1024] = "";
	size_t size = 0;

	for (int waited = 0; waited < PATIENCE_MS; waited += 5) {
		ssize_t n = recv(server, said + size, sizeof(said) - 1 - size, MSG_DONTWAIT);

		size += n > 0 ? (size_t)n : 0;
		said[size] = '\0';
		if (strcmp(said, text) == 0)
			return;
		pump(w, 5);
	}
	fail_msg("'%s' was not said to the server, but '%s'", text, said);
}

static void answer(struct world *w, int server, const char *reply, const char *said)
{
	assert_int_equal(send(server, reply, strlen(reply), MSG_NOSIGNAL), (ssize_t)strlen(reply));
	expect_said(w, server, said);
}

static const char with_postmaster[] = "gate {\n postmaster = yes\n command_time = 1s\n per_address = 1000\n"
				      " per_network = 1000\n zone bl.example { weight = 3 }\n}\n";

static const char letter[] = "MAIL FROM:<a@b.example>\r\nRCPT TO:<postmaster@example.test>\r\n";

/* As far as the porter is asked. */
static struct peer *visit_to_write(struct world *w, const char *more)
{
	struct peer *peer;
	unsigned asked = w->asked;
	char text[512];

	w->facts = (struct session_facts){ .score = 3, .listed = 1 };
	peer = visit(w);
	expect(w, peer, "220 ");
	say(peer, "EHLO a.example\r\n");
	expect(w, peer, "250 ENHANCEDSTATUSCODES\r\n");
	snprintf(text, sizeof(text), "%s%s", letter, more);
	say(peer, text);
	expect_asked(w, asked + 1);
	return peer;
}

/* As far as postmaster is accepted. */
static int come_to_postmaster(struct world *w)
{
	int server, fd = connect_elsewhere(&server);

	front_answer(w->front, w->asked_visit, 0, fd, BYTES_LITERAL("PROXY\r\n"));
	expect_said(w, server, "PROXY\r\n");
	answer(w, server, "220 server\r\n", "EHLO a.example\r\n");
	answer(w, server, "250-server\r\n250 SIZE\r\n", "MAIL FROM:<a@b.example>\r\n");
	answer(w, server, "250 sender\r\n", "RCPT TO:<postmaster@example.test>\r\n");
	assert_int_equal(send(server, "250 postmaster\r\n", 16, MSG_NOSIGNAL), 16);
	return server;
}

static size_t in_state(struct world *w, enum session_state state)
{
	struct front_numbers numbers;

	front_count(w->front, &numbers);
	return numbers.states[state];
}

static void expect_closed(struct world *w, int server)
{
	char byte;
	ssize_t n = -1;

	for (int waited = 0; waited < PATIENCE_MS && n < 0; waited += 5) {
		pump(w, 5);
		n = recv(server, &byte, 1, MSG_DONTWAIT);
	}
	assert_int_equal(n, 0);
	close(server);
}

static void test_a_listed_client_writes_to_postmaster(void **state)
{
	struct world *w = open_world(state, with_postmaster, 100);
	struct peer *peer = visit_to_write(w, "RCPT TO:<ham@example.test>\r\nDATA\r\n");
	int server = come_to_postmaster(w);

	expect(w, peer, "250 postmaster\r\n550 5.7.1 [127.0.0.1] is refused");
	expect_said(w, server, "DATA\r\n");
	assert_int_equal(in_state(w, SESSION_LETTER), 1);
	assert_int_equal(send(server, "354 go\r\n", 8, 0), 8);
	expect(w, peer, "354 go\r\n");
	/* The judge would end it. */
	assert_int_equal(w->report_count, 0);
	say(peer, "hello\r");
	expect_said(w, server, "hello");
	say(peer, "\n.\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<ham@example.test>\r\nDATA\r\nQUIT\r\n");
	expect_said(w, server, "\r\n.\r\n");
	answer(w, server, "250 taken\r\n", "QUIT\r\n");
	expect(w, peer, "250 taken\r\n");
	assert_int_equal(send(server, "221 bye\r\n", 9, 0), 9);
	expect(w, peer, "250 2.1.0 ");
	expect(w, peer, "550 5.7.1 ");
	expect(w, peer, "554 ");
	expect(w, peer, "221 ");
	expect_closed(w, server);
	expect_end(w, peer);
	expect_sessions(w, 0);
	assert_int_equal(w->report_count, 1);
	assert_int_equal(w->reports[0].kind, GATE_REPORT_REFUSED);
	leave(peer);
}

static void test_who_wrote_to_postmaster_alone_is_not_reported(void **state)
{
	struct world *w = open_world(state, with_postmaster, 100);
	struct peer *peer = visit_to_write(w, "QUIT\r\n");
	int server = come_to_postmaster(w);

	expect(w, peer, "250 postmaster\r\n221 ");
	expect_said(w, server, "QUIT\r\n");
	/* One that does not answer is waited for a short while. */
	expect_closed(w, server);
	expect_end(w, peer);
	expect_sessions(w, 0);
	assert_int_equal(w->report_count, 0);
	leave(peer);
}

static void test_a_letter_that_is_broken_off(void **state)
{
	struct world *w = open_world(state, with_postmaster, 100);

	for (int how = 0; how < 4; how++) {
		struct peer *peer = visit_to_write(w, "DATA\r\n");
		int server = come_to_postmaster(w);

		expect_said(w, server, "DATA\r\n");
		assert_int_equal(send(server, "354 go\r\n", 8, 0), 8);
		expect(w, peer, "354 go\r\n");
		say(peer, "hello\r\n");
		expect_said(w, server, "hello\r\n");
		if (how == 0) {
			say(peer, "x\n.\r\nQUIT\r\n");
			expect_said(w, server, "x");
			expect(w, peer, "554 5.6.0 ");
			expect(w, peer, "421 4.7.0 ");
			expect_end(w, peer);
			expect_closed(w, server);
		} else if (how == 1) {
			close(server);
			expect(w, peer, "421 4.3.0 ");
			expect_end(w, peer);
		} else if (how == 2) {
			shutdown(peer->fd, SHUT_WR);
			expect_closed(w, server);
		} else {
			leave(peer);
			expect_closed(w, server);
		}
		expect_sessions(w, 0);
		if (how < 3)
			leave(peer);
	}
	assert_int_equal(w->report_count, 0);
}

/* As fast as the slower of both, without a byte lost, and with little held between. */
static void test_a_long_letter_to_a_slow_server(void **state)
{
	static char sent[800000], got[sizeof(sent)];
	struct world *w = open_world(state, with_postmaster, 100);
	struct peer *peer = visit_to_write(w, "DATA\r\n");
	int server = come_to_postmaster(w);
	size_t up = 0, down = 0;

	expect_said(w, server, "DATA\r\n");
	assert_int_equal(send(server, "354 go\r\n", 8, 0), 8);
	expect(w, peer, "354 go\r\n");
	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = i % 61 == 59 ? '\r' : i % 61 == 60 ? '\n' : (char)('a' + i % 26);
	memcpy(sent + sizeof(sent) - 5, "\r\n.\r\n", 5);
	for (int i = 0; i < 20000 && down < sizeof(sent); i++) {
		ssize_t n = up < sizeof(sent) ? send(peer->fd, sent + up, sizeof(sent) - up, MSG_DONTWAIT) : 0;

		up += n > 0 ? (size_t)n : 0;
		pump(w, i < 20 ? 20 : 1);
		if (i < 20)
			continue; /* asleep */
		n = recv(server, got + down, sizeof(got) - down < 5000 ? sizeof(got) - down : 5000, MSG_DONTWAIT);
		down += n > 0 ? (size_t)n : 0;
	}
	assert_int_equal(down, sizeof(sent));
	assert_memory_equal(sent, got, sizeof(sent));
	answer(w, server, "250 taken\r\n", "QUIT\r\n");
	expect(w, peer, "250 taken\r\n");
	close(server);
	leave(peer);
	expect_sessions(w, 0);
}

static void test_no_room_for_a_letter(void **state)
{
	struct world *w = open_world(state, with_postmaster, 100);
	struct peer *peers[9];
	int server, fd;

	/* The server is full: it is for others, when it is not. */
	w->let_in = -EAGAIN;
	peers[0] = visit_to_write(w, "NOOP\r\n");
	expect(w, peers[0], "451 4.3.2 ");
	expect(w, peers[0], "250 2.0.0 Well\r\n");
	front_room(w->front);
	assert_int_equal(w->asked, 1);
	w->let_in = 0;
	say(peers[0], "RSET\r\nMAIL FROM:<>\r\nRCPT TO:<postmaster>\r\nNOOP\r\n");
	expect_asked(w, 2);
	front_answer(w->front, w->asked_visit, -EAGAIN, -1, bytes_make(NULL, 0));
	expect(w, peers[0], "451 4.3.2 ");
	expect(w, peers[0], "250 2.0.0 Well\r\n");
	/* It is down. */
	say(peers[0], "RSET\r\nMAIL FROM:<>\r\nRCPT TO:<postmaster>\r\nNOOP\r\n");
	expect_asked(w, 3);
	fd = connect_elsewhere(&server);
	close(server);
	front_answer(w->front, w->asked_visit, 0, fd, bytes_make(NULL, 0));
	expect(w, peers[0], "451 4.3.0 ");
	expect(w, peers[0], "250 2.0.0 Well\r\n");
	leave(peers[0]);
	expect_sessions(w, 0);
	/* Others write. */
	for (int i = 0; i < 8; i++)
		peers[i] = visit_to_write(w, "");
	peers[8] = visit(w);
	expect(w, peers[8], "220 ");
	say(peers[8], "EHLO a.example\r\n");
	expect(w, peers[8], "250 ENHANCEDSTATUSCODES\r\n");
	say(peers[8], letter);
	expect(w, peers[8], "451 4.3.2 ");
	assert_int_equal(w->asked, 11);
	/* One of them has done. */
	front_answer(w->front, w->asked_visit, -ENOENT, -1, bytes_make(NULL, 0));
	say(peers[8], "RSET\r\n");
	say(peers[8], letter);
	expect_asked(w, 12);
	for (int i = 0; i < 9; i++)
		leave(peers[i]);
}

static void test_a_writer_that_falls_silent(void **state)
{
	struct world *w = open_world(state, with_postmaster, 100);
	struct peer *peer = visit_to_write(w, "");
	int server = come_to_postmaster(w);

	expect(w, peer, "250 postmaster\r\n");
	expect(w, peer, "421 4.4.2 ");
	answer(w, server, "", "QUIT\r\n");
	close(server);
	expect_end(w, peer);
	expect_sessions(w, 0);
	leave(peer);
}

/* Who writes keeps its place. */
static void test_a_writer_is_not_displaced(void **state)
{
	struct world *w = open_world(state, "gate {\n postmaster = yes\n per_address = 1000\n per_network = 1000\n"
					    " reserve = 0%\n zone bl.example { weight = 3 }\n}\n", 10);
	struct peer *writer = visit_to_write(w, ""), *others[10];
	int server = come_to_postmaster(w);

	expect(w, writer, "250 postmaster\r\n");
	for (int i = 0; i < 10; i++) {
		others[i] = visit(w);
		expect(w, others[i], "220 ");
	}
	say(writer, "NOOP\r\n");
	expect(w, writer, "250 2.0.0 Well\r\n");
	for (int i = 0; i < 10; i++)
		leave(others[i]);
	leave(writer);
	expect_closed(w, server);
}

static void test_a_letter_within_tls(void **state)
{
	struct tls_server *tls = make_tls();
	struct world *w = open_world_with(state, with_postmaster, 100, tls);
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	struct peer *peer;
	char heard[8192];
	int server;
	SSL *ssl;

	w->facts = (struct session_facts){ .score = 3, .listed = 1 };
	peer = visit(w);
	expect(w, peer, "220 ");
	say(peer, "EHLO a.example\r\n");
	expect(w, peer, "250 ENHANCEDSTATUSCODES\r\n");
	say(peer, "STARTTLS\r\n");
	expect(w, peer, "220 2.0.0 ");
	ssl = shake_hands(w, peer, context);
	assert_int_equal(SSL_write(ssl, "EHLO a.example\r\n", 16), 16);
	expect_tls(w, ssl, "250 ENHANCED", heard, sizeof(heard));
	/* All in one record: no event comes for what is left of it. */
	assert_int_equal(SSL_write(ssl, letter, sizeof(letter) - 1), sizeof(letter) - 1);
	assert_int_equal(SSL_write(ssl, "DATA\r\n", 6), 6);
	expect_asked(w, 1);
	server = come_to_postmaster(w);
	expect_said(w, server, "DATA\r\n");
	assert_int_equal(send(server, "354 go\r\n", 8, 0), 8);
	expect_tls(w, ssl, "354 go\r\n", heard, sizeof(heard));
	assert_int_equal(SSL_write(ssl, "hello\r\n.\r\nQUIT\r\n", 16), 16);
	expect_said(w, server, "hello\r\n.\r\n");
	answer(w, server, "250 taken\r\n", "QUIT\r\n");
	close(server);
	expect_tls(w, ssl, "221 ", heard, sizeof(heard));
	assert_non_null(strstr(heard, "250 taken\r\n"));
	SSL_free(ssl);
	SSL_CTX_free(context);
	leave(peer);
	expect_sessions(w, 0);
	front_destroy(w->front);
	w->front = NULL;
	tls_server_destroy(tls);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_a_listed_client_writes_to_postmaster, tear_down),
		cmocka_unit_test_teardown(test_who_wrote_to_postmaster_alone_is_not_reported, tear_down),
		cmocka_unit_test_teardown(test_a_letter_that_is_broken_off, tear_down),
		cmocka_unit_test_teardown(test_a_long_letter_to_a_slow_server, tear_down),
		cmocka_unit_test_teardown(test_no_room_for_a_letter, tear_down),
		cmocka_unit_test_teardown(test_a_writer_that_falls_silent, tear_down),
		cmocka_unit_test_teardown(test_a_writer_is_not_displaced, tear_down),
		cmocka_unit_test_teardown(test_a_letter_within_tls, tear_down),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
