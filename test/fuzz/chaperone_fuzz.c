/* SPDX-License-Identifier: Apache-2.0 */
/* A rejected client that may write to postmaster, by bytes that say what it and the server say, in which pieces.
 * Whatever they say, the server hears one transaction, with postmaster alone, in lines that every server reads alike,
 * and nothing after its message but QUIT. What the client hears are replies by RFC 5321. */
#include "gate/chaperone.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW_MS 1000000
#define INPUT_MOST 8192
#define HEARD_MOST 65536
#define SAID_MOST 262144
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct play {
	const uint8_t *at, *end;
	struct session session;
	struct chaperone chaperone;
	bool with_server, ended;
	bool carried; /* a message, of which QUIT is a line like others */
	size_t said_size, room;
	char input[INPUT_MOST];
	size_t input_size;
	char heard[HEARD_MOST];
	char said[SAID_MOST]; /* to the present server */
};

static void must(bool condition)
{
	if (!condition)
		abort();
}

static const char *no_text(void *data, unsigned zone, const struct addr *client, char *text, size_t size)
{
	text[0] = '\0';
	return text;
}

static const struct session_rules *rules_of(void)
{
	static struct settings settings;
	static struct session_rules rules;
	struct mistakes mistakes = { 0 };

	if (!rules.settings) {
		must(settings_parse(BYTES_LITERAL("gate {\n postmaster = yes\n zone bl.example { weight = 3 }\n}\n"),
				    "fuzz", &settings, &mistakes) == 0);
		rules = (struct session_rules){ .settings = &settings, .name = "mx.example.test",
						.zone_text = no_text };
	}
	return &rules;
}

static unsigned next(struct play *p)
{
	return p->at < p->end ? *p->at++ : 0;
}

static struct bytes next_bytes(struct play *p)
{
	struct bytes rest = bytes_make((const char *)p->at, (size_t)(p->end - p->at)), piece;

	if (rest.size == 0)
		return bytes_make(NULL, 0);
	piece = bytes_first(bytes_skip(rest, 1), p->at[0]);
	p->at += 1 + piece.size;
	return piece;
}

/* The client's side. */
static void check_heard(const struct replies *replies)
{
	struct bytes rest = bytes_make(replies->data, replies->size);

	while (rest.size) {
		size_t size = bytes_find_char(rest, '\n') + 1;
		struct bytes line = bytes_first(rest, size);

		must(size <= rest.size && size >= 6 && size <= REPLY_LINE_MOST && line.data[size - 2] == '\r');
		must(bytes_are_digits(bytes_first(line, 3)) && line.data[0] >= '2' && line.data[0] <= '5');
		must(line.data[3] == ' ' || line.data[3] == '-');
		for (size_t i = 0; i < size - 2; i++)
			must(line.data[i] >= ' ' && line.data[i] <= '~');
		rest = bytes_skip(rest, size);
		must(rest.size || line.data[3] == ' ');
	}
}

static bool take_said(struct bytes *said, const char *start)
{
	if (!bytes_equal_any_case(bytes_first(*said, strlen(start)), bytes_of(start)))
		return false;
	*said = bytes_skip(*said, strlen(start));
	return true;
}

/* One line of printable ASCII; its end is CRLF. */
static struct bytes take_line(struct bytes *said)
{
	size_t end = bytes_find_char(*said, '\r');
	struct bytes line = bytes_first(*said, end);

	for (size_t i = 0; i < line.size; i++)
		must(line.data[i] >= ' ' && line.data[i] <= '~');
	*said = bytes_skip(*said, end);
	must(take_said(said, "\r\n"));
	return line;
}

/* The server's side: QUIT may come at any place but within the message, and is the last. */
static bool has_left(struct bytes *said)
{
	if (!take_said(said, "QUIT\r\n"))
		return false;
	must(said->size == 0);
	return true;
}

static void check_message(struct bytes said)
{
	size_t end = bytes_find(said, BYTES_LITERAL("\r\n.\r\n"));

	for (size_t i = 0; i < said.size; i++) {
		must(said.data[i] != '\0');
		must(said.data[i] != '\r' || (i + 1 < said.size && said.data[i + 1] == '\n'));
		must(said.data[i] != '\n' || (i > 0 && said.data[i - 1] == '\r'));
	}
	/* The line before is the one of DATA. */
	if (take_said(&said, ".\r\n"))
		must(said.size == 0 || has_left(&said));
	else if (end < said.size) {
		said = bytes_skip(said, end + strlen("\r\n.\r\n"));
		must(said.size == 0 || has_left(&said));
	}
}

static void check_said(const struct play *p)
{
	struct bytes said = bytes_make(p->said, p->said_size), line;

	if (said.size == 0 || has_left(&said))
		return;
	must(take_said(&said, "EHLO ") || take_said(&said, "HELO "));
	take_line(&said);
	if (said.size == 0 || has_left(&said))
		return;
	must(take_said(&said, "MAIL FROM:<"));
	line = take_line(&said);
	must(bytes_contain(line, BYTES_LITERAL(">")));
	if (said.size == 0 || has_left(&said))
		return;
	must(take_said(&said, "RCPT TO:<postmaster"));
	line = take_line(&said);
	must(line.size && (line.data[0] == '>' || line.data[0] == '@'));
	must(bytes_find_char(line, '>') == line.size - 1 && !bytes_contain(line, BYTES_LITERAL(",")));
	if (said.size == 0 || has_left(&said))
		return;
	must(take_said(&said, "DATA\r\n"));
	if (p->carried)
		check_message(said);
	else
		must(said.size == 0 || has_left(&said));
}

static struct replies to_server_of(struct play *p)
{
	return (struct replies){ .data = p->said, .size = p->said_size,
				 .room = p->said_size + p->room < SAID_MOST ? p->said_size + p->room : SAID_MOST };
}

static struct replies to_client_of(struct play *p)
{
	return (struct replies){ .data = p->heard, .room = HEARD_MOST };
}

static void follow(struct play *p, const struct replies *to_client, const struct replies *to_server)
{
	check_heard(to_client);
	must(to_server->size == p->said_size || p->chaperone.state != CHAPERONE_DROPS);
	p->said_size = to_server->size;
	p->carried |= p->chaperone.state == CHAPERONE_CARRIES;
	check_said(p);
	if (p->chaperone.state != CHAPERONE_OVER)
		return;
	must(!p->session.letter && !p->session.introduction);
	must(p->session.state == (p->chaperone.wish == SESSION_WISH_END ? SESSION_CLOSING : SESSION_DIALOGUE));
	p->with_server = false;
	p->ended = p->chaperone.wish == SESSION_WISH_END;
}

static void take_by_session(struct play *p, struct bytes *input)
{
	struct replies to_client = to_client_of(p);
	enum session_wish wish = session_take(&p->session, rules_of(), input, NOW_MS, &to_client);

	check_heard(&to_client);
	p->ended = wish == SESSION_WISH_END;
	if (wish != SESSION_WISH_LET_IN)
		return;
	chaperone_begin(&p->chaperone, &p->session, rules_of());
	p->with_server = true;
	p->said_size = 0;
	p->carried = false;
}

static void take_by_chaperone(struct play *p, struct bytes *input)
{
	struct replies to_client = to_client_of(p), to_server = to_server_of(p);

	chaperone_hear_client(&p->chaperone, input, NOW_MS, &to_client, &to_server);
	follow(p, &to_client, &to_server);
}

/* As long as something moves. */
static void take(struct play *p)
{
	size_t before = SIZE_MAX;

	while (!p->ended && before != p->input_size && SAID_MOST - p->said_size > CHAPERONE_LINE_MOST * 2) {
		struct bytes input = bytes_make(p->input, p->input_size);

		before = p->input_size;
		if (p->with_server && !chaperone_hears_client(&p->chaperone))
			return;
		if (p->with_server)
			take_by_chaperone(p, &input);
		else
			take_by_session(p, &input);
		memmove(p->input, input.data, input.size);
		p->input_size = input.size;
	}
}

static void client_says(struct play *p, struct bytes words)
{
	words = bytes_first(words, INPUT_MOST - p->input_size);
	if (words.size)
		memcpy(p->input + p->input_size, words.data, words.size);
	p->input_size += words.size;
	take(p);
}

static void server_says(struct play *p, struct bytes words)
{
	struct replies to_client = to_client_of(p), to_server = to_server_of(p);

	if (!p->with_server || SAID_MOST - p->said_size <= CHAPERONE_LINE_MOST * 2)
		return;
	chaperone_hear_server(&p->chaperone, words, &to_client, &to_server);
	follow(p, &to_client, &to_server);
	take(p);
}

/* What it would say if all were well. */
static void server_goes_on(struct play *p)
{
	if (p->chaperone.state == CHAPERONE_ASKS)
		server_says(p, BYTES_LITERAL("354 go\r\n"));
	else if (!chaperone_hears_client(&p->chaperone))
		server_says(p, BYTES_LITERAL("250-so\r\n250 be it\r\n"));
}

static void server_is_lost(struct play *p, bool by_time)
{
	struct replies to_client = to_client_of(p), to_server = to_server_of(p);

	if (!p->with_server || SAID_MOST - p->said_size <= CHAPERONE_LINE_MOST * 2)
		return;
	if (by_time)
		chaperone_lose_patience(&p->chaperone, session_deadline(&p->session, rules_of()), &to_client,
					&to_server);
	else
		chaperone_lose_server(&p->chaperone, &to_client);
	follow(p, &to_client, &to_server);
	take(p);
}

static const char *const lines[] = {
	"EHLO a.example\r\n", "HELO a\r\n", "MAIL FROM:<b@c.example>\r\n", "MAIL FROM:<> SIZE=5 BODY=7BIT\r\n",
	"MAIL FROM:<> SIZE=99999999\r\n", "RCPT TO:<postmaster@d.example>\r\n", "RCPT TO:<PostMaster>\r\n",
	"RCPT TO:<ham@d.example>\r\n", "DATA\r\n", ".\r\n", "RSET\r\n", "QUIT\r\n", "NOOP\r\n", "STARTTLS\r\n",
};

static const char *const parts[] = { "\r\n.\r\n", "\n.\n", "\r.\r", "\r", "\n", ".", "..", "\r\n.", "\r\n",
				     "\n.\r\n", "\r\r\n", "x" };

static const char *const answers[] = { "220 mx\r\n", "250-a\r\n", "250\r\n", "354 go\r\n", "421 no\r\n", "550 no\r\n", "4",
				       "\r\n" };

static void do_next(struct play *p)
{
	unsigned what = next(p);

	switch (what % 8) {
	case 0:
		client_says(p, next_bytes(p));
		break;
	case 1:
		client_says(p, bytes_of(lines[what / 8 % COUNT(lines)]));
		break;
	case 2:
		client_says(p, bytes_of(parts[what / 8 % COUNT(parts)]));
		break;
	case 3:
		client_says(p, BYTES_LITERAL("MAIL FROM:<b@c.example>\r\nRCPT TO:<postmaster>\r\nDATA\r\n"));
		break;
	case 4:
		server_goes_on(p);
		break;
	case 5:
		server_says(p, bytes_of(answers[what / 8 % COUNT(answers)]));
		break;
	case 6:
		server_says(p, next_bytes(p));
		break;
	case 7:
		if (what / 8 % 4 == 0)
			server_is_lost(p, what & 64);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct play play;
	static const struct session_facts facts = { .score = 3, .listed = 1 };
	struct replies replies;

	memset(&play, 0, offsetof(struct play, input));
	play.input_size = 0;
	play.at = data;
	play.end = data + size;
	play.room = next(&play) & 1 ? CHAPERONE_LINE_MOST : CHAPERONE_LINE_MOST + 100;
	addr_parse(BYTES_LITERAL("192.0.2.7"), &play.session.client);
	replies = to_client_of(&play);
	session_begin(&play.session, rules_of(), SESSION_KNOWN_BAD, &facts, NOW_MS, &replies);
	while (play.at < play.end && !play.ended)
		do_next(&play);
	session_end(&play.session);
	return 0;
}
