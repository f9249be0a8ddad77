/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include "base/text.h"
#include "cli/command_table.h"
#include "cli/commands.h"
#include "cli/help.h"

#include <stdarg.h>
#include <stdio.h>

#define WORD_SIZE 80
#define DURATION_LEAST_MS 1000

struct parser {
	const struct command_row *command;
	struct options *options;
	uint32_t given; /* a bit for each option, as in command_row.takes */
	bool help;
	int argc, next; /* next: index of the word to be looked at */
	char **argv;
};

__attribute__((format(printf, 3, 4)))
static int wrong(const struct parser *parser, const char *nearest, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "wavebreak %s: ", parser->command->name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	if (nearest)
		fprintf(stderr, "; did you mean '%s'?", nearest);
	fputc('\n', stderr);
	help_usage(parser->command, stderr);
	return STATUS_WRONG;
}

static const char *shown(const char *word, char text[WORD_SIZE])
{
	return text_escape(bytes_of(word), text, WORD_SIZE);
}

static int wrong_name(const struct parser *parser, const char *word)
{
	struct bytes name = bytes_first(bytes_of(word), strcspn(word, "="));
	const char *names[OPTION_COUNT + 1];
	char dashed[OPTION_COUNT + 1][WORD_SIZE], text[WORD_SIZE];
	size_t count = 0;

	for (size_t i = 0; i < OPTION_COUNT; i++) {
		if (!command_takes(parser->command, i))
			continue;
		snprintf(dashed[count], WORD_SIZE, "--%s", option_rows[i].name);
		names[count] = dashed[count];
		count++;
	}
	names[count++] = "--help";
	text_escape(name, text, sizeof(text));
	return wrong(parser, text_nearest(name, names, count), "'%s' is not an option", text);
}

/* Finds `word` among "text|json". */
static bool is_choice(const char *choices, const char *word)
{
	size_t size = strlen(word);

	for (; *choices; choices += strcspn(choices, "|"), choices += *choices == '|')
		if (strcspn(choices, "|") == size && memcmp(choices, word, size) == 0)
			return size > 0;
	return false;
}

static int wrong_choice(const struct parser *parser, const struct option_row *option, const char *word)
{
	const char *value = option_value(parser->command, option);
	char choices[WORD_SIZE], text[WORD_SIZE], *rest = choices;
	const char *names[16];
	size_t count = 0;

	snprintf(choices, sizeof(choices), "%s", value);
	while (rest && count < sizeof(names) / sizeof(names[0]))
		names[count++] = strsep(&rest, "|");
	return wrong(parser, text_nearest(bytes_of(word), names, count), "--%s: '%s' is not one of %s",
		     option->name, shown(word, text), value);
}

/* Its bounds stand in its row: "10..3600". */
static int set_count(const struct parser *parser, const struct option_row *option, const char *word)
{
	struct bytes least = bytes_first(bytes_of(option->value), strcspn(option->value, "."));
	struct bytes most = bytes_of(option->value + least.size + strspn(option->value + least.size, "."));
	uint64_t *field = (uint64_t *)((char *)parser->options + option->offset), from, to;
	char text[WORD_SIZE];

	if (bytes_to_u64(least, UINT32_MAX, &from) < 0 || bytes_to_u64(most, UINT32_MAX, &to) < 0 ||
	    bytes_to_u64(bytes_of(word), to, field) < 0 || *field < from)
		return wrong(parser, NULL, "--%s: '%s' is not a number from %.*s to %.*s", option->name, shown(word, text),
			     BYTES_FMT(least), BYTES_FMT(most));
	return OPTIONS_GO_ON;
}

static void begin_counts(struct options *options)
{
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (option_rows[i].type == OPTION_TYPE_COUNT)
			*(uint64_t *)((char *)options + option_rows[i].offset) = OPTION_NO_COUNT;
}

static int set_value(struct parser *parser, const struct option_row *option, const char *word)
{
	void *field = (char *)parser->options + option->offset;
	char text[WORD_SIZE];
	uint64_t number;

	switch (option->type) {
	case OPTION_TYPE_SWITCH:
		*(bool *)field = true;
		return OPTIONS_GO_ON;
	case OPTION_TYPE_CHOICE:
	case OPTION_TYPE_ANSWER:
		if (!is_choice(option_value(parser->command, option), word))
			return wrong_choice(parser, option, word);
		*(const char **)field = word;
		return OPTIONS_GO_ON;
	case OPTION_TYPE_OPTIONAL:
		if (!word) {
			*(const char **)field = "";
			return OPTIONS_GO_ON;
		}
		/* fall through */
	case OPTION_TYPE_TEXT:
		if (!*word)
			return wrong(parser, NULL, "--%s: the %s is empty", option->name, option->value);
		*(const char **)field = word;
		return OPTIONS_GO_ON;
	case OPTION_TYPE_COUNT:
		return set_count(parser, option, word);
	case OPTION_TYPE_DURATION:
		if (duration_parse(bytes_of(word), &number) < 0 || number < DURATION_LEAST_MS)
			return wrong(parser, NULL, "--%s: '%s' is not a time such as 10m, 2h or 7d",
				     option->name, shown(word, text));
		*(uint64_t *)field = number;
		return OPTIONS_GO_ON;
	}
	return STATUS_WRONG;
}

/* `attached` is the value that was in the same word, or NULL. */
static int take_option(struct parser *parser, size_t option, const char *attached)
{
	const struct option_row *row = &option_rows[option];
	const char *value = attached;

	if (parser->given & UINT32_C(1) << option)
		return wrong(parser, NULL, "--%s is given twice", row->name);
	parser->given |= UINT32_C(1) << option;
	if (row->type == OPTION_TYPE_SWITCH && attached)
		return wrong(parser, NULL, "--%s takes no value", row->name);
	if (row->type != OPTION_TYPE_SWITCH && row->type != OPTION_TYPE_OPTIONAL && !attached) {
		if (parser->next == parser->argc)
			return wrong(parser, NULL, "--%s needs its %s", row->name, option_value(parser->command, row));
		value = parser->argv[parser->next++];
	}
	return set_value(parser, row, value);
}

static int take_long(struct parser *parser, const char *word)
{
	const char *name = word + 2;
	size_t size = strcspn(name, "=");

	if (strcmp(name, "help") == 0) {
		parser->help = true;
		return OPTIONS_GO_ON;
	}
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (command_takes(parser->command, i) &&
		    bytes_equal(bytes_make(name, size), bytes_of(option_rows[i].name)))
			return take_option(parser, i, name[size] ? name + size + 1 : NULL);
	return wrong_name(parser, word);
}

static int take_short(struct parser *parser, const char *word)
{
	if (strcmp(word, "-h") == 0) {
		parser->help = true;
		return OPTIONS_GO_ON;
	}
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (command_takes(parser->command, i) && option_rows[i].letter == word[1])
			return take_option(parser, i, word[2] ? word + 2 : NULL);
	return wrong_name(parser, word);
}

static void take_operand(struct parser *parser, char *word)
{
	parser->options->operands[parser->options->operand_count++] = word;
}

static int take_words(struct parser *parser)
{
	int status = OPTIONS_GO_ON;

	while (parser->next < parser->argc && status == OPTIONS_GO_ON && !parser->help) {
		char *word = parser->argv[parser->next++];

		if (strcmp(word, "--") == 0)
			break;
		if (word[0] != '-' || word[1] == '\0')
			take_operand(parser, word);
		else if (word[1] == '-')
			status = take_long(parser, word);
		else
			status = take_short(parser, word);
	}
	while (parser->next < parser->argc && status == OPTIONS_GO_ON && !parser->help)
		take_operand(parser, parser->argv[parser->next++]);
	return status;
}

static int check_operands(const struct parser *parser)
{
	const struct command_row *command = parser->command;
	unsigned count = (unsigned)parser->options->operand_count;
	char text[WORD_SIZE];

	if (count < command->least)
		return wrong(parser, NULL, "%s is missing", command->operands);
	if (count > command->most)
		return wrong(parser, NULL, "'%s' is one word too many",
			     shown(parser->options->operands[command->most], text));
	return OPTIONS_GO_ON;
}

/* Two ways to say the same; that they say the same is all that is asked of who uses both. */
static int settle_answer(const struct parser *parser, struct options *options)
{
	if (options->json && options->format && strcmp(options->format, "json") != 0)
		return wrong(parser, NULL, "--json and --format %s are two answers", options->format);
	if (options->json)
		options->format = "json";
	options->json = options->format && strcmp(options->format, "json") == 0;
	return OPTIONS_GO_ON;
}

int options_parse(int argc, char **argv, struct options *ret)
{
	struct parser parser = {
		.command = command_find(bytes_of(argv[0])),
		.options = ret,
		.argc = argc,
		.argv = argv,
		.next = 1,
	};
	int status;

	*ret = (struct options){ .operands = argv + 1 };
	begin_counts(ret);
	status = take_words(&parser);
	if (status != OPTIONS_GO_ON)
		return status;
	if (parser.help) {
		help_command(parser.command, stdout);
		return STATUS_OK;
	}
	status = settle_answer(&parser, ret);
	return status == OPTIONS_GO_ON ? check_operands(&parser) : status;
}
