/* SPDX-License-Identifier: Apache-2.0 */
#include "resolve/answer_cache.h"

#include "base/counter.h"
#include "base/table.h"

#include <errno.h>
#include <stdlib.h>

#define ADDRESS_SIZE 4
#define ADDRESSES_WITHIN 2

struct kept {
	uint32_t until_s;
	uint8_t outcome;
	uint8_t address_count;
	uint8_t text_size;
	bool asked_for; /* since the hand came by */
	union {
		uint8_t addresses[ADDRESSES_WITHIN][ADDRESS_SIZE];
		uint8_t *more; /* the addresses, then the text; own memory */
	};
};

struct answer_cache {
	struct table *entries; /* struct name_key to struct kept */
	size_t most;
	size_t more_bytes;
	uint32_t hand;
};

int answer_cache_create(size_t most, struct answer_cache **ret)
{
	struct answer_cache *cache = calloc(1, sizeof(*cache));
	int r;

	if (!cache)
		return -ENOMEM;
	cache->most = most;
	r = table_create(sizeof(struct name_key), sizeof(struct kept), most, &cache->entries);
	if (r < 0) {
		free(cache);
		return r;
	}
	*ret = cache;
	return 0;
}

static size_t more_size(const struct kept *kept)
{
	if (kept->text_size == 0 && kept->address_count <= ADDRESSES_WITHIN)
		return 0;
	return (size_t)kept->address_count * ADDRESS_SIZE + kept->text_size;
}

static void forget(struct answer_cache *cache, struct kept *kept)
{
	size_t size = more_size(kept);

	if (size) {
		free(kept->more);
		cache->more_bytes -= size;
	}
	table_remove(cache->entries, table_key(cache->entries, kept));
}

void answer_cache_destroy(struct answer_cache *cache)
{
	uint32_t cursor = 0;
	struct kept *kept;

	if (!cache)
		return;
	while ((kept = table_next(cache->entries, &cursor)))
		forget(cache, kept);
	table_destroy(cache->entries);
	free(cache);
}

static bool is_over(const struct kept *kept, uint64_t now_ms)
{
	return now_ms / 1000 >= kept->until_s;
}

static void copy_out(const struct kept *kept, uint64_t now_ms, struct dns_answer *ret)
{
	const uint8_t *from = more_size(kept) ? kept->more : kept->addresses[0];

	*ret = (struct dns_answer){
		.outcome = kept->outcome,
		.address_count = kept->address_count,
		.text_size = kept->text_size,
		.ttl_s = (uint32_t)(kept->until_s - now_ms / 1000),
	};
	memcpy(ret->addresses, from, (size_t)kept->address_count * ADDRESS_SIZE);
	memcpy(ret->text, from + (size_t)kept->address_count * ADDRESS_SIZE, kept->text_size);
}

bool answer_cache_find(struct answer_cache *cache, const struct name_key *key, uint64_t now_ms, struct dns_answer *ret)
{
	struct kept *kept = table_find(cache->entries, key);

	if (!kept)
		return false;
	if (is_over(kept, now_ms)) {
		forget(cache, kept);
		return false;
	}
	kept->asked_for = true;
	copy_out(kept, now_ms, ret);
	return true;
}

static struct kept *next_in_turn(struct answer_cache *cache)
{
	struct kept *kept = table_next(cache->entries, &cache->hand);

	if (kept)
		return kept;
	cache->hand = 0;
	return table_next(cache->entries, &cache->hand);
}

static void make_room(struct answer_cache *cache, uint64_t now_ms)
{
	struct kept *kept = next_in_turn(cache);

	for (int i = 1; i < ANSWER_CACHE_STEPS && kept->asked_for && !is_over(kept, now_ms); i++) {
		kept->asked_for = false;
		kept = next_in_turn(cache);
	}
	if (!is_over(kept, now_ms))
		counter_add(COUNTER_dns_cache_dropped, 1);
	forget(cache, kept);
}

static bool fill(struct answer_cache *cache, struct kept *kept, const struct dns_answer *answer)
{
	size_t addresses_size = (size_t)answer->address_count * ADDRESS_SIZE, size;
	uint8_t *to = kept->addresses[0];

	kept->outcome = answer->outcome;
	kept->address_count = answer->address_count;
	kept->text_size = answer->text_size;
	size = more_size(kept);
	if (size) {
		to = malloc(size);
		if (!to) {
			kept->address_count = kept->text_size = 0;
			return false;
		}
		kept->more = to;
		cache->more_bytes += size;
	}
	memcpy(to, answer->addresses, addresses_size);
	memcpy(to + addresses_size, answer->text, answer->text_size);
	return true;
}

void answer_cache_put(struct answer_cache *cache, const struct name_key *key, const struct dns_answer *answer,
		      uint64_t now_ms)
{
	uint64_t until_s = now_ms / 1000 + answer->ttl_s;
	void *place = table_find(cache->entries, key);
	struct kept *kept;

	if (place)
		forget(cache, place);
	if (answer->ttl_s == 0)
		return;
	if (table_count(cache->entries) == cache->most)
		make_room(cache, now_ms);
	if (table_add(cache->entries, key, &place) < 0)
		return;
	kept = place;
	kept->until_s = until_s < UINT32_MAX ? (uint32_t)until_s : UINT32_MAX;
	if (!fill(cache, kept, answer))
		forget(cache, kept);
}

size_t answer_cache_count(const struct answer_cache *cache)
{
	return table_count(cache->entries);
}

size_t answer_cache_memory(const struct answer_cache *cache)
{
	return sizeof(*cache) + table_memory(cache->entries) + cache->more_bytes;
}
