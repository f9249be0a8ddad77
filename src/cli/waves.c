/* SPDX-License-Identifier: Apache-2.0 */
/* waves - the waves in the history, who came in them, and what the server would have seen without the guard.
 *
 * They are found in the samples; who came is in what the daemon wrote down of a wave at the same time. One that it saw
 * and that is not found in the samples, which know less, is told from what it wrote down alone.
 */
#include "base/text.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/configured.h"
#include "cli/history_ask.h"
#include "cli/recorded_waves.h"
#include "cli/when.h"
#include "observe/past_waves.h"
#include "observe/wave_json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* One that has no line in so many seconds before the end of the time that is asked for has come to an end before. */
#define LIST_GAP_S 90

/* An imported list is gone through before it is looked for waves: its highest count is the limit. Each is told by
 * itself. */
struct finding {
	struct past_waves waves;
	struct wave_limits limits;
	struct recorded_waves records; /* of what was sampled here */
	char series[ASK_TEXT_SIZE];
	uint32_t highest;
	struct history_span span;
	bool json;
	uint64_t found;
	struct sample {
		uint64_t wall_s;
		uint32_t open;
	} *list; /* of that series */
	size_t count, room;
	bool failed;
};

static struct wave_limits limits_of(const struct settings *s)
{
	return (struct wave_limits){ .rate = (uint32_t)s->wave_rate, .factor = (uint32_t)s->wave_factor,
				     .calm_ms = s->wave_calm, .fill_start = s->relief_start,
				     .fill_stop = s->wave_relief_stop < s->relief_stop ? s->wave_relief_stop :
											 s->relief_stop };
}

static const char *end_of(const struct wave_figures *w, const char *series, const struct history_span *span,
			  char text[WALL_TEXT_SIZE])
{
	if (!w->goes_on)
		return wall_format(w->end_s, text) + 11;
	if (*series && (span->to_now || w->end_s + LIST_GAP_S < span->until_s))
		return "the end of the list";
	return span->to_now ? "now" : "the end of that time";
}

static void tell(const struct wave_figures *w, const struct wave_sources *sources, const char *series,
		 const struct history_span *span)
{
	char begin[WALL_TEXT_SIZE], peak[WALL_TEXT_SIZE], end[WALL_TEXT_SIZE], lasted[DURATION_TEXT_SIZE];

	printf("%s to %s, %s%s%s\n", wall_format(w->begin_s, begin), end_of(w, series, span, end),
	       span_format(w->end_s - w->begin_s, lasted), *series ? ", of " : "", series);
	printf("  peak       %" PRIu32 " open connections", w->peak_open);
	if (w->limit)
		printf(" of %" PRIu32 " at most", w->limit);
	printf(", at %s\n", wall_format(w->peak_s, peak) + 11);
	printf("  new ones   %" PRIu64 ", up to %.1f a second, where %.1f are usual%s\n", w->arrivals, w->peak_rate, w->usual,
	       w->by_filling ? "; found because the server filled up" : "");
	if (*series)
		return;
	printf("  offences   %" PRIu64 " (%u %% of the new ones), %" PRIu64 " bans, %" PRIu64 " dropped while banned\n",
	       w->offences, waves_percent(w->offences, w->arrivals), w->bans, w->dropped);
	printf("  evicted    %" PRIu64 " (%u %% of the new ones)\n", w->evictions, waves_percent(w->evictions, w->arrivals));
	if (sources)
		waves_sources_tell(sources);
	printf("  estimate   %" PRIu32 " open connections at the peak without the guard, had each of those stayed %d s\n",
	       w->peak_without, WAVE_HOLD_S);
}

static void tell_json(const struct wave_figures *w, const struct wave_sources *sources, const char *series)
{
	json_t *o = wave_figures_to_json(w, !*series);

	if (*series)
		json_object_set_new(o, "series", json_string(series));
	else if (sources)
		json_object_set_new(o, "sources", wave_sources_to_json(sources));
	json_dumpf(o, stdout, JSON_ENSURE_ASCII);
	putchar('\n');
	json_decref(o);
}

static void tell_one(struct finding *f, const struct wave_figures *wave)
{
	struct wave_sources sources;
	bool known = !*f->series && waves_sources_of(&f->records, wave, &sources);

	if (f->json)
		tell_json(wave, known ? &sources : NULL, f->series);
	else
		tell(wave, known ? &sources : NULL, f->series, &f->span);
	f->found++;
}

static bool is_found(const struct finding *f, const struct wave_figures *recorded)
{
	for (size_t i = 0; i < f->waves.count; i++)
		if (waves_overlap(&f->waves.found[i], recorded))
			return true;
	return false;
}

/* Both lists are in order of time. */
static void tell_all(struct finding *f)
{
	const size_t records = *f->series ? 0 : f->records.count;
	size_t r = 0;

	for (size_t i = 0; i <= f->waves.count; i++) {
		const struct wave_figures *wave = i < f->waves.count ? &f->waves.found[i] : NULL;

		for (; r < records && (!wave || f->records.list[r].figures.begin_s < wave->begin_s); r++)
			if (!is_found(f, &f->records.list[r].figures))
				tell_one(f, &f->records.list[r].figures);
		if (wave)
			tell_one(f, wave);
	}
}

static int by_open(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* One in so many counts may be less than what is taken for usual. */
#define LOW_PART 20

static void find_in_list(struct finding *f)
{
	uint32_t values[HISTORY_COLUMNS], *counts = malloc(f->count * sizeof(*counts));

	if (!counts) {
		f->failed = true;
		return;
	}
	for (size_t i = 0; i < f->count; i++)
		counts[i] = f->list[i].open;
	qsort(counts, f->count, sizeof(*counts), by_open);
	past_waves_know_usual(&f->waves, counts[f->count / LOW_PART]);
	free(counts);
	memset(values, 0xFF, sizeof(values));
	for (size_t i = 0; i < f->count; i++) {
		values[HISTORY_open] = f->list[i].open;
		past_waves_take(&f->waves, f->list[i].wall_s, 1, values, f->highest);
	}
}

/* Of what was sampled here, or of the series that is complete now. */
static void finish(struct finding *f)
{
	if (f->count)
		find_in_list(f);
	past_waves_end(&f->waves);
	tell_all(f);
	f->count = 0;
	f->highest = 0;
	past_waves_begin(&f->waves, &f->limits);
}

static void remember(struct finding *f, uint64_t wall_s, uint32_t open)
{
	if (open == HISTORY_UNKNOWN)
		return;
	if (f->count == f->room) {
		size_t room = f->room ? f->room * 2 : 4096;
		struct sample *list = realloc(f->list, room * sizeof(*list));

		if (!list) {
			f->failed = true;
			return;
		}
		f->list = list;
		f->room = room;
	}
	f->list[f->count++] = (struct sample){ wall_s, open };
	f->highest = open > f->highest ? open : f->highest;
}

static void on_part(void *data, const struct history_part *part)
{
	struct finding *f = data;
	uint32_t values[HISTORY_COLUMNS];

	if (strcmp(f->series, part->series) != 0) {
		finish(f);
		strncpy(f->series, part->series, ASK_TEXT_SIZE - 1);
	}
	for (unsigned slot = 0; slot < HISTORY_SLOTS; slot++) {
		uint64_t at_s = part->start_s + (uint64_t)slot * part->step_s;

		if (!(part->chunk->present >> slot & 1))
			continue;
		for (unsigned i = 0; i < HISTORY_COLUMNS; i++)
			values[i] = part->chunk->values[i][slot];
		if (part->series[0])
			remember(f, at_s, values[HISTORY_open]);
		else
			past_waves_take(&f->waves, at_s, part->step_s, values, 0);
	}
}

int cmd_waves(int argc, char **argv)
{
	static struct finding f;
	struct history_span span;
	struct settings settings;
	struct options options;
	int status = options_parse(argc, argv, &options);

	if (status == OPTIONS_GO_ON)
		status = history_span_of(&options, "waves", &span);
	if (status == OPTIONS_GO_ON)
		status = configured_settings(options.config, &settings);
	if (status != OPTIONS_GO_ON)
		return status;
	f.limits = limits_of(&settings);
	f.json = options.json;
	f.span = span;
	settings_free(&settings);
	past_waves_begin(&f.waves, &f.limits);
	status = options.imported ? STATUS_OK : recorded_waves_ask(&options, &span, &f.records);
	if (status == STATUS_OK)
		status = history_ask_both(&options, &span, HISTORY_ALL, on_part, &f);
	if (status == STATUS_OK)
		finish(&f);
	recorded_waves_free(&f.records);
	free(f.list);
	if (f.failed) {
		fprintf(stderr, "wavebreak waves: %s\n", strerror(ENOMEM));
		return STATUS_UNABLE;
	}
	if (status == STATUS_OK && f.found == 0) {
		fputs("wavebreak waves: there was none in that time\n", stderr);
		status = STATUS_NO;
	}
	return status;
}
