/* SPDX-License-Identifier: Apache-2.0 */
/* matcher - what a log line says of a client.
 *
 *	syslog_split(line, &head);
 *	group = signature_set_by_tag(set, head.tag);
 *	if (group && matcher_match(matcher, group, head.message, cut, &match))
 *		...
 *
 * A signature may say that the line names its client by an id alone (judge/memory.h). The match
 * then has the client that an earlier line gave to the id; where a later line gives it, the match
 * of that line is the offence, with the signature that waited.
 *
 * A message matches at most one signature: the first in order. Nothing is allocated and
 * nothing copied on the way. A pattern that backtracks too long is stopped, counted
 * (match_limit_hits) and taken for no match.
 *
 * Where the program that writes a log may write the rest of a long message as a message of
 * its own (the file says `split`), the client who chose the long text has written that
 * second message as a whole, and it can read like any other. So a message that long is
 * not matched, and neither is the next of the same tag: what we miss so is a client's
 * failure, what we would believe is an address it chose.
 *
 * The matcher belongs to one thread. The set outlives it.
 */
#ifndef WAVEBREAK_JUDGE_MATCHER_H
#define WAVEBREAK_JUDGE_MATCHER_H

#include "judge/signature.h"

struct matcher;

struct match {
	const struct signature *signature;
	enum outcome outcome;
	unsigned score;      /* 0: no offence */
	struct addr addr;    /* ADDR_NONE: the line names no client */
	uint16_t port;       /* of the client; 0 when the line does not tell */
	unsigned reply_code; /* 0 when the line does not tell */
};

/* 0 or -ENOMEM. */
int matcher_create(const struct signature_set *set, struct matcher **ret);
void matcher_destroy(struct matcher *matcher);

/* From now on patterns are interpreted: for a few messages that is sooner done. */
void matcher_interpret(struct matcher *matcher);

/* `cut` says that the message has lost its end: then no `$` in a pattern matches, or a
 * client who makes a line long enough would choose where it ends. */
bool matcher_match(struct matcher *matcher, const struct signature_group *group,
		   struct bytes message, bool cut, struct match *ret);

/* A signature whose pattern was stopped, the latest, and how many times any was; NULL: none was. */
const struct signature *matcher_stopped(const struct matcher *matcher, uint64_t *ret_times);

/* All ids, for the next one to begin with none. */
void matcher_forget(struct matcher *matcher);

/* One signature alone, whatever stands before it in order. */
bool matcher_try(struct matcher *matcher, const struct signature *signature, struct bytes message,
		 bool cut, struct match *ret);

#endif
