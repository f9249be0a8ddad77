/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/session_internal.h"

#include "base/counter.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

/* What one command has before it. */
struct turn {
	struct session *session;
	const struct session_rules *rules;
	struct replies *replies;
	struct bytes *input; /* after it */
	bool unasked; /* it was sent before the reply to the one before, which we did not allow */
	enum session_wish wish;
};

/* Cut to fit. Without memory it was not said. */
static void keep(char **room, size_t most, struct bytes word)
{
	free(*room);
	*room = strndup(word.data ? word.data : "", word.size < most ? word.size : most);
}

/* NULL once it has been told why, or without memory: then nobody hears what it said, and that is all. */
static struct session_words *words_of(struct session *session)
{
	if (session->told)
		return NULL;
	if (!session->words)
		session->words = calloc(1, sizeof(*session->words));
	return session->words;
}

static void answer_end(struct turn *turn, enum counter counter, const char *reply)
{
	counter_add(counter, 1);
	turn->session->state = SESSION_CLOSING;
	turn->wish = SESSION_WISH_END;
	reply_line(turn->replies, "421 %s", reply);
}

static void answer_error(struct turn *turn, const char *reply)
{
	turn->session->errors++;
	reply_line(turn->replies, "%s", reply);
}

/* A program that is started for it is told that the client is on a list, and can be told nothing else. */
static bool may_log_in(const struct session *session, const struct session_rules *rules)
{
	const struct settings *settings = rules->settings;

	return settings->gate_auth && settings->gate_handoff != HANDOFF_PASS &&
	       (settings->gate_handoff != HANDOFF_EXEC || session_is_listed(session, rules));
}

static bool offers(const struct turn *turn, enum smtp_verb verb)
{
	bool log_in = may_log_in(turn->session, turn->rules);

	switch (verb) {
	case SMTP_STARTTLS:
		return log_in || turn->rules->has_tls;
	case SMTP_AUTH:
		return log_in && *turn->rules->settings->gate_auth_mechanisms;
	default:
		return verb != SMTP_EXPN;
	}
}

static void end_transaction(struct session *session)
{
	if (session->envelope == SESSION_MAIL)
		session->envelope = SESSION_HELO;
	session->recipients = 0;
	if (session->state == SESSION_LETTER)
		session->state = SESSION_DIALOGUE;
}

/* What a doubtful client has sent with its EHLO, before it was allowed to: all of it goes on, as far as it is
 * commands. False for what is none, or without memory. */
static bool keep_rest(struct turn *turn)
{
	struct session *session = turn->session;
	struct smtp_command command;
	struct bytes line = { NULL, 0 };
	enum smtp_line end;
	char *rest = session->rest = malloc(turn->input->size + 1);

	if (!rest)
		return false;
	while ((end = smtp_line_take(&session->lines, turn->input, &line)) == SMTP_LINE_WELL) {
		smtp_command_read(line, &command);
		if (command.fault == SMTP_FAULT_BYTES)
			return false;
		rest = mempcpy(mempcpy(rest, line.data, line.size), "\r\n", 2);
	}
	/* Of a line that is still to come; its CR may be here already. */
	line = *turn->input;
	if (line.size && line.data[line.size - 1] == '\r')
		line.size--;
	smtp_command_read(line, &command);
	if (end != SMTP_LINE_UNFINISHED || session->lines.passing_over || command.fault == SMTP_FAULT_BYTES)
		return false;
	*(char *)mempcpy(rest, turn->input->data, turn->input->size) = '\0';
	return true;
}

/* It has said its name, and has not become worse for it. */
static void end_interview(struct turn *turn, const struct smtp_command *command)
{
	struct session *session = turn->session;

	if (turn->input->size && !keep_rest(turn)) {
		answer_end(turn, COUNTER_gate_errors_over, "4.7.0 Commands only, one at a time, closing");
		return;
	}
	if (asprintf(&session->introduction, "%s %.*s\r\n", command->verb == SMTP_EHLO ? "EHLO" : "HELO",
		     BYTES_FMT(command->argument)) < 0) {
		session->introduction = NULL;
		answer_end(turn, COUNTER_gate_errors_over, "4.3.0 Not enough memory, try again later");
		return;
	}
	turn->wish = session_let_in(session, session->heard_ms);
}

/* True when its name was all that we wanted of it. */
static bool interview(struct turn *turn, const struct smtp_command *command)
{
	struct session *session = turn->session;

	if (!session->interview)
		return false;
	if (turn->input->size)
		session_observe(session, turn->rules, OBSERVATION_PIPELINING);
	session->interview = !session_is_rejected(session, turn->rules);
	if (session->interview)
		end_interview(turn, command);
	return session->interview;
}

static void answer_hello(struct turn *turn, const struct smtp_command *command)
{
	struct session *session = turn->session;
	struct session_words *words = words_of(session);

	if (smtp_helo_faults(command->argument, &session->client, bytes_of(turn->rules->name), &session->local))
		session_observe(session, turn->rules, OBSERVATION_HELO);
	if (interview(turn, command))
		return;
	if (words)
		keep(&words->helo, SESSION_HELO_MOST, command->argument);
	session_letter_greet(session, turn->rules, command);
	end_transaction(session); /* as RSET does (RFC 5321 section 4.1.4) */
	session->envelope = SESSION_HELO;
	session->extended = command->verb == SMTP_EHLO;
	if (!session->extended) {
		reply_line(turn->replies, "250 %s", turn->rules->name);
		return;
	}
	reply_line(turn->replies, "250-%s", turn->rules->name);
	reply_line(turn->replies, "250-PIPELINING");
	reply_line(turn->replies, "250-SIZE 0");
	reply_line(turn->replies, "250-8BITMIME");
	if (offers(turn, SMTP_STARTTLS) && !session->secured)
		reply_line(turn->replies, "250-STARTTLS");
	if (offers(turn, SMTP_AUTH))
		reply_line(turn->replies, "250-AUTH %s", turn->rules->settings->gate_auth_mechanisms);
	reply_line(turn->replies, "250 ENHANCEDSTATUSCODES");
}

static void answer_mail(struct turn *turn, const struct smtp_command *command)
{
	struct session *session = turn->session;
	struct session_words *words = words_of(session);

	if (session->envelope == SESSION_NO_HELO) {
		answer_error(turn, "503 5.5.1 Say EHLO or HELO first");
		return;
	}
	if (session->envelope == SESSION_MAIL) {
		answer_error(turn, "503 5.5.1 There is a sender already");
		return;
	}
	if (words)
		keep(&words->sender, SESSION_MAILBOX_MOST, command->mailbox);
	session_letter_address(session, command);
	session->envelope = SESSION_MAIL;
	session->recipients = 0;
	reply_line(turn->replies, "250 2.1.0 Sender noted");
}

/* The reply that all of this is for. It comes in every order of commands in which a client could take
 * it for an answer about its mail: a zombie that sends all at once learns it, too. */
static void answer_recipient(struct turn *turn, const struct smtp_command *command)
{
	struct session *session = turn->session;
	struct session_words *words = words_of(session);
	char reason[SESSION_REASON_SIZE];

	if (session->envelope != SESSION_MAIL && !turn->unasked) {
		answer_error(turn, "503 5.5.1 Name the sender first, by MAIL");
		return;
	}
	if (session->recipients >= turn->rules->settings->gate_recipients) {
		counter_add(COUNTER_gate_recipients_over, 1);
		reply_line(turn->replies, "452 4.5.3 Too many recipients");
		return;
	}
	if (!turn->unasked && session_letter_is_for(session, turn->rules, command->local_part)) {
		turn->wish = session_letter_begin(session, command->mailbox, turn->replies);
		return;
	}
	if (words)
		keep(&words->recipient, SESSION_MAILBOX_MOST, command->mailbox);
	session->recipients++;
	if (session->told == 0)
		counter_add(COUNTER_gate_sessions_rejected, 1);
	session->told++;
	counter_add(COUNTER_gate_recipients_refused, 1);
	reply_line(turn->replies, "550 5.7.1 %s", session_reason(session, turn->rules, reason));
}

/* DATA with no recipient left is no error of a client that pipelines: it could not know (RFC 2920
 * section 3.1), and may have more mail to be told of. */
static void answer_data(struct turn *turn)
{
	if (turn->session->state == SESSION_LETTER)
		turn->wish = SESSION_WISH_DATA;
	else if (turn->session->envelope != SESSION_MAIL)
		answer_error(turn, "503 5.5.1 Name a sender first, by MAIL");
	else
		reply_line(turn->replies, "554 5.5.1 No valid recipients");
}

static void answer_reset(struct turn *turn)
{
	end_transaction(turn->session);
	reply_line(turn->replies, "250 2.0.0 Forgotten");
}

static void answer_not_offered(struct turn *turn)
{
	answer_error(turn, "502 5.5.1 The command is not offered here");
}

static void answer_wrong_argument(struct turn *turn, enum smtp_verb verb)
{
	if (!offers(turn, verb)) {
		answer_not_offered(turn);
		return;
	}
	switch (verb) {
	case SMTP_MAIL:
		answer_error(turn, "501 5.1.7 The sender has to be MAIL FROM:<address>");
		break;
	case SMTP_RCPT:
		answer_error(turn, "501 5.1.3 The recipient has to be RCPT TO:<address>");
		break;
	default:
		answer_error(turn, "501 5.5.4 The argument is missing, or one too many");
	}
}

/* To the mail server, which hears of the client's EHLO and of this. What else the client has sent is thrown
 * away: it has to wait for the reply to this (RFC 3207 section 4.2, RFC 4954 section 4). */
static void bring_to_server(struct turn *turn, const char *verb, struct bytes argument)
{
	struct session *session = turn->session;
	struct session_words *words = words_of(session);

	if (!session->extended) {
		answer_error(turn, "503 5.5.1 Say EHLO first");
		return;
	}
	if (!words || !words->helo || asprintf(&session->introduction, "EHLO %s\r\n%s%s%.*s\r\n", words->helo,
						verb, argument.size ? " " : "", BYTES_FMT(argument)) < 0) {
		session->introduction = NULL;
		answer_error(turn, "454 4.7.0 Log in before all else, in another session");
		return;
	}
	counter_add(COUNTER_gate_log_in, 1);
	turn->wish = session_let_in(session, session->heard_ms);
}

/* With a letter to postmaster begun, which the mail server knows of (RFC 4954 section 4). */
static void answer_within(struct turn *turn)
{
	answer_error(turn, "503 5.5.1 Not within a transaction");
}

static void answer_auth(struct turn *turn, const struct smtp_command *command)
{
	if (turn->session->state == SESSION_LETTER)
		answer_within(turn);
	else if (offers(turn, SMTP_AUTH))
		bring_to_server(turn, "AUTH", command->argument);
	else
		answer_not_offered(turn);
}

/* What was said before is not known any more (RFC 3207 section 4.2). */
static void answer_starttls(struct turn *turn)
{
	struct session *session = turn->session;

	if (session->state == SESSION_LETTER) {
		answer_within(turn);
		return;
	}
	if (may_log_in(session, turn->rules) && !session->secured) {
		bring_to_server(turn, "STARTTLS", bytes_make(NULL, 0));
		return;
	}
	if (!turn->rules->has_tls) {
		answer_not_offered(turn);
		return;
	}
	if (session->secured) {
		answer_error(turn, "503 5.5.1 TLS is active already");
		return;
	}
	counter_add(COUNTER_gate_starttls, 1);
	session->secured = true;
	session->extended = false;
	session->envelope = SESSION_NO_HELO;
	session->recipients = 0;
	session->lines = (struct smtp_lines){ false };
	turn->wish = SESSION_WISH_START_TLS;
	reply_line(turn->replies, "220 2.0.0 Begin with TLS");
}

static void answer_fault(struct turn *turn, const struct smtp_command *command)
{
	switch (command->fault) {
	case SMTP_FAULT_BYTES:
		counter_add(COUNTER_gate_lines_refused, 1);
		answer_error(turn, "500 5.5.2 Control bytes and 8-bit bytes have no place in a command");
		break;
	case SMTP_FAULT_PARAMETER:
		answer_error(turn, "555 5.5.4 A parameter is not known here");
		break;
	case SMTP_FAULT_PARAMETER_VALUE:
		answer_error(turn, "501 5.5.4 A parameter has no sensible value");
		break;
	default:
		answer_wrong_argument(turn, command->verb);
	}
}

static void answer_quit(struct turn *turn)
{
	turn->session->state = SESSION_CLOSING;
	turn->wish = SESSION_WISH_END;
	reply_line(turn->replies, "221 2.0.0 %s closing", turn->rules->name);
}

static void answer_command(struct turn *turn, const struct smtp_command *command)
{
	switch (command->verb) {
	case SMTP_HELO:
	case SMTP_EHLO:
		answer_hello(turn, command);
		break;
	case SMTP_MAIL:
		answer_mail(turn, command);
		break;
	case SMTP_RCPT:
		answer_recipient(turn, command);
		break;
	case SMTP_DATA:
		answer_data(turn);
		break;
	case SMTP_RSET:
		answer_reset(turn);
		break;
	case SMTP_NOOP:
		reply_line(turn->replies, "250 2.0.0 Well");
		break;
	case SMTP_VRFY: /* RFC 5321 section 3.5.3 */
		reply_line(turn->replies, "252 2.0.0 Not verified; RCPT will tell");
		break;
	case SMTP_HELP:
		reply_line(turn->replies, "214 2.0.0 The commands are those of RFC 5321");
		break;
	case SMTP_QUIT:
		answer_quit(turn);
		break;
	case SMTP_STARTTLS:
		answer_starttls(turn);
		break;
	case SMTP_AUTH:
		answer_auth(turn, command);
		break;
	case SMTP_EXPN:
	case SMTP_BDAT:
	case SMTP_ETRN:
		answer_not_offered(turn);
		break;
	case SMTP_UNKNOWN:
		answer_error(turn, "500 5.5.1 The command is not known");
		break;
	}
}

/* Another protocol's words may carry a command of SMTP that a third party chose (a web page that posts
 * to port 25): nothing more is read of it. Known by what has come of the first line: a ClientHello may
 * have no end of a line, and who sent it waits for an answer. */
static void end_foreign(struct turn *turn, struct bytes input)
{
	const struct session *session = turn->session;
	enum smtp_speaker speaker = smtp_speaker_of(input);

	if (session->commands > 0 || session->lines.passing_over ||
	    (speaker != SMTP_SPEAKER_HTTP && speaker != SMTP_SPEAKER_TLS))
		return;
	session_observe(turn->session, turn->rules, OBSERVATION_FOREIGN_SPEAKER);
	answer_end(turn, COUNTER_gate_foreign_ended, "4.7.0 This is SMTP, closing");
}

/* Who is not rejected is told nothing that a rejected one is told. */
static bool has_to_say_hello(const struct session *session, enum smtp_verb verb)
{
	return session->interview && verb != SMTP_HELO && verb != SMTP_EHLO && verb != SMTP_NOOP && verb != SMTP_RSET &&
	       verb != SMTP_VRFY && verb != SMTP_HELP && verb != SMTP_QUIT && verb != SMTP_UNKNOWN;
}

static void answer_line(struct turn *turn, enum smtp_line end, struct bytes line)
{
	struct smtp_command command;

	if (end != SMTP_LINE_WELL) {
		counter_add(COUNTER_gate_lines_refused, 1);
		answer_error(turn, end == SMTP_LINE_LONG ? "500 5.5.2 The line has more than 512 bytes"
							 : "500 5.5.2 A line ends with CR and LF, and has neither within");
		return;
	}
	smtp_command_read(line, &command);
	if (turn->unasked)
		session_observe(turn->session, turn->rules, OBSERVATION_PIPELINING);
	if (has_to_say_hello(turn->session, command.verb))
		answer_error(turn, "503 5.5.1 Say EHLO or HELO first");
	else if (turn->unasked && command.verb != SMTP_RCPT && command.verb != SMTP_QUIT)
		answer_error(turn, "503 5.5.1 Wait for the reply before the next command");
	else if (command.fault != SMTP_FAULT_NONE)
		answer_fault(turn, &command);
	else
		answer_command(turn, &command);
}

static void check_limits(struct turn *turn)
{
	const struct settings *settings = turn->rules->settings;

	if (turn->wish == SESSION_WISH_END)
		return;
	if (turn->session->errors >= settings->gate_errors)
		answer_end(turn, COUNTER_gate_errors_over, "4.7.0 Too many errors, closing");
	else if (turn->session->commands >= settings->gate_commands)
		answer_end(turn, COUNTER_gate_commands_over, "4.7.0 Too many commands, closing");
}

enum session_wish session_take(struct session *session, const struct session_rules *rules, struct bytes *input,
			       uint64_t now_ms, struct replies *replies)
{
	struct turn turn = { .session = session, .rules = rules, .replies = replies, .input = input };
	bool may_pipeline = session->extended, first = true;
	uint8_t state = session->state;
	struct bytes line;

	assert(session->state == SESSION_DIALOGUE || session->state == SESSION_LETTER ||
	       session->state == SESSION_CLOSING);
	if (session->state == SESSION_DIALOGUE)
		end_foreign(&turn, *input);
	while (session->state == state && state != SESSION_CLOSING && turn.wish == SESSION_WISH_NOTHING &&
	       replies_have_room(replies)) {
		enum smtp_line end = smtp_line_take(&session->lines, input, &line);

		if (end == SMTP_LINE_UNFINISHED)
			break;
		session->heard_ms = now_ms;
		session->commands++;
		turn.unasked = !first && !may_pipeline;
		answer_line(&turn, end, line);
		check_limits(&turn);
		first = false;
	}
	if (session->state == SESSION_CLOSING)
		turn.wish = SESSION_WISH_END;
	if (turn.wish != SESSION_WISH_NOTHING && turn.wish != SESSION_WISH_DATA &&
	    (turn.wish != SESSION_WISH_LET_IN || !session->letter))
		*input = bytes_skip(*input, input->size);
	return turn.wish;
}
