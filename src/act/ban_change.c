/* SPDX-License-Identifier: Apache-2.0 */
#include "act/ban_private.h"
#include "base/counter.h"
#include "base/table.h"

#include <errno.h>

/* Refused transactions in one ban_apply. Halving finds one bad change of a part with 11. To
 * undo one takes the kernel some 15 ms (an RCU grace period), so there has to be an end. */
#define REFUSALS_MOST 24

static const struct goal {
	enum ban_list list;
	enum addr_family family;
	const char *set;
	size_t key_size;
} goals[] = {
	{ BAN_LIST_BANNED, ADDR_IPV4, NFT_GUARD_BAN4, 4 },
	{ BAN_LIST_BANNED, ADDR_IPV6, NFT_GUARD_BAN6, 16 },
	{ BAN_LIST_SUSPECT, ADDR_IPV4, NFT_GUARD_SUSPECT4, 4 },
	{ BAN_LIST_SUSPECT, ADDR_IPV6, NFT_GUARD_SUSPECT6, 16 },
};

#define GOALS (sizeof(goals) / sizeof(goals[0]))

/* One call of ban_apply. */
struct run {
	struct ban_table *ban;
	unsigned refusals;
	bool full[GOALS]; /* seen to be full, so nothing more is added there */
	uint64_t left_out;
	int first_error;
};

/* GOALS for what is no address. */
static size_t goal_of(enum ban_list list, const struct addr *addr)
{
	size_t g = 0;

	while (g < GOALS && (goals[g].list != list || goals[g].family != addr->family))
		g++;
	return g;
}

static void leave_out(struct run *run, int error, size_t count)
{
	run->left_out += count;
	if (run->first_error == 0)
		run->first_error = error;
}

/* A timeout is set anew by adding, deleting and adding, in this order and all in one
 * transaction: a plain add leaves the timeout of what is there (since Linux 6.12, only when
 * it is the same length again), and a plain delete fails for what is not there. A ban is
 * ended by the first two alone. */
enum pass {
	PASS_ENSURE,
	PASS_DELETE,
	PASS_ADD,
	PASSES
};

#define STEPS (PASSES * GOALS) /* of a batch: each pass for each goal */

static bool takes_part(const struct ban_change *change, enum pass pass)
{
	bool is_end = change->timeout_ms == 0;

	return pass == PASS_ADD ? !is_end : is_end || change->replace;
}

static bool is_kept_out(const struct run *run, size_t goal, const struct ban_change *change)
{
	return run->full[goal] && change->timeout_ms;
}

static void put_pass(const struct run *run, struct nft_batch *batch, enum pass pass, size_t goal,
		     const struct ban_change *changes, size_t count)
{
	const struct ban_change *change;
	struct nft_elements elements;
	struct addr unit;

	if (pass == PASS_DELETE)
		nft_elements_delete(&elements, batch, goals[goal].set);
	else
		nft_elements_add(&elements, batch, goals[goal].set);
	for (change = changes; change < changes + count; change++) {
		if (goal_of(change->list, &change->unit) != goal || !takes_part(change, pass) ||
		    is_kept_out(run, goal, change))
			continue;
		unit = addr_unit(&change->unit);
		nft_elements_put(&elements, unit.octets, goals[goal].key_size,
				 pass == PASS_ADD ? ban_timeout_ms(change->timeout_ms) : 0);
	}
	nft_elements_end(&elements);
}

struct refusal {
	int error;
	enum pass pass;
	size_t goal;
};

static void transact(struct run *run, const struct ban_change *changes, size_t count,
		     struct refusal *ret)
{
	uint32_t begins[STEPS], refused;
	struct nft_batch batch;
	size_t step;

	ban_batch_begin(run->ban, &batch);
	for (step = 0; step < STEPS; step++) {
		begins[step] = batch.next_sequence;
		put_pass(run, &batch, step / GOALS, step % GOALS, changes, count);
	}
	ret->error = ban_batch_run(run->ban, &batch, &refused);
	for (step = STEPS - 1; step && refused < begins[step]; step--)
		;
	ret->pass = step / GOALS;
	ret->goal = step % GOALS;
}

/* Changes of a batch that went through without them. */
static void count_kept_out(struct run *run, const struct ban_change *changes, size_t count)
{
	size_t goal;

	for (size_t i = 0; i < count; i++) {
		goal = goal_of(changes[i].list, &changes[i].unit);
		if (goal == GOALS)
			leave_out(run, -EINVAL, 1);
		else if (is_kept_out(run, goal, &changes[i]))
			leave_out(run, -ENOSPC, 1);
	}
}

/* Whether the same changes may go through at a second try. */
static bool may_pass_next_time(struct run *run, const struct refusal *refusal)
{
	/* A set has no room for all of this: the rest of the call does without adding to it. */
	if (refusal->error == -ENFILE && !run->full[refusal->goal]) {
		run->full[refusal->goal] = true;
		return true;
	}
	/* What was to be deleted is not there, though the pass before made sure that it was: it
	 * ran out in between. Kernels before 6.8 look at the clock for each message anew. */
	return refusal->error == -ENOENT && refusal->pass == PASS_DELETE;
}

static bool is_hopeless(const struct refusal *refusal)
{
	return (refusal->error == -ENOENT && refusal->pass != PASS_DELETE) ||
	       refusal->error == -EPERM;
}

/* Halves what is refused until the changes that cannot be are alone. Returns an error only
 * when nothing more can be done at all. */
static int apply_part(struct run *run, const struct ban_change *changes, size_t count)
{
	size_t half = count / 2;
	struct refusal refusal;
	int r;

	transact(run, changes, count, &refusal);
	if (refusal.error == 0) {
		count_kept_out(run, changes, count);
		return 0;
	}
	if (is_hopeless(&refusal))
		return refusal.error;
	run->refusals++;
	if (run->refusals <= REFUSALS_MOST && may_pass_next_time(run, &refusal))
		return apply_part(run, changes, count);
	if (run->refusals > REFUSALS_MOST || count == 1) {
		leave_out(run, refusal.error == -ENFILE ? -ENOSPC : refusal.error, count);
		return 0;
	}
	r = apply_part(run, changes, half);
	return r < 0 ? r : apply_part(run, changes + half, count - half);
}

/* How many of the changes can be one transaction: in it their order is lost, so it ends
 * before a unit that it holds already. */
static size_t part_size(struct ban_table *ban, const struct ban_change *changes, size_t count)
{
	struct ban_key key = { 0 };
	size_t size = 0;
	void *value;

	if (count == 1)
		return 1;
	while (size < count && size < BAN_PART_MOST) {
		key.unit = addr_unit(&changes[size].unit);
		key.list = (uint8_t)changes[size].list;
		if (table_add(ban->seen, &key, &value) != 1)
			break;
		size++;
	}
	table_clear(ban->seen);
	return size ? size : 1;
}

int ban_apply(struct ban_table *ban, const struct ban_change *changes, size_t count)
{
	struct run run = { .ban = ban };
	size_t part;
	int r = 0;

	while (count && r == 0) {
		part = part_size(ban, changes, count);
		r = apply_part(&run, changes, part);
		changes += part;
		count -= part;
	}
	if (r < 0)
		run.left_out++;
	if (run.left_out)
		counter_add(COUNTER_kernel_errors, run.left_out);
	return r < 0 ? r : run.first_error;
}

struct query {
	uint32_t first_sequence;
	size_t count, answered;
	uint64_t *remaining_ms;
	int error;
};

static void take_element(void *data, const struct nl_message *answer)
{
	struct query *query = data;
	uint32_t place = answer->sequence - query->first_sequence;
	uint64_t remaining_ms = 0;
	int r;

	if (place >= query->count)
		return;
	r = nft_read_element(answer, &remaining_ms);
	if (r < 0 && r != -ENOENT && query->error == 0)
		query->error = r;
	query->remaining_ms[place] = remaining_ms;
	query->answered++;
}

/* At most NFT_QUESTIONS_MOST units. */
static int query_part(struct ban_table *ban, enum ban_list list, const struct addr *units, size_t count,
		      uint64_t *ret_remaining_ms)
{
	struct query query = {
		.first_sequence = ban->sequence, .count = count, .remaining_ms = ret_remaining_ms,
	};
	struct nl_writer w;
	struct addr unit;
	size_t goal;
	int r;

	nl_writer_init(&w, ban->buffer, BAN_BUFFER_SIZE);
	for (size_t i = 0; i < count; i++) {
		goal = goal_of(list, &units[i]);
		if (goal == GOALS)
			return -EINVAL;
		unit = addr_unit(&units[i]);
		nft_ask_element(&w, ban->sequence++, BAN_TABLE_NAME, goals[goal].set,
				unit.octets, goals[goal].key_size);
	}
	r = nft_questions_run(ban->fd, &w, take_element, &query);
	if (r == 0)
		r = query.error;
	if (r == 0 && query.answered != count)
		r = -EIO;
	return r;
}

int ban_query(struct ban_table *ban, const struct addr *units, size_t count, uint64_t *ret_remaining_ms)
{
	size_t part;
	int r = 0;

	for (; count && r == 0; units += part, ret_remaining_ms += part, count -= part) {
		part = count < NFT_QUESTIONS_MOST ? count : NFT_QUESTIONS_MOST;
		r = query_part(ban, BAN_LIST_BANNED, units, part, ret_remaining_ms);
	}
	return r;
}

int ban_query_suspect(struct ban_table *ban, const struct addr *unit, uint64_t *ret_remaining_ms)
{
	return query_part(ban, BAN_LIST_SUSPECT, unit, 1, ret_remaining_ms);
}
