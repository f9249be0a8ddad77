/* SPDX-License-Identifier: Apache-2.0 */
/* help - what `wavebreak help` writes, from the table of commands. Lines are at most 80
 * columns wide.
 */
#ifndef WAVEBREAK_CLI_HELP_H
#define WAVEBREAK_CLI_HELP_H

#include "cli/command_table.h"

#include <stdio.h>

void help_program(FILE *out);
void help_command(const struct command_row *command, FILE *out);

/* "Usage: wavebreak ban ADDR [--for TIME] [--why TEXT]" */
void help_usage(const struct command_row *command, FILE *out);

#endif
