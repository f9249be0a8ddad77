/* SPDX-License-Identifier: Apache-2.0 */
/* ban_program - one run of the program of ban_command.h: what it reads, what it says, how long it takes.
 *
 * The loop watches its end (by a pidfd) and its words. Whoever started it is told of the end once, when all of its
 * words were heard that had come until then.
 */
#ifndef WAVEBREAK_ACT_BAN_PROGRAM_H
#define WAVEBREAK_ACT_BAN_PROGRAM_H

#include "event/loop.h"

#include <stdbool.h>
#include <sys/types.h>

/* Lines of its output that are told of one run, and how much of each. */
#define BAN_PROGRAM_LINES 8
#define BAN_PROGRAM_LINE_SIZE 200

struct ban_program;

/* `wait_status` as of waitpid(2); `hung`: it took too long and was ended. */
typedef void ban_program_ended_fn(void *data, int wait_status, bool hung);

int ban_program_create(struct loop *loop, char *const *words, ban_program_ended_fn *ended, void *data,
		       struct ban_program **ret);
/* Ends what runs, without a word to anybody. NULL is fine. */
void ban_program_destroy(struct ban_program *program);

/* Where none runs. `input` becomes its standard input, from the begin of the file, and stays the caller's. */
int ban_program_start(struct ban_program *program, int input, uint64_t patience_ms);
bool ban_program_runs(const struct ban_program *program);
/* Ends what runs by SIGKILL; nobody is told. */
void ban_program_stop(struct ban_program *program);
/* The same, but it may end by itself within that time: true when it did, with status 0. Waits. */
bool ban_program_wait(struct ban_program *program, uint64_t patience_ms);

#endif
