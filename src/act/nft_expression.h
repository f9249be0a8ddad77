/* SPDX-License-Identifier: Apache-2.0 */
/* nft_expression - what rules are made of: chains, rules and their expressions, as nf_tables messages. No I/O.
 *
 * A rule is read from left to right; the first expression that does not hold ends it. Each expression works on
 * one register, which the one before has loaded. Attributes are those of <linux/netfilter/nf_tables.h>.
 */
#ifndef WAVEBREAK_ACT_NFT_EXPRESSION_H
#define WAVEBREAK_ACT_NFT_EXPRESSION_H

#include "act/nft_message.h"

#include <linux/netfilter/nf_tables.h>

/* A chain that others jump to. */
void nft_chain_add(struct nft_batch *batch, const char *chain);
/* One that packets come to at a hook (NF_INET_*), and that lets in what it says nothing of. */
void nft_chain_add_hooked(struct nft_batch *batch, const char *chain, uint32_t hook, int32_t priority);
/* Takes all its rules out. */
void nft_chain_flush(struct nft_batch *batch, const char *chain);
/* It has to be empty and nobody's goal. */
void nft_chain_delete(struct nft_batch *batch, const char *chain);

/* A rule at the end of a chain. Returns what nft_rule_end has to be given. */
size_t nft_rule_begin(struct nft_batch *batch, const char *chain);
void nft_rule_end(struct nft_batch *batch, size_t rule);

/* Loads. */
void nft_load_meta(struct nl_writer *w, enum nft_meta_keys key);
void nft_load_payload(struct nl_writer *w, enum nft_payload_bases base, size_t offset, size_t size);
/* What the host's routes say of the destination (RTN_LOCAL: it is one of its own addresses), 4 bytes. */
void nft_load_destination_type(struct nl_writer *w);

/* Works on what is loaded. */
void nft_keep_bits(struct nl_writer *w, const void *mask, size_t size);
void nft_compare(struct nl_writer *w, enum nft_cmp_ops op, const void *value, size_t size);
void nft_equals_u8(struct nl_writer *w, uint8_t value);
void nft_look_up(struct nl_writer *w, const char *set);

/* So many packets a second in the long run, and so many at once. */
struct nft_rate {
	uint32_t per_second; /* 0: no bound */
	uint32_t burst;
};

/* Puts what is loaded into the set, or starts its timeout again. With a rate, each element has a bucket of its
 * own, and the rule goes on only for what is over the rate. A set that is full ends the rule. */
void nft_update(struct nl_writer *w, const char *set, uint64_t timeout_ms, const struct nft_rate *rate_or_null);
/* The same as nft_update's rate, with one bucket for all. */
void nft_over_rate(struct nl_writer *w, const struct nft_rate *rate);

void nft_count(struct nl_writer *w, const char *counter);
/* NF_DROP, NF_ACCEPT, NFT_RETURN; `chain` for NFT_GOTO, else NULL. */
void nft_verdict(struct nl_writer *w, int code, const char *chain);
/* To a socket that listens at loopback's `port` (NFPROTO_IPV4 or NFPROTO_IPV6). Without one the rule ends. */
void nft_tproxy(struct nl_writer *w, uint8_t protocol, uint16_t port);

#endif
