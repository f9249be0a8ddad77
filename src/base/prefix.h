/* SPDX-License-Identifier: Apache-2.0 */
/* prefix - a network: an address and how many of its leading bits count.
 *
 * A prefix set is a short list (the never-list), looked through from first to last:
 * it is asked once for a ban, not once for a packet. Each entry carries the words that
 * say where it comes from, because a refusal names the entry that protects an address.
 *
 * One of many entries is built in one go: prefix_set_append, which compares nothing, and then
 * prefix_set_sort. Networks are within each other or apart, so that dropping those within another
 * leaves a list in which one step of bisection after the other finds the only candidate.
 */
#ifndef WAVEBREAK_BASE_PREFIX_H
#define WAVEBREAK_BASE_PREFIX_H

#include "base/addr.h"

struct prefix {
	struct addr addr; /* bits after `length` are zero */
	uint8_t length;   /* in bits of the family: 0..32 or 0..128 */
};

#define PREFIX_TEXT_SIZE (ADDR_TEXT_SIZE + 4)

/* "192.0.2.0/24", "2001:db8::/32", or a bare address. Bits after the length have to be
 * zero: "192.0.2.7/24" is more often a slip than a wish. IPv4 in IPv6 clothing becomes IPv4, and may have its
 * length as IPv6 ("::ffff:192.0.2.0/120").
 * Returns 0, -EINVAL (no prefix), -ERANGE (length), -EDOM (bits after the length). */
int prefix_parse(struct bytes text, struct prefix *ret);

/* The bare address where the prefix is one address. Returns `text`. */
const char *prefix_format(const struct prefix *prefix, char text[PREFIX_TEXT_SIZE]);

/* The network of `length` bits around an address. `length` is at most the family's. */
struct prefix prefix_around(const struct addr *addr, uint8_t length);
/* All addresses that a unit (addr_unit) stands for: the one of IPv4, the /64 of IPv6. */
struct prefix prefix_of_unit(const struct addr *unit);
/* What is taken for one network where clients are counted by networks: a /24 of IPv4, a /48 of IPv6. */
struct prefix prefix_of_network(const struct addr *addr);

bool prefix_contains(const struct prefix *prefix, const struct addr *addr);
bool prefix_overlaps(const struct prefix *a, const struct prefix *b);

#define PREFIX_SET_MAX 4096
#define PREFIX_WHY_SIZE 47

struct prefix_entry {
	struct prefix prefix;
	char why[PREFIX_WHY_SIZE]; /* "loopback", "ban.never", "address of eth0" */
};

struct prefix_set {
	struct prefix_entry *entries;
	size_t count;
	size_t room;
	bool sorted; /* by prefix_set_sort, and not added to since */
};

/* An entry that is there already stays as it was. `why` is cut to fit.
 * Returns 0, -ENOMEM, or -ENOSPC at PREFIX_SET_MAX entries. */
int prefix_set_add(struct prefix_set *set, const struct prefix *prefix, const char *why);

/* Adds without a look at what is there, up to `most` entries. Returns 0, -ENOMEM or -ENOSPC. */
int prefix_set_append(struct prefix_set *set, const struct prefix *prefix, const char *why, size_t most);

/* Brings the entries into order and drops those within another; of equals one stays. Returns how many went. */
size_t prefix_set_sort(struct prefix_set *set);

/* An entry that shares addresses with the prefix, NULL when none does: of a sorted set in log n, else the first. */
const struct prefix_entry *prefix_set_overlap(const struct prefix_set *set, const struct prefix *prefix);

/* The first entry that contains the address, or that shares addresses with it when
 * the unit asked for is an IPv6 /64. NULL when none does. */
const struct prefix_entry *prefix_set_find(const struct prefix_set *set, const struct addr *unit);

bool prefix_set_remove(struct prefix_set *set, const struct prefix *prefix);
void prefix_set_clear(struct prefix_set *set);

#endif
