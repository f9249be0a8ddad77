/* SPDX-License-Identifier: Apache-2.0 */
/* resolver - asks the name servers, asynchronously (c-ares on our loop), and remembers what they said.
 *
 * One question of a name and type is in flight however many ask it. Answers are kept for their TTL
 * (RFC 2308 for negative ones), within bounds; failures for a short while, so that a dead server is
 * not asked for each client. Without a TTL (0, or a negative answer without SOA) it is not kept. The
 * cache and the questions in flight are capped: a question beyond the cap is refused, and of a full
 * cache a hand that goes round takes what nobody asked for since it came by last
 * (resolve/answer_cache.h). A negative answer takes 45 to 51 bytes there, whatever its name.
 *
 * Callbacks come only from the loop, never from inside a call made here, and never after
 * resolver_cancel. A callback may cancel others and destroy the resolver. Counters: dns_questions,
 * dns_cache_hits, dns_failures, dns_broken_answers, dns_questions_dropped, dns_cache_dropped.
 */
#ifndef WAVEBREAK_RESOLVE_RESOLVER_H
#define WAVEBREAK_RESOLVE_RESOLVER_H

#include "event/loop.h"
#include "wire/dns_message.h"

/* A TXT record that is there is kept so long at least: it is shown to a client, some time after it was
 * asked for, and nothing is judged by it. */
#define RESOLVER_TEXT_TTL_S 60

struct resolver;
struct resolver_question;

#define RESOLVER_SERVERS_MOST 8
struct resolver_server {
	struct addr addr;
	uint16_t port;
};

struct resolver_limits {
	struct resolver_server servers[RESOLVER_SERVERS_MOST]; /* none: those of /etc/resolv.conf, read at create */
	size_t server_count;
	uint32_t questions; /* in flight */
	uint32_t cache;     /* entries */
	uint32_t timeout_ms; /* of one try */
	uint32_t tries;
	uint32_t longest_ttl_s, failure_ttl_s;
};

/* Returns 0, -EINVAL (a limit that is 0, too many servers) or -errno. All that it needs of the file
 * system is read here. */
int resolver_create(struct loop *loop, const struct resolver_limits *limits, struct resolver **ret);
/* The callbacks that have not come will not; their handles are gone. */
void resolver_destroy(struct resolver *resolver);

/* True, with *ret, when it is known without asking: also that it failed a short while ago. */
bool resolver_known(struct resolver *resolver, const char *name, enum dns_type type, struct dns_answer *ret);

/* With the callback the handle is gone. The outcome is never DNS_TRUNCATED: what TCP cuts too is broken. */
typedef void resolver_fn(void *data, const struct dns_answer *answer);
/* Returns 0, -ENOMEM, -EBUSY (too many are in flight: no fault of the name's servers), or -EINVAL for
 * what is no name. */
int resolver_ask(struct resolver *resolver, const char *name, enum dns_type type, resolver_fn *fn, void *data,
		 struct resolver_question **ret);
/* The same, but the servers are asked also when the cache knows. */
int resolver_ask_anew(struct resolver *resolver, const char *name, enum dns_type type, resolver_fn *fn, void *data,
		      struct resolver_question **ret);
/* The callback will not come. The question itself goes on, for others who wait for it and for the cache.
 * NULL is fine. */
void resolver_cancel(struct resolver_question *question);

size_t resolver_cached(const struct resolver *resolver);  /* entries */
size_t resolver_in_flight(const struct resolver *resolver);
size_t resolver_memory(const struct resolver *resolver);  /* bytes that the cache holds */

#endif
