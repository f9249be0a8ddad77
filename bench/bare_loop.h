/* SPDX-License-Identifier: Apache-2.0 */
/* bare_loop - the least that a program which follows a log and bans has to do, to measure ours beside.
 *
 * inotify, read, find the address at a known place, one nf_tables transaction: no rotation, no
 * signatures, no score, no never-list. Alone it is one process that reads strangers' bytes with
 * the right to change the firewall; apart, one that reads and one that bans, with a socketpair
 * between them, which is the least that a separation of privileges costs.
 *
 * Needs CAP_NET_ADMIN. Failures end the program (rig_die).
 */
#ifndef WAVEBREAK_BENCH_BARE_LOOP_H
#define WAVEBREAK_BENCH_BARE_LOOP_H

#include <stdint.h>
#include <sys/types.h>

enum bare_loop_kind { BARE_LOOP_ALONE, BARE_LOOP_APART };

struct bare_loop {
	const char *table; /* made by bare_loop_start, with the sets ban4 and ban6 */
	pid_t processes[2];
};

/* Follows log_path, which is there, from its begin; sets of at most `most` elements. */
void bare_loop_start(struct bare_loop *loop, enum bare_loop_kind kind, const char *table, const char *log_path,
		     uint32_t most);
void bare_loop_stop(struct bare_loop *loop);

#endif
