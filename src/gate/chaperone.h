/* SPDX-License-Identifier: Apache-2.0 */
/* chaperone - stands between a rejected client and the mail server for one message to postmaster (RFC 5321 section
 * 4.5.1), so that the client can say nothing else there.
 *
 * Pure: bytes in, bytes out, told the time only to hand it on. The server hears lines that we made (session->
 * introduction: EHLO, MAIL, RCPT), then DATA, QUIT, and between them the bytes of the message. All else that the
 * client says is answered by its session. What comes of the server is its replies to RCPT, DATA and the message, one
 * that refuses an earlier line in the place of the one to RCPT, and of these no more than printable ASCII in lines
 * that are some.
 *
 * Only CRLF.CRLF ends a message. Whatever another server could take for the end of a line or of the message (bare
 * LF, bare CR) ends the session before it gets there, so that no second message can be hidden in the first (SMTP
 * smuggling), and the server, whose connection ends without the final dot, takes nothing (RFC 5321 section 4.1.1.4).
 * After its message the client is back with its session; the server is told QUIT.
 */
#ifndef WAVEBREAK_GATE_CHAPERONE_H
#define WAVEBREAK_GATE_CHAPERONE_H

#include "gate/session.h"

/* It is for a person's words. */
#define CHAPERONE_MESSAGE_MOST 1048576
#define CHAPERONE_MOST_IN_WORDS "1048576 bytes"
/* What a server may say in one reply before it is taken for none; what of it is passed on. */
#define CHAPERONE_HEARD_MOST 8192
#define CHAPERONE_REPLY_MOST REPLY_MOST
/* That the server's side needs room for, at each call. */
#define CHAPERONE_LINE_MOST 520

enum chaperone_state {
	CHAPERONE_INTRODUCES, /* the server hears who writes to postmaster */
	CHAPERONE_LISTENS,    /* to the client's commands: postmaster was accepted */
	CHAPERONE_ASKS,       /* the server was told DATA */
	CHAPERONE_CARRIES,    /* the message */
	CHAPERONE_DROPS,      /* the rest of a message that is too large; the server is not there any more */
	CHAPERONE_AWAITS,     /* the server's reply to the message */
	CHAPERONE_LEAVES,     /* the server was told QUIT */
	CHAPERONE_OVER,
};

struct chaperone {
	struct session *session;
	const struct session_rules *rules;
	uint8_t state;      /* enum chaperone_state */
	enum session_wish wish; /* at OVER */
	struct bytes lines; /* of the introduction; what is still to be said */
	size_t message_size;
	uint8_t place;      /* in a line of the message */
	bool failed;        /* the present reply is no reply */
	char code[3];       /* of the present reply */
	size_t heard;       /* bytes of it */
	size_t line_size, reply_size, last_line; /* the begin of the last line in reply */
	char line[REPLY_LINE_MOST];
	char reply[CHAPERONE_REPLY_MOST];
};

/* `session` is WAITING for a letter, and gets into LETTER. It may be in another state before OVER. */
void chaperone_begin(struct chaperone *chaperone, struct session *session, const struct session_rules *rules);

/* All that there is of what the server said. */
void chaperone_hear_server(struct chaperone *chaperone, struct bytes input, struct replies *to_client,
			   struct replies *to_server);
/* It has closed the connection, or cannot be reached. */
void chaperone_lose_server(struct chaperone *chaperone, struct replies *to_client);

/* While it hears the client: takes off *input what can be taken, as far as there is room. */
bool chaperone_hears_client(const struct chaperone *chaperone);
void chaperone_hear_client(struct chaperone *chaperone, struct bytes *input, uint64_t now_ms,
			   struct replies *to_client, struct replies *to_server);

/* Somebody took too long. */
void chaperone_lose_patience(struct chaperone *chaperone, uint64_t now_ms, struct replies *to_client,
			     struct replies *to_server);

/* Else its connection is to be closed, whatever was said on it. */
bool chaperone_needs_server(const struct chaperone *chaperone);

#endif
