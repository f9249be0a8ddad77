/* SPDX-License-Identifier: Apache-2.0 */
/* nft_message - what is said to nf_tables and what it answers, as bytes. No I/O.
 *
 * Everything a batch holds happens or nothing does: the kernel takes it as one transaction
 * and packets see either the state before or the one after. A batch is filled in a buffer
 * of the caller's; running out of room is remembered and reported by nft_batch_end. Each
 * message has a sequence number of its own, by which the kernel names it in an error.
 *
 * Attributes and their sizes are those of <linux/netfilter/nf_tables.h>; numbers are
 * big-endian, times are milliseconds as be64. The rules are built in nft_rule.h.
 */
#ifndef WAVEBREAK_ACT_NFT_MESSAGE_H
#define WAVEBREAK_ACT_NFT_MESSAGE_H

#include "base/addr.h"
#include "wire/netlink.h"

struct nft_batch {
	struct nl_writer w;
	const char *table;	  /* of family inet; what every message here is about */
	uint32_t first_sequence;  /* the number of the opening message */
	uint32_t next_sequence;
};

void nft_batch_begin(struct nft_batch *batch, const char *table, uint32_t sequence, void *buffer,
		     size_t room);
/* Returns 0 or -EMSGSIZE. */
int nft_batch_end(struct nft_batch *batch);
/* A batch that is not ended is taken as a rehearsal: the kernel checks every message,
 * answers as ever, and then undoes it all (nfnetlink aborts what has no end). */

/* Opens a message (NFT_MSG_*) about the batch's table; its attributes and nl_end follow. */
void nft_message_begin(struct nft_batch *batch, uint16_t message, uint16_t flags);

/* With `owned` (Linux 5.12) nobody but the socket that made the table can change it, and
 * the kernel removes it when that socket is closed. */
void nft_table_add(struct nft_batch *batch, bool owned);
void nft_table_delete(struct nft_batch *batch);

/* Names of the datatypes of nft(8): what `nft list` shows as the type of a set. The kernel
 * keeps the number without looking at it. */
enum nft_datatype {
	NFT_DATATYPE_IPV4_ADDR = 7,
	NFT_DATATYPE_IPV6_ADDR = 8,
	NFT_DATATYPE_INET_PROTO = 12,
	NFT_DATATYPE_INET_SERVICE = 13,
};

struct nft_set {
	const char *name;
	enum nft_datatype key_type;
	uint32_t key_size; /* bytes */
	uint32_t flags;	   /* NFT_SET_TIMEOUT, NFT_SET_EVAL */
	uint32_t most;	   /* elements; counts expired ones until they are swept */
	uint32_t sweep_ms; /* gc-interval; 0 for a set without timeouts */
};

void nft_set_add(struct nft_batch *batch, const struct nft_set *set);
/* Takes all elements out. */
void nft_set_flush(struct nft_batch *batch, const char *set);

/* A named counter, "counter NAME { }" in a listing. */
void nft_counter_add(struct nft_batch *batch, const char *counter);

/* A list of elements for one set. It takes as many messages as it needs, since an
 * attribute ends at 64 KiB. Adding an element that exists is no error, but does not start
 * its timeout again; deleting one that does not exist fails the batch. */
struct nft_elements {
	struct nft_batch *batch;
	const char *set;
	uint16_t message;
	bool open;
	size_t list;
};

void nft_elements_add(struct nft_elements *elements, struct nft_batch *batch, const char *set);
void nft_elements_delete(struct nft_elements *elements, struct nft_batch *batch, const char *set);
/* With timeout_ms 0 an added element stays for good; a deletion has none. */
void nft_elements_put(struct nft_elements *elements, const void *key, size_t key_size,
		      uint64_t timeout_ms);
/* From `first` to before `end`, for a set of intervals (NFT_SET_INTERVAL); NULL for one that reaches to the last
 * address there is. Intervals may neither overlap nor touch. */
void nft_elements_put_interval(struct nft_elements *elements, const void *first, const void *end, size_t key_size);
void nft_elements_end(struct nft_elements *elements);

/* The most bytes one element can take, for an IPv6 key without and with a timeout, for an interval, and what a
 * list costs beside its elements for each message. */
#define NFT_ELEMENT_BYTES 28
#define NFT_ELEMENT_WITH_TIMEOUT_BYTES 40
#define NFT_INTERVAL_BYTES 64
#define NFT_ELEMENTS_MESSAGE_BYTES 64

/* Questions, each a message by itself and no part of a transaction: they go into a writer
 * one after the other, and the answers carry their sequence numbers. */
void nft_ask_table(struct nl_writer *w, uint32_t sequence, const char *table);
void nft_ask_element(struct nl_writer *w, uint32_t sequence, const char *table, const char *set,
		     const void *key, size_t key_size);
/* All elements of a set, in as many answers as it takes, and NLMSG_DONE after them. */
void nft_ask_elements(struct nl_writer *w, uint32_t sequence, const char *table, const char *set);
void nft_ask_counter(struct nl_writer *w, uint32_t sequence, const char *table,
		     const char *counter);

/* Answers. Each returns 0, -EBADMSG when the message is of another kind or lacks what is
 * asked for, or the negative errno that the message carries (-ENOENT: there is none). */
struct nft_table_state {
	uint64_t handle; /* never given twice, so a table made anew is told apart */
	bool owned;
};
int nft_read_table(const struct nl_message *answer, struct nft_table_state *ret);
/* UINT64_MAX for an element without a timeout. */
int nft_read_element(const struct nl_message *answer, uint64_t *ret_remaining_ms);
/* The elements of an answer to nft_ask_elements; none where there is no list. */
int nft_read_elements(const struct nl_message *answer, struct bytes *ret_elements);
struct nft_element {
	struct bytes key;      /* in the message */
	uint64_t remaining_ms; /* UINT64_MAX without a timeout */
};
/* Takes the next one off. Returns 1, 0 at the end, -EBADMSG. */
int nft_next_element(struct bytes *elements, struct nft_element *ret);
int nft_read_counter(const struct nl_message *answer, uint64_t *ret_packets);

#endif
