/* SPDX-License-Identifier: Apache-2.0 */
/* A whole session at the gate, by bytes that say what happens: pieces of what the client says, answers of
 * the lists, time, the server and its room. Whatever happens, each reply is one by RFC 5321, nothing that
 * the client said comes back in one, and no client is closed or let in without a word or a reason. */
#include "gate/session.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BEGIN_MS 1000000
#define STEP_MS 250
#define STEPS_MOST 4096
#define INPUT_MOST 4096
#define ROOM_MOST 65536
#define RULES 5
/* A word that is in no reply, and in what the client says. */
#define MARK "qzx7"

struct play {
	const uint8_t *at, *end;
	struct session session;
	const struct session_rules *rules;
	uint64_t now_ms;
	char input[INPUT_MOST];
	size_t input_size;
	bool ended, spoke, may_pass;
	unsigned refusals; /* replies of 550 5.7.1 */
	unsigned last_code;
	size_t room;
	char replies[ROOM_MOST];
};

static void must(bool condition)
{
	if (!condition)
		abort();
}

static const char *zone_text(void *data, unsigned zone, const struct addr *client, char *text, size_t size)
{
	memset(text, 'w', size - 1);
	text[zone % 2 ? size - 1 : 0] = '\0';
	return text;
}

/* As they are by default, with all limits as low as they go, with all words as long as they go, where doubtful
 * clients are asked for their names, and where rejected ones may log in. */
static const struct session_rules *rules_of(unsigned number)
{
	static const char zones[] = " zone bl.example { weight = 3 }\n zone two.example { weight = 2 }\n"
				    " zone white.example { weight = -3 }\n}\n";
	static const char *const heads[RULES] = {
		"gate {\n",
		"gate {\n greet_wait = 0s\n dns_wait = 100ms\n command_time = 1s\n session = 10s\n told_time = 1s\n"
		" commands = 10\n errors = 2\n recipients = 100\n full_wait = 0s\n early_talker = 0\n",
		"gate {\n reject_at = 1\n contact = \"cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
		"cccccccccccccccccccccccccccccccccccccccccccccccccccccccc\"\n"
		" zone a2345678901234567890123456789012345678901234567890.b2345678901234567890123456789012345678901234"
		"567890.c2345678901234567890123456789012345678901234567890.example { weight = 3 }\n",
		"gate {\n handoff = transparent\n server = 2525\n greet_wait = 0s\n reject_at = 4\n",
		"gate {\n handoff = proxy\n server = 2525\n auth = yes\n auth_mechanisms = PLAIN\n",
	};
	static struct settings settings[RULES];
	static struct session_rules rules[RULES];
	struct mistakes mistakes = { 0 };
	char text[2048];

	if (rules[number].settings)
		return &rules[number];
	snprintf(text, sizeof(text), "%s%s", heads[number], zones);
	must(settings_parse(bytes_of(text), "fuzz", &settings[number], &mistakes) == 0);
	rules[number] = (struct session_rules){ .settings = &settings[number], .name = "mx.example.test",
						.zone_text = zone_text, .has_tls = number == 2 };
	return &rules[number];
}

static unsigned next(struct play *p)
{
	return p->at < p->end ? *p->at++ : 0;
}

static void check_line(struct play *p, struct bytes line)
{
	uint64_t code;

	must(line.size >= 6 && line.size <= REPLY_LINE_MOST && line.data[line.size - 2] == '\r');
	line.size -= 2;
	for (size_t i = 0; i < line.size; i++)
		must(line.data[i] >= ' ' && line.data[i] <= '~');
	must(bytes_to_u64(bytes_first(line, 3), 599, &code) == 0 && code >= 200 && (code < 300 || code >= 400));
	must(line.data[3] == ' ' || (line.data[3] == '-' && code < 400));
	must(!bytes_contain(line, BYTES_LITERAL(MARK)));
	if (bytes_starts_with(line, BYTES_LITERAL("550 "))) {
		must(bytes_starts_with(line, BYTES_LITERAL("550 5.7.1 [")));
		must(bytes_contain(line, BYTES_LITERAL("] is refused: ")));
		must(bytes_contain(line, BYTES_LITERAL("; ask ")));
		p->refusals++;
	}
	p->last_code = (unsigned)code;
}

static void check_replies(struct play *p, const struct replies *replies)
{
	struct bytes rest = bytes_make(replies->data, replies->size);

	while (rest.size) {
		size_t end = bytes_find_char(rest, '\n');

		must(end < rest.size);
		check_line(p, bytes_first(rest, end + 1));
		rest = bytes_skip(rest, end + 1);
	}
	must(p->refusals == p->session.told);
}

static struct replies replies_of(struct play *p)
{
	return (struct replies){ .data = p->replies, .room = p->room };
}

/* Nothing comes of anything after the end. */
static void check_ended(struct play *p)
{
	struct replies replies = replies_of(p);
	struct bytes input = BYTES_LITERAL("EHLO a.example\r\n");

	must(p->session.state == SESSION_CLOSING);
	must(p->last_code == 221 || p->last_code == 421);
	must(session_deadline(&p->session, p->rules) == UINT64_MAX);
	must(session_due(&p->session, p->rules, UINT64_MAX, &replies) == SESSION_WISH_NOTHING);
	must(session_take(&p->session, p->rules, &input, p->now_ms, &replies) == SESSION_WISH_END);
	must(input.size == 0 && replies.size == 0);
}

/* What the mail server is told of what was said here. */
static void check_introduction(const char *text, bool whole_lines)
{
	struct bytes rest = bytes_of(text ? text : "");

	while (rest.size) {
		size_t end = bytes_find(rest, BYTES_LITERAL("\r\n"));
		struct bytes line = bytes_first(rest, end);

		must(end < rest.size || !whole_lines);
		/* The CR of what is still to come. */
		if (end == rest.size && line.data[line.size - 1] == '\r')
			line.size--;
		for (size_t i = 0; i < line.size; i++)
			must((line.data[i] >= ' ' && line.data[i] <= '~') || line.data[i] == '\t');
		rest = bytes_skip(rest, end + 2);
	}
}

static void check_let_in(const struct play *p)
{
	const struct session *session = &p->session;
	bool rejected = session->score >= (int)p->rules->settings->gate_reject_at;

	must(session->state == SESSION_WAITING);
	must(p->may_pass || !rejected || (session->introduction && p->rules->settings->gate_auth));
	must(!session->interview || (session->introduction && !rejected && session->told == 0));
	must(!session->rest || session->interview);
	check_introduction(session->introduction, true);
	check_introduction(session->rest, false);
}

static void follow(struct play *p, enum session_wish wish, const struct replies *replies)
{
	check_replies(p, replies);
	must(!p->session.greeting || p->session.state < SESSION_DIALOGUE);
	if (wish == SESSION_WISH_LET_IN)
		check_let_in(p);
	if (wish == SESSION_WISH_END) {
		p->ended = true;
		check_ended(p);
	}
}

static void take(struct play *p)
{
	bool again = true;

	while (again && !p->ended && p->session.state == SESSION_DIALOGUE) {
		struct replies replies = replies_of(p);
		struct bytes input = bytes_make(p->input, p->input_size);
		enum session_wish wish = session_take(&p->session, p->rules, &input, p->now_ms, &replies);

		again = !replies_have_room(&replies);
		must(again || p->session.state == SESSION_CLOSING || input.size < SMTP_LINE_MOST);
		memmove(p->input, input.data, input.size);
		p->input_size = input.size;
		follow(p, wish, &replies);
	}
}

static void hear(struct play *p, const void *said, size_t size)
{
	struct replies replies = replies_of(p);
	struct bytes input;

	if (size > INPUT_MOST - p->input_size)
		size = INPUT_MOST - p->input_size;
	memcpy(p->input + p->input_size, said, size);
	p->input_size += size;
	input = bytes_make(p->input, p->input_size);
	if (p->session.state == SESSION_TESTING && !p->spoke && size) {
		p->spoke = true;
		follow(p, session_spoke_early(&p->session, p->rules, input, p->now_ms, &replies), &replies);
	}
	take(p);
}

static void hear_bytes(struct play *p)
{
	size_t size = next(p);

	if (size > (size_t)(p->end - p->at))
		size = (size_t)(p->end - p->at);
	hear(p, p->at, size);
	p->at += size;
}

static void hear_command(struct play *p)
{
	static const char *const commands[] = {
		"EHLO " MARK ".example", "HELO [" MARK "]", "MAIL FROM:<" MARK "@" MARK ".example>", "MAIL FROM:<>",
		"RCPT TO:<" MARK "@" MARK ".example>", "RCPT TO:<" MARK, "MAIL FROM:<a@b.example> " MARK "=1", "DATA",
		"RSET", "NOOP " MARK, "VRFY " MARK, "HELP " MARK, "QUIT", MARK, "AUTH PLAIN " MARK, "STARTTLS", "GET /" MARK " HTTP/1.1",
	};
	char line[SMTP_LINE_MOST];
	int size = snprintf(line, sizeof(line), "%s\r\n", commands[next(p) % (sizeof(commands) / sizeof(commands[0]))]);

	hear(p, line, (size_t)size);
}

/* What a listing weighs is what the settings say, as it is with the real lists. */
static struct session_facts facts_of(struct play *p, unsigned listed)
{
	const struct settings *settings = p->rules->settings;
	struct session_facts facts = { .no_reverse = listed >> 7 & 1 };

	for (unsigned i = 0; i < settings->zone_count; i++) {
		if (!(listed >> i & 1))
			continue;
		facts.listed |= 1U << i;
		facts.score += (int)settings->zones[i].weight;
	}
	return facts;
}

static void look(struct play *p)
{
	struct replies replies = replies_of(p);
	struct session_facts facts = facts_of(p, next(p));

	if (p->session.state == SESSION_TESTING && !p->session.looked)
		follow(p, session_looked(&p->session, p->rules, &facts, p->now_ms, &replies), &replies);
	take(p);
}

/* A deadline is one that is ahead, or that goes by when it is looked at. */
static void do_due(struct play *p)
{
	unsigned times = 0;

	while (!p->ended && session_deadline(&p->session, p->rules) <= p->now_ms) {
		struct replies replies = replies_of(p);

		must(times++ < SESSION_STATES);
		follow(p, session_due(&p->session, p->rules, p->now_ms, &replies), &replies);
		take(p);
	}
}

static void pass(struct play *p)
{
	uint64_t until_ms = p->now_ms + (uint64_t)next(p) * STEP_MS;

	while (!p->ended && session_deadline(&p->session, p->rules) <= until_ms) {
		must(session_deadline(&p->session, p->rules) > p->now_ms);
		p->now_ms = session_deadline(&p->session, p->rules);
		do_due(p);
	}
	p->now_ms = until_ms;
}

static void lose_server(struct play *p)
{
	struct replies replies = replies_of(p);

	if (p->session.state == SESSION_WAITING)
		follow(p, session_server_unavailable(&p->session, p->rules, &replies), &replies);
}

static void lose_place(struct play *p)
{
	struct replies replies = replies_of(p);

	follow(p, session_refuse(&p->session, p->rules, "4.3.2 Too many connections", &replies), &replies);
}

static void talk(struct play *p)
{
	char text[SESSION_TALK_SIZE];
	size_t size;

	if (!p->session.told)
		return;
	session_talk(&p->session, p->rules, text);
	size = strlen(text);
	must(size > 0 && size < SESSION_TALK_SIZE && !p->session.words);
	for (size_t i = 0; i < size; i++)
		must(text[i] >= ' ' && text[i] <= '~');
}

static void begin(struct play *p)
{
	unsigned how = next(p);
	enum session_memory memory = (enum session_memory)(how >> 2 & 3);
	struct session_facts facts = { 0 };
	struct replies replies;

	p->rules = rules_of(how % RULES);
	p->room = how & 16 ? ROOM_MOST : REPLY_MOST;
	addr_parse(how & 32 ? BYTES_LITERAL("192.0.2.7") : BYTES_LITERAL("2001:db8:1234:5678:9abc:def0:1234:5678"),
		   &p->session.client);
	addr_parse(BYTES_LITERAL("203.0.113.25"), &p->session.local);
	if (memory == SESSION_KNOWN_BAD) {
		/* What an early talker adds may be nothing: then a list has named it. */
		unsigned observed = next(p) % (1U << OBSERVATIONS), early = 1U << OBSERVATION_EARLY_TALKER;

		facts = facts_of(p, observed & ~early ? 0 : 1);
		facts.observed = (uint16_t)observed;
	}
	p->may_pass = memory == SESSION_KNOWN_GOOD;
	replies = replies_of(p);
	follow(p, session_begin(&p->session, p->rules, memory, &facts, p->now_ms, &replies), &replies);
	do_due(p);
}

static void do_next(struct play *p)
{
	switch (next(p) % 8) {
	case 0:
		hear_bytes(p);
		break;
	case 1:
	case 2:
		hear_command(p);
		break;
	case 3:
		look(p);
		break;
	case 4:
		pass(p);
		break;
	case 5:
		lose_server(p);
		break;
	case 6:
		talk(p);
		break;
	case 7:
		lose_place(p);
		break;
	}
	do_due(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct play play;

	play = (struct play){ .at = data, .end = data + size, .now_ms = BEGIN_MS };
	begin(&play);
	for (unsigned i = 0; i < STEPS_MOST && play.at < play.end && !play.ended; i++)
		do_next(&play);
	session_end(&play.session);
	return 0;
}
