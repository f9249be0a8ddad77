/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "build_config.h"
#include "cli/command_table.h"
#include "cli/commands.h"
#include "cli/help.h"

#include <errno.h>
#include <stdio.h>

static int (*const functions[COMMAND_COUNT])(int argc, char **argv) = {
#define COMMAND(name, operands, least, most, takes, answers, summary, example, help) cmd_##name,
#include "defs/commands.def"
#undef COMMAND
};

static int unknown_command(const char *word)
{
	const char *nearest = text_nearest(bytes_of(word), command_names(), COMMAND_NAMES);
	char text[80];

	fprintf(stderr, "wavebreak: '%s' is not a command", text_escape(bytes_of(word), text, sizeof(text)));
	if (nearest)
		fprintf(stderr, "; did you mean '%s'?\n", nearest);
	else
		fprintf(stderr, "; see 'wavebreak help'\n");
	return STATUS_WRONG;
}

static int help(int argc, char **argv)
{
	const struct command_row *command;

	if (argc < 2) {
		help_program(stdout);
		return STATUS_OK;
	}
	if (strcmp(argv[1], "help") == 0) {
		help_program(stdout);
		return STATUS_OK;
	}
	command = command_find(bytes_of(argv[1]));
	if (!command)
		return unknown_command(argv[1]);
	help_command(command, stdout);
	return STATUS_OK;
}

static bool is_one_of(const char *word, const char *a, const char *b)
{
	return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

static int dispatch(int argc, char **argv)
{
	const struct command_row *command;

	if (argc < 1) {
		help_program(stderr);
		return STATUS_WRONG;
	}
	if (is_one_of(argv[0], "--version", "-V")) {
		puts("wavebreak " WAVEBREAK_VERSION);
		return STATUS_OK;
	}
	if (strcmp(argv[0], "help") == 0 || is_one_of(argv[0], "--help", "-h"))
		return help(argc, argv);
	command = command_find(bytes_of(argv[0]));
	if (!command)
		return unknown_command(argv[0]);
	return functions[command - command_rows](argc, argv);
}

/* An answer that was cut short by a full disk must not look like a whole one. */
int main(int argc, char **argv)
{
	int status = dispatch(argc - 1, argv + 1);

	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "wavebreak: standard output: %s\n", strerror(errno));
		return STATUS_UNABLE;
	}
	return status;
}
