/* SPDX-License-Identifier: Apache-2.0 */
/* host - what of this machine must never be banned: loopback, its own addresses, its
 * gateways and its resolvers. A guard that shuts these out stops mail by itself.
 *
 * Read from getifaddrs(3), /proc/net/route, /proc/net/ipv6_route and /etc/resolv.conf.
 * What cannot be read is left out and said in the log; the rest still counts.
 */
#ifndef WAVEBREAK_SENSE_HOST_H
#define WAVEBREAK_SENSE_HOST_H

#include "base/prefix.h"

/* Adds all of it to the set, each entry with the words that say what it is
 * ("loopback", "address of eth0", "gateway", "resolver in /etc/resolv.conf").
 * Returns 0, or -ENOMEM / -ENOSPC from the set. */
int host_protect(struct prefix_set *never);

/* The parts that read text, for their tests: lines of /proc/net/route, of
 * /proc/net/ipv6_route and of resolv.conf. Return 0 and the address, or -ENOENT when the
 * line names none. */
int host_gateway4_of_line(struct bytes line, struct addr *ret);
int host_gateway6_of_line(struct bytes line, struct addr *ret);
int host_resolver_of_line(struct bytes line, struct addr *ret);

#endif
