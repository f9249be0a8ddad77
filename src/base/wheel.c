/* SPDX-License-Identifier: Apache-2.0 */
#include "base/wheel.h"

#include <string.h>

#define NONE UINT32_MAX

void wheel_init(struct wheel *wheel, const struct table *table, uint32_t tick_ms)
{
	*wheel = (struct wheel){ .table = table, .tick_ms = tick_ms, .opened = NONE };
	memset(wheel->slots, 0xff, sizeof(wheel->slots));
}

static uint32_t *slot_of(struct wheel *wheel, uint64_t due_ms)
{
	return &wheel->slots[due_ms / wheel->tick_ms % WHEEL_SLOTS];
}

static void push(struct wheel *wheel, uint32_t *head, struct wheel_node *node)
{
	uint32_t id = table_id(wheel->table, node);

	node->previous = NONE;
	node->next = *head;
	if (node->next != NONE)
		((struct wheel_node *)table_at(wheel->table, node->next))->previous = id;
	*head = id;
}

void wheel_add(struct wheel *wheel, struct wheel_node *node, uint64_t due_ms)
{
	uint64_t earliest_ms = wheel->hand * wheel->tick_ms;

	node->due_ms = due_ms > earliest_ms ? due_ms : earliest_ms;
	push(wheel, slot_of(wheel, node->due_ms), node);
}

void wheel_remove(struct wheel *wheel, struct wheel_node *node)
{
	uint32_t id = table_id(wheel->table, node), *head = slot_of(wheel, node->due_ms);

	if (node->next != NONE)
		((struct wheel_node *)table_at(wheel->table, node->next))->previous =
			node->previous;
	if (node->previous != NONE)
		((struct wheel_node *)table_at(wheel->table, node->previous))->next = node->next;
	else if (*head == id)
		*head = node->next;
	else
		wheel->opened = node->next;
}

/* Moves the hand to the next slot that holds something and has passed. */
static bool open_slot(struct wheel *wheel, uint64_t now_ms)
{
	uint64_t present = now_ms / wheel->tick_ms;

	if (present > WHEEL_SLOTS && wheel->hand < present - WHEEL_SLOTS)
		wheel->hand = present - WHEEL_SLOTS;
	while (wheel->hand < present) {
		uint32_t *head = &wheel->slots[wheel->hand++ % WHEEL_SLOTS];

		if (*head == NONE)
			continue;
		wheel->opened = *head;
		*head = NONE;
		return true;
	}
	return false;
}

struct wheel_node *wheel_take(struct wheel *wheel, uint64_t now_ms, size_t *looks)
{
	for (; *looks > 0; --*looks) {
		struct wheel_node *node;

		if (wheel->opened == NONE && !open_slot(wheel, now_ms))
			return NULL;
		node = table_at(wheel->table, wheel->opened);
		wheel_remove(wheel, node);
		if (node->due_ms <= now_ms)
			return node;
		wheel_add(wheel, node, node->due_ms);
	}
	return NULL;
}

uint64_t wheel_wait_ms(const struct wheel *wheel, uint64_t now_ms)
{
	if (wheel->opened != NONE)
		return 0;
	for (uint64_t slot = wheel->hand; slot < wheel->hand + WHEEL_SLOTS; slot++) {
		uint64_t passed_ms = (slot + 1) * wheel->tick_ms;

		if (wheel->slots[slot % WHEEL_SLOTS] != NONE)
			return passed_ms > now_ms ? passed_ms - now_ms : 0;
	}
	return UINT64_MAX;
}
