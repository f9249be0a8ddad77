/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/history_ask.h"

#include "base/clock.h"
#include "base/text.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/when.h"
#include "control/packed.h"

#include <stdio.h>

#define DAY_S 86400
/* No step is longer than a minute, and no time beyond what a date can be written of. */
#define STEP_MOST 60
/* Of series that were imported, too. */
#define NAMES_SHOWN 4

static int parse_time(const char *command, const char *option, const char *word, uint64_t now_s, uint64_t *ret_s)
{
	char shown[80];

	if (!word || when_parse(bytes_of(word), now_s, ret_s) == 0)
		return OPTIONS_GO_ON;
	fprintf(stderr, "wavebreak %s: --%s: '%s' is not a time such as 2009-07-27, '2009-07-27 19:12', 19:12, 2h or 3w\n",
		command, option, text_escape(bytes_of(word), shown, sizeof(shown)));
	return STATUS_WRONG;
}

int history_span_of(const struct options *options, const char *command, struct history_span *ret)
{
	uint64_t now_s = clock_wall_s();
	int status;

	*ret = (struct history_span){ options->imported || now_s < DAY_S ? 0 : now_s - DAY_S, now_s };
	status = parse_time(command, "since", options->since, now_s, &ret->since_s);
	if (status == OPTIONS_GO_ON)
		status = parse_time(command, "until", options->until, now_s, &ret->until_s);
	/* From 10:00 to 12:00, asked at 11:00: not the noon of the day before. */
	if (status == OPTIONS_GO_ON && options->until && ret->until_s < ret->since_s &&
	    when_is_time_of_day(bytes_of(options->until)))
		status = parse_time(command, "until", options->until, ret->since_s + DAY_S, &ret->until_s);
	ret->to_now = ret->until_s >= now_s;
	if (status != OPTIONS_GO_ON || ret->since_s <= ret->until_s)
		return status;
	fprintf(stderr, "wavebreak %s: that time ends before it begins\n", command);
	return STATUS_WRONG;
}

static void leave_out(struct history_chunk *chunk, const struct history_part *part, const struct history_span *span)
{
	for (unsigned slot = 0; slot < HISTORY_SLOTS; slot++) {
		uint64_t at_s = part->start_s + (uint64_t)slot * part->step_s;

		if (at_s < span->since_s || at_s > span->until_s)
			chunk->present &= ~(UINT64_C(1) << slot);
	}
}

void history_line(void *data, const json_t *line)
{
	static char text[HISTORY_CHUNK_MOST];
	static struct history_chunk chunk;
	struct history_asking *asking = data;
	const char *series_told = json_string_value(json_object_get(line, "series"));
	char series[ASK_TEXT_SIZE];
	struct history_part part = { ask_text(line, "series", series), .start_s = ask_number(line, "start"),
				     .chunk = &chunk };
	uint64_t step_s = ask_number(line, "step");
	size_t size;

	if (step_s == 0 || step_s > STEP_MOST || part.start_s > WALL_MOST_S ||
	    packed_read(json_object_get(line, "chunk"), text, sizeof(text), &size) < 0 ||
	    history_decode(bytes_make(text, size), &chunk) < 0)
		return;
	if (asking->series && strcmp(series_told ? series_told : "", asking->series) != 0)
		return;
	part.step_s = (uint32_t)step_s;
	leave_out(&chunk, &part, asking->span);
	asking->samples += (uint64_t)__builtin_popcountll(chunk.present);
	if (chunk.present)
		asking->fn(asking->data, &part);
}

json_t *history_request(const struct history_span *span, history_columns wanted, bool imported)
{
	json_t *request = json_pack("{s:I, s:I, s:b}", "since", (json_int_t)span->since_s, "until",
				    (json_int_t)span->until_s, "imported", imported);
	json_t *names = json_array();

	for (int i = 0; i < HISTORY_COLUMNS; i++)
		if (wanted >> i & 1)
			json_array_append_new(names, json_string(history_column((enum history_column)i)->name));
	if (wanted == HISTORY_ALL)
		json_decref(names);
	else
		json_object_set_new(request, "columns", names);
	return request;
}

static int ask_for(const struct options *options, struct history_asking *asking, history_columns wanted, bool imported)
{
	json_t *answer;
	int status = ask_daemon(options, "history", history_request(asking->span, wanted, imported), history_line, asking,
				&answer);

	if (status == STATUS_OK)
		json_decref(answer);
	return status;
}

struct names {
	char shown[ASK_TEXT_SIZE * NAMES_SHOWN];
	size_t count;
};

static void on_name(void *data, const json_t *line)
{
	struct names *names = data;
	char series[ASK_TEXT_SIZE];
	size_t used = strlen(names->shown);

	if (!*ask_text(line, "series", series) || ++names->count > NAMES_SHOWN)
		return;
	snprintf(names->shown + used, sizeof(names->shown) - used, "%s%s", used ? ", " : "", series);
}

/* What is imported of a time in which there are samples, too, would not be missed by who does not know of it. */
static void tell_hidden(const struct options *options, const struct history_span *span)
{
	json_t *request = history_request(span, 0, true), *answer;
	struct names names = { 0 };

	json_object_set_new(request, "names", json_true());
	if (ask_daemon(options, "history", request, on_name, &names, &answer) != STATUS_OK)
		return;
	json_decref(answer);
	if (names.count > NAMES_SHOWN)
		fprintf(stderr, "wavebreak: imported of that time, and seen with --imported: %s and %zu more\n", names.shown,
			names.count - NAMES_SHOWN);
	else if (names.count)
		fprintf(stderr, "wavebreak: imported of that time, and seen with --imported: %s\n", names.shown);
}

static int nothing(const struct options *options)
{
	char series[80];

	if (options->imported && *options->imported)
		fprintf(stderr, "wavebreak: there is no imported list %s of that time\n",
			text_escape(bytes_of(options->imported), series, sizeof(series)));
	else
		fprintf(stderr, "wavebreak: nothing was %simported of that time\n", options->imported ? "" : "sampled or ");
	return STATUS_NO;
}

static int ask(const struct options *options, const struct history_span *span, history_columns wanted, bool both,
	       history_part_fn *fn, void *data)
{
	struct history_asking asking = { .span = span, .fn = fn, .data = data };
	int status = STATUS_OK;

	if (options->imported && *options->imported)
		asking.series = options->imported;
	if (!options->imported)
		status = ask_for(options, &asking, wanted, false);
	if (status == STATUS_OK && (both || asking.samples == 0))
		status = ask_for(options, &asking, wanted, true);
	else if (status == STATUS_OK)
		tell_hidden(options, span);
	return status == STATUS_OK && asking.samples == 0 ? nothing(options) : status;
}

int history_ask(const struct options *options, const struct history_span *span, history_columns wanted,
		history_part_fn *fn, void *data)
{
	return ask(options, span, wanted, false, fn, data);
}

int history_ask_both(const struct options *options, const struct history_span *span, history_columns wanted,
		     history_part_fn *fn, void *data)
{
	return ask(options, span, wanted, true, fn, data);
}
