/* SPDX-License-Identifier: Apache-2.0 */
#include "tables.h"

#include <stdlib.h>

static const struct {
	const char *line;
	void (*write)(FILE *out);
} placeholders[] = {
	{ "@MAN_COMMANDS@\n", man_commands },
	{ "@MAN_OPTIONS@\n", man_options },
	{ "@MAN_SETTINGS@\n", man_settings },
	{ "@MAN_HANDOFFS@\n", man_handoffs },
	{ "@MAN_OUTCOMES@\n", man_outcomes },
	{ "@BASH_NAMES@\n", bash_names },
	{ "@BASH_COMMANDS@\n", bash_commands },
	{ "@BASH_VALUES@\n", bash_values },
	{ "@ZSH_COMMANDS@\n", zsh_commands },
	{ "@ZSH_OPTIONS@\n", zsh_options },
};

static bool replace(const char *line, FILE *out)
{
	for (size_t i = 0; i < sizeof(placeholders) / sizeof(placeholders[0]); i++) {
		if (strcmp(line, placeholders[i].line) != 0)
			continue;
		placeholders[i].write(out);
		return true;
	}
	return false;
}

int main(void)
{
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, stdin) > 0)
		if (!replace(line, stdout))
			fputs(line, stdout);
	free(line);
	return fflush(stdout) == 0 && !ferror(stdin) ? EXIT_SUCCESS : EXIT_FAILURE;
}
