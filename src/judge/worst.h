/* SPDX-License-Identifier: Apache-2.0 */
/* worst - the worst clients of any number of them, and the worst networks, in bounded memory.
 *
 * It is told of each client once, with all that counts against it, and keeps the `most` worst in a heap. The same for
 * networks (/24 of IPv4, /48 of IPv6), which are the sums over their clients: as sums only grow, one that
 * has left the heap comes back by the client that makes it bad enough, so the result is exact. WORST_NETWORKS_MOST
 * networks are added up; clients of further ones are still ranked by themselves, and those networks are counted in
 * worst_networks_left_out.
 *
 * Pure; one thread.
 */
#ifndef WAVEBREAK_JUDGE_WORST_H
#define WAVEBREAK_JUDGE_WORST_H

#include "base/prefix.h"

#define WORST_NETWORKS_MOST 65536

enum client_state {
#define CLIENT_STATE(id, name, help) CLIENT_##id,
#include "defs/client_states.def"
#undef CLIENT_STATE
	CLIENT_STATES
};

const char *client_state_name(enum client_state state);
const char *client_state_help(enum client_state state);
/* 0 or -ENOENT. */
int client_state_by_name(struct bytes name, enum client_state *ret);

/* What is compared first. Equal ones are compared by score, open connections, offences and time, in this order. */
enum worst_order {
	WORST_BY_SCORE,
	WORST_BY_OPEN,
	WORST_BY_OFFENCES,
	WORST_BY_LATEST,
	WORST_ORDERS
};

const char *worst_order_name(enum worst_order order);
/* 0 or -ENOENT. */
int worst_order_by_name(struct bytes name, enum worst_order *ret);

/* A client (prefix_of_unit), or a network of such. */
struct worst_row {
	struct prefix prefix;
	uint64_t score;
	uint64_t open;     /* connections now */
	uint64_t offences;
	uint64_t last_ms;  /* the latest offence, wall time; 0: none */
	uint32_t clients, banned, suspects; /* of a network */
};

/* Whether `a` stands before `b`; never both before each other. */
bool worst_before(enum worst_order order, const struct worst_row *a, const struct worst_row *b);

struct worst;

/* `clients` is how many there are about. Returns 0 or -ENOMEM. */
int worst_create(enum worst_order order, size_t most, size_t clients, struct worst **ret);
void worst_destroy(struct worst *worst);

/* A client, each once. Without memory its network is not counted. */
void worst_add(struct worst *worst, const struct worst_row *client);
/* A client that was added is banned, or a suspect: its network has one more of these. */
void worst_mark(struct worst *worst, const struct prefix *client, bool banned, bool suspect);

/* Brings them into order, the worst first; nothing may be added from then on. Returns how many there are. The rows are
 * valid until worst_destroy. */
size_t worst_clients(struct worst *worst, const struct worst_row *const **ret);
size_t worst_networks(struct worst *worst, const struct worst_row *const **ret);
uint32_t worst_networks_left_out(const struct worst *worst);

#endif
