/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/front_test.h"

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
	assert_true(w->asked_greeted);
	front_answer(w->front, w->asked_visit, 0, -1, bytes_make(NULL, 0));
	expect_sessions(w, 0);
	assert_int_equal(w->report_count, 1);
	assert_int_equal(w->reports[0].kind, GATE_REPORT_PASSED);
	leave(peer);
	/* The next time it is known, and nothing is said before the server speaks. */
	peer = visit(w);
	expect_asked(w, 2);
	assert_false(w->asked_greeted);
	hear(peer);
	assert_int_equal(peer->size, 0);
	leave(peer);
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

/* Nobody of this host is steered: it came by itself, or is our own way to the server that came round. */
static void turn_one_away(struct world *w, const char *reply)
{
	uint64_t before = counter_read(COUNTER_gate_not_steered);
	struct peer *peer = visit(w);

	expect(w, peer, reply);
	expect_end(w, peer);
	leave(peer);
	assert_int_equal(sessions(w), 0);
	assert_int_equal(w->asked, 0);
	assert_int_equal(counter_read(COUNTER_gate_not_steered), before + 1);
}

static void test_who_was_not_steered_is_turned_away(void **state)
{
	struct world *w = open_world(state, "gate { steer = all\n greet_wait = 100ms\n}", 100);

	/* Known good or not. */
	for (int i = 0; i < 2; i++) {
		w->never_tested = i;
		w->settings.gate_steer_port = ntohs(w->address.sin_port);
		turn_one_away(w, "421 4.3.2 No mail is taken at this port\r\n");
		w->settings.gate_steer_port++;
		turn_one_away(w, "421 4.4.6 This connection came from here\r\n");
	}
	w->settings.gate_steer = STEERING_NONE;
	leave(visit(w));
	expect_asked(w, 1);
}

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
		WITH_WORLD(test_a_talker_hears_the_last_word),
		WITH_WORLD(test_who_closes_its_half_is_answered),
		WITH_WORLD(test_one_byte_at_a_time),
		WITH_WORLD(test_a_client_that_does_not_read),
		cmocka_unit_test_teardown(test_long_replies_to_short_commands, tear_down),
		WITH_WORLD(test_the_gate_drains),
		cmocka_unit_test_teardown(test_the_worst_make_room, tear_down),
		cmocka_unit_test_teardown(test_an_address_has_a_bound, tear_down),
		cmocka_unit_test_teardown(test_who_was_not_steered_is_turned_away, tear_down),
		cmocka_unit_test_teardown(test_an_address_that_is_handed_in_has_a_bound, tear_down),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
