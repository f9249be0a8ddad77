/* SPDX-License-Identifier: Apache-2.0 */
#include "sense/connections.h"

#include "kernel/diag.h"

#include <errno.h>
#include <stdlib.h>

struct connections {
	struct diag *diag;
	uint16_t ports[SOCKDIAG_PORTS_MOST];
	size_t port_count;
	bool without_gate;
};

struct sample {
	const struct connections *connections;
	struct connection_counts counts;
	connections_fn *fn;
	void *data;
};

int connections_create(const uint16_t *ports, size_t port_count, struct connections **ret)
{
	struct connections *c;
	int r;

	if (port_count == 0 || port_count > SOCKDIAG_PORTS_MOST)
		return -EINVAL;
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	memcpy(c->ports, ports, port_count * sizeof(*ports));
	c->port_count = port_count;
	r = diag_create(&c->diag);
	if (r < 0) {
		connections_destroy(c);
		return r;
	}
	*ret = c;
	return 0;
}

void connections_leave_out_gate(struct connections *c)
{
	c->without_gate = true;
}

void connections_destroy(struct connections *c)
{
	if (!c)
		return;
	diag_destroy(c->diag);
	free(c);
}

/* A connection without an inode has no process: in these two states it was not accepted yet,
 * since a process that closes leaves both of them; in the others it was closed. */
static uint32_t *kind_of(struct connection_counts *counts, const struct sockdiag_socket *socket)
{
	if (socket->inode)
		return &counts->served;
	switch (socket->state) {
	case SOCKDIAG_ESTABLISHED:
	case SOCKDIAG_CLOSE_WAIT:
		return &counts->waiting;
	case SOCKDIAG_SYN_RECV:
		return &counts->opening;
	}
	return &counts->closing;
}

static void add(struct connection_counts *counts, const struct sockdiag_socket *socket)
{
	if (socket->state == SOCKDIAG_LISTEN) {
		counts->listeners++;
		counts->queue += socket->receive_queue;
		counts->queue_most += socket->send_queue;
		return;
	}
	counts->total++;
	counts->by_state[socket->state]++;
	++*kind_of(counts, socket);
}

static void count(void *data, size_t index, const struct sockdiag_answer *answer)
{
	const struct sockdiag_socket *socket = &answer->socket;
	struct sample *sample = data;

	if (socket->state >= SOCKDIAG_STATES)
		return;
	if (!(sample->connections->without_gate && socket->of_gate))
		add(&sample->counts, socket);
	if (sample->fn && socket->state != SOCKDIAG_LISTEN)
		sample->fn(sample->data, socket);
}

static int visit(struct connections *c, bool closely, connections_fn *fn, void *data, struct connection_counts *ret)
{
	struct sample sample = { .connections = c, .fn = fn, .data = data };
	const struct sockdiag_filter filter = {
		.states = SOCKDIAG_CONNECTIONS | SOCKDIAG_BIT(SOCKDIAG_LISTEN),
		.ports = c->ports,
		.port_count = c->port_count,
		.with_info = closely,
	};
	int r = diag_dump(c->diag, &filter, count, &sample);

	if (r == 0)
		*ret = sample.counts;
	return r;
}

int connections_visit(struct connections *c, connections_fn *fn, void *data, struct connection_counts *ret)
{
	return visit(c, false, fn, data, ret);
}

int connections_visit_closely(struct connections *c, connections_fn *fn, void *data, struct connection_counts *ret)
{
	return visit(c, true, fn, data, ret);
}

int connections_sample(struct connections *c, struct connection_counts *ret)
{
	return connections_visit(c, NULL, NULL, ret);
}
