/* SPDX-License-Identifier: Apache-2.0 */
/* session_internal - what session.c and session_dialogue.c share. */
#ifndef WAVEBREAK_GATE_SESSION_INTERNAL_H
#define WAVEBREAK_GATE_SESSION_INTERNAL_H

#include "gate/session.h"

/* From malloc(3), each of its own size: most who wait have only said EHLO, and that is short. NULL for what
 * was not said. */
struct session_words {
	char *helo, *sender, *recipient;
};
#define SESSION_HELO_MOST 255 /* a domain has no more (RFC 5321 section 4.5.3.1.2) */
#define SESSION_MAILBOX_MOST 95

bool session_is_rejected(const struct session *session, const struct session_rules *rules);
enum session_wish session_let_in(struct session *session, uint64_t now_ms);

/* Counts it and adds its weight, once a session. */
void session_observe(struct session *session, const struct session_rules *rules, enum observation what);

/* session_letter.c: it said EHLO or HELO, and MAIL. */
void session_letter_greet(struct session *session, const struct session_rules *rules,
			  const struct smtp_command *command);
void session_letter_address(struct session *session, const struct smtp_command *command);
/* Whether this recipient, which has not been counted yet, is one that it may write to. */
bool session_letter_is_for(const struct session *session, const struct session_rules *rules, struct bytes local_part);
enum session_wish session_letter_begin(struct session *session, struct bytes mailbox, struct replies *replies);

/* Why it is refused, in words for it, and who can be asked: all that fits behind "550 5.7.1 ". What is too
 * long is cut where it tells least: the words of the list first, and whom to ask never. */
#define SESSION_REASON_SIZE (REPLY_LINE_MOST - sizeof("550 5.7.1 ") - sizeof("\r\n") + 3)
const char *session_reason(const struct session *session, const struct session_rules *rules,
			   char reason[SESSION_REASON_SIZE]);

#endif
