/* SPDX-License-Identifier: Apache-2.0 */
/* connections - how many connections the guarded ports have now.
 *
 * One dump of sock_diag(7) for both address families; /proc is not read and no privilege is
 * needed. The kernel walks its table while connections come and go, so a sample is not of one
 * instant: a connection may be missed or counted in its next state, never counted twice.
 *
 * Owned by the watch worker. The netlink socket (kernel/diag.h) is opened once, in the network
 * namespace of that moment; no call waits.
 */
#ifndef WAVEBREAK_SENSE_CONNECTIONS_H
#define WAVEBREAK_SENSE_CONNECTIONS_H

#include "wire/sockdiag.h"

struct connections;

/* TIME_WAIT, which holds neither a process nor a slot, is in none of these. */
struct connection_counts {
	uint32_t total; /* served + waiting + opening + closing */
	uint32_t served; /* a process of the server holds it */
	uint32_t waiting; /* complete, but the server did not accept it: all its slots are taken */
	uint32_t opening; /* the handshake is not complete */
	uint32_t closing; /* the server closed it, the client has not yet */
	uint32_t by_state[SOCKDIAG_STATES]; /* the same connections by enum sockdiag_state */
	uint32_t listeners;
	/* Of all listeners together: connections in the queue before accept, and how many it takes.
	 * The queue also has those that ended in it, so it may be longer than `waiting`. */
	uint32_t queue, queue_most;
};

/* Ports are copied: 1 to SOCKDIAG_PORTS_MOST. Returns 0, -EINVAL, -ENOMEM or what the kernel
 * said. */
int connections_create(const uint16_t *ports, size_t port_count, struct connections **ret);
void connections_destroy(struct connections *connections);

/* Those of the gate, which may have clients of the same ports, are not counted from now on, nor are its listening sockets
 * (kernel/gate_mark.h); a visit shows them all the same, as of_gate. What it has handed over is the server's. */
void connections_leave_out_gate(struct connections *connections);

/* Returns 0, or -errno and then no counts. */
int connections_sample(struct connections *connections, struct connection_counts *ret);

/* A sample that also shows every connection, for the top sources. Listeners are not shown. */
typedef void connections_fn(void *data, const struct sockdiag_socket *connection);
int connections_visit(struct connections *connections, connections_fn *fn, void *data,
		      struct connection_counts *ret);
/* The same with each connection's tcp_info, for relief. */
int connections_visit_closely(struct connections *connections, connections_fn *fn, void *data,
			      struct connection_counts *ret);

#endif
