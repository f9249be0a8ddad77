/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/worker_page.h"

#include "base/clock.h"
#include "base/counter.h"
#include "base/text.h"
#include "daemon/worker_internal.h"
#include "observe/page.h"

#include <stdlib.h>
#include <string.h>

struct sample {
	uint64_t time_s, served, waiting, banned, gate;
	uint64_t arrivals, bans, ended; /* since the start */
	bool wave;
};

struct worker_page {
	struct worker *w;
	struct sample samples[WORKER_PAGE_SAMPLES];
	size_t next, count;
};

struct worker_page *worker_page_create(struct worker *w)
{
	struct worker_page *page = calloc(1, sizeof(*page));

	if (page)
		page->w = w;
	return page;
}

static json_t *number_or_null(bool known, uint64_t number)
{
	return known ? json_integer((json_int_t)number) : json_null();
}

static json_t *sample_to_json(const struct worker *w, const struct sample *sample)
{
	json_t *o = json_object();

	json_object_set_new(o, "time", json_integer((json_int_t)sample->time_s));
	json_object_set_new(o, "served", number_or_null(w->connections, sample->served));
	json_object_set_new(o, "waiting", number_or_null(w->connections, sample->waiting));
	json_object_set_new(o, "limit", number_or_null(w->start->plan->limit, w->start->plan->limit));
	json_object_set_new(o, "banned", json_integer((json_int_t)sample->banned));
	json_object_set_new(o, "gate", number_or_null(w->gate, sample->gate));
	json_object_set_new(o, "wave", json_boolean(sample->wave));
	json_object_set_new(o, "arrivals", json_integer((json_int_t)sample->arrivals));
	json_object_set_new(o, "bans", json_integer((json_int_t)sample->bans));
	json_object_set_new(o, "ended", json_integer((json_int_t)sample->ended));
	return o;
}

/* Text of that JSON, which is stolen; NULL without memory. */
static char *dump(json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII);

	json_decref(json);
	return text;
}

void worker_page_each_second(struct worker_page *page, struct http_server *server)
{
	const struct worker *w = page->w;
	struct sample *sample = &page->samples[page->next];
	char *text;

	*sample = (struct sample){
		.time_s = clock_wall_s(), .served = w->counts.served, .waiting = w->counts.waiting,
		.banned = bans_count(w->bans), .gate = worker_gate_sessions(w->gate),
		.arrivals = counter_read(COUNTER_arrivals), .bans = counter_read(COUNTER_bans),
		.ended = counter_read(COUNTER_evictions) + counter_read(COUNTER_reliefs),
		.wave = worker_wave_lasts(w),
	};
	page->next = (page->next + 1) % WORKER_PAGE_SAMPLES;
	if (page->count < WORKER_PAGE_SAMPLES)
		page->count++;
	if (!http_has_streams(server))
		return;
	text = dump(sample_to_json(w, sample));
	if (text)
		http_publish(server, bytes_of(text));
	free(text);
}

static const struct sample *sample_at(const struct worker_page *page, size_t number)
{
	return &page->samples[(page->next + WORKER_PAGE_SAMPLES - page->count + number) % WORKER_PAGE_SAMPLES];
}

static void answer_text(struct http_answer *answer, const char *type, char *text)
{
	if (!text)
		return;
	answer->status = 200;
	answer->type = type;
	answer->allocated = text;
	answer->body = bytes_of(text);
}

static void answer_json(struct http_answer *answer, json_t *json)
{
	answer_text(answer, "application/json", dump(json));
}

static void do_samples(struct worker_page *page, const struct http_request *request, struct http_answer *answer)
{
	json_t *list = json_array();

	for (size_t i = 0; i < page->count; i++)
		json_array_append_new(list, sample_to_json(page->w, sample_at(page, i)));
	answer_json(answer, json_pack("{s:o}", "samples", list));
}

/* The first event is the second that was, so that a page need not wait for one. */
static void do_live(struct worker_page *page, const struct http_request *request, struct http_answer *answer)
{
	static const struct sample none;
	const struct sample *sample = page->count ? sample_at(page, page->count - 1) : &none;

	answer_text(answer, "text/event-stream", dump(sample_to_json(page->w, sample)));
	answer->streams = answer->allocated != NULL;
}

static void do_status(struct worker_page *page, const struct http_request *request, struct http_answer *answer)
{
	json_t *o = json_pack("{s:o, s:b}", "status", worker_status(page->w), "acts", page->w->http_token[0] != '\0');

	if (page->w->gate)
		json_object_set_new(o, "zones", worker_gate_zones_to_json(page->w->gate));
	answer_json(answer, o);
}

static void do_explain(struct worker_page *page, const struct http_request *request, struct http_answer *answer)
{
	const char *text = http_query(request, "address");
	struct addr addr;

	if (text && worker_parse_address(bytes_of(text), &addr) == 0) {
		answer_json(answer, worker_explain(page->w, &addr));
		return;
	}
	answer->status = 400;
	answer->body = BYTES_LITERAL("That is not an IPv4 or IPv6 address.\n");
}

static void do_waves(struct worker_page *page, const struct http_request *request, struct http_answer *answer)
{
	answer_json(answer, json_pack("{s:b, s:o}", "recorded", page->w->waves != NULL, "waves",
				      worker_waves_list(page->w)));
}

static void do_wave(struct worker_page *page, const struct http_request *request, struct http_answer *answer)
{
	const char *text = http_query(request, "begin");
	uint64_t begin_s;
	json_t *wave = text && bytes_to_u64(bytes_of(text), INT64_MAX, &begin_s) == 0 ? worker_waves_one(page->w, begin_s) :
										      NULL;

	if (wave)
		answer_json(answer, wave);
	else
		answer->body = BYTES_LITERAL("No wave began then.\n");
}

/* What a command of that name answers, a `why` of our own being what `list` and the log say of the ban. */
static void carry_out(struct worker *w, const char *command, const char *address, struct http_answer *answer)
{
	json_t *request = json_pack("{s:s, s:s, s:s}", "command", command, "address", address, "why", "on the page");
	json_t *done = request ? control_answer_here(worker_on_control, w, request) : NULL;

	json_decref(request);
	if (!done) {
		answer->status = 400;
		answer->body = BYTES_LITERAL("That is not an IPv4 or IPv6 address.\n");
	} else if (json_is_true(json_object_get(done, "ok"))) {
		answer_json(answer, json_incref(done));
	} else {
		answer_text(answer, answer->type, strdup(json_string_value(json_object_get(done, "error"))));
		answer->status = 409;
	}
	json_decref(done);
}

void worker_page_act(struct worker_page *page, const struct http_request *request, struct http_answer *answer)
{
	const char *authorization = http_field(request, "Authorization"), *address = http_query(request, "address");
	const char *path = http_path(request);
	bool ban = strcmp(path, "/ban.json") == 0;

	if (!ban && strcmp(path, "/unban.json") != 0)
		return;
	if (!authorization || !http_bears(bytes_of(authorization), page->w->http_token)) {
		answer->status = 403;
		answer->body = *page->w->http_token ? BYTES_LITERAL("That is not the token.\n") :
						      BYTES_LITERAL("This page only reads: http.token is not set.\n");
		return;
	}
	carry_out(page->w, ban ? "ban" : "unban", address ? address : "", answer);
}

bool worker_page_answer(struct worker_page *page, const struct http_request *request, struct http_answer *answer)
{
	static const struct {
		const char *path;
		void (*answer)(struct worker_page *, const struct http_request *, struct http_answer *);
	} data[] = {
		{ "/samples.json", do_samples },
		{ "/live", do_live },
		{ "/status.json", do_status },
		{ "/explain.json", do_explain },
		{ "/waves.json", do_waves },
		{ "/wave.json", do_wave },
	};
	const char *path = http_path(request);

	for (size_t i = 0; i < sizeof(data) / sizeof(data[0]); i++) {
		if (strcmp(path, data[i].path) != 0)
			continue;
		data[i].answer(page, request, answer);
		return true;
	}
	if (!page_find(path, &answer->body, &answer->type))
		return false;
	answer->status = 200;
	answer->policy = PAGE_POLICY;
	return true;
}
