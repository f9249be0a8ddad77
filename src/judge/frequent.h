/* SPDX-License-Identifier: Apache-2.0 */
/* frequent - the most frequent of any number of keys, in bounded memory.
 *
 * Space-Saving (Metwally, Agrawal, El Abbadi: "Efficient computation of frequent and top-k elements
 * in data streams", 2005): when all counters are taken, a new key takes over that of the least
 * frequent one with its count, which is then the most by which its own may be too high. A key
 * that makes up more than one part in `room` of all is never missed.
 *
 * Pure. Keys are prefixes: an address is its own prefix.
 */
#ifndef WAVEBREAK_JUDGE_FREQUENT_H
#define WAVEBREAK_JUDGE_FREQUENT_H

#include "base/prefix.h"

struct frequent;

struct frequent_entry {
	struct prefix prefix;
	uint64_t count;
	uint64_t too_high_by; /* at most */
};

/* Returns 0 or -ENOMEM. */
int frequent_create(size_t room, struct frequent **ret);
void frequent_destroy(struct frequent *frequent);

/* Never fails: without memory the key is not counted. */
void frequent_add(struct frequent *frequent, const struct prefix *prefix);

/* The most frequent first, equal ones in order of their addresses. Returns how many there are, up to
 * `most`. */
size_t frequent_list(const struct frequent *frequent, struct frequent_entry *ret, size_t most);

/* Different keys that were counted apart; `room` of them at most. */
size_t frequent_count(const struct frequent *frequent);

#endif
