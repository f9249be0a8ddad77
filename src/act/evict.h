/* SPDX-License-Identifier: Apache-2.0 */
/* evict - end the connections that a banned client still holds.
 *
 * A client that was told 5xx and stays costs the mail server a process. We end the TCP
 * connection from outside (SOCK_DESTROY, sock_diag(7)); the server's process then sees its
 * peer gone and exits by itself, or, where it sleeps, is sent SIGTERM (act/handler.h). A RST
 * may take away what the client has not read, so a connection is ended when the client has
 * acknowledged all that was sent to it and nothing is owed to it (act/told.h), or after
 * the grace period.
 *
 * The way of one request:
 * - All requests of one round of the loop share one dump, and in a stream of them all of 20 ms.
 *   Each connection of the client is then looked at alone, by its cookie: every 1 ms at first,
 *   every 25 ms in the end. One that is half open is ended at once.
 * - The client is looked for again after a while and after the grace period, for connections
 *   whose handshake was under way when the ban began. Ban first, then evict: the ban has to
 *   drop SYN only, or the client's acknowledgement is dropped with it.
 * - What this costs is measured as it goes on: finding connections takes at most a quarter of
 *   one core, ending them an eighth. With nothing pending there is no timer.
 *
 * Owned by the warden (CAP_NET_ADMIN; for SIGTERM what act/handler.h says). No call blocks,
 * all return 0 or -errno, and `ended` is called from the loop only.
 */
#ifndef WAVEBREAK_ACT_EVICT_H
#define WAVEBREAK_ACT_EVICT_H

#include "base/addr.h"
#include "event/loop.h"

struct evict;

struct eviction {
	struct addr client; /* the whole address, also where a /64 was asked for */
	uint16_t client_port;
	bool forced; /* at the end of the grace period: the client may not know its 5xx */
	uint64_t waited_ms; /* since evict_address */
};

typedef void evict_fn(void *data, const struct eviction *eviction);

/* Of evict_connection: error is 0, -ENOENT when it was gone already, or what the kernel said. */
typedef void evict_relieved_fn(void *data, const struct addr *client, uint16_t client_port, int error);

#define EVICT_PORTS_MOST 24
#define EVICT_MOST_DEFAULT 50000
/* Of evict_connection: pending at once. */
#define EVICT_RELIEVED_MOST 4096

struct evict_limits {
	uint16_t ports[EVICT_PORTS_MOST]; /* the guarded ones; no other connection is touched */
	size_t port_count;
	uint64_t grace_ms; /* 0 waits for no acknowledgement */
	size_t most;       /* clients, and connections, pending at once; 0: EVICT_MOST_DEFAULT */
	bool signal_handlers;
	/* Names of the processes that may hold a client, NULL-ended, as handlers_create takes them;
	 * with NULL nobody is signalled. Only read by evict_create. */
	const char *const *handlers;
	bool observe; /* find, wait and report, but end nothing */
	evict_fn *ended; /* or NULL */
	evict_relieved_fn *relieved; /* likewise */
	void *data;
};

/* Returns 0, -EINVAL (no port), -EOPNOTSUPP (the kernel has no SOCK_DESTROY), -ENOMEM or what
 * the kernel said. */
int evict_create(struct loop *loop, const struct evict_limits *limits, struct evict **ret);

/* Ends all connections from `unit` (addr_unit: an IPv4 address or an IPv6 /64) to the guarded
 * ports. `client_port` is that of the log line, 0 when it names none: an IPv4 connection can
 * then be found without a dump, and the others of its client follow 100 ms later. A request
 * for a client that is pending already begins anew; connections that are watched go on.
 * Returns 0, -EINVAL, -ENOMEM, or -ENOSPC when too many are pending (counted). */
int evict_address(struct evict *evict, struct addr unit, uint16_t client_port);

/* Ends this one connection at once, whatever its client was told: near the server's limit it is the
 * place that counts. All that are named in 20 ms share one dump. A server's process that sleeps is
 * sent SIGTERM as above. Returns 0, -EINVAL, -EPERM where nothing is to be ended (observe), -ENOSPC
 * or -ENOMEM. */
int evict_connection(struct evict *evict, struct addr client, uint16_t client_port);

/* Clients and connections that are waited for. */
size_t evict_pending(const struct evict *evict);

/* What is pending is let go: those connections live on. */
void evict_destroy(struct evict *evict);

#endif
