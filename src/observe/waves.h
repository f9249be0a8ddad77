/* SPDX-License-Identifier: Apache-2.0 */
/* waves - the spam waves in a row of offences: when each began, its height, when it was over.
 *
 * Offences are counted by the minute. What is usual is a mean in which a minute's weight falls by
 * half in half an hour, without the minutes of waves. A wave begins with a minute of at least
 * WAVES_LEAST offences and WAVES_TIMES times the usual; it is over when WAVES_CALM_MINUTES in a row
 * stayed below half of that. So a server that is refused things all day long has no wave all
 * day long, and a wave that draws breath is one.
 *
 * Pure; times are wall time in seconds. At most WAVES_MOST are kept, the ones with
 * the most offences.
 */
#ifndef WAVEBREAK_OBSERVE_WAVES_H
#define WAVEBREAK_OBSERVE_WAVES_H

#include "base/addr.h"

#define WAVES_LEAST 30
#define WAVES_TIMES 4
#define WAVES_CALM_MINUTES 3
#define WAVES_MOST 256
/* Different clients are counted up to here in one wave. */
#define WAVES_CLIENTS_MOST 65536

struct wave_found {
	uint64_t begin_s, end_s;   /* of the first minute, and of the last one that was still high */
	uint64_t peak_s;           /* of the highest minute */
	uint64_t peak_a_minute;
	uint64_t offences, bans;
	uint64_t clients;          /* different ones; WAVES_CLIENTS_MOST: that many or more */
	bool goes_on;              /* the log ends within it */
};

struct waves;

/* Returns 0 or -ENOMEM. */
int waves_create(struct waves **ret);
void waves_destroy(struct waves *waves);

/* An offence of this client; `banned`: it led to a ban. */
void waves_offence(struct waves *waves, uint64_t wall_s, const struct addr *unit, bool banned);

/* In order of time; the last minute counts as over. The list is the waves' own, until the next call. */
size_t waves_list(struct waves *waves, const struct wave_found **ret);
/* Waves that were not kept. */
uint64_t waves_dropped(const struct waves *waves);

#endif
