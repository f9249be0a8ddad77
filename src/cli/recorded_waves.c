/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/recorded_waves.h"

#include "base/text.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "control/packed.h"

#include <errno.h>
#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

/* Of each list as text; JSON has all. */
#define SHOWN 5

static void on_line(void *data, const json_t *line)
{
	static char text[WAVE_RECORD_MOST];
	struct recorded_waves *records = data;
	struct wave_record record;
	size_t size;

	if (packed_read(json_object_get(line, "record"), text, sizeof(text), &size) < 0 ||
	    records->count == RECORDED_WAVES_MOST ||
	    wave_record_decode(bytes_make(text, size), &record) < 0)
		return;
	if (records->count == records->room) {
		size_t room = records->room ? records->room * 2 : 16;
		struct wave_record *list = realloc(records->list, room * sizeof(*list));

		records->failed |= !list;
		if (!list)
			return;
		records->list = list;
		records->room = room;
	}
	records->list[records->count++] = record;
}

static int by_begin(const void *a, const void *b)
{
	const struct wave_record *x = a, *y = b;

	return x->figures.begin_s < y->figures.begin_s ? -1 : x->figures.begin_s > y->figures.begin_s;
}

int recorded_waves_ask(const struct options *options, const struct history_span *span, struct recorded_waves *ret)
{
	json_t *answer;
	int status = ask_daemon(options, "waves", json_pack("{s:I, s:I}", "since", (json_int_t)span->since_s, "until",
							    (json_int_t)span->until_s), on_line, ret, &answer);

	if (status != STATUS_OK)
		return status;
	json_decref(answer);
	if (ret->count)
		qsort(ret->list, ret->count, sizeof(ret->list[0]), by_begin);
	if (!ret->failed)
		return STATUS_OK;
	fprintf(stderr, "wavebreak waves: %s\n", strerror(ENOMEM));
	return STATUS_UNABLE;
}

void recorded_waves_free(struct recorded_waves *records)
{
	free(records->list);
}

/* In seconds; one that began and ended in the same has one. */
static uint64_t shared(const struct wave_figures *a, const struct wave_figures *b)
{
	uint64_t begin_s = a->begin_s > b->begin_s ? a->begin_s : b->begin_s;
	uint64_t end_s = a->end_s < b->end_s ? a->end_s : b->end_s;

	return end_s >= begin_s ? end_s - begin_s + 1 : 0;
}

bool waves_overlap(const struct wave_figures *a, const struct wave_figures *b)
{
	return shared(a, b) > 0;
}

bool waves_sources_of(const struct recorded_waves *records, const struct wave_figures *wave, struct wave_sources *ret)
{
	const struct wave_record *best = NULL;
	uint64_t most = 0;
	bool others = false;

	for (size_t i = 0; i < records->count; i++) {
		uint64_t seconds = records->list[i].sources.clients ? shared(&records->list[i].figures, wave) : 0;

		others |= seconds && best;
		if (seconds <= most)
			continue;
		most = seconds;
		best = &records->list[i];
	}
	if (!best)
		return false;
	*ret = best->sources;
	ret->at_least |= others;
	return true;
}

unsigned waves_percent(uint64_t part, uint64_t whole)
{
	return whole ? (unsigned)(part >= whole ? 100 : part * 100 / whole) : 0;
}

static void tell_worst(const char *called, const struct wave_worst *list, size_t count, bool networks)
{
	char text[PREFIX_TEXT_SIZE];

	for (size_t i = 0; i < count && i < SHOWN; i++) {
		printf("  %-10s %s: ", i ? "" : called, prefix_format(&list[i].who, text));
		if (networks)
			printf("%" PRIu32 " client%s, ", list[i].clients, list[i].clients == 1 ? "" : "s");
		printf("%" PRIu32 " connection%s, told 5xx %" PRIu32 " time%s, evicted %" PRIu32 "\n", list[i].connections,
		       list[i].connections == 1 ? "" : "s", list[i].told, list[i].told == 1 ? "" : "s", list[i].evicted);
	}
}

/* As the locale says, also of what is not a terminal: a file is read in it, too. */
static const char *show_name(const char *name, char text[WAVE_NAME_SIZE * 4])
{
	setlocale(LC_CTYPE, "");
	return (strcmp(nl_langinfo(CODESET), "UTF-8") == 0 ? text_escape_letters : text_escape)(bytes_of(name), text,
												  WAVE_NAME_SIZE * 4);
}

static void tell_parts(const char *called, const struct wave_part *list, size_t count, uint32_t known)
{
	char name[WAVE_NAME_SIZE * 4];

	for (size_t i = 0; i < count && i < SHOWN; i++) {
		printf("  %-10s %u %% %" PRIu32 " client%s: ", i ? "" : called, waves_percent(list[i].share.clients, known),
		       list[i].share.clients, list[i].share.clients == 1 ? "" : "s");
		if (list[i].of.asn)
			printf("AS%" PRIu32, list[i].of.asn);
		else
			printf("%.2s", list[i].of.country);
		printf("%s%s\n", list[i].name[0] ? " " : "", show_name(list[i].name, name));
	}
}

static void tell_unknown(const struct wave_sources *s)
{
	if (s->with_country && s->with_country < s->clients)
		printf("  %-10s of %" PRIu32 " clients the country is not known\n", "", s->clients - s->with_country);
	if (s->with_asn && s->with_asn < s->clients)
		printf("  %-10s of %" PRIu32 " clients the holder of the network is not known\n", "", s->clients - s->with_asn);
}

void waves_sources_tell(const struct wave_sources *s)
{
	printf("  sources    %s%" PRIu32 " distinct client%s; of these %" PRIu32 " (%u %%) were told 5xx, %" PRIu32
	       " (%u %%) evicted, %" PRIu32 " (%u %%) ended near the limit\n", s->at_least ? "at least " : "", s->clients,
	       s->clients == 1 ? "" : "s", s->told, waves_percent(s->told, s->clients), s->evicted,
	       waves_percent(s->evicted, s->clients), s->relieved, waves_percent(s->relieved, s->clients));
	tell_worst("networks", s->network, s->worst_networks, true);
	tell_worst("clients", s->client, s->worst_clients, false);
	tell_parts("countries", s->country, s->worst_countries, s->with_country);
	tell_parts("ASNs", s->asn, s->worst_asns, s->with_asn);
	tell_unknown(s);
}
