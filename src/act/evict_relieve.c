/* SPDX-License-Identifier: Apache-2.0 */
#include "act/evict_internal.h"

#include "base/counter.h"

#include <errno.h>

struct relieved_client {
	struct addr client;
	uint8_t zero;
	uint16_t port;
};

struct relieved {
	struct sockdiag_key key;
	uint32_t inode;
	uint64_t cookie;
	int error;
};

struct batch {
	struct relieved *relieved[DIAG_BATCH];
	struct sockdiag_key keys[DIAG_BATCH];
	size_t count;
};

int evict_open_relieved(struct evict *e)
{
	return table_create(sizeof(struct relieved_client), sizeof(struct relieved), EVICT_RELIEVED_MOST, &e->relieved);
}

static void on_dumped(void *data, size_t index, const struct sockdiag_answer *answer)
{
	const struct sockdiag_socket *socket = &answer->socket;
	const struct relieved_client client = { .client = socket->peer, .port = socket->peer_port };
	struct evict *e = data;
	struct relieved *relieved;

	if (!evict_guards(e, socket->local_port) || !evict_is_live(socket))
		return;
	relieved = table_find(e->relieved, &client);
	if (relieved)
		*relieved = (struct relieved){ .key = socket->key, .inode = socket->inode, .cookie = socket->cookie };
}

static void on_not_ended(void *data, size_t index, const struct sockdiag_answer *answer)
{
	struct batch *batch = data;

	if (answer->kind == SOCKDIAG_ERROR && answer->error < 0)
		batch->relieved[index]->error = answer->error;
}

static void flush(struct evict *e, struct batch *batch)
{
	int r = diag_end(e->diag, batch->keys, batch->count, on_not_ended, batch);

	for (size_t i = 0; i < batch->count; i++) {
		struct relieved *relieved = batch->relieved[i];

		if (r < 0)
			relieved->error = r;
		if (relieved->error && relieved->error != -ENOENT)
			counter_add(COUNTER_kernel_errors, 1);
		/* Courier with TARPIT=1 sleeps, and does not look at its socket. */
		if (!relieved->error && e->handlers && relieved->inode)
			handlers_watch(e->handlers, relieved->inode, relieved->cookie);
	}
	batch->count = 0;
}

static void end_all(struct evict *e)
{
	struct batch batch = { .count = 0 };
	struct relieved *relieved;
	uint32_t cursor = 0;

	while ((relieved = table_next(e->relieved, &cursor))) {
		if (relieved->error)
			continue;
		batch.relieved[batch.count] = relieved;
		batch.keys[batch.count++] = relieved->key;
		if (batch.count == DIAG_BATCH)
			flush(e, &batch);
	}
	flush(e, &batch);
}

static void report_all(struct evict *e)
{
	const struct relieved *relieved;
	uint32_t cursor = 0;

	while ((relieved = table_next(e->relieved, &cursor))) {
		const struct relieved_client *client = table_key(e->relieved, relieved);
		struct addr addr = client->client;
		uint16_t port = client->port;
		int error = relieved->error;

		table_remove(e->relieved, client);
		if (e->limits.relieved)
			e->limits.relieved(e->limits.data, &addr, port, error);
	}
}

void evict_relieve(struct evict *e)
{
	struct sockdiag_filter filter = {
		.states = SOCKDIAG_CONNECTIONS,
		.ports = e->limits.ports,
		.port_count = e->limits.port_count,
	};

	if (diag_dump(e->diag, &filter, on_dumped, e) < 0)
		counter_add(COUNTER_kernel_errors, 1);
	end_all(e);
	report_all(e);
}

int evict_connection(struct evict *e, struct addr client, uint16_t client_port)
{
	const struct relieved_client key = { .client = client, .port = client_port };
	void *value;
	int r;

	if ((client.family != ADDR_IPV4 && client.family != ADDR_IPV6) || client_port == 0)
		return -EINVAL;
	if (e->limits.observe)
		return -EPERM;
	r = table_add(e->relieved, &key, &value);
	if (r < 0)
		return r;
	/* Until it is found it is gone. */
	((struct relieved *)value)->error = -ENOENT;
	return evict_schedule(e);
}
