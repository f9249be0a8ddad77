/* SPDX-License-Identifier: Apache-2.0 */
#include "tables.h"

#include "build_config.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *line;
	void (*write)(FILE *out);
} placeholders[] = {
	{ "@MAN_COMMANDS@\n", man_commands },
	{ "@MAN_OPTIONS@\n", man_options },
	{ "@MAN_SETTINGS@\n", man_settings },
	{ "@MAN_HANDOFFS@\n", man_handoffs },
	{ "@MAN_STEERINGS@\n", man_steerings },
	{ "@MAN_RELIEF_REASONS@\n", man_relief_reasons },
	{ "@MAN_BACKENDS@\n", man_backends },
	{ "@MAN_OUTCOMES@\n", man_outcomes },
	{ "@MAN_METRICS@\n", man_metrics },
	{ "@MAN_MESSAGES@\n", man_messages },
	{ "@MAN_LOG_FIELDS@\n", man_log_fields },
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

/* Where things are installed, within a line. */
static void write_line(const char *line, FILE *out)
{
	static const struct {
		const char *mark, *path;
	} paths[] = {
		{ "@DATADIR@", WAVEBREAK_DATA_DIR },
		{ "@LIBEXECDIR@", WAVEBREAK_LIBEXEC_DIR },
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		const char *at = strstr(line, paths[i].mark);

		if (!at)
			continue;
		fprintf(out, "%.*s%s%s", (int)(at - line), line, paths[i].path, at + strlen(paths[i].mark));
		return;
	}
	fputs(line, out);
}

int main(void)
{
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, stdin) > 0)
		if (!replace(line, stdout))
			write_line(line, stdout);
	free(line);
	return fflush(stdout) == 0 && !ferror(stdin) ? EXIT_SUCCESS : EXIT_FAILURE;
}
