/* SPDX-License-Identifier: Apache-2.0 */
/* held - many real connections, on loopback of a network namespace of the bench's own, held by processes of its own.
 *
 * Every failure ends the program with a sentence, and status 3 where it was not permitted.
 */
#ifndef WAVEBREAK_BENCH_HELD_H
#define WAVEBREAK_BENCH_HELD_H

#include <stdint.h>
#include <sys/types.h>

#define HELD_CONNECTIONS 10000
#define HELD_PROCESSES 4

/* Says what could not be had, with errno. */
_Noreturn void held_die(const char *what);

/* Makes connection `number`, from 0 on, to 127.0.0.1 or ::1, and takes it from the listener. */
typedef void held_fn(int listener, uint16_t port, uint32_t number);

/* Enters the namespace, and returns when HELD_CONNECTIONS are there. */
void held_begin(uint16_t port, held_fn *make, pid_t ret_holders[HELD_PROCESSES]);
void held_end(const pid_t holders[HELD_PROCESSES]);

#endif
