/* SPDX-License-Identifier: Apache-2.0 */
/* host - what must never be banned by the look of this machine: loopback, its own addresses, its
 * gateways and its resolvers, and the prefixes by which IPv4 clients reach it through a
 * translator. A guard that shuts these out stops mail by itself.
 *
 * Read from getifaddrs(3), /proc/net/route, /proc/net/ipv6_route, /etc/resolv.conf and what
 * systemd-resolved puts in its place.
 * What cannot be read is left out and said in the log; the rest still counts.
 */
#ifndef WAVEBREAK_SENSE_HOST_H
#define WAVEBREAK_SENSE_HOST_H

#include "base/prefix.h"

/* Adds all of it to the set, each entry with the words that say what it is
 * ("loopback", "address of eth0", "gateway", "resolver in /etc/resolv.conf").
 * Returns 0, HOST_INCOMPLETE, or -ENOMEM / -ENOSPC from the set. */
#define HOST_INCOMPLETE 1 /* something could not be read */
int host_protect(struct prefix_set *never);

/* Whether it is this machine's own, loopback's included, as a set says that this was added to. */
bool host_is_own(const struct prefix_set *never, const struct addr *addr);

/* The name by which this host speaks SMTP: that of /etc/mailname, as Debian's mail servers use it, else
 * the host's own; "localhost" where neither can be a domain name. Returns `name`. */
#define HOST_NAME_SIZE 254
const char *host_mail_name(char name[HOST_NAME_SIZE]);
/* The part that reads text: the first line of /etc/mailname. Returns 0, or -ENOENT. */
int host_name_of_mailname(struct bytes text, char name[HOST_NAME_SIZE]);

/* The parts that read text, for their tests: lines of /proc/net/route, of
 * /proc/net/ipv6_route and of resolv.conf. Return 0 and the address, or -ENOENT when the
 * line names none. */
int host_gateway4_of_line(struct bytes line, struct addr *ret);
int host_gateway6_of_line(struct bytes line, struct addr *ret);
int host_resolver_of_line(struct bytes line, struct addr *ret);

#endif
