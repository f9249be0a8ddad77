/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/memory.h"

#include "base/counter.h"
#include "base/table.h"

#include <errno.h>
#include <stdlib.h>

struct key {
	uint8_t size;
	char id[MEMORY_ID_SIZE];
	uint32_t server;
};

struct memory {
	struct table *ids; /* struct key to struct remembered */
	/* The keys in the order in which they came; those that were forgotten since are in it too, and
	 * pass out as they came in. */
	struct key *ring;
	size_t ring_room, ring_count, ring_first;
};

int memory_create(struct memory **ret)
{
	struct memory *memory = calloc(1, sizeof(*memory));

	if (!memory)
		return -ENOMEM;
	if (table_create(sizeof(struct key), sizeof(struct remembered), MEMORY_IDS_MOST, &memory->ids) < 0) {
		free(memory);
		return -ENOMEM;
	}
	*ret = memory;
	return 0;
}

void memory_destroy(struct memory *memory)
{
	if (!memory)
		return;
	table_destroy(memory->ids);
	free(memory->ring);
	free(memory);
}

static bool make_key(struct key *key, const char *server, struct bytes id)
{
	if (id.size == 0 || id.size > MEMORY_ID_SIZE)
		return false;
	memset(key, 0, sizeof(*key));
	key->size = (uint8_t)id.size;
	memcpy(key->id, id.data, id.size);
	/* The names are few and the signatures' own. */
	key->server = bytes_hash(BYTES_HASH_BEGIN, bytes_of(server));
	return true;
}

struct remembered *memory_find(const struct memory *memory, const char *server, struct bytes id)
{
	struct key key;

	return make_key(&key, server, id) ? table_find(memory->ids, &key) : NULL;
}

static int grow_ring(struct memory *memory)
{
	size_t room = memory->ring_room ? memory->ring_room * 2 : 256;
	struct key *ring = reallocarray(memory->ring, room, sizeof(*ring));

	if (!ring)
		return -ENOMEM;
	/* It grows before it has ever gone round, so it is in order. */
	memory->ring = ring;
	memory->ring_room = room;
	return 0;
}

static void push_out_oldest(struct memory *memory)
{
	counter_add(COUNTER_ids_forgotten, table_remove(memory->ids, &memory->ring[memory->ring_first]));
	memory->ring_first = (memory->ring_first + 1) % memory->ring_room;
	memory->ring_count--;
}

struct remembered *memory_add(struct memory *memory, const char *server, struct bytes id)
{
	struct remembered *there;
	struct key key;
	void *value;

	if (!make_key(&key, server, id))
		return NULL;
	there = table_find(memory->ids, &key);
	if (there)
		return there;
	if (memory->ring_count == MEMORY_IDS_MOST)
		push_out_oldest(memory);
	else if (memory->ring_count == memory->ring_room && grow_ring(memory) < 0)
		return NULL;
	if (table_add(memory->ids, &key, &value) < 0)
		return NULL;
	memory->ring[(memory->ring_first + memory->ring_count++) % memory->ring_room] = key;
	return value;
}

void memory_forget(struct memory *memory, const char *server, struct bytes id)
{
	struct key key;

	if (make_key(&key, server, id))
		table_remove(memory->ids, &key);
}

void memory_clear(struct memory *memory)
{
	table_clear(memory->ids);
	memory->ring_count = memory->ring_first = 0;
}
