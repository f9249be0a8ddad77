/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/bans.h"

#include "base/counter.h"
#include "base/table.h"
#include "base/wheel.h"
#include "judge/steady.h"
#include "judge/unit_key.h"

#include <errno.h>
#include <stdlib.h>

#define NOT_COUNTED COUNTER_COUNT
/* A fixed ban is written again so long before the slide could end it. */
#define RENEW_EARLY_MS 5000
#define LOOKS_PER_STEP 16

/* What each event is, and asks for. */
#define ROW(event, name, kernel, store, counter) \
	[BAN_##event] = { name, BAN_KERNEL_##kernel, BAN_STORE_##store, counter }

static const struct {
	const char *name;
	enum ban_kernel kernel;
	enum ban_store store;
	enum counter counter;
} rows[BAN_EVENT_COUNT] = {
	/* clang-format off */
	ROW(BEGAN,      "began",      ADD,     PUT,     COUNTER_bans),
	ROW(BEGAN_ANEW, "began anew", REPLACE, PUT,     COUNTER_bans),
	ROW(EXTENDED,   "extended",   REPLACE, PUT,     COUNTER_bans_extended),
	ROW(NOTED,      "noted",      NOTHING, NOTHING, NOT_COUNTED),
	ROW(RESTORED,   "restored",   ADD,     NOTHING, COUNTER_bans_restored),
	ROW(RENEWED,    "renewed",    REPLACE, NOTHING, NOT_COUNTED),
	ROW(ASKED,      "asked",      ASK,     NOTHING, NOT_COUNTED),
	ROW(SLID,       "slid",       NOTHING, PUT,     COUNTER_bans_extended),
	ROW(RAN_OUT,    "ran out",    NOTHING, DELETE,  COUNTER_bans_ended),
	ROW(SERVED,     "served",     REMOVE,  DELETE,  COUNTER_bans_ended),
	ROW(CAPPED,     "capped",     REMOVE,  DELETE,  COUNTER_bans_capped),
	ROW(LIFTED,     "lifted",     REMOVE,  DELETE,  NOT_COUNTED),
	/* clang-format on */
};

/* Times are steady here. */
struct entry {
	struct wheel_node node; /* first, see wheel.h */
	uint64_t begin_ms, last_ms, until_ms;
	uint32_t signature;
	uint8_t outcome;
	uint8_t state;
	bool by_hand, fixed;
};

struct bans {
	struct ban_limits limits;
	struct table *entries; /* struct unit_key to struct entry */
	struct table *reasons; /* struct unit_key to char[BAN_WHY_SIZE] */
	struct steady time;
	struct wheel wheel;
};

static uint64_t greatest(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static struct addr unit_of(const struct bans *bans, const struct entry *entry)
{
	return unit_key_addr(table_key(bans->entries, entry));
}

static struct entry *find(const struct bans *bans, const struct addr *unit)
{
	struct unit_key key = unit_key_of(unit);

	return table_find(bans->entries, &key);
}

static uint64_t cap_of(const struct bans *bans, const struct entry *entry)
{
	return entry->begin_ms + bans->limits.at_most_ms;
}

const char *ban_event_name(enum ban_event event)
{
	return rows[event].name;
}

static bool limits_are_valid(const struct ban_limits *limits)
{
	return limits->for_ms && limits->for_ms <= BANS_DURATION_MOST_MS && limits->at_most_ms &&
	       limits->at_most_ms <= BANS_DURATION_MOST_MS && limits->most &&
	       limits->most <= BANS_MOST;
}

int bans_create(const struct ban_limits *limits, struct bans **ret)
{
	struct bans *bans;
	int r;

	if (!limits_are_valid(limits))
		return -EINVAL;
	bans = calloc(1, sizeof(*bans));
	if (!bans)
		return -ENOMEM;
	bans->limits = *limits;
	r = table_create(sizeof(struct unit_key), sizeof(struct entry), BANS_MOST, &bans->entries);
	if (r == 0)
		r = table_create(sizeof(struct unit_key), BAN_WHY_SIZE, BANS_REASONS_MOST,
				 &bans->reasons);
	if (r < 0) {
		bans_destroy(bans);
		return r;
	}
	wheel_init(&bans->wheel, bans->entries, BANS_TICK_MS);
	*ret = bans;
	return 0;
}

void bans_destroy(struct bans *bans)
{
	if (!bans)
		return;
	table_destroy(bans->entries);
	table_destroy(bans->reasons);
	free(bans);
}

int bans_set_limits(struct bans *bans, const struct ban_limits *limits)
{
	if (!limits_are_valid(limits))
		return -EINVAL;
	bans->limits = *limits;
	return 0;
}

const struct ban_limits *bans_limits(const struct bans *bans)
{
	return &bans->limits;
}

static void show(const struct bans *bans, const struct entry *entry, struct ban *ret)
{
	const struct unit_key *key = table_key(bans->entries, entry);
	const char *why = entry->by_hand ? table_find(bans->reasons, key) : NULL;

	*ret = (struct ban){
		.unit = unit_of(bans, entry),
		.begin_ms = steady_to_wall(&bans->time, entry->begin_ms),
		.last_ms = steady_to_wall(&bans->time, entry->last_ms),
		.until_ms = steady_to_wall(&bans->time, entry->until_ms),
		.at_most_ms = entry->fixed ? 0 : steady_to_wall(&bans->time, cap_of(bans, entry)),
		.signature = entry->signature,
		.outcome = entry->outcome,
		.state = entry->state,
		.by_hand = entry->by_hand,
		.fixed = entry->fixed,
	};
	if (why)
		memcpy(ret->why, why, BAN_WHY_SIZE);
}

static void report(struct bans *bans, const struct entry *entry, enum ban_event event,
		   struct ban_step *ret)
{
	uint64_t now = bans->time.latest_ms;

	ret->event = event;
	ret->kernel = rows[event].kernel;
	ret->store = rows[event].store;
	ret->timeout_ms = steady_minus(entry->until_ms, now);
	show(bans, entry, &ret->ban);
	if (rows[event].counter != NOT_COUNTED)
		counter_add(rows[event].counter, 1);
}

/* Into ACTIVE: from outside, from ACTIVE and from CHECKING, whenever the end is known anew. The
 * entry is not in the wheel. */
static void activate(struct bans *bans, struct entry *entry, uint64_t until)
{
	uint64_t now = bans->time.latest_ms, for_ms = bans->limits.for_ms, due;

	entry->state = BAN_ACTIVE;
	if (entry->fixed) {
		entry->until_ms = until;
		due = steady_least(until, now + for_ms - steady_least(RENEW_EARLY_MS, for_ms / 2));
	} else {
		entry->until_ms = due = steady_least(until, cap_of(bans, entry));
	}
	wheel_add(&bans->wheel, &entry->node, due);
}

/* Into CHECKING, from ACTIVE and, when no answer came, from itself. Not in the wheel. */
static void ask(struct bans *bans, struct entry *entry, struct ban_step *ret)
{
	uint64_t again = bans->time.latest_ms + BANS_ASK_AGAIN_MS;

	entry->state = BAN_CHECKING;
	wheel_add(&bans->wheel, &entry->node, steady_least(again, cap_of(bans, entry)));
	report(bans, entry, BAN_ASKED, ret);
}

/* The end of a ban, from any state. Not in the wheel. */
static void end(struct bans *bans, struct entry *entry, enum ban_event event, struct ban_step *ret)
{
	const struct unit_key key = *(const struct unit_key *)table_key(bans->entries, entry);

	report(bans, entry, event, ret);
	if (entry->by_hand)
		table_remove(bans->reasons, &key);
	table_remove(bans->entries, &key);
}

/* A fresh entry for the unit, in the place of any old one; not in the wheel. */
static int admit(struct bans *bans, const struct addr *unit, struct entry **ret,
		 enum ban_event *ret_event)
{
	struct unit_key key = unit_key_of(unit);
	struct entry *entry = table_find(bans->entries, &key);
	void *value;
	int r;

	*ret_event = entry ? BAN_BEGAN_ANEW : BAN_BEGAN;
	if (entry) {
		wheel_remove(&bans->wheel, &entry->node);
		table_remove(bans->reasons, &key);
		memset(entry, 0, sizeof(*entry));
		*ret = entry;
		return 0;
	}
	r = -ENOSPC;
	if (table_count(bans->entries) < bans->limits.most)
		r = table_add(bans->entries, &key, &value);
	if (r < 0) {
		counter_add(COUNTER_bans_dropped, 1);
		return r;
	}
	*ret = value;
	return 0;
}

static uint64_t note_ms(const struct bans *bans)
{
	return steady_least(BANS_NOTE_MS, bans->limits.for_ms / 10);
}

/* An offence of a client whose ban goes on. */
static void extend(struct bans *bans, struct entry *entry, uint64_t at, struct ban_step *ret)
{
	uint64_t until = steady_least(at + bans->limits.for_ms, cap_of(bans, entry));

	entry->last_ms = greatest(entry->last_ms, at);
	if (entry->fixed || until < entry->until_ms + note_ms(bans)) {
		report(bans, entry, BAN_NOTED, ret);
		return;
	}
	wheel_remove(&bans->wheel, &entry->node);
	activate(bans, entry, until);
	report(bans, entry, BAN_EXTENDED, ret);
}

int bans_begin(struct bans *bans, const struct ban_offence *offence, uint64_t now_ms,
	       struct ban_step *ret)
{
	uint64_t now = steady_now(&bans->time, now_ms), at = steady_minus(now, offence->age_ms);
	struct entry *entry = find(bans, &offence->unit);
	enum ban_event event;
	int r;

	if (entry && (entry->fixed || now < cap_of(bans, entry))) {
		extend(bans, entry, at, ret);
		return 0;
	}
	if (at + steady_least(bans->limits.for_ms, bans->limits.at_most_ms) <= now)
		return -ESTALE;
	r = admit(bans, &offence->unit, &entry, &event);
	if (r < 0)
		return r;
	entry->begin_ms = entry->last_ms = at;
	entry->outcome = (uint8_t)offence->outcome;
	entry->signature = offence->signature;
	activate(bans, entry, at + bans->limits.for_ms);
	report(bans, entry, event, ret);
	return 0;
}

int bans_extend(struct bans *bans, const struct ban_offence *offence, uint64_t now_ms,
		struct ban_step *ret)
{
	uint64_t now = steady_now(&bans->time, now_ms);
	struct entry *entry = find(bans, &offence->unit);

	if (!entry)
		return -ENOENT;
	extend(bans, entry, steady_minus(now, offence->age_ms), ret);
	return 0;
}

/* Without room the ban stands without its reason. */
static void keep_reason(struct bans *bans, const struct entry *entry, const char *why, size_t size)
{
	void *reason;

	if (size == 0 || table_add(bans->reasons, table_key(bans->entries, entry), &reason) < 0)
		return;
	memcpy(reason, why, steady_least(size, BAN_WHY_SIZE - 1));
}

int bans_by_hand(struct bans *bans, const struct addr *unit, uint64_t duration_ms, struct bytes why,
		 uint64_t now_ms, struct ban_step *ret)
{
	uint64_t now = steady_now(&bans->time, now_ms);
	struct entry *entry;
	enum ban_event event;
	int r;

	if (duration_ms > BANS_DURATION_MOST_MS)
		return -ERANGE;
	r = admit(bans, unit, &entry, &event);
	if (r < 0)
		return r;
	entry->begin_ms = entry->last_ms = now;
	entry->outcome = OUTCOME_OTHER;
	entry->by_hand = true;
	entry->fixed = duration_ms > 0;
	keep_reason(bans, entry, why.data, why.size);
	activate(bans, entry, now + (duration_ms ? duration_ms : bans->limits.for_ms));
	report(bans, entry, event, ret);
	return 0;
}

static bool is_plausible(const struct ban *kept)
{
	bool ipv4 = kept->unit.family == ADDR_IPV4;
	struct addr unit = ipv4 ? addr_from_ipv4(kept->unit.octets) : addr_unit(&kept->unit);

	return (ipv4 || unit.family == ADDR_IPV6) && addr_equal(&unit, &kept->unit) &&
	       kept->outcome < OUTCOME_COUNT && kept->begin_ms <= kept->until_ms &&
	       (kept->by_hand || !kept->fixed) && memchr(kept->why, 0, BAN_WHY_SIZE);
}

int bans_restore(struct bans *bans, const struct ban *kept, uint64_t now_ms, struct ban_step *ret)
{
	/* A begin in the future (the clock was set back in between) counts as now. */
	uint64_t now = steady_now(&bans->time, now_ms), age_ms = steady_minus(now_ms, kept->begin_ms);
	uint64_t left_ms = steady_minus(kept->until_ms, now_ms);
	struct entry *entry;
	enum ban_event event;
	int r;

	if (!is_plausible(kept))
		return -EINVAL;
	if (find(bans, &kept->unit))
		return -EEXIST;
	if (left_ms == 0 || (!kept->fixed && age_ms >= bans->limits.at_most_ms))
		return -ESTALE;
	r = admit(bans, &kept->unit, &entry, &event);
	if (r < 0)
		return r;
	entry->begin_ms = steady_minus(now, age_ms);
	entry->last_ms = steady_minus(now, steady_least(age_ms, steady_minus(now_ms, kept->last_ms)));
	entry->signature = kept->signature;
	entry->outcome = kept->outcome;
	entry->by_hand = kept->by_hand;
	entry->fixed = kept->fixed;
	if (kept->by_hand)
		keep_reason(bans, entry, kept->why, strlen(kept->why));
	activate(bans, entry,
		 now + steady_least(left_ms, kept->fixed ? BANS_DURATION_MOST_MS : bans->limits.for_ms));
	report(bans, entry, BAN_RESTORED, ret);
	return 0;
}

int bans_answer(struct bans *bans, const struct addr *unit, uint64_t left_ms, uint64_t now_ms,
		struct ban_step *ret)
{
	uint64_t now = steady_now(&bans->time, now_ms), attempt;
	struct entry *entry = find(bans, unit);
	bool newer;

	if (!entry || entry->state != BAN_CHECKING)
		return -ENOENT;
	wheel_remove(&bans->wheel, &entry->node);
	if (left_ms == 0) {
		end(bans, entry, BAN_RAN_OUT, ret);
		return 0;
	}
	/* The kernel began to count a little later than we did, so that a moment may be left
	 * without a new attempt. */
	attempt = steady_minus(now, steady_minus(bans->limits.for_ms, left_ms));
	newer = attempt >= entry->last_ms + note_ms(bans);
	if (newer)
		entry->last_ms = attempt;
	activate(bans, entry, now + steady_least(left_ms, BANS_DURATION_MOST_MS));
	report(bans, entry, newer ? BAN_SLID : BAN_NOTED, ret);
	return 0;
}

int bans_lift(struct bans *bans, const struct addr *unit, uint64_t now_ms, struct ban_step *ret)
{
	struct entry *entry = find(bans, unit);

	steady_now(&bans->time, now_ms);
	if (!entry)
		return -ENOENT;
	wheel_remove(&bans->wheel, &entry->node);
	end(bans, entry, BAN_LIFTED, ret);
	return 0;
}

size_t bans_lift_within(struct bans *bans, const struct prefix *prefix, uint32_t *cursor,
			uint64_t now_ms, struct ban_step *steps, size_t most)
{
	struct prefix unit;
	struct addr addr;
	struct entry *entry;
	size_t count = 0;

	steady_now(&bans->time, now_ms);
	while (count < most && (entry = table_next(bans->entries, cursor))) {
		addr = unit_of(bans, entry);
		unit = prefix_of_unit(&addr);
		if (!prefix_overlaps(prefix, &unit))
			continue;
		wheel_remove(&bans->wheel, &entry->node);
		end(bans, entry, BAN_LIFTED, &steps[count++]);
	}
	return count;
}

size_t bans_renew(struct bans *bans, uint32_t *cursor, uint64_t now_ms, struct ban_step *steps,
		  size_t most)
{
	uint64_t now = steady_now(&bans->time, now_ms);
	struct entry *entry;
	size_t count = 0;

	while (count < most && (entry = table_next(bans->entries, cursor))) {
		/* Of those the kernel knew more than we do, and that is lost: they run out. */
		if (entry->until_ms <= now)
			continue;
		wheel_remove(&bans->wheel, &entry->node);
		activate(bans, entry, entry->until_ms);
		report(bans, entry, BAN_RENEWED, &steps[count++]);
	}
	return count;
}

/* What is to be done with a ban whose time in the wheel has come. */
static void meet(struct bans *bans, struct entry *entry, struct ban_step *ret)
{
	uint64_t now = bans->time.latest_ms;

	if (entry->fixed && now >= entry->until_ms) {
		end(bans, entry, BAN_SERVED, ret);
	} else if (entry->fixed) {
		activate(bans, entry, entry->until_ms);
		report(bans, entry, BAN_RENEWED, ret);
	} else if (now >= cap_of(bans, entry)) {
		end(bans, entry, BAN_CAPPED, ret);
	} else {
		ask(bans, entry, ret);
	}
}

size_t bans_due(struct bans *bans, uint64_t now_ms, struct ban_step *steps, size_t most)
{
	uint64_t now = steady_now(&bans->time, now_ms);
	size_t looks = most * LOOKS_PER_STEP, count = 0;
	struct wheel_node *node;

	while (count < most && (node = wheel_take(&bans->wheel, now, &looks)))
		meet(bans, (struct entry *)node, &steps[count++]);
	return count;
}

uint64_t bans_wait_ms(struct bans *bans, uint64_t now_ms)
{
	return wheel_wait_ms(&bans->wheel, steady_now(&bans->time, now_ms));
}

bool bans_find(const struct bans *bans, const struct addr *unit, struct ban *ret)
{
	const struct entry *entry = find(bans, unit);

	if (entry)
		show(bans, entry, ret);
	return entry;
}

bool bans_next(const struct bans *bans, uint32_t *cursor, struct ban *ret)
{
	const struct entry *entry = table_next(bans->entries, cursor);

	if (entry)
		show(bans, entry, ret);
	return entry;
}

size_t bans_count(const struct bans *bans)
{
	return table_count(bans->entries);
}

size_t bans_memory(const struct bans *bans)
{
	return sizeof(*bans) + table_memory(bans->entries) + table_memory(bans->reasons);
}
