/* SPDX-License-Identifier: Apache-2.0 */
/* diag - the warden's netlink socket for TCP sockets: looks for them, and ends them.
 *
 * sock_diag(7) answers within the system call, so every call here returns with all its
 * answers delivered and never waits. `fn` is called from inside, for each answer.
 */
#ifndef WAVEBREAK_ACT_DIAG_H
#define WAVEBREAK_ACT_DIAG_H

#include "wire/sockdiag.h"

struct diag;

/* Belongs to the network namespace that the caller is in. Returns 0 or -errno: -EOPNOTSUPP
 * where the kernel cannot end sockets (no CONFIG_INET_DIAG_DESTROY). The right to do it
 * (CAP_NET_ADMIN) shows only with the first one. */
int diag_create(struct diag **ret);
void diag_destroy(struct diag *diag);

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
