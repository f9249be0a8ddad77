/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/top.h"

#include "base/table.h"

#include <errno.h>
#include <stdlib.h>

/* In the table by its prefix, and in a heap with the least frequent first. */
struct counter {
	uint64_t count, too_high_by;
	size_t place;
};

struct top {
	struct table *counters; /* struct prefix: struct counter */
	struct counter **heap;
	size_t room, used;
};

int top_create(size_t room, struct top **ret)
{
	struct top *top = calloc(1, sizeof(*top));

	if (!top)
		return -ENOMEM;
	top->room = room;
	top->heap = calloc(room, sizeof(struct counter *));
	if (!top->heap || table_create(sizeof(struct prefix), sizeof(struct counter), room, &top->counters) < 0) {
		top_destroy(top);
		return -ENOMEM;
	}
	*ret = top;
	return 0;
}

void top_destroy(struct top *top)
{
	if (!top)
		return;
	table_destroy(top->counters);
	free(top->heap);
	free(top);
}

static void put(struct top *top, size_t place, struct counter *counter)
{
	top->heap[place] = counter;
	counter->place = place;
}

/* Its count has grown. */
static void sink(struct top *top, struct counter *counter)
{
	size_t place = counter->place;

	for (;;) {
		size_t child = place * 2 + 1;

		if (child >= top->used)
			break;
		if (child + 1 < top->used && top->heap[child + 1]->count < top->heap[child]->count)
			child++;
		if (counter->count <= top->heap[child]->count)
			break;
		put(top, place, top->heap[child]);
		place = child;
	}
	put(top, place, counter);
}

/* It has the lowest count there can be, 0. */
static void rise(struct top *top, struct counter *counter)
{
	size_t place = counter->place;

	while (place > 0 && top->heap[(place - 1) / 2]->count > counter->count) {
		put(top, place, top->heap[(place - 1) / 2]);
		place = (place - 1) / 2;
	}
	put(top, place, counter);
}

static struct counter *admit(struct top *top, const struct prefix *prefix)
{
	struct counter *least = top->heap[0], *counter;
	uint64_t inherited = 0;
	void *value;

	if (top->used == top->room) {
		struct prefix gone;

		/* The table may give its value's place to the next one. */
		memcpy(&gone, table_key(top->counters, least), sizeof(gone));
		inherited = least->count;
		put(top, 0, top->heap[--top->used]);
		if (top->used)
			sink(top, top->heap[0]);
		table_remove(top->counters, &gone);
	}
	if (table_add(top->counters, prefix, &value) < 0)
		return NULL;
	counter = value;
	*counter = (struct counter){ .place = top->used };
	top->used++;
	rise(top, counter);
	counter->count = counter->too_high_by = inherited;
	return counter;
}

void top_add(struct top *top, const struct prefix *prefix)
{
	struct counter *counter = table_find(top->counters, prefix);

	if (!counter)
		counter = admit(top, prefix);
	if (!counter)
		return;
	counter->count++;
	sink(top, counter);
}

static int by_count(const void *a, const void *b)
{
	const struct top_entry *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return memcmp(&x->prefix, &y->prefix, sizeof(x->prefix));
}

size_t top_list(const struct top *top, struct top_entry *ret, size_t most)
{
	struct top_entry *all = calloc(top->used + 1, sizeof(*all));

	if (!all)
		return 0;
	for (size_t i = 0; i < top->used; i++) {
		memcpy(&all[i].prefix, table_key(top->counters, top->heap[i]), sizeof(all[i].prefix));
		all[i].count = top->heap[i]->count;
		all[i].too_high_by = top->heap[i]->too_high_by;
	}
	qsort(all, top->used, sizeof(*all), by_count);
	if (most > top->used)
		most = top->used;
	memcpy(ret, all, most * sizeof(*all));
	free(all);
	return most;
}

size_t top_count(const struct top *top)
{
	return top->used;
}
