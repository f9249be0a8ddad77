/* SPDX-License-Identifier: Apache-2.0 */
/* blocked - which clients the mail server itself knows to be on a block list.
 *
 * couriertcpd looks its -block lists up before it starts courieresmtpd for a client, and tells it in
 * the environment: BLOCK is there from the first moment of the process, seconds before the client is
 * refused (with TARPIT=1, 8 s before the log says so).
 *
 * A look is one dump of the guarded ports and one pass over /proc. A process counts when its
 * descriptor 0 is a socket of such a connection, and its name that of a handler: of a process of that
 * name that somebody else started, descriptor 0 is something else. A look ends after BLOCKED_LOOK_MS,
 * and the next one goes on where it ended.
 *
 * Needs CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH. Owned by the warden.
 */
#ifndef WAVEBREAK_ACT_BLOCKED_H
#define WAVEBREAK_ACT_BLOCKED_H

#include "base/addr.h"

#include <stddef.h>

struct blocked;

#define BLOCKED_LOOK_MS 50

/* Handlers as in act/handler.h. Returns 0, -EINVAL, -ENOMEM or what the kernel said. */
int blocked_create(const uint16_t *ports, size_t port_count, const char *const *handlers, struct blocked **ret);
void blocked_destroy(struct blocked *blocked);

/* Calls `fn` for each client (the whole address) that is blocked. Returns 0 or -errno. */
typedef void blocked_fn(void *data, const struct addr *client, uint16_t port);
int blocked_look(struct blocked *blocked, blocked_fn *fn, void *data);

#endif
