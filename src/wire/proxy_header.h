/* SPDX-License-Identifier: Apache-2.0 */
/* proxy_header - the PROXY protocol's header, by which a mail server learns the client's own
 * address (proxy-protocol.txt of HAProxy, versions 1 and 2).
 *
 * Pure. Addresses of mixed families (an IPv4 client at a listener of IPv6) are written as IPv6, IPv4
 * as ::ffff:a.b.c.d, since a header names one family.
 */
#ifndef WAVEBREAK_WIRE_PROXY_HEADER_H
#define WAVEBREAK_WIRE_PROXY_HEADER_H

#include "base/addr.h"

/* Version 1: 107 characters at most (section 2.1). Version 2: 16 + 36 octets for IPv6. */
#define PROXY_HEADER_MOST 108

struct proxy_ends {
	struct addr client, local;
	uint16_t client_port, local_port;
};

/* `version` is 1 or 2. Returns the header's length. */
size_t proxy_header_write(unsigned version, const struct proxy_ends *ends, char header[PROXY_HEADER_MOST]);

#endif
