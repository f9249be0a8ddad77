/* SPDX-License-Identifier: Apache-2.0 */
/* world - what a story happens in: told time, a kernel that is played, and the real judge.
 *
 * Real are the signatures, the matcher, judge, bans, suspects and the form in which the store keeps them. Played are
 * the kernel (a set of elements with timeouts, of which each SYN that it drops sets one back to ban.for, and the set of
 * the suspects, which is steered by), the connections, the clock and the store's file. What worker_watch.c and
 * worker_bans.c do between them is done here in the plainest way.
 *
 * Time passes only in world_pass, in milliseconds; whatever is due on the way is done on time.
 */
#ifndef WAVEBREAK_TEST_WORLD_H
#define WAVEBREAK_TEST_WORLD_H

#include "script.h"

enum connection {
	NEVER_CONNECTED,
	CONNECTED,
	EVICTED,
};

struct world;

/* `signatures` is the folder of signature files. Exits when that cannot be read. */
struct world *world_create(const char *signatures);
void world_destroy(struct world *world);

/* Settings of wavebreak.conf(5) by name. False for an unknown one or a wrong value. */
bool world_set(struct world *world, struct bytes name, struct bytes value);

uint64_t world_age_ms(const struct world *world);
void world_pass(struct world *world, uint64_t ms);
/* Of the wall clock; time itself goes on as it did. */
void world_set_clock(struct world *world, int64_t by_ms);

/* A SYN. False when the kernel dropped it. */
bool world_try(struct world *world, const struct client *client);
void world_acknowledge(struct world *world, const struct client *client);
/* A line from its tag on; false when no signature knows it. */
bool world_log(struct world *world, struct bytes line);

/* The administrator's commands. False when they are refused. */
bool world_ban(struct world *world, const struct addr *addr, uint64_t for_ms, struct bytes why);
bool world_unban(struct world *world, const struct addr *addr);
bool world_allow(struct world *world, const struct prefix *prefix);

/* The daemon ends and starts again, with what the store kept. */
void world_restart(struct world *world);
void world_lose_kernel_table(struct world *world);

/* The gate was led to it, and found it clean. */
void world_gate_passes(struct world *world, const struct addr *addr);

/* For how long the kernel would lead it to the gate. */
uint64_t world_suspect_ms(const struct world *world, const struct addr *addr);
uint64_t world_banned_ms(const struct world *world, const struct addr *addr); /* by the kernel */
enum connection world_connection(const struct world *world, const struct client *client);
unsigned world_got_in(const struct world *world, const struct addr *addr); /* how often */
uint32_t world_score(struct world *world, const struct addr *addr);
/* NULL when none does. */
const struct prefix_entry *world_protection(const struct world *world, const struct addr *addr);
/* Overwritten by the next. */
const char *world_explain(struct world *world, const struct addr *addr);

#endif
