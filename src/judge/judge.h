/* SPDX-License-Identifier: Apache-2.0 */
/* judge - what we think of a client: a score that its offences raise and time lowers.
 *
 * Each event adds what its outcome (or its signature) weighs, and the sum falls by half in
 * each half-life. At ban.score, rounded to whole points, the verdict is a ban. The score stops
 * at ban.score, so the worst minute of a client is half forgotten one half-life later, too.
 *
 * The client is the unit of base/addr.h: an IPv4 address or an IPv6 /64. The never-list comes
 * first: its addresses are scored, so that `explain` can tell what they did, and never banned.
 *
 * Mail that was accepted halves the score, but once in a half-life and no more: a spammer that
 * mixes some good recipients with many bad ones cannot wash itself clean, it only doubles
 * the speed at which it is forgiven. It lifts no ban.
 *
 * The table of clients is capped at judge.clients. When it is full, a newcomer takes the place
 * of the lowest score among the next JUDGE_SAMPLE clients of a hand that goes round the table
 * (COUNTER_offences_forgotten, when there was still a point of score to forget).
 *
 * Pure: no clock, no system call. Time is wall time in milliseconds and comes with each call;
 * it may be set back or forward (see judge/steady.h). One thread.
 */
#ifndef WAVEBREAK_JUDGE_JUDGE_H
#define WAVEBREAK_JUDGE_JUDGE_H

#include "base/prefix.h"
#include "judge/outcome.h"

#define JUDGE_SAMPLE 8
/* How many of a client's latest events are kept for `explain`. */
#define JUDGE_EVENTS 8

struct judge_limits {
	uint64_t half_life_ms;
	uint32_t ban_score;
	uint32_t clients;
	uint32_t scores[OUTCOME_COUNT]; /* what an event adds; 0 is no offence */
};

/* The event weighs what judge_limits.scores says for its outcome. */
#define JUDGE_SCORE_OF_OUTCOME UINT32_MAX

struct judge_event {
	struct addr client;
	uint16_t client_port; /* 0 when the log does not say */
	uint16_t reply_code;  /* what the client was told, such as 511; 0 when unknown */
	enum outcome outcome;
	uint32_t signature; /* has to name the same one after a reload and a restart; 0: none */
	uint32_t score;	    /* the signature's own, or JUDGE_SCORE_OF_OUTCOME */
	uint64_t age_ms;    /* how long ago it happened, for lines that waited for us */
};

enum judge_action {
	JUDGE_NOTHING,
	JUDGE_BAN,	 /* and evict what it still holds */
	JUDGE_PROTECTED, /* would be a ban, but for the never-list */
};

struct verdict {
	enum judge_action action;
	struct addr unit;
	bool offence;			       /* extends the ban of who is banned already */
	uint32_t added;			       /* what the event weighed */
	uint32_t score;			       /* after it, in whole points */
	uint32_t ban_score;		       /* that was in force */
	const struct prefix_entry *protection; /* in the never-list; NULL unless PROTECTED */
};

struct judge;

/* Returns 0, -EINVAL when half-life, ban.score or the cap is 0, or -ENOMEM. */
int judge_create(const struct judge_limits *limits, struct judge **ret);
void judge_destroy(struct judge *judge);

/* Keeps the clients and their scores; when the new cap is lower, clients go as above. On an
 * error the old limits stay. */
int judge_set_limits(struct judge *judge, const struct judge_limits *limits);

/* Never fails: without memory for a new client the event is judged alone. */
void judge_event(struct judge *judge, const struct prefix_set *never,
		 const struct judge_event *event, uint64_t now_ms, struct verdict *ret);

/* For `unban`. False when the client was not known. */
bool judge_forget(struct judge *judge, const struct addr *unit);

struct judge_entry {
	uint64_t at_ms; /* wall time */
	uint32_t signature;
	uint32_t added;	      /* 0 for accepted mail, which halved the score */
	uint32_t score_after; /* whole points */
	uint16_t client_port;
	uint16_t reply_code;
	uint8_t outcome; /* enum outcome */
};

struct judge_client {
	uint32_t score; /* now, whole points */
	uint32_t ban_score;
	uint64_t half_life_ms;
	uint32_t offences; /* since the client is known; more than there are events here */
	size_t event_count;
	struct judge_entry events[JUDGE_EVENTS]; /* oldest first */
};

/* What is known of a client. False when nothing is; *ret then says the limits only. */
bool judge_look(struct judge *judge, const struct addr *unit, uint64_t now_ms,
		struct judge_client *ret);

/* Its score alone, now, in whole points; 0 of who is not known. Takes some tens of nanoseconds. */
uint32_t judge_score(struct judge *judge, const struct addr *unit, uint64_t now_ms);

/* What counts against a client now, without its events. */
struct judge_standing {
	uint32_t score;   /* whole points */
	uint32_t offences;
	uint64_t last_ms; /* the latest event that moved its score, wall time */
};

/* False when nothing is known of it. */
bool judge_standing(struct judge *judge, const struct addr *unit, uint64_t now_ms, struct judge_standing *ret);

/* Goes through all: start with *cursor = 0, false at the end. Clients may come and go on the way. Takes some
 * tens of nanoseconds a client. */
bool judge_next(struct judge *judge, uint32_t *cursor, uint64_t now_ms, struct addr *ret_unit,
		struct judge_standing *ret);

size_t judge_count(const struct judge *judge);
size_t judge_memory(const struct judge *judge); /* bytes */

#endif
