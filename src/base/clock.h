/* SPDX-License-Identifier: Apache-2.0 */
/* clock - the two clocks, for the thin parts; pure code is told the time.
 *
 * Deadlines are on the monotonic clock in milliseconds; what is remembered over a
 * restart or shown to a person is wall time in seconds since 1970.
 */
#ifndef WAVEBREAK_BASE_CLOCK_H
#define WAVEBREAK_BASE_CLOCK_H

#include <stdint.h>

uint64_t clock_ms(void);
uint64_t clock_us(void);
uint64_t clock_wall_s(void);
uint64_t clock_wall_ms(void);

#endif
