/* SPDX-License-Identifier: Apache-2.0 */
/* policy - what a recognised line leads to: the judge's verdict, the ban's step, and the suspect's.
 *
 * The one place that says when a ban begins and when it is extended, and who is a suspect: the daemon carries the
 * steps out, `replay` counts them, the stories of the tests play them.
 *
 * Pure; owns nothing.
 */
#ifndef WAVEBREAK_JUDGE_POLICY_H
#define WAVEBREAK_JUDGE_POLICY_H

#include "judge/bans.h"
#include "judge/judge.h"
#include "judge/matcher.h"
#include "judge/suspects.h"

struct policy {
	struct judge *judge;
	struct bans *bans;
	const struct prefix_set *never;
	struct suspects *suspects; /* NULL where none are kept: only gate.steer = suspect asks for them */
};

/* A number that names the same signature after a reload and a restart. Never 0. */
uint32_t policy_signature_number(const struct signature *signature);

/* The match has to name a client. `age_ms` is how long ago the line was written. */
struct judge_event policy_event_of(const struct match *match, uint64_t age_ms);

/* Returns whether there is a step: it is to be carried out, and what the client still holds is to be
 * ended. Who is banned already has connections from before; those go, too. */
bool policy_decide(const struct policy *policy, const struct judge_event *event, uint64_t now_ms,
		   struct verdict *ret_verdict, struct ban_step *ret_step);

/* After each policy_decide, with its verdict. An offence that leaves the score at suspect.score or more makes a
 * suspect, of the banned as well: when the ban is over it is to meet the gate. Nobody on the never-list is one.
 * Returns whether there is a step. */
bool policy_suspect(const struct policy *policy, const struct judge_event *event, const struct verdict *verdict,
		    uint64_t now_ms, struct suspect_step *ret);

/* After each step of a ban: whose ban has ended by itself is a suspect for suspect.for from then, since what it did
 * while it was banned nobody has seen. Returns whether there is a step. */
bool policy_suspect_after_ban(const struct policy *policy, const struct ban_step *step, uint64_t now_ms,
			      struct suspect_step *ret);

#endif
