/* SPDX-License-Identifier: Apache-2.0 */
/* rig - the real daemon in a network namespace of its own, and a view of the kernel's bans
 * that is not the daemon's: what the benches of the whole path stand on.
 *
 * The daemon is build/wavebreak, started with a configuration and a log in a temporary
 * folder; both of its processes are measured. Every failure ends the program with a sentence.
 */
#ifndef WAVEBREAK_BENCH_RIG_H
#define WAVEBREAK_BENCH_RIG_H

#include "base/addr.h"

#include <stdio.h>
#include <sys/types.h>

struct rig {
	char folder[64];
	char log_path[96];
	int log_fd;  /* appended to, as syslog does */
	pid_t warden; /* 0: not running */
	pid_t worker;
	int netlink; /* for questions about the table */
};

_Noreturn void rig_die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* In namespaces of its own from here on. `settings` is added to the configuration. Needs root:
 * exits with 3 without. */
void rig_open(struct rig *rig, const char *settings);
void rig_close(struct rig *rig);

/* Starts `wavebreak run` and returns at once, or waits until it follows its log. */
void rig_start(struct rig *rig, const char *binary);
void rig_wait_ready(struct rig *rig);
void rig_stop(struct rig *rig, int signal_number);

/* Writes the line of a refusal by Courier into `line`; returns its size with the newline. */
#define RIG_LINE_SIZE 192
size_t rig_refusal(char line[RIG_LINE_SIZE], const struct addr *client, uint16_t port);
void rig_append(const struct rig *rig, const char *data, size_t size);

/* The nth of many different units: one in eight IPv6. */
struct addr rig_unit(uint32_t n);

/* Whether the set of `table` has the unit now. */
bool rig_banned(const struct rig *rig, const char *table, const struct addr *unit);
/* How many of units 0 … count - 1 it has. */
size_t rig_count_banned(const struct rig *rig, uint32_t count);

/* Of both processes together. */
double rig_cpu_seconds(const struct rig *rig);
double rig_pss_bytes(const struct rig *rig);
/* Of that, what is no file's: pages of libraries are divided among all who use them, so the rest changes with what
 * else runs. */
double rig_own_bytes(const struct rig *rig);

#endif
