/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/wave.h"

#include <math.h>
#include <stddef.h>

/* Of the means, in milliseconds. Five seconds tell a wave from the thirty connections at once of a mailing list,
 * which come to five a second for no longer than the first of them. */
#define SHORT_MS 5000.0
#define LONG_MS 3600000.0
/* Until so much time has passed, the mean of the last hour is one of that time. */
#define LONG_LEAST_MS 60000.0

#define STRANGERS 0.5       /* share of first-seen clients that is a sign of a wave */
#define OFFENDERS 0.5       /* offences a new connection likewise */
#define FULL_WITHIN_S 60.0  /* likewise */
#define WELL_ABOVE 1.25     /* times the usual number of open connections */
#define GO_ON_MS 3600000ULL
#define MOST 1e12           /* no mean is more */

struct phase {
	const char *name;
	bool lasts;    /* a wave */
	bool is_usual; /* what is seen makes the usual */
	void (*enter)(struct wave *wave, const struct wave_sample *sample);
	void (*leave)(struct wave *wave, const struct wave_sample *sample);
	enum wave_state (*next)(const struct wave *wave, const struct wave_sample *sample);
};

static double share_of_limit(const struct wave *w)
{
	return w->limit ? w->open_mean / w->limit * 100 : 0;
}

static bool is_well_above_usual(const struct wave *w)
{
	return w->open_mean > WELL_ABOVE * w->usual_open;
}

static bool is_full_soon(const struct wave *w)
{
	return w->limit && w->growth > 0 && w->limit - w->open_mean < w->growth * FULL_WITHIN_S;
}

double wave_first_seen_share(const struct wave *w)
{
	double share = w->connection_rate > 0.01 ? w->first_seen_rate / w->connection_rate : -1;

	return share > 1 ? 1 : share;
}

/* Many new connections at once may be those of well-known senders. Where nobody knows, we take them for others. */
static bool is_suspicious(const struct wave *w)
{
	double share = wave_first_seen_share(w);

	return share < 0 || share >= STRANGERS || w->offence_rate >= OFFENDERS * w->rate || is_full_soon(w) ||
	       share_of_limit(w) >= w->limits.fill_start;
}

static bool fills_up(const struct wave *w)
{
	return w->limit && share_of_limit(w) >= w->limits.fill_start && is_well_above_usual(w);
}

static bool is_full_of_it(const struct wave *w)
{
	return w->limit && share_of_limit(w) > w->limits.fill_stop && is_well_above_usual(w);
}

static bool begins(const struct wave *w)
{
	return w->observed_ms >= WAVE_WARM_MS && ((w->rate >= w->height && is_suspicious(w)) || fills_up(w));
}

static bool goes_on(const struct wave *w)
{
	return w->rate >= w->height / 2 || is_full_of_it(w);
}

static enum wave_state calm_of(const struct wave *w)
{
	return w->observed_ms < WAVE_LEARN_MS ? WAVE_LEARNING : WAVE_CALM;
}

static void nothing(struct wave *w, const struct wave_sample *sample)
{
}

static enum wave_state after_calm(const struct wave *w, const struct wave_sample *sample)
{
	return begins(w) ? WAVE_RISING : calm_of(w);
}

static void take_summary(struct wave *w, const struct wave_sample *sample)
{
	struct wave_summary *summary = &w->summary;

	summary->arrivals += sample->arrivals;
	summary->first_seen += sample->first_seen;
	summary->offences += sample->offences;
	summary->peak_rate = fmax(summary->peak_rate, w->rate);
	if (sample->open > summary->peak_open)
		summary->peak_open = sample->open;
}

static bool is_of_the_rise(const struct wave *w, const struct wave_lead *lead, uint64_t now_ms)
{
	return now_ms - lead->sample.now_ms < WAVE_LEAD_MS &&
	       lead->sample.arrivals * 1000.0 >= w->height / 2 * (double)lead->passed_ms;
}

static void take_lead(struct wave *w, uint64_t now_ms)
{
	uint32_t from = w->lead_count > WAVE_LEAD_MOST ? w->lead_count - WAVE_LEAD_MOST : 0;
	bool rises = false;

	for (uint32_t i = from; i < w->lead_count; i++) {
		const struct wave_lead *lead = &w->lead[i % WAVE_LEAD_MOST];

		if (!rises && !is_of_the_rise(w, lead, now_ms))
			continue;
		if (!rises) {
			w->summary.begin_ms = lead->sample.now_ms;
			w->summary.begin_wall_ms = lead->sample.wall_ms;
		}
		rises = true;
		take_summary(w, &lead->sample);
	}
}

/* What will have been its begin, should it become a wave. */
static void enter_rising(struct wave *w, const struct wave_sample *sample)
{
	w->summary = (struct wave_summary){ .begin_ms = sample->now_ms, .begin_wall_ms = sample->wall_ms, .usual = w->usual,
					    .by_filling = !(w->rate >= w->height) };
	take_lead(w, sample->now_ms);
}

static enum wave_state after_rising(const struct wave *w, const struct wave_sample *sample)
{
	if (!begins(w))
		return calm_of(w);
	return sample->now_ms - w->since_ms >= WAVE_RISING_MS ? WAVE_LASTING : WAVE_RISING;
}

static enum wave_state after_lasting(const struct wave *w, const struct wave_sample *sample)
{
	return goes_on(w) ? WAVE_LASTING : WAVE_EBBING;
}

static void leave_lasting(struct wave *w, const struct wave_sample *sample)
{
	w->summary.lasted_ms = sample->now_ms - w->summary.begin_ms;
}

static void enter_ebbing(struct wave *w, const struct wave_sample *sample)
{
	w->calm_ms = 0;
}

static enum wave_state after_ebbing(const struct wave *w, const struct wave_sample *sample)
{
	if (goes_on(w))
		return WAVE_LASTING;
	return w->calm_ms >= w->limits.calm_ms ? calm_of(w) : WAVE_EBBING;
}

static const struct phase phases[WAVE_STATES] = {
	[WAVE_LEARNING] = { "learning", false, true, nothing, nothing, after_calm },
	[WAVE_CALM] = { "calm", false, true, nothing, nothing, after_calm },
	[WAVE_RISING] = { "rising", false, false, enter_rising, nothing, after_rising },
	[WAVE_LASTING] = { "wave", true, false, nothing, leave_lasting, after_lasting },
	[WAVE_EBBING] = { "ebbing", true, false, enter_ebbing, nothing, after_ebbing },
};

const char *wave_state_name(enum wave_state state)
{
	return phases[state].name;
}

bool wave_lasts(const struct wave *w)
{
	return phases[w->state].lasts;
}

void wave_begin(struct wave *w, const struct wave_limits *limits)
{
	*w = (struct wave){ .limits = *limits };
}

static double height_of(const struct wave *w, double usual)
{
	return fmax(w->limits.rate, w->limits.factor * usual);
}

void wave_know_usual(struct wave *w, double rate, double open)
{
	w->observed_ms = WAVE_LEARN_MS;
	w->usual = rate;
	w->usual_open = open;
	w->height = height_of(w, rate);
}

static bool is_mean(double value)
{
	return isfinite(value) && value >= 0 && value <= MOST;
}

/* It comes out of memory that a process wrote which may have been killed, or taken over. */
bool wave_go_on(struct wave *w, const struct wave *before, uint64_t now_ms)
{
	const double means[] = { before->rate, before->connection_rate, before->first_seen_rate, before->offence_rate,
				 before->open_mean, before->usual, before->usual_open, before->height,
				 before->summary.usual, before->summary.peak_rate };
	struct wave_limits limits = w->limits;

	if ((unsigned)before->state >= WAVE_STATES || before->last_ms == 0 || before->last_ms > now_ms ||
	    now_ms - before->last_ms > GO_ON_MS || before->since_ms > before->last_ms ||
	    before->summary.begin_ms > before->last_ms || !isfinite(before->growth))
		return false;
	for (size_t i = 0; i < sizeof(means) / sizeof(means[0]); i++) {
		if (!is_mean(means[i]))
			return false;
	}
	*w = *before;
	w->limits = limits;
	w->lead_count = 0;
	return true;
}

static void approach(double *mean, double value, double weight)
{
	*mean += weight * (value - *mean);
}

static void take_means(struct wave *w, const struct wave_sample *sample, double passed_ms)
{
	double weight = 1 - exp(-passed_ms / SHORT_MS), a_second = 1000 / passed_ms;

	approach(&w->rate, sample->arrivals * a_second, weight);
	approach(&w->connection_rate, sample->connections * a_second, weight);
	approach(&w->first_seen_rate, sample->first_seen * a_second, weight);
	approach(&w->offence_rate, sample->offences * a_second, weight);
	approach(&w->growth, ((double)sample->open - w->open) * a_second, weight);
	approach(&w->open_mean, sample->open, weight);
}

/* While we warm up, the plain mean of all: the first second is not to weigh for a minute. */
static double weight_of_usual(const struct wave *w, double passed_ms)
{
	double span_ms = (double)w->observed_ms;

	if (w->observed_ms >= WAVE_WARM_MS)
		span_ms = fmin(fmax(span_ms, LONG_LEAST_MS), LONG_MS);
	return fmin(passed_ms / span_ms, 1);
}

static void take_usual(struct wave *w, const struct wave_sample *sample, double passed_ms)
{
	double weight = weight_of_usual(w, passed_ms), usual;

	approach(&w->usual, sample->arrivals * 1000 / passed_ms, weight);
	approach(&w->usual_open, sample->open, weight);
	usual = w->observed_ms < WAVE_LEARN_MS ? fmax(w->usual, w->limits.rate) : w->usual;
	w->height = height_of(w, usual);
}

static void pass_to(struct wave *w, enum wave_state state, const struct wave_sample *sample)
{
	phases[w->state].leave(w, sample);
	w->state = state;
	w->since_ms = sample->now_ms;
	w->since_wall_ms = sample->wall_ms;
	phases[state].enter(w, sample);
}

/* The wall clock may have been set; then a second that it was not is lost. */
static bool is_gap(const struct wave *w, const struct wave_sample *sample)
{
	uint64_t passed_ms = sample->now_ms - w->last_ms, wall_ms = sample->wall_ms - w->last_wall_ms;

	return w->last_ms == 0 || sample->now_ms <= w->last_ms || passed_ms > WAVE_GAP_MS ||
	       sample->wall_ms < w->last_wall_ms || wall_ms > passed_ms + WAVE_GAP_MS;
}

static void skip(struct wave *w, const struct wave_sample *sample)
{
	if (w->last_ms == 0) {
		w->since_ms = sample->now_ms;
		w->since_wall_ms = sample->wall_ms;
	}
	w->growth = 0;
	w->lead_count = 0;
	if (w->state == WAVE_RISING)
		pass_to(w, calm_of(w), sample);
}

static void count(struct wave *w, const struct wave_sample *sample)
{
	uint64_t passed_ms = sample->now_ms - w->last_ms;
	bool too_long = wave_lasts(w) && sample->now_ms - w->summary.begin_ms > WAVE_USUAL_AFTER_MS;

	take_means(w, sample, (double)passed_ms);
	w->calm_ms += passed_ms;
	if (!phases[w->state].is_usual && !too_long)
		return;
	w->observed_ms += passed_ms;
	take_usual(w, sample, (double)passed_ms);
}

enum wave_event wave_take(struct wave *w, const struct wave_sample *sample)
{
	bool lasted = wave_lasts(w), gap = is_gap(w, sample);
	enum wave_state next = w->state;
	uint64_t passed_ms;

	w->limit = sample->limit;
	passed_ms = sample->now_ms - w->last_ms;
	if (gap)
		skip(w, sample);
	else
		count(w, sample);
	w->open = sample->open;
	w->last_ms = sample->now_ms;
	w->last_wall_ms = sample->wall_ms;
	if (!gap)
		next = phases[w->state].next(w, sample);
	if (next != w->state)
		pass_to(w, next, sample);
	if (!gap && !phases[w->state].is_usual)
		take_summary(w, sample);
	if (!gap)
		w->lead[w->lead_count++ % WAVE_LEAD_MOST] = (struct wave_lead){ *sample, passed_ms };
	if (lasted == wave_lasts(w))
		return WAVE_NOTHING;
	return lasted ? WAVE_OVER : WAVE_BEGAN;
}

uint32_t wave_arrived(struct wave_arrivals *a, uint64_t now_ms, uint64_t asked, uint64_t banned, uint32_t seen)
{
	uint32_t all = wave_grown_by(&a->asked, asked), in_vain = wave_grown_by(&a->banned, banned), known;

	if (all)
		a->moved_ms = now_ms;
	if (now_ms - a->seen_ms > WAVE_KERNEL_LATE_MS)
		a->seen = 0;
	if (a->moved_ms == 0 || now_ms - a->moved_ms > WAVE_KERNEL_COUNTS_MS) {
		a->seen += seen;
		a->seen_ms = seen ? now_ms : a->seen_ms;
		return seen;
	}
	all = all > in_vain ? all - in_vain : 0;
	known = all < a->seen ? all : a->seen;
	a->seen -= known;
	return all - known;
}
