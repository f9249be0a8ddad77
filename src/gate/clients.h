/* SPDX-License-Identifier: Apache-2.0 */
/* clients - who holds how many sessions at the gate, and who is remembered from before.
 *
 * A client is an IPv4 address or an IPv6 /64 (base/addr.h), its network a /24 or /48. One that was let in
 * is remembered for gate.remember_pass, one that was rejected for gate.remember_fail, and not for
 * longer when it comes again meanwhile. A network of which CLIENTS_SENDERS clients were let in, and
 * none rejected since, belongs to a large sender, that comes again from the next address: its
 * clients are tested, but not delayed.
 *
 * Capped at gate.remembered clients and as many networks, and what there are sessions. When that
 * is reached, a newcomer takes the place of one that has no session and would be forgotten
 * soonest among the next CLIENTS_SAMPLE that a hand finds (COUNTER_gate_clients_forgotten).
 * About 110 bytes for a client with its network.
 *
 * No system call: time is monotonic, in milliseconds, and told.
 */
#ifndef WAVEBREAK_GATE_CLIENTS_H
#define WAVEBREAK_GATE_CLIENTS_H

#include "gate/session.h"

#define CLIENTS_SAMPLE 8
#define CLIENTS_SENDERS 4
/* Who was let in before is let in at once; after this it is asked about anew at the same time. */
#define CLIENTS_FRESH_MS (3600U * 1000)

struct clients;

int clients_create(const struct settings *settings, struct clients **ret);
void clients_destroy(struct clients *clients);

/* One more session of it. Returns 0; -EUSERS when gate.per_address are there already, -ENETUNREACH when
 * gate.per_network of its network are and it is not known to be good: its neighbours could keep it away else (neither
 * is counted then); or -ENOMEM. */
int clients_enter(struct clients *clients, const struct addr *client, uint64_t now_ms);
void clients_leave(struct clients *clients, const struct addr *client);

/* *ret is filled for KNOWN_BAD. *ret_stale: KNOWN_GOOD for longer than CLIENTS_FRESH_MS. */
enum session_memory clients_recall(struct clients *clients, const struct addr *client, uint64_t now_ms,
				   struct session_facts *ret, bool *ret_stale);

/* Without memory, or at the cap, it is not remembered: it is tested again the next time. */
void clients_passed(struct clients *clients, const struct addr *client, uint64_t now_ms);
/* From an earlier life: for so long still, and asked about anew when it comes. */
void clients_restore(struct clients *clients, const struct addr *client, uint64_t left_ms, uint64_t now_ms);
void clients_failed(struct clients *clients, const struct addr *client, const struct session_facts *facts,
		    uint64_t now_ms);

size_t clients_count(const struct clients *clients);
size_t clients_memory(const struct clients *clients); /* bytes */

#endif
