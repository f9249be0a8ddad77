/* SPDX-License-Identifier: Apache-2.0 */
/* nft_rule_parts - what the files nft_rule*.c share. */
#ifndef WAVEBREAK_ACT_NFT_RULE_PARTS_H
#define WAVEBREAK_ACT_NFT_RULE_PARTS_H

#include "act/nft_rule.h"

/* Where the address of the sender is, and the sets that know it. */
struct nft_family {
	uint8_t protocol; /* NFPROTO_* */
	uint8_t address_offset, address_size;
	uint8_t unit_bits[16];	  /* of an address: what is banned or suspected */
	uint8_t network_bits[16]; /* what limits.per_network is about */
	bool whole_unit;	  /* it is the whole address */
	const char *ban, *suspect, *network, *never, *rate, *net;
};

/* Of lo, in every network namespace (LOOPBACK_IFINDEX, <net/flow.h>). */
#define NFT_LOOPBACK_INDEX 1U

#define NFT_FAMILIES 2
extern const struct nft_family nft_families[NFT_FAMILIES];

/* The sender's address, or its unit; ends the rule for the other family. */
void nft_load_sender(struct nl_writer *w, const struct nft_family *family);
void nft_load_sender_unit(struct nl_writer *w, const struct nft_family *family);
/* Ends the rule for what does not ask for a new connection. */
void nft_match_opening(struct nl_writer *w);
/* Ends the rule for what has our mark (NFT_CMP_NEQ), or has not (NFT_CMP_EQ). */
void nft_match_mark(struct nl_writer *w, enum nft_cmp_ops op, uint32_t mark);
/* Leaves the chain for what comes from this host. */
void nft_pass_loopback(struct nft_batch *batch, const char *chain);
/* Leaves the chain for who is never banned. */
void nft_pass_never(struct nft_batch *batch, const char *chain, const struct nft_family *family);

/* nft_rule_limits.c: the chain over_address, and at the end of `chain` what leads to it. */
#define NFT_CHAIN_OVER_ADDRESS "over_address"
void nft_limits_add(struct nft_batch *batch, const char *chain, const struct nft_guard *guard);

/* nft_rule_steer.c: the chains with their hook, their rules, and all of it away. */
void nft_steer_add_chains(struct nft_batch *batch);
void nft_steer_add_rules(struct nft_batch *batch, const struct nft_guard *guard);
void nft_steer_flush(struct nft_batch *batch);
void nft_steer_delete_chains(struct nft_batch *batch);

#endif
