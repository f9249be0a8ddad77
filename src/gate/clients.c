/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/clients.h"

#include "base/counter.h"
#include "base/prefix.h"
#include "base/table.h"

#include <errno.h>
#include <stdlib.h>

#define NEVER_CHECKED UINT64_MAX

struct client {
	uint64_t good_until_ms, bad_until_ms; /* 0: not remembered as such */
	uint64_t checked_ms;                  /* when it was last found good */
	uint32_t sessions;
	uint32_t listed;
	int32_t score;
	uint16_t observed;
};

struct network {
	uint64_t good_until_ms;
	uint32_t sessions;
	uint32_t senders; /* clients that were let in, and are remembered so */
};

struct clients {
	const struct settings *settings;
	struct table *units, *networks;
	uint32_t unit_hand, network_hand;
};

int clients_create(const struct settings *settings, struct clients **ret)
{
	struct clients *clients = calloc(1, sizeof(*clients));
	size_t most = settings->gate_remembered + settings->gate_sessions;
	int r;

	if (!clients)
		return -ENOMEM;
	clients->settings = settings;
	r = table_create(sizeof(struct addr), sizeof(struct client), most, &clients->units);
	if (r == 0)
		r = table_create(sizeof(struct prefix), sizeof(struct network), most, &clients->networks);
	if (r < 0) {
		clients_destroy(clients);
		return r;
	}
	*ret = clients;
	return 0;
}

void clients_destroy(struct clients *clients)
{
	if (!clients)
		return;
	table_destroy(clients->units);
	table_destroy(clients->networks);
	free(clients);
}

static uint64_t client_kept_until(const void *value)
{
	const struct client *client = value;

	if (client->sessions)
		return UINT64_MAX;
	return client->good_until_ms > client->bad_until_ms ? client->good_until_ms : client->bad_until_ms;
}

static uint64_t network_kept_until(const void *value)
{
	const struct network *network = value;

	return network->sessions ? UINT64_MAX : network->good_until_ms;
}

/* Removes what would be forgotten soonest among the next few. */
static void make_room(struct table *table, uint32_t *hand, uint64_t (*kept_until)(const void *), uint64_t now_ms)
{
	void *soonest = NULL;

	for (size_t i = 0; i < CLIENTS_SAMPLE; i++) {
		void *value = table_next(table, hand);

		if (!value) {
			*hand = 0;
			continue;
		}
		if (kept_until(value) != UINT64_MAX && (!soonest || kept_until(value) < kept_until(soonest)))
			soonest = value;
	}
	if (!soonest)
		return;
	if (kept_until(soonest) > now_ms)
		counter_add(COUNTER_gate_clients_forgotten, 1);
	table_remove(table, table_key(table, soonest));
}

static void *find_or_add(struct table *table, const void *key, uint32_t *hand,
			 uint64_t (*kept_until)(const void *), uint64_t now_ms)
{
	void *value = NULL;
	int r = table_add(table, key, &value);

	if (r == -ENOSPC) {
		make_room(table, hand, kept_until, now_ms);
		r = table_add(table, key, &value);
	}
	return r < 0 ? NULL : value;
}

static struct client *client_of(struct clients *clients, const struct addr *unit, uint64_t now_ms)
{
	return find_or_add(clients->units, unit, &clients->unit_hand, client_kept_until, now_ms);
}

static struct network *network_add(struct clients *clients, const struct prefix *prefix, uint64_t now_ms)
{
	return find_or_add(clients->networks, prefix, &clients->network_hand, network_kept_until, now_ms);
}

static void drop_if_idle(struct table *table, void *value, uint64_t (*kept_until)(const void *))
{
	if (kept_until(value) == 0)
		table_remove(table, table_key(table, value));
}

int clients_enter(struct clients *clients, const struct addr *addr, uint64_t now_ms)
{
	struct addr unit = addr_unit(addr);
	struct prefix prefix = prefix_of_network(addr);
	struct client *client = client_of(clients, &unit, now_ms);
	struct network *network = client ? network_add(clients, &prefix, now_ms) : NULL;
	int r = 0;

	if (!network)
		r = -ENOMEM;
	else if (client->sessions >= clients->settings->gate_per_address)
		r = -EUSERS;
	else if (network->sessions >= clients->settings->gate_per_network && client->good_until_ms <= now_ms)
		r = -ENETUNREACH;
	if (r == 0) {
		client->sessions++;
		network->sessions++;
		return 0;
	}
	if (client)
		drop_if_idle(clients->units, client, client_kept_until);
	if (network)
		drop_if_idle(clients->networks, network, network_kept_until);
	return r;
}

void clients_leave(struct clients *clients, const struct addr *addr)
{
	struct addr unit = addr_unit(addr);
	struct prefix prefix = prefix_of_network(addr);
	struct client *client = table_find(clients->units, &unit);
	struct network *network = table_find(clients->networks, &prefix);

	if (client && client->sessions) {
		client->sessions--;
		drop_if_idle(clients->units, client, client_kept_until);
	}
	if (network && network->sessions) {
		network->sessions--;
		drop_if_idle(clients->networks, network, network_kept_until);
	}
}

enum session_memory clients_recall(struct clients *clients, const struct addr *addr, uint64_t now_ms,
				   struct session_facts *ret, bool *ret_stale)
{
	struct addr unit = addr_unit(addr);
	struct prefix prefix = prefix_of_network(addr);
	const struct client *client = table_find(clients->units, &unit);
	const struct network *network = table_find(clients->networks, &prefix);

	*ret_stale = false;
	if (client && client->bad_until_ms > now_ms) {
		*ret = (struct session_facts){ .score = client->score, .listed = client->listed,
						.observed = client->observed };
		return SESSION_KNOWN_BAD;
	}
	if (client && client->good_until_ms > now_ms) {
		*ret_stale = client->checked_ms == NEVER_CHECKED || now_ms - client->checked_ms > CLIENTS_FRESH_MS;
		return SESSION_KNOWN_GOOD;
	}
	if (network && network->senders >= CLIENTS_SENDERS && network->good_until_ms > now_ms)
		return SESSION_KNOWN_NETWORK;
	return SESSION_STRANGER;
}

static struct client *remember_good(struct clients *clients, const struct addr *addr, uint64_t for_ms, uint64_t now_ms)
{
	struct addr unit = addr_unit(addr);
	struct prefix prefix = prefix_of_network(addr);
	struct client *client = client_of(clients, &unit, now_ms);
	struct network *network = client ? network_add(clients, &prefix, now_ms) : NULL;

	if (!client)
		return NULL;
	if (network) {
		if (network->good_until_ms <= now_ms)
			network->senders = 0;
		if (client->good_until_ms <= now_ms)
			network->senders++;
		if (network->good_until_ms < now_ms + for_ms)
			network->good_until_ms = now_ms + for_ms;
	}
	client->good_until_ms = now_ms + for_ms;
	client->bad_until_ms = 0;
	return client;
}

void clients_passed(struct clients *clients, const struct addr *addr, uint64_t now_ms)
{
	struct client *client = remember_good(clients, addr, clients->settings->gate_remember_pass, now_ms);

	if (client)
		client->checked_ms = now_ms;
}

void clients_restore(struct clients *clients, const struct addr *addr, uint64_t left_ms, uint64_t now_ms)
{
	struct client *client = remember_good(clients, addr, left_ms, now_ms);

	if (client)
		client->checked_ms = NEVER_CHECKED;
}

void clients_failed(struct clients *clients, const struct addr *addr, const struct session_facts *facts,
		    uint64_t now_ms)
{
	struct addr unit = addr_unit(addr);
	struct prefix prefix = prefix_of_network(addr);
	struct client *client = client_of(clients, &unit, now_ms);
	struct network *network = table_find(clients->networks, &prefix);

	if (network)
		network->senders = 0;
	if (!client)
		return;
	client->good_until_ms = 0;
	/* One that comes again and again is tested again all the same: it may be off the list by now. */
	if (client->bad_until_ms <= now_ms)
		client->bad_until_ms = now_ms + clients->settings->gate_remember_fail;
	client->score = facts->score;
	client->listed = facts->listed;
	client->observed = facts->observed;
}

size_t clients_count(const struct clients *clients)
{
	return table_count(clients->units);
}

size_t clients_memory(const struct clients *clients)
{
	return table_memory(clients->units) + table_memory(clients->networks);
}
