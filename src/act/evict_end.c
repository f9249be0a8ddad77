/* SPDX-License-Identifier: Apache-2.0 */
#include "act/evict_internal.h"

#include "base/counter.h"

#include <errno.h>

/* Connections that are asked about in one send; the index is the key's. */
struct batch {
	struct evict *evict;
	uint64_t now_ms;
	struct connection *connections[DIAG_BATCH];
	struct sockdiag_key keys[DIAG_BATCH];
	size_t count;
};

/* A client of the local network has answered after 1 ms, nearly all of the world after 500, also
 * those whose kernel waits 40 or 200 ms before it acknowledges. A look at one connection is 20 µs
 * with its wake-up: 3 ms, and the time to settle, still end it 5 ms after it was told. */
static uint64_t look_interval_ms(uint64_t waited_ms)
{
	if (waited_ms < 5)
		return 1;
	if (waited_ms < 20)
		return 2;
	if (waited_ms < 500)
		return 3;
	return waited_ms < 1000 ? 10 : 25;
}

static void on_looked(void *data, size_t index, const struct sockdiag_answer *answer)
{
	struct batch *batch = data;
	struct connection *c = batch->connections[index];
	const struct sockdiag_socket *socket = &answer->socket;
	uint64_t wait;

	if (answer->kind == SOCKDIAG_ERROR && answer->error != -ENOENT)
		counter_add(COUNTER_kernel_errors, 1);
	if (answer->kind != SOCKDIAG_SOCKET || !evict_is_live(socket)) {
		c->state = CONNECTION_OVER;
		return;
	}
	c->inode = socket->inode;
	/* Half open, it was told nothing and has nothing to lose. */
	wait = socket->has_info ? told_look(&c->told, socket, batch->now_ms) : 0;
	if (wait == 0)
		c->state = CONNECTION_DOOMED;
	else if (batch->now_ms >= c->deadline_ms)
		c->state = CONNECTION_FORCED;
	else if (wait != TOLD_NEVER)
		c->next_look_ms = evict_soonest(c->next_look_ms, batch->now_ms + wait);
}

static void on_not_ended(void *data, size_t index, const struct sockdiag_answer *answer)
{
	struct batch *batch = data;

	if (answer->kind != SOCKDIAG_ERROR || answer->error == 0)
		return;
	if (answer->error != -ENOENT)
		counter_add(COUNTER_kernel_errors, 1);
	batch->connections[index]->state = CONNECTION_OVER;
}

static void conclude(struct evict *e, const struct connection *c)
{
	struct eviction eviction = {
		.client = c->peer,
		.client_port = c->peer_port,
		.forced = c->state == CONNECTION_FORCED,
		.waited_ms = loop_now_ms(e->loop) - c->asked_ms,
	};
	uint64_t cookie;

	if (!e->limits.observe) {
		counter_add(COUNTER_evictions, 1);
		counter_add(COUNTER_evictions_forced, eviction.forced);
		memcpy(&cookie, table_key(e->connections, c), sizeof(cookie));
		if (e->handlers && c->inode)
			handlers_watch(e->handlers, c->inode, cookie);
	}
	if (e->limits.ended)
		e->limits.ended(e->limits.data, &eviction);
}

/* Leaves only what is to be ended in the batch. */
static void keep_doomed(struct batch *batch)
{
	size_t kept = 0;

	for (size_t i = 0; i < batch->count; i++) {
		struct connection *c = batch->connections[i];

		if (c->state != CONNECTION_DOOMED && c->state != CONNECTION_FORCED)
			continue;
		batch->connections[kept] = c;
		batch->keys[kept++] = batch->keys[i];
	}
	batch->count = kept;
}

static void end_doomed(struct batch *batch)
{
	struct evict *e = batch->evict;
	int r;

	keep_doomed(batch);
	r = e->limits.observe ? 0 : diag_end(e->diag, batch->keys, batch->count, on_not_ended, batch);
	if (r < 0)
		counter_add(COUNTER_kernel_errors, 1);
	for (size_t i = 0; i < batch->count; i++) {
		struct connection *c = batch->connections[i];

		if (r == 0 && c->state != CONNECTION_OVER)
			conclude(e, c);
		c->state = CONNECTION_OVER;
	}
}

static void flush(struct batch *batch)
{
	if (diag_get(batch->evict->diag, batch->keys, batch->count, on_looked, batch) < 0)
		counter_add(COUNTER_kernel_errors, 1);
	end_doomed(batch);
	batch->count = 0;
}

void evict_look(struct evict *e)
{
	struct batch batch = { .evict = e, .now_ms = loop_now_ms(e->loop) };
	struct connection *c;
	uint32_t cursor = 0;

	while ((c = table_next(e->connections, &cursor))) {
		if (c->next_look_ms > batch.now_ms)
			continue;
		c->next_look_ms = batch.now_ms + look_interval_ms(batch.now_ms - c->asked_ms);
		batch.connections[batch.count] = c;
		batch.keys[batch.count++] = c->key;
		if (batch.count == DIAG_BATCH)
			flush(&batch);
	}
	flush(&batch);
	e->next_look_ms = EVICT_NEVER;
	for (cursor = 0; (c = table_next(e->connections, &cursor));) {
		/* An answer that got lost must not keep a connection here for ever. */
		if (c->state == CONNECTION_OVER || batch.now_ms > c->deadline_ms + e->limits.grace_ms + 1000)
			table_remove(e->connections, table_key(e->connections, c));
		else
			e->next_look_ms = evict_soonest(e->next_look_ms, c->next_look_ms);
	}
}
