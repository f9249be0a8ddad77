/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/service.h"

#include "base/text.h"
#include "cli/commands.h"
#include "cli/options.h"

#include <stdio.h>

static int unknown_service(const char *command, const struct signature_set *set, const char *word)
{
	const char *names[2 * SERVICES_MAX], *nearest;
	size_t count = 0;
	char text[80];

	for (size_t i = 0; i < set->service_count; i++) {
		names[count++] = set->services[i]->server;
		names[count++] = set->services[i]->name;
	}
	nearest = text_nearest(bytes_of(word), names, count);
	fprintf(stderr, "wavebreak %s: no signatures are for the service '%s'", command,
		text_escape(bytes_of(word), text, sizeof(text)));
	if (nearest)
		fprintf(stderr, "; did you mean '%s'?", nearest);
	fputc('\n', stderr);
	return STATUS_WRONG;
}

int service_group(const char *command, const struct signature_set *set, const char *name,
		  const struct signature_group **ret)
{
	*ret = name ? signature_set_by_name(set, bytes_of(name)) : NULL;
	return name && !*ret ? unknown_service(command, set, name) : OPTIONS_GO_ON;
}
