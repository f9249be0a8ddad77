/* SPDX-License-Identifier: Apache-2.0 */
/* counter - the numbers of defs/counters.def, shared by all processes of the daemon.
 *
 * counter_share is called once, before the first fork; until then (and in tests and
 * one-shot commands) the numbers are the process's own. Adding is a relaxed atomic add.
 */
#ifndef WAVEBREAK_BASE_COUNTER_H
#define WAVEBREAK_BASE_COUNTER_H

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
const char *counter_name(enum counter counter);
const char *counter_help(enum counter counter);

#endif
