/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/worker_gate.h"
#include "daemon/worker_internal.h"

#include "base/clock.h"
#include "base/counter.h"
#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>

/* Steps taken before the loop turns to its descriptors again. */
#define STEPS_A_ROUND 64
/* Bans renewed in one go: about a millisecond. */
#define RENEW_A_ROUND 2048
/* In this time the warden's bound on bans is whole again (a million at 200,000 a second). */
#define RENEW_AGAIN_MS 6000
/* The bans' timer is armed for this at least, so that many that end about now are one batch. */
#define DUE_LEAST_MS 20
/* A client that was banned so shortly before a start may still hold connections: longer than a
 * restart and any sensible evict.grace take. */
#define RESUME_MS 30000

static void say_begun(struct worker *w, const struct ban_step *step)
{
	char unit[ADDR_UNIT_TEXT_SIZE], length[DURATION_TEXT_SIZE], words[BAN_WHY_SIZE * 4], why[BAN_WHY_SIZE * 4 + 16];
	const struct ban *ban = &step->ban;
	struct explain_signature found = { "", "" };

	if (!ban->by_hand)
		worker_signature_name(w, ban->signature, &found);
	snprintf(why, sizeof(why), "by hand%s%s", ban->why[0] ? ": " : "",
		 text_escape(bytes_of(ban->why), words, sizeof(words)));
	worker_event(w, LOG_BAN_BEGUN, LOG_TEXT(ADDRESS, addr_unit_format(&ban->unit, unit)),
		     LOG_TEXT(FOR, duration_format(step->timeout_ms, length)), LOG_NUMBER(UNTIL, ban->until_ms / 1000),
		     LOG_TEXT(WHY, ban->by_hand ? why : outcome_help((enum outcome)ban->outcome)),
		     LOG_TEXT(OUTCOME, ban->by_hand ? "" : outcome_name((enum outcome)ban->outcome)),
		     LOG_NUMBER(SCORE, judge_score(w->judge, &ban->unit, clock_wall_ms())),
		     LOG_TEXT(SERVICE, found.service), LOG_TEXT(SIGNATURE, found.name));
}

static void say(struct worker *w, const struct ban_step *step)
{
	static const char *const ends[BAN_EVENT_COUNT] = {
		[BAN_RAN_OUT] = "it has not tried again for ban.for",
		[BAN_SERVED] = "its time is over",
		[BAN_CAPPED] = "let in again to be told once more, after ban.at_most",
		[BAN_LIFTED] = "lifted, or protected now",
	};
	char unit[ADDR_UNIT_TEXT_SIZE];

	if (step->event == BAN_BEGAN || step->event == BAN_BEGAN_ANEW)
		say_begun(w, step);
	else if (ends[step->event])
		worker_event(w, LOG_BAN_ENDED, LOG_TEXT(ADDRESS, addr_unit_format(&step->ban.unit, unit)),
			     LOG_TEXT(WHY, ends[step->event]));
}

static int ask_kernel(struct worker *w, const struct ban_step *step)
{
	struct request q = { .unit = step->ban.unit, .timeout_ms = step->timeout_ms };

	switch (step->kernel) {
	case BAN_KERNEL_NOTHING:
		return 0;
	case BAN_KERNEL_ADD:
		q.kind = REQUEST_BAN;
		break;
	case BAN_KERNEL_REPLACE:
		q.kind = REQUEST_BAN;
		q.flags = REQUEST_REPLACE;
		break;
	case BAN_KERNEL_REMOVE:
		q.kind = REQUEST_UNBAN;
		break;
	case BAN_KERNEL_ASK:
		q.kind = REQUEST_QUERY;
		break;
	}
	return link_ask(w->link, &q);
}

static void tell_store(struct worker *w, const struct ban_step *step)
{
	if (!w->store)
		return;
	if (step->store == BAN_STORE_PUT)
		store_put_ban(w->store, &step->ban);
	else if (step->store == BAN_STORE_DELETE)
		store_delete_ban(w->store, &step->ban.unit);
}

/* A part of the queue to the warden is left to what the log brings. */
static bool has_room(const struct worker *w)
{
	return link_room(w->link) > LINK_WAITING_MOST / 4;
}

static void arm_bans_timer(struct worker *w)
{
	uint64_t wait = bans_wait_ms(w->bans, clock_wall_ms());

	/* Where the queue to the warden is full, worker_on_room goes on. */
	if (w->renewing && has_room(w))
		loop_timer_arm(w->bans_timer, 0);
	else if (wait == UINT64_MAX)
		loop_timer_disarm(w->bans_timer);
	else
		loop_timer_arm(w->bans_timer, loop_now_ms(w->loop) + (wait > DUE_LEAST_MS ? wait : DUE_LEAST_MS));
}

void worker_settle(struct worker *w)
{
	size_t count = w->unsettled_count;

	link_flush(w->link);
	w->unsettled_count = 0;
	for (size_t i = 0; i < count; i++) {
		tell_store(w, &w->unsettled[i]);
		say(w, &w->unsettled[i]);
	}
}

void worker_carry_out(struct worker *w, const struct ban_step *step)
{
	if (w->unsettled_count == UNSETTLED_MOST)
		worker_settle(w);
	w->unsettled[w->unsettled_count++] = *step;
	/* Where the queue to the warden is full, the ban is sent with all the others once there is
	 * room; what should have been removed ends by its own timeout. */
	if (ask_kernel(w, step) < 0 && (step->kernel == BAN_KERNEL_ADD || step->kernel == BAN_KERNEL_REPLACE)) {
		w->renewing = true;
		w->renew_cursor = 0;
	}
	worker_suspect_after_ban(w, step);
	if (!loop_timer_armed(w->bans_timer))
		arm_bans_timer(w);
}

struct policy worker_policy(struct worker *w)
{
	return (struct policy){ w->judge, w->bans, &w->never, w->suspects };
}

bool worker_judge(struct worker *w, const struct judge_event *event, struct verdict *ret)
{
	const struct policy policy = worker_policy(w);
	struct ban_step step;
	bool is_step = policy_decide(&policy, event, clock_wall_ms(), ret, &step);

	worker_wave_records_on_event(w->waves, event);
	worker_relief_on_event(w->relief, event, ret);
	if (is_step)
		worker_carry_out(w, &step);
	worker_suspect(w, event, ret);
	return is_step;
}

void worker_evict(struct worker *w, const struct addr *unit, uint16_t client_port)
{
	struct request q = { .kind = REQUEST_EVICT, .unit = *unit, .port = client_port };

	if (w->settings->evict_enabled && link_ask(w->link, &q) < 0)
		counter_add(COUNTER_evictions_dropped, 1);
}

void worker_unban_unknown(struct worker *w, const struct addr *unit)
{
	struct request q = { .kind = REQUEST_UNBAN, .unit = *unit };

	/* It may be in a store that is not open yet. */
	if (w->store)
		store_delete_ban(w->store, unit);
	link_ask(w->link, &q);
	link_flush(w->link);
}

void worker_bans_due(void *data)
{
	struct worker *w = data;
	struct ban_step steps[STEPS_A_ROUND];
	size_t n, i, rounds = 0;

	if (w->renewing)
		worker_renew_bans(w);
	do {
		n = bans_due(w->bans, clock_wall_ms(), steps, STEPS_A_ROUND);
		for (i = 0; i < n; i++)
			worker_carry_out(w, &steps[i]);
	} while (n == STEPS_A_ROUND && ++rounds < 16 && has_room(w));
	worker_settle(w);
	arm_bans_timer(w);
}

/* Its connections may have been waiting for their end when the worker before, or the warden, ended. */
static void resume_eviction(struct worker *w, const struct ban *ban)
{
	if (w->resuming && ban->last_ms + RESUME_MS > clock_wall_ms())
		worker_evict(w, &ban->unit, 0);
}

/* All bans to the kernel, a slice each round of the loop. A plain add where a slide counts: an
 * element that is there already has been slid by the kernel, and that is the truer timeout. */
void worker_renew_bans(struct worker *w)
{
	struct ban_step steps[STEPS_A_ROUND];
	size_t n, done = 0;

	do {
		n = bans_renew(w->bans, &w->renew_cursor, clock_wall_ms(), steps, STEPS_A_ROUND);
		for (size_t i = 0; i < n; i++) {
			if (steps[i].kernel == BAN_KERNEL_REPLACE && !steps[i].ban.fixed)
				steps[i].kernel = BAN_KERNEL_ADD;
			ask_kernel(w, &steps[i]);
			resume_eviction(w, &steps[i].ban);
		}
		done += n;
	} while (n == STEPS_A_ROUND && done < RENEW_A_ROUND && has_room(w));
	w->renewing = n == STEPS_A_ROUND;
	w->resuming = w->resuming && w->renewing;
	if (w->renewing && !has_room(w))
		link_want_room(w->link);
	link_flush(w->link);
	arm_bans_timer(w);
}

struct restoring {
	struct worker *w;
	uint64_t now_ms;
};

static void restore_one(void *data, const struct ban *kept)
{
	struct restoring *restoring = data;
	struct worker *w = restoring->w;
	struct ban_step step;
	int r = -EPERM;

	if (!prefix_set_find(&w->never, &kept->unit))
		r = bans_restore(w->bans, kept, restoring->now_ms, &step);
	if (r < 0 && r != -EEXIST)
		store_delete_ban(w->store, &kept->unit);
}

void worker_restore_bans(struct worker *w)
{
	struct restoring restoring = { w, clock_wall_ms() };
	size_t count = bans_count(w->bans);
	int r;

	if (!w->store)
		return;
	r = store_read_bans(w->store, restore_one, &restoring);
	if (r < 0)
		log_error("cannot read the bans of before: %s", strerror(-r));
	count = bans_count(w->bans) - count;
	if (count == 0)
		return;
	log_info("%zu ban%s of before %s in force again", count, count == 1 ? "" : "s", count == 1 ? "is" : "are");
	w->renewing = w->resuming = true;
	w->renew_cursor = 0;
	worker_renew_bans(w);
}

void worker_renew_refused(struct worker *w)
{
	if (w->renew_again_ms == 0 || loop_now_ms(w->loop) < w->renew_again_ms || w->renewing)
		return;
	w->renew_again_ms = 0;
	w->renewing = true;
	w->renew_cursor = 0;
	worker_renew_bans(w);
}

void worker_on_room(void *data)
{
	struct worker *w = data;

	if (w->renewing)
		worker_renew_bans(w);
}

static void on_refused(struct worker *w, const struct answer *answer)
{
	struct addr unit = addr_unit(&answer->unit);
	char text[ADDR_UNIT_TEXT_SIZE];
	struct ban_step step;

	if (answer->flags == REQUEST_SUSPECT)
		worker_suspect_refused(w, answer);
	if (answer->flags != REQUEST_BAN)
		return;
	/* Too many at once: all are sent again when the bound has room for all of them. */
	if (answer->error == -EAGAIN) {
		if (w->renew_again_ms == 0)
			w->renew_again_ms = loop_now_ms(w->loop) + RENEW_AGAIN_MS;
		return;
	}
	worker_event(w, LOG_BAN_REFUSED, LOG_TEXT(ADDRESS, addr_unit_format(&unit, text)),
		     LOG_TEXT(WHY, answer->error == -EPERM ? "the never-list protects it" : strerror(-answer->error)));
	if (answer->error != -EPERM)
		return;
	counter_add(COUNTER_bans_refused, 1);
	if (bans_lift(w->bans, &unit, clock_wall_ms(), &step) == 0)
		worker_carry_out(w, &step);
	worker_settle(w);
}

static void on_evicted(struct worker *w, const struct answer *answer)
{
	char text[ADDR_TEXT_SIZE], length[DURATION_TEXT_SIZE];

	worker_event(w, LOG_EVICTED, LOG_TEXT(ADDRESS, addr_format(&answer->unit, text)), LOG_NUMBER(PORT, answer->port),
		     LOG_TEXT(FOR, duration_format(answer->value, length)),
		     LOG_TEXT(DETAIL, answer->flags & ANSWER_FORCED ? ": it had not acknowledged its reply" : ""));
}

void worker_on_answer(void *data, const struct answer *answer)
{
	struct worker *w = data;
	struct ban_step step;

	worker_wave_records_on_answer(w->waves, answer);
	switch (answer->kind) {
	case ANSWER_REMAINING:
		/* Without an answer the bans ask again by themselves. */
		if (answer->error < 0)
			return;
		if (bans_answer(w->bans, &answer->unit, answer->value, clock_wall_ms(), &step) == 0)
			worker_carry_out(w, &step);
		worker_settle(w);
		return;
	case ANSWER_REFUSED:
		on_refused(w, answer);
		worker_relief_on_answer(w->relief, answer);
		return;
	case ANSWER_RELIEVED:
	case ANSWER_BLOCKED:
	case ANSWER_HANDLERS:
		worker_relief_on_answer(w->relief, answer);
		return;
	case ANSWER_EVICTED:
		on_evicted(w, answer);
		return;
	case ANSWER_USED:
		worker_use_on_answer(w, answer);
		return;
	case ANSWER_SUSPECT:
	case ANSWER_SUSPECTS:
	case ANSWER_IS_SUSPECT:
		worker_limited_on_answer(w->limited, answer);
		return;
	case ANSWER_STEERING:
		if (w->gate)
			worker_gate_steered(w->gate, answer);
		return;
	case ANSWER_TABLE_LOST:
		w->renewing = true;
		w->renew_cursor = 0;
		worker_renew_bans(w);
		worker_renew_all_suspects(w);
		return;
	}
}

static bool has_prefix(const struct prefix_set *set, const struct prefix *prefix)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct prefix *p = &set->entries[i].prefix;

		if (p->length == prefix->length && addr_equal(&p->addr, &prefix->addr))
			return true;
	}
	return false;
}

/* Bans of who is protected now are lifted, and it is no suspect. */
static void lift_protected(struct worker *w, const struct prefix *prefix)
{
	struct ban_step steps[STEPS_A_ROUND];
	uint32_t cursor = 0;
	size_t n;

	do {
		n = bans_lift_within(w->bans, prefix, &cursor, clock_wall_ms(), steps, STEPS_A_ROUND);
		for (size_t i = 0; i < n; i++)
			worker_carry_out(w, &steps[i]);
	} while (n == STEPS_A_ROUND);
	worker_trust_within(w, prefix);
}

void worker_never_changed(struct worker *w)
{
	const struct prefix_set *parts[] = { &w->allowed, &w->host };
	struct prefix_set before = w->never;

	w->never = (struct prefix_set){ 0 };
	w->never_number += w->never_number == UINT32_MAX ? 2 : 1;
	for (size_t p = 0; p < 2; p++) {
		for (size_t i = 0; i < parts[p]->count; i++) {
			const struct prefix_entry *e = &parts[p]->entries[i];

			prefix_set_add(&w->never, &e->prefix, e->why);
			/* It goes through all bans, for each entry. */
			if (!has_prefix(&before, &e->prefix))
				lift_protected(w, &e->prefix);
		}
	}
	prefix_set_clear(&before);
	worker_gate_tell_never(w->gate, &w->never);
	worker_settle(w);
}

void worker_on_never(void *data, const struct prefix_set *host)
{
	struct worker *w = data;

	prefix_set_clear(&w->host);
	for (size_t i = 0; i < host->count; i++)
		prefix_set_add(&w->host, &host->entries[i].prefix, host->entries[i].why);
	worker_never_changed(w);
}

static void tell_warden(struct worker *w, enum request_kind kind, const struct prefix *prefix)
{
	struct request q = { .kind = (uint8_t)kind, .unit = prefix->addr, .length = prefix->length };

	link_ask(w->link, &q);
	link_flush(w->link);
}

int worker_allow(struct worker *w, const struct prefix *prefix)
{
	char text[PREFIX_TEXT_SIZE];
	struct prefix one;
	struct addr unit;
	int r = prefix_set_add(&w->allowed, prefix, "wavebreak allow");

	if (r < 0)
		return r;
	if (w->store)
		store_put_allowed(w->store, prefix);
	tell_warden(w, REQUEST_ALLOW, prefix);
	/* Where it is a single client, the kernel has its word at once. */
	unit = addr_unit(&prefix->addr);
	one = prefix_of_unit(&unit);
	if (prefix->length >= one.length)
		worker_trust_unknown(w, &unit);
	worker_event(w, LOG_ALLOWED, LOG_TEXT(PREFIX, prefix_format(prefix, text)));
	worker_never_changed(w);
	return 0;
}

bool worker_disallow(struct worker *w, const struct prefix *prefix)
{
	char text[PREFIX_TEXT_SIZE];

	if (!prefix_set_remove(&w->allowed, prefix))
		return false;
	if (w->store)
		store_delete_allowed(w->store, prefix);
	tell_warden(w, REQUEST_DISALLOW, prefix);
	worker_event(w, LOG_DISALLOWED, LOG_TEXT(PREFIX, prefix_format(prefix, text)));
	worker_never_changed(w);
	return true;
}
