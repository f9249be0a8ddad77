/* SPDX-License-Identifier: Apache-2.0 */
/* status - what the daemon sees and has done, as one page. */
#include "base/counter.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/when.h"

#include <inttypes.h>

#define SUBJECT "%-14s"

static void print_head(const json_t *s, uint64_t now_s)
{
	char version[ASK_TEXT_SIZE], mode[ASK_TEXT_SIZE], server[ASK_TEXT_SIZE],
		since[WHEN_TEXT_SIZE];

	printf(SUBJECT "%s %s, version %s, since %s\n", "wavebreak", ask_text(s, "mode", mode),
	       *ask_text(s, "mail_server", server) ? server : "by the log alone",
	       ask_text(s, "version", version),
	       when_format(ask_number(s, "started"), now_s, since));
}

static void print_states(json_t *states)
{
	const char *name, *before = "";
	const json_t *count;

	printf(SUBJECT, "");
	json_object_foreach(states, name, count) {
		char shown[ASK_TEXT_SIZE];

		if (ask_number(states, name) == 0)
			continue;
		printf("%s%s %" PRIu64, before, text_escape(bytes_of(name), shown, sizeof(shown)),
		       ask_number(states, name));
		before = ", ";
	}
	putchar('\n');
}

static void print_connections(const json_t *s, uint64_t now_s)
{
	const json_t *c = json_object_get(s, "connections");
	uint64_t limit = ask_number(c, "limit"), full = ask_number(c, "server_said_full");
	char when[WHEN_TEXT_SIZE];

	printf(SUBJECT, "connections");
	if (!json_object_get(c, "open"))
		printf("not known: the kernel does not tell (sock_diag)");
	else
		printf("%" PRIu64 " served", ask_number(c, "served"));
	if (limit)
		printf(" of %" PRIu64 " at most", limit);
	if (json_object_get(c, "open"))
		printf(", %" PRIu64 " waiting, %" PRIu64 " open in all; the most so far %" PRIu64,
		       ask_number(c, "waiting"), ask_number(c, "open"), ask_number(c, "most"));
	putchar('\n');
	if (ask_number(c, "open"))
		print_states(json_object_get(c, "states"));
	if (full)
		printf(SUBJECT "the server said so %s\n", "full", when_format(full, now_s, when));
}

/* What one process of the gate learns of a client the others are told: each remembers nearly the same. */
static uint64_t remembered(const json_t *gate)
{
	uint64_t processes = ask_number(gate, "workers");

	return processes ? (ask_number(gate, "clients") + processes - 1) / processes : 0;
}

/* With suspect, most clients are none of the gate's. */
static void print_steering(const json_t *steering)
{
	char who[ASK_TEXT_SIZE], error[ASK_TEXT_SIZE];
	bool all = strcmp(ask_text(steering, "who", who), "all") == 0;

	if (!steering)
		return;
	printf(SUBJECT, "steering");
	if (ask_is_true(steering, "on"))
		printf("%s are led to the gate\n", all ? "all clients" : "suspects");
	else if (*ask_text(steering, "error", error))
		printf("NO: this kernel cannot (%s); clients reach the mail server directly\n", error);
	else
		puts("STOPPED, as the gate does not work; clients reach the mail server directly");
}

static void print_gate(const json_t *gate)
{
	json_t *states = json_object_get(gate, "states");

	if (!gate)
		return;
	printf(SUBJECT "%" PRIu64 " of %" PRIu64 " sessions at most, by %" PRIu64 " processes; %" PRIu64
		       " clients remembered\n", "gate", ask_number(gate, "sessions"), ask_number(gate, "most"),
	       ask_number(gate, "workers"), remembered(gate));
	if (ask_number(gate, "sessions"))
		print_states(states);
	print_steering(json_object_get(gate, "steering"));
}

static void print_relief(const json_t *relief, uint64_t now_s)
{
	uint64_t last = ask_number(relief, "last");
	char when[WHEN_TEXT_SIZE];

	if (!ask_is_true(relief, "enabled")) {
		printf(SUBJECT "off%s\n", "relief", json_object_get(relief, "limit") ? ": the kernel cannot end connections" : "");
		return;
	}
	printf(SUBJECT "%sfrom %" PRIu64 " connections down to %" PRIu64 "; %" PRIu64 " ended so far", "relief",
	       ask_is_true(relief, "active") ? "at work, " : "", ask_number(relief, "start"), ask_number(relief, "stop"),
	       ask_number(relief, "ended"));
	if (last)
		printf(", the last %s", when_format(last, now_s, when));
	putchar('\n');
}

/* "1.2", "23" */
static double shown_rate(const json_t *object, const char *name, int *ret_digits)
{
	double rate = json_number_value(json_object_get(object, name));

	*ret_digits = rate < 9.95;
	return rate;
}

static void print_past_wave(const json_t *past, uint64_t now_s)
{
	char when[WHEN_TEXT_SIZE], lasted[DURATION_TEXT_SIZE];
	int digits;
	double rate = shown_rate(past, "peak_rate", &digits);

	printf(SUBJECT "the last one began %s and lasted %s; %" PRIu64 " open and %.*f new ones a second at most\n", "",
	       when_format(ask_number(past, "begin"), now_s, when), span_format(ask_number(past, "lasted_ms") / 1000, lasted),
	       ask_number(past, "peak_open"), digits, rate);
}

static void print_wave(const json_t *wave, uint64_t now_s)
{
	const json_t *one = json_object_get(wave, "wave"), *share = json_object_get(wave, "first_seen_share");
	char state[ASK_TEXT_SIZE], words[ASK_TEXT_SIZE], when[WHEN_TEXT_SIZE];
	bool lasts = ask_is_true(wave, "lasts");
	int digits, usual_digits;
	double rate = shown_rate(wave, "rate", &digits), usual = shown_rate(wave, "usual", &usual_digits);

	if (!wave)
		return;
	printf(SUBJECT "%s since %s\n", "wave", lasts ? "A WAVE LASTS" : ask_text(wave, "state", state),
	       when_format(ask_number(lasts ? one : wave, lasts ? "begin" : "since"), now_s, when));
	printf(SUBJECT "%.*f new connections a second, usually %.*f", "", digits, rate, usual_digits, usual);
	if (json_is_number(share))
		printf("; %.0f %% of the clients never seen before", json_number_value(share) * 100);
	putchar('\n');
	if (*ask_text(wave, "tightened", words))
		printf(SUBJECT "tightened: %s\n", "", words);
	if (one && !lasts)
		print_past_wave(one, now_s);
}

static void print_suspects(const json_t *s)
{
	const json_t *suspects = json_object_get(s, "suspects");
	const json_t *counters = json_object_get(s, "counters");

	if (!suspects)
		return;
	printf(SUBJECT "%" PRIu64 " of %" PRIu64 " at most, and %" PRIu64 " network%s", "suspects",
	       ask_number(suspects, "now"), ask_number(suspects, "most"), ask_number(suspects, "networks"),
	       ask_number(suspects, "networks") == 1 ? "" : "s");
	if (json_object_get(counters, "arrivals_steered"))
		printf("; led to the gate so far: %" PRIu64, ask_number(counters, "arrivals_steered"));
	putchar('\n');
	if (ask_number(suspects, "over_limit"))
		printf(SUBJECT "besides, over limits.per_address: %" PRIu64 "%s\n", "", ask_number(suspects, "over_limit"),
		       ask_is_true(suspects, "more") ? ", and more that are not looked at" : "");
}

static void print_limit(const char *before, uint64_t limit, const char *of)
{
	if (limit)
		printf("%s%" PRIu64 " %s", before, limit, of);
	else
		printf("%snone %s", before, of);
}

static void print_limits(const json_t *s)
{
	const json_t *limits = json_object_get(s, "limits"), *c = json_object_get(s, "counters");

	print_limit("limits        ", ask_number(limits, "per_address"), "a second for an address");
	print_limit(", ", ask_number(limits, "per_network"), "for a network");
	print_limit(", ", ask_number(limits, "total"), "in all");
	if (json_object_get(c, "arrivals_over_address"))
		printf("; dropped so far: %" PRIu64 ", %" PRIu64 ", %" PRIu64, ask_number(c, "arrivals_over_address"),
		       ask_number(c, "arrivals_over_network"), ask_number(c, "arrivals_over_total"));
	putchar('\n');
}

static void print_logs(const json_t *logs)
{
	const char *subject = "log";
	const json_t *log;
	size_t i;

	json_array_foreach(logs, i, log) {
		char path[ASK_TEXT_SIZE];

		printf(SUBJECT "%s, ", subject, ask_text(log, "path", path));
		if (ask_is_true(log, "open"))
			printf("read up to byte %" PRIu64 "\n", ask_number(log, "offset"));
		else
			puts("not there; it is waited for");
		subject = "";
	}
	if (json_array_size(logs) == 0)
		printf(SUBJECT "none: nothing is watched\n", subject);
}

static void print_store(const json_t *store)
{
	printf(SUBJECT, "store");
	if (!ask_is_true(store, "open") && ask_is_true(store, "failing"))
		printf("NOT OPEN, see the log; changes that wait: %" PRIu64 "; until then bans do not outlive a restart\n",
		       ask_number(store, "queued"));
	else if (!ask_is_true(store, "open"))
		puts("none: bans will not outlive a restart");
	else
		printf("%" PRIu64 " KiB, %" PRIu64 " changes to be written%s\n",
		       ask_number(store, "bytes") / 1024, ask_number(store, "queued"),
		       ask_is_true(store, "failing") ? "; WRITING FAILS, see the log" : "");
}

static void print_confinement(const json_t *s)
{
	static const char *const words[2][2] = {
		{ "by its user alone: this kernel has no more",
		  "by seccomp; this kernel has no Landlock" },
		{ "by Landlock; this kernel has no seccomp filter", "by Landlock and seccomp" },
	};

	printf(SUBJECT "%s\n", "confined",
	       words[ask_is_true(s, "landlock")][ask_is_true(s, "seccomp")]);
}

static void print_allowed(const json_t *allowed)
{
	const char *before = "";
	const json_t *prefix;
	size_t i;

	if (json_array_size(allowed) == 0)
		return;
	printf(SUBJECT, "allowed");
	json_array_foreach(allowed, i, prefix) {
		const char *text = json_string_value(prefix);
		char shown[ASK_TEXT_SIZE];

		printf("%s%s", before, text ? text_escape(bytes_of(text), shown, sizeof(shown)) : "");
		before = ", ";
	}
	putchar('\n');
}

static const char *counter_words(const char *name)
{
	for (int i = 0; i < COUNTER_COUNT; i++) {
		if (strcmp(name, counter_name((enum counter)i)) == 0)
			return counter_help((enum counter)i);
	}
	return NULL;
}

static void print_counters(json_t *counters, bool observes)
{
	const json_t *count;
	const char *name;

	printf("\nsince the start%s:\n", observes ? ", where bans are those that would be" : "");
	json_object_foreach(counters, name, count) {
		const char *words = counter_words(name);
		char shown[ASK_TEXT_SIZE];

		if (ask_number(counters, name))
			printf("%12" PRIu64 "  %s\n", ask_number(counters, name),
			       words ? words : text_escape(bytes_of(name), shown, sizeof(shown)));
	}
}

static void print_status(const json_t *s)
{
	uint64_t now_s = ask_number(s, "now");
	char mode[ASK_TEXT_SIZE];
	bool observes = strcmp(ask_text(s, "mode", mode), "observing") == 0;

	print_head(s, now_s);
	print_connections(s, now_s);
	print_wave(json_object_get(s, "wave"), now_s);
	print_gate(json_object_get(s, "gate"));
	print_relief(json_object_get(s, "relief"), now_s);
	print_suspects(s);
	print_limits(s);
	printf(SUBJECT "%" PRIu64 "%s of %" PRIu64 " at most\n", "bans", ask_number(s, "bans"),
	       observes ? " that would be," : "", ask_number(s, "bans_most"));
	printf(SUBJECT "%" PRIu64 " with a score, of %" PRIu64 " at most\n", "clients",
	       ask_number(s, "clients"), ask_number(s, "clients_most"));
	print_allowed(json_object_get(s, "allowed"));
	print_logs(json_object_get(s, "logs"));
	printf(SUBJECT "%" PRIu64 "\n", "signatures", ask_number(s, "signatures"));
	print_store(json_object_get(s, "store"));
	print_confinement(s);
	print_counters(json_object_get(s, "counters"), observes);
}

int cmd_status(int argc, char **argv)
{
	struct options options;
	json_t *answer;
	int status = options_parse(argc, argv, &options);

	if (status != OPTIONS_GO_ON)
		return status;
	status = ask_daemon(&options, "status", NULL, NULL, NULL, &answer);
	if (status != STATUS_OK)
		return status;
	if (options.json)
		ask_print_json(answer);
	else
		print_status(answer);
	json_decref(answer);
	return STATUS_OK;
}
