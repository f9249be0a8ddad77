/* SPDX-License-Identifier: Apache-2.0 */
/* gate_house - what a gate worker does: the front, the DNS lists, the way to the porter and to the
 * watch worker, put together. gate_worker.h is the process around it.
 */
#ifndef WAVEBREAK_DAEMON_GATE_HOUSE_H
#define WAVEBREAK_DAEMON_GATE_HOUSE_H

#include "daemon/gate_worker.h"
#include "event/loop.h"
#include "gate/front.h"

struct gate_house;

/* While it may read what root may. NULL where no certificate is named, or none that can be used, which is said:
 * then STARTTLS is not offered. */
struct tls_server *gate_house_load_tls(const struct settings *settings);
/* Before confinement: reads all other files that are needed. `tls` is the house's from now on. Says its own error.
 * Returns 0 or -errno. */
int gate_house_create(struct loop *loop, const struct gate_worker_start *start, struct tls_server *tls,
		      struct gate_house **ret);
/* Begins to accept. Returns 0 or -errno. */
int gate_house_open(struct gate_house *house);
/* At the end: what the judge has not been told yet. Memory is the kernel's to take back. */
void gate_house_tell_last(struct gate_house *house);

/* Returns whether who comes can be served (gate/front.h). */
enum front_ability gate_house_each_second(struct gate_house *house);
/* No new sessions; `drained` comes from the loop when the last one has ended. */
void gate_house_drain(struct gate_house *house, void (*drained)(void *data), void *data);

#endif
