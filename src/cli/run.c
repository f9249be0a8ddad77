/* SPDX-License-Identifier: Apache-2.0 */
/* run - the daemon itself, in the foreground; see daemon/warden.h. */
#include "base/log.h"
#include "cli/commands.h"
#include "cli/configured.h"
#include "cli/options.h"
#include "daemon/warden.h"

int cmd_run(int argc, char **argv)
{
	struct warden_options warden = { 0 };
	struct options options;
	struct plan *plan;
	int status = options_parse(argc, argv, &options);

	if (status != OPTIONS_GO_ON)
		return status;
	log_open(NULL, LOG_LEVEL_INFO);
	status = configured_plan(options.config, &plan);
	if (status != OPTIONS_GO_ON)
		return status;
	warden.config_file = options.config;
	warden.observe = options.observe;
	warden.follow_stdin = options.stdin;
	return warden_run(&warden, plan);
}
