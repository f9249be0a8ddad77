/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/dns_message.h"

#include "base/domain_name.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

#define NAME_TEXT_MOST (DNS_NAME_SIZE - 1)

bool dns_name_is_well(struct bytes name)
{
	return name.size <= NAME_TEXT_MOST && domain_labels_are_good(name);
}

/* Octets of IPv4, nibbles of IPv6, the last one first and a dot behind each. Returns the size. */
static size_t write_reversed(const struct addr *addr, char *out)
{
	static const char hex[] = "0123456789abcdef";
	size_t used = 0;

	assert(addr->family != ADDR_NONE);
	if (addr->family == ADDR_IPV4)
		return (size_t)sprintf(out, "%u.%u.%u.%u.", addr->octets[3], addr->octets[2], addr->octets[1],
				       addr->octets[0]);
	for (size_t i = 16; i-- > 0;) {
		out[used++] = hex[addr->octets[i] & 15];
		out[used++] = '.';
		out[used++] = hex[addr->octets[i] >> 4];
		out[used++] = '.';
	}
	return used;
}

int dns_list_name(const struct addr *client, struct bytes zone, char name[DNS_NAME_SIZE])
{
	size_t used = write_reversed(client, name);

	if (zone.size > NAME_TEXT_MOST - used)
		return -ENAMETOOLONG;
	memcpy(name + used, zone.data, zone.size);
	name[used + zone.size] = '\0';
	return 0;
}

void dns_reverse_name(const struct addr *client, char name[DNS_NAME_SIZE])
{
	strcpy(name + write_reversed(client, name), client->family == ADDR_IPV4 ? "in-addr.arpa" : "ip6.arpa");
}
