/* SPDX-License-Identifier: Apache-2.0 */
/* process_use - what a process costs: its processor time and memory, from proc(5).
 *
 * The files are opened once and read again with each look, so that a process which confines itself after opening
 * them can go on looking. They are of that very process: when it has ended, a look says -ESRCH.
 */
#ifndef WAVEBREAK_SENSE_PROCESS_USE_H
#define WAVEBREAK_SENSE_PROCESS_USE_H

#include <stdint.h>
#include <sys/types.h>

struct process_files {
	int stat, statm; /* -1: it is not opened */
};

struct process_use {
	double cpu_seconds;
	uint64_t resident_bytes;
	uint64_t unshared_bytes; /* of these, what is no file's: the program and its libraries are one copy for all */
};

/* Returns 0 or -errno, and then *ret is one that no look is possible at. */
int process_use_open(pid_t pid, struct process_files *ret);
void process_use_close(struct process_files *files);

/* Returns 0 or -errno. */
int process_use_look(const struct process_files *files, struct process_use *ret);

#endif
