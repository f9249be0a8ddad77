/* SPDX-License-Identifier: Apache-2.0 */
#include "base/addr.h"

#include <arpa/inet.h>
#include <errno.h>

static const uint8_t v4_mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

struct addr addr_from_ipv4(const void *four_octets)
{
	struct addr addr = { .family = ADDR_IPV4 };

	memcpy(addr.octets, four_octets, 4);
	return addr;
}

struct addr addr_from_ipv6(const void *sixteen_octets)
{
	struct addr addr = { .family = ADDR_IPV6 };

	if (memcmp(sixteen_octets, v4_mapped, sizeof(v4_mapped)) == 0)
		return addr_from_ipv4((const uint8_t *)sixteen_octets + sizeof(v4_mapped));
	memcpy(addr.octets, sixteen_octets, 16);
	return addr;
}

int addr_from_sockaddr(const struct sockaddr *sa, socklen_t size, struct addr *ret)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (size >= sizeof(in) && sa->sa_family == AF_INET) {
		memcpy(&in, sa, sizeof(in));
		*ret = addr_from_ipv4(&in.sin_addr);
		return 0;
	}
	if (size >= sizeof(in6) && sa->sa_family == AF_INET6) {
		memcpy(&in6, sa, sizeof(in6));
		*ret = addr_from_ipv6(&in6.sin6_addr);
		return 0;
	}
	return -EAFNOSUPPORT;
}

socklen_t addr_to_sockaddr(const struct addr *addr, uint16_t port, struct sockaddr_storage *ret)
{
	struct sockaddr_in *in = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret;

	*ret = (struct sockaddr_storage){ 0 };
	if (addr->family == ADDR_IPV4) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		memcpy(&in->sin_addr, addr->octets, sizeof(in->sin_addr));
		return sizeof(*in);
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	memcpy(&in6->sin6_addr, addr->octets, sizeof(in6->sin6_addr));
	return sizeof(*in6);
}

int addr_parse(struct bytes text, struct addr *ret)
{
	char copy[ADDR_TEXT_SIZE];
	uint8_t octets[16];

	if (text.size == 0 || text.size >= sizeof(copy) || memchr(text.data, '\0', text.size))
		return -EINVAL;
	memcpy(copy, text.data, text.size);
	copy[text.size] = '\0';
	if (inet_pton(AF_INET, copy, octets) == 1)
		*ret = addr_from_ipv4(octets);
	else if (inet_pton(AF_INET6, copy, octets) == 1)
		*ret = addr_from_ipv6(octets);
	else
		return -EINVAL;
	return 0;
}

const char *addr_format(const struct addr *addr, char text[ADDR_TEXT_SIZE])
{
	int family = addr->family == ADDR_IPV4 ? AF_INET : AF_INET6;

	if (addr->family == ADDR_NONE || !inet_ntop(family, addr->octets, text, ADDR_TEXT_SIZE))
		strcpy(text, "-");
	return text;
}

bool addr_is_loopback(const struct addr *addr)
{
	static const uint8_t one[sizeof(addr->octets)] = { [15] = 1 };

	return addr->family == ADDR_IPV4 ? addr->octets[0] == 127 :
					   addr->family == ADDR_IPV6 && memcmp(addr->octets, one, sizeof(one)) == 0;
}

struct addr addr_unit(const struct addr *addr)
{
	struct addr unit = *addr;

	if (unit.family == ADDR_IPV6)
		memset(unit.octets + 8, 0, 8);
	return unit;
}

const char *addr_unit_format(const struct addr *unit, char text[ADDR_UNIT_TEXT_SIZE])
{
	addr_format(unit, text);
	if (unit->family == ADDR_IPV6)
		strcat(text, "/64");
	return text;
}
