/* SPDX-License-Identifier: Apache-2.0 */
/* processes - what the mail server and its guard cost, by the /proc of their PID namespace.
 *
 * Everything in there is one of
 *
 *	guard	what was brought in from outside (its parent is not in the namespace) and
 *		its descendants, but for the Courier that its porter starts
 *	around	process 1 (the script that built it), its sleeps, rsyslogd, the DNS server
 *	Courier	all the rest
 *
 * A process that has ended still counts, in what its parent has collected of its children;
 * orphans are collected by process 1, so that share of process 1 counts as Courier's, and so
 * does what the porter has collected.
 * CPU seconds are since the namespace began: take the difference of two looks.
 */
#ifndef WAVEBREAK_DEMO_PROCESSES_H
#define WAVEBREAK_DEMO_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct cost {
	double cpu_seconds;
	uint64_t memory_bytes; /* PSS: shared pages are divided among those that share them */
};

struct process_look {
	struct cost courier, guard;
	size_t handlers; /* courieresmtpd: one serves one client */
};

/* `proc_fd` is the /proc directory of the namespace. Only a `thorough` look has costs: for the
 * memory the kernel walks all pages of every process. Returns 0 or -errno. */
int processes_look(int proc_fd, bool thorough, struct process_look *ret);

#endif
