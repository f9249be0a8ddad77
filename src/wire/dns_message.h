/* SPDX-License-Identifier: Apache-2.0 */
/* dns_message - names that ask about a client, and what a resolver's message says (RFC 1035 section
 * 4, RFC 5782).
 *
 * Pure. A message is hostile: every length is checked, a name that points forward or in circles is
 * broken, at most DNS_RECORDS_MOST records are looked at, and an answer to another question than ours
 * is none.
 */
#ifndef WAVEBREAK_WIRE_DNS_MESSAGE_H
#define WAVEBREAK_WIRE_DNS_MESSAGE_H

#include "base/addr.h"

/* A name as text without the last dot, with its NUL (RFC 1035 section 2.3.4: 255 octets on the wire). */
#define DNS_NAME_SIZE 254
#define DNS_RECORDS_MOST 64
#define DNS_ADDRESSES_MOST 8
#define DNS_TEXT_SIZE 256

enum dns_type { DNS_A = 1, DNS_PTR = 12, DNS_TXT = 16 };

/* "7.2.0.192.zone" of 192.0.2.7; of IPv6 32 nibbles (RFC 5782 sections 2.1, 2.4). `zone` is a domain
 * name. Returns 0, or -ENAMETOOLONG. */
int dns_list_name(const struct addr *client, struct bytes zone, char name[DNS_NAME_SIZE]);
/* in-addr.arpa or ip6.arpa (RFC 1035 section 3.5, RFC 3596 section 2.5). */
void dns_reverse_name(const struct addr *client, char name[DNS_NAME_SIZE]);
/* Labels as in base/domain_name.h, 253 octets at most. */
bool dns_name_is_well(struct bytes name);

enum dns_outcome {
	DNS_FOUND,     /* at least one record of the type asked for, of the name or of what it is an alias of */
	DNS_NO_DATA,   /* the name exists, such a record does not */
	DNS_NO_NAME,   /* NXDOMAIN */
	DNS_FAILED,    /* SERVFAIL, REFUSED and every other RCODE; also "nobody answered" */
	DNS_TRUNCATED, /* TC: to be asked again by TCP */
	DNS_BROKEN,    /* not a message, not an answer, not to this question, or an alias chain without end */
};

struct dns_answer {
	uint8_t outcome; /* enum dns_outcome */
	uint8_t address_count;
	uint8_t text_size;
	uint32_t ttl_s; /* the least of the records that were used; of NO_DATA and NO_NAME the SOA's, by
			 * RFC 2308 section 5, 0 when there is none */
	uint8_t addresses[DNS_ADDRESSES_MOST][4]; /* DNS_A: the first ones */
	char text[DNS_TEXT_SIZE];                 /* DNS_TXT: of the first record, its strings joined, what is
						   * not printable ASCII as '?'; ends with NUL */
};

/* `name` is compared without regard to case. Records of an alias chain (CNAME) count when the chain
 * begins at `name`. */
void dns_answer_read(struct bytes message, struct bytes name, enum dns_type type, struct dns_answer *ret);

#endif
