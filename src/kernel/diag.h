/* SPDX-License-Identifier: Apache-2.0 */
/* diag - a netlink socket for TCP sockets: looks for them, and ends them.
 *
 * sock_diag(7) answers within the system call, so every call here returns with all its
 * answers delivered and never waits. `fn` is called from inside, for each answer. To look
 * takes no privilege and, once the socket is there, no system calls but sendto(2),
 * recvfrom(2) and recvmmsg(2); to end takes CAP_NET_ADMIN.
 */
#ifndef WAVEBREAK_KERNEL_DIAG_H
#define WAVEBREAK_KERNEL_DIAG_H

#include "wire/sockdiag.h"

struct diag;

/* Belongs to the network namespace that the caller is in. Returns 0 or -errno. */
int diag_create(struct diag **ret);
void diag_destroy(struct diag *diag);

/* Whether this kernel can end sockets: 0, or -EOPNOTSUPP (no CONFIG_INET_DIAG_DESTROY). The
 * right to do it shows only with the first one. */
int diag_can_end(struct diag *diag);

/* `index` is that of the key; of a dump, 0. */
typedef void diag_fn(void *data, size_t index, const struct sockdiag_answer *answer);

/* Every socket that the filter lets through. Returns 0 or -errno; what was delivered before
 * an error is true all the same. */
int diag_dump(struct diag *diag, const struct sockdiag_filter *filter, diag_fn *fn, void *data);

#define DIAG_BATCH 64

/* One answer a key: SOCKDIAG_SOCKET, or SOCKDIAG_ERROR (-ENOENT: it is gone). At most
 * DIAG_BATCH keys. Returns 0 or -errno. */
int diag_get(struct diag *diag, const struct sockdiag_key *keys, size_t count, diag_fn *fn, void *data);

/* Aborts the sockets. Only failures are answered, by SOCKDIAG_ERROR. At most DIAG_BATCH keys.
 * Returns 0, or -errno when none was ended. */
int diag_end(struct diag *diag, const struct sockdiag_key *keys, size_t count, diag_fn *fn, void *data);

#endif
