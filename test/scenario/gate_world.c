/* SPDX-License-Identifier: Apache-2.0 */
#include "gate_world.h"

#include "base/counter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define BEGIN_MS 1000000
#define LISTINGS_MOST 256
#define SETTINGS_TEXT_MOST 8192
#define ZONE_LINES_MOST 1024
#define EXPLANATION_MOST 256
/* What the front has a look at of an early talker. */
#define PEEK_MOST 64
#define REPLIES_ROOM 65536

struct listing {
	size_t zone;
	struct prefix prefix;
	struct addr answer;
};

struct zone {
	char name[SETTINGS_ZONE_NAME_MOST + 1];
	char lines[ZONE_LINES_MOST]; /* of the settings */
	char explanation[EXPLANATION_MOST];
	uint64_t delay_ms;
};

struct world {
	uint64_t now_ms;
	char gate_lines[SETTINGS_TEXT_MOST];
	struct settings settings;
	struct session_rules rules;
	struct clients *clients; /* NULL until something happens */
	enum server server;

	struct zone zones[SETTINGS_ZONES_MOST];
	size_t zone_count;
	struct listing listings[LISTINGS_MOST];
	size_t listing_count;
	struct prefix nameless[LISTINGS_MOST];
	size_t nameless_count;

	struct visitor *visitors[WORLD_VISITORS_MOST];
	size_t visitor_count;
	char replies[REPLIES_ROOM];
	uint64_t counted[COUNTER_COUNT]; /* before the world began */
	char mistake[MISTAKE_TEXT_SIZE];
};

static struct replies replies_of(struct world *w)
{
	return (struct replies){ .data = w->replies, .room = sizeof(w->replies) };
}

/* What the zone's setting says, with the address in the place of %a, or what the zone itself says. */
static const char *zone_text(void *data, unsigned number, const struct addr *client, char *text, size_t size)
{
	const struct world *w = data;
	const char *words = w->settings.zones[number].text, *place = strstr(words, "%a");
	char address[ADDR_TEXT_SIZE];

	if (place)
		snprintf(text, size, "%.*s%s%s", (int)(place - words), words, addr_format(client, address), place + 2);
	else
		snprintf(text, size, "%s", *words ? words : w->zones[number].explanation);
	return text;
}

struct world *world_create(void)
{
	struct world *w = calloc(1, sizeof(*w));

	story_must(w && settings_usual(&w->settings) == 0, "no memory");
	w->now_ms = BEGIN_MS;
	w->rules = (struct session_rules){ .settings = &w->settings, .name = "mx.example.test",
					   .zone_text = zone_text, .zone_data = w };
	for (int i = 0; i < COUNTER_COUNT; i++)
		w->counted[i] = counter_read((enum counter)i);
	return w;
}

void world_destroy(struct world *w)
{
	for (size_t i = 0; i < w->visitor_count; i++) {
		session_end(&w->visitors[i]->session);
		free(w->visitors[i]->unheard.data);
		free(w->visitors[i]->said.data);
		free(w->visitors[i]);
	}
	clients_destroy(w->clients);
	settings_free(&w->settings);
	free(w);
}

static struct clients *clients_of(struct world *w)
{
	if (!w->clients)
		story_must(clients_create(&w->settings, &w->clients) == 0, "no memory");
	return w->clients;
}

static struct zone *find_zone(struct world *w, struct bytes name)
{
	for (size_t i = 0; i < w->zone_count; i++)
		if (bytes_equal(name, bytes_of(w->zones[i].name)))
			return &w->zones[i];
	return NULL;
}

static struct zone *find_or_add_zone(struct world *w, struct bytes name)
{
	struct zone *zone = find_zone(w, name);

	if (zone)
		return zone;
	story_must(w->zone_count < SETTINGS_ZONES_MOST && name.size <= SETTINGS_ZONE_NAME_MOST, "too many zones");
	zone = &w->zones[w->zone_count++];
	memcpy(zone->name, name.data, name.size);
	return zone;
}

static void add_line(char *lines, size_t size, struct bytes name, struct bytes value)
{
	size_t used = strlen(lines);
	int n = snprintf(lines + used, size - used, "%.*s = %.*s\n", BYTES_FMT(name), BYTES_FMT(value));

	story_must(n > 0 && (size_t)n < size - used, "too many settings");
}

/* All that was given so far, as a file would say it. */
static size_t write_settings(const struct world *w, char *text, size_t size)
{
	size_t used = (size_t)snprintf(text, size, "gate {\n%s", w->gate_lines);

	for (size_t i = 0; i < w->zone_count && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "zone %s {\n%s}\n", w->zones[i].name,
					 w->zones[i].lines);
	if (used < size)
		used += (size_t)snprintf(text + used, size - used, "}\n");
	story_must(used < size, "too many settings");
	return used;
}

const char *world_set(struct world *w, struct bytes zone, struct bytes name, struct bytes value)
{
	char text[SETTINGS_TEXT_MOST * 4];
	struct mistakes mistakes = { 0 };
	struct settings settings;
	struct zone *of;
	size_t size;

	story_must(!w->clients, "settings come before anything happens");
	if (zone.size) {
		of = find_or_add_zone(w, zone);
		add_line(of->lines, sizeof(of->lines), name, value);
	} else {
		add_line(w->gate_lines, sizeof(w->gate_lines), name, value);
	}
	size = write_settings(w, text, sizeof(text));
	if (settings_parse(bytes_make(text, size), "story", &settings, &mistakes) < 0) {
		snprintf(w->mistake, sizeof(w->mistake), "%s", mistakes.list[0].text);
		return w->mistake;
	}
	settings_free(&w->settings);
	w->settings = settings;
	return NULL;
}

bool world_list(struct world *w, struct bytes name, const struct prefix *prefix, const struct addr *answer)
{
	struct zone *zone = find_zone(w, name);

	if (!zone)
		return false;
	story_must(w->listing_count < LISTINGS_MOST, "too many listings");
	w->listings[w->listing_count++] =
		(struct listing){ .zone = (size_t)(zone - w->zones), .prefix = *prefix, .answer = *answer };
	return true;
}

bool world_unlist(struct world *w, struct bytes name, const struct prefix *prefix)
{
	struct zone *zone = find_zone(w, name);
	size_t kept = 0, before = w->listing_count;

	for (size_t i = 0; i < before; i++) {
		struct listing listing = w->listings[i];

		if (!zone || listing.zone != (size_t)(zone - w->zones) || !prefix_overlaps(&listing.prefix, prefix))
			w->listings[kept++] = listing;
	}
	w->listing_count = kept;
	return kept < before;
}

bool world_answer_after(struct world *w, struct bytes name, uint64_t delay_ms)
{
	struct zone *zone = find_zone(w, name);

	if (zone)
		zone->delay_ms = delay_ms;
	return zone != NULL;
}

bool world_explain(struct world *w, struct bytes name, struct bytes text)
{
	struct zone *zone = find_zone(w, name);

	if (zone)
		snprintf(zone->explanation, sizeof(zone->explanation), "%.*s", BYTES_FMT(text));
	return zone != NULL;
}

bool world_no_reverse(struct world *w, const struct prefix *prefix)
{
	story_must(w->nameless_count < LISTINGS_MOST, "too many networks without names");
	w->nameless[w->nameless_count++] = *prefix;
	return true;
}

/* As zones.h says: an error of the zone is no listing, and an answer that its filter does not take is none. */
static bool is_listing(const struct zone_settings *zone, const struct addr *answer)
{
	const uint8_t *o = answer->octets;
	uint32_t number = (uint32_t)o[0] << 24 | (uint32_t)o[1] << 16 | (uint32_t)o[2] << 8 | o[3];

	if (answer->family != ADDR_IPV4 || o[0] != 127 || number >> 8 == 0x7fffff)
		return false;
	for (size_t i = 0; i < zone->replies.count; i++)
		if (number >= zone->replies.ranges[i].first && number <= zone->replies.ranges[i].last)
			return true;
	return zone->replies.count == 0;
}

static bool has_name(const struct world *w, const struct addr *client)
{
	for (size_t i = 0; i < w->nameless_count; i++)
		if (prefix_contains(&w->nameless[i], client))
			return false;
	return true;
}

/* What is known of it so long after it was asked for. */
static struct session_facts facts_of(const struct world *w, const struct addr *client, uint64_t after_ms)
{
	struct session_facts facts = { .no_reverse = !has_name(w, client) };

	for (size_t i = 0; i < w->listing_count; i++) {
		const struct listing *listing = &w->listings[i];
		const struct zone_settings *zone = &w->settings.zones[listing->zone];

		if (w->zones[listing->zone].delay_ms > after_ms || facts.listed >> listing->zone & 1 ||
		    !prefix_contains(&listing->prefix, client) || !is_listing(zone, &listing->answer))
			continue;
		facts.listed |= 1U << listing->zone;
		facts.score += (int)zone->weight;
	}
	return facts;
}

static uint64_t last_answer_ms(const struct world *w)
{
	uint64_t last_ms = 0;

	for (size_t i = 0; i < w->zone_count; i++)
		if (w->zones[i].delay_ms > last_ms)
			last_ms = w->zones[i].delay_ms;
	return last_ms;
}

static void append(struct stretch *to, struct bytes more)
{
	char *longer = realloc(to->data, to->size + more.size + 1);

	story_must(longer, "no memory");
	memcpy(longer + to->size, more.data, more.size);
	to->data = longer;
	to->size += more.size;
}

static void drop_first(struct stretch *from, size_t size)
{
	if (size)
		memmove(from->data, from->data + size, from->size - size);
	from->size -= size;
}

static void check_line(struct bytes line)
{
	bool well = line.size >= 6 && line.size <= REPLY_LINE_MOST && bytes_are_digits(bytes_first(line, 3)) &&
		    (line.data[3] == ' ' || line.data[3] == '-') && line.data[line.size - 2] == '\r';

	for (size_t i = 0; well && i < line.size - 2; i++)
		well = line.data[i] >= ' ' && line.data[i] <= '~';
	if (!well)
		fprintf(stderr, "story: no line of a reply: %.*s\n", BYTES_FMT(line));
	story_must(well, "every line of a reply has three digits, printable ASCII and CRLF in 512 octets");
}

static void deliver(struct visitor *v, const struct replies *replies)
{
	struct bytes rest = bytes_make(replies->data, replies->size);

	if (rest.size)
		append(&v->unheard, rest);
	while (rest.size) {
		size_t end = bytes_find_char(rest, '\n');

		story_must(end < rest.size, "a reply has no end");
		check_line(bytes_first(rest, end + 1));
		rest = bytes_skip(rest, end + 1);
	}
}

static void go(struct world *w, struct visitor *v, enum visitor_end end)
{
	if (v->entered && end != VISITOR_AT_SERVER) {
		clients_leave(w->clients, &v->client.addr);
		v->entered = false;
	}
	v->end = end;
	v->looking = v->queued = false;
}

static void note_refused(struct world *w, struct visitor *v)
{
	struct session_facts facts = { .score = v->session.score, .listed = v->session.listed,
				       .observed = v->session.observed };

	v->refused = true;
	clients_failed(w->clients, &v->client.addr, &facts, w->now_ms);
	session_talk(&v->session, &w->rules, v->talk);
}

static void follow(struct world *w, struct visitor *v, enum session_wish wish, struct replies *replies);

/* What the gate has read of it the mail server hears from the gate. */
static void introduce(struct visitor *v)
{
	if (v->session.introduction)
		append(&v->said, bytes_of(v->session.introduction));
	if (v->session.rest)
		append(&v->said, bytes_of(v->session.rest));
}

static void ask_server(struct world *w, struct visitor *v)
{
	struct replies replies = replies_of(w);

	v->queued = w->server == SERVER_FULL;
	if (w->server == SERVER_DOWN) {
		follow(w, v, session_server_unavailable(&v->session, &w->rules, &replies), &replies);
	} else if (w->server == SERVER_HAS_ROOM) {
		if (v->stranger && (!v->session.introduction || v->session.interview))
			clients_passed(w->clients, &v->client.addr, w->now_ms);
		introduce(v);
		v->session.state = SESSION_PASSED;
		go(w, v, VISITOR_AT_SERVER);
	}
}

static void follow(struct world *w, struct visitor *v, enum session_wish wish, struct replies *replies)
{
	deliver(v, replies);
	replies->size = 0;
	if (v->session.state != SESSION_TESTING)
		v->looking = false;
	if (v->session.told && !v->refused)
		note_refused(w, v);
	if (wish == SESSION_WISH_END)
		go(w, v, VISITOR_CLOSED);
	else if (wish == SESSION_WISH_LET_IN)
		ask_server(w, v);
}

static void take_what_is_said(struct world *w, struct visitor *v)
{
	struct replies replies = replies_of(w);

	while (v->end == VISITOR_HERE && v->session.state == SESSION_DIALOGUE) {
		struct bytes input = stretch_view(&v->said);
		enum session_wish wish = session_take(&v->session, &w->rules, &input, w->now_ms, &replies);
		bool full = !replies_have_room(&replies);

		drop_first(&v->said, v->said.size - input.size);
		follow(w, v, wish, &replies);
		if (!full)
			return;
	}
}

static void end_look(struct world *w, struct visitor *v)
{
	struct replies replies = replies_of(w);
	struct session_facts facts = facts_of(w, &v->client.addr, w->now_ms - v->look_began_ms);

	v->looking = false;
	follow(w, v, session_looked(&v->session, &w->rules, &facts, w->now_ms, &replies), &replies);
}

static uint64_t due_ms(const struct world *w, const struct visitor *v)
{
	uint64_t deadline_ms = session_deadline(&v->session, &w->rules), last_ms = last_answer_ms(w);

	if (v->end != VISITOR_HERE)
		return UINT64_MAX;
	if (v->looking && last_ms != UINT64_MAX && v->look_began_ms + last_ms < deadline_ms)
		return v->look_began_ms + last_ms;
	return deadline_ms;
}

static void do_due(struct world *w, struct visitor *v)
{
	struct replies replies = replies_of(w);

	if (v->looking)
		end_look(w, v);
	else
		follow(w, v, session_due(&v->session, &w->rules, w->now_ms, &replies), &replies);
	take_what_is_said(w, v);
	story_must(due_ms(w, v) > w->now_ms, "a session has a deadline that does not go by");
}

void world_pass(struct world *w, uint64_t ms)
{
	uint64_t until_ms = w->now_ms + ms;

	for (;;) {
		struct visitor *next = NULL;

		for (size_t i = 0; i < w->visitor_count; i++)
			if (due_ms(w, w->visitors[i]) <= until_ms &&
			    (!next || due_ms(w, w->visitors[i]) < due_ms(w, next)))
				next = w->visitors[i];
		if (!next)
			break;
		story_must(due_ms(w, next) >= w->now_ms, "a deadline lies in the past");
		w->now_ms = due_ms(w, next);
		do_due(w, next);
	}
	w->now_ms = until_ms;
}

void world_set_wave(struct world *w, bool lasts)
{
	w->rules.wave = lasts;
}

void world_set_server(struct world *w, enum server server)
{
	w->server = server;
	for (size_t i = 0; i < w->visitor_count && server != SERVER_FULL; i++)
		if (w->visitors[i]->queued)
			ask_server(w, w->visitors[i]);
}

static struct visitor *add_visitor(struct world *w, const struct client *client)
{
	struct visitor *v = calloc(1, sizeof(*v));
	const char *local = client->addr.family == ADDR_IPV6 ? "2001:db8:25::25" : "203.0.113.25";

	story_must(v && w->visitor_count < WORLD_VISITORS_MOST, "too many clients");
	w->visitors[w->visitor_count++] = v;
	v->client = *client;
	v->session.client = client->addr;
	story_must(addr_parse(bytes_of(local), &v->session.local) == 0, "no address");
	return v;
}

/* A client that is let in because it was good is asked about at the same time. */
static void look_again(struct world *w, const struct addr *client)
{
	struct session_facts facts = facts_of(w, client, UINT64_MAX - 1);

	if (facts.score >= (int)w->settings.gate_reject_at)
		clients_failed(w->clients, client, &facts, w->now_ms);
	else
		clients_passed(w->clients, client, w->now_ms);
}

void world_connect(struct world *w, const struct client *client)
{
	struct visitor *v = add_visitor(w, client);
	struct replies replies = replies_of(w);
	struct session_facts facts = { 0 };
	enum session_memory memory;
	bool stale = false;
	int r = clients_enter(clients_of(w), &client->addr, w->now_ms);

	if (r < 0) {
		v->end = r == -EUSERS ? VISITOR_TURNED_AWAY_ADDRESS : VISITOR_TURNED_AWAY_NETWORK;
		return;
	}
	v->entered = true;
	memory = clients_recall(w->clients, &client->addr, w->now_ms, &facts, &stale);
	if (stale)
		look_again(w, &client->addr);
	v->stranger = memory == SESSION_STRANGER || memory == SESSION_KNOWN_NETWORK;
	v->look_began_ms = w->now_ms;
	v->looking = v->stranger;
	follow(w, v, session_begin(&v->session, &w->rules, memory, &facts, w->now_ms, &replies), &replies);
	if (v->looking && last_answer_ms(w) == 0)
		end_look(w, v);
}

struct visitor *world_visitor(struct world *w, const struct client *client)
{
	for (size_t i = w->visitor_count; i-- > 0;) {
		struct visitor *v = w->visitors[i];

		if (addr_equal(&v->client.addr, &client->addr) && v->client.port == client->port)
			return v;
	}
	return NULL;
}

size_t world_visitor_count(const struct world *w)
{
	return w->visitor_count;
}

struct visitor *world_visitor_at(struct world *w, size_t index)
{
	return w->visitors[index];
}

void world_say(struct world *w, struct visitor *v, struct bytes said)
{
	bool is_first = v->said.size == 0;
	struct bytes first = bytes_first(said, PEEK_MOST);
	struct replies replies = replies_of(w);

	append(&v->said, said);
	if (v->end == VISITOR_HERE && v->session.state == SESSION_TESTING && is_first)
		follow(w, v, session_spoke_early(&v->session, &w->rules, first, w->now_ms, &replies), &replies);
	take_what_is_said(w, v);
}

void world_hang_up(struct world *w, struct visitor *v)
{
	go(w, v, VISITOR_HUNG_UP);
}

void world_refuse(struct world *w, struct visitor *v)
{
	struct replies replies = replies_of(w);

	follow(w, v, session_refuse(&v->session, &w->rules, "4.3.2 Too many connections", &replies), &replies);
}

enum session_memory world_recall(struct world *w, const struct addr *client)
{
	struct session_facts facts;
	bool stale;

	return clients_recall(clients_of(w), client, w->now_ms, &facts, &stale);
}

bool world_counted(const struct world *w, struct bytes counter, uint64_t *ret)
{
	for (int i = 0; i < COUNTER_COUNT; i++) {
		if (!bytes_equal(counter, bytes_of(counter_name((enum counter)i))))
			continue;
		*ret = counter_read((enum counter)i) - w->counted[i];
		return true;
	}
	return false;
}

bool visitor_hear(struct visitor *v, struct bytes *ret)
{
	static char line[REPLY_LINE_MOST];
	size_t end = bytes_find_char(stretch_view(&v->unheard), '\n');

	if (end == v->unheard.size)
		return false;
	*ret = bytes_make(line, end - 1);
	memcpy(line, v->unheard.data, end - 1);
	drop_first(&v->unheard, end + 1);
	return true;
}
