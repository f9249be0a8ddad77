/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/frequent.h"

#include "base/table.h"

#include <errno.h>
#include <stdlib.h>

/* In the table by its prefix, and in a heap with the least frequent first. */
struct counter {
	uint64_t count, too_high_by;
	size_t place;
};

struct frequent {
	struct table *counters; /* struct prefix: struct counter */
	struct counter **heap;
	size_t room, used;
};

int frequent_create(size_t room, struct frequent **ret)
{
	struct frequent *frequent = calloc(1, sizeof(*frequent));

	if (!frequent)
		return -ENOMEM;
	frequent->room = room;
	frequent->heap = calloc(room, sizeof(struct counter *));
	if (!frequent->heap || table_create(sizeof(struct prefix), sizeof(struct counter), room, &frequent->counters) < 0) {
		frequent_destroy(frequent);
		return -ENOMEM;
	}
	*ret = frequent;
	return 0;
}

void frequent_destroy(struct frequent *frequent)
{
	if (!frequent)
		return;
	table_destroy(frequent->counters);
	free(frequent->heap);
	free(frequent);
}

static void put(struct frequent *frequent, size_t place, struct counter *counter)
{
	frequent->heap[place] = counter;
	counter->place = place;
}

/* Its count has grown. */
static void sink(struct frequent *frequent, struct counter *counter)
{
	size_t place = counter->place;

	for (;;) {
		size_t child = place * 2 + 1;

		if (child >= frequent->used)
			break;
		if (child + 1 < frequent->used && frequent->heap[child + 1]->count < frequent->heap[child]->count)
			child++;
		if (counter->count <= frequent->heap[child]->count)
			break;
		put(frequent, place, frequent->heap[child]);
		place = child;
	}
	put(frequent, place, counter);
}

/* It has the lowest count there can be, 0. */
static void rise(struct frequent *frequent, struct counter *counter)
{
	size_t place = counter->place;

	while (place > 0 && frequent->heap[(place - 1) / 2]->count > counter->count) {
		put(frequent, place, frequent->heap[(place - 1) / 2]);
		place = (place - 1) / 2;
	}
	put(frequent, place, counter);
}

static struct counter *admit(struct frequent *frequent, const struct prefix *prefix)
{
	struct counter *least = frequent->heap[0], *counter;
	uint64_t inherited = 0;
	void *value;

	if (frequent->used == frequent->room) {
		struct prefix gone;

		/* The table may give its value's place to the next one. */
		memcpy(&gone, table_key(frequent->counters, least), sizeof(gone));
		inherited = least->count;
		put(frequent, 0, frequent->heap[--frequent->used]);
		if (frequent->used)
			sink(frequent, frequent->heap[0]);
		table_remove(frequent->counters, &gone);
	}
	if (table_add(frequent->counters, prefix, &value) < 0)
		return NULL;
	counter = value;
	*counter = (struct counter){ .place = frequent->used };
	frequent->used++;
	rise(frequent, counter);
	counter->count = counter->too_high_by = inherited;
	return counter;
}

void frequent_add(struct frequent *frequent, const struct prefix *prefix)
{
	struct counter *counter = table_find(frequent->counters, prefix);

	if (!counter)
		counter = admit(frequent, prefix);
	if (!counter)
		return;
	counter->count++;
	sink(frequent, counter);
}

static int by_count(const void *a, const void *b)
{
	const struct frequent_entry *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return memcmp(&x->prefix, &y->prefix, sizeof(x->prefix));
}

size_t frequent_list(const struct frequent *frequent, struct frequent_entry *ret, size_t most)
{
	struct frequent_entry *all = calloc(frequent->used + 1, sizeof(*all));

	if (!all)
		return 0;
	for (size_t i = 0; i < frequent->used; i++) {
		memcpy(&all[i].prefix, table_key(frequent->counters, frequent->heap[i]), sizeof(all[i].prefix));
		all[i].count = frequent->heap[i]->count;
		all[i].too_high_by = frequent->heap[i]->too_high_by;
	}
	qsort(all, frequent->used, sizeof(*all), by_count);
	if (most > frequent->used)
		most = frequent->used;
	memcpy(ret, all, most * sizeof(*all));
	free(all);
	return most;
}

size_t frequent_count(const struct frequent *frequent)
{
	return frequent->used;
}
