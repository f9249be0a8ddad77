/* SPDX-License-Identifier: Apache-2.0 */
/* session_letter - the part of a session that may write to postmaster, though it is rejected (RFC 5321 section 4.5.1).
 *
 * What the server is to hear is made anew of what was understood of the client's words, and is printable ASCII: HELO
 * or EHLO, a sender with what was said of the message, and postmaster. gate/chaperone.h says it.
 */
#include "gate/session_internal.h"

#include "base/counter.h"
#include "gate/chaperone.h"

#include <stdio.h>
#include <stdlib.h>

static bool may_write(const struct session_rules *rules)
{
	return rules->settings->gate_postmaster && rules->settings->gate_handoff != HANDOFF_PASS;
}

/* Takes the place of what there was; NULL without memory. */
static void replace_opening(struct session *session, char *opening)
{
	free(session->opening);
	session->opening = opening;
}

void session_letter_greet(struct session *session, const struct session_rules *rules,
			  const struct smtp_command *command)
{
	char *opening = NULL;

	if (may_write(rules) && asprintf(&opening, "%s %.*s\r\n", command->verb == SMTP_EHLO ? "EHLO" : "HELO",
					 BYTES_FMT(command->argument)) < 0)
		opening = NULL;
	replace_opening(session, opening);
}

/* The first line of an opening. */
static struct bytes greeting_of(const struct session *session)
{
	struct bytes opening = bytes_of(session->opening);

	return bytes_first(opening, bytes_find_char(opening, '\n') + 1);
}

/* What is said of a message is for a server that was told EHLO (RFC 5321 section 4.1.1.11). */
static const char *parameters_of(const struct session *session, const struct smtp_command *command, char text[64])
{
	static const char *const bodies[] = { [SMTP_BODY_NOT_SAID] = "", [SMTP_BODY_7BIT] = " BODY=7BIT",
					      [SMTP_BODY_8BITMIME] = " BODY=8BITMIME" };
	char size[32] = "";

	if (command->has_size)
		snprintf(size, sizeof(size), " SIZE=%llu", (unsigned long long)command->size);
	snprintf(text, 64, "%s%s", session->extended ? size : "", session->extended ? bodies[command->body] : "");
	return text;
}

void session_letter_address(struct session *session, const struct smtp_command *command)
{
	char *opening = NULL, text[64];

	session->large = command->has_size && command->size > CHAPERONE_MESSAGE_MOST;
	if (!session->opening)
		return;
	if (asprintf(&opening, "%.*sMAIL FROM:<%.*s>%s\r\n", BYTES_FMT(greeting_of(session)),
		     BYTES_FMT(command->mailbox), parameters_of(session, command, text)) < 0)
		opening = NULL;
	replace_opening(session, opening);
}

bool session_letter_is_for(const struct session *session, const struct session_rules *rules, struct bytes local_part)
{
	return session->state == SESSION_DIALOGUE && !session->interview && session->envelope == SESSION_MAIL &&
	       session->recipients == 0 && may_write(rules) && smtp_is_postmaster(local_part);
}

enum session_wish session_letter_begin(struct session *session, struct bytes mailbox, struct replies *replies)
{
	session->recipients++;
	if (session->large) {
		counter_add(COUNTER_gate_postmaster_large, 1);
		reply_line(replies, "552 5.3.4 The message is too large; " CHAPERONE_MOST_IN_WORDS " are allowed");
		return SESSION_WISH_NOTHING;
	}
	if (!session->opening ||
	    asprintf(&session->introduction, "%sRCPT TO:<%.*s>\r\n", session->opening, BYTES_FMT(mailbox)) < 0) {
		session->introduction = NULL;
		reply_line(replies, "451 4.3.0 There is no memory now, try again later");
		return SESSION_WISH_NOTHING;
	}
	counter_add(COUNTER_gate_postmaster, 1);
	session->letter = true;
	return session_let_in(session, session->heard_ms);
}

void session_letter_end(struct session *session)
{
	free(session->introduction);
	session->introduction = NULL;
	session->letter = false;
	if (session->state == SESSION_WAITING || session->state == SESSION_LETTER)
		session->state = SESSION_DIALOGUE;
}

void session_letter_refused(struct session *session, uint64_t now_ms, struct replies *replies)
{
	counter_add(COUNTER_gate_postmaster_over, 1);
	session_letter_end(session);
	session->heard_ms = now_ms;
	reply_line(replies, "451 4.3.2 There is no room now for mail to postmaster, try again later");
}
