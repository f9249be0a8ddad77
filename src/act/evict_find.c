/* SPDX-License-Identifier: Apache-2.0 */
#include "act/evict_internal.h"

#include "base/counter.h"

/* A handshake that was under way at the first dump is complete by then on most paths. */
#define AGAIN_MS 250
/* A dump that is not urgent waits so long for one that is, which serves as well. */
#define PATIENCE_MS 250

bool evict_guards(const struct evict *e, uint16_t port)
{
	for (size_t i = 0; i < e->limits.port_count; i++) {
		if (e->limits.ports[i] == port)
			return true;
	}
	return false;
}

bool evict_is_live(const struct sockdiag_socket *socket)
{
	switch (socket->state) {
	case SOCKDIAG_ESTABLISHED:
	case SOCKDIAG_CLOSE_WAIT:
	case SOCKDIAG_SYN_RECV:
		return true;
	case SOCKDIAG_FIN_WAIT1:
	case SOCKDIAG_FIN_WAIT2:
	case SOCKDIAG_LAST_ACK:
	case SOCKDIAG_CLOSING:
		return socket->inode != 0;
	}
	return false;
}

static void remember_local(struct evict *e, const struct sockdiag_socket *socket)
{
	struct sockdiag_key key;

	/* Compared as keys of one and the same peer. */
	if (sockdiag_key_of_peer(&socket->key, &socket->local, 0, &key) < 0)
		return;
	for (size_t i = 0; i < e->local_count; i++) {
		if (memcmp(&e->locals[i], &key, sizeof(key)) == 0)
			return;
	}
	e->locals[e->next_local] = key;
	e->next_local = (e->next_local + 1) % EVICT_LOCALS_MOST;
	if (e->local_count < EVICT_LOCALS_MOST)
		e->local_count++;
}

/* Takes a connection on when its client is wanted. Returns whether it is. */
static bool take_on(struct evict *e, const struct sockdiag_socket *socket)
{
	struct addr unit = addr_unit(&socket->peer);
	const struct client *client = table_find(e->clients, &unit);
	struct connection *connection;
	uint64_t now = loop_now_ms(e->loop);
	void *value;
	int r;

	if (!client || !evict_guards(e, socket->local_port) || !evict_is_live(socket))
		return false;
	remember_local(e, socket);
	r = table_add(e->connections, &socket->cookie, &value);
	if (r < 0)
		counter_add(COUNTER_evictions_dropped, 1);
	if (r != 1)
		return true;
	connection = value;
	*connection = (struct connection){
		.key = socket->key,
		.peer = socket->peer,
		.peer_port = socket->peer_port,
		.inode = socket->inode,
		.asked_ms = client->asked_ms,
		.deadline_ms = now + e->limits.grace_ms,
		.next_look_ms = now,
	};
	e->next_look_ms = evict_soonest(e->next_look_ms, now);
	return true;
}

static void on_dumped(void *data, size_t index, const struct sockdiag_answer *answer)
{
	take_on(data, &answer->socket);
}

static void on_named(void *data, size_t index, const struct sockdiag_answer *answer)
{
	struct evict *e = data;
	struct named *named = &e->named[index];

	/* Without a cookie the answer may be the listener. */
	if (answer->kind == SOCKDIAG_SOCKET && answer->socket.peer_port == named->port &&
	    addr_equal(&answer->socket.peer, &named->client) && take_on(e, &answer->socket))
		named->found = true;
}

static void find_named_at(struct evict *e, const struct sockdiag_key *local)
{
	struct sockdiag_key keys[DIAG_BATCH];

	for (size_t i = 0; i < e->named_count; i++) {
		if (sockdiag_key_of_peer(local, &e->named[i].client, e->named[i].port, &keys[i]) < 0)
			return;
	}
	if (diag_get(e->diag, keys, e->named_count, on_named, e) < 0)
		counter_add(COUNTER_kernel_errors, 1);
}

/* A dump costs 0.4 ms and more, one connection 2 µs: where the log line gives the port, and
 * the local end is one that was seen before, the others of the client can wait. */
void evict_find_named(struct evict *e)
{
	uint64_t now = loop_now_ms(e->loop);
	struct client *client;

	for (size_t i = 0; i < e->local_count; i++)
		find_named_at(e, &e->locals[i]);
	for (size_t i = 0; i < e->named_count; i++) {
		client = table_find(e->clients, &e->named[i].client);
		if (client && !e->named[i].found) {
			client->next_dump_ms = now;
			e->next_dump_ms = now;
		}
	}
	e->named_count = 0;
}

/* With few clients the kernel compares addresses; with many it is cheaper to do it here. */
static int dump(struct evict *e)
{
	struct prefix peers[SOCKDIAG_PEERS_MOST];
	struct sockdiag_filter filter = {
		.states = SOCKDIAG_CONNECTIONS,
		.ports = e->limits.ports,
		.port_count = e->limits.port_count,
		.peers = peers,
	};
	uint32_t cursor = 0;
	const void *client;

	if (table_count(e->clients) <= SOCKDIAG_PEERS_MOST) {
		while ((client = table_next(e->clients, &cursor))) {
			const struct addr *unit = table_key(e->clients, client);

			peers[filter.peer_count++] = prefix_of_unit(unit);
		}
	}
	return diag_dump(e->diag, &filter, on_dumped, e);
}

/* Once more after AGAIN_MS, and once at the end. Any dump after that time will do. */
static uint64_t next_dump_ms(const struct client *client, uint64_t now)
{
	uint64_t again = client->asked_ms + AGAIN_MS;

	if (now < again && again < client->deadline_ms)
		return again + PATIENCE_MS;
	return client->deadline_ms + PATIENCE_MS;
}

void evict_discover(struct evict *e)
{
	uint64_t now = loop_now_ms(e->loop);
	uint32_t cursor = 0;
	struct client *client;

	if (dump(e) < 0)
		counter_add(COUNTER_kernel_errors, 1);
	e->next_dump_ms = EVICT_NEVER;
	while ((client = table_next(e->clients, &cursor))) {
		/* Observed connections stay, and would be found for ever. */
		if (now >= client->deadline_ms || e->limits.observe) {
			table_remove(e->clients, table_key(e->clients, client));
			continue;
		}
		client->next_dump_ms = next_dump_ms(client, now);
		e->next_dump_ms = evict_soonest(e->next_dump_ms, client->next_dump_ms);
	}
}
