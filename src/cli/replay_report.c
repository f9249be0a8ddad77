/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/replay_report.h"

#include "base/text.h"
#include "cli/when.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#define SUBJECT "%-16s"
#define WORST 10

/* Up to four in one call of printf. */
static const char *n(uint64_t count)
{
	static char texts[4][COUNT_TEXT_SIZE];
	static unsigned next;

	return count_format(count, texts[next++ % 4]);
}

static const char *or_more(uint64_t count)
{
	return count >= REPLAY_CLIENTS_MOST ? " or more" : "";
}

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

static void tell_log(const struct replay_figures *f)
{
	char from[WALL_TEXT_SIZE], to[WALL_TEXT_SIZE], span[DURATION_TEXT_SIZE];

	printf(SUBJECT "%s line%s, %s of them recognised", "log", n(f->lines), plural(f->lines), n(f->recognised));
	if (f->cut)
		printf(", %s cut at 64 KiB", n(f->cut));
	putchar('\n');
	if (f->first_s)
		printf(SUBJECT "%s to %s, %s\n", "", wall_format(f->first_s, from), wall_format(f->last_s, to),
		       span_format(f->last_s - f->first_s, span));
}

static void tell_offences(const struct replay_figures *f)
{
	const char *before = "";

	if (f->connections)
		printf(SUBJECT "%s\n", "connections", n(f->connections));
	printf(SUBJECT "%s by %s client%s%s\n", "offences", n(f->offences), n(f->clients), plural(f->clients),
	       or_more(f->clients));
	if (!f->offences)
		return;
	printf(SUBJECT, "");
	for (int i = 0; i < OUTCOME_COUNT; i++) {
		if (!f->outcomes[i] || outcome_score((enum outcome)i) == 0)
			continue;
		printf("%s%s %s", before, outcome_name((enum outcome)i), n(f->outcomes[i]));
		before = ", ";
	}
	putchar('\n');
}

static void tell_bans(const struct replay_figures *f)
{
	printf(SUBJECT "%s of %s client%s%s, %s at once at most\n", "would be bans", n(f->bans), n(f->banned_clients),
	       plural(f->banned_clients), or_more(f->banned_clients), n(f->bans_at_once));
	if (!f->bans)
		return;
	printf(SUBJECT "%s attempt%s kept out, %s extended, %s ended at ban.at_most\n", "", n(f->kept_out),
	       plural(f->kept_out), n(f->extended), n(f->capped));
	if (f->dropped)
		printf(SUBJECT "%s not made because ban.limit was reached\n", "", n(f->dropped));
}

static uint64_t assumed_seconds(const struct replay_figures *f)
{
	return f->unknown_ends * REPLAY_HOLD_ASSUMED_S;
}

static void tell_eviction(const struct replay_figures *f)
{
	printf(SUBJECT "%s connection%s, about %s slots x seconds freed\n", "eviction", n(f->evicted),
	       plural(f->evicted), n(f->slot_seconds + assumed_seconds(f)));
	if (f->unknown_ends)
		printf(SUBJECT "(of %s the log does not tell the end: %d s assumed for each)\n", "", n(f->unknown_ends),
		       REPLAY_HOLD_ASSUMED_S);
}

static void tell_never(const struct replay *replay, const struct prefix_set *never)
{
	const char *subject = "never-list";
	char text[PREFIX_TEXT_SIZE];

	for (size_t i = 0; i < never->count; i++) {
		uint64_t times = replay_protected(replay, i);

		if (!times)
			continue;
		printf(SUBJECT "%s (%s) prevented %s ban%s\n", subject, prefix_format(&never->entries[i].prefix, text),
		       never->entries[i].why, n(times), plural(times));
		subject = "";
	}
	if (*subject)
		printf(SUBJECT "prevented nothing\n", subject);
}

static void tell_waves(struct replay *replay)
{
	char begin[WALL_TEXT_SIZE], peak[WALL_TEXT_SIZE], end[WALL_TEXT_SIZE];
	const struct wave_found *waves;
	uint64_t dropped;
	size_t count = replay_waves(replay, &waves, &dropped);

	if (count == 0) {
		printf(SUBJECT "none\n", "waves");
		return;
	}
	printf(SUBJECT "%-19s  %-8s  %-8s  %10s  %10s  %10s\n", "waves", "begin", "peak", "end", "a minute",
	       "offences", "clients");
	for (size_t i = 0; i < count; i++) {
		const struct wave_found *w = &waves[i];

		printf(SUBJECT "%-19s  %-8s  %-8s  %10s  %10s  %10s\n", "", wall_format(w->begin_s, begin),
		       wall_format(w->peak_s, peak) + 11, w->goes_on ? "goes on" : wall_format(w->end_s, end) + 11,
		       n(w->peak_a_minute), n(w->offences), n(w->clients));
	}
	if (dropped)
		printf(SUBJECT "and %s smaller one%s\n", "", n(dropped), plural(dropped));
}

static void tell_worst(const char *subject, const struct frequent_entry *list, size_t count)
{
	char text[PREFIX_TEXT_SIZE];

	for (size_t i = 0; i < count; i++, subject = "") {
		printf(SUBJECT "%-43s  %10s", subject, prefix_format(&list[i].prefix, text), n(list[i].count));
		if (list[i].too_high_by)
			printf("  (too high by %s at most)", n(list[i].too_high_by));
		putchar('\n');
	}
}

void replay_report_text(struct replay *replay, const struct prefix_set *never)
{
	const struct replay_figures *f = replay_end(replay);
	struct frequent_entry worst[WORST];

	tell_log(f);
	tell_offences(f);
	tell_bans(f);
	tell_eviction(f);
	tell_never(replay, never);
	tell_waves(replay);
	tell_worst("worst clients", worst, replay_worst_clients(replay, worst, WORST));
	tell_worst("worst networks", worst, replay_worst_networks(replay, worst, WORST));
}

/* NULL where there was no time, as the others are. */
static json_t *moment(uint64_t wall_s)
{
	return wall_s ? json_integer((json_int_t)wall_s) : json_null();
}

static json_t *count_of(uint64_t count)
{
	return json_integer((json_int_t)count);
}

static json_t *outcomes_of(const struct replay_figures *f)
{
	json_t *object = json_object();

	for (int i = 0; i < OUTCOME_COUNT; i++)
		if (f->outcomes[i])
			json_object_set_new(object, outcome_name((enum outcome)i), count_of(f->outcomes[i]));
	return object;
}

static json_t *worst_of(const struct frequent_entry *list, size_t count)
{
	json_t *array = json_array();
	char text[PREFIX_TEXT_SIZE];

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, json_pack("{s:s, s:o, s:o}", "prefix",
						       prefix_format(&list[i].prefix, text), "offences",
						       count_of(list[i].count), "too_high_by",
						       count_of(list[i].too_high_by)));
	return array;
}

static json_t *waves_of(struct replay *replay, uint64_t *ret_dropped)
{
	const struct wave_found *waves;
	json_t *array = json_array();
	size_t count = replay_waves(replay, &waves, ret_dropped);

	for (size_t i = 0; i < count; i++) {
		const struct wave_found *w = &waves[i];

		json_array_append_new(array,
				      json_pack("{s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:o}", "begin", moment(w->begin_s),
						"peak", moment(w->peak_s), "end", moment(w->end_s), "goes_on",
						w->goes_on, "peak_a_minute", count_of(w->peak_a_minute), "offences",
						count_of(w->offences), "bans", count_of(w->bans), "clients",
						count_of(w->clients)));
	}
	return array;
}

static json_t *never_of(const struct replay *replay, const struct prefix_set *never)
{
	json_t *array = json_array();
	char text[PREFIX_TEXT_SIZE];

	for (size_t i = 0; i < never->count; i++) {
		uint64_t times = replay_protected(replay, i);

		if (times)
			json_array_append_new(array, json_pack("{s:s, s:s, s:o}", "prefix",
							       prefix_format(&never->entries[i].prefix, text), "why",
							       never->entries[i].why, "bans_prevented",
							       count_of(times)));
	}
	return array;
}

int replay_report_json(struct replay *replay, const struct prefix_set *never)
{
	const struct replay_figures *f = replay_end(replay);
	struct frequent_entry clients[WORST], networks[WORST];
	size_t client_count = replay_worst_clients(replay, clients, WORST);
	size_t network_count = replay_worst_networks(replay, networks, WORST);
	uint64_t dropped;
	json_t *waves = waves_of(replay, &dropped);
	json_t *report = json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:{s:o, s:o, s:o, s:o, s:o, s:o, s:o},"
		" s:{s:o, s:o, s:o, s:i, s:o}, s:o, s:o, s:o, s:o, s:o}",
		"lines", count_of(f->lines), "lines_cut", count_of(f->cut), "recognised", count_of(f->recognised),
		"first", moment(f->first_s), "last", moment(f->last_s), "connections", count_of(f->connections),
		"offences", count_of(f->offences), "clients", count_of(f->clients), "outcomes", outcomes_of(f), "bans",
		"begun", count_of(f->bans), "clients", count_of(f->banned_clients), "extended", count_of(f->extended),
		"capped", count_of(f->capped), "dropped", count_of(f->dropped), "at_once", count_of(f->bans_at_once),
		"kept_out", count_of(f->kept_out), "eviction", "connections", count_of(f->evicted), "slot_seconds_told",
		count_of(f->slot_seconds), "unknown_ends", count_of(f->unknown_ends), "assumed_seconds_each",
		REPLAY_HOLD_ASSUMED_S, "slot_seconds", count_of(f->slot_seconds + assumed_seconds(f)), "never",
		never_of(replay, never), "waves", waves, "waves_not_listed", count_of(dropped), "worst_clients",
		worst_of(clients, client_count), "worst_networks", worst_of(networks, network_count));

	if (!report)
		return -ENOMEM;
	json_dumpf(report, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	putchar('\n');
	json_decref(report);
	return 0;
}
