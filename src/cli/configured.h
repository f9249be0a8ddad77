/* SPDX-License-Identifier: Apache-2.0 */
/* configured - reads the configuration for a command, and tells its mistakes on standard
 * error, one a line.
 *
 * Both return OPTIONS_GO_ON, or the exit status with which the command is to end.
 * `config_file` is as in settings_load.
 */
#ifndef WAVEBREAK_CLI_CONFIGURED_H
#define WAVEBREAK_CLI_CONFIGURED_H

#include "daemon/plan.h"

/* The caller's until settings_free. */
int configured_settings(const char *config_file, struct settings *ret);

/* From malloc(3): for plan_free and free(3). */
int configured_plan(const char *config_file, struct plan **ret);

/* The exit status for what settings_load returned: 2 for mistakes, 3 when it may not be read. */
int configured_status(int error);

#endif
