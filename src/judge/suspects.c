/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/suspects.h"

#include "base/counter.h"
#include "base/table.h"
#include "base/wheel.h"
#include "judge/steady.h"
#include "judge/unit_key.h"

#include <errno.h>
#include <stdlib.h>

#define NOT_COUNTED COUNTER_COUNT
#define LOOKS_PER_STEP 16

/* What each event is, and asks for. */
#define ROW(event, name, kernel, store, counter) \
	[SUSPECT_##event] = { name, SUSPECT_KERNEL_##kernel, SUSPECT_STORE_##store, counter }

static const struct {
	const char *name;
	enum suspect_kernel kernel;
	enum suspect_store store;
	enum counter counter;
} rows[SUSPECT_EVENT_COUNT] = {
	/* clang-format off */
	ROW(BEGAN,    "began",    REPLACE, PUT,     COUNTER_suspects), /* the kernel may have one of its own */
	ROW(EXTENDED, "extended", REPLACE, PUT,     NOT_COUNTED),
	ROW(NOTED,    "noted",    NOTHING, NOTHING, NOT_COUNTED),
	ROW(RESTORED, "restored", ADD,     NOTHING, NOT_COUNTED),
	ROW(RENEWED,  "renewed",  ADD,     NOTHING, NOT_COUNTED),
	ROW(RAN_OUT,  "ran out",  NOTHING, DELETE,  NOT_COUNTED),
	ROW(TRUSTED,  "trusted",  REMOVE,  DELETE,  NOT_COUNTED),
	/* clang-format on */
};

/* Times are steady here. */
struct entry {
	struct wheel_node node; /* first, see wheel.h; due when it ends */
	uint64_t begin_ms, last_ms, until_ms;
	uint32_t signature, score;
	uint8_t outcome;
};

struct suspects {
	struct suspect_limits limits;
	struct table *entries; /* struct unit_key to struct entry */
	struct steady time;
	struct wheel wheel;
};

static struct addr unit_of(const struct suspects *suspects, const struct entry *entry)
{
	return unit_key_addr(table_key(suspects->entries, entry));
}

static struct entry *find(const struct suspects *suspects, const struct addr *unit)
{
	struct unit_key key = unit_key_of(unit);

	return table_find(suspects->entries, &key);
}

const char *suspect_event_name(enum suspect_event event)
{
	return rows[event].name;
}

static bool limits_are_valid(const struct suspect_limits *limits)
{
	return limits->for_ms && limits->for_ms <= SUSPECTS_FOR_MOST_MS && limits->score && limits->most &&
	       limits->most <= SUSPECTS_MOST;
}

int suspects_create(const struct suspect_limits *limits, struct suspects **ret)
{
	struct suspects *suspects;
	int r;

	if (!limits_are_valid(limits))
		return -EINVAL;
	suspects = calloc(1, sizeof(*suspects));
	if (!suspects)
		return -ENOMEM;
	suspects->limits = *limits;
	r = table_create(sizeof(struct unit_key), sizeof(struct entry), limits->most, &suspects->entries);
	if (r < 0) {
		suspects_destroy(suspects);
		return r;
	}
	wheel_init(&suspects->wheel, suspects->entries, SUSPECTS_TICK_MS);
	*ret = suspects;
	return 0;
}

void suspects_destroy(struct suspects *suspects)
{
	if (!suspects)
		return;
	table_destroy(suspects->entries);
	free(suspects);
}

const struct suspect_limits *suspects_limits(const struct suspects *suspects)
{
	return &suspects->limits;
}

static void show(const struct suspects *suspects, const struct entry *entry, struct suspect *ret)
{
	*ret = (struct suspect){
		.unit = unit_of(suspects, entry),
		.begin_ms = steady_to_wall(&suspects->time, entry->begin_ms),
		.last_ms = steady_to_wall(&suspects->time, entry->last_ms),
		.until_ms = steady_to_wall(&suspects->time, entry->until_ms),
		.signature = entry->signature,
		.score = entry->score,
		.outcome = entry->outcome,
	};
}

static void report(struct suspects *suspects, const struct entry *entry, enum suspect_event event,
		   struct suspect_step *ret)
{
	ret->event = event;
	ret->kernel = rows[event].kernel;
	ret->store = rows[event].store;
	ret->timeout_ms = steady_minus(entry->until_ms, suspects->time.latest_ms);
	show(suspects, entry, &ret->suspect);
	if (rows[event].counter != NOT_COUNTED)
		counter_add(rows[event].counter, 1);
}

/* Not in the wheel. */
static void end(struct suspects *suspects, struct entry *entry, enum suspect_event event, struct suspect_step *ret)
{
	const struct unit_key key = *(const struct unit_key *)table_key(suspects->entries, entry);

	report(suspects, entry, event, ret);
	table_remove(suspects->entries, &key);
}

/* A new entry, not in the wheel. */
static int admit(struct suspects *suspects, const struct addr *unit, struct entry **ret)
{
	struct unit_key key = unit_key_of(unit);
	void *value;
	int r = table_add(suspects->entries, &key, &value);

	if (r < 0) {
		counter_add(COUNTER_suspects_dropped, 1);
		return r;
	}
	*ret = value;
	return 0;
}

static void extend(struct suspects *suspects, struct entry *entry, uint64_t at, struct suspect_step *ret)
{
	uint64_t until = at + suspects->limits.for_ms;

	if (at > entry->last_ms)
		entry->last_ms = at;
	if (until < entry->until_ms + steady_least(SUSPECTS_NOTE_MS, suspects->limits.for_ms / 10)) {
		report(suspects, entry, SUSPECT_NOTED, ret);
		return;
	}
	wheel_remove(&suspects->wheel, &entry->node);
	entry->until_ms = until;
	wheel_add(&suspects->wheel, &entry->node, until);
	report(suspects, entry, SUSPECT_EXTENDED, ret);
}

int suspects_begin(struct suspects *suspects, const struct suspect_offence *offence, uint64_t now_ms,
		   struct suspect_step *ret)
{
	uint64_t now = steady_now(&suspects->time, now_ms), at = steady_minus(now, offence->age_ms);
	struct entry *entry = find(suspects, &offence->unit);
	int r;

	if (entry) {
		extend(suspects, entry, at, ret);
		return 0;
	}
	if (at + suspects->limits.for_ms <= now)
		return -ESTALE;
	r = admit(suspects, &offence->unit, &entry);
	if (r < 0)
		return r;
	entry->begin_ms = entry->last_ms = at;
	entry->until_ms = at + suspects->limits.for_ms;
	entry->outcome = (uint8_t)offence->outcome;
	entry->signature = offence->signature;
	entry->score = offence->score;
	wheel_add(&suspects->wheel, &entry->node, entry->until_ms);
	report(suspects, entry, SUSPECT_BEGAN, ret);
	return 0;
}

int suspects_trust(struct suspects *suspects, const struct addr *unit, uint64_t now_ms, struct suspect_step *ret)
{
	struct entry *entry = find(suspects, unit);

	steady_now(&suspects->time, now_ms);
	if (!entry)
		return -ENOENT;
	wheel_remove(&suspects->wheel, &entry->node);
	end(suspects, entry, SUSPECT_TRUSTED, ret);
	return 0;
}

size_t suspects_trust_within(struct suspects *suspects, const struct prefix *prefix, uint32_t *cursor,
			     uint64_t now_ms, struct suspect_step *steps, size_t most)
{
	struct prefix unit;
	struct addr addr;
	struct entry *entry;
	size_t count = 0;

	steady_now(&suspects->time, now_ms);
	while (count < most && (entry = table_next(suspects->entries, cursor))) {
		addr = unit_of(suspects, entry);
		unit = prefix_of_unit(&addr);
		if (!prefix_overlaps(prefix, &unit))
			continue;
		wheel_remove(&suspects->wheel, &entry->node);
		end(suspects, entry, SUSPECT_TRUSTED, &steps[count++]);
	}
	return count;
}

static bool is_plausible(const struct suspect *kept)
{
	bool ipv4 = kept->unit.family == ADDR_IPV4;
	struct addr unit = ipv4 ? addr_from_ipv4(kept->unit.octets) : addr_unit(&kept->unit);

	return (ipv4 || unit.family == ADDR_IPV6) && addr_equal(&unit, &kept->unit) && kept->outcome < OUTCOME_COUNT &&
	       kept->begin_ms <= kept->until_ms;
}

int suspects_restore(struct suspects *suspects, const struct suspect *kept, uint64_t now_ms, struct suspect_step *ret)
{
	uint64_t now = steady_now(&suspects->time, now_ms), left_ms = steady_minus(kept->until_ms, now_ms);
	/* A begin in the future (the clock was set back in between) counts as now. */
	uint64_t age_ms = steady_minus(now_ms, kept->begin_ms);
	struct entry *entry;
	int r;

	if (!is_plausible(kept))
		return -EINVAL;
	if (find(suspects, &kept->unit))
		return -EEXIST;
	if (left_ms == 0)
		return -ESTALE;
	r = admit(suspects, &kept->unit, &entry);
	if (r < 0)
		return r;
	entry->begin_ms = steady_minus(now, age_ms);
	entry->last_ms = steady_minus(now, steady_least(age_ms, steady_minus(now_ms, kept->last_ms)));
	entry->until_ms = now + steady_least(left_ms, suspects->limits.for_ms);
	entry->signature = kept->signature;
	entry->score = kept->score;
	entry->outcome = kept->outcome;
	wheel_add(&suspects->wheel, &entry->node, entry->until_ms);
	report(suspects, entry, SUSPECT_RESTORED, ret);
	return 0;
}

size_t suspects_renew(struct suspects *suspects, uint32_t *cursor, uint64_t now_ms, struct suspect_step *steps,
		      size_t most)
{
	uint64_t now = steady_now(&suspects->time, now_ms);
	struct entry *entry;
	size_t count = 0;

	while (count < most && (entry = table_next(suspects->entries, cursor))) {
		if (entry->until_ms > now)
			report(suspects, entry, SUSPECT_RENEWED, &steps[count++]);
	}
	return count;
}

size_t suspects_due(struct suspects *suspects, uint64_t now_ms, struct suspect_step *steps, size_t most)
{
	uint64_t now = steady_now(&suspects->time, now_ms);
	size_t looks = most * LOOKS_PER_STEP, count = 0;
	struct wheel_node *node;

	while (count < most && (node = wheel_take(&suspects->wheel, now, &looks)))
		end(suspects, (struct entry *)node, SUSPECT_RAN_OUT, &steps[count++]);
	return count;
}

uint64_t suspects_wait_ms(struct suspects *suspects, uint64_t now_ms)
{
	return wheel_wait_ms(&suspects->wheel, steady_now(&suspects->time, now_ms));
}

bool suspects_find(const struct suspects *suspects, const struct addr *unit, struct suspect *ret)
{
	const struct entry *entry = find(suspects, unit);

	if (entry)
		show(suspects, entry, ret);
	return entry;
}

bool suspects_next(const struct suspects *suspects, uint32_t *cursor, struct suspect *ret)
{
	const struct entry *entry = table_next(suspects->entries, cursor);

	if (entry)
		show(suspects, entry, ret);
	return entry;
}

size_t suspects_count(const struct suspects *suspects)
{
	return table_count(suspects->entries);
}

size_t suspects_memory(const struct suspects *suspects)
{
	return sizeof(*suspects) + table_memory(suspects->entries);
}
