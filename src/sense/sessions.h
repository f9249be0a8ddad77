/* SPDX-License-Identifier: Apache-2.0 */
/* sessions - from where somebody is logged in to this host, that is, the administrator perhaps.
 *
 * A daemon that systemd starts is told of no session: what can be seen are the connections to port 22. Whoever tries
 * passwords there counts as well; to take one too many for an administrator lets it have the short way, and the other
 * error would be worse. Who runs a command over ssh is in SSH_CONNECTION, at whatever port.
 */
#ifndef WAVEBREAK_SENSE_SESSIONS_H
#define WAVEBREAK_SENSE_SESSIONS_H

#include "base/prefix.h"

#define SESSIONS_WHY "ssh session"

struct sessions;

/* Opens a netlink socket in the network namespace of this moment. Returns 0 or -errno. */
int sessions_create(struct sessions **ret);
void sessions_destroy(struct sessions *sessions);

/* Adds all there are now, each with SESSIONS_WHY. NULL: only that of SSH_CONNECTION. Returns 0 or -errno (-ENOSPC
 * where the set is full). */
int sessions_protect(struct sessions *sessions, struct prefix_set *ret);

/* The address of SSH_CONNECTION, "CLIENT PORT SERVER PORT". Returns 0 or -ENOENT. */
int sessions_own(struct addr *ret);
/* Whether that is in the same unit (addr_unit). */
bool sessions_is_own(const struct addr *addr);

#endif
