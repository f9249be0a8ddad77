/* SPDX-License-Identifier: Apache-2.0 */
/* smtp_path - domains, address literals and paths (RFC 5321 sections 4.1.2 and 4.1.3), for those who
 * read what an SMTP client says. Pure.
 */
#ifndef WAVEBREAK_WIRE_SMTP_PATH_H
#define WAVEBREAK_WIRE_SMTP_PATH_H

#include "base/addr.h"

/* Section 4.5.3.1: octets, a local part with its quotes, a path with its < and > and its route. */
#define SMTP_LOCAL_PART_MOST 64
#define SMTP_DOMAIN_MOST 255
#define SMTP_PATH_MOST 256

struct smtp_path {
	bool has_route;
	struct bytes mailbox, local_part, domain; /* all empty for <>; domain empty for <Postmaster> */
};

/* Takes "<...>" off the front. False when there is none, and then nothing is taken. Whether a domain
 * has to be there is not asked. */
bool smtp_path_take(struct bytes *rest, struct smtp_path *ret);

/* A domain by its letters: an underscore is let through, because honest senders' hosts have it. */
bool smtp_domain_is_well(struct bytes domain);

/* "[192.0.2.1]" or "[IPv6:2001:db8::1]". No other literal has a tag that was ever registered. */
bool smtp_literal_read(struct bytes literal, struct addr *ret);

#endif
