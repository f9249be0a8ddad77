/* SPDX-License-Identifier: Apache-2.0 */
#include "base/table.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static struct table *new_table(size_t key_size, size_t value_size, size_t most)
{
	struct table *table;

	assert_int_equal(table_create(key_size, value_size, most, &table), 0);
	return table;
}

static uint64_t *add(struct table *table, uint32_t key, int expected)
{
	void *value = NULL;

	assert_int_equal(table_add(table, &key, &value), expected);
	return value;
}

static void sizes_are_checked(void **state)
{
	struct table *table;

	assert_int_equal(table_create(0, 8, 10, &table), -EINVAL);
	assert_int_equal(table_create(8, 8, 0, &table), -EINVAL);
	assert_int_equal(table_create(8, 8, (1UL << 31) + 1, &table), -EINVAL);
	table_destroy(NULL);
}

static void a_new_value_is_zero_and_an_old_one_stays(void **state)
{
	struct table *table = new_table(4, 24, 10);
	static const unsigned char zero[24];
	unsigned char *value = (unsigned char *)add(table, 7, 1);

	assert_memory_equal(value, zero, sizeof(zero));
	memset(value, 0xff, sizeof(zero));
	assert_ptr_equal(add(table, 7, 0), value);
	assert_int_equal(value[23], 0xff);
	assert_true(table_remove(table, &(uint32_t){ 7 }));
	/* The same memory very likely, and nothing of what was in it. */
	assert_memory_equal(add(table, 8, 1), zero, sizeof(zero));
	table_destroy(table);
}

static void full_is_full(void **state)
{
	struct table *table = new_table(4, 8, 3);
	uint32_t absent = 9;

	for (uint32_t key = 0; key < 3; key++)
		add(table, key, 1);
	add(table, 3, -ENOSPC);
	add(table, 2, 0);
	assert_int_equal(table_count(table), 3);
	assert_false(table_remove(table, &absent));
	assert_true(table_remove(table, &(uint32_t){ 0 }));
	add(table, 3, 1);
	add(table, 0, -ENOSPC);
	table_destroy(table);
}

/* A map of keys to values that is too simple to be wrong. */
#define KEYS 4096

struct model {
	uint64_t *value[KEYS]; /* where the table put it; NULL when absent */
	uint64_t content[KEYS];
	uint32_t id[KEYS];
	size_t count;
};

static void check_one(struct table *table, const struct model *m, uint32_t key)
{
	assert_ptr_equal(table_find(table, &key), m->value[key]);
	if (!m->value[key])
		return;
	assert_int_equal(*m->value[key], m->content[key]);
	assert_int_equal(*(const uint32_t *)table_key(table, m->value[key]), key);
	assert_int_equal(table_id(table, m->value[key]), m->id[key]);
	assert_ptr_equal(table_at(table, m->id[key]), m->value[key]);
}

static void check_all(struct table *table, const struct model *m)
{
	size_t seen = 0;
	uint32_t cursor = 0;
	uint64_t *value;

	for (uint32_t key = 0; key < KEYS; key++)
		check_one(table, m, key);
	while ((value = table_next(table, &cursor))) {
		uint32_t key = *(const uint32_t *)table_key(table, value);

		assert_ptr_equal(m->value[key], value);
		seen++;
	}
	assert_int_equal(seen, m->count);
	assert_int_equal(table_count(table), m->count);
}

static void one_step(struct table *table, struct model *m, uint32_t key, size_t most)
{
	uint64_t *value;

	if (m->value[key] && rand() % 2) {
		assert_true(table_remove(table, &key));
		assert_null(table_at(table, m->id[key]));
		m->value[key] = NULL;
		m->count--;
		return;
	}
	value = add(table, key, m->value[key] ? 0 : m->count == most ? -ENOSPC : 1);
	if (!value || m->value[key])
		return;
	*value = m->content[key] = (uint64_t)rand();
	m->value[key] = value;
	m->id[key] = table_id(table, value);
	m->count++;
}

static void a_hundred_thousand_steps_beside_a_model(void **state)
{
	static const size_t caps[] = { 1, 50, 1024, 1025, KEYS };

	for (size_t i = 0; i < COUNT(caps); i++) {
		struct model *m = calloc(1, sizeof(*m));
		struct table *table = new_table(sizeof(uint32_t), sizeof(uint64_t), caps[i]);

		assert_non_null(m);
		srand(1);
		for (int step = 0; step < 100000; step++) {
			uint32_t key = (uint32_t)rand() % KEYS;

			one_step(table, m, key, caps[i]);
			check_one(table, m, key);
			if (step % 10000 == 0)
				check_all(table, m);
		}
		check_all(table, m);
		table_destroy(table);
		free(m);
	}
}

static void all_key_sizes(void **state)
{
	unsigned char key[40];
	void *value, *found[COUNT(key)][3];

	for (size_t size = 1; size < sizeof(key); size++) {
		struct table *table = new_table(size, size, 100);

		memset(key, 0x5a, sizeof(key));
		assert_int_equal(table_add(table, key, &found[size][0]), 1);
		key[0] ^= 1;
		assert_int_equal(table_add(table, key, &found[size][1]), 1);
		key[0] ^= 1;
		key[size - 1] ^= 0x80;
		assert_int_equal(table_add(table, key, &found[size][2]), 1);
		assert_int_equal((uintptr_t)found[size][2] % 8, 0);
		/* What is behind the key is not part of it. */
		key[size] ^= 0xff;
		assert_int_equal(table_add(table, key, &value), 0);
		assert_ptr_equal(value, found[size][2]);
		memset(value, 0xff, size);
		assert_memory_equal(table_key(table, value), key, size);
		table_destroy(table);
	}
}

static void values_may_be_empty(void **state)
{
	struct table *table = new_table(4, 0, 5000);

	for (uint32_t key = 0; key < 5000; key++)
		add(table, key, 1);
	for (uint32_t key = 0; key < 5000; key++)
		assert_non_null(table_find(table, &key));
	assert_null(table_find(table, &(uint32_t){ 5000 }));
	table_destroy(table);
}

static void ids_that_were_never_given_are_nobody(void **state)
{
	struct table *table = new_table(4, 8, 2000);

	assert_null(table_at(table, 0));
	add(table, 1, 1);
	assert_null(table_at(table, table_id(table, table_find(table, &(uint32_t){ 1 })) + 1));
	assert_null(table_at(table, 1999));
	assert_null(table_at(table, UINT32_MAX));
	table_destroy(table);
}

static void going_through_while_removing(void **state)
{
	struct table *table = new_table(4, 8, 3000);
	uint32_t cursor = 0;
	size_t seen = 0;
	void *value;

	assert_null(table_next(table, &cursor));
	for (uint32_t key = 0; key < 3000; key++)
		*add(table, key, 1) = key;
	cursor = 0;
	while ((value = table_next(table, &cursor))) {
		uint32_t key = (uint32_t)*(uint64_t *)value;

		seen++;
		if (key % 3)
			assert_true(table_remove(table, &key));
	}
	assert_int_equal(seen, 3000);
	assert_int_equal(table_count(table), 1000);
	assert_null(table_next(table, &cursor));
	table_destroy(table);
}

static void a_cleared_table_is_as_new(void **state)
{
	struct table *table = new_table(4, 8, 5000);
	uint32_t cursor = 0;

	for (uint32_t key = 0; key < 5000; key++)
		*add(table, key, 1) = 1;
	table_clear(table);
	assert_int_equal(table_count(table), 0);
	assert_null(table_find(table, &(uint32_t){ 17 }));
	assert_null(table_at(table, 17));
	assert_null(table_next(table, &cursor));
	for (uint32_t key = 0; key < 5000; key++)
		assert_int_equal(*add(table, key, 1), 0);
	table_clear(table);
	table_clear(table);
	table_destroy(table);
}

static void memory_grows_with_what_is_in_it(void **state)
{
	struct table *table = new_table(17, 40, 1000000);
	size_t empty = table_memory(table), one, many;
	unsigned char key[17] = { 0 };
	void *value;

	assert_true(empty < 16384);
	table_add(table, key, &value);
	one = table_memory(table);
	for (uint32_t i = 0; i < 100000; i++) {
		memcpy(key, &i, sizeof(i));
		table_add(table, key, &value);
	}
	many = table_memory(table);
	/* 17 rounded to 24, 40, 8 of the entry, and an index from 3/8 to 3/4 full. */
	assert_in_range(many / table_count(table), 72 + 4, 72 + 4 * 3);
	assert_true(one < 100 * 1024);
	/* Coming and going takes no more. */
	for (uint32_t i = 0; i < 300000; i++) {
		uint32_t next = i + 100000;

		memcpy(key, &i, sizeof(i));
		assert_true(table_remove(table, key));
		memcpy(key, &next, sizeof(next));
		assert_int_equal(table_add(table, key, &value), 1);
	}
	assert_int_equal(table_memory(table), many);
	table_clear(table);
	assert_true(table_memory(table) < many / 5);
	table_destroy(table);
}

static void reserved_room_is_not_moved(void **state)
{
	struct table *table;
	size_t memory;
	void *value;

	assert_int_equal(table_create(4, 8, 1000, &table), 0);
	for (uint32_t key = 0; key < 10; key++)
		assert_int_equal(table_add(table, &key, &value), 1);
	/* No more than can be there. */
	assert_int_equal(table_reserve(table, 1000000), 0);
	memory = table_memory(table);
	assert_true(memory < 100000);
	assert_int_equal(table_reserve(table, 5), 0);
	for (uint32_t key = 0; key < 1000; key++)
		assert_int_equal(table_add(table, &key, &value), key >= 10);
	assert_int_equal(table_memory(table), memory);
	for (uint32_t key = 0; key < 1000; key++)
		assert_non_null(table_find(table, &key));
	table_destroy(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_are_checked),
		cmocka_unit_test(a_new_value_is_zero_and_an_old_one_stays),
		cmocka_unit_test(full_is_full),
		cmocka_unit_test(a_hundred_thousand_steps_beside_a_model),
		cmocka_unit_test(all_key_sizes),
		cmocka_unit_test(values_may_be_empty),
		cmocka_unit_test(ids_that_were_never_given_are_nobody),
		cmocka_unit_test(going_through_while_removing),
		cmocka_unit_test(a_cleared_table_is_as_new),
		cmocka_unit_test(reserved_room_is_not_moved),
		cmocka_unit_test(memory_grows_with_what_is_in_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
