/* SPDX-License-Identifier: Apache-2.0 */
/* zones_internal - what zones.c (making, texts), zones_look.c (asking, verdict), zone_health.c (tests, who
 * is OUT) and the tests of all share. */
#ifndef WAVEBREAK_RESOLVE_ZONES_INTERNAL_H
#define WAVEBREAK_RESOLVE_ZONES_INTERNAL_H

#include "resolve/zones.h"

#include <sys/queue.h>

struct zones_timing {
	uint32_t test_every_ms;
	uint32_t retry_least_ms, retry_most_ms; /* of tests while OUT: doubled from the one to the other */
	uint32_t bad_in_a_row;                  /* so many bad answers about clients, and it is OUT */
	/* One client's question that was open for so long, and nothing heard of the zone meanwhile: it is OUT. 0: never so. */
	uint32_t silent_ms;
	uint32_t slow_ms; /* who has not answered by then when a look ends is as good as silent; 0: nobody is */
};

/* What one answer says. */
enum zone_word {
	WORD_NONE, /* it is not there yet */
	WORD_CLEAN,
	WORD_LISTED,
	WORD_FAILED,
	WORD_REFUSED,
	WORD_FOREIGN,
};

static inline bool zone_word_is_bad(enum zone_word word)
{
	return word >= WORD_FAILED;
}

/* `rule` NULL: any answer of 127/8 is a listing, as in a test. */
enum zone_word zone_word_of(const struct zone_rule *rule, const struct dns_answer *answer);

enum zone_test { TEST_LISTED, TEST_UNLISTED, TEST_COUNT };

/* A zone as far as one address family is concerned: each has its own tests and is OUT by itself. */
struct zone_side {
	struct zones *zones;
	uint8_t number; /* of the zone */
	uint8_t family; /* enum addr_family */
	uint8_t state, trouble;
	uint32_t bad_in_a_row;
	uint32_t retry_ms;     /* the latest, 0 when the last test was passed */
	bool came_back;        /* from OUT to this state */
	uint64_t since_ms;     /* in this state */
	uint64_t heard_ms;     /* an answer about a client came last, whatever it says; 0: never */
	struct loop_timer *timer; /* of the next test; always armed, so that arming it cannot fail */
	struct resolver_question *questions[TEST_COUNT];
	enum zone_word words[TEST_COUNT];
};

struct zone {
	struct zone_rule rule;
	struct zone_side sides[2]; /* IPv4, IPv6 */
	uint64_t latency_16th_ms;  /* a running mean, in sixteenths */
	uint64_t asked, listed, errors;
};

LIST_HEAD(zone_looks, zones_look);
TAILQ_HEAD(zone_ready, zones_look);

struct zones {
	struct loop *loop;
	struct resolver *resolver;
	struct zones_timing timing;
	uint64_t chance; /* state of the numbers that spread the tests */
	size_t count;
	struct zone_looks looks;       /* all */
	struct zone_ready ready;       /* those whose callback is due */
	struct loop_timer *ready_timer; /* always armed */
	bool *destroyed;               /* of zones_call_ready, while it calls */
	struct zone zones[];
};

int zones_create_timed(struct loop *loop, struct resolver *resolver, const struct zone_rule *rules, size_t count,
		       const struct zones_timing *timing, struct zones **ret);

bool zones_list_name(const struct zones *zones, size_t zone, const struct addr *client, char name[DNS_NAME_SIZE]);

int zone_side_open(struct zone_side *side, struct zones *zones, uint8_t number, uint8_t family);
void zone_side_close(struct zone_side *side);
/* An answer about a client, asked for at `asked_ms`; not from the cache. */
void zone_side_heard(struct zone_side *side, enum zone_word word, uint64_t asked_ms);

/* By zone_health.c, when a side has changed its state. */
void zones_side_changed(struct zones *zones);
/* Of ready_timer. */
void zones_call_ready(void *zones);

#endif
