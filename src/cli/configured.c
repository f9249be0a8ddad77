/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/configured.h"

#include "cli/commands.h"
#include "cli/options.h"

#include <errno.h>
#include <stdlib.h>

int configured_status(int error)
{
	switch (error) {
	case 0:
		return OPTIONS_GO_ON;
	case -EACCES:
	case -EPERM:
	case -ENOMEM:
		return STATUS_UNABLE;
	default:
		return STATUS_WRONG;
	}
}

int configured_settings(const char *config_file, struct settings *ret)
{
	struct mistakes mistakes;
	int r = settings_load(config_file, ret, &mistakes);

	if (r < 0)
		mistakes_print(&mistakes, stderr);
	return configured_status(r);
}

int configured_plan(const char *config_file, struct plan **ret)
{
	struct plan *plan = malloc(sizeof(*plan));
	struct mistakes mistakes;
	int r;

	if (!plan) {
		fprintf(stderr, "wavebreak: %s\n", strerror(ENOMEM));
		return STATUS_UNABLE;
	}
	r = plan_make(config_file, plan, &mistakes);
	if (r < 0) {
		mistakes_print(&mistakes, stderr);
		free(plan);
	} else {
		*ret = plan;
	}
	return configured_status(r);
}
