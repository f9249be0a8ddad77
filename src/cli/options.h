/* SPDX-License-Identifier: Apache-2.0 */
/* options - the words of a command line, checked against defs/options.def and commands.def.
 *
 * A command begins with
 *
 *	int cmd_ban(int argc, char **argv)
 *	{
 *		struct options options;
 *		int status = options_parse(argc, argv, &options);
 *
 *		if (status != OPTIONS_GO_ON)
 *			return status;
 *
 * and then finds options.why, options.for_ms, options.json …, all of them in one struct
 * whatever the command takes; and what is no option in options.operands, of which there
 * are as many as the command's row allows.
 *
 * A value may stand in the next word or after `=` (`--for 10m`, `--for=10m`), or right after
 * a letter (`-cFILE`); one that may be left out stands after `=` alone. Options and operands
 * may be mixed; `--` ends the options; `-` alone is an operand. An option given twice is a
 * mistake. Nothing is copied: texts are those of argv.
 *
 * --json and --format json are the same: options.json is set and options.format is "json" after either.
 */
#ifndef WAVEBREAK_CLI_OPTIONS_H
#define WAVEBREAK_CLI_OPTIONS_H

#include "base/bytes.h"

typedef bool option_SWITCH;
typedef const char *option_TEXT;
typedef const char *option_OPTIONAL;
typedef const char *option_CHOICE;
typedef const char *option_ANSWER;
typedef uint64_t option_COUNT;
typedef uint64_t option_DURATION;

#define OPTION_FIELD_SWITCH(name) name
#define OPTION_FIELD_TEXT(name) name
#define OPTION_FIELD_OPTIONAL(name) name
#define OPTION_FIELD_CHOICE(name) name
#define OPTION_FIELD_ANSWER(name) name
#define OPTION_FIELD_COUNT(name) name
#define OPTION_FIELD_DURATION(name) name##_ms

#define OPTION_NO_COUNT UINT64_MAX

struct options {
#define OPTION(name, letter, type, value, help) option_##type OPTION_FIELD_##type(name);
#include "defs/options.def"
#undef OPTION
	char **operands; /* within argv, which is put in order for it */
	int operand_count;
};

#define OPTIONS_GO_ON (-1)

/* argv[0] is the command's name. Returns OPTIONS_GO_ON, or the exit status with which the
 * command is to end at once: --help was asked for and given, or there was a mistake and
 * standard error names it. */
int options_parse(int argc, char **argv, struct options *ret);
#endif
