/* SPDX-License-Identifier: Apache-2.0 */
/* ipset_message - what is said to ipset and what it answers, as bytes. No I/O.
 *
 * Commands and attributes are those of <linux/netfilter/ipset/ip_set.h>, over the netlink family of nf_tables;
 * numbers are big-endian and marked as such, times are seconds. Each message is a change of its own: there are
 * no transactions. Without NLM_F_EXCL, to add what is there writes it anew, and to delete what is not is no error.
 */
#ifndef WAVEBREAK_ACT_IPSET_MESSAGE_H
#define WAVEBREAK_ACT_IPSET_MESSAGE_H

#include "base/addr.h"
#include "wire/netlink.h"

#define IPSET_NAME_SIZE 32
#define IPSET_LONGEST_S 2147483U /* what the kernel's milliseconds hold */

/* Who matches a set: by hash:ip one address, by hash:net a network. */
struct ipset_kind {
	const char *type;
	bool ipv6;
};

void ipset_create_put(struct nl_writer *w, uint32_t sequence, const char *set, const struct ipset_kind *kind,
		      uint32_t most, uint32_t timeout_s);
void ipset_flush_put(struct nl_writer *w, uint32_t sequence, const char *set);
void ipset_destroy_put(struct nl_writer *w, uint32_t sequence, const char *set);
/* Asks for the set's head; answered by a message for ipset_read_head, or an error. */
void ipset_ask_head(struct nl_writer *w, uint32_t sequence, const char *set);

enum ipset_change { IPSET_PUT, IPSET_TAKE, IPSET_HAS };
/* IPSET_HAS is acknowledged when it is in the set; else it is the error that ipset_errno calls -EEXIST.
 * `length` 0: an address as such, for hash:ip. `timeout_s` is for IPSET_PUT; 0 is for ever. */
void ipset_change_put(struct nl_writer *w, uint32_t sequence, enum ipset_change change, const char *set,
		      const struct addr *unit, uint8_t length, uint32_t timeout_s);

struct ipset_head {
	char type[IPSET_NAME_SIZE];
	bool ipv6;
	bool timeout; /* elements may have one */
	uint32_t most;
	uint32_t references; /* rules, and sets of sets */
};

/* Returns 0, -EBADMSG, or the kernel's error by ipset_errno. -EAGAIN: the end of the answer, and no more. */
int ipset_read_head(const struct nl_message *answer, struct ipset_head *ret);

/* ipset has errors of its own beyond those of the system; they become the nearest of these. */
int ipset_errno(int error);

#endif
