/* SPDX-License-Identifier: Apache-2.0 */
#include "tables.h"

static bool names_a_file(const char *value)
{
	return strstr(value, "FILE") || strcmp(value, "PATH") == 0;
}

static bool names_a_folder(const char *value)
{
	return strcmp(value, "DIR") == 0;
}

static bool lists_words(const char *value)
{
	return strchr(value, '|');
}

static void write_words(const char *choices, FILE *out)
{
	for (; *choices; choices++)
		fputc(*choices == '|' ? ' ' : *choices, out);
}

void bash_names(FILE *out)
{
	fputs("\tlocal commands='", out);
	for (size_t i = 0; i < COMMAND_NAMES; i++)
		fprintf(out, "%s%s", i ? " " : "", command_names()[i]);
	fputs("'\n", out);
}

/* "match) options='--format --signatures' formats='text json quiet' operands=file ;;" */
void bash_commands(FILE *out)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		const struct command_row *command = &command_rows[i];

		fprintf(out, "\t%s) options='", command->name);
		for (size_t o = 0; o < OPTION_COUNT; o++) {
			if (!command_takes(command, o))
				continue;
			if (option_rows[o].letter)
				fprintf(out, "-%c ", option_rows[o].letter);
			fprintf(out, "--%s ", option_rows[o].name);
		}
		fputs("--help' formats='", out);
		write_words(command->answers, out);
		fprintf(out, "' operands=%s ;;\n", names_a_file(command->operands) ? "file" : "none");
	}
}

/* "--tarpit) kind=words words='0 1' ;;" for each option that has a value. */
void bash_values(FILE *out)
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option_row *option = &option_rows[i];

		if (!*option->value || option->type == OPTION_TYPE_OPTIONAL)
			continue;
		fputc('\t', out);
		if (option->letter)
			fprintf(out, "-%c | ", option->letter);
		fprintf(out, "--%s) ", option->name);
		if (option->type == OPTION_TYPE_ANSWER) {
			fputs("kind=words words=$formats ;;\n", out);
		} else if (lists_words(option->value)) {
			fputs("kind=words words='", out);
			write_words(option->value, out);
			fputs("' ;;\n", out);
		} else {
			fprintf(out, "kind=%s ;;\n", names_a_file(option->value)   ? "file"
						     : names_a_folder(option->value) ? "folder"
										     : "none");
		}
	}
}

/* What is within '...' of zsh, and within [...] and before : of _arguments. */
static void write_quoted(const char *text, FILE *out)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\''", out);
		else if (strchr("[]:\\", *text))
			fprintf(out, "\\%c", *text);
		else
			fputc(*text, out);
	}
}

void zsh_commands(FILE *out)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		fprintf(out, "\t'%s:", command_rows[i].name);
		write_quoted(command_rows[i].summary, out);
		fputs("'\n", out);
	}
}

/* '(-c --config)'{-c,--config}'[Read this configuration.]:FILE:_files' */
static void write_zsh_option(const struct command_row *command, const struct option_row *option, FILE *out)
{
	const char *value = option_value(command, option);

	fputs(" \\\n\t\t", out);
	if (option->letter)
		fprintf(out, "'(-%c --%s)'{-%c,--%s}'[", option->letter, option->name, option->letter,
			option->name);
	else
		fprintf(out, "'--%s%s[", option->name, option->type == OPTION_TYPE_OPTIONAL ? "=-" : "");
	write_quoted(option->help, out);
	fputc(']', out);
	if (lists_words(value)) {
		fprintf(out, ":%s:(", option->name);
		write_words(value, out);
		fputc(')', out);
	} else if (*value) {
		fputs(option->type == OPTION_TYPE_OPTIONAL ? "::" : ":", out);
		write_quoted(value, out);
		fprintf(out, ":%s", names_a_file(value)	    ? "_files"
				    : names_a_folder(value) ? "_files -/"
							    : "");
	}
	fputc('\'', out);
}

void zsh_options(FILE *out)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		const struct command_row *command = &command_rows[i];

		fprintf(out, "\t%s) _arguments '--help[Say what the command does.]'", command->name);
		for (size_t o = 0; o < OPTION_COUNT; o++)
			if (command_takes(command, o))
				write_zsh_option(command, &option_rows[o], out);
		if (names_a_file(command->operands))
			fputs(" \\\n\t\t'*:FILE:_files'", out);
		else if (*command->operands)
			fprintf(out, " \\\n\t\t'1:%s:'", command->operands);
		fputs(" ;;\n", out);
	}
}
