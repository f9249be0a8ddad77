/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command_table.h"

#include "cli/options.h"
#include "observe/history.h"

const struct option_row option_rows[OPTION_COUNT] = {
#define OPTION(name, letter, type, value, help)           \
	{ #name, letter, OPTION_TYPE_##type, value, help, \
	  offsetof(struct options, OPTION_FIELD_##type(name)) },
#include "defs/options.def"
#undef OPTION
};

const struct command_row command_rows[COMMAND_COUNT] = {
#define TAKES(name) (UINT32_C(1) << OPTION_##name)
#define IN_DIGITS(number) IN_DIGITS_OF(number)
#define IN_DIGITS_OF(number) #number
/* Of a command that answers: */
#define TAKES_FORMAT(answers) (sizeof(answers) > 1 ? TAKES(json) | TAKES(format) : 0)
#define COMMAND(name, operands, least, most, takes, answers, summary, example, help) \
	{ #name, operands, least, most, takes | TAKES_FORMAT(answers), answers, summary, example, help },
#include "defs/commands.def"
#undef COMMAND
#undef TAKES_FORMAT
#undef IN_DIGITS_OF
#undef IN_DIGITS
#undef TAKES
};

static const char *const names[COMMAND_NAMES] = {
#define COMMAND(name, operands, least, most, takes, answers, summary, example, help) #name,
#include "defs/commands.def"
#undef COMMAND
	"help",
};

const struct command_row *command_find(struct bytes name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (bytes_equal(name, bytes_of(command_rows[i].name)))
			return &command_rows[i];
	return NULL;
}

const char *option_value(const struct command_row *command, const struct option_row *option)
{
	return option->type == OPTION_TYPE_ANSWER ? command->answers : option->value;
}

const char *const *command_names(void)
{
	return names;
}
