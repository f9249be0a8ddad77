/* SPDX-License-Identifier: Apache-2.0 */
#include "base/prefix.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Of ::ffff:0:0/96 (RFC 4291 section 2.5.5.2). */
#define MAPPED_BITS 96

static uint8_t family_bits(const struct addr *addr)
{
	return addr->family == ADDR_IPV4 ? 32 : 128;
}

static void clear_bits_after(struct addr *addr, uint8_t length)
{
	size_t whole = length / 8;

	if (whole >= sizeof(addr->octets))
		return;
	addr->octets[whole] = (uint8_t)(addr->octets[whole] & ~(0xff >> (length % 8)));
	memset(addr->octets + whole + 1, 0, sizeof(addr->octets) - whole - 1);
}

static bool same_leading_bits(const struct addr *a, const struct addr *b, uint8_t length)
{
	size_t whole = length / 8, rest = length % 8;

	if (a->family != b->family || memcmp(a->octets, b->octets, whole) != 0)
		return false;
	return rest == 0 || (a->octets[whole] ^ b->octets[whole]) >> (8 - rest) == 0;
}

struct prefix prefix_around(const struct addr *addr, uint8_t length)
{
	struct prefix prefix = { *addr, length };

	clear_bits_after(&prefix.addr, length);
	return prefix;
}

struct prefix prefix_of_unit(const struct addr *unit)
{
	return prefix_around(unit, unit->family == ADDR_IPV4 ? 32 : 64);
}

struct prefix prefix_of_network(const struct addr *addr)
{
	return prefix_around(addr, addr->family == ADDR_IPV4 ? 24 : 48);
}

/* Of a mapped address the length is IPv4's or that of its clothing, of which 96 bits are not its own. */
static int length_parse(struct bytes text, const struct addr *addr, bool in_ipv6_form, uint64_t *ret)
{
	bool mapped = in_ipv6_form && addr->family == ADDR_IPV4;
	int r = bytes_to_u64(text, mapped ? MAPPED_BITS + 32 : family_bits(addr), ret);

	if (r < 0 || !mapped || *ret <= 32)
		return r;
	if (*ret < MAPPED_BITS)
		return -ERANGE;
	*ret -= MAPPED_BITS;
	return 0;
}

int prefix_parse(struct bytes text, struct prefix *ret)
{
	size_t slash = bytes_find_char(text, '/');
	struct prefix prefix;
	uint64_t length;
	int r;

	r = addr_parse(bytes_first(text, slash), &prefix.addr);
	if (r < 0)
		return r;
	prefix.length = family_bits(&prefix.addr);
	if (slash < text.size) {
		r = length_parse(bytes_skip(text, slash + 1), &prefix.addr, bytes_find_char(text, ':') < slash, &length);
		if (r < 0)
			return r;
		prefix.length = (uint8_t)length;
	}
	*ret = prefix_around(&prefix.addr, prefix.length);
	return addr_equal(&ret->addr, &prefix.addr) ? 0 : -EDOM;
}

const char *prefix_format(const struct prefix *prefix, char text[PREFIX_TEXT_SIZE])
{
	size_t used;

	addr_format(&prefix->addr, text);
	used = strlen(text);
	if (prefix->length != family_bits(&prefix->addr))
		snprintf(text + used, PREFIX_TEXT_SIZE - used, "/%u", prefix->length);
	return text;
}

bool prefix_contains(const struct prefix *prefix, const struct addr *addr)
{
	return same_leading_bits(&prefix->addr, addr, prefix->length);
}

bool prefix_overlaps(const struct prefix *a, const struct prefix *b)
{
	return same_leading_bits(&a->addr, &b->addr, a->length < b->length ? a->length : b->length);
}

static struct prefix_entry *find_same(const struct prefix_set *set, const struct prefix *prefix)
{
	for (size_t i = 0; i < set->count; i++) {
		struct prefix_entry *e = &set->entries[i];

		if (e->prefix.length == prefix->length && addr_equal(&e->prefix.addr, &prefix->addr))
			return e;
	}
	return NULL;
}

int prefix_set_add(struct prefix_set *set, const struct prefix *prefix, const char *why)
{
	return find_same(set, prefix) ? 0 : prefix_set_append(set, prefix, why, PREFIX_SET_MAX);
}

int prefix_set_append(struct prefix_set *set, const struct prefix *prefix, const char *why, size_t most)
{
	struct prefix_entry *grown;
	size_t room;

	if (set->count >= most)
		return -ENOSPC;
	if (set->count == set->room) {
		room = set->room ? set->room * 2 : 16;
		grown = reallocarray(set->entries, room, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		set->entries = grown;
		set->room = room;
	}
	/* All of it is written: entries are compared and passed on as bytes. */
	set->entries[set->count] = (struct prefix_entry){ .prefix = *prefix };
	snprintf(set->entries[set->count].why, PREFIX_WHY_SIZE, "%s", why);
	set->count++;
	set->sorted = false;
	return 0;
}

/* By family, address and length: what holds others comes right before them. */
static int compare(const void *left, const void *right)
{
	const struct prefix *a = &((const struct prefix_entry *)left)->prefix;
	const struct prefix *b = &((const struct prefix_entry *)right)->prefix;
	int order = memcmp(&a->addr, &b->addr, sizeof(a->addr));

	return order ? order : a->length - b->length;
}

size_t prefix_set_sort(struct prefix_set *set)
{
	size_t kept = 0, before = set->count;

	if (before)
		qsort(set->entries, before, sizeof(set->entries[0]), compare);
	for (size_t i = 0; i < before; i++) {
		if (kept == 0 || !prefix_overlaps(&set->entries[kept - 1].prefix, &set->entries[i].prefix))
			set->entries[kept++] = set->entries[i];
	}
	set->count = kept;
	set->sorted = true;
	return before - kept;
}

static struct addr last_of(const struct prefix *prefix)
{
	struct addr last = prefix->addr;

	for (unsigned bit = prefix->length; bit < family_bits(&last); bit++)
		last.octets[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	return last;
}

/* Of those that share addresses with the prefix one is the last that begins before its end. */
static const struct prefix_entry *overlap_sorted(const struct prefix_set *set, const struct prefix *prefix)
{
	struct addr last = last_of(prefix);
	size_t low = 0, high = set->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(&set->entries[middle].prefix.addr, &last, sizeof(last)) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low && prefix_overlaps(&set->entries[low - 1].prefix, prefix) ? &set->entries[low - 1] : NULL;
}

const struct prefix_entry *prefix_set_overlap(const struct prefix_set *set, const struct prefix *prefix)
{
	if (set->sorted)
		return overlap_sorted(set, prefix);
	for (size_t i = 0; i < set->count; i++) {
		if (prefix_overlaps(&set->entries[i].prefix, prefix))
			return &set->entries[i];
	}
	return NULL;
}

const struct prefix_entry *prefix_set_find(const struct prefix_set *set, const struct addr *unit)
{
	struct prefix asked = { *unit, unit->family == ADDR_IPV4 ? 32 : 64 };

	/* A unit is asked for by its first address; an address inside the /64 stands for itself. */
	if (unit->family == ADDR_IPV6 && memcmp(unit->octets + 8, "\0\0\0\0\0\0\0\0", 8) != 0)
		asked.length = 128;
	return prefix_set_overlap(set, &asked);
}

bool prefix_set_remove(struct prefix_set *set, const struct prefix *prefix)
{
	struct prefix_entry *e = find_same(set, prefix);

	if (!e)
		return false;
	*e = set->entries[--set->count];
	set->sorted = false;
	return true;
}

void prefix_set_clear(struct prefix_set *set)
{
	free(set->entries);
	*set = (struct prefix_set){ 0 };
}
