/* SPDX-License-Identifier: Apache-2.0 */
#include "observe/wave_tally.h"

#include "base/table.h"
#include "judge/unit_key.h"

#include <errno.h>
#include <stdlib.h>

/* So often all clients are gone through for those to forget, in slices of … */
#define FORGET_EVERY_S 15
#define FORGET_SLICE 2048
/* 26 x 26 codes. */
#define COUNTRIES_MOST 676

struct client {
	uint32_t first_s, last_s;
	uint32_t connections, logged, told, evicted;
	struct wave_place place;
	bool placed, relieved;
};

/* What is gone through one after the other. */
enum phase { CLIENTS, NETWORKS, COUNTRIES, ASNS, PHASES };

struct sum {
	enum phase phase;
	uint32_t cursor;
	uint32_t from_s, until_s;
	struct table *tables[PHASES]; /* of struct wave_worst and struct wave_part; the first is the tally's own */
	struct wave_sources sources;
};

struct wave_tally {
	struct table *clients; /* struct client, by unit_key */
	bool full;             /* there were more, since the table had room for the last time */
	uint32_t forget_cursor, forget_s;
	bool summing;
	struct sum sum;
};

int wave_tally_create(struct wave_tally **ret)
{
	struct wave_tally *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	if (table_create(sizeof(struct unit_key), sizeof(struct client), WAVE_TALLY_MOST, &t->clients) < 0) {
		free(t);
		return -ENOMEM;
	}
	*ret = t;
	return 0;
}

static void give_up_sum(struct wave_tally *t)
{
	for (int i = CLIENTS + 1; i < PHASES; i++)
		table_destroy(t->sum.tables[i]);
	t->sum = (struct sum){ 0 };
	t->summing = false;
}

void wave_tally_destroy(struct wave_tally *t)
{
	if (!t)
		return;
	give_up_sum(t);
	table_destroy(t->clients);
	free(t);
}

void wave_tally_add(struct wave_tally *t, const struct addr *address, enum wave_tally_event event, uint32_t now_s)
{
	struct addr unit = addr_unit(address);
	struct unit_key key = unit_key_of(&unit);
	struct client *client;
	void *value;
	int r = table_add(t->clients, &key, &value);

	if (r < 0) {
		t->full = true;
		return;
	}
	client = value;
	if (r == 1)
		client->first_s = now_s;
	client->last_s = now_s;
	client->connections += event == WAVE_TALLY_CONNECTION;
	client->logged += event == WAVE_TALLY_LOGGED;
	client->told += event == WAVE_TALLY_TOLD;
	client->evicted += event == WAVE_TALLY_EVICTED;
	client->relieved |= event == WAVE_TALLY_RELIEVED;
}

void wave_tally_forget(struct wave_tally *t, uint32_t now_s)
{
	struct client *client = NULL;

	if (t->forget_cursor == 0 && now_s - t->forget_s < FORGET_EVERY_S)
		return;
	if (t->forget_cursor == 0)
		t->forget_s = now_s;
	for (int i = 0; i < FORGET_SLICE && (client = table_next(t->clients, &t->forget_cursor)); i++) {
		if (now_s - client->last_s <= WAVE_TALLY_KEEP_S)
			continue;
		table_remove(t->clients, table_key(t->clients, client));
		t->full = false;
	}
	if (client)
		return;
	t->forget_cursor = 0;
	/* Also its memory, and the places that would be gone through in vain. */
	if (table_count(t->clients) == 0)
		table_clear(t->clients);
}

int wave_tally_sum(struct wave_tally *t, uint32_t from_s, uint32_t until_s)
{
	struct table **tables = t->sum.tables;
	int r;

	give_up_sum(t);
	r = table_create(sizeof(struct unit_key), sizeof(struct wave_worst), WAVE_TALLY_MOST, &tables[NETWORKS]);
	if (r == 0)
		r = table_create(2, sizeof(struct wave_part), COUNTRIES_MOST, &tables[COUNTRIES]);
	if (r == 0)
		r = table_create(sizeof(uint32_t), sizeof(struct wave_part), WAVE_TALLY_MOST, &tables[ASNS]);
	if (r < 0) {
		give_up_sum(t);
		return r;
	}
	tables[CLIENTS] = t->clients;
	t->sum.from_s = from_s;
	t->sum.until_s = until_s;
	t->sum.sources.at_least = t->full;
	t->summing = true;
	return 0;
}

bool wave_tally_is_summing(const struct wave_tally *t)
{
	return t->summing;
}

/* Who was told 5xx most often; of equal ones, who came most often. */
static bool is_worse(const struct wave_worst *a, const struct wave_worst *b)
{
	return a->told != b->told ? a->told > b->told : a->connections > b->connections;
}

static void rank_worst(const struct wave_worst *one, struct wave_worst list[WAVE_WORST], size_t *count)
{
	size_t at = *count;

	while (at > 0 && is_worse(one, &list[at - 1]))
		at--;
	if (at == WAVE_WORST)
		return;
	*count += *count < WAVE_WORST;
	memmove(&list[at + 1], &list[at], (*count - 1 - at) * sizeof(*list));
	list[at] = *one;
}

static void rank_part(const struct wave_part *one, struct wave_part list[WAVE_WORST], size_t *count)
{
	size_t at = *count;

	while (at > 0 && one->share.clients > list[at - 1].share.clients)
		at--;
	if (at == WAVE_WORST)
		return;
	*count += *count < WAVE_WORST;
	memmove(&list[at + 1], &list[at], (*count - 1 - at) * sizeof(*list));
	list[at] = *one;
}

/* One may come and go between two looks, and not every log tells of them: the most that is known. */
static uint32_t connections_of(const struct client *client)
{
	uint32_t most = client->connections > client->logged ? client->connections : client->logged;

	if (client->told && most == 0)
		most = 1;
	return client->evicted > most ? client->evicted : most;
}

/* Without memory it is in none. */
static void add_to_network(struct sum *sum, const struct addr *unit, const struct client *client)
{
	struct prefix network = prefix_of_network(unit);
	struct unit_key key = unit_key_of(&network.addr);
	struct wave_worst *worst;
	void *value;

	if (table_add(sum->tables[NETWORKS], &key, &value) < 0)
		return;
	worst = value;
	worst->who = network;
	worst->clients++;
	worst->connections += connections_of(client);
	worst->told += client->told;
	worst->evicted += client->evicted;
}

static void add_to_part(struct table *table, const void *key, struct wave_place of, const struct addr *unit,
			const struct client *client)
{
	struct wave_part *part;
	void *value;

	if (table_add(table, key, &value) < 0)
		return;
	part = value;
	part->of = of;
	part->example = *unit;
	part->share.clients++;
	part->share.told += client->told > 0;
}

static void add_client(struct sum *sum, const struct addr *unit, const struct client *client)
{
	const struct wave_worst worst = { prefix_of_unit(unit), 1, connections_of(client), client->told, client->evicted };
	struct wave_sources *s = &sum->sources;
	const struct wave_place *place = &client->place;

	s->clients++;
	s->told += client->told > 0;
	s->evicted += client->evicted > 0;
	s->relieved += client->relieved;
	rank_worst(&worst, s->client, &s->worst_clients);
	add_to_network(sum, unit, client);
	if (place->country[0]) {
		s->with_country++;
		add_to_part(sum->tables[COUNTRIES], place->country,
			    (struct wave_place){ { place->country[0], place->country[1] } }, unit, client);
	}
	if (place->asn) {
		s->with_asn++;
		add_to_part(sum->tables[ASNS], &place->asn, (struct wave_place){ .asn = place->asn }, unit, client);
	}
}

static void take_one(struct sum *sum, void *entry, wave_place_fn *place, void *data, unsigned *budget)
{
	struct wave_sources *s = &sum->sources;
	struct client *client = entry;
	struct addr unit;

	switch (sum->phase) {
	case CLIENTS:
		/* Clocks begin anywhere: the difference counts. */
		if ((int32_t)(client->last_s - sum->from_s) < 0 || (int32_t)(client->first_s - sum->until_s) > 0)
			return;
		unit = unit_key_addr(table_key(sum->tables[CLIENTS], client));
		if (place && !client->placed) {
			place(data, &unit, &client->place);
			client->placed = true;
			*budget -= *budget > WAVE_TALLY_PLACE_COSTS ? WAVE_TALLY_PLACE_COSTS - 1 : *budget - 1;
		}
		add_client(sum, &unit, client);
		return;
	case NETWORKS:
		rank_worst(entry, s->network, &s->worst_networks);
		return;
	case COUNTRIES:
		rank_part(entry, s->country, &s->worst_countries);
		return;
	case ASNS:
		rank_part(entry, s->asn, &s->worst_asns);
		return;
	case PHASES:
		return;
	}
}

bool wave_tally_go_on(struct wave_tally *t, unsigned budget, wave_place_fn *place, void *data, struct wave_sources *ret)
{
	struct sum *sum = &t->sum;
	void *entry;

	for (; t->summing && budget > 0; budget--) {
		entry = table_next(sum->tables[sum->phase], &sum->cursor);
		if (entry) {
			take_one(sum, entry, place, data, &budget);
			continue;
		}
		sum->cursor = 0;
		if (++sum->phase < PHASES)
			continue;
		*ret = sum->sources;
		give_up_sum(t);
		return true;
	}
	return false;
}

size_t wave_tally_count(const struct wave_tally *t)
{
	return table_count(t->clients);
}

size_t wave_tally_memory(const struct wave_tally *t)
{
	size_t bytes = table_memory(t->clients);

	for (int i = CLIENTS + 1; i < PHASES && t->summing; i++)
		bytes += table_memory(t->sum.tables[i]);
	return bytes;
}
