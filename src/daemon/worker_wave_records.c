/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/worker_wave_records.h"

#include "base/clock.h"
#include "base/counter.h"
#include "base/log.h"
#include "control/packed.h"
#include "daemon/worker_internal.h"
#include "observe/wave_json.h"
#include "observe/wave_record.h"
#include "sense/host.h"
#include "sense/place_file.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* Clients of a sum that are looked at in a second: see bench/wave_tally_bench.c. */
#define BUDGET 2048

struct worker_wave_records {
	struct worker *w;
	struct wave_tally *tally;
	struct wave_course course;
	uint64_t bans, evictions, dropped; /* of the counters, as they were */
	enum { QUIET, LASTING, FINISHING } state;
	struct wave_record record;  /* of the wave that lasts, or is finished */
	struct wave_sources before; /* that an earlier worker knew of the same wave */
	bool goes_on_after_start;
	uint32_t summed_s;          /* when the last sum was begun */
	struct place_file *places[WORKER_PLACES];
	bool damage_said[WORKER_PLACES];
	uint64_t listed[WORKER_WAVE_RECORDS_LISTED]; /* begins of the latest records, the oldest first */
	size_t listed_count;
};

static const char *const place_settings[WORKER_PLACES] = { [PLACES_COUNTRIES] = "wave.countries",
							    [PLACES_ASNS] = "wave.asns" };

void worker_wave_records_read_places(struct worker *w)
{
	const char *const paths[WORKER_PLACES] = { [PLACES_COUNTRIES] = w->settings->wave_countries,
						    [PLACES_ASNS] = w->settings->wave_asns };

	for (int i = 0; i < WORKER_PLACES; i++) {
		int r;

		w->place_files[i] = -1;
		if (!*paths[i] || w->start->observe || !w->settings->history_enabled || !w->settings->wave_detect)
			continue;
		r = place_file_copy(paths[i], &w->place_files[i]);
		if (r < 0)
			log_error("%s: %s: %s; waves are told without it", place_settings[i], paths[i],
				  place_file_trouble(r));
	}
}

static void open_places(struct worker_wave_records *v)
{
	char why[PLACE_WHY_SIZE];

	for (int i = 0; i < WORKER_PLACES; i++)
		if (v->w->place_files[i] >= 0 && place_file_open(v->w->place_files[i], &v->places[i], why) < 0)
			log_error("%s: %s; waves are told without it", place_settings[i], why);
}

static void close_place_files(struct worker *w)
{
	for (int i = 0; i < WORKER_PLACES; i++)
		if (w->place_files[i] >= 0)
			close(w->place_files[i]);
}

/* Once: an answer says no more than that it has none. */
static bool is_answer(struct worker_wave_records *v, int which, int r)
{
	if (r == -EBADMSG && !v->damage_said[which]) {
		log_error("%s: the database is damaged; some clients are told without it", place_settings[which]);
		v->damage_said[which] = true;
	}
	return r == 0;
}

static void find_place(void *data, const struct addr *client, struct wave_place *ret)
{
	struct worker_wave_records *v = data;
	char name[WAVE_NAME_SIZE], country[2];
	uint32_t asn;

	if (v->places[PLACES_COUNTRIES] &&
	    is_answer(v, PLACES_COUNTRIES,
		      place_file_country(v->places[PLACES_COUNTRIES], client, country, name, sizeof(name))))
		memcpy(ret->country, country, sizeof(country));
	if (v->places[PLACES_ASNS] &&
	    is_answer(v, PLACES_ASNS, place_file_holder(v->places[PLACES_ASNS], client, &asn, name, sizeof(name))))
		ret->asn = asn;
}

static wave_place_fn *place_fn(const struct worker_wave_records *v)
{
	return v->places[PLACES_COUNTRIES] || v->places[PLACES_ASNS] ? find_place : NULL;
}

static void find_names(struct worker_wave_records *v, struct wave_sources *s)
{
	char country[2];
	uint32_t asn;

	for (size_t i = 0; i < s->worst_countries; i++)
		(void)place_file_country(v->places[PLACES_COUNTRIES], &s->country[i].example, country, s->country[i].name,
					 WAVE_NAME_SIZE);
	for (size_t i = 0; i < s->worst_asns; i++)
		(void)place_file_holder(v->places[PLACES_ASNS], &s->asn[i].example, &asn, s->asn[i].name, WAVE_NAME_SIZE);
}

static void list(struct worker_wave_records *v, uint64_t begin_s)
{
	if (v->listed_count && v->listed[v->listed_count - 1] == begin_s)
		return;
	if (v->listed_count == WORKER_WAVE_RECORDS_LISTED)
		memmove(v->listed, v->listed + 1, --v->listed_count * sizeof(v->listed[0]));
	v->listed[v->listed_count++] = begin_s;
}

static void write_record(struct worker_wave_records *v)
{
	static char text[WAVE_RECORD_MOST];

	worker_history_put_wave(v->w->history, v->record.figures.begin_s,
				bytes_make(text, wave_record_encode(&v->record, text)));
	list(v, v->record.figures.begin_s);
}

/* That of an earlier worker has more clients when this one has not seen as many yet; both know a part alone. */
static void take_sum(struct worker_wave_records *v, struct wave_sources *sources)
{
	find_names(v, sources);
	if (v->goes_on_after_start && v->before.clients > sources->clients)
		*sources = v->before;
	sources->at_least |= v->goes_on_after_start;
	v->record.sources = *sources;
	write_record(v);
}

static uint32_t seconds(uint64_t ms)
{
	return (uint32_t)(ms / 1000);
}

/* Of all that were seen from its first second on; in the end, of those that came before it ebbed. */
static void begin_sum(struct worker_wave_records *v, const struct wave_summary *summary, uint32_t now_s)
{
	uint32_t until_s = v->state == LASTING ? now_s + 2 * WORKER_WAVE_RECORDS_EVERY_S :
						 seconds(summary->begin_ms + summary->lasted_ms);

	v->summed_s = now_s;
	(void)wave_tally_sum(v->tally, seconds(summary->begin_ms) - 1, until_s); /* without memory the last one stands */
}

static bool go_on_with_sum(struct worker_wave_records *v, unsigned budget, wave_place_fn *place)
{
	struct wave_sources sources;

	if (!wave_tally_go_on(v->tally, budget, place, v, &sources))
		return false;
	take_sum(v, &sources);
	return true;
}

static void begin(struct worker_wave_records *v, const struct wave *wave, uint32_t now_s)
{
	/* The one before is not written down yet. */
	if (v->state == FINISHING)
		go_on_with_sum(v, UINT32_MAX, NULL);
	v->state = LASTING;
	v->goes_on_after_start = false;
	v->record = (struct wave_record){ 0 };
	begin_sum(v, &wave->summary, now_s);
}

static struct wave_deeds deeds_since(struct worker_wave_records *v)
{
	return (struct wave_deeds){ .bans = wave_grown_by(&v->bans, counter_read(COUNTER_bans)),
				    .evictions = wave_grown_by(&v->evictions, counter_read(COUNTER_evictions)),
				    .dropped = wave_grown_by(&v->dropped, counter_read(COUNTER_arrivals_banned)) };
}

void worker_wave_records_take(struct worker_wave_records *v, const struct wave *wave, const struct wave_sample *sample,
		       enum wave_event event)
{
	uint32_t now_s = seconds(sample->now_ms);
	struct wave_deeds deeds;

	if (!v)
		return;
	deeds = deeds_since(v);
	wave_course_take(&v->course, wave, sample, &deeds);
	if (event == WAVE_BEGAN)
		begin(v, wave, now_s);
	if (v->state == LASTING)
		v->record.figures = wave_course_figures(&v->course, wave, event != WAVE_OVER, sample->wall_ms / 1000);
	if (event == WAVE_OVER && v->state == LASTING) {
		v->state = FINISHING;
		begin_sum(v, &wave->summary, now_s);
	} else if (v->state == LASTING && now_s - v->summed_s >= WORKER_WAVE_RECORDS_EVERY_S &&
		   !wave_tally_is_summing(v->tally)) {
		begin_sum(v, &wave->summary, now_s);
	}
	if (go_on_with_sum(v, BUDGET, place_fn(v)) && v->state == FINISHING)
		v->state = QUIET;
	if (v->state == QUIET)
		wave_tally_forget(v->tally, now_s);
}

void worker_wave_records_see(struct worker_wave_records *v, const struct addr *client, enum wave_tally_event event)
{
	/* Our own host is no client. */
	if (v && client->family != ADDR_NONE && !host_is_own(&v->w->never, client))
		wave_tally_add(v->tally, client, event, seconds(loop_now_ms(v->w->loop)));
}

void worker_wave_records_on_event(struct worker_wave_records *v, const struct judge_event *event)
{
	worker_wave_records_see(v, &event->client, event->reply_code / 100 == 5 ? WAVE_TALLY_TOLD : WAVE_TALLY_TOLD_OF);
}

void worker_wave_records_on_answer(struct worker_wave_records *v, const struct answer *answer)
{
	if (answer->kind == ANSWER_EVICTED)
		worker_wave_records_see(v, &answer->unit, WAVE_TALLY_EVICTED);
	else if (answer->kind == ANSWER_RELIEVED && answer->error == 0)
		worker_wave_records_see(v, &answer->unit, WAVE_TALLY_RELIEVED);
}

static int read_record(const struct worker *w, uint64_t *begin_s, struct wave_record *ret)
{
	static char text[HISTORY_CHUNK_SIZE_MOST];
	size_t size;
	int r;

	/* A damaged one is passed over. */
	while ((r = worker_history_next_wave(w->history, begin_s, text, &size)) == 0) {
		if (wave_record_decode(bytes_make(text, size), ret) == 0 && ret->figures.begin_s == *begin_s)
			return 0;
		++*begin_s;
	}
	return r;
}

/* A wave of the worker before goes on. */
static void resume(struct worker_wave_records *v)
{
	const struct wave *wave = worker_wave_now(v->w);
	uint64_t begin_s = wave->summary.begin_wall_ms / 1000, found_s = begin_s;
	struct wave_record record;

	v->course.rose = true;
	v->course.now.peak_s = clock_wall_s();
	v->state = LASTING;
	v->goes_on_after_start = true;
	v->summed_s = seconds(loop_now_ms(v->w->loop)) - WORKER_WAVE_RECORDS_EVERY_S;
	if (read_record(v->w, &found_s, &record) == 0 && found_s == begin_s) {
		v->course.now = record.figures;
		v->before = record.sources;
		v->record = record;
	}
	v->record.figures = wave_course_figures(&v->course, wave, true, clock_wall_s());
}

static void list_all(struct worker_wave_records *v)
{
	struct wave_record record;

	for (uint64_t begin_s = 0; read_record(v->w, &begin_s, &record) == 0; begin_s++)
		list(v, begin_s);
}

void worker_wave_records_open(struct worker *w, struct worker_wave_records **ret)
{
	struct worker_wave_records *v;

	*ret = NULL;
	v = w->history && w->wave ? calloc(1, sizeof(*v)) : NULL;
	if (!v || wave_tally_create(&v->tally) < 0) {
		if (w->history && w->wave)
			log_error("waves are not written down: not enough memory");
		close_place_files(w);
		free(v);
		return;
	}
	v->w = w;
	v->bans = counter_read(COUNTER_bans);
	v->evictions = counter_read(COUNTER_evictions);
	v->dropped = counter_read(COUNTER_arrivals_banned);
	open_places(v);
	list_all(v);
	if (worker_wave_lasts(w))
		resume(v);
	*ret = v;
}

/* What is known until now, without a look into the databases: the processes that follow wait for us. */
void worker_wave_records_close(struct worker_wave_records *v)
{
	if (!v)
		return;
	if (v->state == LASTING)
		begin_sum(v, &worker_wave_now(v->w)->summary, seconds(loop_now_ms(v->w->loop)));
	if (v->state != QUIET)
		go_on_with_sum(v, UINT32_MAX, NULL);
	for (int i = 0; i < WORKER_PLACES; i++)
		place_file_close(v->places[i]);
	wave_tally_destroy(v->tally);
	free(v);
}

/* Of the disk, but for the one that is being written: that as it is now. */
static int next_record(const struct worker *w, uint64_t *begin_s, struct wave_record *ret)
{
	const struct worker_wave_records *v = w->waves;
	uint64_t asked_s = *begin_s, now_s = v && v->state != QUIET ? v->record.figures.begin_s : 0;
	int r = read_record(w, begin_s, ret);

	if (now_s && asked_s <= now_s && (r < 0 || *begin_s >= now_s)) {
		*begin_s = now_s;
		*ret = v->record;
		return 0;
	}
	/* Who wrote that it goes on has not come to its end. */
	if (r == 0)
		ret->figures.goes_on = false;
	return r;
}

struct telling {
	struct worker *w;
	uint64_t begin_s, since_s, until_s; /* the first is the next one to look for */
};

/* No wave is that long: what lasts is soon how things are (judge/wave.h). */
#define LONGEST_S (7 * 86400)
/* Looked at for one line. */
#define LOOKS_MOST 4096

static json_t *next_line(void *state)
{
	static char text[WAVE_RECORD_MOST];
	struct telling *t = state;
	struct wave_record record;

	for (int i = 0; i < LOOKS_MOST; i++) {
		if (next_record(t->w, &t->begin_s, &record) < 0 || t->begin_s > t->until_s)
			return NULL;
		t->begin_s++;
		if (record.figures.end_s < t->since_s)
			continue;
		return json_pack("{s:o}", "record", packed_make(bytes_make(text, wave_record_encode(&record, text))));
	}
	return NULL;
}

void worker_wave_records_tell(struct worker *w, const json_t *request, struct control_answer *answer)
{
	static const struct control_stream_calls calls = { next_line, free };
	struct telling *t = worker_history_begin_to_tell(w, sizeof(*t), answer);

	if (!t)
		return;
	t->w = w;
	worker_history_read_times(request, &t->since_s, &t->until_s);
	t->begin_s = t->since_s > LONGEST_S ? t->since_s - LONGEST_S : 0;
	control_stream(answer, &calls, t);
}

static int record_of(const struct worker *w, uint64_t begin_s, struct wave_record *ret)
{
	uint64_t found_s = begin_s;

	return w->waves && next_record(w, &found_s, ret) == 0 && found_s == begin_s ? 0 : -ENOENT;
}

json_t *worker_wave_records_list(const struct worker *w)
{
	json_t *waves = json_array(), *o;
	struct wave_record record;

	for (size_t i = w->waves ? w->waves->listed_count : 0; i > 0; i--) {
		if (record_of(w, w->waves->listed[i - 1], &record) < 0)
			continue;
		o = wave_figures_to_json(&record.figures, true);
		json_object_set_new(o, "clients", json_integer(record.sources.clients));
		json_object_set_new(o, "at_least", json_boolean(record.sources.at_least));
		json_array_append_new(waves, o);
	}
	return waves;
}

/* Before its begin and after its end, a quarter of its length, and this at least. */
#define AROUND_LEAST_S 60

json_t *worker_wave_records_one(const struct worker *w, uint64_t begin_s)
{
	struct wave_record record;
	uint64_t around_s;
	json_t *o;

	if (record_of(w, begin_s, &record) < 0)
		return NULL;
	around_s = (record.figures.end_s - record.figures.begin_s) / 4;
	if (around_s < AROUND_LEAST_S)
		around_s = AROUND_LEAST_S;
	o = wave_figures_to_json(&record.figures, true);
	if (record.sources.clients)
		json_object_set_new(o, "sources", wave_sources_to_json(&record.sources));
	json_object_set_new(o, "curve", worker_history_curve(w->history, begin_s > around_s ? begin_s - around_s : 0,
							     record.figures.end_s + around_s));
	return o;
}
