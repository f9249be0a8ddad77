/* SPDX-License-Identifier: Apache-2.0 */
/* wheel - which of a table's entries are due, with a bounded cost a step.
 *
 * A ring of WHEEL_SLOTS lists, one for each tick of time; a hand goes round and empties the slots
 * that have passed. An entry that is due in a later round is met once a round (with ticks of 256 ms
 * 18 minutes) and put back. So adding and removing cost the same at 1,000,000 entries as at ten,
 * and whoever takes them out may stop after any entry: no time at which all are due at once
 * is a stall. A heap would need 20 steps through cold memory for each.
 *
 * The links are 32-bit ids of base/table.h: the values of that table begin with a struct
 * wheel_node. Owned by whoever owns the table; entries leave the wheel before the table.
 */
#ifndef WAVEBREAK_BASE_WHEEL_H
#define WAVEBREAK_BASE_WHEEL_H

#include "base/table.h"

#define WHEEL_SLOTS 4096

struct wheel_node {
	uint64_t due_ms;
	uint32_t next, previous; /* ids */
};

struct wheel {
	const struct table *table;
	uint32_t tick_ms;
	uint64_t hand;	 /* the first slot, counted from time 0, that is not emptied yet */
	uint32_t opened; /* what is left of the slot before */
	uint32_t slots[WHEEL_SLOTS];
};

void wheel_init(struct wheel *wheel, const struct table *table, uint32_t tick_ms);
void wheel_add(struct wheel *wheel, struct wheel_node *node, uint64_t due_ms);
void wheel_remove(struct wheel *wheel, struct wheel_node *node);

/* Takes out an entry that is due, up to one tick late. NULL when there is none or when *looks,
 * the number of entries that may still be looked at, has come down to 0. */
struct wheel_node *wheel_take(struct wheel *wheel, uint64_t now_ms, size_t *looks);

/* Milliseconds until wheel_take may find something; UINT64_MAX when the wheel is empty. */
uint64_t wheel_wait_ms(const struct wheel *wheel, uint64_t now_ms);

#endif
