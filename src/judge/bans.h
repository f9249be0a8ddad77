/* SPDX-License-Identifier: Apache-2.0 */
/* bans - who is banned, since when, until when: the shadow of the kernel's sets.
 *
 * The kernel's set is written and never listed (a dump of 1,000,000 takes 43 s). It also knows
 * more than we do: each SYN that it drops sets the timeout of that element back to ban.for, and
 * nobody tells us. So a ban here has the end that we know of, and when that comes we ask the
 * kernel about this one element:
 *
 *            begin             the known end has come             it is gone
 *     (none) ─────▶ ACTIVE ─────────────────────────▶ CHECKING ─────────────▶ ran out
 *                   │ ▲  ▲      ask the kernel         │  │
 *       new offence └─┘  └─────────────────────────────┘  │
 *          extended │       still there, it has slid      │
 *                   └──────── begin + ban.at_most ────────┴─────────────────▶ capped
 *
 * Every call that changes something answers with a step: what happened, and what the kernel
 * and the store have to do about it. Nothing is called back. What each kind of step means is
 * one row of the table in bans.c.
 *
 * An automatic ban lasts ban.for from the latest attempt and ban.at_most from its begin, so
 * that a server that is listed by mistake comes through to be told 5xx again. No timeout
 * that we give the kernel reaches past that cap, but the kernel's own slide does: therefore the
 * element is removed at the cap. The client's next offence begins a new ban.
 *
 * A ban by hand with a duration ends when the administrator said: offences do not move its end,
 * the cap does not apply. The kernel's slide would shorten it to ban.for, so it is written
 * again, with what remains, before a slide that followed the last writing could run out. A ban
 * by hand without a duration is like an automatic one.
 *
 * At ban.limit new bans are refused (-ENOSPC, COUNTER_bans_dropped): to drop another ban for
 * them would only change who comes through, and let whoever has many addresses choose.
 *
 * Time is wall time in milliseconds and comes with each call (see judge/steady.h for clocks
 * that are set). Actions come up to BANS_TICK_MS late. Memory is about 80 bytes a ban, and
 * 16 kB. Pure; one thread.
 *
 * The never-list is not asked here: judge.h does it for offences, the owner for bans by hand
 * and for what the store gives back.
 */
#ifndef WAVEBREAK_JUDGE_BANS_H
#define WAVEBREAK_JUDGE_BANS_H

#include "base/prefix.h"
#include "judge/outcome.h"

#define BANS_TICK_MS 256
#define BANS_MOST 4000000U
/* No ban lasts longer, whatever the store or an administrator says. */
#define BANS_DURATION_MOST_MS (3660ULL * 24 * 3600 * 1000)
/* A question that the kernel left unanswered is asked again after this. */
#define BANS_ASK_AGAIN_MS 5000
/* Attempts of a banned client that follow each other within this time (a tenth of ban.for, when
 * that is shorter) count as one: what it had already sent may be a hundred log lines at once. */
#define BANS_NOTE_MS 1000
/* Reasons are kept for this many bans by hand; further ones are banned without. */
#define BANS_REASONS_MOST 4096
#define BAN_WHY_SIZE 96 /* with its NUL; longer ones are cut */

struct ban_limits {
	uint64_t for_ms;
	uint64_t at_most_ms;
	uint32_t most; /* ban.limit, up to BANS_MOST */
};

enum ban_state {
	BAN_ACTIVE,
	BAN_CHECKING, /* the known end has come and the kernel is asked */
};

/* A ban as others see it. Times are wall time. */
struct ban {
	struct addr unit;
	uint64_t begin_ms;
	uint64_t last_ms;    /* latest attempt that we know of */
	uint64_t until_ms;   /* known end; the kernel may know a later one */
	uint64_t at_most_ms; /* the cap; 0 for a fixed ban, which has none. Not stored */
	uint32_t signature;  /* that recognised the offence; 0: none */
	uint8_t outcome;     /* enum outcome */
	uint8_t state;	     /* enum ban_state. Not stored */
	bool by_hand;
	bool fixed;		/* by hand with a duration: ends at until_ms */
	char why[BAN_WHY_SIZE]; /* by hand: the administrator's words, foreign text; else "" */
};

enum ban_event {
	BAN_BEGAN,
	BAN_BEGAN_ANEW, /* in the place of one: by hand, or when the cap had come */
	BAN_EXTENDED,	/* an offence while banned */
	BAN_NOTED,	/* the same, but it moves no end (BANS_NOTE_MS, fixed, at the cap) */
	BAN_RESTORED,	/* from the store */
	BAN_RENEWED,	/* written again: a fixed one against the slide, all by bans_renew */
	BAN_ASKED,	/* the known end has come */
	BAN_SLID,	/* the kernel still had it */
	BAN_RAN_OUT,
	BAN_SERVED, /* a fixed one came to its end */
	BAN_CAPPED,
	BAN_LIFTED, /* unban, allow */
	BAN_EVENT_COUNT
};

enum ban_kernel {
	BAN_KERNEL_NOTHING,
	BAN_KERNEL_ADD,	    /* for timeout_ms; one that is there may keep its timeout */
	BAN_KERNEL_REPLACE, /* for timeout_ms, also when it is there */
	BAN_KERNEL_REMOVE,  /* it may be gone already */
	BAN_KERNEL_ASK,	    /* how much is left? bans_answer takes the answer */
};

enum ban_store {
	BAN_STORE_NOTHING,
	BAN_STORE_PUT,
	BAN_STORE_DELETE,
};

struct ban_step {
	enum ban_event event;
	enum ban_kernel kernel;
	enum ban_store store;
	uint64_t timeout_ms; /* for ADD and REPLACE */
	struct ban ban;	     /* after the step; as it was at last when it is over */
};

const char *ban_event_name(enum ban_event event);

struct bans;

/* Returns 0, -EINVAL for limits that are zero or too large, or -ENOMEM. */
int bans_create(const struct ban_limits *limits, struct bans **ret);
void bans_destroy(struct bans *bans);

/* For a reload. Bans that exist keep their known end; a lower limit refuses new ones only. */
int bans_set_limits(struct bans *bans, const struct ban_limits *limits);
const struct ban_limits *bans_limits(const struct bans *bans);

struct ban_offence {
	struct addr unit;
	enum outcome outcome;
	uint32_t signature;
	uint64_t age_ms; /* as in struct judge_event: the ban counts from then */
};

/* The verdict was a ban: begins one, or extends the one there is. Returns 0 with a step,
 * -ENOSPC at the limit, -ENOMEM, or -ESTALE when it would be over by now (age_ms). */
int bans_begin(struct bans *bans, const struct ban_offence *offence, uint64_t now_ms,
	       struct ban_step *ret);

/* An offence of somebody who may be banned: extends, and never begins. Returns 0 with a step
 * or -ENOENT. */
int bans_extend(struct bans *bans, const struct ban_offence *offence, uint64_t now_ms,
		struct ban_step *ret);

/* The administrator's ban; replaces any there is. `duration_ms` 0: as ban.for and ban.at_most
 * say. Returns 0 with a step, -ENOSPC, -ENOMEM, or -ERANGE for more than
 * BANS_DURATION_MOST_MS. */
int bans_by_hand(struct bans *bans, const struct addr *unit, uint64_t duration_ms, struct bytes why,
		 uint64_t now_ms, struct ban_step *ret);

/* What the store kept. Nothing in it is believed further than the limits go. Returns 0 with
 * a step, -ESTALE when it is over, -EINVAL for what is no ban, -EEXIST when there is one,
 * -ENOSPC, -ENOMEM. */
int bans_restore(struct bans *bans, const struct ban *kept, uint64_t now_ms, struct ban_step *ret);

/* The answer to BAN_KERNEL_ASK: what is left of the element's timeout, 0 when it is gone.
 * Returns 0 with a step, -ENOENT when that ban does not wait for an answer (any more). */
int bans_answer(struct bans *bans, const struct addr *unit, uint64_t left_ms, uint64_t now_ms,
		struct ban_step *ret);

/* Returns 0 with a step or -ENOENT. */
int bans_lift(struct bans *bans, const struct addr *unit, uint64_t now_ms, struct ban_step *ret);

/* Lifts the bans that share addresses with the prefix, `most` at a time: start with *cursor = 0,
 * carry on as long as it returns `most`. Returns the number of steps. */
size_t bans_lift_within(struct bans *bans, const struct prefix *prefix, uint32_t *cursor,
			uint64_t now_ms, struct ban_step *steps, size_t most);

/* Writes all bans to the kernel again, which has lost them; goes on like bans_lift_within. */
size_t bans_renew(struct bans *bans, uint32_t *cursor, uint64_t now_ms, struct ban_step *steps,
		  size_t most);

/* Does what is due: at most `most` steps, looking at no more than 16 times as many bans, so that
 * a million that end in one second are no stall. Returns the number of steps. */
size_t bans_due(struct bans *bans, uint64_t now_ms, struct ban_step *steps, size_t most);

/* In how many milliseconds to call bans_due: 0 when it has more to do now, UINT64_MAX when
 * there are no bans. */
uint64_t bans_wait_ms(struct bans *bans, uint64_t now_ms);

bool bans_find(const struct bans *bans, const struct addr *unit, struct ban *ret);

/* Goes through all: start with *cursor = 0, false at the end. Bans may come and go on the way. */
bool bans_next(const struct bans *bans, uint32_t *cursor, struct ban *ret);

size_t bans_count(const struct bans *bans);
size_t bans_memory(const struct bans *bans); /* bytes */

#endif
