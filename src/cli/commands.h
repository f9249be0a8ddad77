/* SPDX-License-Identifier: Apache-2.0 */
/* commands - the subcommands of wavebreak(8), one row each in defs/commands.def.
 *
 * Each is a function cmd_<name> in a file of its own; argv[0] is its name, and cli/options.h
 * reads the rest. It returns the exit status of the program.
 */
#ifndef WAVEBREAK_CLI_COMMANDS_H
#define WAVEBREAK_CLI_COMMANDS_H

#include "base/bytes.h"

enum exit_status {
	STATUS_OK = 0,
	STATUS_NO = 1,    /* the answer is no: not running, not banned, nothing found */
	STATUS_WRONG = 2, /* wrong use, or a mistake in the configuration */
	STATUS_UNABLE = 3 /* not permitted, or the kernel lacks it */
};

#define COMMAND(name, operands, least, most, takes, answers, summary, example, help) \
	int cmd_##name(int argc, char **argv);
#include "defs/commands.def"
#undef COMMAND

#endif
