/* SPDX-License-Identifier: Apache-2.0 */
#include "sense/connections.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct connections {
	int fd;
	uint16_t ports[SOCKDIAG_PORTS_MOST];
	size_t port_count;
	uint32_t sequence; /* of the latest dump; answers to earlier ones are passed over */
	uint8_t datagram[SOCKDIAG_DATAGRAM_MOST];
};

struct sample {
	struct connection_counts counts;
	connections_fn *fn;
	void *data;
};

int connections_create(const uint16_t *ports, size_t port_count, struct connections **ret)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct connections *c;
	int r;

	if (port_count == 0 || port_count > SOCKDIAG_PORTS_MOST)
		return -EINVAL;
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	memcpy(c->ports, ports, port_count * sizeof(*ports));
	c->port_count = port_count;
	c->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (c->fd < 0 || connect(c->fd, (const struct sockaddr *)&kernel, sizeof(kernel)) < 0) {
		r = -errno;
		connections_destroy(c);
		return r;
	}
	*ret = c;
	return 0;
}

void connections_destroy(struct connections *c)
{
	if (!c)
		return;
	if (c->fd >= 0)
		close(c->fd);
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

static void count(struct sample *sample, const struct sockdiag_socket *socket)
{
	struct connection_counts *counts = &sample->counts;

	if (socket->state == SOCKDIAG_LISTEN) {
		counts->listeners++;
		counts->queue += socket->receive_queue;
		counts->queue_most += socket->send_queue;
		return;
	}
	if (socket->state >= SOCKDIAG_STATES)
		return;
	counts->total++;
	counts->by_state[socket->state]++;
	++*kind_of(counts, socket);
	if (sample->fn)
		sample->fn(sample->data, socket);
}

static int ask(struct connections *c)
{
	struct sockdiag_filter filter = {
		.states = SOCKDIAG_CONNECTIONS | SOCKDIAG_BIT(SOCKDIAG_LISTEN),
		.ports = c->ports,
		.port_count = c->port_count,
	};
	uint8_t request[SOCKDIAG_DUMP_SIZE];
	struct nl_writer w;

	nl_writer_init(&w, request, sizeof(request));
	sockdiag_put_dump(&w, ++c->sequence, &filter);
	if (nl_overflow(&w))
		return -EINVAL;
	return send(c->fd, request, w.used, MSG_DONTWAIT) < 0 ? -errno : 0;
}

/* Only the kernel has port 0. */
static int receive(struct connections *c, struct bytes *ret)
{
	struct sockaddr_nl from = { 0 };
	socklen_t from_size = sizeof(from);
	ssize_t n;

	do {
		n = recvfrom(c->fd, c->datagram, sizeof(c->datagram), MSG_DONTWAIT | MSG_TRUNC,
			     (struct sockaddr *)&from, &from_size);
	} while ((n < 0 && errno == EINTR) || (n >= 0 && from.nl_pid != 0));
	if (n < 0)
		return -errno;
	*ret = bytes_make((const char *)c->datagram, (size_t)n);
	return ret->size > sizeof(c->datagram) ? -EMSGSIZE : 0;
}

/* Returns 1 when the dump is complete, 0 when more datagrams follow, or -errno. */
static int read_datagram(const struct connections *c, struct bytes datagram, struct sample *sample)
{
	struct sockdiag_answer answer;
	int r;

	while ((r = sockdiag_next(&datagram, &answer)) == 1) {
		if (answer.sequence != c->sequence)
			continue;
		if (answer.kind != SOCKDIAG_SOCKET)
			return answer.error < 0 ? answer.error : 1;
		count(sample, &answer.socket);
	}
	return r;
}

/* A dump that is left in the middle would keep the socket busy for the next one. */
static void drain(struct connections *c)
{
	struct bytes datagram;
	int r;

	do
		r = receive(c, &datagram);
	while (r == 0 || r == -EMSGSIZE);
}

int connections_visit(struct connections *c, connections_fn *fn, void *data, struct connection_counts *ret)
{
	struct sample sample = { .fn = fn, .data = data };
	struct bytes datagram;
	int r = ask(c);

	while (r == 0) {
		r = receive(c, &datagram);
		if (r == 0)
			r = read_datagram(c, datagram, &sample);
	}
	if (r < 0) {
		drain(c);
		return r;
	}
	*ret = sample.counts;
	return 0;
}

int connections_sample(struct connections *c, struct connection_counts *ret)
{
	return connections_visit(c, NULL, NULL, ret);
}
