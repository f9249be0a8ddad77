/* SPDX-License-Identifier: Apache-2.0 */
/* table - a hash table with a cap, for what strangers can make grow.
 *
 * Keys and values have fixed sizes and are copied in. A value stays where it is until it
 * is removed, so it may be linked to from elsewhere, by pointer or by its 32-bit id.
 * Memory grows in blocks with the number of entries, never past `most`; what to do when
 * it is full (refuse, or remove the least deserving first) is the owner's choice and
 * the owner's counter. The hash is seeded from getrandom(2), so nobody outside can
 * choose keys that fall together.
 */
#ifndef WAVEBREAK_BASE_TABLE_H
#define WAVEBREAK_BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table;

/* Sizes in bytes, `most` in entries (1 .. 2^31). Values are aligned to 8 bytes.
 * Returns 0, -EINVAL or -ENOMEM. */
int table_create(size_t key_size, size_t value_size, size_t most, struct table **ret);
void table_destroy(struct table *table);

/* The value of a key, or NULL. */
void *table_find(const struct table *table, const void *key);

/* Returns 1 when the key is new (its value is all zero), 0 when it was there, -ENOSPC at
 * the cap, -ENOMEM. */
int table_add(struct table *table, const void *key, void **ret_value);

/* Makes room at once for so many (`most` at the highest), so that none of the next additions has to move all the
 * others. Returns 0 or -ENOMEM. */
int table_reserve(struct table *table, size_t count);

bool table_remove(struct table *table, const void *key);
void table_clear(struct table *table);

size_t table_count(const struct table *table);
/* Bytes of memory held, for status and tests. */
size_t table_memory(const struct table *table);

const void *table_key(const struct table *table, const void *value);
uint32_t table_id(const struct table *table, const void *value);
/* NULL when no entry has that id. */
void *table_at(const struct table *table, uint32_t id);

/* Goes through all entries: start with *cursor = 0, ends with NULL. The entry that was
 * just returned may be removed on the way; entries added on the way may be missed. */
void *table_next(const struct table *table, uint32_t *cursor);

#endif
