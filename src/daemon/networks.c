/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/networks.h"

#include "base/log.h"
#include "sense/host.h"
#include "sense/sessions.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* In the log; `check` names more. */
#define SAID_MOST 3
#define SAID_SIZE 768

struct finding {
	struct prefix_set *networks;
	struct prefix_set protected; /* sorted */
	const char *path;            /* of the file that is read, or NULL for the settings */
	bool no_memory;
};

/* The end of a path says more than its begin. */
static void say_place(const char *path, unsigned line, char ret[PREFIX_WHY_SIZE])
{
	char place[32];
	size_t room, size;

	if (!path) {
		snprintf(ret, PREFIX_WHY_SIZE, "suspect.networks");
		return;
	}
	room = PREFIX_WHY_SIZE - 1 - (size_t)snprintf(place, sizeof(place), ":%u", line);
	size = strlen(path);
	if (size <= room)
		snprintf(ret, PREFIX_WHY_SIZE, "%s%s", path, place);
	else
		snprintf(ret, PREFIX_WHY_SIZE, "...%s%s", path + size - (room - 3), place);
}

static void say_protection(const struct prefix *network, const struct prefix_entry *held, char *ret_why)
{
	char text[PREFIX_TEXT_SIZE], inner[PREFIX_TEXT_SIZE];

	snprintf(ret_why, PREFIX_FILE_WHY_SIZE, "%s %s %s (%s)", prefix_format(network, text),
		 held->prefix.length >= network->length ? "holds" : "is within", prefix_format(&held->prefix, inner), held->why);
}

static bool take(void *data, const struct prefix *network, unsigned line, char *ret_why)
{
	struct finding *finding = data;
	char place[PREFIX_WHY_SIZE], text[PREFIX_TEXT_SIZE];
	const struct prefix_entry *held = prefix_set_overlap(&finding->protected, network);
	int r;

	if (network->length == 0) {
		snprintf(ret_why, PREFIX_FILE_WHY_SIZE, "%s is everybody: use gate.steer = all", prefix_format(network, text));
		return false;
	}
	if (held) {
		say_protection(network, held, ret_why);
		return false;
	}
	say_place(finding->path, line, place);
	r = prefix_set_append(finding->networks, network, place, NETWORKS_MOST);
	if (r == -ENOSPC)
		snprintf(ret_why, PREFIX_FILE_WHY_SIZE, "%s is one more than the %u networks that are taken",
			 prefix_format(network, text), NETWORKS_MOST);
	finding->no_memory |= r == -ENOMEM;
	return r == 0;
}

/* What cannot be found out protects nobody; host.c has said it. */
static int find_protected(struct prefix_set *ret)
{
	struct sessions *sessions = NULL;
	int r = host_protect(ret);

	if (r >= 0 && sessions_create(&sessions) < 0)
		log_warning("cannot see who is logged in over ssh (sock_diag)");
	if (r >= 0)
		(void)sessions_protect(sessions, ret);
	sessions_destroy(sessions);
	prefix_set_sort(ret);
	return r == -ENOMEM ? r : 0;
}

static void find_of_settings(const struct settings *settings, struct finding *finding, struct prefix_file *report)
{
	const struct prefix_set *set = &settings->suspect_networks;
	char why[PREFIX_FILE_WHY_SIZE];

	report->path = "suspect.networks";
	for (size_t i = 0; i < set->count; i++) {
		if (take(finding, &set->entries[i].prefix, 0, why))
			report->taken++;
		else
			prefix_file_refuse(report, 0, why);
	}
}

int networks_find(const struct settings *settings, struct prefix_set *ret, struct networks_report *ret_report)
{
	struct finding finding = { .networks = ret };
	int r = find_protected(&finding.protected);

	*ret_report = (struct networks_report){ .file_count = settings->suspect_files.count };
	if (ret_report->file_count > NETWORKS_FILES_MOST)
		ret_report->file_count = NETWORKS_FILES_MOST;
	if (r == 0)
		find_of_settings(settings, &finding, &ret_report->settings);
	for (size_t i = 0; i < ret_report->file_count && r == 0; i++) {
		ret_report->files[i].path = finding.path = settings->suspect_files.paths[i];
		prefix_file_read(&ret_report->files[i], take, &finding);
		finding.no_memory |= ret_report->files[i].error == -ENOMEM;
	}
	ret_report->merged = prefix_set_sort(ret);
	prefix_set_clear(&finding.protected);
	if (r < 0 || finding.no_memory) {
		prefix_set_clear(ret);
		return -ENOMEM;
	}
	return 0;
}

static void say_refused(const struct prefix_file *file)
{
	char said[SAID_SIZE] = "", more[64] = "";
	size_t used = 0;

	for (size_t i = 0; i < file->said_count && i < SAID_MOST && used < sizeof(said); i++) {
		const struct prefix_refusal *refusal = &file->said[i];

		if (refusal->line)
			used += (size_t)snprintf(said + used, sizeof(said) - used, "%s%s:%u: %s", i ? "; " : "", file->path,
						 refusal->line, refusal->why);
		else
			used += (size_t)snprintf(said + used, sizeof(said) - used, "%s%s", i ? "; " : "", refusal->why);
	}
	if (file->refused > SAID_MOST)
		snprintf(more, sizeof(more), "; and %zu more, which wavebreak check names", file->refused - SAID_MOST);
	log_warning("suspect networks of %s: %zu taken, %zu refused: %s%s", file->path, file->taken, file->refused, said,
		    more);
}

static void say_one(const struct prefix_file *file)
{
	if (file->error)
		log_warning("suspect.files: cannot read %s: %s; it is left out", file->path, prefix_file_trouble(file));
	else if (file->refused)
		say_refused(file);
}

void networks_say(const struct networks_report *report)
{
	say_one(&report->settings);
	for (size_t i = 0; i < report->file_count; i++)
		say_one(&report->files[i]);
}
