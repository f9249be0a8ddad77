/* SPDX-License-Identifier: Apache-2.0 */
/* Who is there, and what is known of each: the kernel's word, the score, the never-list, and
 * who is blocked. */
#include "daemon/worker_relief_internal.h"

#include "base/clock.h"

#include <errno.h>

/* What was asked for is done in a few milliseconds. Longer, and it is asked for again. */
#define LEAVING_MS 1000
/* The warden is asked each second who is blocked. */
#define BLOCKED_MS 3000

/* The list is gone through once for a connection, and not once for a look. */
static bool is_never(const struct worker_relief *relief, const struct addr *unit, struct tracked *tracked)
{
	const struct worker *w = relief->w;

	if (!tracked)
		return prefix_set_find(&w->never, unit);
	if (tracked->never_number != w->never_number) {
		tracked->never = prefix_set_find(&w->never, unit);
		tracked->never_number = w->never_number;
	}
	return tracked->never;
}

static bool is_blocked(const struct worker_relief *relief, const struct relief_candidate *c)
{
	const struct end_of_client end = { .client = c->addr, .port = c->port };
	const uint64_t *until_ms = table_find(relief->blocked, &end);

	return until_ms && *until_ms > loop_now_ms(relief->w->loop);
}

static bool is_leaving(const struct worker_relief *relief, const struct tracked *tracked)
{
	return tracked && tracked->asked_ms &&
	       (relief->w->start->observe || loop_now_ms(relief->w->loop) - tracked->asked_ms < LEAVING_MS);
}

/* Nobody who waits can be ended but for a score, so what protects is looked for only then. */
static void judge_candidate(struct worker_relief *relief, struct relief_candidate *c, struct tracked *tracked)
{
	const struct addr unit = addr_unit(&c->addr);

	c->score = judge_score(relief->w->judge, &unit, clock_wall_ms());
	if (is_leaving(relief, tracked)) {
		c->flags |= RELIEF_IS_LEAVING;
		relief->leaving++;
	}
	if (is_blocked(relief, c))
		c->flags |= RELIEF_IS_BLOCKED;
	if (relief_reason_of(&relief->rules, c) == RELIEF_SPARED)
		return;
	if (is_never(relief, &unit, tracked))
		c->flags |= RELIEF_IS_NEVER;
	else if (worker_relief_is_good(relief, &unit))
		c->flags |= RELIEF_IS_GOOD;
}

/* A full table makes it a connection that is seen for the first time: it is never slow. */
static struct tracked *track(struct worker_relief *relief, const struct sockdiag_socket *socket)
{
	void *tracked;

	if (!socket->inode || table_add(relief->tracked, &socket->cookie, &tracked) < 0)
		return NULL;
	((struct tracked *)tracked)->look = relief->look;
	return tracked;
}

static void on_connection(void *data, const struct sockdiag_socket *socket)
{
	struct worker_relief *relief = data;
	struct relief_candidate *c;

	if (socket->of_gate || relief->count == relief->room)
		return;
	c = &relief->candidates[relief->count];
	relief->tracked_of[relief->count] = track(relief, socket);
	relief_see(&relief->rules, socket, loop_now_ms(relief->w->loop),
		   relief->tracked_of[relief->count] ? &relief->tracked_of[relief->count]->seen : NULL, c);
	if (c->place != RELIEF_SERVED && c->place != RELIEF_WAITING)
		return;
	relief->served += c->place == RELIEF_SERVED;
	relief->waiting += c->place == RELIEF_WAITING;
	judge_candidate(relief, c, relief->tracked_of[relief->count++]);
}

static void forget_gone(struct worker_relief *relief)
{
	const struct tracked *tracked;
	const uint64_t *until_ms;
	uint32_t cursor = 0;

	while ((tracked = table_next(relief->tracked, &cursor))) {
		if (tracked->look != relief->look)
			table_remove(relief->tracked, table_key(relief->tracked, tracked));
	}
	for (cursor = 0; (until_ms = table_next(relief->blocked, &cursor));) {
		if (*until_ms <= loop_now_ms(relief->w->loop))
			table_remove(relief->blocked, table_key(relief->blocked, until_ms));
	}
}

int worker_relief_look(struct worker_relief *relief)
{
	struct connection_counts counts;
	int r;

	relief->look++;
	relief->count = 0;
	relief->served = relief->waiting = relief->leaving = 0;
	r = connections_visit_closely(relief->w->connections, on_connection, relief, &counts);
	if (r < 0)
		return r;
	forget_gone(relief);
	return 0;
}

void worker_relief_note_blocked(struct worker_relief *relief, const struct answer *answer)
{
	const struct end_of_client end = { .client = answer->unit, .port = answer->port };
	void *until_ms;

	if (table_add(relief->blocked, &end, &until_ms) >= 0)
		*(uint64_t *)until_ms = loop_now_ms(relief->w->loop) + BLOCKED_MS;
}
