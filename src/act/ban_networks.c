/* SPDX-License-Identifier: Apache-2.0 */
#include "act/ban_private.h"

#include <errno.h>
#include <stdlib.h>

/* A set of intervals of the kernel's takes no two that overlap, and what two that touch come to differs between
 * versions: so they are made one here. */

struct interval {
	uint8_t first[16], last[16];
};

static const uint8_t mapped_head[12] = { [10] = 0xff, [11] = 0xff };

/* IPv4 in IPv6 clothing (RFC 4291 section 2.5.5.2) is IPv4: that is how such a packet comes. */
static struct prefix undressed(const struct prefix *prefix)
{
	if (prefix->addr.family != ADDR_IPV6 || prefix->length < 96 ||
	    memcmp(prefix->addr.octets, mapped_head, sizeof(mapped_head)) != 0)
		return *prefix;
	return (struct prefix){ addr_from_ipv4(prefix->addr.octets + 12), (uint8_t)(prefix->length - 96) };
}

static struct interval interval_of(const struct prefix *prefix, size_t size)
{
	struct interval interval = { 0 };
	size_t kept;

	for (size_t i = 0; i < size; i++) {
		kept = prefix->length > i * 8 ? prefix->length - i * 8 : 0;
		interval.first[i] = prefix->addr.octets[i];
		interval.last[i] = (uint8_t)(prefix->addr.octets[i] | (kept < 8 ? 0xff >> kept : 0));
	}
	return interval;
}

static int compare(const void *a, const void *b)
{
	const struct interval *x = a, *y = b;

	return memcmp(x->first, y->first, sizeof(x->first));
}

/* The next address; false when there is none. */
static bool step(uint8_t *octets, size_t size)
{
	while (size && ++octets[size - 1] == 0)
		size--;
	return size > 0;
}

/* Returns how many are left. */
static size_t merge(struct interval *intervals, size_t count, size_t size)
{
	uint8_t after[16];
	size_t kept = 0;

	qsort(intervals, count, sizeof(*intervals), compare);
	for (size_t i = 1; i < count; i++) {
		memcpy(after, intervals[kept].last, sizeof(after));
		if (step(after, size) && memcmp(intervals[i].first, after, size) > 0)
			intervals[++kept] = intervals[i];
		else if (memcmp(intervals[i].last, intervals[kept].last, size) > 0)
			memcpy(intervals[kept].last, intervals[i].last, size);
	}
	return count ? kept + 1 : 0;
}

/* Returns how many there are. `intervals` has room for all of the set. */
static size_t collect(const struct prefix_set *prefixes, enum addr_family family, size_t size,
		      struct interval *intervals)
{
	struct prefix prefix;
	size_t count = 0;

	for (size_t i = 0; i < prefixes->count; i++) {
		prefix = undressed(&prefixes->entries[i].prefix);
		if (prefix.addr.family == family)
			intervals[count++] = interval_of(&prefix, size);
	}
	return merge(intervals, count, size);
}

static void put_intervals(struct nft_batch *batch, const char *set, const struct interval *intervals, size_t count,
			  size_t size)
{
	struct nft_elements elements;
	uint8_t end[16];

	nft_elements_add(&elements, batch, set);
	for (size_t i = 0; i < count; i++) {
		memcpy(end, intervals[i].last, sizeof(end));
		nft_elements_put_interval(&elements, intervals[i].first, step(end, size) ? end : NULL, size);
	}
	nft_elements_end(&elements);
}

/* Up to BAN_PREFIXES_MOST are exchanged at once; of more, the rest follows. */
static int exchange_family(struct ban_table *ban, const char *set, const struct interval *intervals, size_t count,
			   size_t size)
{
	struct nft_batch batch;
	size_t done = 0, part;
	int r;

	do {
		part = count - done < BAN_PREFIXES_MOST ? count - done : BAN_PREFIXES_MOST;
		ban_batch_begin(ban, &batch);
		if (done == 0)
			nft_set_flush(&batch, set);
		put_intervals(&batch, set, intervals + done, part, size);
		r = ban_batch_commit(ban, &batch);
		done += part;
	} while (r == 0 && done < count);
	return r;
}

static int exchange(struct ban_table *ban, const char *set4, const char *set6, const struct prefix_set *prefixes)
{
	struct interval *intervals = calloc(prefixes->count + 1, sizeof(*intervals));
	size_t count;
	int r;

	if (!intervals)
		return -ENOMEM;
	count = collect(prefixes, ADDR_IPV4, 4, intervals);
	r = exchange_family(ban, set4, intervals, count, 4);
	if (r == 0) {
		memset(intervals, 0, prefixes->count * sizeof(*intervals));
		count = collect(prefixes, ADDR_IPV6, 16, intervals);
		r = exchange_family(ban, set6, intervals, count, 16);
	}
	free(intervals);
	return r;
}

int ban_set_never(struct ban_table *ban, const struct prefix_set *never)
{
	if (never->count > BAN_PREFIXES_MOST)
		return -EMSGSIZE;
	return exchange(ban, NFT_GUARD_NEVER4, NFT_GUARD_NEVER6, never);
}

int ban_set_networks(struct ban_table *ban, const struct prefix_set *networks)
{
	if (networks->count > BAN_NETWORKS_MOST)
		return -EMSGSIZE;
	return exchange(ban, NFT_GUARD_NETWORK4, NFT_GUARD_NETWORK6, networks);
}
