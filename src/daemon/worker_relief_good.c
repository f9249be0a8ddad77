/* SPDX-License-Identifier: Apache-2.0 */
/* Who has delivered mail and done no wrong since: for gate.remember_pass, also over a restart. The store is told of each
 * again only when that has become an hour later, so that a busy server costs it little. */
#include "daemon/worker_relief_internal.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>

/* Looked at when a place is needed. */
#define SWEEP 64
#define REFRESH_MS(kept_ms) ((kept_ms) / 8 < 3600000 ? (kept_ms) / 8 : 3600000)
/* What many servers that deliver at once would have the disk do is bounded; the rest is remembered until a restart. */
#define STORED_A_SECOND 100

struct good {
	uint64_t until_ms;        /* loop time */
	uint64_t stored_until_ms; /* the same, as the store knows it; 0: it does not */
};

bool worker_relief_is_good(const struct worker_relief *relief, const struct addr *unit)
{
	const struct good *good = table_find(relief->good, unit);

	return (good && good->until_ms > loop_now_ms(relief->w->loop)) ||
	       worker_gate_let_in_until(relief->w->gate, unit) > clock_wall_ms();
}

static void forget(struct worker_relief *relief, const struct addr *unit)
{
	const struct good *good = table_find(relief->good, unit);

	if (!good)
		return;
	if (good->stored_until_ms && relief->w->store)
		store_delete_delivered(relief->w->store, unit);
	table_remove(relief->good, unit);
}

/* The one that would be forgotten soonest among the next few goes. */
static void make_room(struct worker_relief *relief)
{
	const struct good *soonest = NULL;
	struct addr unit;

	for (int i = 0; i < SWEEP; i++) {
		const struct good *good = table_next(relief->good, &relief->good_hand);

		if (!good) {
			relief->good_hand = 0;
			break;
		}
		if (!soonest || good->until_ms < soonest->until_ms)
			soonest = good;
	}
	if (!soonest)
		return;
	memcpy(&unit, table_key(relief->good, soonest), sizeof(unit));
	forget(relief, &unit);
}

static struct good *add(struct worker_relief *relief, const struct addr *unit)
{
	void *good;
	int r = table_add(relief->good, unit, &good);

	if (r == -ENOSPC) {
		make_room(relief);
		r = table_add(relief->good, unit, &good);
	}
	return r < 0 ? NULL : good;
}

static void remember(struct worker_relief *relief, const struct addr *unit, uint64_t left_ms)
{
	struct good *good = add(relief, unit);

	if (!good)
		return;
	good->until_ms = loop_now_ms(relief->w->loop) + left_ms;
	if (!relief->w->store || good->until_ms < good->stored_until_ms + REFRESH_MS(left_ms) ||
	    relief->stored == STORED_A_SECOND)
		return;
	relief->stored++;
	good->stored_until_ms = good->until_ms;
	store_put_delivered(relief->w->store, unit, clock_wall_s() + left_ms / 1000);
}

void worker_relief_on_event(struct worker_relief *relief, const struct judge_event *event,
			    const struct verdict *verdict)
{
	uint64_t keep_ms;

	if (!relief)
		return;
	keep_ms = relief->w->settings->gate_remember_pass;
	if (verdict->offence)
		forget(relief, &verdict->unit);
	else if (event->outcome == OUTCOME_ACCEPTED && event->age_ms < keep_ms)
		remember(relief, &verdict->unit, keep_ms - event->age_ms);
}

/* A clock that was set in between makes nobody good for longer than a delivery now would. */
static void delivered_before(void *data, const struct addr *unit, uint64_t until_s)
{
	struct worker_relief *relief = data;
	uint64_t now_s = clock_wall_s(), most_ms = relief->w->settings->gate_remember_pass, left_ms;
	struct good *good = until_s > now_s && most_ms ? add(relief, unit) : NULL;

	if (!good) {
		store_delete_delivered(relief->w->store, unit);
		return;
	}
	left_ms = until_s - now_s > most_ms / 1000 ? most_ms : (until_s - now_s) * 1000;
	good->stored_until_ms = loop_now_ms(relief->w->loop) + left_ms;
	if (good->until_ms < good->stored_until_ms)
		good->until_ms = good->stored_until_ms;
}

void worker_relief_restore(struct worker_relief *relief)
{
	if (relief && relief->w->store && store_read_delivered(relief->w->store, delivered_before, relief) < 0)
		log_error("cannot read from the store who has delivered mail");
}

int worker_relief_open_good(struct worker_relief *relief)
{
	size_t most = relief->w->settings->gate_remembered;
	int r = table_create(sizeof(struct addr), sizeof(struct good), most, &relief->good);

	if (r == 0)
		worker_relief_restore(relief);
	return r;
}
