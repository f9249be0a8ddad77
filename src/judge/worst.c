/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/worst.h"

#include "base/table.h"

#include <errno.h>
#include <stdlib.h>

#define NOWHERE SIZE_MAX

/* A row, and where it is in its heap. */
struct ranked {
	struct worst_row row;
	size_t place; /* NOWHERE: in none */
};

/* The least bad first. */
struct heap {
	enum worst_order order;
	struct ranked **at;
	size_t used, room;
};

struct worst {
	struct heap clients, networks;
	struct ranked *rows;    /* of the clients, as many as there is room for */
	struct table *sums;     /* struct prefix: struct ranked */
	uint32_t left_out;
};

static const char *const state_names[] = {
#define CLIENT_STATE(id, name, help) name,
#include "defs/client_states.def"
#undef CLIENT_STATE
};

static const char *const state_helps[] = {
#define CLIENT_STATE(id, name, help) help,
#include "defs/client_states.def"
#undef CLIENT_STATE
};

static const char *const order_names[] = {
	[WORST_BY_SCORE] = "score",
	[WORST_BY_OPEN] = "open",
	[WORST_BY_OFFENCES] = "offences",
	[WORST_BY_LATEST] = "last",
};

static int place_of(struct bytes name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (bytes_equal(name, bytes_of(names[i])))
			return (int)i;
	return -ENOENT;
}

const char *client_state_name(enum client_state state)
{
	return state_names[state];
}

const char *client_state_help(enum client_state state)
{
	return state_helps[state];
}

int client_state_by_name(struct bytes name, enum client_state *ret)
{
	int place = place_of(name, state_names, CLIENT_STATES);

	if (place >= 0)
		*ret = (enum client_state)place;
	return place < 0 ? place : 0;
}

const char *worst_order_name(enum worst_order order)
{
	return order_names[order];
}

int worst_order_by_name(struct bytes name, enum worst_order *ret)
{
	int place = place_of(name, order_names, WORST_ORDERS);

	if (place >= 0)
		*ret = (enum worst_order)place;
	return place < 0 ? place : 0;
}

static uint64_t key_of(enum worst_order order, const struct worst_row *row)
{
	switch (order) {
	case WORST_BY_OPEN: return row->open;
	case WORST_BY_OFFENCES: return row->offences;
	case WORST_BY_LATEST: return row->last_ms;
	default: return row->score;
	}
}

bool worst_before(enum worst_order order, const struct worst_row *a, const struct worst_row *b)
{
	const enum worst_order keys[] = { order, WORST_BY_SCORE, WORST_BY_OPEN, WORST_BY_OFFENCES, WORST_BY_LATEST };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		uint64_t x = key_of(keys[i], a), y = key_of(keys[i], b);

		if (x != y)
			return x > y;
	}
	/* So that what is equal stays in its place from one second to the next. */
	return memcmp(&a->prefix, &b->prefix, sizeof(a->prefix)) < 0;
}

static int heap_create(struct heap *heap, enum worst_order order, size_t room)
{
	*heap = (struct heap){ .order = order, .at = calloc(room, sizeof(struct ranked *)), .room = room };
	return heap->at ? 0 : -ENOMEM;
}

static void put(struct heap *heap, size_t place, struct ranked *ranked)
{
	heap->at[place] = ranked;
	ranked->place = place;
}

static bool is_better(const struct heap *heap, size_t a, size_t b)
{
	return worst_before(heap->order, &heap->at[b]->row, &heap->at[a]->row);
}

/* It has become worse. */
static void sink(struct heap *heap, size_t place)
{
	struct ranked *ranked = heap->at[place];

	for (;;) {
		size_t child = place * 2 + 1;

		if (child >= heap->used)
			break;
		if (child + 1 < heap->used && is_better(heap, child + 1, child))
			child++;
		if (worst_before(heap->order, &heap->at[child]->row, &ranked->row))
			break;
		put(heap, place, heap->at[child]);
		place = child;
	}
	put(heap, place, ranked);
}

static void rise(struct heap *heap, size_t place)
{
	struct ranked *ranked = heap->at[place];

	while (place > 0 && worst_before(heap->order, &heap->at[(place - 1) / 2]->row, &ranked->row)) {
		put(heap, place, heap->at[(place - 1) / 2]);
		place = (place - 1) / 2;
	}
	put(heap, place, ranked);
}

static bool belongs(const struct heap *heap, const struct worst_row *row)
{
	return heap->used < heap->room || worst_before(heap->order, row, &heap->at[0]->row);
}

static void enter(struct heap *heap, struct ranked *ranked)
{
	if (heap->used < heap->room) {
		put(heap, heap->used, ranked);
		rise(heap, heap->used++);
		return;
	}
	heap->at[0]->place = NOWHERE;
	put(heap, 0, ranked);
	sink(heap, 0);
}

int worst_create(enum worst_order order, size_t most, size_t clients, struct worst **ret)
{
	struct worst *worst = calloc(1, sizeof(*worst));

	if (!worst)
		return -ENOMEM;
	worst->rows = calloc(most, sizeof(*worst->rows));
	if (!worst->rows || heap_create(&worst->clients, order, most) < 0 ||
	    heap_create(&worst->networks, order, most) < 0 ||
	    table_create(sizeof(struct prefix), sizeof(struct ranked), WORST_NETWORKS_MOST, &worst->sums) < 0 ||
	    table_reserve(worst->sums, clients) < 0) {
		worst_destroy(worst);
		return -ENOMEM;
	}
	*ret = worst;
	return 0;
}

void worst_destroy(struct worst *worst)
{
	if (!worst)
		return;
	table_destroy(worst->sums);
	free(worst->clients.at);
	free(worst->networks.at);
	free(worst->rows);
	free(worst);
}

static void add_client(struct worst *worst, const struct worst_row *client)
{
	struct heap *heap = &worst->clients;
	struct ranked *ranked;

	if (!belongs(heap, client))
		return;
	/* The one that leaves makes room for it. */
	ranked = heap->used < heap->room ? &worst->rows[heap->used] : heap->at[0];
	ranked->row = *client;
	enter(heap, ranked);
}

static void add_to_network(struct worst *worst, const struct worst_row *client)
{
	struct prefix network = prefix_of_network(&client->prefix.addr);
	struct ranked *sum;
	void *value;
	int r = table_add(worst->sums, &network, &value);

	if (r < 0) {
		worst->left_out++;
		return;
	}
	sum = value;
	if (r == 1)
		*sum = (struct ranked){ .row.prefix = network, .place = NOWHERE };
	sum->row.score += client->score;
	sum->row.open += client->open;
	sum->row.offences += client->offences;
	sum->row.clients++;
	sum->row.last_ms = client->last_ms > sum->row.last_ms ? client->last_ms : sum->row.last_ms;
	if (sum->place != NOWHERE)
		sink(&worst->networks, sum->place);
	else if (belongs(&worst->networks, &sum->row))
		enter(&worst->networks, sum);
}

void worst_add(struct worst *worst, const struct worst_row *client)
{
	add_client(worst, client);
	add_to_network(worst, client);
}

void worst_mark(struct worst *worst, const struct prefix *client, bool banned, bool suspect)
{
	struct prefix network = prefix_of_network(&client->addr);
	struct ranked *sum = table_find(worst->sums, &network);

	if (!sum)
		return;
	sum->row.banned += banned;
	sum->row.suspects += suspect;
}

/* Takes the least bad away to the end, one after the other. */
static size_t bring_into_order(struct heap *heap, const struct worst_row *const **ret)
{
	size_t count = heap->used;

	while (heap->used > 1) {
		struct ranked *least = heap->at[0];

		put(heap, 0, heap->at[--heap->used]);
		sink(heap, 0);
		heap->at[heap->used] = least;
	}
	heap->used = 0;
	/* A row is the first member of what holds it. */
	*ret = (const struct worst_row *const *)(const void *)heap->at;
	return count;
}

size_t worst_clients(struct worst *worst, const struct worst_row *const **ret)
{
	return bring_into_order(&worst->clients, ret);
}

size_t worst_networks(struct worst *worst, const struct worst_row *const **ret)
{
	return bring_into_order(&worst->networks, ret);
}

uint32_t worst_networks_left_out(const struct worst *worst)
{
	return worst->left_out;
}
