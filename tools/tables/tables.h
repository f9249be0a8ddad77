/* SPDX-License-Identifier: Apache-2.0 */
/* tables - fills templates of the manual and the completions from the tables in defs/.
 *
 * A line of the template that is `@NAME@` alone is replaced by what the function of that
 * name writes; all other lines are copied. Runs while building and is not installed.
 */
#ifndef WAVEBREAK_TOOLS_TABLES_H
#define WAVEBREAK_TOOLS_TABLES_H

#include "cli/command_table.h"

#include <stdio.h>

void man_commands(FILE *out);
void man_options(FILE *out);
void man_settings(FILE *out);
void man_handoffs(FILE *out);
void man_steerings(FILE *out);
void man_relief_reasons(FILE *out);
void man_backends(FILE *out);
void man_outcomes(FILE *out);
void man_metrics(FILE *out);
void man_messages(FILE *out);
void man_log_fields(FILE *out);

void bash_names(FILE *out);
void bash_commands(FILE *out);
void bash_values(FILE *out);
void zsh_commands(FILE *out);
void zsh_options(FILE *out);

#endif
