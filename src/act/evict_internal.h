/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of evict share: who is wanted and which connections are watched (evict.c),
 * how they are found (evict_find.c) and ended (evict_end.c).
 */
#ifndef WAVEBREAK_ACT_EVICT_INTERNAL_H
#define WAVEBREAK_ACT_EVICT_INTERNAL_H

#include "kernel/diag.h"
#include "act/evict.h"
#include "act/handler.h"
#include "act/told.h"
#include "base/table.h"

/* Local ends (address and port) that connections were seen on. */
#define EVICT_LOCALS_MOST 8
#define EVICT_NEVER UINT64_MAX

struct client {
	uint64_t asked_ms, deadline_ms, next_dump_ms;
};

struct connection {
	struct sockdiag_key key;
	struct addr peer;
	uint16_t peer_port;
	uint32_t inode;
	enum {
		CONNECTION_WATCHED,
		CONNECTION_DOOMED, /* to be ended in this tick */
		CONNECTION_FORCED, /* likewise, because its time is up */
		CONNECTION_OVER,
	} state;
	struct told told;
	uint64_t asked_ms, deadline_ms, next_look_ms;
};

struct named {
	struct addr client;
	uint16_t port;
	bool found;
};

struct evict {
	struct loop *loop;
	struct loop_timer *timer;
	struct diag *diag;
	struct handlers *handlers; /* NULL when nobody is signalled */
	struct evict_limits limits;
	struct table *clients;     /* struct addr (a unit): struct client */
	struct table *connections; /* cookie: struct connection */
	struct table *relieved;    /* connections that are to be ended at once (evict_relieve.c) */
	uint64_t no_relief_before_ms;
	uint64_t next_dump_ms, next_look_ms;
	uint64_t no_dump_before_ms, no_look_before_ms; /* the bounds on what they cost */
	/* The newest requests that name a port, looked up without a dump in the next tick. */
	struct named named[DIAG_BATCH];
	size_t named_count;
	struct sockdiag_key locals[EVICT_LOCALS_MOST];
	size_t local_count, next_local;
};

/* A client whose named connection was found at once: when to look for its others. All that
 * are due share one dump, so there are at most ten a second for them. */
#define EVICT_OTHERS_MS 100

static inline uint64_t evict_soonest(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The kernel closes what has no process by itself; only a connection that waits for accept
 * has none and is alive. */
bool evict_is_live(const struct sockdiag_socket *socket);

bool evict_guards(const struct evict *evict, uint16_t port);

/* Arms the timer for what has to be done next. Returns 0 or -errno. */
int evict_schedule(struct evict *evict);

int evict_open_relieved(struct evict *evict);
/* Ends the connections that evict_connection named. */
void evict_relieve(struct evict *evict);

/* Looks up the named connections, and lets the next dump be now where one is not found. */
void evict_find_named(struct evict *evict);

/* Dumps for all clients, and lets go of those whose time is over. */
void evict_discover(struct evict *evict);

/* Looks at the connections that are due, and ends those that may or must be. */
void evict_look(struct evict *evict);

#endif
