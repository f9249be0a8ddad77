/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/worker_wave.h"

#include "base/clock.h"
#include "base/counter.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/worker_internal.h"
#include "judge/newcomers.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

#define RATE_TEXT_SIZE 32
#define WORDS_SIZE 160

struct worker_wave {
	struct worker *w;
	struct wave wave;
	struct newcomers *newcomers;
	/* Of all guarded ports, where those are more than mail.ports; else NULL: what the worker visits is enough. */
	struct connections *all;
	bool looked; /* once: who was here then is no newcomer */
	bool looking;
	struct wave_arrivals arrivals;
	uint64_t offences; /* of the counter, as it was */
};

struct wave_kept *worker_wave_share(void)
{
	void *kept = mmap(NULL, sizeof(struct wave_kept), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return kept == MAP_FAILED ? NULL : kept;
}

static void keep(const struct worker_wave *v)
{
	struct wave_kept *kept = v->w->start->wave_kept;

	if (!kept)
		return;
	kept->slots[kept->number & 1] = v->wave;
	/* In that order, whoever is killed in between. */
	atomic_signal_fence(memory_order_seq_cst);
	kept->number++;
}

static void take_over(struct worker_wave *v)
{
	const struct wave_kept *kept = v->w->start->wave_kept;

	if (kept && kept->number)
		(void)wave_go_on(&v->wave, &kept->slots[(kept->number - 1) & 1], loop_now_ms(v->w->loop));
}

static struct wave_limits limits_of(const struct settings *s)
{
	return (struct wave_limits){ .rate = (uint32_t)s->wave_rate, .factor = (uint32_t)s->wave_factor,
				     .calm_ms = s->wave_calm, .fill_start = s->relief_start,
				     .fill_stop = s->wave_relief_stop < s->relief_stop ? s->wave_relief_stop :
											 s->relief_stop };
}

static int open_all(struct worker_wave *v)
{
	const struct settings *s = v->w->settings;
	uint16_t ports[PLAN_PORTS_MOST];
	size_t count = plan_guarded_ports(s, ports);

	return count == s->mail_ports.count ? 0 : connections_create(ports, count, &v->all);
}

int worker_wave_create(struct worker *w, struct worker_wave **ret)
{
	struct wave_limits limits = limits_of(w->settings);
	struct worker_wave *v;
	int r;

	*ret = NULL;
	if (!w->settings->wave_detect)
		return 0;
	v = calloc(1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	v->w = w;
	r = newcomers_create(&v->newcomers);
	if (r == 0)
		r = open_all(v);
	if (r < 0) {
		newcomers_destroy(v->newcomers);
		free(v);
		return r;
	}
	wave_begin(&v->wave, &limits);
	take_over(v);
	v->arrivals = (struct wave_arrivals){ .asked = counter_read(COUNTER_arrivals),
					      .banned = counter_read(COUNTER_arrivals_banned) };
	v->offences = counter_read(COUNTER_offences);
	*ret = v;
	return 0;
}

bool worker_wave_lasts(const struct worker *w)
{
	return w->wave && wave_lasts(&w->wave->wave);
}

const struct wave *worker_wave_now(const struct worker *w)
{
	return &w->wave->wave;
}

static void tell_warden(struct worker *w)
{
	struct request q = { .kind = REQUEST_WAVE, .flags = worker_wave_lasts(w) };

	if (!w->start->observe)
		link_ask(w->link, &q);
}

void worker_wave_start(struct worker *w)
{
	tell_warden(w);
}

void worker_wave_look(struct worker_wave *v)
{
	if (v) {
		newcomers_begin(v->newcomers, loop_now_ms(v->w->loop));
		v->looking = !v->all;
	}
}

/* The address of who has not answered yet may be anybody's. Our own host is no client: the gate, which goes
 * to the server, and those who look whether it is well. */
static void see(void *data, const struct sockdiag_socket *connection)
{
	struct worker_wave *v = data;
	const struct addr *peer = &connection->peer;

	if (connection->state != SOCKDIAG_SYN_RECV && !addr_equal(peer, &connection->local) &&
	    !addr_is_loopback(peer) && newcomers_see(v->newcomers, connection->cookie, peer))
		worker_wave_records_see(v->w->waves, peer, WAVE_TALLY_CONNECTION);
}

void worker_wave_see(void *data, const struct sockdiag_socket *connection)
{
	struct worker *w = data;

	if (w->wave && w->wave->looking)
		see(w->wave, connection);
}

static void count_newcomers(struct worker_wave *v, struct newcomers_count *ret)
{
	struct connection_counts counts;

	if (v->all)
		(void)connections_visit(v->all, see, v, &counts);
	newcomers_end(v->newcomers, ret);
	if (!v->looked)
		*ret = (struct newcomers_count){ 0 };
	v->looked = true;
}

/* "1.2", "23" */
static const char *rate_text(double rate, char text[RATE_TEXT_SIZE])
{
	snprintf(text, RATE_TEXT_SIZE, rate < 9.95 ? "%.1f" : "%.0f", rate);
	return text;
}

/* One more in a list of words. */
static void add(char *words, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(char *words, const char *format, ...)
{
	size_t used = strlen(words);
	va_list args;

	if (used)
		used += (size_t)snprintf(words + used, WORDS_SIZE - used, ", ");
	if (used >= WORDS_SIZE)
		return;
	va_start(args, format);
	vsnprintf(words + used, WORDS_SIZE - used, format, args);
	va_end(args);
}

/* What is other than usual while a wave lasts: "" when nothing is. */
static const char *tightened(const struct worker *w, char words[WORDS_SIZE])
{
	const struct settings *s = w->settings;
	char wait[DURATION_TEXT_SIZE];

	words[0] = '\0';
	if (w->start->observe)
		return words;
	if (w->gate && s->wave_greet_wait > s->gate_greet_wait)
		add(words, "greet wait %s", duration_format(s->wave_greet_wait, wait));
	if ((s->limits_per_address || s->limits_per_network || s->limits_total) && s->wave_limits < 100)
		add(words, "limits %u%%", s->wave_limits);
	if (s->relief_enabled && s->wave_relief_start < s->relief_start)
		add(words, "relief from %u%%", s->wave_relief_start);
	return words;
}

static void say_begun(const struct worker_wave *v)
{
	char rate[RATE_TEXT_SIZE], usual[RATE_TEXT_SIZE], words[WORDS_SIZE], share[64] = "";
	char detail[WORDS_SIZE + 160];
	const struct wave *wave = &v->wave;
	const struct worker_limit_words limit = worker_limit_words(wave->limit);
	double first_seen = wave_first_seen_share(wave);

	if (first_seen >= 0)
		snprintf(share, sizeof(share), ", %.0f %% of the clients never seen before", first_seen * 100);
	tightened(v->w, words);
	snprintf(detail, sizeof(detail), "%s%s%s; %s", limit.of,
		 wave->summary.by_filling ? ", the server fills up" : "", share,
		 *words ? words : v->w->start->observe ? "observing, nothing is tightened" : "nothing is tightened");
	log_event(LOG_WAVE_BEGUN, LOG_TEXT(RATE, rate_text(wave->rate, rate)),
		  LOG_TEXT(USUAL, rate_text(wave->summary.usual, usual)), LOG_NUMBER(OPEN, wave->open),
		  LOG_TEXT(LIMIT, limit.number), LOG_TEXT(DETAIL, detail));
}

static void say_over(const struct worker_wave *v)
{
	const struct wave_summary *summary = &v->wave.summary;
	char begin[WALL_TEXT_SIZE], lasted[DURATION_TEXT_SIZE], rate[RATE_TEXT_SIZE], detail[128];

	snprintf(detail, sizeof(detail), "%llu clients never seen before, %llu offences and %u connections open at most",
		 (unsigned long long)summary->first_seen, (unsigned long long)summary->offences, summary->peak_open);
	log_event(LOG_WAVE_OVER, LOG_TEXT(SINCE, wall_format(summary->begin_wall_ms / 1000, begin)),
		  LOG_TEXT(FOR, duration_format(summary->lasted_ms / 1000 * 1000, lasted)),
		  LOG_NUMBER(COUNT, summary->arrivals), LOG_TEXT(RATE, rate_text(summary->peak_rate, rate)),
		  LOG_TEXT(DETAIL, detail));
}

static void act_on(struct worker_wave *v, enum wave_event event)
{
	switch (event) {
	case WAVE_NOTHING:
		return;
	case WAVE_BEGAN:
		counter_add(COUNTER_waves, 1);
		say_begun(v);
		break;
	case WAVE_OVER:
		say_over(v);
		break;
	}
	worker_gate_tell_wave(v->w->gate);
}

void worker_wave_each_second(struct worker_wave *v)
{
	uint64_t now_ms = v ? loop_now_ms(v->w->loop) : 0;
	struct newcomers_count newcomers;
	struct wave_sample sample;
	enum wave_event event;

	if (!v)
		return;
	count_newcomers(v, &newcomers);
	sample = (struct wave_sample){ .now_ms = now_ms, .wall_ms = clock_wall_ms(),
				       .open = v->w->counts.total, .limit = v->w->start->plan->limit,
				       .arrivals = wave_arrived(&v->arrivals, now_ms, counter_read(COUNTER_arrivals),
								counter_read(COUNTER_arrivals_banned),
								newcomers.connections),
				       .connections = newcomers.connections, .first_seen = newcomers.first_seen,
				       .offences = wave_grown_by(&v->offences, counter_read(COUNTER_offences)) };
	event = wave_take(&v->wave, &sample);
	/* Before it is said: who dies of saying it says it once. */
	keep(v);
	act_on(v, event);
	worker_wave_records_take(v->w->waves, &v->wave, &sample, event);
	/* Each time: of a wave that is over the warden has to hear, whatever became of the words before. */
	tell_warden(v->w);
}

static json_t *summary_to_json(const struct wave_summary *summary)
{
	return json_pack("{s:I, s:I, s:f, s:f, s:I, s:I, s:I, s:I, s:b}", "begin",
			 (json_int_t)(summary->begin_wall_ms / 1000), "lasted_ms", (json_int_t)summary->lasted_ms, "usual",
			 summary->usual, "peak_rate", summary->peak_rate, "peak_open", (json_int_t)summary->peak_open,
			 "arrivals", (json_int_t)summary->arrivals, "first_seen", (json_int_t)summary->first_seen,
			 "offences", (json_int_t)summary->offences, "by_filling", summary->by_filling);
}

json_t *worker_wave_to_json(const struct worker_wave *v)
{
	const struct wave *wave;
	char words[WORDS_SIZE];
	double share;
	json_t *o;

	if (!v)
		return NULL;
	wave = &v->wave;
	share = wave_first_seen_share(wave);
	o = json_pack("{s:s, s:b, s:I, s:f, s:f, s:I, s:s}", "state", wave_state_name(wave->state), "lasts",
		      wave_lasts(wave), "since", (json_int_t)(wave->since_wall_ms / 1000), "rate", wave->rate, "usual",
		      wave->usual, "clients", (json_int_t)newcomers_clients(v->newcomers), "tightened",
		      wave_lasts(wave) ? tightened(v->w, words) : "");
	if (share >= 0)
		json_object_set_new(o, "first_seen_share", json_real(share));
	/* Of the wave that lasts; else of the last one. */
	if (wave->summary.begin_ms && wave->state != WAVE_RISING)
		json_object_set_new(o, "wave", summary_to_json(&wave->summary));
	return o;
}
