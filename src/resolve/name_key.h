/* SPDX-License-Identifier: Apache-2.0 */
/* name_key - 16 bytes that stand for a name and a type.
 *
 * The cache holds hundreds of thousands of names, most of them only to say that they do not exist: it
 * keeps this in place of up to 253 octets. Clients choose the names that we ask for (by their
 * addresses), so two names with one key must not be to be found: SipHash-2-4 of 128 bits, under a
 * secret that is drawn at start. By chance, a million names have a pair in common once in 10^26 starts.
 */
#ifndef WAVEBREAK_RESOLVE_NAME_KEY_H
#define WAVEBREAK_RESOLVE_NAME_KEY_H

#include "wire/dns_message.h"

struct name_key {
	uint64_t halves[2];
};

struct name_secret {
	uint64_t halves[2];
};

/* Returns 0 or -errno. */
int name_secret_draw(struct name_secret *ret);

/* `name` is at most DNS_NAME_SIZE - 1 long; the case of its letters makes no difference (RFC 4343). */
struct name_key name_key_of(const struct name_secret *secret, struct bytes name, enum dns_type type);

/* SipHash-2-4 with a result of 128 bits, for the above. */
struct name_key name_key_hash(const struct name_secret *secret, struct bytes text);

#endif
