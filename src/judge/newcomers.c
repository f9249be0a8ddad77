/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/newcomers.h"

#include "base/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define GENERATION_MOST (NEWCOMERS_CLIENTS_MOST / 2)
/* A client is remembered for one of these at least, for two at most. */
#define GENERATION_MS NEWCOMERS_MEMORY_MS

struct newcomers {
	struct table *connections; /* uint32_t, the round that saw it last, by cookie; of this round and the one before */
	uint32_t seen;             /* in this round */
	struct table *young, *old; /* no value, by key_of */
	uint64_t young_since_ms, now_ms;
	uint32_t round;
	struct newcomers_count count;
};

/* Eight octets: those of the /64, or the four of IPv4 after zeros, with which no /64 in use begins. */
static uint64_t key_of(const struct addr *client)
{
	struct addr unit = addr_unit(client);
	unsigned char octets[8] = { 0 };
	uint64_t key;

	if (unit.family == ADDR_IPV4)
		memcpy(octets + 4, unit.octets, 4);
	else
		memcpy(octets, unit.octets, 8);
	memcpy(&key, octets, sizeof(key));
	return key;
}

int newcomers_create(struct newcomers **ret)
{
	struct newcomers *n = calloc(1, sizeof(*n));
	int r;

	if (!n)
		return -ENOMEM;
	r = table_create(sizeof(uint64_t), sizeof(uint32_t), 2 * NEWCOMERS_CONNECTIONS_MOST, &n->connections);
	if (r == 0)
		r = table_create(sizeof(uint64_t), 0, GENERATION_MOST, &n->young);
	if (r == 0)
		r = table_create(sizeof(uint64_t), 0, GENERATION_MOST, &n->old);
	if (r < 0) {
		newcomers_destroy(n);
		return r;
	}
	*ret = n;
	return 0;
}

void newcomers_destroy(struct newcomers *n)
{
	if (!n)
		return;
	table_destroy(n->connections);
	table_destroy(n->young);
	table_destroy(n->old);
	free(n);
}

static void change_generation(struct newcomers *n)
{
	struct table *thrown_away = n->old;

	table_clear(thrown_away);
	n->old = n->young;
	n->young = thrown_away;
	n->young_since_ms = n->now_ms;
}

void newcomers_begin(struct newcomers *n, uint64_t now_ms)
{
	if (n->round == 0)
		n->young_since_ms = now_ms;
	n->now_ms = now_ms;
	n->round++;
	n->seen = 0;
	n->count = (struct newcomers_count){ 0 };
	if (now_ms - n->young_since_ms >= GENERATION_MS)
		change_generation(n);
}

static bool was_here(struct newcomers *n, uint64_t key)
{
	void *value;
	bool known;

	if (table_find(n->young, &key))
		return true;
	known = table_find(n->old, &key);
	if (table_count(n->young) == GENERATION_MOST)
		change_generation(n);
	(void)table_add(n->young, &key, &value); /* without memory it is first seen once more */
	return known;
}

bool newcomers_see(struct newcomers *n, uint64_t cookie, const struct addr *client)
{
	uint32_t *seen;
	int r = n->seen < NEWCOMERS_CONNECTIONS_MOST ? table_add(n->connections, &cookie, (void **)&seen) : -ENOSPC;

	if (r < 0)
		return false;
	n->seen += *seen != n->round;
	*seen = n->round;
	if (r == 0)
		return false;
	n->count.connections++;
	n->count.first_seen += !was_here(n, key_of(client));
	return true;
}

void newcomers_end(struct newcomers *n, struct newcomers_count *ret)
{
	uint32_t cursor = 0, *seen;

	while ((seen = table_next(n->connections, &cursor))) {
		if (*seen != n->round)
			table_remove(n->connections, table_key(n->connections, seen));
	}
	*ret = n->count;
}

size_t newcomers_memory(const struct newcomers *n)
{
	return table_memory(n->connections) + table_memory(n->young) + table_memory(n->old);
}

size_t newcomers_clients(const struct newcomers *n)
{
	return table_count(n->young) + table_count(n->old);
}
