/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/policy.h"

uint32_t policy_signature_number(const struct signature *signature)
{
	const char *const parts[] = { signature->service->name, "/", signature->name };
	uint32_t hash = BYTES_HASH_BEGIN;

	for (size_t i = 0; i < 3; i++)
		hash = bytes_hash(hash, bytes_of(parts[i]));
	return hash ? hash : 1;
}

/* A signature's own score stands; else the configuration's for the outcome. */
static uint32_t score_of(const struct match *match)
{
	return match->score == outcome_score(match->outcome) ? JUDGE_SCORE_OF_OUTCOME : match->score;
}

struct judge_event policy_event_of(const struct match *match, uint64_t age_ms)
{
	return (struct judge_event){
		.client = match->addr,
		.client_port = match->port,
		.reply_code = (uint16_t)match->reply_code,
		.outcome = match->outcome,
		.signature = policy_signature_number(match->signature),
		.score = score_of(match),
		.age_ms = age_ms,
	};
}

bool policy_decide(const struct policy *policy, const struct judge_event *event, uint64_t now_ms,
		   struct verdict *ret_verdict, struct ban_step *ret_step)
{
	const struct ban_offence offence = { addr_unit(&event->client), event->outcome, event->signature, event->age_ms };

	judge_event(policy->judge, policy->never, event, now_ms, ret_verdict);
	switch (ret_verdict->action) {
	case JUDGE_BAN:
		return bans_begin(policy->bans, &offence, now_ms, ret_step) == 0;
	case JUDGE_PROTECTED:
		return false;
	case JUDGE_NOTHING:
		return ret_verdict->offence && bans_extend(policy->bans, &offence, now_ms, ret_step) == 0;
	}
	return false;
}

bool policy_suspect(const struct policy *policy, const struct judge_event *event, const struct verdict *verdict,
		    uint64_t now_ms, struct suspect_step *ret)
{
	const struct suspect_offence offence = { verdict->unit, event->outcome, event->signature, verdict->score,
						 event->age_ms };

	if (!policy->suspects || !verdict->offence || verdict->score < suspects_limits(policy->suspects)->score ||
	    verdict->action == JUDGE_PROTECTED || prefix_set_find(policy->never, &verdict->unit))
		return false;
	return suspects_begin(policy->suspects, &offence, now_ms, ret) == 0;
}

bool policy_suspect_after_ban(const struct policy *policy, const struct ban_step *step, uint64_t now_ms,
			      struct suspect_step *ret)
{
	const struct suspect_offence offence = { .unit = step->ban.unit, .outcome = (enum outcome)step->ban.outcome,
						 .signature = step->ban.signature };

	switch (step->event) {
	case BAN_RAN_OUT:
	case BAN_SERVED:
	case BAN_CAPPED:
		return policy->suspects && suspects_begin(policy->suspects, &offence, now_ms, ret) == 0;
	default:
		return false;
	}
}
