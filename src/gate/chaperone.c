/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/chaperone.h"

#include "base/counter.h"

#include <assert.h>

/* Where in a line of the message the next byte is. */
enum message_place {
	LINE_BEGIN,
	LINE,
	LINE_CR,  /* after a CR, which is held back until the LF is there */
	DOT,      /* after a dot at the begin of a line */
	DOT_CR,   /* and a CR, held back as well */
};

void chaperone_begin(struct chaperone *chaperone, struct session *session, const struct session_rules *rules)
{
	assert(session->state == SESSION_WAITING && session->letter);
	*chaperone = (struct chaperone){ .session = session, .rules = rules,
					 .lines = bytes_of(session->introduction) };
	session->state = SESSION_LETTER;
}

static void say(struct replies *to, struct bytes words)
{
	assert(to->room - to->size >= words.size);
	memcpy(to->data + to->size, words.data, words.size);
	to->size += words.size;
}

static void over(struct chaperone *c)
{
	c->state = CHAPERONE_OVER;
	session_letter_end(c->session);
}

/* In order: a server that is told QUIT gives up what it has of a transaction (RFC 5321 section 4.1.1.10). */
static void leave(struct chaperone *c, struct replies *to_server)
{
	say(to_server, BYTES_LITERAL("QUIT\r\n"));
	c->state = CHAPERONE_LEAVES;
}

static void end_session(struct chaperone *c, const char *reason, struct replies *to_client)
{
	c->wish = session_refuse(c->session, c->rules, reason, to_client);
	over(c);
}

/* The transaction has had its last reply, or will have none. */
static void end_transaction(struct chaperone *c)
{
	c->session->envelope = SESSION_HELO;
	c->session->recipients = 0;
}

/* 421 is the word of a server that ends a session, which ours does not; what is neither yes nor no is nothing to
 * pass on. */
static void pass_on_refusal(const struct chaperone *c, struct replies *to_client)
{
	bool is_no = c->code[0] == '5' || (c->code[0] == '4' && memcmp(c->code, "421", sizeof(c->code)) != 0);

	if (is_no)
		say(to_client, bytes_make(c->reply, c->reply_size));
	else
		reply_line(to_client, "451 4.3.0 The mail server does not take it now, try again later");
}

static void hear_introduced(struct chaperone *c, struct replies *to_client, struct replies *to_server)
{
	struct bytes line = bytes_first(c->lines, bytes_find_char(c->lines, '\n') + 1);

	if (c->code[0] != '2') {
		pass_on_refusal(c, to_client);
		leave(c, to_server);
	} else if (line.size) {
		c->lines = bytes_skip(c->lines, line.size);
		say(to_server, line);
	} else {
		say(to_client, bytes_make(c->reply, c->reply_size));
		c->state = CHAPERONE_LISTENS;
	}
}

static void hear_asked(struct chaperone *c, struct replies *to_client, struct replies *to_server)
{
	if (memcmp(c->code, "354", sizeof(c->code)) == 0) {
		say(to_client, bytes_make(c->reply, c->reply_size));
		c->state = CHAPERONE_CARRIES;
		c->place = LINE_BEGIN; /* the CRLF of DATA counts (RFC 5321 section 4.1.1.4) */
		return;
	}
	pass_on_refusal(c, to_client);
	end_transaction(c);
	leave(c, to_server);
}

static void hear_receipt(struct chaperone *c, struct replies *to_client, struct replies *to_server)
{
	if (c->code[0] == '2') {
		counter_add(COUNTER_gate_postmaster_taken, 1);
		say(to_client, bytes_make(c->reply, c->reply_size));
	} else {
		pass_on_refusal(c, to_client);
	}
	end_transaction(c);
	leave(c, to_server);
}

static void hear_reply(struct chaperone *c, struct replies *to_client, struct replies *to_server)
{
	switch ((enum chaperone_state)c->state) {
	case CHAPERONE_INTRODUCES:
		hear_introduced(c, to_client, to_server);
		break;
	case CHAPERONE_ASKS:
		hear_asked(c, to_client, to_server);
		break;
	case CHAPERONE_AWAITS:
		hear_receipt(c, to_client, to_server);
		break;
	case CHAPERONE_LEAVES:
		over(c);
		break;
	case CHAPERONE_LISTENS:
	case CHAPERONE_CARRIES:
	case CHAPERONE_DROPS:
	case CHAPERONE_OVER:
		break;
	}
}

void chaperone_lose_server(struct chaperone *c, struct replies *to_client)
{
	switch ((enum chaperone_state)c->state) {
	case CHAPERONE_INTRODUCES:
		reply_line(to_client, "451 4.3.0 The mail server does not answer now, try again later");
		over(c);
		break;
	case CHAPERONE_LEAVES:
		over(c);
		break;
	case CHAPERONE_LISTENS:
	case CHAPERONE_ASKS:
	case CHAPERONE_CARRIES:
	case CHAPERONE_AWAITS:
		end_session(c, "4.3.0 The mail server has left, try again later", to_client);
		break;
	case CHAPERONE_DROPS:
	case CHAPERONE_OVER:
		break;
	}
}

/* Three digits, and a hyphen where more lines follow, all with the code of the first (RFC 5321 section 4.2.1). */
static bool is_line_of_reply(const struct chaperone *c)
{
	if (c->line_size < 3 || !bytes_are_digits(bytes_make(c->line, 3)) || c->line[0] < '2' || c->line[0] > '5')
		return false;
	if (c->line_size > 3 && c->line[3] != ' ' && c->line[3] != '-')
		return false;
	return c->reply_size == 0 || memcmp(c->code, c->line, sizeof(c->code)) == 0;
}

/* Lines that there is no room for are left out. */
static void keep_line(struct chaperone *c)
{
	if (c->reply_size == 0)
		memcpy(c->code, c->line, sizeof(c->code));
	if (c->line_size == 3)
		c->line[c->line_size++] = ' ';
	if (c->reply_size + c->line_size + 2 > sizeof(c->reply))
		return;
	c->last_line = c->reply_size;
	memcpy(c->reply + c->reply_size, c->line, c->line_size);
	memcpy(c->reply + c->reply_size + c->line_size, "\r\n", 2);
	c->reply_size += c->line_size + 2;
}

/* Returns whether it was the last one of a reply. */
static bool end_line(struct chaperone *c)
{
	bool is_last = c->line_size < 4 || c->line[3] != '-';

	if (is_line_of_reply(c))
		keep_line(c);
	else
		c->failed = true;
	c->line_size = 0;
	if (is_last && !c->failed)
		c->reply[c->last_line + 3] = ' ';
	return is_last;
}

static bool take_server_byte(struct chaperone *c, char byte)
{
	c->failed |= ++c->heard > CHAPERONE_HEARD_MOST;
	if (byte == '\n')
		return end_line(c);
	if (byte != '\r' && c->line_size < sizeof(c->line) - 2)
		c->line[c->line_size++] = byte >= ' ' && byte <= '~' ? byte : '?';
	return false;
}

static bool awaits_server(const struct chaperone *c)
{
	return c->state == CHAPERONE_INTRODUCES || c->state == CHAPERONE_ASKS || c->state == CHAPERONE_AWAITS ||
	       c->state == CHAPERONE_LEAVES;
}

/* What it says unasked is 421 as a rule; and what it says after a reply to us cannot be one to what we say next. */
void chaperone_hear_server(struct chaperone *c, struct bytes input, struct replies *to_client,
			   struct replies *to_server)
{
	for (size_t i = 0; i < input.size && chaperone_needs_server(c); i++) {
		bool is_whole = awaits_server(c) && take_server_byte(c, input.data[i]);

		if (!awaits_server(c) || c->failed || (is_whole && i + 1 < input.size)) {
			chaperone_lose_server(c, to_client);
		} else if (is_whole) {
			hear_reply(c, to_client, to_server);
			c->heard = c->reply_size = 0;
		}
	}
}

bool chaperone_hears_client(const struct chaperone *c)
{
	return c->state == CHAPERONE_LISTENS || c->state == CHAPERONE_CARRIES || c->state == CHAPERONE_DROPS;
}

bool chaperone_needs_server(const struct chaperone *c)
{
	return c->state != CHAPERONE_DROPS && c->state != CHAPERONE_OVER;
}

static void hear_commands(struct chaperone *c, struct bytes *input, uint64_t now_ms, struct replies *to_client,
			  struct replies *to_server)
{
	enum session_wish wish = session_take(c->session, c->rules, input, now_ms, to_client);

	if (wish == SESSION_WISH_DATA) {
		say(to_server, BYTES_LITERAL("DATA\r\n"));
		c->state = CHAPERONE_ASKS;
	} else if (c->session->state != SESSION_LETTER) {
		c->wish = wish;
		leave(c, to_server);
	}
}

enum step {
	STEP_ON,
	STEP_HOLD, /* to be passed on with the next one, or not at all */
	STEP_END,
	STEP_BROKEN,
};

static enum step take_message_byte(uint8_t *place, char byte)
{
	bool was_cr = *place == LINE_CR || *place == DOT_CR, was_dot = *place == DOT || *place == DOT_CR;

	if (byte == '\0' || was_cr != (byte == '\n'))
		return STEP_BROKEN;
	if (byte == '\n') {
		*place = LINE_BEGIN;
		return was_dot ? STEP_END : STEP_ON;
	}
	if (byte == '\r') {
		*place = was_dot ? DOT_CR : LINE_CR;
		return STEP_HOLD;
	}
	*place = *place == LINE_BEGIN && byte == '.' ? DOT : LINE;
	return STEP_ON;
}

static void break_off(struct chaperone *c, struct replies *to_client)
{
	counter_add(COUNTER_gate_postmaster_broken, 1);
	reply_line(to_client, "554 5.6.0 A line of a message ends with CR and LF, and has neither, nor NUL, within");
	end_session(c, "4.7.0 The message cannot be followed, closing", to_client);
}

static void end_message(struct chaperone *c, struct replies *to_client)
{
	if (c->state == CHAPERONE_CARRIES) {
		c->state = CHAPERONE_AWAITS;
		return;
	}
	reply_line(to_client, "552 5.3.4 The message is too large; " CHAPERONE_MOST_IN_WORDS " are allowed");
	end_transaction(c);
	over(c);
}

static void take_message(struct chaperone *c, char byte, struct replies *to_client, struct replies *to_server)
{
	enum step step = take_message_byte(&c->place, byte);

	if (step == STEP_BROKEN) {
		break_off(c, to_client);
		return;
	}
	if (c->state == CHAPERONE_CARRIES && ++c->message_size > CHAPERONE_MESSAGE_MOST) {
		counter_add(COUNTER_gate_postmaster_large, 1);
		c->state = CHAPERONE_DROPS;
	}
	if (c->state == CHAPERONE_CARRIES && step != STEP_HOLD)
		say(to_server, byte == '\n' ? BYTES_LITERAL("\r\n") : bytes_make(&byte, 1));
	if (step == STEP_END)
		end_message(c, to_client);
}

static void hear_message(struct chaperone *c, struct bytes *input, struct replies *to_client, struct replies *to_server)
{
	size_t i = 0;

	while (i < input->size && (c->state == CHAPERONE_CARRIES || c->state == CHAPERONE_DROPS) &&
	       to_server->room - to_server->size >= CHAPERONE_LINE_MOST)
		take_message(c, input->data[i++], to_client, to_server);
	*input = bytes_skip(*input, c->wish == SESSION_WISH_END ? input->size : i);
}

void chaperone_hear_client(struct chaperone *c, struct bytes *input, uint64_t now_ms, struct replies *to_client,
			   struct replies *to_server)
{
	assert(chaperone_hears_client(c));
	if (c->state == CHAPERONE_LISTENS)
		hear_commands(c, input, now_ms, to_client, to_server);
	else
		hear_message(c, input, to_client, to_server);
}

void chaperone_lose_patience(struct chaperone *c, uint64_t now_ms, struct replies *to_client, struct replies *to_server)
{
	switch ((enum chaperone_state)c->state) {
	case CHAPERONE_INTRODUCES:
	case CHAPERONE_LEAVES:
		chaperone_lose_server(c, to_client);
		break;
	case CHAPERONE_LISTENS:
		c->wish = session_due(c->session, c->rules, now_ms, to_client);
		if (c->session->state != SESSION_LETTER)
			leave(c, to_server);
		break;
	case CHAPERONE_ASKS:
	case CHAPERONE_CARRIES:
	case CHAPERONE_DROPS:
	case CHAPERONE_AWAITS:
		counter_add(COUNTER_gate_timeouts, 1);
		end_session(c, "4.4.2 The message took too long, closing", to_client);
		break;
	case CHAPERONE_OVER:
		break;
	}
}
