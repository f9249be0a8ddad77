/* SPDX-License-Identifier: Apache-2.0 */
#include "base/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Entries live in blocks of 1024 that never move; the index holds id + 1, 0 for empty,
 * with linear probing and no tombstones. */
#define BLOCK_BITS 10
#define BLOCK_ENTRIES (1U << BLOCK_BITS)
#define INDEX_LEAST 64
#define ID_FREE UINT32_MAX

struct entry {
	uint32_t id; /* ID_FREE while unused */
	uint32_t next_free;
	unsigned char data[]; /* key, padding to 8, value */
};

struct table {
	size_t key_size, value_offset, entry_size;
	size_t most, count;
	unsigned char **blocks;
	uint32_t used_ids; /* ids ever handed out */
	uint32_t first_free;
	uint32_t *index;
	size_t index_size; /* a power of two */
	uint64_t seed;
};

static uint64_t mix(uint64_t a, uint64_t b)
{
	__uint128_t product = (__uint128_t)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash(const struct table *t, const void *key)
{
	const unsigned char *p = key;
	uint64_t h = t->seed, word;
	size_t left = t->key_size;

	for (; left >= 8; left -= 8, p += 8) {
		memcpy(&word, p, 8);
		h = mix(h ^ word, 0x9e3779b97f4a7c15ULL);
	}
	word = left;
	memcpy((unsigned char *)&word + 1, p, left);
	return mix(h ^ word, 0xd6e8feb86659fd93ULL ^ t->seed);
}

static struct entry *entry_at(const struct table *t, uint32_t id)
{
	unsigned char *block = t->blocks[id >> BLOCK_BITS];

	return (struct entry *)(void *)(block + (id & (BLOCK_ENTRIES - 1)) * t->entry_size);
}

static struct entry *entry_of(const struct table *t, const void *value)
{
	/* Values are handed out as void *, so the way back is by offset. */
	uintptr_t at = (uintptr_t)value - t->value_offset - offsetof(struct entry, data);

	return (struct entry *)at;
}

static void *value_of(const struct table *t, struct entry *e)
{
	return e->data + t->value_offset;
}

/* The index slot of a key, or the empty one where it would go. */
static size_t find_slot(const struct table *t, const void *key)
{
	size_t mask = t->index_size - 1, slot = hash(t, key) & mask;

	while (t->index[slot] && memcmp(entry_at(t, t->index[slot] - 1)->data, key, t->key_size) != 0)
		slot = (slot + 1) & mask;
	return slot;
}

int table_create(size_t key_size, size_t value_size, size_t most, struct table **ret)
{
	struct table *t;

	if (key_size == 0 || most == 0 || most > (1U << 31))
		return -EINVAL;
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->key_size = key_size;
	t->value_offset = (key_size + 7) & ~(size_t)7;
	t->entry_size = (sizeof(struct entry) + t->value_offset + value_size + 7) & ~(size_t)7;
	t->most = most;
	t->first_free = ID_FREE;
	t->index_size = INDEX_LEAST;
	t->index = calloc(t->index_size, sizeof(*t->index));
	t->blocks = calloc((most + BLOCK_ENTRIES - 1) / BLOCK_ENTRIES, sizeof(*t->blocks));
	if (getrandom(&t->seed, sizeof(t->seed), GRND_NONBLOCK) < 0)
		t->seed = (uintptr_t)t;
	if (!t->index || !t->blocks) {
		table_destroy(t);
		return -ENOMEM;
	}
	*ret = t;
	return 0;
}

static size_t block_count(const struct table *t)
{
	return ((size_t)t->used_ids + BLOCK_ENTRIES - 1) / BLOCK_ENTRIES;
}

void table_clear(struct table *t)
{
	for (size_t i = 0; i < block_count(t); i++) {
		free(t->blocks[i]);
		t->blocks[i] = NULL;
	}
	t->used_ids = 0;
	t->first_free = ID_FREE;
	t->count = 0;
	memset(t->index, 0, t->index_size * sizeof(*t->index));
}

void table_destroy(struct table *t)
{
	if (!t)
		return;
	if (t->blocks && t->index)
		table_clear(t);
	free(t->blocks);
	free(t->index);
	free(t);
}

void *table_find(const struct table *t, const void *key)
{
	uint32_t id_plus_one = t->index[find_slot(t, key)];

	return id_plus_one ? value_of(t, entry_at(t, id_plus_one - 1)) : NULL;
}

static int grow_index(struct table *t, size_t size)
{
	uint32_t *old = t->index, *grown = calloc(size, sizeof(*grown));
	size_t old_size = t->index_size;

	if (!grown)
		return -ENOMEM;
	t->index = grown;
	t->index_size = size;
	for (size_t i = 0; i < old_size; i++) {
		if (old[i])
			t->index[find_slot(t, entry_at(t, old[i] - 1)->data)] = old[i];
	}
	free(old);
	return 0;
}

int table_reserve(struct table *t, size_t count)
{
	size_t size = t->index_size;

	if (count > t->most)
		count = t->most;
	while (count * 4 > size * 3)
		size *= 2;
	return size > t->index_size ? grow_index(t, size) : 0;
}

static int take_entry(struct table *t, struct entry **ret)
{
	uint32_t id = t->first_free;

	if (id != ID_FREE) {
		*ret = entry_at(t, id);
		t->first_free = (*ret)->next_free;
	} else {
		id = t->used_ids;
		if ((id & (BLOCK_ENTRIES - 1)) == 0) {
			t->blocks[id >> BLOCK_BITS] = malloc(BLOCK_ENTRIES * t->entry_size);
			if (!t->blocks[id >> BLOCK_BITS])
				return -ENOMEM;
		}
		t->used_ids++;
		*ret = entry_at(t, id);
	}
	memset(*ret, 0, t->entry_size);
	(*ret)->id = id;
	return 0;
}

int table_add(struct table *t, const void *key, void **ret_value)
{
	size_t slot = find_slot(t, key);
	struct entry *e;
	int r;

	if (t->index[slot]) {
		*ret_value = value_of(t, entry_at(t, t->index[slot] - 1));
		return 0;
	}
	if (t->count == t->most)
		return -ENOSPC;
	if ((t->count + 1) * 4 > t->index_size * 3) {
		r = grow_index(t, t->index_size * 2);
		if (r < 0)
			return r;
		slot = find_slot(t, key);
	}
	r = take_entry(t, &e);
	if (r < 0)
		return r;
	memcpy(e->data, key, t->key_size);
	t->index[slot] = e->id + 1;
	t->count++;
	*ret_value = value_of(t, e);
	return 1;
}

/* Moves later members of the run back over the hole, so that probing never has to
 * step over something that was removed. */
static void close_hole(struct table *t, size_t hole)
{
	size_t mask = t->index_size - 1, slot = hole;

	for (;;) {
		size_t home;

		slot = (slot + 1) & mask;
		if (!t->index[slot])
			break;
		home = hash(t, entry_at(t, t->index[slot] - 1)->data) & mask;
		if (((slot - home) & mask) >= ((slot - hole) & mask)) {
			t->index[hole] = t->index[slot];
			hole = slot;
		}
	}
	t->index[hole] = 0;
}

bool table_remove(struct table *t, const void *key)
{
	size_t slot = find_slot(t, key);
	struct entry *e;

	if (!t->index[slot])
		return false;
	e = entry_at(t, t->index[slot] - 1);
	close_hole(t, slot);
	e->next_free = t->first_free;
	t->first_free = e->id;
	e->id = ID_FREE;
	t->count--;
	return true;
}

size_t table_count(const struct table *t)
{
	return t->count;
}

size_t table_memory(const struct table *t)
{
	return sizeof(*t) + t->index_size * sizeof(*t->index) +
	       (t->most + BLOCK_ENTRIES - 1) / BLOCK_ENTRIES * sizeof(*t->blocks) +
	       block_count(t) * BLOCK_ENTRIES * t->entry_size;
}

const void *table_key(const struct table *t, const void *value)
{
	return entry_of(t, value)->data;
}

uint32_t table_id(const struct table *t, const void *value)
{
	return entry_of(t, value)->id;
}

void *table_at(const struct table *t, uint32_t id)
{
	struct entry *e;

	if (id >= t->used_ids)
		return NULL;
	e = entry_at(t, id);
	return e->id == id ? value_of(t, e) : NULL;
}

void *table_next(const struct table *t, uint32_t *cursor)
{
	while (*cursor < t->used_ids) {
		void *value = table_at(t, (*cursor)++);

		if (value)
			return value;
	}
	return NULL;
}
