/* SPDX-License-Identifier: Apache-2.0 */
/* domain_name - whether a text can be a domain name: of a host, or of a DNS list.
 *
 * Pure.
 */
#ifndef WAVEBREAK_BASE_DOMAIN_NAME_H
#define WAVEBREAK_BASE_DOMAIN_NAME_H

#include "base/bytes.h"

#define DOMAIN_NAME_MOST 253 /* 255 octets on the wire (RFC 1035 section 2.3.4) */

/* At least one label, each of 1 to 63 letters, digits, '-' and '_'; no dot at the end. However many. */
bool domain_labels_are_good(struct bytes name);

/* The same, DOMAIN_NAME_MOST octets in all, and the last label is not all digits (RFC 1123 section 2.1):
 * "192.0.2.1" is an address and never a name. */
bool domain_name_is_good(struct bytes name);

#endif
