/* SPDX-License-Identifier: Apache-2.0 */
#include "act/evict_internal.h"

#include "base/clock.h"
#include "base/counter.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

/* The time spent is at most one part in so many of a core. Dumps get more: a client that is not
 * found waits with all of its connections. */
#define DUMP_SHARE 4
#define LOOK_SHARE 8
/* The first dump is at once; of a stream of refusals, all that come within this time share the next.
 * The kernel walks its whole table for each, a millisecond on a large machine, whoever asks. */
#define DUMP_EVERY_MS 20
/* A table this large is given back when nothing is pending. */
#define TABLE_KEPT_BYTES (1U << 20)

static uint64_t latest(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

int evict_schedule(struct evict *e)
{
	uint64_t dump = latest(e->next_dump_ms, e->no_dump_before_ms);
	uint64_t look = latest(e->next_look_ms, e->no_look_before_ms);
	uint64_t next = e->named_count ? 0 : evict_soonest(dump, look);

	if (table_count(e->relieved))
		next = evict_soonest(next, e->no_relief_before_ms);
	if (next != EVICT_NEVER)
		return loop_timer_arm(e->timer, next);
	loop_timer_disarm(e->timer);
	return 0;
}

static void shrink(struct table *table)
{
	if (table_count(table) == 0 && table_memory(table) > TABLE_KEPT_BYTES)
		table_clear(table);
}

/* Of this thread: what others on the machine take is not our cost. */
static uint64_t cpu_us(void)
{
	struct timespec used;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	return (uint64_t)used.tv_sec * 1000000 + (uint64_t)used.tv_nsec / 1000;
}

/* Returns before when it must not be done again, as the bound on its cost wants it. */
static uint64_t do_bounded(void (*work)(struct evict *), struct evict *e, unsigned share)
{
	uint64_t begin_us = cpu_us();

	work(e);
	return clock_ms() + (cpu_us() - begin_us) * (share - 1) / 1000;
}

static void tick(void *data)
{
	struct evict *e = data;
	uint64_t now = loop_now_ms(e->loop);

	if (e->named_count)
		evict_find_named(e);
	if (table_count(e->relieved) && now >= e->no_relief_before_ms)
		e->no_relief_before_ms = latest(do_bounded(evict_relieve, e, DUMP_SHARE), now + DUMP_EVERY_MS);
	if (now >= latest(e->next_dump_ms, e->no_dump_before_ms))
		e->no_dump_before_ms = latest(do_bounded(evict_discover, e, DUMP_SHARE), now + DUMP_EVERY_MS);
	if (now >= latest(e->next_look_ms, e->no_look_before_ms))
		e->no_look_before_ms = do_bounded(evict_look, e, LOOK_SHARE);
	shrink(e->clients);
	shrink(e->connections);
	shrink(e->relieved);
	evict_schedule(e);
}

int evict_address(struct evict *e, struct addr unit, uint16_t client_port)
{
	uint64_t now = loop_now_ms(e->loop);
	struct client *client;
	void *value;
	int r;

	if (unit.family != ADDR_IPV4 && unit.family != ADDR_IPV6)
		return -EINVAL;
	unit = addr_unit(&unit);
	r = table_add(e->clients, &unit, &value);
	if (r < 0) {
		counter_add(COUNTER_evictions_dropped, 1);
		return r;
	}
	client = value;
	*client = (struct client){
		.asked_ms = now,
		.deadline_ms = now + e->limits.grace_ms,
		.next_dump_ms = now,
	};
	/* Of an IPv6 /64 the log line's whole address is not known here. What is only observed
	 * stays, so a second look would report it again. */
	if (client_port && !e->limits.observe && unit.family == ADDR_IPV4 &&
	    e->local_count && e->named_count < DIAG_BATCH) {
		e->named[e->named_count++] = (struct named){ .client = unit, .port = client_port };
		client->next_dump_ms = now + evict_soonest(EVICT_OTHERS_MS, e->limits.grace_ms);
	}
	e->next_dump_ms = evict_soonest(e->next_dump_ms, client->next_dump_ms);
	return evict_schedule(e);
}

size_t evict_pending(const struct evict *e)
{
	return table_count(e->clients) + table_count(e->connections);
}

static int open_parts(struct evict *e)
{
	size_t most = e->limits.most;
	int r = diag_create(&e->diag);

	if (r == 0)
		r = diag_can_end(e->diag);
	if (r == 0)
		r = table_create(sizeof(struct addr), sizeof(struct client), most, &e->clients);
	if (r == 0)
		r = table_create(sizeof(uint64_t), sizeof(struct connection), most, &e->connections);
	if (r == 0)
		r = evict_open_relieved(e);
	if (r == 0)
		r = loop_timer_create(e->loop, tick, e, &e->timer);
	if (r == 0 && e->limits.signal_handlers && e->limits.handlers && !e->limits.observe)
		r = handlers_create(e->loop, e->limits.handlers, most, &e->handlers);
	e->limits.handlers = NULL;
	return r;
}

int evict_create(struct loop *loop, const struct evict_limits *limits, struct evict **ret)
{
	struct evict *e;
	int r;

	if (limits->port_count == 0 || limits->port_count > EVICT_PORTS_MOST)
		return -EINVAL;
	e = calloc(1, sizeof(*e));
	if (!e)
		return -ENOMEM;
	e->loop = loop;
	e->limits = *limits;
	if (e->limits.most == 0)
		e->limits.most = EVICT_MOST_DEFAULT;
	e->next_dump_ms = EVICT_NEVER;
	e->next_look_ms = EVICT_NEVER;
	r = open_parts(e);
	if (r < 0) {
		evict_destroy(e);
		return r;
	}
	*ret = e;
	return 0;
}

void evict_destroy(struct evict *e)
{
	if (!e)
		return;
	handlers_destroy(e->handlers);
	loop_timer_destroy(e->timer);
	table_destroy(e->relieved);
	table_destroy(e->connections);
	table_destroy(e->clients);
	diag_destroy(e->diag);
	free(e);
}
