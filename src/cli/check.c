/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/check.h"

#include "base/log.h"
#include "cli/commands.h"
#include "cli/configured.h"
#include "cli/options.h"

#include <errno.h>
#include <unistd.h>

static void check_configuration(struct check *check)
{
	struct findings *f = check->findings;
	const char *file =
		check->plan->config_file ? check->plan->config_file : settings_default_file();

	if (check->plan->config_file || access(file, F_OK) == 0)
		findings_add(f, FINDING_WORKS, "configuration", "%s", file);
	else
		findings_add(f, FINDING_WORKS, "configuration", "the defaults: there is no %s",
			     file);
}

/* In the order in which things go wrong for somebody who just installed it. */
static void (*const parts[])(struct check *) = {
	check_configuration,
	check_mail_server,
	check_signatures,
	check_logs,
	check_connections,
	check_ban,
	check_evict,
	check_relief,
	check_limits,
	check_suspect,
	check_places,
	check_gate,
	check_privileges,
	check_user,
	check_confinement,
	check_folders,
	check_never_list,
	check_http,
	check_daemon,
};

static int run_all(const struct plan *plan, bool json)
{
	struct check check = { .plan = plan, .findings = findings_create() };
	json_t *object;
	int status;

	if (!check.findings) {
		fprintf(stderr, "wavebreak check: %s\n", strerror(ENOMEM));
		return STATUS_UNABLE;
	}
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		parts[i](&check);
	signature_set_destroy(check.signatures);
	if (json) {
		object = findings_to_json(check.findings);
		json_dumpf(object, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
		putchar('\n');
		json_decref(object);
	} else {
		findings_print(check.findings, stdout);
	}
	status = findings_status(check.findings);
	findings_destroy(check.findings);
	return status;
}

/* {"status": 2, "mistakes": [{"file", "line", "column", "text"}, …]} */
static void print_mistakes(const struct mistakes *mistakes, int status)
{
	json_t *list = json_array(), *object;

	for (size_t i = 0; i < mistakes->count; i++) {
		const struct mistake *m = &mistakes->list[i];

		json_array_append_new(list,
				      json_pack("{s:s?, s:i, s:i, s:s}", "file", mistakes->file,
						"line", (int)m->place.line, "column",
						(int)m->place.column, "text", m->text));
	}
	object = json_pack("{s:i, s:o}", "status", status, "mistakes", list);
	json_dumpf(object, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	putchar('\n');
	json_decref(object);
}

int cmd_check(int argc, char **argv)
{
	struct mistakes mistakes;
	struct options options;
	struct plan plan;
	int status = options_parse(argc, argv, &options), r;

	if (status != OPTIONS_GO_ON)
		return status;
	/* What the parts cannot read they tell themselves. */
	log_open("check", LOG_LEVEL_ERROR);
	r = plan_make(options.config, &plan, &mistakes);
	if (r < 0) {
		mistakes_print(&mistakes, stderr);
		if (options.json)
			print_mistakes(&mistakes, configured_status(r));
		return configured_status(r);
	}
	status = run_all(&plan, options.json);
	plan_free(&plan);
	return status;
}
