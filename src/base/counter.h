/* SPDX-License-Identifier: Apache-2.0 */
/* counter - the numbers of defs/counters.def, shared by all processes of the daemon.
 *
 * counter_share is called once, before the first fork; until then (and in tests and
 * one-shot commands) the numbers are the process's own. Adding is a relaxed atomic add.
 *
 * A counter is known unless who would have to count says that it cannot, as where the kernel has no table of ours:
 * then its 0 says nothing, and it is left out wherever counters are shown.
 */
#ifndef WAVEBREAK_BASE_COUNTER_H
#define WAVEBREAK_BASE_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

enum counter {
#define COUNTER(name, help) COUNTER_##name,
#include "defs/counters.def"
#undef COUNTER
	COUNTER_COUNT
};

int counter_share(void);
void counter_add(enum counter counter, uint64_t steps);
uint64_t counter_read(enum counter counter);
void counter_make_known(enum counter counter, bool known);
bool counter_is_known(enum counter counter);
const char *counter_name(enum counter counter);
const char *counter_help(enum counter counter);

#endif
