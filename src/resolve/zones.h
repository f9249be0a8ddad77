/* SPDX-License-Identifier: Apache-2.0 */
/* zones - what the DNS lists say of a client, and how far each list can be believed.
 *
 * All zones are asked at once. An answer in 127.0.0.0/8 that the zone's filter takes is a listing;
 * 127.255.255.* and answers outside of 127/8 are errors of the zone, not listings, also when there are
 * others beside them. What has not answered when zones_look_end is called counts for nothing.
 *
 * Each zone is tested at start and about every 10 minutes (RFC 5782 section 5): 127.0.0.2 has to be listed, with
 * whatever answer, and 127.0.0.1 must not be. A zone that fails, or about clients several times in a row does not
 * answer or answers with errors, or says nothing at all for 3 s of a client's question, is OUT: it is not asked for
 * clients, and comes back when a test succeeds. That is tried at once when clients were what it failed, else after 30
 * s, and ever later up to 10 minutes; and when another silent zone is heard again, because then it was our own name
 * server that was away. For IPv6 the tests are ::ffff:7f00:2 and ::ffff:7f00:1, told apart, since many zones list only
 * IPv4. A zone that has not been tested yet is asked, and what it says waits for its test: it counts only when the test
 * has succeeded.
 *
 * Questions that our own cap refused (-EBUSY) are no fault of a zone.
 */
#ifndef WAVEBREAK_RESOLVE_ZONES_H
#define WAVEBREAK_RESOLVE_ZONES_H

#include "resolve/resolver.h"

#define ZONES_MOST 32

/* Which answers are a listing: ranges of the last octet of 127.0.0.x and so on, as 32-bit numbers of
 * host byte order, inclusive. None: every one in 127/8 but 127.255.255.*. */
struct zone_replies {
	uint32_t first, last;
};
#define ZONE_REPLIES_MOST 8

struct zone_rule {
	const char *name;   /* "bl.example"; has to live as long as the zones */
	const char *text;   /* shown to the client when not ""; %a is its address */
	int weight;         /* negative: an allow list */
	struct zone_replies replies[ZONE_REPLIES_MOST];
	size_t reply_count;
};

struct zones;
struct zones_look;

struct zones_verdict {
	int score;         /* sum of the weights of `listed` */
	uint32_t listed;   /* a bit for each zone, by its number */
	uint32_t answered; /* zones whose answer was there, listing or not */
	bool reverse_known; /* the reverse name was asked for, and answered */
	bool has_reverse;
};

enum zone_state {
	ZONE_UNTRIED,
	ZONE_WELL,
	ZONE_OUT,
};

enum zone_trouble {
#define ZONE_TROUBLE(id, words) ZONE_##id,
#include "defs/zone_troubles.def"
#undef ZONE_TROUBLE
	ZONE_TROUBLES
};

const char *zone_state_name(unsigned state);      /* "untried", "well", "out" */
const char *zone_trouble_words(unsigned trouble); /* "" for none */

struct zone_health {
	uint8_t state, trouble; /* enums above; of IPv4 */
	uint8_t state6, trouble6;
	uint32_t latency_ms;    /* of late, answers from the cache not counted */
	uint64_t asked, listed, errors; /* asked: about clients, what the cache knew too; errors: answers
					 * that were none */
};

/* `rules` is copied but for its texts. Returns 0, -EINVAL (more than ZONES_MOST, a bad name), -ENOMEM. */
int zones_create(struct loop *loop, struct resolver *resolver, const struct zone_rule *rules, size_t count,
		 struct zones **ret);
/* After all its looks have been ended, and before its resolver. */
void zones_destroy(struct zones *zones);

/* `fn` is called once, when all have answered, from the loop; after that only zones_look_end is left
 * to do. It may end any looks, begin others, and destroy the zones. Returns 0 or -ENOMEM. */
typedef void zones_fn(void *data);
int zones_look(struct zones *zones, const struct addr *client, bool reverse_too, zones_fn *fn, void *data,
	       struct zones_look **ret);
/* What is known by now. Frees the look; the callback does not come any more. With `ret`, whoever asks has waited for
 * as long as it will, and a zone that has not answered in half a second is as good as silent; with NULL nobody
 * wants to know any more. */
void zones_look_end(struct zones_look *look, struct zones_verdict *ret);

/* True, with *ret, when all of it is known without asking anybody. */
bool zones_known(struct zones *zones, const struct addr *client, bool reverse_too, struct zones_verdict *ret);

/* Why the client is listed there, for its reply: the rule's text, else the zone's TXT record if it has come
 * (it is asked for when an address proves listed), else "". Printable ASCII, cut to fit. Returns `text`. */
#define ZONES_TEXT_SIZE 200
const char *zones_text(struct zones *zones, unsigned zone, const struct addr *client, char text[ZONES_TEXT_SIZE]);

size_t zones_count(const struct zones *zones);
void zones_look_at_health(const struct zones *zones, unsigned zone, struct zone_health *ret);

#endif
