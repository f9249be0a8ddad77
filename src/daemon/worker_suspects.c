/* SPDX-License-Identifier: Apache-2.0 */
/* Who is led to the gate: carries out the steps of judge/suspects, as worker_bans.c does those of bans. Suspects wait
 * for the bans wherever both want the way to the warden: a ban keeps a client out, a suspect merely makes a detour. */
#include "daemon/worker_internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#include <errno.h>

#define STEPS_A_ROUND 64
#define RENEW_A_ROUND 2048
/* Ends of a second, a few milliseconds of work; the kernel has let go of them by itself. */
#define ENDS_A_SECOND 20000
/* Bans are on their way, or there is no room: it is looked at again after this. */
#define RENEW_WAIT_MS 50
#define RENEW_AGAIN_MS 6000

int worker_open_suspects(struct worker *w)
{
	struct suspect_limits limits;
	int r;

	if (w->settings->gate_steer != STEERING_SUSPECT)
		return 0;
	plan_suspect_limits(w->settings, &limits);
	r = suspects_create(&limits, &w->suspects);
	if (r == 0)
		r = worker_limited_create(w, &w->limited);
	return r < 0 ? r : loop_timer_create(w->loop, worker_renew_suspects, w, &w->suspects_timer);
}

/* What has no room is sent with all the others once there is; what should have been removed ends by itself. */
static int ask_kernel(struct worker *w, const struct suspect_step *step)
{
	struct request q = { .unit = step->suspect.unit, .timeout_ms = step->timeout_ms };

	switch (step->kernel) {
	case SUSPECT_KERNEL_NOTHING:
		return 0;
	case SUSPECT_KERNEL_ADD:
		q.kind = REQUEST_SUSPECT;
		break;
	case SUSPECT_KERNEL_REPLACE:
		q.kind = REQUEST_SUSPECT;
		q.flags = REQUEST_REPLACE;
		break;
	case SUSPECT_KERNEL_REMOVE:
		q.kind = REQUEST_TRUST;
		break;
	}
	return link_ask(w->link, &q);
}

static void tell_store(struct worker *w, const struct suspect_step *step)
{
	if (!w->store)
		return;
	if (step->store == SUSPECT_STORE_PUT)
		store_put_suspect(w->store, &step->suspect);
	else if (step->store == SUSPECT_STORE_DELETE)
		store_delete_suspect(w->store, &step->suspect.unit);
}

static void begin_to_renew(struct worker *w, uint64_t wait_ms)
{
	w->renewing_suspects = true;
	w->suspect_cursor = 0;
	loop_timer_arm(w->suspects_timer, loop_now_ms(w->loop) + wait_ms);
}

static void carry_out(struct worker *w, const struct suspect_step *step)
{
	if (ask_kernel(w, step) < 0 && step->kernel != SUSPECT_KERNEL_REMOVE)
		begin_to_renew(w, RENEW_WAIT_MS);
	tell_store(w, step);
}

void worker_suspect(struct worker *w, const struct judge_event *event, const struct verdict *verdict)
{
	const struct policy policy = worker_policy(w);
	char unit[ADDR_UNIT_TEXT_SIZE], length[DURATION_TEXT_SIZE];
	struct suspect_step step;

	if (!policy_suspect(&policy, event, verdict, clock_wall_ms(), &step))
		return;
	carry_out(w, &step);
	/* Of who is banned the line of the ban says enough. */
	if (step.event == SUSPECT_BEGAN && verdict->action != JUDGE_BAN)
		worker_event(w, LOG_SUSPECT_BEGUN, LOG_TEXT(ADDRESS, addr_unit_format(&step.suspect.unit, unit)),
			     LOG_TEXT(FOR, duration_format(step.timeout_ms, length)), LOG_NUMBER(SCORE, verdict->score),
			     LOG_TEXT(WHY, outcome_help(event->outcome)), LOG_TEXT(OUTCOME, outcome_name(event->outcome)));
}

void worker_suspect_after_ban(struct worker *w, const struct ban_step *ban)
{
	const struct policy policy = worker_policy(w);
	struct suspect_step step;

	if (policy_suspect_after_ban(&policy, ban, clock_wall_ms(), &step))
		carry_out(w, &step);
}

bool worker_trust(struct worker *w, const struct addr *unit)
{
	struct suspect_step step;

	if (!w->suspects || suspects_trust(w->suspects, unit, clock_wall_ms(), &step) < 0)
		return false;
	carry_out(w, &step);
	return true;
}

bool worker_trust_unknown(struct worker *w, const struct addr *unit)
{
	struct request q = { .kind = REQUEST_TRUST, .unit = *unit };
	bool was_suspect = worker_trust(w, unit), was_limited = worker_limited_trust(w->limited, unit);

	/* From before a reload, perhaps. */
	if (w->suspects && !was_suspect && !w->limited)
		link_ask(w->link, &q);
	return was_suspect || was_limited;
}

void worker_trust_within(struct worker *w, const struct prefix *prefix)
{
	struct suspect_step steps[STEPS_A_ROUND];
	uint32_t cursor = 0;
	size_t n;

	do {
		n = w->suspects ? suspects_trust_within(w->suspects, prefix, &cursor, clock_wall_ms(), steps, STEPS_A_ROUND) : 0;
		for (size_t i = 0; i < n; i++)
			carry_out(w, &steps[i]);
	} while (n == STEPS_A_ROUND);
	worker_limited_trust_within(w->limited, prefix);
}

static bool may_renew(const struct worker *w)
{
	return !w->renewing && link_room(w->link) > LINK_WAITING_MOST / 2;
}

/* A plain add: the kernel's own timeout may be the later one, where the client went over a limit. */
void worker_renew_suspects(void *data)
{
	struct worker *w = data;
	struct suspect_step steps[STEPS_A_ROUND];
	size_t n = STEPS_A_ROUND, done = 0;

	while (n == STEPS_A_ROUND && done < RENEW_A_ROUND && may_renew(w)) {
		n = suspects_renew(w->suspects, &w->suspect_cursor, clock_wall_ms(), steps, STEPS_A_ROUND);
		for (size_t i = 0; i < n; i++)
			(void)ask_kernel(w, &steps[i]);
		done += n;
	}
	w->renewing_suspects = n == STEPS_A_ROUND;
	if (w->renewing_suspects)
		loop_timer_arm(w->suspects_timer, loop_now_ms(w->loop) + (may_renew(w) ? 0 : RENEW_WAIT_MS));
	link_flush(w->link);
}

void worker_renew_all_suspects(struct worker *w)
{
	if (w->suspects && suspects_count(w->suspects))
		begin_to_renew(w, 0);
}

struct restoring {
	struct worker *w;
	uint64_t now_ms;
};

static void restore_one(void *data, const struct suspect *kept)
{
	struct restoring *restoring = data;
	struct worker *w = restoring->w;
	struct suspect_step step;
	int r = -EPERM;

	if (!prefix_set_find(&w->never, &kept->unit))
		r = suspects_restore(w->suspects, kept, restoring->now_ms, &step);
	if (r < 0 && r != -EEXIST)
		store_delete_suspect(w->store, &kept->unit);
}

void worker_restore_suspects(struct worker *w)
{
	struct restoring restoring = { w, clock_wall_ms() };
	size_t count;
	int r;

	if (!w->store || !w->suspects)
		return;
	count = suspects_count(w->suspects);
	r = store_read_suspects(w->store, restore_one, &restoring);
	if (r < 0)
		log_error("cannot read the suspects of before: %s", strerror(-r));
	count = suspects_count(w->suspects) - count;
	if (count)
		log_info("%zu client%s of before %s led to the gate again", count, count == 1 ? "" : "s",
			 count == 1 ? "is" : "are");
	worker_renew_all_suspects(w);
}

void worker_suspects_each_second(struct worker *w)
{
	struct suspect_step steps[STEPS_A_ROUND];
	size_t n = 0, done = 0;

	if (!w->suspects)
		return;
	do {
		n = suspects_due(w->suspects, clock_wall_ms(), steps, STEPS_A_ROUND);
		for (size_t i = 0; i < n; i++)
			carry_out(w, &steps[i]);
		done += n;
	} while (n == STEPS_A_ROUND && done < ENDS_A_SECOND);
}

void worker_suspect_refused(struct worker *w, const struct answer *answer)
{
	struct addr unit = addr_unit(&answer->unit);
	char text[ADDR_UNIT_TEXT_SIZE];

	if (!w->suspects)
		return;
	/* Too many at once: all are sent again when the bound has room for all of them. */
	if (answer->error == -EAGAIN) {
		if (!w->renewing_suspects)
			begin_to_renew(w, RENEW_AGAIN_MS);
		return;
	}
	worker_event(w, LOG_SUSPECT_REFUSED, LOG_TEXT(ADDRESS, addr_unit_format(&unit, text)),
		     LOG_TEXT(WHY, answer->error == -EPERM ? "the never-list protects it" : strerror(-answer->error)));
	if (answer->error == -EPERM)
		worker_trust(w, &unit);
}
