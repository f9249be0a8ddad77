/* SPDX-License-Identifier: Apache-2.0 */
/* porter_crowd - the programs that live, and how many of them serve one client.
 *
 * couriertcpd and inetd keep one host from taking every slot (MAXPERIP); whoever takes their place has to. A
 * client is an IPv4 address or an IPv6 /64 (base/addr.h).
 */
#ifndef WAVEBREAK_DAEMON_PORTER_CROWD_H
#define WAVEBREAK_DAEMON_PORTER_CROWD_H

#include "base/addr.h"

#include <sys/types.h>

struct porter_crowd;

/* At most `most` programs, `per_client` of them for one client (0: as many). Returns 0 or -errno. */
int porter_crowd_create(size_t most, size_t per_client, struct porter_crowd **ret);
void porter_crowd_destroy(struct porter_crowd *crowd);

/* Whether there may be one more for the client: 0, -EAGAIN when there are `most`, -EUSERS when it has its share. */
int porter_crowd_has_room(const struct porter_crowd *crowd, const struct addr *client);
size_t porter_crowd_count(const struct porter_crowd *crowd);

/* Without memory it is not counted against its client. */
void porter_crowd_add(struct porter_crowd *crowd, pid_t pid, const struct addr *client);
/* A child that was none of them changes nothing. */
void porter_crowd_remove(struct porter_crowd *crowd, pid_t pid);

#endif
