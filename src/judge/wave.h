/* SPDX-License-Identifier: Apache-2.0 */
/* wave - whether a spam wave is under way, from what is counted each second.
 *
 * It goes through these states:
 *
 *	learning ──▶ calm ◀──▶ rising ──▶ wave ◀──▶ ebbing ──▶ calm
 *
 * What is usual is a mean of the last hour of calm; it stands still while a wave lasts, but for one that
 * lasts longer than WAVE_USUAL_AFTER_MS: that is how things are now. A wave is rising when
 *
 *   - new connections come at `rate` a second or more, and at `factor` times the usual, and there is
 *     more to it: most clients were never seen before, or many commit offences, or the server is
 *     full within a minute if it goes on like this, or nearly full already; or
 *   - the server has filled up to `fill_start` percent of its limit, well above the usual, however slowly.
 *
 * It is declared when that has held for WAVE_RISING_MS. It began with the first second, of the last WAVE_LEAD_MS before
 * that, in which they came at half the rate: means are late, and what came until then is of the wave. It ebbs when new connections come at less than half
 * of what began it, and the server is not full of them any more (`fill_stop`), and it is over when that has held
 * for `calm_ms`. In the first minutes nobody knows what is usual: WAVE_WARM_MS nothing is
 * declared, and until WAVE_LEARN_MS what is usual is no less than `rate`.
 *
 * Between two samples may be a gap (a machine that slept, a worker that was started again): what was counted
 * across it says nothing of a rate, and it is no calm. So do clocks that disagree.
 *
 * Pure: a plain value, which may be copied and given to a later process. Only wave.c writes in it.
 * The waves of an old log, where only offences are known, are found by observe/waves.h.
 */
#ifndef WAVEBREAK_JUDGE_WAVE_H
#define WAVEBREAK_JUDGE_WAVE_H

#include <stdbool.h>
#include <stdint.h>

#define WAVE_WARM_MS 10000
#define WAVE_LEARN_MS (5 * 60 * 1000)
#define WAVE_RISING_MS 3000
#define WAVE_LEAD_MS 10000
#define WAVE_LEAD_MOST 10 /* samples */
#define WAVE_GAP_MS 10000
#define WAVE_USUAL_AFTER_MS (3 * 3600 * 1000)

enum wave_state {
	WAVE_LEARNING,
	WAVE_CALM,
	WAVE_RISING,
	WAVE_LASTING,
	WAVE_EBBING,
	WAVE_STATES
};
const char *wave_state_name(enum wave_state state);

struct wave_limits {
	uint32_t rate;   /* new connections a second */
	uint32_t factor; /* times the usual */
	uint64_t calm_ms;
	uint32_t fill_start, fill_stop; /* percent of the limit */
};

/* Counts are of the time since the sample before. */
struct wave_sample {
	uint64_t now_ms;  /* of the monotonic clock */
	uint64_t wall_ms; /* shown, and a sign of a gap when it disagrees */
	uint32_t open;    /* connections to the server now */
	uint32_t limit;   /* how many it takes; 0: not known */
	uint32_t arrivals;    /* new connections that were asked for */
	uint32_t connections; /* new ones that were seen open, and … */
	uint32_t first_seen;  /* … how many clients of these were never seen before (judge/newcomers.h) */
	uint32_t offences;
};

enum wave_event {
	WAVE_NOTHING,
	WAVE_BEGAN,
	WAVE_OVER,
};

/* Of the wave that lasts, or of the last one. */
struct wave_summary {
	uint64_t begin_ms, begin_wall_ms; /* 0: there was none */
	uint64_t lasted_ms; /* until it began to ebb */
	double usual;       /* new connections a second before it */
	double peak_rate;
	uint64_t arrivals, first_seen, offences;
	uint32_t peak_open;
	bool by_filling; /* not by its rate */
};

struct wave {
	struct wave_limits limits;
	enum wave_state state;
	uint64_t since_ms, since_wall_ms; /* it is in that state */
	uint64_t last_ms, last_wall_ms;   /* of the latest sample; 0: none yet */
	uint64_t observed_ms, calm_ms;
	uint32_t open, limit;
	double rate, connection_rate, first_seen_rate, offence_rate; /* of the last seconds, a second */
	double open_mean, growth; /* of the last seconds, and a second */
	double usual, usual_open; /* of the last hour of calm */
	double height;            /* the rate that begins a wave, or began this one */
	struct wave_summary summary;
	struct wave_lead {
		struct wave_sample sample;
		uint64_t passed_ms;
	} lead[WAVE_LEAD_MOST];  /* the latest, in a ring */
	uint32_t lead_count; /* since a gap */
};

void wave_begin(struct wave *wave, const struct wave_limits *limits);

/* What is usual, new connections a second and open ones, is known beforehand: nothing has to be learned. */
void wave_know_usual(struct wave *wave, double rate, double open);

/* Goes on from where an earlier process was, with the limits of now. False, and nothing has changed, when
 * `before` cannot be such a value of at most an hour ago. */
bool wave_go_on(struct wave *wave, const struct wave *before, uint64_t now_ms);

enum wave_event wave_take(struct wave *wave, const struct wave_sample *sample);

/* Whether it was declared and is not over. */
bool wave_lasts(const struct wave *wave);

/* The share of new connections whose clients were never seen before, 0 to 1; negative when it is not known. */
double wave_first_seen_share(const struct wave *wave);

/* What a count that only grows has grown by. One that began anew, with its process, has grown by nothing. */
static inline uint32_t wave_grown_by(uint64_t *last, uint64_t now)
{
	uint64_t by = now > *last ? now - *last : 0;

	*last = now;
	return by < UINT32_MAX ? (uint32_t)by : UINT32_MAX;
}

/* How many new connections were asked for, from what the kernel's table counts: all of them, and those of the banned,
 * who do not get through. Where the first has not moved for WAVE_KERNEL_COUNTS_MS there is no such table, and it is
 * `seen`: the new ones that were seen open. The kernel's count is told a second or two late, so the first of a burst may
 * have been seen already: they are not counted twice. Begins as the counts are then. */
#define WAVE_KERNEL_COUNTS_MS 60000
#define WAVE_KERNEL_LATE_MS 2500
struct wave_arrivals {
	uint64_t asked, banned;
	uint64_t moved_ms; /* 0: not yet */
	uint64_t seen_ms;  /* when somebody was counted as seen */
	uint32_t seen;     /* how many, since the kernel's count moved */
};
uint32_t wave_arrived(struct wave_arrivals *arrivals, uint64_t now_ms, uint64_t asked, uint64_t banned, uint32_t seen);

#endif
