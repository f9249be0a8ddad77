/* SPDX-License-Identifier: Apache-2.0 */
/* link - the watch worker's end of the socketpair to the warden.
 *
 * Requests are gathered and leave together at link_flush, or when a packet is full; what
 * the socket does not take waits in a bounded queue and follows by itself. Answers come as
 * callbacks from the loop. Opening a log is the one request that is waited for: the warden
 * answers it in some tens of microseconds, and the follower can do nothing before.
 */
#ifndef WAVEBREAK_DAEMON_LINK_H
#define WAVEBREAK_DAEMON_LINK_H

#include "daemon/request.h"
#include "event/loop.h"

/* Requests that may wait for the socket, enough for a burst of 10,000 offenders several times
 * over; more than that is refused to the caller. */
#define LINK_WAITING_MOST 65536

struct link;

struct link_calls {
	void (*answer)(void *data, const struct answer *answer);
	/* The whole never-list of the host, replacing the one before; valid during the call. */
	void (*never)(void *data, const struct prefix_set *never);
	/* Half of the queue is free again, after link_ask said -ENOBUFS or after link_want_room. */
	void (*room)(void *data);
	/* The warden is gone: the worker has to go too. */
	void (*gone)(void *data);
};

int link_create(struct loop *loop, int socket, const struct link_calls *calls, void *data, struct link **ret);
void link_destroy(struct link *link);

/* Returns 0, or -ENOBUFS when LINK_WAITING_MOST wait already. */
int link_ask(struct link *link, const struct request *request);
size_t link_room(const struct link *link);
/* To be called before link_flush. */
void link_want_room(struct link *link);
void link_flush(struct link *link);

/* A descriptor of the log, or -errno: -ETIMEDOUT when the warden is too busy, -EPIPE when it is
 * gone. The ticket of the request is the link's to set. */
int link_open_log(struct link *link, const struct log_request *log);

#endif
