/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/worker_history_internal.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <stdlib.h>

/* Chunks deleted in one go; the rest of what is too old goes at the next start. */
#define DELETE_MOST 1000
/* Hours of minutes that make room when the file is nearly full: a day. */
#define MAKE_ROOM_CHUNKS 24

static uint64_t oldest_kept(enum history_tier tier, uint64_t wall_s)
{
	uint64_t keep_s = history_tiers[tier].keep_s;

	return wall_s > keep_s ? history_chunk_start(tier, wall_s - keep_s) : 0;
}

/* What has become too old since the chunk before began: one, but after a gap. */
static void delete_old(struct worker_history *h, enum history_tier tier, uint64_t before_s, uint64_t start_s)
{
	uint64_t length_s = (uint64_t)history_tiers[tier].step_s * HISTORY_SLOTS;
	struct chunk_key key = { .tier = (uint8_t)tier, .start_s = oldest_kept(tier, before_s) };
	uint64_t until_s = oldest_kept(tier, start_s);

	for (int i = 0; i < DELETE_MOST && key.start_s < until_s; i++, key.start_s += length_s)
		history_delete(h->store, &key);
}

static void make_room(struct worker_history *h)
{
	static char chunk[HISTORY_CHUNK_SIZE_MOST];
	struct chunk_key key = { .tier = HISTORY_MINUTES };
	size_t size;

	if (history_used(h->store) < HISTORY_USED_MOST)
		return;
	for (int i = 0; i < MAKE_ROOM_CHUNKS && history_next(h->store, &key, chunk, &size) == 0; i++, key.start_s++)
		history_delete(h->store, &key);
}

static void write_chunk(void *data, enum history_tier tier, uint64_t start_s, const struct history_chunk *chunk)
{
	static char text[HISTORY_CHUNK_MOST];
	struct chunk_key key = { .tier = (uint8_t)tier, .start_s = start_s };
	struct worker_history *h = data;

	history_put(h->store, &key, bytes_make(text, history_encode(chunk, HISTORY_ALL, text)));
	if (start_s <= h->newest_s[tier])
		return;
	if (h->newest_s[tier])
		delete_old(h, tier, h->newest_s[tier], start_s);
	h->newest_s[tier] = start_s;
	if (tier == HISTORY_MINUTES)
		make_room(h);
}

static void go_on(struct worker_history *h, uint64_t now_s)
{
	static char text[HISTORY_CHUNK_SIZE_MOST];
	struct history_chunk chunk;
	size_t size;

	for (int t = HISTORY_TIERS - 1; t >= 0; t--) {
		uint64_t start_s = history_chunk_start((enum history_tier)t, now_s);
		struct chunk_key key = { .tier = (uint8_t)t, .start_s = start_s };

		if (history_next(h->store, &key, text, &size) < 0 || key.start_s != start_s || key.series[0] ||
		    history_decode(bytes_make(text, size), &chunk) < 0)
			continue;
		history_resume(&h->recorder, (enum history_tier)t, start_s, &chunk);
		h->newest_s[t] = start_s;
	}
}

static void count_chunks(struct worker_history *h)
{
	h->imported = history_count(h->store, TIER_IMPORTED);
	h->waves = history_count(h->store, TIER_WAVES);
}

static int open_history(struct worker *w, struct worker_history *h)
{
	uint64_t now_s = clock_wall_s();
	struct chunk_key oldest[HISTORY_TIERS + 1];
	int r;

	for (int t = 0; t < HISTORY_TIERS; t++)
		oldest[t] = (struct chunk_key){ .tier = (uint8_t)t, .start_s = oldest_kept((enum history_tier)t, now_s) };
	oldest[HISTORY_TIERS] = (struct chunk_key){ .tier = TIER_WAVES, .start_s = oldest_kept(HISTORY_MINUTES, now_s) };
	r = history_store_open(w->settings->daemon_state, oldest, HISTORY_TIERS + 1, &h->store);
	if (r < 0)
		return r;
	h->w = w;
	count_chunks(h);
	for (int i = 0; i < COUNTER_COUNT; i++)
		h->counters[i] = counter_read((enum counter)i);
	go_on(h, now_s);
	return 0;
}

void worker_history_open(struct worker *w, struct worker_history **ret)
{
	struct worker_history *h;
	int r;

	*ret = NULL;
	if (w->start->observe || !w->settings->history_enabled)
		return;
	h = calloc(1, sizeof(*h));
	r = h ? open_history(w, h) : -ENOMEM;
	if (r < 0) {
		log_error("cannot open the history in %s: %s; there will be none", w->settings->daemon_state, strerror(-r));
		free(h);
		return;
	}
	*ret = h;
}

void worker_history_start(struct worker_history *h)
{
	int r = h ? store_start(h->store) : 0;

	if (r < 0)
		log_error("cannot start the history's thread: %s; it is written at the end only", strerror(-r));
}

void worker_history_close(struct worker_history *h)
{
	if (!h)
		return;
	history_flush(&h->recorder, write_chunk, h);
	store_close(h->store);
	free(h);
}

/* Which are too old, or too many, when another one comes. */
static void delete_old_waves(struct worker_history *h, uint64_t begin_s)
{
	static char record[HISTORY_CHUNK_SIZE_MOST];
	struct chunk_key key = { .tier = TIER_WAVES };
	size_t size;

	for (; h->waves > 0 && history_next(h->store, &key, record, &size) == 0; key.start_s++, h->waves--) {
		if (h->waves < WORKER_HISTORY_WAVES_MOST && key.start_s >= oldest_kept(HISTORY_MINUTES, begin_s))
			return;
		history_delete(h->store, &key);
	}
}

void worker_history_put_wave(struct worker_history *h, uint64_t begin_s, struct bytes record)
{
	struct chunk_key key = { .tier = TIER_WAVES, .start_s = begin_s };

	if (begin_s != h->last_wave_s) {
		delete_old_waves(h, begin_s);
		h->waves++;
	}
	h->last_wave_s = begin_s;
	history_put(h->store, &key, record);
}

int worker_history_next_wave(struct worker_history *h, uint64_t *begin_s, char ret[HISTORY_CHUNK_SIZE_MOST],
			     size_t *ret_size)
{
	struct chunk_key key = { .tier = TIER_WAVES, .start_s = *begin_s };
	int r = history_next(h->store, &key, ret, ret_size);

	*begin_s = r == 0 ? key.start_s : *begin_s;
	return r;
}

static uint32_t bounded(uint64_t value)
{
	return value < HISTORY_MOST ? (uint32_t)value : HISTORY_MOST;
}

/* Since the sample before. */
static uint32_t grown(struct worker_history *h, enum counter counter)
{
	uint64_t now = counter_read(counter), before = h->counters[counter];

	h->counters[counter] = now;
	return bounded(now > before ? now - before : 0);
}

static uint32_t grown_or_unknown(struct worker_history *h, enum counter counter)
{
	return counter_is_known(counter) ? grown(h, counter) : HISTORY_UNKNOWN;
}

static void sample_connections(const struct worker *w, uint32_t values[HISTORY_COLUMNS])
{
	if (w->start->plan->limit)
		values[HISTORY_limit] = w->start->plan->limit;
	if (!w->connections)
		return;
	values[HISTORY_open] = w->counts.total;
	values[HISTORY_served] = w->counts.served;
	values[HISTORY_waiting] = w->counts.waiting;
	values[HISTORY_opening] = w->counts.opening;
	values[HISTORY_closing] = w->counts.closing;
}

static void sample_gate(struct worker_history *h, uint32_t values[HISTORY_COLUMNS])
{
	uint32_t latency_ms;

	if (!h->w->gate)
		return;
	latency_ms = worker_gate_latency_ms(h->w->gate);
	values[HISTORY_gate_sessions] = bounded(worker_gate_sessions(h->w->gate));
	if (latency_ms)
		values[HISTORY_dns_latency] = latency_ms;
	values[HISTORY_gate_rejected] = grown(h, COUNTER_gate_sessions_rejected);
	values[HISTORY_gate_passed] = grown(h, COUNTER_gate_passed);
	values[HISTORY_dns_questions] = grown(h, COUNTER_dns_questions);
}

static void sample_counts(struct worker_history *h, uint32_t values[HISTORY_COLUMNS])
{
	values[HISTORY_arrivals] = grown_or_unknown(h, COUNTER_arrivals);
	values[HISTORY_arrivals_banned] = grown_or_unknown(h, COUNTER_arrivals_banned);
	values[HISTORY_offences] = grown(h, COUNTER_offences);
	values[HISTORY_bans] = bounded(bans_count(h->w->bans));
	values[HISTORY_bans_new] = grown(h, COUNTER_bans);
	values[HISTORY_evictions] = grown(h, COUNTER_evictions);
	values[HISTORY_reliefs] = grown(h, COUNTER_reliefs);
	values[HISTORY_log_lines] = grown(h, COUNTER_log_lines);
	for (int i = 0; i < OUTCOME_COUNT; i++) {
		values[HISTORY_OUTCOMES + i] = bounded(h->w->outcomes[i] - h->outcomes[i]);
		h->outcomes[i] = h->w->outcomes[i];
	}
}

static void sample_use(const struct worker *w, uint32_t values[HISTORY_COLUMNS])
{
	const struct worker_use *worker = &w->uses.of[USE_OF_WORKER], *server = &w->uses.of[USE_OF_SERVER];
	struct worker_use_sum ours = worker_use_of_wavebreak(w), servers = worker_use_of_server(w);

	if (worker->cpu_known)
		values[HISTORY_worker_cpu] = bounded((uint64_t)(worker->cpu_ms + 0.5));
	if (worker->known)
		values[HISTORY_worker_memory] = bounded(worker->used[USED_RESIDENT_BYTES] / 1024);
	if (ours.cpu_known)
		values[HISTORY_wavebreak_cpu] = ours.cpu_ms;
	if (ours.memory_known)
		values[HISTORY_wavebreak_memory] = ours.memory_kib;
	if (servers.cpu_known)
		values[HISTORY_server_cpu] = servers.cpu_ms;
	if (servers.memory_known)
		values[HISTORY_server_memory] = servers.memory_kib;
	if (server->known)
		values[HISTORY_server_processes] = bounded(server->used[USED_PROCESSES]);
}

void worker_history_each_second(struct worker_history *h)
{
	uint64_t now_s = clock_wall_s();
	uint32_t values[HISTORY_COLUMNS];

	if (h && store_has_arrived(h->store))
		count_chunks(h);
	/* A second that is left out, since the timer came a little early, has its counts in the next one. */
	if (!h || !history_wants(&h->recorder, now_s))
		return;
	memset(values, 0xFF, sizeof(values));
	sample_connections(h->w, values);
	sample_counts(h, values);
	sample_gate(h, values);
	sample_use(h->w, values);
	history_take(&h->recorder, now_s, values, write_chunk, h);
}
