/* SPDX-License-Identifier: Apache-2.0 */
/* environ - the environment of a process, as /proc/PID/environ shows it (proc(5)).
 *
 * NAME=value, each ended by a NUL. A value may hold anything else, and part of it may be a client's
 * own words (TCPREMOTEHOST, TCPREMOTEINFO): a name counts only where a variable begins.
 */
#ifndef WAVEBREAK_WIRE_ENVIRON_H
#define WAVEBREAK_WIRE_ENVIRON_H

#include "base/bytes.h"

/* Whether the variable is there and not empty. The block may be cut at its end. */
bool environ_has(struct bytes block, const char *name);

#endif
