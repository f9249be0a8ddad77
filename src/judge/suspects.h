/* SPDX-License-Identifier: Apache-2.0 */
/* suspects - who is led to the gate, since when, until when and why: the shadow of the kernel's sets.
 *
 * A client becomes a suspect when its score reaches suspect.score (judge/policy.h), and when a ban of it ends. It
 * is one for suspect.for from its latest offence:
 *
 *           begin                       suspect.for is over
 *     (none) ─────▶ a suspect ───────────────────────────────▶ ran out
 *                    │   ▲  │   the gate found it clean,
 *        new offence └───┘  └── unban, allow ─────────────────▶ trusted
 *           extended
 *
 * Nothing moves the end of an element but what is said here, so the kernel's own timeout ends each, and nobody
 * is asked: this is simpler than a ban, whose element each dropped SYN renews. Elements that the kernel adds by
 * itself (limits.suspect) are not known here, but in daemon/worker_limited.h.
 *
 * Every call that changes something answers with a step: what happened, and what the kernel and the store have
 * to do about it. What each kind means is one row of the table in suspects.c.
 *
 * At suspect.limit new ones are refused (-ENOSPC, COUNTER_suspects_dropped): a client that is not led to the gate
 * meets the mail server, as it would without us, and is judged there. To end another's suspicion for it would
 * cost a removal and an addition each event, at the worst hour of a wave, and let whoever has many addresses
 * choose who is forgotten. Suspicions are short: places become free by themselves.
 *
 * Time is wall time in milliseconds and comes with each call (see judge/steady.h for clocks that are set). Ends
 * come up to SUSPECTS_TICK_MS late. Memory is about 90 bytes a suspect, and 16 kB. Pure; one thread.
 *
 * The never-list is not asked here: policy.h does that, and the owner for what the store gives back.
 */
#ifndef WAVEBREAK_JUDGE_SUSPECTS_H
#define WAVEBREAK_JUDGE_SUSPECTS_H

#include "base/prefix.h"
#include "judge/outcome.h"

#define SUSPECTS_TICK_MS 256
#define SUSPECTS_MOST 4000000U
#define SUSPECTS_FOR_MOST_MS (30ULL * 24 * 3600 * 1000)
/* Offences that follow each other within this time (a tenth of suspect.for, when that is shorter) move the end
 * once: a client that is told 5xx a hundred times in a second is one change for kernel and disk. */
#define SUSPECTS_NOTE_MS 5000

struct suspect_limits {
	uint64_t for_ms;
	uint32_t score; /* suspect.score: asked by policy.h alone */
	uint32_t most;  /* suspect.limit, up to SUSPECTS_MOST */
};

/* One as others see it. Times are wall time. */
struct suspect {
	struct addr unit;
	uint64_t begin_ms;
	uint64_t last_ms; /* latest offence, or the end of the latest ban */
	uint64_t until_ms;
	uint32_t signature; /* that recognised the offence which made it a suspect; 0: none */
	uint32_t score;     /* after that offence; 0: it was banned, and the ban has ended */
	uint8_t outcome;    /* enum outcome */
};

enum suspect_event {
	SUSPECT_BEGAN,
	SUSPECT_EXTENDED,
	SUSPECT_NOTED,    /* another offence that moves no end (SUSPECTS_NOTE_MS) */
	SUSPECT_RESTORED, /* from the store */
	SUSPECT_RENEWED,  /* written again, by suspects_renew */
	SUSPECT_RAN_OUT,
	SUSPECT_TRUSTED, /* the gate found it clean, or unban, or allow */
	SUSPECT_EVENT_COUNT
};

enum suspect_kernel {
	SUSPECT_KERNEL_NOTHING,
	SUSPECT_KERNEL_ADD,     /* for timeout_ms; one that is there may keep its timeout */
	SUSPECT_KERNEL_REPLACE, /* for timeout_ms, also when it is there */
	SUSPECT_KERNEL_REMOVE,  /* it may be gone already */
};

enum suspect_store {
	SUSPECT_STORE_NOTHING,
	SUSPECT_STORE_PUT,
	SUSPECT_STORE_DELETE,
};

struct suspect_step {
	enum suspect_event event;
	enum suspect_kernel kernel;
	enum suspect_store store;
	uint64_t timeout_ms;    /* for ADD and REPLACE */
	struct suspect suspect; /* after the step; as it was at last when it is over */
};

const char *suspect_event_name(enum suspect_event event);

struct suspects;

/* Returns 0, -EINVAL for limits that are zero or too large, or -ENOMEM. */
int suspects_create(const struct suspect_limits *limits, struct suspects **ret);
void suspects_destroy(struct suspects *suspects);
const struct suspect_limits *suspects_limits(const struct suspects *suspects);

struct suspect_offence {
	struct addr unit;
	enum outcome outcome;
	uint32_t signature;
	uint32_t score;  /* after it; 0 for the end of a ban */
	uint64_t age_ms; /* as in struct judge_event: suspect.for counts from then */
};

/* Makes a suspect, or has suspect.for begin again for the one there is. Returns 0 with a step, -ENOSPC at the
 * limit, -ENOMEM, or -ESTALE when it would be over by now (age_ms). */
int suspects_begin(struct suspects *suspects, const struct suspect_offence *offence, uint64_t now_ms,
		   struct suspect_step *ret);

/* Returns 0 with a step or -ENOENT. */
int suspects_trust(struct suspects *suspects, const struct addr *unit, uint64_t now_ms, struct suspect_step *ret);

/* Trusts those that share addresses with the prefix, `most` at a time: start with *cursor = 0, carry on as long as
 * it returns `most`. Returns the number of steps. */
size_t suspects_trust_within(struct suspects *suspects, const struct prefix *prefix, uint32_t *cursor,
			     uint64_t now_ms, struct suspect_step *steps, size_t most);

/* What the store kept. Nothing in it is believed further than the limits go. Returns 0 with a step, -ESTALE when
 * it is over, -EINVAL for what is no suspect, -EEXIST when there is one, -ENOSPC, -ENOMEM. */
int suspects_restore(struct suspects *suspects, const struct suspect *kept, uint64_t now_ms, struct suspect_step *ret);

/* Writes all to the kernel again, which has lost them; goes on like suspects_trust_within. */
size_t suspects_renew(struct suspects *suspects, uint32_t *cursor, uint64_t now_ms, struct suspect_step *steps,
		      size_t most);

/* Ends those whose time is over: at most `most` steps. Returns the number of steps. */
size_t suspects_due(struct suspects *suspects, uint64_t now_ms, struct suspect_step *steps, size_t most);

/* In how many milliseconds to call suspects_due: 0 when it has more to do now, UINT64_MAX when there are none. */
uint64_t suspects_wait_ms(struct suspects *suspects, uint64_t now_ms);

bool suspects_find(const struct suspects *suspects, const struct addr *unit, struct suspect *ret);

/* Goes through all: start with *cursor = 0, false at the end. They may come and go on the way. */
bool suspects_next(const struct suspects *suspects, uint32_t *cursor, struct suspect *ret);

size_t suspects_count(const struct suspects *suspects);
size_t suspects_memory(const struct suspects *suspects); /* bytes */

#endif
