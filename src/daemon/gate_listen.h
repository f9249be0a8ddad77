/* SPDX-License-Identifier: Apache-2.0 */
/* gate_listen - the sockets on which clients of the gate come in, which the warden makes and keeps.
 *
 * Each gate worker has one for each endpoint of gate.listen, all bound alike (SO_REUSEPORT), so that the kernel
 * shares the clients out. What waits to be accepted stays with its socket, whichever process accepts from it:
 * a worker that died, or was replaced at a reload, leaves it to the next one of its number.
 *
 * With gate.steer they are at gate.steer_port of 127.0.0.1 and ::1 and nowhere else, and IP_TRANSPARENT: the
 * kernel brings clients of the mail server's places to them, whose connections keep the ends that they have.
 * While none of them is there, it lets these clients through to the mail server.
 */
#ifndef WAVEBREAK_DAEMON_GATE_LISTEN_H
#define WAVEBREAK_DAEMON_GATE_LISTEN_H

#include "config/settings.h"
#include "daemon/gate_worker.h"

struct gate_endpoint {
	struct endpoint endpoint;
	int sockets[GATE_WORKERS_MOST]; /* one a worker */
};

struct gate_listeners {
	struct gate_endpoint endpoints[GATE_LISTENERS_MOST];
	size_t count;
	unsigned workers;
	int hook;       /* gate.hook, one for all workers, or -1; then there are no endpoints */
	char hook_path[104];
};

/* As gate.workers says, or one for each processor that we may use. */
unsigned gate_worker_count(const struct settings *settings);

/* Listens where the settings say: at gate.hook, for who may run as gate.user, at gate.steer_port, or at gate.listen;
 * steering takes CAP_NET_ADMIN, and without IPv6 in this host has its IPv4 part. Where `old` (or
 * NULL) listens, too, its sockets are taken over, by a descriptor of one's own for each; `old` stays as it is.
 * Returns 0, or -errno when that cannot be, which has been said: -EADDRINUSE, -EADDRNOTAVAIL, -EINVAL are the
 * configuration's. */
int gate_listeners_open(const struct settings *settings, const struct gate_listeners *old, struct gate_listeners **ret);

/* Finds out whether that could be, and has it for a moment, which nobody notices: where `old` listens, nothing is
 * tried, nor is anything where `old` is NULL. Returns as above. */
int gate_listeners_try(const struct settings *settings, const struct gate_listeners *old);
/* Whether the place is free, or held by a gate of the same user: 0 or -errno. No client notices, since nothing
 * listens. */
int gate_listen_try(const struct endpoint *endpoint);

/* The socket of gate.hook is taken away, at the end. */
void gate_listeners_remove_hook(const struct gate_listeners *listeners);
/* NULL is fine. */
void gate_listeners_close(struct gate_listeners *listeners);

#endif
