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
};

/* Returns 0 or -errno, and then *ret is one that no look is possible at. */
int process_open(pid_t pid, struct process *ret);
void process_close(struct process *process);

/* Returns 0 or -errno. */
int process_look(const struct process *process, struct process_use *ret);

/* What /proc/PID/stat and statm hold: ticks of the clock, pages. A process is called as it likes, also ") 1 2".
 * Return 0 or -EINVAL. */
int process_parse_stat(struct bytes text, uint64_t *ret_ticks);
int process_parse_statm(struct bytes text, uint64_t *ret_pages);

#endif
