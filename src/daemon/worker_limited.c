/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/worker_limited.h"

#include "act/ban.h"
#include "base/clock.h"
#include "base/counter.h"
#include "base/table.h"
#include "daemon/worker_internal.h"

#include <errno.h>
#include <stdlib.h>

#define LIMITED_MOST (2 * BAN_READ_MOST_UNITS)
/* As long as there are any: the gate trusts some, and others stay away. */
#define LOOK_AGAIN_MS 10000
/* An answer that has not come by then was lost. */
#define LOOK_MOST_MS 30000
/* What ends so soon is perhaps the rest of one of ours, which the kernel was told of a little later. */
#define LEFT_LEAST_MS 1000
/* A warden that is well answers within a millisecond. */
#define ASK_MOST_MS 1000

struct asked {
	struct worker *w;
	struct addr addr, unit; /* that was named, and that is asked about */
	struct control_answer *answer; /* NULL: the place is free */
	worker_limited_fn *then;
	uint64_t begun_ms;
};

struct worker_limited {
	struct worker *w;
	struct table *known, *coming; /* struct addr to struct limited; what is being told comes into the second */
	bool are_more;
	bool looking, wanted;
	uint16_t number; /* of the look */
	uint64_t begun_ms;
	uint64_t over_limit; /* by the counter, at the last look */
	struct asked asked[CONTROL_CLIENTS_MOST];
};

static int make_table(struct table **ret)
{
	return table_create(sizeof(struct addr), sizeof(struct limited), LIMITED_MOST, ret);
}

int worker_limited_create(struct worker *w, struct worker_limited **ret)
{
	struct worker_limited *limited;
	int r;

	*ret = NULL;
	/* Also where the limits make none any more: those of before have their time. */
	if (!w->suspects || w->start->observe)
		return 0;
	limited = calloc(1, sizeof(*limited));
	if (!limited)
		return -ENOMEM;
	limited->w = w;
	/* Those of before: they outlive a worker. */
	limited->wanted = true;
	r = make_table(&limited->known);
	if (r == 0)
		r = make_table(&limited->coming);
	if (r < 0) {
		table_destroy(limited->known);
		free(limited);
		return r;
	}
	*ret = limited;
	return 0;
}

static void ask_for_all(struct worker_limited *limited)
{
	struct request q = { .kind = REQUEST_SUSPECTS, .port = ++limited->number };

	limited->looking = true;
	limited->wanted = false;
	limited->begun_ms = loop_now_ms(limited->w->loop);
	limited->over_limit = counter_read(COUNTER_arrivals_over_address);
	table_clear(limited->coming);
	link_ask(limited->w->link, &q);
}

static void answer_asked(struct asked *asked)
{
	const struct asked copy = *asked;

	asked->answer = NULL;
	copy.then(copy.w, &copy.addr, copy.answer);
}

void worker_limited_each_second(struct worker_limited *limited)
{
	uint64_t now_ms, passed_ms;

	if (!limited)
		return;
	now_ms = loop_now_ms(limited->w->loop);
	passed_ms = now_ms - limited->begun_ms;
	for (size_t i = 0; i < CONTROL_CLIENTS_MOST; i++) {
		if (limited->asked[i].answer && now_ms - limited->asked[i].begun_ms >= ASK_MOST_MS)
			answer_asked(&limited->asked[i]);
	}
	if (limited->looking && passed_ms < LOOK_MOST_MS)
		return;
	if (limited->wanted || limited->over_limit != counter_read(COUNTER_arrivals_over_address) ||
	    (table_count(limited->known) && passed_ms >= LOOK_AGAIN_MS))
		ask_for_all(limited);
}

static void note(struct worker_limited *limited, struct table *table, const struct addr *unit, uint64_t left_ms)
{
	const struct limited *before = table_find(limited->known, unit);
	uint64_t for_ms = limited->w->settings->suspect_for, now_ms = clock_wall_ms();
	struct limited now = { .unit = *unit, .until_ms = now_ms + (left_ms < for_ms ? left_ms : for_ms) };
	struct suspect suspect;
	void *value;

	now.last_ms = now.until_ms - for_ms;
	now.since_ms = before ? before->since_ms : now.last_ms;
	if (left_ms >= LEFT_LEAST_MS && !suspects_find(limited->w->suspects, unit, &suspect) && table_add(table, unit, &value) >= 0)
		*(struct limited *)value = now;
}

/* Whoever was allowed meanwhile. */
static bool is_protected(struct worker_limited *limited, const struct addr *unit)
{
	if (!prefix_set_find(&limited->w->never, unit))
		return false;
	link_ask(limited->w->link, &(struct request){ .kind = REQUEST_TRUST, .unit = *unit });
	return true;
}

static void end_look(struct worker_limited *limited, const struct answer *answer)
{
	struct table *before = limited->known;

	limited->looking = false;
	if (answer->error < 0) {
		limited->wanted = true;
		return;
	}
	limited->known = limited->coming;
	limited->coming = before;
	limited->are_more = answer->flags;
	table_clear(limited->coming);
}

static void on_word(struct worker_limited *limited, const struct answer *answer)
{
	if (answer->error == 0 && answer->value)
		note(limited, limited->known, &answer->unit, answer->value);
	else if (answer->error == 0)
		table_remove(limited->known, &answer->unit);
	for (size_t i = 0; i < CONTROL_CLIENTS_MOST; i++) {
		if (limited->asked[i].answer && addr_equal(&limited->asked[i].unit, &answer->unit))
			answer_asked(&limited->asked[i]);
	}
}

void worker_limited_on_answer(struct worker_limited *limited, const struct answer *answer)
{
	if (!limited)
		return;
	if (answer->kind == ANSWER_IS_SUSPECT)
		on_word(limited, answer);
	if (!limited->looking || answer->port != limited->number)
		return;
	if (answer->kind == ANSWER_SUSPECT && !is_protected(limited, &answer->unit))
		note(limited, limited->coming, &answer->unit, answer->value);
	else if (answer->kind == ANSWER_SUSPECTS)
		end_look(limited, answer);
}

/* What has run out since it was told is none any more, nor is who became one by its score. */
static bool is_one(const struct worker_limited *limited, const struct limited *one)
{
	struct suspect suspect;

	return one && one->until_ms > clock_wall_ms() && !suspects_find(limited->w->suspects, &one->unit, &suspect);
}

bool worker_limited_find(const struct worker_limited *limited, const struct addr *unit, struct limited *ret)
{
	const struct limited *one = limited ? table_find(limited->known, unit) : NULL;

	if (!limited || !is_one(limited, one))
		return false;
	*ret = *one;
	return true;
}

bool worker_limited_next(const struct worker_limited *limited, uint32_t *cursor, struct limited *ret)
{
	const struct limited *one;

	while (limited && (one = table_next(limited->known, cursor))) {
		if (!is_one(limited, one))
			continue;
		*ret = *one;
		return true;
	}
	return false;
}

size_t worker_limited_count(const struct worker_limited *limited)
{
	struct limited one;
	uint32_t cursor = 0;
	size_t count = 0;

	while (worker_limited_next(limited, &cursor, &one))
		count++;
	return count;
}

bool worker_limited_are_more(const struct worker_limited *limited)
{
	return limited && limited->are_more;
}

bool worker_limited_trust(struct worker_limited *limited, const struct addr *unit)
{
	struct request q = { .kind = REQUEST_TRUST, .unit = *unit };
	struct limited one;
	bool was_one;

	if (!limited)
		return false;
	was_one = worker_limited_find(limited, unit, &one);
	table_remove(limited->known, unit);
	/* What is on its way of it is of before. */
	table_remove(limited->coming, unit);
	limited->wanted |= limited->looking;
	link_ask(limited->w->link, &q);
	return was_one;
}

void worker_limited_trust_within(struct worker_limited *limited, const struct prefix *prefix)
{
	const struct limited *one;
	struct prefix unit;
	uint32_t cursor = 0;

	if (!limited)
		return;
	limited->wanted = true;
	while ((one = table_next(limited->known, &cursor))) {
		unit = prefix_of_unit(&one->unit);
		if (prefix_overlaps(prefix, &unit))
			worker_limited_trust(limited, &unit.addr);
	}
}

static void on_gone(void *state)
{
	struct asked *asked = state;

	asked->answer = NULL;
}

void worker_limited_ask(struct worker *w, const struct addr *addr, struct control_answer *answer,
			worker_limited_fn *then)
{
	struct request q = { .kind = REQUEST_IS_SUSPECT, .unit = addr_unit(addr) };
	size_t i = 0;

	while (w->limited && i < CONTROL_CLIENTS_MOST && w->limited->asked[i].answer)
		i++;
	if (!w->limited || i == CONTROL_CLIENTS_MOST || !control_may_wait(answer) || link_ask(w->link, &q) < 0) {
		then(w, addr, answer);
		return;
	}
	w->limited->asked[i] = (struct asked){ w, *addr, q.unit, answer, then, loop_now_ms(w->loop) };
	control_wait(answer, on_gone, &w->limited->asked[i]);
	link_flush(w->link);
}
