/* SPDX-License-Identifier: Apache-2.0 */
/* worker_limited - who is led to the gate since the kernel saw more new connections of it than limits.per_address
 * allows (limits.suspect).
 *
 * The kernel makes these suspects in the path of the packets, and tells nobody. So the warden is asked for all that the
 * sets hold, up to BAN_READ_MOST_UNITS of each family, in the seconds in which somebody was over the limit, and now and
 * then as long as there are any. What it told last is kept here, but for those of judge/suspects.h. Whoever names a
 * single client gets the kernel's own word on it (worker_limited_ask).
 *
 * Of all calls NULL is fine: there are none where gate.steer is not suspect.
 */
#ifndef WAVEBREAK_DAEMON_WORKER_LIMITED_H
#define WAVEBREAK_DAEMON_WORKER_LIMITED_H

#include "control/control.h"
#include "daemon/request.h"

struct worker;
struct worker_limited;

struct limited {
	struct addr unit;
	uint64_t since_ms; /* wall time; since we know of it */
	uint64_t last_ms;  /* when it was over the limit last */
	uint64_t until_ms;
};

/* After judge/suspects.h. NULL in *ret where there are to be none. Returns 0 or -errno. */
int worker_limited_create(struct worker *w, struct worker_limited **ret);

void worker_limited_each_second(struct worker_limited *limited);
/* ANSWER_SUSPECT, ANSWER_SUSPECTS, ANSWER_IS_SUSPECT. */
void worker_limited_on_answer(struct worker_limited *limited, const struct answer *answer);

bool worker_limited_find(const struct worker_limited *limited, const struct addr *unit, struct limited *ret);
/* Goes through all: start with *cursor = 0. False at the end. */
bool worker_limited_next(const struct worker_limited *limited, uint32_t *cursor, struct limited *ret);
size_t worker_limited_count(const struct worker_limited *limited);
/* Whether the kernel has more of them than were told. */
bool worker_limited_are_more(const struct worker_limited *limited);

/* It is trusted, and the kernel is told. False where it was none. */
bool worker_limited_trust(struct worker_limited *limited, const struct addr *unit);
void worker_limited_trust_within(struct worker_limited *limited, const struct prefix *prefix);

/* Asks the kernel about that client's unit, and calls `then` when what it says is known here; at once where there is
 * nobody to ask, or the answer cannot wait. */
typedef void worker_limited_fn(struct worker *w, const struct addr *addr, struct control_answer *answer);
void worker_limited_ask(struct worker *w, const struct addr *addr, struct control_answer *answer,
			worker_limited_fn *then);

#endif
