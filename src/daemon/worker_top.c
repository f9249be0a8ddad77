/* SPDX-License-Identifier: Apache-2.0 */
/* The answer to `top`: how it is now, the worst clients and the worst networks (judge/worst.h).
 *
 * All clients with a score are looked at, all bans, all suspects and all connections: a million at the worst. That
 * is done in slices, one a round of the loop, and nothing of it is kept for the next answer, so it costs nothing
 * while nobody looks.
 */
#include "daemon/worker_internal.h"

#include "base/clock.h"
#include "base/counter.h"
#include "base/table.h"
#include "judge/unit_key.h"
#include "judge/worst.h"

#include <errno.h>
#include <stdlib.h>

#define ROWS_MOST 200
/* Measured: 0.2 to 0.6 ms of a processor (bench/worst_bench). */
#define UNITS_A_SLICE 2048
/* Each holds up to 12 MB while it looks. */
#define LOOKS_MOST 4
/* Clients whose connections are counted apart. */
#define CONNECTED_MOST 65536

struct connected {
	uint32_t open;
	bool added;
};

/* What next_line does next. */
enum stage {
	STAGE_CLIENTS,
	STAGE_BANS,
	STAGE_SUSPECTS,
	STAGE_CONNECTED,
	STAGE_TELL_NOW,
	STAGE_TELL_CLIENTS,
	STAGE_TELL_NETWORKS,
	STAGE_OVER
};

struct look {
	struct worker *w;
	struct worst *worst;
	struct table *connected; /* struct unit_key: struct connected */
	uint64_t now_ms;
	struct prefix within;    /* of a length of 0 bits and no family: of all */
	enum stage stage;
	uint32_t cursor;
	const struct worst_row *const *rows;
	size_t row, row_count;
};

static void done(void *state)
{
	struct look *look = state;

	look->w->top_looks--;
	worst_destroy(look->worst);
	table_destroy(look->connected);
	free(look);
}

/* The address of who has not answered yet may be anybody's, and this host is no client. */
static void on_connection(void *data, const struct sockdiag_socket *connection)
{
	const struct addr *peer = &connection->peer;
	struct look *look = data;
	struct addr unit = addr_unit(peer);
	struct unit_key key = unit_key_of(&unit);
	void *value;

	if (!connection->of_gate && connection->state != SOCKDIAG_SYN_RECV && !addr_equal(peer, &connection->local) &&
	    !addr_is_loopback(peer) && table_add(look->connected, &key, &value) >= 0)
		((struct connected *)value)->open++;
}

static void add(struct look *look, const struct addr *unit, const struct judge_standing *standing, bool banned,
		bool suspect)
{
	struct unit_key key = unit_key_of(unit);
	struct connected *connected = table_find(look->connected, &key);
	struct worst_row row = { .prefix = prefix_of_unit(unit), .score = standing->score,
				 .offences = standing->offences, .last_ms = standing->last_ms, .clients = 1 };

	if (look->within.addr.family != ADDR_NONE && !prefix_overlaps(&look->within, &row.prefix))
		return;
	if (connected) {
		connected->added = true;
		row.open = connected->open;
	}
	worst_add(look->worst, &row);
	worst_mark(look->worst, &row.prefix, banned, suspect);
}

static bool add_next_client(struct look *look)
{
	struct judge_standing standing;
	struct addr unit;

	if (!judge_next(look->w->judge, &look->cursor, look->now_ms, &unit, &standing))
		return false;
	add(look, &unit, &standing, false, false);
	return true;
}

/* Whether it was added already, as one with a score. */
static bool mark(struct look *look, const struct addr *unit, bool banned, bool suspect)
{
	struct prefix prefix = prefix_of_unit(unit);
	struct judge_standing standing;

	if (!judge_standing(look->w->judge, unit, look->now_ms, &standing))
		return false;
	worst_mark(look->worst, &prefix, banned, suspect);
	return true;
}

static bool add_next_ban(struct look *look)
{
	struct judge_standing none = { 0 };
	struct ban ban;

	if (!bans_next(look->w->bans, &look->cursor, &ban))
		return false;
	none.last_ms = ban.last_ms;
	if (!mark(look, &ban.unit, true, false))
		add(look, &ban.unit, &none, true, false);
	return true;
}

static bool add_next_suspect(struct look *look)
{
	struct judge_standing none = { 0 };
	struct suspect suspect;
	struct prefix prefix;
	struct ban ban;

	if (!look->w->suspects || !suspects_next(look->w->suspects, &look->cursor, &suspect))
		return false;
	none.last_ms = suspect.last_ms;
	prefix = prefix_of_unit(&suspect.unit);
	if (mark(look, &suspect.unit, false, true))
		return true;
	if (bans_find(look->w->bans, &suspect.unit, &ban))
		worst_mark(look->worst, &prefix, false, true);
	else
		add(look, &suspect.unit, &none, false, true);
	return true;
}

static bool add_next_connected(struct look *look)
{
	struct judge_standing none = { 0 };
	struct connected *connected = table_next(look->connected, &look->cursor);
	struct addr unit;

	if (!connected)
		return false;
	unit = unit_key_addr(table_key(look->connected, connected));
	if (!connected->added)
		add(look, &unit, &none, false, false);
	return true;
}

/* A slice of a stage, or what is left of it. */
static void look_on(struct look *look)
{
	static bool (*const add_next[])(struct look *) = {
		[STAGE_CLIENTS] = add_next_client,
		[STAGE_BANS] = add_next_ban,
		[STAGE_SUSPECTS] = add_next_suspect,
		[STAGE_CONNECTED] = add_next_connected,
	};

	for (size_t i = 0; i < UNITS_A_SLICE; i++) {
		if (!add_next[look->stage](look)) {
			look->stage++;
			look->cursor = 0;
			return;
		}
	}
}

static enum client_state state_of(const struct worker *w, const struct worst_row *row, struct ban *ret_ban,
				  struct suspect *ret_suspect)
{
	const struct addr *unit = &row->prefix.addr;

	if (bans_find(w->bans, unit, ret_ban))
		return CLIENT_BANNED;
	if (prefix_set_find(&w->never, unit))
		return CLIENT_ALLOWED;
	if (w->suspects && suspects_find(w->suspects, unit, ret_suspect))
		return CLIENT_SUSPECT;
	if (prefix_set_find(&w->start->plan->suspect_networks, unit))
		return CLIENT_LISTED;
	return row->offences ? CLIENT_OFFENDING : CLIENT_CONNECTED;
}

/* What it did last. */
static void put_offence(const struct look *look, json_t *o, const struct addr *unit)
{
	const struct worker *w = look->w;
	struct explain_signature signature;
	const struct judge_entry *last;
	struct judge_client client;

	if (!judge_look(w->judge, unit, look->now_ms, &client) || client.event_count == 0)
		return;
	last = &client.events[client.event_count - 1];
	json_object_set_new(o, "outcome", json_string(outcome_name((enum outcome)last->outcome)));
	if (worker_signature_name(w, last->signature, &signature)) {
		json_object_set_new(o, "service", json_string(signature.service));
		json_object_set_new(o, "signature", json_string(signature.name));
	}
}

static void put_sums(json_t *o, const struct worst_row *row)
{
	json_object_set_new(o, "score", json_integer((json_int_t)row->score));
	json_object_set_new(o, "open", json_integer((json_int_t)row->open));
	json_object_set_new(o, "offences", json_integer((json_int_t)row->offences));
	worker_put_time(o, "last", row->last_ms);
}

/* Of who is banned or a suspect, what `list` says of it is there as well. */
static json_t *client_to_json(const struct look *look, const struct worst_row *row)
{
	char unit[ADDR_UNIT_TEXT_SIZE];
	struct suspect suspect;
	enum client_state state;
	struct ban ban;
	json_t *o;

	state = state_of(look->w, row, &ban, &suspect);
	if (state == CLIENT_BANNED) {
		o = worker_ban_to_json(look->w, &ban);
	} else if (state == CLIENT_SUSPECT) {
		o = worker_suspect_to_json(look->w, &suspect);
	} else {
		o = json_pack("{s:s}", "address", addr_unit_format(&row->prefix.addr, unit));
		put_offence(look, o, &row->prefix.addr);
	}
	json_object_set_new(o, "state", json_string(client_state_name(state)));
	put_sums(o, row);
	return o;
}

/* What holds for all of it, if anything does. */
static const char *state_of_network(const struct worker *w, const struct prefix *network)
{
	const struct prefix_entry *allowed = prefix_set_overlap(&w->never, network);
	const struct prefix_entry *listed = prefix_set_overlap(&w->start->plan->suspect_networks, network);

	if (allowed && allowed->prefix.length <= network->length)
		return client_state_name(CLIENT_ALLOWED);
	return listed && listed->prefix.length <= network->length ? client_state_name(CLIENT_LISTED) : NULL;
}

static json_t *network_to_json(const struct look *look, const struct worst_row *row)
{
	char network[PREFIX_TEXT_SIZE];
	json_t *o = json_pack("{s:s, s:I, s:I, s:I, s:s*}", "network", prefix_format(&row->prefix, network), "clients",
			      (json_int_t)row->clients, "banned", (json_int_t)row->banned, "suspects",
			      (json_int_t)row->suspects, "state", state_of_network(look->w, &row->prefix));

	put_sums(o, row);
	return o;
}

/* What grows, for those who want to know how fast. */
static json_t *totals_to_json(void)
{
	static const enum counter told[] = { COUNTER_arrivals, COUNTER_arrivals_banned, COUNTER_bans, COUNTER_evictions,
					     COUNTER_reliefs };
	json_t *o = json_object();

	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		if (counter_is_known(told[i]))
			json_object_set_new(o, counter_name(told[i]), json_integer((json_int_t)counter_read(told[i])));
	return o;
}

static json_t *now_to_json(struct look *look)
{
	struct worker *w = look->w;

	return json_pack("{s:o, s:o, s:o*, s:I}", "now", worker_now(w), "totals", totals_to_json(), "zones",
			 w->gate ? worker_gate_zones_to_json(w->gate) : NULL, "networks_left_out",
			 (json_int_t)worst_networks_left_out(look->worst));
}

static json_t *next_line(void *state)
{
	struct look *look = state;

	if (look->stage < STAGE_TELL_NOW) {
		look_on(look);
		return json_null();
	}
	if (look->stage == STAGE_TELL_NOW) {
		look->stage++;
		look->row_count = worst_clients(look->worst, &look->rows);
		return now_to_json(look);
	}
	if (look->stage == STAGE_TELL_CLIENTS) {
		if (look->row < look->row_count)
			return client_to_json(look, look->rows[look->row++]);
		look->stage++;
		look->row = 0;
		look->row_count = worst_networks(look->worst, &look->rows);
	}
	if (look->stage == STAGE_TELL_NETWORKS && look->row < look->row_count)
		return network_to_json(look, look->rows[look->row++]);
	look->stage = STAGE_OVER;
	return NULL;
}

static int begin(struct worker *w, enum worst_order order, size_t most, struct look **ret)
{
	struct connection_counts counts;
	struct look *look = calloc(1, sizeof(*look));
	size_t about = judge_count(w->judge) + bans_count(w->bans);
	int r;

	if (!look)
		return -ENOMEM;
	*look = (struct look){ .w = w, .now_ms = clock_wall_ms() };
	w->top_looks++;
	r = table_create(sizeof(struct unit_key), sizeof(struct connected), CONNECTED_MOST, &look->connected);
	if (r == 0)
		r = worst_create(order, most, about, &look->worst);
	if (r < 0) {
		done(look);
		return r;
	}
	if (w->connections)
		(void)connections_visit(w->connections, on_connection, look, &counts);
	*ret = look;
	return 0;
}

void worker_top_tell(struct worker *w, const json_t *request, struct control_answer *answer)
{
	static const struct control_stream_calls calls = { next_line, done };
	const json_t *limit = json_object_get(request, "limit");
	json_int_t most = json_is_integer(limit) ? json_integer_value(limit) : ROWS_MOST;
	struct bytes name = worker_text_of(request, "order");
	enum worst_order order = WORST_BY_SCORE;
	struct prefix within = { 0 };
	struct look *look;

	if (name.size && worst_order_by_name(name, &order) < 0) {
		control_fail(answer, CONTROL_WRONG_USE, "order is none of score, open, offences and last");
		return;
	}
	if (json_object_get(request, "within") && !worker_prefix_of(request, "within", answer, &within))
		return;
	if (w->top_looks >= LOOKS_MOST) {
		control_fail(answer, CONTROL_NO, "%d others look at the same time; try again", LOOKS_MOST);
		return;
	}
	if (begin(w, order, most < 1 ? 1 : most > ROWS_MOST ? ROWS_MOST : (size_t)most, &look) < 0) {
		control_fail(answer, CONTROL_NOT_PERMITTED, "not enough memory");
		return;
	}
	look->within = within;
	control_stream(answer, &calls, look);
}
