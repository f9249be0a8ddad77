/* SPDX-License-Identifier: Apache-2.0 */
/* addr - an IPv4 or IPv6 address.
 *
 * IPv4 in IPv6 clothing (::ffff:192.0.2.1, RFC 4291 section 2.5.5.2) becomes IPv4
 * when it is made here, so that a client has one address however a log writes it.
 * Bytes are in network order; unused ones are zero, so two addresses are equal
 * exactly when their bytes are.
 */
#ifndef WAVEBREAK_BASE_ADDR_H
#define WAVEBREAK_BASE_ADDR_H

#include "base/bytes.h"

#include <netinet/in.h>
#include <sys/socket.h>

enum addr_family {
	ADDR_NONE = 0,
	ADDR_IPV4 = 4,
	ADDR_IPV6 = 6,
};

struct addr {
	uint8_t family; /* enum addr_family */
	uint8_t octets[16];
};

/* Longest text of an address with its NUL. */
#define ADDR_TEXT_SIZE 46

/* The whole of `text` has to be an address: no port, no brackets, no zone.
 * Returns 0 or -EINVAL. */
int addr_parse(struct bytes text, struct addr *ret);

struct addr addr_from_ipv4(const void *four_octets);
struct addr addr_from_ipv6(const void *sixteen_octets);
int addr_from_sockaddr(const struct sockaddr *sa, socklen_t size, struct addr *ret);
/* The other way; `port` is of host order. No address at all is the unspecified one of IPv6. Returns its size. */
socklen_t addr_to_sockaddr(const struct addr *addr, uint16_t port, struct sockaddr_storage *ret);

/* RFC 5952 form. Returns `text`. */
const char *addr_format(const struct addr *addr, char text[ADDR_TEXT_SIZE]);

static inline bool addr_equal(const struct addr *a, const struct addr *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* 127.0.0.0/8 (RFC 1122, section 3.2.1.3) and ::1. */
bool addr_is_loopback(const struct addr *addr);

/* The unit that is judged and banned: an IPv4 address, or an IPv6 /64, since one
 * subscriber has a /64 and can be any address in it (RFC 6177). */
struct addr addr_unit(const struct addr *addr);

/* "192.0.2.1" or "2001:db8:0:1::/64". Needs ADDR_TEXT_SIZE + 4 bytes. */
#define ADDR_UNIT_TEXT_SIZE (ADDR_TEXT_SIZE + 4)
const char *addr_unit_format(const struct addr *unit, char text[ADDR_UNIT_TEXT_SIZE]);

#endif
