/* SPDX-License-Identifier: Apache-2.0 */
/* What the gate workers say of themselves, added up: for the commands, the metrics, the history and the log. */
#include "daemon/worker_gate_internal.h"

/* The worse of two workers' findings is shown: one that cannot use a zone is worth knowing. */
static void add_health(struct zone_health *sum, const struct zone_health *one)
{
	if (one->state == ZONE_OUT || sum->state == ZONE_UNTRIED) {
		sum->state = one->state;
		sum->trouble = one->trouble;
	}
	if (one->state6 == ZONE_OUT || sum->state6 == ZONE_UNTRIED) {
		sum->state6 = one->state6;
		sum->trouble6 = one->trouble6;
	}
	if (one->latency_ms > sum->latency_ms)
		sum->latency_ms = one->latency_ms;
	sum->asked += one->asked;
	sum->listed += one->listed;
	sum->errors += one->errors;
}

/* Of those that serve: one that drains may have another configuration, with other lists. */
struct zone_health worker_gate_health(const struct worker_gate *gate, size_t zone)
{
	struct zone_health sum = { 0 };

	for (size_t i = 0; i < gate->w->start->gates_serving; i++) {
		if (zone < gate->states[i].zone_count)
			add_health(&sum, &gate->states[i].zones[zone]);
	}
	return sum;
}

static json_t *steering_to_json(const struct worker_gate *gate)
{
	static const char *const ways[] = {
#define STEERING(id, name, help) [STEERING_##id] = name,
#include "defs/steerings.def"
#undef STEERING
	};

	return json_pack("{s:s, s:b, s:s*}", "who", ways[gate->w->settings->gate_steer], "on", gate->steers, "error",
			 gate->steering_error ? strerror(-gate->steering_error) : NULL);
}

static struct gate_state sum_states(const struct worker_gate *gate)
{
	struct gate_state sum = { 0 };

	for (size_t i = 0; i < gate->count; i++) {
		const struct gate_state *state = &gate->states[i];

		sum.sessions += state->sessions;
		sum.most += state->most;
		sum.memory += state->memory;
		sum.clients += state->clients;
		sum.cached += state->cached;
		sum.in_flight += state->in_flight;
		for (size_t j = 0; j < SESSION_STATES; j++)
			sum.states[j] += state->states[j];
	}
	return sum;
}

uint32_t worker_gate_sessions(const struct worker_gate *gate)
{
	uint64_t sum = gate ? sum_states(gate).sessions : 0;

	return sum < UINT32_MAX ? (uint32_t)sum : UINT32_MAX;
}

uint32_t worker_gate_latency_ms(const struct worker_gate *gate)
{
	uint64_t sum = 0, count = 0;

	for (size_t i = 0; i < gate->count; i++) {
		for (size_t j = 0; j < gate->states[i].zone_count && j < ZONES_MOST; j++) {
			sum += gate->states[i].zones[j].latency_ms;
			count += gate->states[i].zones[j].latency_ms > 0;
		}
	}
	return count ? (uint32_t)(sum / count) : 0;
}

json_t *worker_gate_to_json(const struct worker_gate *gate)
{
	const struct gate_state sum = sum_states(gate);
	json_t *states = json_object(), *steering = NULL;

	if (gate->w->settings->gate_steer != STEERING_NONE)
		steering = steering_to_json(gate);
	for (size_t i = 0; i < SESSION_STATES; i++)
		json_object_set_new(states, session_state_name((enum session_state)i),
				    json_integer((json_int_t)sum.states[i]));
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o*}", "workers", (json_int_t)gate->count, "sessions",
			 (json_int_t)sum.sessions, "most", (json_int_t)sum.most, "memory", (json_int_t)sum.memory,
			 "clients", (json_int_t)sum.clients, "dns_cached", (json_int_t)sum.cached, "dns_in_flight",
			 (json_int_t)sum.in_flight, "states", states, "steering", steering);
}

json_t *worker_gate_zones_to_json(const struct worker_gate *gate)
{
	const struct settings *settings = gate->w->settings;
	json_t *list = json_array();

	for (size_t i = 0; i < settings->zone_count; i++) {
		const struct zone_health sum = worker_gate_health(gate, i);

		json_array_append_new(list, json_pack("{s:s, s:I, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "zone",
			settings->zones[i].name, "weight", (json_int_t)settings->zones[i].weight, "state",
			zone_state_name(sum.state), "trouble", zone_trouble_words(sum.trouble), "state6",
			zone_state_name(sum.state6), "trouble6", zone_trouble_words(sum.trouble6), "latency_ms",
			(json_int_t)sum.latency_ms, "asked", (json_int_t)sum.asked, "listed", (json_int_t)sum.listed, "decided",
			(json_int_t)gate->decided[i], "errors", (json_int_t)sum.errors));
	}
	return list;
}

static double of_zone(const struct worker_gate *gate, size_t zone, const struct zone_health *health,
		      enum measure measure)
{
	switch (measure) {
	case MEASURE_zone_weight: return gate->w->settings->zones[zone].weight;
	case MEASURE_zone_latency_seconds: return health->latency_ms / 1000.0;
	case MEASURE_zone_lookups: return (double)health->asked;
	case MEASURE_zone_listings: return (double)health->listed;
	case MEASURE_zone_decisions: return (double)gate->decided[zone];
	default: return (double)health->errors;
	}
}

static void measure_zones(const struct worker_gate *gate, measure_fn *fn, void *data)
{
	static const enum measure alike[] = { MEASURE_zone_weight, MEASURE_zone_latency_seconds, MEASURE_zone_lookups,
					      MEASURE_zone_listings, MEASURE_zone_decisions, MEASURE_zone_errors };
	const struct settings *settings = gate->w->settings;
	struct zone_health health[ZONES_MOST];

	for (size_t i = 0; i < settings->zone_count; i++) {
		health[i] = worker_gate_health(gate, i);
		fn(data, MEASURE_zone_out, settings->zones[i].name, "ipv4", health[i].state == ZONE_OUT);
		fn(data, MEASURE_zone_out, settings->zones[i].name, "ipv6", health[i].state6 == ZONE_OUT);
	}
	for (size_t m = 0; m < sizeof(alike) / sizeof(alike[0]); m++) {
		for (size_t i = 0; i < settings->zone_count; i++)
			fn(data, alike[m], settings->zones[i].name, NULL, of_zone(gate, i, &health[i], alike[m]));
	}
}

void worker_gate_measure(const struct worker_gate *gate, measure_fn *fn, void *data)
{
	struct gate_state sum;

	if (!gate)
		return;
	sum = sum_states(gate);
	fn(data, MEASURE_gate_processes, NULL, NULL, (double)gate->count);
	if (gate->w->settings->gate_steer != STEERING_NONE)
		fn(data, MEASURE_gate_steering, NULL, NULL, gate->steers);
	for (size_t i = 0; i < SESSION_STATES; i++)
		fn(data, MEASURE_gate_open_sessions, session_state_name((enum session_state)i), NULL, (double)sum.states[i]);
	fn(data, MEASURE_gate_open_sessions_limit, NULL, NULL, (double)sum.most);
	fn(data, MEASURE_gate_memory_bytes, NULL, NULL, (double)sum.memory);
	fn(data, MEASURE_gate_remembered_clients, NULL, NULL, (double)sum.clients);
	fn(data, MEASURE_dns_cached_answers, NULL, NULL, (double)sum.cached);
	fn(data, MEASURE_dns_questions_in_flight, NULL, NULL, (double)sum.in_flight);
	measure_zones(gate, fn, data);
}
