/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

#include "base/log.h"
#include "cli/options.h"
#include "daemon/warden.h"

#include <stdlib.h>

int cmd_run(int argc, char **argv)
{
	struct mistakes mistakes = { 0 };
	struct warden_options guard;
	struct options options;
	struct plan *plan;
	int status = options_parse(argc, argv, &options);

	if (status != OPTIONS_GO_ON)
		return status;
	log_open(NULL, LOG_LEVEL_INFO);
	guard = (struct warden_options){ .config_file = options.config, .observe = options.observe };
	plan = malloc(sizeof(*plan));
	if (!plan) {
		log_error("not enough memory");
		return STATUS_UNABLE;
	}
	if (plan_make(options.config, plan, &mistakes) < 0) {
		mistakes_print(&mistakes, stderr);
		free(plan);
		return STATUS_WRONG;
	}
	return warden_run(&guard, plan);
}
