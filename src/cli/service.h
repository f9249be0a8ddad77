/* SPDX-License-Identifier: Apache-2.0 */
/* service - the group of signatures that --service or watch.service names. */
#ifndef WAVEBREAK_CLI_SERVICE_H
#define WAVEBREAK_CLI_SERVICE_H

#include "judge/signature.h"

/* NULL for the name NULL. Returns OPTIONS_GO_ON, or the exit status after a sentence of `command`
 * that has the nearest right word. */
int service_group(const char *command, const struct signature_set *set, const char *name,
		  const struct signature_group **ret);

#endif
