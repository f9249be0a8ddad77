/* SPDX-License-Identifier: Apache-2.0 */
/* A rejected client's whole session, with a server that is played: what each of them hears. */
#include "gate/chaperone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define START 1000000
#define ROOM 65536
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct play {
	struct settings settings;
	struct session_rules rules;
	struct session session;
	struct chaperone chaperone;
	bool with_server, ended;
	uint64_t now_ms;
	const char *server; /* what it says, reply by reply; then it closes the connection */
	struct bytes client;
	size_t piece;
	size_t room; /* to the server */
	struct replies heard; /* by the client */
	struct replies said;  /* to the server */
	char heard_text[ROOM], said_text[ROOM];
	char input[ROOM];
	size_t input_size;
};

static const char *no_text(void *data, unsigned zone, const struct addr *client, char *text, size_t size)
{
	text[0] = '\0';
	return text;
}

static struct play *open_play(const char *gate)
{
	static const struct session_facts listed = { .score = 3, .listed = 1 };
	struct play *p = calloc(1, sizeof(*p));
	struct mistakes mistakes = { 0 };
	char text[512];

	snprintf(text, sizeof(text), "gate {\n%s\nzone bl.example { weight = 3 }\n}\n", gate);
	assert_int_equal(settings_parse(bytes_of(text), "test", &p->settings, &mistakes), 0);
	p->rules = (struct session_rules){ .settings = &p->settings, .name = "mx.example.test", .zone_text = no_text };
	assert_int_equal(addr_parse(BYTES_LITERAL("192.0.2.7"), &p->session.client), 0);
	p->heard = (struct replies){ .data = p->heard_text, .room = ROOM - 1 };
	p->said = (struct replies){ .data = p->said_text, .room = ROOM - 1 };
	p->now_ms = START;
	p->room = ROOM - 1;
	p->piece = ROOM;
	session_begin(&p->session, &p->rules, SESSION_KNOWN_BAD, &listed, START, &p->heard);
	p->heard.size = 0;
	return p;
}

static void close_play(struct play *p)
{
	session_end(&p->session);
	settings_free(&p->settings);
	free(p);
}

static void look_at_server(struct play *p)
{
	if (!p->with_server || p->chaperone.state != CHAPERONE_OVER)
		return;
	p->with_server = false;
	p->ended |= p->chaperone.wish == SESSION_WISH_END;
	assert_false(p->session.letter);
	assert_int_equal(p->session.state, p->ended ? SESSION_CLOSING : SESSION_DIALOGUE);
}

/* The client's words, a piece at a time, to whom they are for. */
static bool hear_client(struct play *p)
{
	/* Who may not pipeline waits. */
	size_t line = p->session.extended ? p->client.size : bytes_find_char(p->client, '\n') + 1;
	struct bytes piece = bytes_first(p->client, line < p->piece ? line : p->piece), input;
	size_t before = p->input_size;

	if (p->ended || (p->with_server && !chaperone_hears_client(&p->chaperone)))
		return false;
	memcpy(p->input + p->input_size, piece.data, piece.size);
	p->client = bytes_skip(p->client, piece.size);
	p->input_size += piece.size;
	input = bytes_make(p->input, p->input_size);
	if (p->with_server) {
		p->said.room = p->said.size + p->room < ROOM - 1 ? p->said.size + p->room : ROOM - 1;
		chaperone_hear_client(&p->chaperone, &input, p->now_ms, &p->heard, &p->said);
	} else {
		enum session_wish wish = session_take(&p->session, &p->rules, &input, p->now_ms, &p->heard);

		p->ended = wish == SESSION_WISH_END;
		if (wish == SESSION_WISH_LET_IN) {
			chaperone_begin(&p->chaperone, &p->session, &p->rules);
			p->with_server = true;
		}
	}
	memmove(p->input, input.data, input.size);
	p->input_size = input.size;
	look_at_server(p);
	return piece.size || input.size != before || p->with_server;
}

static bool awaited(const struct play *p)
{
	return p->with_server && !chaperone_hears_client(&p->chaperone);
}

static size_t reply_size(const char *server)
{
	const char *line = server;

	while (strlen(line) > 3 && line[3] == '-')
		line = strchr(line, '\n') + 1;
	return (size_t)(line - server) + bytes_find_char(bytes_of(line), '\n') + (*line != '\0');
}

/* One reply, in pieces, or the end. */
static void hear_server(struct play *p)
{
	struct bytes reply = bytes_make(p->server, reply_size(p->server));

	p->server += reply.size;
	if (reply.size == 0)
		chaperone_lose_server(&p->chaperone, &p->heard);
	for (; reply.size; reply = bytes_skip(reply, p->piece))
		chaperone_hear_server(&p->chaperone, bytes_first(reply, p->piece), &p->heard, &p->said);
	look_at_server(p);
}

static void play(struct play *p, const char *client, size_t client_size, const char *server)
{
	p->client = bytes_make(client, client_size);
	p->server = server;
	for (int i = 0; i < 100000; i++) {
		if (awaited(p))
			hear_server(p);
		else if (!hear_client(p) || (p->client.size == 0 && p->input_size == 0))
			break;
	}
	while (awaited(p))
		hear_server(p);
	p->heard.data[p->heard.size] = p->said.data[p->said.size] = '\0';
}

/* "250 550 221 ", the codes of the client's replies. */
static const char *codes(const struct play *p, char text[512])
{
	size_t size = 0;

	for (const char *line = p->heard.data; *line; line = strchr(line, '\n') + 1)
		if (line[3] == ' ')
			size += (size_t)snprintf(text + size, 512 - size, "%.4s", line);
	text[size] = '\0';
	return text;
}

#define HELLO "EHLO a.example\r\n"
#define FROM "MAIL FROM:<b@c.example>\r\n"
#define TO "RCPT TO:<postmaster@example.test>\r\n"
#define OTHER "RCPT TO:<ham@example.test>\r\n"
#define TEXT "Subject: me\r\n\r\nI am no spammer.\r\n..\r\n.x\r\n"
#define YES "220-mx\r\n220 mx\r\n250-mx\r\n250 SIZE 1\r\n250 ok\r\n250 postmaster\r\n"
#define TAKEN YES "354 go\r\n250 taken\r\n221 bye\r\n"
#define WHO HELLO FROM TO

static void come_to_server(struct play *p)
{
	p->client = BYTES_LITERAL(WHO);
	while (!p->with_server)
		assert_true(hear_client(p));
}

static const struct {
	const char *client, *server, *codes, *said;
} table[] = {
	/* The whole of it. */
	{ WHO "DATA\r\n" TEXT ".\r\nQUIT\r\n", TAKEN, "250 250 250 354 250 221 ", WHO "DATA\r\n" TEXT ".\r\nQUIT\r\n" },
	{ WHO "DATA\r\n.\r\nQUIT\r\n", TAKEN, "250 250 250 354 250 221 ", WHO "DATA\r\n.\r\nQUIT\r\n" },
	{ "HELO a\r\nMAIL FROM: <@r.example:b@c.example>\r\nrcpt to:<PostMaster>\r\ndata\r\n.\r\n", TAKEN,
	  "250 250 250 354 250 ",
	  "HELO a\r\nMAIL FROM:<b@c.example>\r\nRCPT TO:<PostMaster>\r\nDATA\r\n.\r\nQUIT\r\n" },
	{ "EHLO a forged\r\nMAIL FROM:<>  BODY=8bitmime  SIZE=0012\r\n" TO, YES, "250 250 250 ",
	  "EHLO a\r\nMAIL FROM:<> SIZE=12 BODY=8BITMIME\r\n" TO },
	{ "HELO a\r\nMAIL FROM:<> SIZE=12\r\n" TO, YES, "250 250 250 ", "HELO a\r\nMAIL FROM:<>\r\n" TO },
	{ HELLO "MAIL FROM:<x@y.example>\r\nRSET\r\nHELO b\r\n" FROM TO, YES, "250 250 250 250 250 250 ",
	  "HELO b\r\n" FROM TO },
	/* Nobody else, before, after, or in its place. */
	{ WHO OTHER TO "NOOP\r\nDATA\r\n.\r\n", TAKEN, "250 250 250 550 550 250 354 250 ",
	  WHO "DATA\r\n.\r\nQUIT\r\n" },
	{ HELLO FROM OTHER TO "DATA\r\n", "", "250 250 550 550 554 ", "" },
	{ HELLO FROM "RCPT TO:<postmasters@example.test>\r\nRCPT TO:<\"postmaster\"@example.test>\r\n", "",
	  "250 250 550 550 ",
	  "" },
	{ HELLO FROM "RCPT TO:<postmaster%x.example@example.test>\r\n", "", "250 250 550 ", "" },
	{ HELLO FROM "RCPT TO:<postmaster@example.test> NOTIFY=NEVER\r\n", "", "250 250 555 ", "" },
	{ HELLO FROM "RCPT TO:<postmaster@example.test>,<ham@example.test>\r\n", "", "250 250 501 ", "" },
	{ HELLO TO FROM, "", "250 503 250 ", "" },
	/* After the message, the session as ever: also with a second letter. */
	{ WHO "DATA\r\n.\r\n" FROM OTHER "DATA\r\n", TAKEN, "250 250 250 354 250 250 550 554 ",
	  WHO "DATA\r\n.\r\nQUIT\r\n" },
	{ WHO "DATA\r\n.\r\n" OTHER, TAKEN, "250 250 250 354 250 503 ", WHO "DATA\r\n.\r\nQUIT\r\n" },
	{ WHO "DATA\r\nx\r\n.\r\n" FROM TO "DATA\r\ny\r\n.\r\nQUIT\r\n", TAKEN TAKEN,
	  "250 250 250 354 250 250 250 354 250 221 ",
	  WHO "DATA\r\nx\r\n.\r\nQUIT\r\n" WHO "DATA\r\ny\r\n.\r\nQUIT\r\n" },
	/* Another mind. */
	{ WHO "RSET\r\n" FROM OTHER "QUIT\r\n", YES "221 bye\r\n", "250 250 250 250 250 550 221 ", WHO "QUIT\r\n" },
	{ WHO "EHLO b\r\nDATA\r\nQUIT\r\n", YES "221 bye\r\n", "250 250 250 250 503 221 ", WHO "QUIT\r\n" },
	{ WHO "QUIT\r\n", YES "221 bye\r\n", "250 250 250 221 ", WHO "QUIT\r\n" },
	{ WHO "MAIL FROM:<x@y.example>\r\nAUTH PLAIN AA==\r\nSTARTTLS\r\nVRFY a\r\nBDAT 3\r\nwhat\r\n", YES,
	  "250 250 250 503 503 503 252 502 500 ", WHO },
	{ WHO "NOOP\nNOOP\rx\r\nDATA x\r\nRCPT TO:<a\0b>\r\n", YES, "250 250 250 500 500 501 ", WHO },
	/* What the server thinks of it. */
	{ WHO "DATA\r\n", "554 none of you\r\n221 bye\r\n", "250 250 554 554 ", "QUIT\r\n" },
	{ WHO "DATA\r\n", "220 mx\r\n250 mx\r\n250 ok\r\n513-no\r\n513 relaying\r\n221 bye\r\n", "250 250 513 554 ",
	  WHO "QUIT\r\n" },
	{ WHO OTHER, "220 mx\r\n250 mx\r\n517 no domain\r\n221 bye\r\n", "250 250 517 550 ", HELLO FROM "QUIT\r\n" },
	{ WHO, "220 mx\r\n250 mx\r\n250 ok\r\n421 leaving\r\n", "250 250 451 ", WHO "QUIT\r\n" },
	{ WHO, "220 mx\r\n250 mx\r\n250 ok\r\n354 what\r\n", "250 250 451 ", WHO "QUIT\r\n" },
	{ WHO, "", "250 250 451 ", "" },
	{ WHO, "SSH-2.0\r\n", "250 250 451 ", "" },
	{ WHO, "220-mx\r\n250 mx\r\n", "250 250 451 ", "" },
	{ WHO, "220 mx\r\n250 mx\r\n250 ok\r\n250-\1\377\r\n250\r\n", "250 250 250 ", WHO },
	{ WHO "DATA\r\n" FROM, YES "451 later\r\n221\r\n", "250 250 250 451 250 ", WHO "DATA\r\nQUIT\r\n" },
	{ WHO "DATA\r\n", YES "250 what\r\n221\r\n", "250 250 250 451 ", WHO "DATA\r\nQUIT\r\n" },
	{ WHO "DATA\r\n.\r\n", YES "354 go\r\n554 spam\r\n221\r\n", "250 250 250 354 554 ",
	  WHO "DATA\r\n.\r\nQUIT\r\n" },
	{ WHO "DATA\r\n.\r\nNOOP\r\n", YES "354 go\r\n", "250 250 250 354 421 ", WHO "DATA\r\n.\r\n" },
	{ WHO "DATA\r\n.\r\nNOOP\r\n", YES "354 go\r\n250 ok\r\n", "250 250 250 354 250 250 ",
	  WHO "DATA\r\n.\r\nQUIT\r\n" },
};

static void check(const char *client, size_t client_size, const char *server, const char *expected, const char *said)
{
	static const size_t pieces[] = { 1, 2, 3, 7, 100, ROOM }, rooms[] = { CHAPERONE_LINE_MOST, ROOM };
	char text[512];

	for (size_t i = 0; i < COUNT(pieces) * COUNT(rooms); i++) {
		struct play *p = open_play("postmaster = yes");

		p->piece = pieces[i / COUNT(rooms)];
		p->room = rooms[i % COUNT(rooms)];
		play(p, client, client_size, server);
		assert_string_equal(codes(p, text), expected);
		assert_string_equal(p->said.data, said);
		close_play(p);
	}
}

static void test_table(void **state)
{
	for (size_t i = 0; i < COUNT(table); i++) {
		print_message("%s\n", table[i].client);
		check(table[i].client, strlen(table[i].client), table[i].server, table[i].codes, table[i].said);
	}
}

/* What comes after DATA: what of it the server gets, before the connection ends without the final dot. */
#define SMUGGLED "MAIL FROM:<x@y.example>\r\nRCPT TO:<ham@example.test>\r\nDATA\r\nspam\r\n.\r\n"
#define FORM(message, passed) { message SMUGGLED, sizeof(message SMUGGLED) - 1, passed }

static const struct {
	const char *message;
	size_t size;
	const char *passed;
} forms[] = {
	FORM("a\n.\n", "a"),
	FORM("a\n.\r\n", "a"),
	FORM("a\r\n.\n", "a\r\n."),
	FORM("a\r.\r", "a"),
	FORM("a\r.\r\n", "a"),
	FORM("a\r\n.\r", "a\r\n."),
	FORM("a\r\n.\r\r\n", "a\r\n."),
	FORM("a\r\n.\rb\r\n", "a\r\n."),
	FORM("a\r\r\n.\r\n", "a"),
	FORM("a\n\r\n.\r\n", "a"),
	FORM("a\n\r.\r\n", "a"),
	FORM("a\r\n\n.\r\n", "a\r\n"),
	FORM("a\r\n\r.\r\n", "a\r\n"),
	FORM(".\n", "."),
	FORM("\n.\r\n", ""),
	FORM("\r.\r\n", ""),
	FORM("a\0b\r\n.\r\n", "a"),
	FORM("a\r\0\n.\r\n", "a"),
	FORM("a\r\n.\0\r\n", "a\r\n."),
	FORM("a\r\n\0.\r\n", "a\r\n"),
};

static void test_what_is_no_end_ends_the_session(void **state)
{
	char client[1024], said[1024];

	for (size_t i = 0; i < COUNT(forms); i++) {
		size_t size = sizeof(WHO "DATA\r\n") - 1;

		memcpy(client, WHO "DATA\r\n", size);
		memcpy(client + size, forms[i].message, forms[i].size);
		snprintf(said, sizeof(said), WHO "DATA\r\n%s", forms[i].passed);
		check(client, size + forms[i].size, TAKEN, "250 250 250 354 554 421 ", said);
	}
}

static void test_who_is_refused_a_recipient_is_told_why(void **state)
{
	struct play *p = open_play("postmaster = yes");

	play(p, WHO OTHER, strlen(WHO OTHER), YES);
	assert_non_null(strstr(p->heard.data, "250 postmaster\r\n"
					      "550 5.7.1 [192.0.2.7] is refused: bl.example names it; ask "));
	assert_int_equal(p->session.told, 1);
	close_play(p);
}

static void test_nobody_writes_where_it_is_not_allowed(void **state)
{
	static const char *const gates[] = { "", "postmaster = no", "postmaster = yes" };
	char text[512];

	for (size_t i = 0; i < COUNT(gates); i++) {
		struct play *p = open_play(gates[i]);

		p->settings.gate_handoff = i == 2 ? HANDOFF_PASS : HANDOFF_EXEC;
		play(p, WHO, strlen(WHO), YES);
		assert_string_equal(codes(p, text), "250 250 550 ");
		assert_int_equal(p->said.size, 0);
		close_play(p);
	}
}

static void test_a_large_message_is_refused_before_it_comes(void **state)
{
	static const char large[] = HELLO "MAIL FROM:<> SIZE=1048577\r\n" TO
				    "DATA\r\nRSET\r\nMAIL FROM:<> SIZE=1048576\r\n" TO;

	check(large, sizeof(large) - 1, YES, "250 250 552 554 250 250 250 ", HELLO "MAIL FROM:<> SIZE=1048576\r\n" TO);
}

/* As much as is allowed, and a byte more; the server takes nothing of what is broken off. */
static void test_a_message_that_turns_out_to_be_large(void **state)
{
	for (size_t more = 0; more < 2; more++) {
		struct play *p = open_play("postmaster = yes");
		size_t size = CHAPERONE_MESSAGE_MOST - strlen("\r\n.\r\n") + more, sent = 0;
		struct bytes input;
		char text[512];

		play(p, WHO "DATA\r\n", strlen(WHO "DATA\r\n"), YES "354 go\r\n");
		while (sent < size) {
			p->said.size = 0;
			memset(p->input, 'x', ROOM);
			input = bytes_make(p->input, size - sent < 8192 ? size - sent : 8192);
			sent += input.size;
			chaperone_hear_client(&p->chaperone, &input, START, &p->heard, &p->said);
			assert_int_equal(input.size, 0);
		}
		play(p, "\r\n.\r\n" FROM, strlen("\r\n.\r\n" FROM), "250 taken\r\n221 bye\r\n");
		assert_string_equal(codes(p, text), more ? "250 250 250 354 552 250 " : "250 250 250 354 250 250 ");
		assert_int_equal(!!strstr(p->said.data, "\r\n.\r\n"), !more);
		close_play(p);
	}
}

static void test_a_server_that_speaks_unasked(void **state)
{
	static const char *const clients[] = { WHO, WHO "DATA\r\n", WHO "DATA\r\nx\r\n" };

	for (size_t i = 0; i < COUNT(clients); i++) {
		struct play *p = open_play("postmaster = yes");

		play(p, clients[i], strlen(clients[i]), YES "354 go\r\n");
		chaperone_hear_server(&p->chaperone, BYTES_LITERAL("421 closing\r\n"), &p->heard, &p->said);
		assert_int_equal(p->chaperone.state, CHAPERONE_OVER);
		assert_int_equal(p->chaperone.wish, SESSION_WISH_END);
		assert_int_equal(p->session.state, SESSION_CLOSING);
		close_play(p);
	}
}

/* A reply that was sent too early would be taken for the next one. */
static void test_a_server_that_says_two_replies_at_once(void **state)
{
	struct play *p = open_play("postmaster = yes");

	come_to_server(p);
	chaperone_hear_server(&p->chaperone, BYTES_LITERAL("220 mx\r\n250 mx\r\n"), &p->heard, &p->said);
	assert_int_equal(p->chaperone.state, CHAPERONE_OVER);
	assert_int_equal(p->said.size, 0);
	close_play(p);
}

static void test_a_server_that_does_not_end(void **state)
{
	struct play *p = open_play("postmaster = yes");
	size_t lines = 0;

	come_to_server(p);
	while (p->chaperone.state == CHAPERONE_INTRODUCES && lines++ < 10000)
		chaperone_hear_server(&p->chaperone, BYTES_LITERAL("220-and another line\r\n"), &p->heard, &p->said);
	assert_int_equal(p->chaperone.state, CHAPERONE_OVER);
	assert_true(lines <= CHAPERONE_HEARD_MOST / 22 + 1);
	assert_int_equal(p->session.state, SESSION_DIALOGUE);
	close_play(p);
}

/* The last of many lines is one, whatever had no room. */
static void test_a_long_reply_is_cut_between_lines(void **state)
{
	struct play *p = open_play("postmaster = yes");
	char line[600];
	size_t size = 0;

	come_to_server(p);
	memset(line, 'y', sizeof(line));
	memcpy(line, "554-", 4);
	memcpy(line + sizeof(line) - 2, "\r\n", 2);
	for (int i = 0; i < 10; i++)
		chaperone_hear_server(&p->chaperone, bytes_make(line, sizeof(line)), &p->heard, &p->said);
	p->heard.size = 0;
	chaperone_hear_server(&p->chaperone, BYTES_LITERAL("554 end\r\n"), &p->heard, &p->said);
	for (struct bytes rest = bytes_make(p->heard.data, p->heard.size); rest.size; rest = bytes_skip(rest, size)) {
		size = bytes_find_char(rest, '\n') + 1;
		assert_int_equal(size, REPLY_LINE_MOST);
		assert_int_equal(rest.data[3], rest.size == size ? ' ' : '-');
	}
	assert_int_equal(p->heard.size, CHAPERONE_REPLY_MOST);
	close_play(p);
}

static const struct {
	const char *client, *server;
	enum chaperone_state state, next;
	const char *codes;
} waits[] = {
	{ WHO "NOOP\r\n", YES, CHAPERONE_LISTENS, CHAPERONE_LEAVES, "250 250 250 250 421 " },
	{ WHO "DATA\r\nx", YES "354 go\r\n", CHAPERONE_CARRIES, CHAPERONE_OVER, "250 250 250 354 421 " },
};

static void test_who_takes_too_long(void **state)
{
	char text[512];

	for (size_t i = 0; i < COUNT(waits); i++) {
		struct play *p = open_play("postmaster = yes");

		play(p, waits[i].client, strlen(waits[i].client), waits[i].server);
		assert_int_equal(p->chaperone.state, waits[i].state);
		p->now_ms = session_deadline(&p->session, &p->rules);
		chaperone_lose_patience(&p->chaperone, p->now_ms, &p->heard, &p->said);
		p->heard.data[p->heard.size] = '\0';
		assert_string_equal(codes(p, text), waits[i].codes);
		assert_int_equal(p->chaperone.state, waits[i].next);
		assert_int_equal(p->chaperone.wish, SESSION_WISH_END);
		assert_int_equal(p->session.state, SESSION_CLOSING);
		close_play(p);
	}
}

/* A server that takes too long costs the client no more than an answer. */
static void test_a_server_that_takes_too_long(void **state)
{
	struct play *p = open_play("postmaster = yes");
	char text[512];

	come_to_server(p);
	chaperone_lose_patience(&p->chaperone, START, &p->heard, &p->said);
	p->heard.data[p->heard.size] = '\0';
	assert_string_equal(codes(p, text), "250 250 451 ");
	assert_int_equal(p->chaperone.state, CHAPERONE_OVER);
	assert_int_equal(p->session.state, SESSION_DIALOGUE);
	close_play(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_what_is_no_end_ends_the_session),
		cmocka_unit_test(test_who_is_refused_a_recipient_is_told_why),
		cmocka_unit_test(test_nobody_writes_where_it_is_not_allowed),
		cmocka_unit_test(test_a_large_message_is_refused_before_it_comes),
		cmocka_unit_test(test_a_message_that_turns_out_to_be_large),
		cmocka_unit_test(test_a_server_that_speaks_unasked),
		cmocka_unit_test(test_a_server_that_says_two_replies_at_once),
		cmocka_unit_test(test_a_server_that_does_not_end),
		cmocka_unit_test(test_a_long_reply_is_cut_between_lines),
		cmocka_unit_test(test_who_takes_too_long),
		cmocka_unit_test(test_a_server_that_takes_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
