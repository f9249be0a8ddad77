/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"

#define HELP_COLUMNS 80
#define COMMAND_TEXT_COLUMN 12
#define OPTION_TEXT_COLUMN 22
#define USAGE_TEXT_COLUMN 17

/* Writes words from column `at` on; further lines begin at `indent`. */
static void print_wrapped(FILE *out, const char *text, size_t at, size_t indent)
{
	bool first = true;

	while (*text) {
		size_t word = strcspn(text, " ");

		if (!first && at + 1 + word > HELP_COLUMNS) {
			fprintf(out, "\n%*s", (int)indent, "");
			at = indent;
		} else if (!first) {
			fputc(' ', out);
			at++;
		}
		fprintf(out, "%.*s", (int)word, text);
		at += word;
		text += word;
		text += strspn(text, " ");
		first = false;
	}
	fputc('\n', out);
}

static void print_row(FILE *out, const char *name, const char *text, size_t column)
{
	int width = fprintf(out, "  %s", name);

	if (width < (int)column)
		fprintf(out, "%*s", (int)column - width, "");
	else
		fprintf(out, "\n%*s", (int)column, "");
	print_wrapped(out, text, column, column);
}

void help_program(FILE *out)
{
	fputs("wavebreak keeps a mail server reachable through spam waves.\n\n"
	      "Usage: wavebreak COMMAND [OPTION...]\n\n",
	      out);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		print_row(out, command_rows[i].name, command_rows[i].summary, COMMAND_TEXT_COLUMN);
	print_row(out, "help", "say more of a command", COMMAND_TEXT_COLUMN);
	fputs("\n'wavebreak help COMMAND' says more of one, 'wavebreak --version' which version\n"
	      "this is. The manual is wavebreak(8), the configuration wavebreak.conf(5).\n",
	      out);
}

/* "--for TIME", "-c FILE": the shortest way to write it. */
static void option_format(const struct command_row *command, const struct option_row *option, bool short_form,
			  char *text, size_t size)
{
	const char *value = option_value(command, option), *blank = *value ? " " : "";

	if (option->letter && short_form)
		snprintf(text, size, "-%c%s%s", option->letter, blank, value);
	else if (option->letter)
		snprintf(text, size, "-%c, --%s%s%s", option->letter, option->name, blank, value);
	else if (option->type == OPTION_TYPE_OPTIONAL)
		snprintf(text, size, "--%s[=%s]", option->name, value);
	else
		snprintf(text, size, "--%s%s%s", option->name, blank, value);
}

/* What stays together, on this line or the next one. */
static void print_part(FILE *out, const char *part, size_t *at)
{
	size_t width = strlen(part) + 1;

	if (*at + width > HELP_COLUMNS) {
		fprintf(out, "\n%*s", USAGE_TEXT_COLUMN - 1, "");
		*at = USAGE_TEXT_COLUMN - 1;
	}
	fprintf(out, " %s", part);
	*at += width;
}

void help_usage(const struct command_row *command, FILE *out)
{
	char option[64], part[72];
	size_t at = (size_t)fprintf(out, "Usage: wavebreak %s", command->name);

	if (command->least)
		print_part(out, command->operands, &at);
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		if (!command_takes(command, i))
			continue;
		option_format(command, &option_rows[i], true, option, sizeof(option));
		snprintf(part, sizeof(part), "[%s]", option);
		print_part(out, part, &at);
	}
	if (*command->operands && !command->least)
		print_part(out, command->operands, &at);
	fputc('\n', out);
}

void help_command(const struct command_row *command, FILE *out)
{
	char option[64];

	fprintf(out, "wavebreak %s - %s\n\n", command->name, command->summary);
	help_usage(command, out);
	fputc('\n', out);
	print_wrapped(out, command->help, 0, 0);
	fputc('\n', out);
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		if (!command_takes(command, i))
			continue;
		option_format(command, &option_rows[i], false, option, sizeof(option));
		print_row(out, option, option_rows[i].help, OPTION_TEXT_COLUMN);
	}
	print_row(out, "-h, --help", "Say this.", OPTION_TEXT_COLUMN);
	fprintf(out, "\nExample: %s\n", command->example);
}
