/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/check.h"

#include "base/text.h"
#include "daemon/networks.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LIMITS_SIZE 128

static size_t put_limit(char text[LIMITS_SIZE], size_t used, uint64_t limit, const char *of)
{
	if (limit == 0)
		return used;
	return used + (size_t)snprintf(text + used, LIMITS_SIZE - used, "%s%llu %s", used ? ", " : "",
				       (unsigned long long)limit, of);
}

void check_limits(struct check *check)
{
	const struct settings *s = &check->plan->settings;
	char text[LIMITS_SIZE] = "", burst[DURATION_TEXT_SIZE];
	size_t used = put_limit(text, 0, s->limits_per_address, "for an address");

	used = put_limit(text, used, s->limits_per_network, "for a network");
	put_limit(text, used, s->limits_total, "for all");
	if (!*text) {
		findings_add(check->findings, FINDING_WORKS, "limits", "none for new connections");
		return;
	}
	findings_add(check->findings, FINDING_WORKS, "limits", "new connections a second: %s; bursts of %s", text,
		     duration_format(s->limits_burst, burst));
	if (s->limits_per_network && s->limits_per_network < s->limits_per_address)
		findings_advise(check->findings, "limits.per_network is below limits.per_address, which so limits nobody");
	if (s->limits_total && s->limits_total < s->limits_per_network)
		findings_advise(check->findings, "limits.total is below limits.per_network: one network can use it up");
}

static void tell_refusals(struct findings *f, const struct prefix_file *file)
{
	char path[FINDING_TEXT_SIZE];

	text_escape(bytes_of(file->path), path, sizeof(path));
	for (size_t i = 0; i < file->said_count; i++) {
		if (file->said[i].line)
			findings_advise_escaped(f, "%s:%u: %s", path, file->said[i].line, file->said[i].why);
		else
			findings_advise_escaped(f, "%s", file->said[i].why);
	}
	if (file->refused > file->said_count)
		findings_advise(f, "and %zu more", file->refused - file->said_count);
}

/* The rest of what has refused entries is in force, wherever they stand. */
static void tell_source(struct findings *f, const struct prefix_file *file)
{
	if (file->error) {
		findings_add(f, FINDING_WRONG, "suspect", "suspect.files: %s: %s", file->path, prefix_file_trouble(file));
		findings_advise(f, "the guard goes on without it");
	} else if (file->refused) {
		findings_add(f, file->taken ? FINDING_WARNS : FINDING_LACKS, "suspect", "%s: %zu taken, %zu refused",
			     file->path, file->taken, file->refused);
		tell_refusals(f, file);
	}
}

static void tell_networks(struct check *check)
{
	struct prefix_set networks = { 0 };
	struct networks_report report;

	if (networks_find(&check->plan->settings, &networks, &report) < 0) {
		findings_add(check->findings, FINDING_LACKS, "suspect", "not enough memory for the networks");
		return;
	}
	if (networks.count)
		findings_append(check->findings, "; all of %zu network%s%s", networks.count, networks.count == 1 ? "" : "s",
				report.merged ? ", after those within others were merged" : "");
	tell_source(check->findings, &report.settings);
	for (size_t i = 0; i < report.file_count; i++)
		tell_source(check->findings, &report.files[i]);
	prefix_set_clear(&networks);
}

void check_suspect(struct check *check)
{
	const struct settings *s = &check->plan->settings;
	struct findings *f = check->findings;
	char lasts[DURATION_TEXT_SIZE];

	if (s->gate_steer != STEERING_SUSPECT) {
		if (s->suspect_networks.count || s->suspect_files.count) {
			findings_add(f, FINDING_LACKS, "suspect", "suspect.networks and suspect.files are of no use");
			findings_advise(f, "they lead clients to the gate where gate.steer = suspect");
		}
		return;
	}
	findings_add(f, FINDING_WORKS, "suspect", "by a score of %llu, for %s, %llu at most",
		     (unsigned long long)s->suspect_score, duration_format(s->suspect_for, lasts),
		     (unsigned long long)s->suspect_limit);
	if (s->suspect_score >= s->ban_score)
		findings_advise(f, "suspect.score is not below ban.score: who reaches it is banned at once, and meets the gate "
				   "only after that");
	tell_networks(check);
}
