/* SPDX-License-Identifier: Apache-2.0 */
/* Real sockets on loopback, in one process with the front; played are the DNS lists and the porter. */
#include "base/counter.h"
#include "gate/front.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
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
	unsigned asked, looks, look_ends, drained;
	struct gate_report reports[64];
	size_t report_count;
};

static int on_look(void *data, const struct addr *client, uint32_t visit, void **ret_look, struct session_facts *ret)
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

static void on_look_end(void *data, void *look, struct session_facts *ret)
{
	struct world *w = data;

	w->look_ends++;
	if (ret)
		*ret = w->facts;
}

static void on_look_again(void *data, const struct addr *client)
{
}

static int on_let_in(void *data, uint32_t visit, const struct session *session, int fd)
{
	struct world *w = data;

	w->asked++;
	w->asked_visit = visit;
	assert_true(fd >= 0);
	return w->let_in;
}

static void on_report(void *data, const struct gate_report *report)
{
	struct world *w = data;

	assert_true(w->report_count < 64);
	w->reports[w->report_count++] = *report;
}

static bool on_never(void *data, const struct addr *client)
{
	return ((struct world *)data)->never_tested;
}

static void on_drained(void *data)
{
	((struct world *)data)->drained++;
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

static const char usual[] = "gate {\n greet_wait = 100ms\n dns_wait = 400ms\n per_address = 1000\n per_network = 1000\n"
			    " full_wait = 300ms\n name = mx.example.test\n contact = \"+49 30 1234\"\n"
			    " zone bl.example { weight = 3 }\n}\n";

static const char *no_text(void *data, unsigned zone, const struct addr *client, char *text, size_t size)
{
	snprintf(text, size, "see bl.example");
	return text;
}

static struct world *open_world_with(void **state, const char *more, size_t sessions, struct tls_server *tls)
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

static struct world *open_world(void **state, const char *more, size_t sessions)
{
	return open_world_with(state, more, sessions, NULL);
}

static int set_up(void **state)
{
	open_world(state, NULL, 100);
	return 0;
}

static int tear_down(void **state)
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

static struct peer *visit_with(struct world *w, int receive_buffer)
{
	struct peer *peer = calloc(1, sizeof(*peer));

	peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (receive_buffer)
		setsockopt(peer->fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
	assert_int_equal(connect(peer->fd, (struct sockaddr *)&w->address, sizeof(w->address)), 0);
	return peer;
}

static struct peer *visit(struct world *w)
{
	return visit_with(w, 0);
}

static void leave(struct peer *peer)
{
	close(peer->fd);
	free(peer);
}

static void hear(struct peer *peer)
{
	ssize_t n = recv(peer->fd, peer->heard + peer->size, HELD_MOST - 1 - peer->size, MSG_DONTWAIT);

	if (n > 0)
		peer->size += (size_t)n;
	else if (n == 0)
		peer->ended = true;
	else if (errno != EAGAIN)
		peer->reset = true;
}

static void say(struct peer *peer, const char *text)
{
	assert_int_equal(send(peer->fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static uint64_t processor_ms(void)
{
	struct timespec t;

	assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t), 0);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Waits until that is in what it heard, and forgets all before its end. */
static void expect(struct world *w, struct peer *peer, const char *text)
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

static void expect_end(struct world *w, struct peer *peer)
{
	for (int waited = 0; waited < PATIENCE_MS && !peer->ended && !peer->reset; waited += 5) {
		hear(peer);
		pump(w, 5);
	}
	assert_true(peer->ended);
	assert_false(peer->reset);
}

static size_t sessions(struct world *w)
{
	struct front_numbers numbers;

	front_count(w->front, &numbers);
	return numbers.sessions;
}

static void expect_sessions(struct world *w, size_t count)
{
	for (int waited = 0; waited < PATIENCE_MS && sessions(w) != count; waited += 5)
		pump(w, 5);
	assert_int_equal(sessions(w), count);
}

static void expect_asked(struct world *w, unsigned times)
{
	for (int waited = 0; waited < PATIENCE_MS && w->asked < times; waited += 5)
		pump(w, 5);
	assert_int_equal(w->asked, times);
}

static const char dialogue[] = "EHLO zombie.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nQUIT\r\n";

static void test_a_listed_client_is_told_why(void **state)
{
	struct world *w = *state;
	struct peer *peer;

	w->facts = (struct session_facts){ .score = 3, .listed = 1 };
	peer = visit(w);
	expect(w, peer, "220-mx.example.test ESMTP\r\n220 mx.example.test ESMTP\r\n");
	say(peer, "EHLO zombie.example\r\n");
	expect(w, peer, "250 ENHANCEDSTATUSCODES\r\n");
	say(peer, "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n");
	expect(w, peer, "250 2.1.0 ");
	expect(w, peer, "550 5.7.1 [127.0.0.1] is refused: bl.example names it (see bl.example); ask +49 30 1234\r\n");
	expect(w, peer, "554 5.5.1 ");
	say(peer, "QUIT\r\n");
	expect(w, peer, "221 2.0.0 ");
	expect_end(w, peer);
	assert_int_equal(sessions(w), 0); /* without waiting for its end */
	assert_int_equal(w->report_count, 1);
	assert_int_equal(w->reports[0].kind, GATE_REPORT_REFUSED);
	assert_int_equal(w->reports[0].listed, 1);
	assert_non_null(strstr(w->reports[0].talk, "EHLO zombie.example, MAIL FROM:<a@b.example>, RCPT TO:<c@d.example>: 550"));
	leave(peer);
}

static void test_a_clean_client_waits_and_is_let_in(void **state)
{
	struct world *w = *state;
	struct peer *peer = visit(w);

	expect(w, peer, "220-mx.example.test ESMTP\r\n");
	assert_int_equal(w->asked, 0);
	expect_asked(w, 1);
	front_answer(w->front, w->asked_visit, 0, -1, bytes_make(NULL, 0));
	expect_sessions(w, 0);
	assert_int_equal(w->report_count, 1);
	assert_int_equal(w->reports[0].kind, GATE_REPORT_PASSED);
	leave(peer);
	/* The next time it is known, and nothing is said before the server speaks. */
	peer = visit(w);
	expect_asked(w, 2);
	hear(peer);
	assert_int_equal(peer->size, 0);
	leave(peer);
}

/* The front's end of the connection. */
static int fronts_end(struct world *w, const struct peer *peer)
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

/* The descriptor that was passed on stays open and unharmed. */
static void test_what_was_said_early_is_left_for_the_server(void **state)
{
	struct world *w = *state;
	struct peer *peer = visit(w);
	char text[64];
	int kept;

	say(peer, "EHLO early.example\r\n");
	expect(w, peer, "220-");
	expect_asked(w, 1);
	kept = dup(fronts_end(w, peer));
	assert_true(kept >= 0);
	front_answer(w->front, w->asked_visit, 0, -1, bytes_make(NULL, 0));
	expect_sessions(w, 0);
	assert_int_equal(recv(kept, text, sizeof(text), 0), 20);
	assert_memory_equal(text, "EHLO early.example\r\n", 20);
	assert_int_equal(send(kept, "hello", 5, 0), 5);
	expect(w, peer, "hello");
	close(kept);
	leave(peer);
}

static void test_an_early_talker_on_a_list_is_rejected(void **state)
{
	struct world *w = *state;
	struct peer *peer;

	w->facts.score = 1;
	peer = visit(w);
	say(peer, dialogue);
	expect(w, peer, "220 mx.example.test ESMTP\r\n");
	expect(w, peer, "550 5.7.1 [127.0.0.1] is refused: it spoke before our greeting");
	expect(w, peer, "221 ");
	expect_end(w, peer);
	assert_int_equal(sessions(w), 1); /* who says all at once may say more */
	leave(peer);
	expect_sessions(w, 0);
}

static void test_what_it_did_the_last_time_is_no_new_offence(void **state)
{
	struct world *w = *state;
	struct peer *peer;

	w->facts.score = 1;
	peer = visit(w);
	say(peer, dialogue);
	expect(w, peer, "221 ");
	leave(peer);
	expect_sessions(w, 0);
	assert_int_equal(w->report_count, 1);
	peer = visit(w);
	expect(w, peer, "220 mx.example.test ESMTP\r\n");
	leave(peer);
	expect_sessions(w, 0);
	assert_int_equal(w->report_count, 1);
}

static void test_answers_that_come_late_count_for_nothing(void **state)
{
	struct world *w = *state;
	struct peer *peer;

	w->facts_late = true;
	peer = visit(w);
	expect_asked(w, 1);
	assert_int_equal(w->looks, 1);
	assert_int_equal(w->look_ends, 1);
	front_looked(w->front, w->late_visit); /* too late */
	assert_int_equal(w->look_ends, 1);
	leave(peer);
}

static void test_an_answer_that_comes_in_time_is_heard_at_once(void **state)
{
	struct world *w = *state;
	struct peer *peer;

	w->facts_late = true;
	peer = visit(w);
	expect(w, peer, "220-");
	w->facts = (struct session_facts){ .score = 3, .listed = 1 };
	front_looked(w->front, w->late_visit);
	expect(w, peer, "220 mx");
	leave(peer);
	expect_sessions(w, 0);
	assert_int_equal(w->look_ends, 1);
}

static void test_who_hangs_up_is_forgotten(void **state)
{
	struct world *w = *state;
	struct peer *peer;

	w->facts_late = true;
	peer = visit(w);
	expect(w, peer, "220-");
	leave(peer);
	expect_sessions(w, 0);
	assert_int_equal(w->look_ends, 1);
}

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

/* The 421 is not lost to a reset, though the client goes on to talk. */
static void test_a_talker_hears_the_last_word(void **state)
{
	struct world *w = *state;
	struct peer *peer;
	char line[64];

	w->facts = (struct session_facts){ .score = 3, .listed = 1 };
	peer = visit(w);
	expect(w, peer, "220 ");
	for (int i = 0; i < 30; i++) {
		snprintf(line, sizeof(line), "NONSENSE %d\r\n", i);
		say(peer, line);
	}
	expect(w, peer, "421 4.7.0 Too many errors");
	say(peer, "MORE\r\n");
	expect_end(w, peer);
	leave(peer);
}

static void test_who_closes_its_half_is_answered(void **state)
{
	struct world *w = *state;
	struct peer *peer;

	w->facts = (struct session_facts){ .score = 3, .listed = 1 };
	peer = visit(w);
	expect(w, peer, "220 ");
	say(peer, "EHLO a.example\r\nMAIL FROM:<a@b.example>\r\n");
	shutdown(peer->fd, SHUT_WR);
	expect(w, peer, "250 ENHANCED");
	expect_end(w, peer);
	expect_sessions(w, 0);
	leave(peer);
}

static void test_one_byte_at_a_time(void **state)
{
	struct world *w = *state;
	struct peer *peer;

	w->facts = (struct session_facts){ .score = 3, .listed = 1 };
	peer = visit(w);
	expect(w, peer, "220 ");
	for (const char *c = dialogue; *c; c++) {
		assert_int_equal(send(peer->fd, c, 1, MSG_NOSIGNAL), 1);
		pump(w, 1);
	}
	expect(w, peer, "550 5.7.1 ");
	expect(w, peer, "221 ");
	expect_end(w, peer);
	leave(peer);
}

/* Who does not read its replies is not read either, and costs a bounded amount. */
static void test_a_client_that_does_not_read(void **state)
{
	struct world *w = *state;
	struct peer *peer;
	size_t sent = 0;

	w->facts = (struct session_facts){ .score = 3, .listed = 1 };
	peer = visit_with(w, 2048);
	expect(w, peer, "220 ");
	say(peer, "EHLO a.example\r\n");
	expect(w, peer, "250 ENHANCED");
	say(peer, "MAIL FROM:<a@b.example>\r\n");
	for (int i = 0; i < 400; i++) {
		char lines[2048];
		size_t size = 0;
		ssize_t n;

		for (int j = 0; j < 20; j++)
			size += (size_t)snprintf(lines + size, sizeof(lines) - size, "RCPT TO:<user%d@example.test>\r\n", j);
		n = send(peer->fd, lines, size, MSG_NOSIGNAL | MSG_DONTWAIT);
		sent += n > 0 ? (size_t)n : 0;
		pump(w, 1);
	}
	assert_true(sent > 30000);
	assert_int_equal(sessions(w), 1);
	/* It reads after all: every answer is there, up to the limits. */
	expect(w, peer, "250 2.1.0");
	expect(w, peer, "550 5.7.1");
	leave(peer);
	expect_sessions(w, 0);
}

/* Replies so long that what one read brings is not answered at once: what waits is answered before more is read, or it
 * would grow without a bound. */
static void test_long_replies_to_short_commands(void **state)
{
	static char name[251], commands[8 * 3000 + 1];
	struct world *w = open_world(state, "gate {\n greet_wait = 0s\n commands = 10000\n zone bl.example {}\n}\n", 100);
	size_t sent = 0, answered = 0;
	struct peer *peer;

	memset(name, 'n', sizeof(name) - 1);
	w->rules.name = name;
	w->facts = (struct session_facts){ .score = 3, .listed = 1 };
	for (int i = 0; i < 3000; i++)
		memcpy(commands + (ptrdiff_t)8 * i, "EHLO a\r\n", 8);
	peer = visit(w);
	say(peer, "EHLO a\r\n");
	expect(w, peer, "250 ENHANCEDSTATUSCODES\r\n");
	for (int i = 0; i < PATIENCE_MS && answered < 3000; i++) {
		ssize_t n = send(peer->fd, commands + sent, sizeof(commands) - 1 - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
		char *at;

		sent += n > 0 ? (size_t)n : 0;
		pump(w, 1);
		hear(peer);
		while ((at = memmem(peer->heard, peer->size, "250 ENHANCEDSTATUSCODES\r\n", 25))) {
			answered++;
			at += 25;
			peer->size -= (size_t)(at - peer->heard);
			memmove(peer->heard, at, peer->size);
		}
	}
	assert_int_equal(answered, 3000);
	leave(peer);
	expect_sessions(w, 0);
}

static void test_the_gate_drains(void **state)
{
	struct world *w = *state;
	struct peer *peer;

	w->facts = (struct session_facts){ .score = 3, .listed = 1 };
	peer = visit(w);
	expect(w, peer, "220 ");
	front_drain(w->front, on_drained);
	pump(w, 20);
	assert_int_equal(w->drained, 0);
	say(peer, dialogue);
	expect(w, peer, "221 ");
	expect_sessions(w, 0);
	pump(w, 20);
	assert_int_equal(w->drained, 1);
	leave(peer);
}

static void test_the_worst_make_room(void **state)
{
	struct world *w = open_world(state, "gate {\n greet_wait = 20s\n dns_wait = 20s\n per_address = 1000\n"
					    " per_network = 1000\n reserve = 0%\n zone bl.example { weight = 3 }\n}\n", 10);
	struct peer *bad, *good[10], *late;

	w->facts = (struct session_facts){ .score = 3, .listed = 1 };
	bad = visit(w);
	expect(w, bad, "220 ");
	w->facts_late = true;
	for (int i = 0; i < 9; i++) {
		good[i] = visit(w);
		expect(w, good[i], "220-");
	}
	late = visit(w);
	expect(w, late, "220-");
	expect(w, bad, "421 4.3.2 Too many connections");
	for (int i = 0; i < 9; i++) {
		hear(good[i]);
		assert_false(good[i]->ended || good[i]->reset);
		leave(good[i]);
	}
	leave(bad);
	leave(late);
}

static void test_an_address_has_a_bound(void **state)
{
	struct world *w = open_world(state, "gate {\n per_address = 2\n}\n", 100);
	struct peer *peers[3];

	w->facts_late = true;
	for (int i = 0; i < 2; i++) {
		peers[i] = visit(w);
		expect(w, peers[i], "220-");
	}
	peers[2] = visit(w);
	expect(w, peers[2], "421 4.7.0 Too many connections from your address\r\n");
	expect_end(w, peers[2]);
	leave(peers[0]);
	expect_sessions(w, 1);
	leave(peers[2]);
	peers[2] = visit(w);
	expect(w, peers[2], "220-");
	leave(peers[1]);
	leave(peers[2]);
}

/* A mail server for the relay: a connected pair, of which the front gets one end. */
static int connect_elsewhere(int *ret_server)
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

/* The server's own front has let go of them, and counts them no more. */
static void test_an_address_that_is_handed_in_has_a_bound(void **state)
{
	struct world *w = open_world(state, "gate {\n per_address = 2\n}\n", 100);
	int client[3], accepted[3];
	char heard[256] = "";

	for (int i = 0; i < 3; i++) {
		client[i] = connect_elsewhere(&accepted[i]);
		front_take(w->front, accepted[i], "listed elsewhere");
	}
	assert_int_equal(sessions(w), 2);
	pump(w, 20);
	assert_true(recv(client[2], heard, sizeof(heard) - 1, 0) > 0);
	assert_string_equal(heard, "421 4.7.0 Too many connections from your address\r\n");
	close(client[0]);
	expect_sessions(w, 1);
	close(client[2]);
	client[2] = connect_elsewhere(&accepted[2]);
	front_take(w->front, accepted[2], "listed elsewhere");
	assert_int_equal(sessions(w), 2);
	close(client[1]);
	close(client[2]);
	expect_sessions(w, 0);
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
	struct world *w = open_world(state, "gate {\n greet_wait = 50ms\n handoff = transparent\n server = 25\n"
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

/* A certificate that nobody else signed, and its key, in one file as Courier has it. */
static void write_certificate(const char *path)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();
	FILE *file = fopen(path, "w");

	assert_non_null(key);
	assert_non_null(file);
	X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
	X509_set_pubkey(certificate, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
				   (const unsigned char *)"mx.example.test", -1, -1, 0);
	X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
	assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
	assert_int_equal(PEM_write_X509(file, certificate), 1);
	fclose(file);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

static struct tls_server *make_tls(void)
{
	char path[] = "/tmp/wavebreak-front-test.XXXXXX", why[TLS_WHY_SIZE];
	struct tls_server *server = NULL;

	close(mkstemp(path));
	write_certificate(path);
	if (tls_server_create(path, "", &server, why) < 0)
		fail_msg("%s", why);
	unlink(path);
	return server;
}

static SSL *shake_hands(struct world *w, struct peer *peer, SSL_CTX *context)
{
	SSL *ssl = SSL_new(context);
	int r = 0;

	SSL_set_fd(ssl, peer->fd);
	for (int i = 0; i < 200 && r != 1; i++) {
		struct timeval patience = { .tv_usec = 1000 };

		setsockopt(peer->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		r = SSL_connect(ssl);
		pump(w, 2);
	}
	assert_int_equal(r, 1);
	return ssl;
}

/* All that comes until it holds `text`. */
static void expect_tls(struct world *w, SSL *ssl, const char *text, char *heard, size_t size)
{
	size_t used = 0;

	for (int i = 0; i < 300; i++) {
		int n = SSL_read(ssl, heard + used, (int)(size - 1 - used));

		used += n > 0 ? (size_t)n : 0;
		heard[used] = '\0';
		if (strstr(heard, text))
			return;
		pump(w, 2);
	}
	fail_msg("'%s' was not heard, but '%s'", text, heard);
}

static void test_a_client_that_wants_tls_is_told_within(void **state)
{
	struct tls_server *server = make_tls();
	struct world *w = open_world_with(state, NULL, 100, server);
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	char heard[8192];
	struct peer *peer;
	SSL *ssl;

	w->facts = (struct session_facts){ .score = 3, .listed = 1 };
	peer = visit(w);
	expect(w, peer, "220 mx");
	say(peer, "EHLO a.example\r\n");
	expect(w, peer, "250-STARTTLS\r\n");
	expect(w, peer, "250 ENHANCEDSTATUSCODES\r\n");
	/* What comes along in the clear is not obeyed afterwards: a third party may have put it there. */
	say(peer, "STARTTLS\r\nEHLO forged.example\r\nMAIL FROM:<forged@b.example>\r\n");
	expect(w, peer, "220 2.0.0 Begin with TLS\r\n");
	pump(w, 20);
	hear(peer);
	assert_int_equal(peer->size, 0);
	ssl = shake_hands(w, peer, context);
	assert_int_equal(SSL_write(ssl, "MAIL FROM:<a@b.example>\r\n", 25), 25);
	expect_tls(w, ssl, "503 5.5.1 Say EHLO", heard, sizeof(heard));
	assert_int_equal(SSL_write(ssl, "EHLO a.example\r\n", 16), 16);
	expect_tls(w, ssl, "250 ENHANCED", heard, sizeof(heard));
	assert_null(strstr(heard, "STARTTLS"));
	for (const char *c = "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nSTARTTLS\r\nQUIT\r\n"; *c; c++)
		assert_int_equal(SSL_write(ssl, c, 1), 1);
	expect_tls(w, ssl, "closing\r\n", heard, sizeof(heard));
	assert_non_null(strstr(heard, "550 5.7.1 [127.0.0.1] is refused"));
	assert_non_null(strstr(heard, "503 5.5.1 TLS is active"));
	assert_null(strstr(w->reports[0].talk, "forged"));
	pump(w, 20);
	assert_int_equal(SSL_read(ssl, heard, sizeof(heard)), 0);
	assert_int_equal(SSL_get_error(ssl, 0), SSL_ERROR_ZERO_RETURN);
	SSL_free(ssl);
	SSL_CTX_free(context);
	leave(peer);
	expect_sessions(w, 0);
	front_destroy(w->front);
	w->front = NULL;
	tls_server_destroy(server);
}

static void test_nonsense_is_no_handshake(void **state)
{
	struct tls_server *server = make_tls();
	struct world *w = open_world_with(state, NULL, 100, server);
	uint64_t before = counter_read(COUNTER_gate_tls_failed);
	struct peer *peer;

	w->facts = (struct session_facts){ .score = 3, .listed = 1 };
	peer = visit(w);
	expect(w, peer, "220 mx");
	say(peer, "EHLO a.example\r\n");
	expect(w, peer, "250 ENHANCEDSTATUSCODES\r\n");
	say(peer, "STARTTLS\r\n");
	expect(w, peer, "220 2.0.0 ");
	say(peer, "MAIL FROM:<a@b.example>\r\n");
	expect_sessions(w, 0);
	assert_int_equal(counter_read(COUNTER_gate_tls_failed), before + 1);
	leave(peer);
	front_destroy(w->front);
	w->front = NULL;
	tls_server_destroy(server);
}

/* What is said to it has to wait for a handshake that does not come: it is not waited for. */
static void test_a_handshake_that_does_not_come(void **state)
{
	struct tls_server *server = make_tls();
	struct world *w = open_world_with(state, "gate {\n greet_wait = 0s\n command_time = 1s\n zone bl.example {}\n}\n", 100,
					  server);
	uint64_t before;
	struct peer *peer;

	w->facts = (struct session_facts){ .score = 3, .listed = 1 };
	peer = visit(w);
	expect(w, peer, "220 mx");
	say(peer, "EHLO a.example\r\n");
	expect(w, peer, "250 ENHANCEDSTATUSCODES\r\n");
	say(peer, "STARTTLS\r\n");
	expect(w, peer, "220 2.0.0 Begin with TLS\r\n");
	pump(w, 900);
	before = processor_ms();
	pump(w, 600);
	assert_in_range(processor_ms() - before, 0, 40);
	expect_end(w, peer);
	leave(peer);
	expect_sessions(w, 0);
	front_destroy(w->front);
	w->front = NULL;
	tls_server_destroy(server);
}

static void test_a_certificate_that_is_none(void **state)
{
	struct tls_server *server = NULL;
	char why[TLS_WHY_SIZE];

	assert_int_equal(tls_server_create("/dev/null", "", &server, why), -EINVAL);
	assert_string_equal(why, "/dev/null: there is no certificate in it, in PEM form");
	assert_int_equal(tls_server_create("/nowhere/at.all", "", &server, why), -EINVAL);
	assert_string_equal(why, "/nowhere/at.all: No such file or directory");
	assert_null(server);
}

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

#define WITH_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_WORLD(test_a_listed_client_is_told_why),
		WITH_WORLD(test_a_clean_client_waits_and_is_let_in),
		WITH_WORLD(test_what_was_said_early_is_left_for_the_server),
		WITH_WORLD(test_an_early_talker_on_a_list_is_rejected),
		WITH_WORLD(test_what_it_did_the_last_time_is_no_new_offence),
		WITH_WORLD(test_answers_that_come_late_count_for_nothing),
		WITH_WORLD(test_an_answer_that_comes_in_time_is_heard_at_once),
		WITH_WORLD(test_who_hangs_up_is_forgotten),
		WITH_WORLD(test_a_full_server_is_waited_for),
		WITH_WORLD(test_a_server_that_stays_full_is_said_in_words),
		WITH_WORLD(test_a_porter_that_cannot_is_said_in_words),
		WITH_WORLD(test_who_has_its_share_of_the_server_is_told_so),
		WITH_WORLD(test_a_talker_hears_the_last_word),
		WITH_WORLD(test_who_closes_its_half_is_answered),
		WITH_WORLD(test_one_byte_at_a_time),
		WITH_WORLD(test_a_client_that_does_not_read),
		cmocka_unit_test_teardown(test_long_replies_to_short_commands, tear_down),
		WITH_WORLD(test_the_gate_drains),
		WITH_WORLD(test_bytes_go_both_ways),
		WITH_WORLD(test_a_server_that_refuses_is_tried_again),
		WITH_WORLD(test_a_server_that_does_not_take_the_connection),
		WITH_WORLD(test_answers_for_who_has_gone_are_closed),
		cmocka_unit_test_teardown(test_a_client_that_wants_tls_is_told_within, tear_down),
		cmocka_unit_test_teardown(test_nonsense_is_no_handshake, tear_down),
		cmocka_unit_test_teardown(test_a_handshake_that_does_not_come, tear_down),
		cmocka_unit_test(test_a_certificate_that_is_none),
		cmocka_unit_test_teardown(test_a_client_that_outstays_the_server, tear_down),
		cmocka_unit_test_teardown(test_a_doubtful_client_is_introduced, tear_down),
		cmocka_unit_test_teardown(test_a_server_that_greets_with_a_refusal, tear_down),
		cmocka_unit_test_teardown(test_the_worst_make_room, tear_down),
		cmocka_unit_test_teardown(test_an_address_has_a_bound, tear_down),
		cmocka_unit_test_teardown(test_an_address_that_is_handed_in_has_a_bound, tear_down),
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
