/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/worker_http.h"

#include "daemon/worker_internal.h"

#include "build_config.h"

/* Where the values go. */
struct sink {
	measure_fn *fn;
	void *data;
};

static void put(const struct sink *sink, enum measure measure, double value)
{
	sink->fn(sink->data, measure, NULL, NULL, value);
}

static void put_for(const struct sink *sink, enum measure measure, const char *label, double value)
{
	sink->fn(sink->data, measure, label, NULL, value);
}

static void measure_daemon(const struct worker *w, const struct sink *sink)
{
	put_for(sink, MEASURE_build_info, WAVEBREAK_VERSION, 1);
	put(sink, MEASURE_start_time_seconds, (double)w->started_s);
	put(sink, MEASURE_observing, w->start->observe);
	put_for(sink, MEASURE_confined, "landlock", w->confined_by_landlock);
	put_for(sink, MEASURE_confined, "seccomp", w->confined_by_seccomp);
}

const char *worker_state_name(unsigned state)
{
	static const char *const names[SOCKDIAG_STATES] = {
		[SOCKDIAG_ESTABLISHED] = "established", [SOCKDIAG_SYN_RECV] = "syn-recv",
		[SOCKDIAG_FIN_WAIT1] = "fin-wait-1",	[SOCKDIAG_FIN_WAIT2] = "fin-wait-2",
		[SOCKDIAG_CLOSE_WAIT] = "close-wait",	[SOCKDIAG_LAST_ACK] = "last-ack",
		[SOCKDIAG_CLOSING] = "closing",
	};

	return names[state];
}

static void measure_connections(const struct worker *w, const struct sink *sink)
{
	const struct connection_counts *counts = &w->counts;

	if (w->connections) {
		put_for(sink, MEASURE_connections, "served", counts->served);
		put_for(sink, MEASURE_connections, "waiting", counts->waiting);
		put_for(sink, MEASURE_connections, "opening", counts->opening);
		put_for(sink, MEASURE_connections, "closing", counts->closing);
	}
	if (w->start->plan->limit)
		put(sink, MEASURE_connections_limit, w->start->plan->limit);
	if (w->connections) {
		put(sink, MEASURE_connections_peak, w->most_open);
		for (unsigned i = 0; i < SOCKDIAG_STATES; i++) {
			if (worker_state_name(i))
				put_for(sink, MEASURE_tcp_connections, worker_state_name(i), counts->by_state[i]);
		}
		put(sink, MEASURE_accept_queue, counts->queue);
		put(sink, MEASURE_accept_queue_limit, counts->queue_most);
	}
	if (w->server_full_s)
		put(sink, MEASURE_server_full_time_seconds, (double)w->server_full_s);
	if (w->wave)
		put(sink, MEASURE_wave_lasts, worker_wave_lasts(w));
}

static void measure_clients(const struct worker *w, const struct sink *sink)
{
	put(sink, MEASURE_banned_clients, (double)bans_count(w->bans));
	put(sink, MEASURE_banned_clients_limit, (double)w->settings->ban_limit);
	put(sink, MEASURE_scored_clients, (double)judge_count(w->judge));
	put(sink, MEASURE_scored_clients_limit, (double)w->settings->judge_clients);
	put(sink, MEASURE_scores_memory_bytes, (double)judge_memory(w->judge));
	if (w->suspects) {
		put(sink, MEASURE_suspect_clients, (double)suspects_count(w->suspects));
		put(sink, MEASURE_suspect_clients_limit, (double)w->settings->suspect_limit);
	}
	put(sink, MEASURE_allowed_networks, (double)w->allowed.count);
	put(sink, MEASURE_signatures, (double)w->signatures->signature_count);
}

static void measure_logs(const struct worker *w, const struct sink *sink)
{
	struct follow_position position;

	for (size_t i = 0; i < w->log_count; i++)
		put_for(sink, MEASURE_log_open, w->logs[i].path, follow_position(w->follow, w->logs[i].path, &position) == 0);
	for (size_t i = 0; i < w->log_count; i++) {
		if (follow_position(w->follow, w->logs[i].path, &position) == 0)
			put_for(sink, MEASURE_log_position_bytes, w->logs[i].path, (double)position.offset);
	}
}

static void measure_store(const struct worker *w, const struct sink *sink)
{
	struct store_state state = { 0 };

	if (w->store)
		store_look(w->store, &state);
	put(sink, MEASURE_store_open, state.open);
	if (!w->store)
		return;
	put(sink, MEASURE_store_failing, state.failing);
	put(sink, MEASURE_store_bytes, (double)state.bytes);
	put(sink, MEASURE_store_queued_changes, (double)state.queued);
}

void worker_measure(struct worker *w, measure_fn *fn, void *data)
{
	const struct sink sink = { fn, data };

	measure_daemon(w, &sink);
	measure_connections(w, &sink);
	measure_clients(w, &sink);
	measure_logs(w, &sink);
	measure_store(w, &sink);
	worker_gate_measure(w->gate, fn, data);
	worker_use_measure(w, fn, data);
}
