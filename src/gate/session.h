/* SPDX-License-Identifier: Apache-2.0 */
/* session - one client at the gate: what is thought of it, and what it is told.
 *
 * Pure: bytes and facts in, replies and a wish out, time told. gate/front.h does the rest. A session
 * begins in TESTING: it has had the first line of a greeting (`220-`) and is to be silent until the
 * greeting is complete, while the DNS lists are asked. Nothing is read of it, so that the mail
 * server will find all that it says. Then it is either let in, or greeted by us and told 5xx at each
 * recipient (RFC 5321 section 3.6.2): so a false positive learns it, and a broken sender does not
 * come back at once, as it does after a silent close.
 *
 * A client that is doubtful, and that its name and manners could condemn, is greeted by us, too, where the way to
 * the mail server allows it (proxy, transparent): when it has said EHLO it is let in, or rejected. The mail
 * server hears its EHLO, and its reply is the client's.
 *
 * Every command of a rejected client is answered by the book, and none of them has an effect but on
 * the session itself. What no limit of the settings allows is answered with 421 and ends the session.
 */
#ifndef WAVEBREAK_GATE_SESSION_H
#define WAVEBREAK_GATE_SESSION_H

#include "config/settings.h"
#include "gate/replies.h"
#include "wire/smtp_command.h"

enum session_state {
#define SESSION_STATE(id, name, help) SESSION_##id,
#include "defs/session_states.def"
#undef SESSION_STATE
	SESSION_STATES
};
const char *session_state_name(enum session_state state);

enum observation {
#define OBSERVATION(id, setting, abuse, told) OBSERVATION_##id,
#include "defs/observations.def"
#undef OBSERVATION
	OBSERVATIONS
};
const char *observation_words(enum observation observation); /* what the client is told of it */
/* Bits of those that break the protocol. */
#define OBSERVATION(id, setting, abuse, told) | (abuse##U << OBSERVATION_##id)
enum { SESSION_ABUSES = 0
#include "defs/observations.def"
};
#undef OBSERVATION

/* What all sessions of a gate worker go by. */
struct session_rules {
	const struct settings *settings;
	const char *name; /* of this host, in the greeting */
	bool has_tls;     /* STARTTLS is offered */
	bool wave;        /* one lasts: who begins now waits for wave.greet_wait, where that is longer */
	/* The words that go with a listing, "" for none. */
	const char *(*zone_text)(void *data, unsigned zone, const struct addr *client, char *text, size_t size);
	void *zone_data;
};

/* What the tests of the client's address came to. */
struct session_facts {
	int score;       /* of the zones */
	uint32_t listed; /* a bit for each zone, by its number */
	bool no_reverse; /* it is known that the address has no name */
	uint16_t observed; /* KNOWN_BAD: bits by enum observation, which the score has in it */
};

/* What a client said, for the one who asks why; only as long as it has not been told. */
struct session_words;

enum session_envelope {
	SESSION_NO_HELO,
	SESSION_HELO, /* no transaction */
	SESSION_MAIL, /* a sender, whose recipients are all refused */
};

struct session {
	struct addr client, local;
	uint16_t client_port, local_port;
	uint8_t state;    /* enum session_state */
	uint8_t envelope; /* enum session_envelope */
	int16_t score;
	uint16_t observed; /* bits by enum observation */
	uint16_t recalled; /* of these, what is known from an earlier session */
	uint16_t errors;
	uint32_t commands, recipients;
	uint32_t told; /* recipients that were refused, in all transactions */
	uint32_t listed;
	bool looked;     /* the tests of its address have ended */
	bool undelayed;  /* no greet wait */
	bool greeting;   /* has had the first line of the greeting, and has to have the last */
	bool extended;   /* said EHLO, and was offered PIPELINING */
	bool secured;    /* STARTTLS is done */
	bool interview;  /* in DIALOGUE: not rejected, but doubtful; in WAITING: it was, and is clean */
	bool letter;     /* WAITING, LETTER: it writes to postmaster; its introduction is one for gate/chaperone.h */
	bool large;      /* the message was said to be larger than one to postmaster may be */
	struct smtp_lines lines;
	uint32_t greet_wait_ms; /* as it was when it began */
	uint64_t opened_ms;
	uint64_t heard_ms; /* since when we wait for it */
	struct session_words *words;
	char *why; /* in words of the one who handed it in as listed, else NULL; from malloc(3), the session's own */
	char *opening;  /* with gate.postmaster: what the server would have to hear before the recipient; else NULL */
	char *introduction; /* WAITING after a dialogue: what has to be said to the server, line by line; else NULL */
	char *rest;         /* and what the client said after that, or NULL */
};

/* What the front is to do, after the replies have been sent. */
enum session_wish {
	SESSION_WISH_NOTHING,
	SESSION_WISH_LET_IN,
	SESSION_WISH_START_TLS, /* input that is left is thrown away (RFC 3207 section 4.2) */
	SESSION_WISH_DATA, /* in LETTER: its message has to come next */
	SESSION_WISH_END,
};

enum session_memory {
	SESSION_STRANGER,
	SESSION_KNOWN_NETWORK, /* its neighbours are senders of mail: it is not delayed */
	SESSION_KNOWN_GOOD,    /* was let in before: no tests */
	SESSION_KNOWN_BAD,     /* was rejected a short while ago: `facts` say why */
};

/* `session` has its ends filled in, and is zero else. */
enum session_wish session_begin(struct session *session, const struct session_rules *rules,
				enum session_memory memory, const struct session_facts *facts, uint64_t now_ms,
				struct replies *replies);
void session_end(struct session *session);

/* In TESTING: what the tests of its address came to; once. */
enum session_wish session_looked(struct session *session, const struct session_rules *rules,
				 const struct session_facts *facts, uint64_t now_ms, struct replies *replies);
/* In TESTING: it has sent something, of which this is the begin; it was not read. Once. */
enum session_wish session_spoke_early(struct session *session, const struct session_rules *rules,
				      struct bytes first, uint64_t now_ms, struct replies *replies);

/* In DIALOGUE and LETTER: takes whole lines off *input, as far as there is room for replies. To be called again
 * with what is left and what comes after it. Once `told` is no longer 0, the client has learned that it
 * is refused. Where it wishes to be let in for a letter, or wishes DATA, what is left of *input is for later.
 * From LETTER it comes back to DIALOGUE by what ends a transaction, and to CLOSING; then no more is taken. */
enum session_wish session_take(struct session *session, const struct session_rules *rules,
			       struct bytes *input, uint64_t now_ms, struct replies *replies);

/* When session_due is to be called next, whatever happened in between. */
uint64_t session_deadline(const struct session *session, const struct session_rules *rules);
enum session_wish session_due(struct session *session, const struct session_rules *rules, uint64_t now_ms,
			      struct replies *replies);

/* WAITING: the server is full or down. 421, and the end. */
enum session_wish session_server_unavailable(struct session *session, const struct session_rules *rules,
					     struct replies *replies);
/* WAITING for a letter, which finds no room: 451, and the dialogue goes on. */
void session_letter_refused(struct session *session, uint64_t now_ms, struct replies *replies);
/* The server has nothing more to hear of a letter: where the session has not moved on yet, the dialogue goes on. */
void session_letter_end(struct session *session);
/* Its place is needed for another one, or the gate ends: 421. */
enum session_wish session_refuse(struct session *session, const struct session_rules *rules,
				 const char *reason, struct replies *replies);

/* Whether a list names it that is no list of good ones, ours or that of who handed it in. */
bool session_is_listed(const struct session *session, const struct session_rules *rules);
/* The number of the list that weighs most among those that name it, -1 for none. */
int session_worst_zone(const struct session *session, const struct session_rules *rules);

/* One line of what was said, and the reply; printable ASCII. Returns `text`. The words are given up. */
#define SESSION_TALK_SIZE 384
const char *session_talk(struct session *session, const struct session_rules *rules,
			 char text[SESSION_TALK_SIZE]);

#endif
