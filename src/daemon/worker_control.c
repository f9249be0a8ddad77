/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/worker_internal.h"

#include "base/clock.h"
#include "base/counter.h"
#include "base/text.h"

#include "build_config.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void worker_put_time(json_t *object, const char *name, uint64_t wall_ms)
{
	if (wall_ms)
		json_object_set_new(object, name, json_integer((json_int_t)(wall_ms / 1000)));
}

struct bytes worker_text_of(const json_t *request, const char *name)
{
	const json_t *value = json_object_get(request, name);

	if (!json_is_string(value))
		return (struct bytes){ "", 0 };
	return bytes_make(json_string_value(value), json_string_length(value));
}

int worker_parse_address(struct bytes text, struct addr *ret)
{
	struct prefix prefix;

	if (addr_parse(text, ret) == 0)
		return 0;
	if (prefix_parse(text, &prefix) < 0 || prefix.addr.family != ADDR_IPV6 || prefix.length != 64)
		return -EINVAL;
	*ret = prefix.addr;
	return 0;
}

static bool address_of(const json_t *request, struct control_answer *answer, struct addr *ret)
{
	char shown[64];

	if (worker_parse_address(worker_text_of(request, "address"), ret) == 0)
		return true;
	control_fail(answer, CONTROL_WRONG_USE, "'%s' is not an IPv4 or IPv6 address",
		     text_escape(worker_text_of(request, "address"), shown, sizeof(shown)));
	return false;
}

json_t *worker_ban_to_json(const struct worker *w, const struct ban *ban)
{
	char unit[ADDR_UNIT_TEXT_SIZE];
	struct explain_signature signature;
	json_t *o = json_object();

	json_object_set_new(o, "address", json_string(addr_unit_format(&ban->unit, unit)));
	worker_put_time(o, "begin", ban->begin_ms);
	worker_put_time(o, "last", ban->last_ms);
	worker_put_time(o, "until", ban->until_ms);
	worker_put_time(o, "at_most", ban->at_most_ms);
	json_object_set_new(o, "by_hand", json_boolean(ban->by_hand));
	if (ban->why[0])
		json_object_set_new(o, "why", json_string(ban->why));
	if (ban->by_hand)
		return o;
	json_object_set_new(o, "outcome", json_string(outcome_name((enum outcome)ban->outcome)));
	if (worker_signature_name(w, ban->signature, &signature)) {
		json_object_set_new(o, "service", json_string(signature.service));
		json_object_set_new(o, "signature", json_string(signature.name));
	}
	return o;
}

json_t *worker_suspect_to_json(const struct worker *w, const struct suspect *suspect)
{
	char unit[ADDR_UNIT_TEXT_SIZE];
	struct explain_signature signature;
	json_t *o = json_pack("{s:s, s:s}", "address", addr_unit_format(&suspect->unit, unit), "outcome",
			      outcome_name((enum outcome)suspect->outcome));

	worker_put_time(o, "begin", suspect->begin_ms);
	worker_put_time(o, "last", suspect->last_ms);
	worker_put_time(o, "until", suspect->until_ms);
	if (suspect->score)
		json_object_set_new(o, "score", json_integer(suspect->score));
	if (worker_signature_name(w, suspect->signature, &signature)) {
		json_object_set_new(o, "service", json_string(signature.service));
		json_object_set_new(o, "signature", json_string(signature.name));
	}
	return o;
}

static json_t *limited_to_json(const struct limited *limited)
{
	char unit[ADDR_UNIT_TEXT_SIZE];
	json_t *o = json_pack("{s:s, s:b}", "address", addr_unit_format(&limited->unit, unit), "over_limit", 1);

	worker_put_time(o, "begin", limited->since_ms);
	worker_put_time(o, "last", limited->last_ms);
	worker_put_time(o, "until", limited->until_ms);
	return o;
}

static json_t *states_to_json(const struct connection_counts *counts)
{
	json_t *o = json_object();

	for (unsigned i = 0; i < SOCKDIAG_STATES; i++) {
		if (worker_state_name(i))
			json_object_set_new(o, worker_state_name(i), json_integer(counts->by_state[i]));
	}
	return o;
}

static json_t *connections_to_json(const struct worker *w)
{
	const struct plan *plan = w->start->plan;
	json_t *o = json_object();

	if (w->connections) {
		json_object_set_new(o, "open", json_integer((json_int_t)w->counts.total));
		json_object_set_new(o, "served", json_integer((json_int_t)w->counts.served));
		json_object_set_new(o, "waiting", json_integer((json_int_t)w->counts.waiting));
		json_object_set_new(o, "most", json_integer((json_int_t)w->most_open));
		json_object_set_new(o, "states", states_to_json(&w->counts));
	}
	if (plan->limit)
		json_object_set_new(o, "limit", json_integer(plan->limit));
	if (w->server_full_s)
		worker_put_time(o, "server_said_full", w->server_full_s * 1000);
	return o;
}

static json_t *counters_to_json(void)
{
	json_t *o = json_object();

	for (int i = 0; i < COUNTER_COUNT; i++)
		if (counter_is_known((enum counter)i))
			json_object_set_new(o, counter_name((enum counter)i),
					    json_integer((json_int_t)counter_read((enum counter)i)));
	return o;
}

static json_t *number_to_json(double value)
{
	/* Whole ones as such, as far as both can hold them. */
	return value == floor(value) && fabs(value) < 1e15 ? json_integer((json_int_t)value) : json_real(value);
}

static json_t *object_within(json_t *object, const char *name)
{
	if (!json_object_get(object, name))
		json_object_set_new(object, name, json_object());
	return json_object_get(object, name);
}

/* A number, or an object with a member for each value of its label, and so on. Label values may be foreign, and JSON
 * takes UTF-8 only: what is not ASCII is escaped. */
static void measure_to_json(void *measures, enum measure measure, const char *value_of_label,
			    const char *value_of_label2, double value)
{
	const char *const labels[MEASURE_LABELS_MOST] = { value_of_label, value_of_label2 };
	char shown[STORE_PATH_MOST * 4 + 1] = "";
	const char *member = measure_name(measure);
	json_t *object = measures;

	for (unsigned i = 0; i < measure_label_count(measure); i++) {
		object = object_within(object, member);
		member = text_escape(bytes_of(labels[i] ? labels[i] : ""), shown, sizeof(shown));
	}
	json_object_set_new(object, member, number_to_json(value));
}

static json_t *measures_to_json(struct worker *w)
{
	json_t *o = json_object();

	worker_measure(w, measure_to_json, o);
	return o;
}

static json_t *logs_to_json(const struct worker *w)
{
	struct follow_position position;
	json_t *list = json_array();

	for (size_t i = 0; i < w->log_count; i++) {
		bool there = follow_position(w->follow, w->logs[i].path, &position) == 0;

		json_array_append_new(list, json_pack("{s:s, s:b, s:I}", "path", w->logs[i].path, "open", there, "offset",
						      (json_int_t)(there ? position.offset : 0)));
	}
	return list;
}

static json_t *allowed_to_json(const struct worker *w)
{
	json_t *list = json_array();
	char text[PREFIX_TEXT_SIZE];

	for (size_t i = 0; i < w->allowed.count; i++)
		json_array_append_new(list, json_string(prefix_format(&w->allowed.entries[i].prefix, text)));
	return list;
}

static json_t *suspects_to_json(const struct worker *w)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:b}", "now", (json_int_t)suspects_count(w->suspects), "most",
			 (json_int_t)w->settings->suspect_limit, "networks",
			 (json_int_t)w->start->plan->suspect_networks.count, "over_limit",
			 (json_int_t)worker_limited_count(w->limited), "more", worker_limited_are_more(w->limited));
}

static json_t *limits_to_json(const struct settings *s)
{
	return json_pack("{s:I, s:I, s:I, s:b}", "per_address", (json_int_t)s->limits_per_address, "per_network",
			 (json_int_t)s->limits_per_network, "total", (json_int_t)s->limits_total, "suspect", s->limits_suspect);
}

json_t *worker_now(struct worker *w)
{
	const struct plan *plan = w->start->plan;
	json_t *o = json_object();

	json_object_set_new(o, "version", json_string(WAVEBREAK_VERSION));
	json_object_set_new(o, "mode", json_string(w->start->observe ? "observing" : "guarding"));
	worker_put_time(o, "now", clock_wall_ms());
	worker_put_time(o, "started", w->started_s * 1000);
	json_object_set_new(o, "mail_server", plan->server.name ? json_string(plan->server.name) : json_null());
	json_object_set_new(o, "connections", connections_to_json(w));
	json_object_set_new(o, "bans", json_integer((json_int_t)bans_count(w->bans)));
	json_object_set_new(o, "bans_most", json_integer((json_int_t)w->settings->ban_limit));
	json_object_set_new(o, "clients", json_integer((json_int_t)judge_count(w->judge)));
	json_object_set_new(o, "clients_most", json_integer((json_int_t)w->settings->judge_clients));
	if (w->wave)
		json_object_set_new(o, "wave", worker_wave_to_json(w->wave));
	if (w->suspects)
		json_object_set_new(o, "suspects", suspects_to_json(w));
	json_object_set_new(o, "limits", limits_to_json(w->settings));
	if (w->gate)
		json_object_set_new(o, "gate", worker_gate_to_json(w->gate));
	json_object_set_new(o, "relief", worker_relief_to_json(w));
	return o;
}

json_t *worker_status(struct worker *w)
{
	struct store_state store = { 0 };
	json_t *o = worker_now(w);

	if (w->store)
		store_look(w->store, &store);
	json_object_set_new(o, "logs", logs_to_json(w));
	json_object_set_new(o, "allowed", allowed_to_json(w));
	json_object_set_new(o, "signatures", json_integer((json_int_t)w->signatures->signature_count));
	json_object_set_new(o, "store", json_pack("{s:b, s:b, s:I, s:I}", "open", store.open, "failing",
						  store.failing, "queued", (json_int_t)store.queued, "bytes",
						  (json_int_t)store.bytes));
	json_object_set_new(o, "landlock", json_boolean(w->confined_by_landlock));
	json_object_set_new(o, "seccomp", json_boolean(w->confined_by_seccomp));
	json_object_set_new(o, "counters", counters_to_json());
	json_object_set_new(o, "measures", measures_to_json(w));
	return o;
}

static void do_status(struct worker *w, const json_t *request, struct control_answer *answer)
{
	control_finish(answer, worker_status(w));
}

struct listing {
	struct worker *w;
	uint32_t cursor, limited_cursor;
};

static json_t *next_ban(void *state)
{
	struct listing *listing = state;
	struct ban ban;

	return bans_next(listing->w->bans, &listing->cursor, &ban) ? worker_ban_to_json(listing->w, &ban) : NULL;
}

static json_t *next_suspect(void *state)
{
	struct listing *listing = state;
	struct suspect suspect;
	struct limited limited;

	if (suspects_next(listing->w->suspects, &listing->cursor, &suspect))
		return worker_suspect_to_json(listing->w, &suspect);
	return worker_limited_next(listing->w->limited, &listing->limited_cursor, &limited) ? limited_to_json(&limited) : NULL;
}

static void do_list(struct worker *w, const json_t *request, struct control_answer *answer)
{
	static const struct control_stream_calls bans = { next_ban, free }, suspects = { next_suspect, free };
	bool of_suspects = json_is_true(json_object_get(request, "suspects"));
	struct listing *listing;

	if (of_suspects && !w->suspects) {
		control_fail(answer, CONTROL_NO, "there are no suspects: gate.steer is not suspect");
		return;
	}
	listing = malloc(sizeof(*listing));
	if (!listing) {
		control_fail(answer, CONTROL_NOT_PERMITTED, "not enough memory");
		return;
	}
	*listing = (struct listing){ .w = w };
	control_stream(answer, of_suspects ? &suspects : &bans, listing);
}

static bool is_logged_in(const struct worker *w, const struct addr *unit)
{
	struct prefix_set peers = { 0 };
	bool found;

	if (w->sessions)
		(void)sessions_protect(w->sessions, &peers);
	found = prefix_set_find(&peers, unit);
	prefix_set_clear(&peers);
	return found;
}

static void do_ban(struct worker *w, const json_t *request, struct control_answer *answer)
{
	const json_t *duration = json_object_get(request, "for_ms");
	const struct prefix_entry *protection;
	char unit[ADDR_UNIT_TEXT_SIZE], prefix[PREFIX_TEXT_SIZE];
	struct ban_step step;
	struct addr addr;
	int r;

	if (!address_of(request, answer, &addr))
		return;
	addr = addr_unit(&addr);
	addr_unit_format(&addr, unit);
	protection = prefix_set_find(&w->never, &addr);
	if (protection) {
		counter_add(COUNTER_bans_refused, 1);
		control_fail(answer, CONTROL_NO, "%s cannot be banned: %s protects it (%s)", unit,
			     prefix_format(&protection->prefix, prefix), protection->why);
		return;
	}
	if (is_logged_in(w, &addr)) {
		counter_add(COUNTER_bans_refused, 1);
		control_fail(answer, CONTROL_NO, "%s cannot be banned: somebody there is connected to ssh on this host, and that "
			     "may be you", unit);
		return;
	}
	r = bans_by_hand(w->bans, &addr, json_is_integer(duration) && json_integer_value(duration) > 0 ?
			 (uint64_t)json_integer_value(duration) : 0, worker_text_of(request, "why"), clock_wall_ms(), &step);
	if (r < 0) {
		control_fail(answer, CONTROL_NO, r == -ENOSPC ? "ban.limit is reached: %s is not banned" :
			     r == -ERANGE ? "that is longer than a ban may last: %s is not banned" :
			     "not enough memory: %s is not banned", unit);
		return;
	}
	worker_carry_out(w, &step);
	worker_evict(w, &addr, 0);
	worker_settle(w);
	control_finish(answer, json_pack("{s:o, s:b}", "ban", worker_ban_to_json(w, &step.ban), "observing",
					 w->start->observe));
}

static void unban(struct worker *w, const struct addr *addr, struct control_answer *answer)
{
	bool was_suspect = worker_trust_unknown(w, addr);
	char unit[ADDR_UNIT_TEXT_SIZE];
	struct ban_step step;

	judge_forget(w->judge, addr);
	if (bans_lift(w->bans, addr, clock_wall_ms(), &step) < 0) {
		worker_unban_unknown(w, addr);
		if (was_suspect)
			control_finish(answer, json_pack("{s:s}", "suspect", addr_unit_format(addr, unit)));
		else
			control_fail(answer, CONTROL_NO, "%s is not banned", addr_unit_format(addr, unit));
		return;
	}
	worker_carry_out(w, &step);
	worker_settle(w);
	control_finish(answer, json_pack("{s:o}", "ban", worker_ban_to_json(w, &step.ban)));
}

static void do_unban(struct worker *w, const json_t *request, struct control_answer *answer)
{
	struct addr addr;

	if (!address_of(request, answer, &addr))
		return;
	addr = addr_unit(&addr);
	worker_limited_ask(w, &addr, answer, unban);
}

bool worker_prefix_of(const json_t *request, const char *name, struct control_answer *answer, struct prefix *ret)
{
	struct bytes text = worker_text_of(request, name);
	char shown[64];
	int r = prefix_parse(text, ret);

	text_escape(text, shown, sizeof(shown));
	if (r == -EDOM)
		control_fail(answer, CONTROL_WRONG_USE, "'%s' has bits after its length", shown);
	else if (r < 0)
		control_fail(answer, CONTROL_WRONG_USE, "'%s' is not an address or a network", shown);
	return r == 0;
}

static void do_allow(struct worker *w, const json_t *request, struct control_answer *answer)
{
	char text[PREFIX_TEXT_SIZE];
	struct prefix prefix;
	int r;

	if (!worker_prefix_of(request, "prefix", answer, &prefix))
		return;
	prefix_format(&prefix, text);
	if (json_is_true(json_object_get(request, "remove"))) {
		if (worker_disallow(w, &prefix))
			control_finish(answer, json_pack("{s:s}", "prefix", text));
		else
			control_fail(answer, CONTROL_NO, "%s was not allowed by hand", text);
		return;
	}
	if (prefix.length == 0) {
		control_fail(answer, CONTROL_NO, "%s is everybody, and would never be banned: to let all in, end the guard",
			     text);
		return;
	}
	r = worker_allow(w, &prefix);
	if (r < 0)
		control_fail(answer, CONTROL_NO, "%s cannot be added: %s", text,
			     r == -ENOSPC ? "the never-list is full" : strerror(-r));
	else
		control_finish(answer, json_pack("{s:s}", "prefix", text));
}

static json_t *events_to_json(const struct worker *w, const struct judge_client *client)
{
	json_t *list = json_array();

	for (size_t i = 0; i < client->event_count; i++) {
		const struct judge_entry *e = &client->events[i];
		struct explain_signature signature;
		json_t *o = json_pack("{s:s, s:i, s:i}", "outcome", outcome_name((enum outcome)e->outcome), "added",
				      (int)e->added, "score_after", (int)e->score_after);

		worker_put_time(o, "at", e->at_ms);
		if (e->client_port)
			json_object_set_new(o, "port", json_integer(e->client_port));
		if (e->reply_code)
			json_object_set_new(o, "reply", json_integer(e->reply_code));
		if (worker_signature_name(w, e->signature, &signature)) {
			json_object_set_new(o, "service", json_string(signature.service));
			json_object_set_new(o, "signature", json_string(signature.name));
		}
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *relief_to_json(const struct relief_record *record)
{
	char words[RELIEF_WORDS_SIZE];
	json_t *o = json_pack("{s:s, s:s, s:i, s:i, s:b}", "reason", relief_reason_name((enum relief_reason)record->reason),
			      "words", relief_words(record, words), "open", (int)record->open, "limit", (int)record->limit,
			      "observing", record->observed);

	worker_put_time(o, "at", record->at_ms);
	return o;
}

json_t *worker_explain(struct worker *w, const struct addr *addr)
{
	char text[EXPLAIN_TEXT_SIZE], prefix[PREFIX_TEXT_SIZE];
	struct limited limited;
	struct explanation e;
	bool known;
	json_t *o;

	known = explain_make(w->judge, w->bans, &w->never, addr, clock_wall_ms(), &e);
	e.talk = worker_gate_talk(w->gate, &e.unit);
	e.let_in_until_ms = worker_gate_let_in_until(w->gate, &e.unit);
	if (e.let_in_until_ms <= e.now_ms)
		e.let_in_until_ms = 0;
	e.relief = worker_relief_of(w->relief, &e.unit);
	e.suspected = w->suspects && suspects_find(w->suspects, &e.unit, &e.suspect);
	e.over_limit = worker_limited_find(w->limited, &e.unit, &limited);
	e.over_limit_ms = e.over_limit ? limited.last_ms : 0;
	e.over_limit_until_ms = e.over_limit ? limited.until_ms : 0;
	e.network = prefix_set_find(&w->start->plan->suspect_networks, addr);
	known = known || e.talk || e.let_in_until_ms || e.suspected || e.over_limit || e.network || e.relief;
	explain_text(&e, worker_signature_name, w, text, sizeof(text));
	o = json_pack("{s:s, s:b, s:b}", "text", text, "known", known, "banned", e.banned);
	if (e.banned)
		json_object_set_new(o, "ban", worker_ban_to_json(w, &e.ban));
	if (e.known) {
		json_object_set_new(o, "score", json_integer(e.client.score));
		json_object_set_new(o, "ban_score", json_integer(e.client.ban_score));
		json_object_set_new(o, "offences", json_integer(e.client.offences));
		json_object_set_new(o, "events", events_to_json(w, &e.client));
	}
	if (e.talk)
		json_object_set_new(o, "gate_dialogue", json_string(e.talk));
	if (e.relief)
		json_object_set_new(o, "relief", relief_to_json(e.relief));
	worker_put_time(o, "gate_lets_in_until", e.let_in_until_ms);
	if (e.suspected)
		json_object_set_new(o, "suspect", worker_suspect_to_json(w, &e.suspect));
	if (e.over_limit)
		json_object_set_new(o, "suspect", limited_to_json(&limited));
	if (e.network)
		json_object_set_new(o, "suspect_network", json_pack("{s:s, s:s}", "prefix",
				    prefix_format(&e.network->prefix, prefix), "why", e.network->why));
	if (e.is_protected)
		json_object_set_new(o, "protected_by",
				    json_pack("{s:s, s:s}", "prefix", prefix_format(&e.protection.prefix, prefix), "why",
					      e.protection.why));
	return o;
}

static void explain(struct worker *w, const struct addr *addr, struct control_answer *answer)
{
	control_finish(answer, worker_explain(w, addr));
}

static void do_explain(struct worker *w, const json_t *request, struct control_answer *answer)
{
	struct addr addr;

	if (address_of(request, answer, &addr))
		worker_limited_ask(w, &addr, answer, explain);
}

static void do_zones(struct worker *w, const json_t *request, struct control_answer *answer)
{
	if (w->gate)
		control_finish(answer, json_pack("{s:o}", "zones", worker_gate_zones_to_json(w->gate)));
	else
		control_fail(answer, CONTROL_NO, "there is no gate: gate.handoff is none");
}

static const struct {
	const char *name;
	void (*answer)(struct worker *, const json_t *, struct control_answer *);
} commands[] = {
	{ "status", do_status }, { "list", do_list },	{ "ban", do_ban },
	{ "unban", do_unban },	 { "allow", do_allow }, { "explain", do_explain },
	{ "zones", do_zones },	 { "history", worker_history_tell },
	{ "import", worker_history_import }, { "waves", worker_wave_records_tell }, { "top", worker_top_tell },
};

void worker_on_control(void *data, const json_t *request, struct control_answer *answer)
{
	struct bytes command = worker_text_of(request, "command");
	char shown[64];

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (!bytes_equal(command, bytes_of(commands[i].name)))
			continue;
		commands[i].answer(data, request, answer);
		return;
	}
	control_fail(answer, CONTROL_WRONG_USE, "'%s' is nothing that can be asked here",
		     text_escape(command, shown, sizeof(shown)));
}
