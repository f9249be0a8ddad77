/* SPDX-License-Identifier: Apache-2.0 */
/* run - the daemon itself, in the foreground; see daemon/warden.h. */
#include "base/log.h"
#include "cli/commands.h"
#include "cli/configured.h"
#include "cli/options.h"
#include "daemon/warden.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* What does not wait for more is no source of a daemon's. */
static bool can_be_followed(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return false;
	return S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) || isatty(fd);
}

static int try_it(const struct warden_options *warden, struct plan *plan)
{
	int status = warden_try(warden, plan);

	plan_free(plan);
	free(plan);
	return status;
}

int cmd_run(int argc, char **argv)
{
	struct warden_options warden = { 0 };
	struct options options;
	struct plan *plan;
	int status = options_parse(argc, argv, &options);

	if (status != OPTIONS_GO_ON)
		return status;
	if (options.stdin && !can_be_followed(STDIN_FILENO)) {
		fputs("wavebreak run: --stdin takes a pipe; a file is followed by watch.file, or read by "
		      "'wavebreak replay'\n", stderr);
		return STATUS_WRONG;
	}
	log_open(NULL, LOG_LEVEL_INFO);
	status = configured_plan(options.config, &plan);
	if (status != OPTIONS_GO_ON)
		return status;
	warden.config_file = options.config;
	warden.observe = options.observe;
	plan->follow_stdin = options.stdin;
	plan_find_lines(plan);
	if (options.try)
		return try_it(&warden, plan);
	warden.words = argv;
	return warden_run(&warden, plan);
}
