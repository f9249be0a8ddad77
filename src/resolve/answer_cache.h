/* SPDX-License-Identifier: Apache-2.0 */
/* answer_cache - answers, each until its time is over.
 *
 * Most say that a name does not exist, so an entry is small: 40 bytes, and 5 to 11 of the table's index.
 * More than two addresses, or a text, are in memory of their own, of their size.
 *
 * When it is full, a hand goes round: it takes the first entry whose time is over or that nobody has
 * asked for since it came by last, or the last of ANSWER_CACHE_STEPS. Time left is not what counts:
 * else who serves long TTLs for the reverse names of its clients would drive out the rest.
 *
 * Pure: time is an argument, in milliseconds; it is kept in whole seconds.
 */
#ifndef WAVEBREAK_RESOLVE_ANSWER_CACHE_H
#define WAVEBREAK_RESOLVE_ANSWER_CACHE_H

#include "resolve/name_key.h"

#define ANSWER_CACHE_STEPS 1024

struct answer_cache;

/* Returns 0, -EINVAL (no entries at all) or -ENOMEM. */
int answer_cache_create(size_t most, struct answer_cache **ret);
void answer_cache_destroy(struct answer_cache *cache);

/* True, with *ret, its ttl_s being what is left of it. */
bool answer_cache_find(struct answer_cache *cache, const struct name_key *key, uint64_t now_ms, struct dns_answer *ret);

/* For answer->ttl_s seconds; with 0 only what was known is forgotten. Without memory it is not kept. */
void answer_cache_put(struct answer_cache *cache, const struct name_key *key, const struct dns_answer *answer,
		      uint64_t now_ms);

size_t answer_cache_count(const struct answer_cache *cache);
/* Bytes held, for status and tests. */
size_t answer_cache_memory(const struct answer_cache *cache);

#endif
