/* SPDX-License-Identifier: Apache-2.0 */
/* command_table - the rows of defs/commands.def and defs/options.def as data, for the parser
 * of command lines, the help, the manual and the completions. Static: nothing to free.
 */
#ifndef WAVEBREAK_CLI_COMMAND_TABLE_H
#define WAVEBREAK_CLI_COMMAND_TABLE_H

#include "base/bytes.h"

enum option_type {
	OPTION_TYPE_SWITCH,
	OPTION_TYPE_TEXT,
	OPTION_TYPE_OPTIONAL,
	OPTION_TYPE_CHOICE,
	OPTION_TYPE_ANSWER,
	OPTION_TYPE_COUNT,
	OPTION_TYPE_DURATION,
};

struct option_row {
	const char *name;
	char letter; /* 0 when there is none */
	enum option_type type;
	const char *value; /* "FILE", "0|1"; empty for a switch */
	const char *help;
	size_t offset; /* of its field in struct options */
};

enum option {
#define OPTION(name, letter, type, value, help) OPTION_##name,
#include "defs/options.def"
#undef OPTION
	OPTION_COUNT
};

struct command_row {
	const char *name;
	const char *operands; /* "ADDR" */
	unsigned least, most; /* operands */
	uint32_t takes;       /* bit 1 << enum option for each */
	const char *answers;  /* "text|json", the words for --format; empty when it takes none */
	const char *summary, *example, *help;
};

enum command {
#define COMMAND(name, operands, least, most, takes, answers, summary, example, help) COMMAND_##name,
#include "defs/commands.def"
#undef COMMAND
	COMMAND_COUNT
};

_Static_assert(OPTION_COUNT <= 32, "command_row.takes has a bit for each option");

extern const struct option_row option_rows[OPTION_COUNT];
extern const struct command_row command_rows[COMMAND_COUNT];

static inline bool command_takes(const struct command_row *command, size_t option)
{
	return command->takes >> option & 1;
}

/* How the value of an option that the command takes is called: "FILE", or which words it may be: "text|json". */
const char *option_value(const struct command_row *command, const struct option_row *option);

/* NULL when there is none of that name. */
const struct command_row *command_find(struct bytes name);

/* Of all commands, with "help" at the end; for text_nearest. */
#define COMMAND_NAMES (COMMAND_COUNT + 1)
const char *const *command_names(void);

#endif
