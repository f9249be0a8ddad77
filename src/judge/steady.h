/* SPDX-License-Identifier: Apache-2.0 */
/* steady - wall time that never runs backward.
 *
 * What is remembered over a restart has to be in wall time, and wall time gets set. When it
 * is set back, steady time stands still for a moment and goes on from there, so no ban and
 * no score lasts longer than its own duration; what is shown or stored is turned back into
 * wall time as it is now. When it is set forward, steady time follows: bans run out early,
 * which lets mail in, and that is the side to err on.
 */
#ifndef WAVEBREAK_JUDGE_STEADY_H
#define WAVEBREAK_JUDGE_STEADY_H

#include <stdint.h>

struct steady {
	uint64_t latest_ms;
	uint64_t ahead_ms; /* of wall time */
};

static inline uint64_t steady_now(struct steady *steady, uint64_t wall_ms)
{
	if (wall_ms + steady->ahead_ms < steady->latest_ms)
		steady->ahead_ms = steady->latest_ms - wall_ms;
	steady->latest_ms = wall_ms + steady->ahead_ms;
	return steady->latest_ms;
}

static inline uint64_t steady_to_wall(const struct steady *steady, uint64_t steady_ms)
{
	return steady_ms > steady->ahead_ms ? steady_ms - steady->ahead_ms : 0;
}

/* Of two times, or spans. */
static inline uint64_t steady_least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Never less than 0. */
static inline uint64_t steady_minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

#endif
