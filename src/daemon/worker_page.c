/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/worker_page.h"

#include "base/clock.h"
#include "base/counter.h"
#include "base/text.h"
#include "daemon/worker_internal.h"
#include "observe/page.h"
#include "observe/page_samples.h"

#include <stdlib.h>
#include <string.h>

struct worker_page {
	struct worker *w;
	struct page_samples samples;
};

struct worker_page *worker_page_create(struct worker *w)
{
	struct worker_page *page = calloc(1, sizeof(*page));

	if (page)
		page->w = w;
	return page;
}

static struct page_sample sample_of(const struct worker *w)
{
	struct page_sample sample = { .of = {
		[PAGE_TIME] = (int64_t)clock_wall_s(), [PAGE_SERVED] = PAGE_UNKNOWN, [PAGE_WAITING] = PAGE_UNKNOWN,
		[PAGE_GATE] = PAGE_UNKNOWN, [PAGE_ARRIVALS] = PAGE_UNKNOWN, [PAGE_BANS] = (int64_t)counter_read(COUNTER_bans),
		[PAGE_ENDED] = (int64_t)(counter_read(COUNTER_evictions) + counter_read(COUNTER_reliefs)),
	} };

	if (w->connections) {
		sample.of[PAGE_SERVED] = w->counts.served;
		sample.of[PAGE_WAITING] = w->counts.waiting;
	}
	if (w->gate)
		sample.of[PAGE_GATE] = (int64_t)worker_gate_sessions(w->gate);
	if (counter_is_known(COUNTER_arrivals))
		sample.of[PAGE_ARRIVALS] = (int64_t)counter_read(COUNTER_arrivals);
	return sample;
}

static json_t *limit_to_json(const struct worker *w)
{
	return w->start->plan->limit ? json_integer(w->start->plan->limit) : json_null();
}

/* The one that lasts: a page need not ask for the list of them to see that it has grown. */
static json_t *wave_to_json(const struct worker *w)
{
	const struct wave_summary *summary;

	if (!worker_wave_lasts(w))
		return json_null();
	summary = &worker_wave_now(w)->summary;
	return json_pack("{s:I, s:I}", "begin", (json_int_t)(summary->begin_wall_ms / 1000), "peak_open",
			 (json_int_t)summary->peak_open);
}

/* With what is so now, and not kept. */
static json_t *event_to_json(const struct worker *w, const struct page_sample *sample)
{
	json_t *o = page_sample_to_json(sample);

	json_object_set_new(o, "limit", limit_to_json(w));
	json_object_set_new(o, "banned", json_integer((json_int_t)bans_count(w->bans)));
	json_object_set_new(o, "wave", wave_to_json(w));
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
	const struct page_sample sample = sample_of(page->w);
	char *text;

	page_samples_add(&page->samples, &sample);
	if (!http_has_streams(server))
		return;
	text = dump(event_to_json(page->w, &sample));
	if (text)
		http_publish(server, bytes_of(text));
	free(text);
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
	answer_json(answer, json_pack("{s:b, s:o, s:o}", "observing", page->w->start->observe, "limit",
				      limit_to_json(page->w), "samples", page_samples_to_json(&page->samples)));
}

/* The first event is the second that was, so that a page need not wait for one. */
static void do_live(struct worker_page *page, const struct http_request *request, struct http_answer *answer)
{
	const struct page_sample *last = page_samples_last(&page->samples), first = sample_of(page->w);

	answer_text(answer, "text/event-stream", dump(event_to_json(page->w, last ? last : &first)));
	answer->streams = answer->allocated != NULL;
}

static void do_status(struct worker_page *page, const struct http_request *request, struct http_answer *answer)
{
	json_t *o = json_pack("{s:o, s:b}", "status", worker_status(page->w), "acts", page->w->http_token[0] != '\0');

	/* They are at /metrics as well, and here not looked at. */
	json_object_del(json_object_get(o, "status"), "measures");
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

/* What a line of the list says of each. */
static json_t *waves_to_columns(const json_t *waves)
{
	static const char *const told[] = { "begin", "end", "goes_on", "peak_open", "limit", "clients", "at_least" };
	json_t *o = json_object(), *wave;
	size_t number;

	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		json_t *column = json_array();

		json_array_foreach(waves, number, wave) {
			json_t *value = json_object_get(wave, told[i]);

			json_array_append_new(column, value ? json_incref(value) : json_null());
		}
		json_object_set_new(o, told[i], column);
	}
	return o;
}

static void do_waves(struct worker_page *page, const struct http_request *request, struct http_answer *answer)
{
	json_t *waves = worker_wave_records_list(page->w);

	answer_json(answer, json_pack("{s:b, s:o}", "recorded", page->w->waves != NULL, "waves", waves_to_columns(waves)));
	json_decref(waves);
}

static void do_wave(struct worker_page *page, const struct http_request *request, struct http_answer *answer)
{
	const char *text = http_query(request, "begin");
	uint64_t begin_s;
	bool is_second = text && bytes_to_u64(bytes_of(text), INT64_MAX, &begin_s) == 0;
	json_t *wave = is_second ? worker_wave_records_one(page->w, begin_s) : NULL;

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
	if (http_has_body(request)) {
		answer->status = 413;
		answer->body = BYTES_LITERAL("What is to be done stands in the query, and nothing in a body.\n");
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
