/* SPDX-License-Identifier: Apache-2.0 */
/* newcomers - of the connections that are open now: how many are new, and how many of them are of clients
 * that were never here before.
 *
 * A round is one look at all of them. A connection is new when the round before did not have it; one
 * that came and went between two rounds is not seen. A client (addr_unit: an address of IPv4, a /64 of
 * IPv6) is first seen when none of its connections was, for NEWCOMERS_MEMORY_MS or longer.
 *
 * Clients are kept in two tables, a younger and an older one. When the younger is full, or half the memory's
 * time old, the older is thrown away and takes its place; who is found in the older goes over to the younger.
 * So a flood of strangers makes the memory shorter, and never larger: NEWCOMERS_CLIENTS_MOST clients.
 * Of a round, NEWCOMERS_CONNECTIONS_MOST connections are looked at. All together are 4 MB at most.
 *
 * Pure; times are in milliseconds of any clock that does not run backward.
 */
#ifndef WAVEBREAK_JUDGE_NEWCOMERS_H
#define WAVEBREAK_JUDGE_NEWCOMERS_H

#include "base/addr.h"

#define NEWCOMERS_CLIENTS_MOST 100000
#define NEWCOMERS_CONNECTIONS_MOST 20000
#define NEWCOMERS_MEMORY_MS (12 * 3600 * 1000ULL)

struct newcomers;

struct newcomers_count {
	uint32_t connections; /* that are new */
	uint32_t first_seen;  /* clients among them that were never here before */
};

/* Returns 0 or -ENOMEM. */
int newcomers_create(struct newcomers **ret);
void newcomers_destroy(struct newcomers *newcomers);

void newcomers_begin(struct newcomers *newcomers, uint64_t now_ms);
/* `cookie` is a number that no other connection has or had (wire/sockdiag.h). Without memory it is not seen. Returns
 * whether the connection is new. */
bool newcomers_see(struct newcomers *newcomers, uint64_t cookie, const struct addr *client);
/* The connections that were not seen in this round are forgotten. */
void newcomers_end(struct newcomers *newcomers, struct newcomers_count *ret);

/* Bytes held, for status and tests. */
size_t newcomers_memory(const struct newcomers *newcomers);
size_t newcomers_clients(const struct newcomers *newcomers);

#endif
