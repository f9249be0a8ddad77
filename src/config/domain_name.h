/* SPDX-License-Identifier: Apache-2.0 */
/* domain_name - whether a text can be a domain name: of a host, or of a DNS list.
 *
 * Pure.
 */
#ifndef WAVEBREAK_CONFIG_DOMAIN_NAME_H
#define WAVEBREAK_CONFIG_DOMAIN_NAME_H

#include "base/bytes.h"

/* Labels of 1 to 63 letters, digits, '-' and '_', 253 octets in all, no dot at the end. The last label
 * is not all digits (RFC 1123 section 2.1): "192.0.2.1" is an address and never a name. */
bool domain_name_is_good(struct bytes name);

/* Upper and lower case are one (RFC 4343). */
bool domain_names_are_equal(struct bytes a, struct bytes b);

#endif
