/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/proxy_header.h"

#include <assert.h>
#include <stdio.h>

#define V2_HEAD_SIZE 16
#define V2_PROXY 0x21     /* version 2, command PROXY */
#define V2_TCP_IPV4 0x11
#define V2_TCP_IPV6 0x21

_Static_assert(V2_HEAD_SIZE + 2 * 16 + 2 * 2 <= PROXY_HEADER_MOST, "version 2 fits");

static const char v2_signature[12] = { '\r', '\n', '\r', '\n', '\0', '\r', '\n', 'Q', 'U', 'I', 'T', '\n' };

static bool is_ipv4(const struct proxy_ends *ends)
{
	return ends->client.family == ADDR_IPV4 && ends->local.family == ADDR_IPV4;
}

/* In the form of the header's family, in which IPv4 may have to be clothed as IPv6. The dots are
 * what readers of log lines know, and what HAProxy itself writes. */
static const char *end_text(const struct addr *addr, bool ipv4, char text[ADDR_TEXT_SIZE])
{
	static const char clothes[] = "::ffff:";
	bool clothed = !ipv4 && addr->family == ADDR_IPV4;
	char bare[ADDR_TEXT_SIZE];

	if (!clothed)
		return addr_format(addr, text);
	memcpy(text, clothes, sizeof(clothes));
	strncat(text, addr_format(addr, bare), ADDR_TEXT_SIZE - sizeof(clothes));
	return text;
}

static size_t write_v1(const struct proxy_ends *ends, char *header)
{
	bool ipv4 = is_ipv4(ends);
	char client[ADDR_TEXT_SIZE], local[ADDR_TEXT_SIZE];
	int size = snprintf(header, PROXY_HEADER_MOST, "PROXY TCP%c %s %s %u %u\r\n", ipv4 ? '4' : '6',
			    end_text(&ends->client, ipv4, client), end_text(&ends->local, ipv4, local),
			    (unsigned)ends->client_port, (unsigned)ends->local_port);

	assert(size > 0 && size < PROXY_HEADER_MOST);
	return (size_t)size;
}

#define ADDR_SIZE(ipv4) ((ipv4) ? 4U : 16U)

static char *put_end(char *at, const struct addr *addr, bool ipv4)
{
	size_t size = ADDR_SIZE(ipv4);

	memset(at, 0, size);
	if (!ipv4 && addr->family == ADDR_IPV4) {
		at[10] = at[11] = (char)0xff;
		memcpy(at + 12, addr->octets, 4);
	} else {
		memcpy(at, addr->octets, size);
	}
	return at + size;
}

static char *put_be16(char *at, size_t value)
{
	at[0] = (char)(value >> 8 & 0xff);
	at[1] = (char)(value & 0xff);
	return at + 2;
}

static size_t write_v2(const struct proxy_ends *ends, char *header)
{
	bool ipv4 = is_ipv4(ends);
	char *at = header;

	memcpy(at, v2_signature, sizeof(v2_signature));
	at += sizeof(v2_signature);
	*at++ = V2_PROXY;
	*at++ = ipv4 ? V2_TCP_IPV4 : V2_TCP_IPV6;
	at = put_be16(at, 2 * ADDR_SIZE(ipv4) + 2 * sizeof(uint16_t));
	at = put_end(at, &ends->client, ipv4);
	at = put_end(at, &ends->local, ipv4);
	at = put_be16(at, ends->client_port);
	at = put_be16(at, ends->local_port);
	return (size_t)(at - header);
}

size_t proxy_header_write(unsigned version, const struct proxy_ends *ends, char header[PROXY_HEADER_MOST])
{
	assert(version == 1 || version == 2);
	assert(ends->client.family != ADDR_NONE && ends->local.family != ADDR_NONE);
	return version == 1 ? write_v1(ends, header) : write_v2(ends, header);
}
