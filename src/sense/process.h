/* SPDX-License-Identifier: Apache-2.0 */
/* process - what a process costs: its processor time and memory, from proc(5).
 *
 * The files are opened once and read again with each look, so that a process which confines itself after opening
 * them can go on looking. They are of that very process: when it has ended, a look says -ESRCH.
 */
#ifndef WAVEBREAK_SENSE_PROCESS_H
#define WAVEBREAK_SENSE_PROCESS_H

#include "base/bytes.h"

#include <sys/types.h>

struct process {
	int stat, statm; /* -1: it is not opened */
};

struct process_use {
	double cpu_seconds;
	uint64_t resident_bytes;
	uint64_t unshared_bytes; /* of these, what is no file's: the program and its libraries are one copy for all */
};

/* Returns 0 or -errno, and then *ret is one that no look is possible at. */
int process_open(pid_t pid, struct process *ret);
void process_close(struct process *process);

/* Returns 0 or -errno. */
int process_look(const struct process *process, struct process_use *ret);

/* What /proc/PID/stat and statm hold: ticks of the clock, pages. A process is called as it likes, also ") 1 2".
 * Return 0 or -EINVAL. */
struct process_stat {
	uint64_t ticks;          /* of its own */
	uint64_t children_ticks; /* of those that have ended and were waited for, and of theirs */
	uint64_t threads;
	uint64_t start_ticks;    /* since the system began: no other process of that number has it */
	pid_t parent;
};
struct process_statm {
	uint64_t resident_pages, shared_pages;
};
int process_parse_stat(struct bytes text, struct process_stat *ret);
int process_parse_statm(struct bytes text, struct process_statm *ret);

uint64_t process_ticks_to_ms(uint64_t ticks);
uint64_t process_unshared_bytes(const struct process_statm *statm);

#endif
