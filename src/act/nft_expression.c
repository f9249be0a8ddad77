/* SPDX-License-Identifier: Apache-2.0 */
#include "act/nft_expression.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>

#define REGISTER NFT_REG_1
#define SECOND_REGISTER NFT_REG_2

struct expression {
	size_t element, data;
};

static struct expression expression_begin(struct nl_writer *w, const char *name)
{
	struct expression e;

	e.element = nl_nest_begin(w, NFTA_LIST_ELEM);
	nl_put_text(w, NFTA_EXPR_NAME, name);
	e.data = nl_nest_begin(w, NFTA_EXPR_DATA);
	return e;
}

static void expression_end(struct nl_writer *w, struct expression e)
{
	nl_nest_end(w, e.data);
	nl_nest_end(w, e.element);
}

static void put_value(struct nl_writer *w, uint16_t attribute, const void *value, size_t size)
{
	size_t nest = nl_nest_begin(w, attribute);

	nl_put(w, NFTA_DATA_VALUE, value, size);
	nl_nest_end(w, nest);
}

void nft_chain_add(struct nft_batch *b, const char *chain)
{
	nft_message_begin(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL);
	nl_put_text(&b->w, NFTA_CHAIN_NAME, chain);
	nl_end(&b->w);
}

void nft_chain_add_hooked(struct nft_batch *b, const char *chain, uint32_t hook, int32_t priority)
{
	struct nl_writer *w = &b->w;
	size_t nest;

	nft_message_begin(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL);
	nl_put_text(w, NFTA_CHAIN_NAME, chain);
	nest = nl_nest_begin(w, NFTA_CHAIN_HOOK);
	nl_put_be32(w, NFTA_HOOK_HOOKNUM, hook);
	nl_put_be32(w, NFTA_HOOK_PRIORITY, (uint32_t)priority);
	nl_nest_end(w, nest);
	nl_put_be32(w, NFTA_CHAIN_POLICY, NF_ACCEPT);
	nl_put_text(w, NFTA_CHAIN_TYPE, "filter");
	nl_end(w);
}

void nft_chain_flush(struct nft_batch *b, const char *chain)
{
	nft_message_begin(b, NFT_MSG_DELRULE, 0);
	nl_put_text(&b->w, NFTA_RULE_CHAIN, chain);
	nl_end(&b->w);
}

void nft_chain_delete(struct nft_batch *b, const char *chain)
{
	nft_message_begin(b, NFT_MSG_DELCHAIN, 0);
	nl_put_text(&b->w, NFTA_CHAIN_NAME, chain);
	nl_end(&b->w);
}

size_t nft_rule_begin(struct nft_batch *b, const char *chain)
{
	nft_message_begin(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
	nl_put_text(&b->w, NFTA_RULE_CHAIN, chain);
	return nl_nest_begin(&b->w, NFTA_RULE_EXPRESSIONS);
}

void nft_rule_end(struct nft_batch *b, size_t rule)
{
	nl_nest_end(&b->w, rule);
	nl_end(&b->w);
}

void nft_load_meta(struct nl_writer *w, enum nft_meta_keys key)
{
	struct expression e = expression_begin(w, "meta");

	nl_put_be32(w, NFTA_META_KEY, key);
	nl_put_be32(w, NFTA_META_DREG, REGISTER);
	expression_end(w, e);
}

void nft_load_payload(struct nl_writer *w, enum nft_payload_bases base, size_t offset, size_t size)
{
	struct expression e = expression_begin(w, "payload");

	nl_put_be32(w, NFTA_PAYLOAD_DREG, REGISTER);
	nl_put_be32(w, NFTA_PAYLOAD_BASE, base);
	nl_put_be32(w, NFTA_PAYLOAD_OFFSET, (uint32_t)offset);
	nl_put_be32(w, NFTA_PAYLOAD_LEN, (uint32_t)size);
	expression_end(w, e);
}

void nft_load_destination_type(struct nl_writer *w)
{
	struct expression e = expression_begin(w, "fib");

	nl_put_be32(w, NFTA_FIB_DREG, REGISTER);
	nl_put_be32(w, NFTA_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
	nl_put_be32(w, NFTA_FIB_FLAGS, NFTA_FIB_F_DADDR);
	expression_end(w, e);
}

void nft_keep_bits(struct nl_writer *w, const void *mask, size_t size)
{
	static const uint8_t nothing[16];
	struct expression e = expression_begin(w, "bitwise");

	nl_put_be32(w, NFTA_BITWISE_SREG, REGISTER);
	nl_put_be32(w, NFTA_BITWISE_DREG, REGISTER);
	nl_put_be32(w, NFTA_BITWISE_LEN, (uint32_t)size);
	put_value(w, NFTA_BITWISE_MASK, mask, size);
	put_value(w, NFTA_BITWISE_XOR, nothing, size);
	expression_end(w, e);
}

void nft_compare(struct nl_writer *w, enum nft_cmp_ops op, const void *value, size_t size)
{
	struct expression e = expression_begin(w, "cmp");

	nl_put_be32(w, NFTA_CMP_SREG, REGISTER);
	nl_put_be32(w, NFTA_CMP_OP, op);
	put_value(w, NFTA_CMP_DATA, value, size);
	expression_end(w, e);
}

void nft_equals_u8(struct nl_writer *w, uint8_t value)
{
	nft_compare(w, NFT_CMP_EQ, &value, sizeof(value));
}

void nft_look_up(struct nl_writer *w, const char *set)
{
	struct expression e = expression_begin(w, "lookup");

	nl_put_text(w, NFTA_LOOKUP_SET, set);
	nl_put_be32(w, NFTA_LOOKUP_SREG, REGISTER);
	expression_end(w, e);
}

static void put_rate(struct nl_writer *w, const struct nft_rate *rate)
{
	nl_put_be64(w, NFTA_LIMIT_RATE, rate->per_second);
	nl_put_be64(w, NFTA_LIMIT_UNIT, 1);
	nl_put_be32(w, NFTA_LIMIT_BURST, rate->burst);
	nl_put_be32(w, NFTA_LIMIT_TYPE, NFT_LIMIT_PKTS);
	nl_put_be32(w, NFTA_LIMIT_FLAGS, NFT_LIMIT_F_INV);
}

void nft_update(struct nl_writer *w, const char *set, uint64_t timeout_ms, const struct nft_rate *rate)
{
	struct expression e = expression_begin(w, "dynset");
	size_t bucket, data;

	nl_put_text(w, NFTA_DYNSET_SET_NAME, set);
	nl_put_be32(w, NFTA_DYNSET_OP, NFT_DYNSET_OP_UPDATE);
	nl_put_be32(w, NFTA_DYNSET_SREG_KEY, REGISTER);
	nl_put_be64(w, NFTA_DYNSET_TIMEOUT, timeout_ms);
	if (rate) {
		nl_put_be32(w, NFTA_DYNSET_FLAGS, NFT_DYNSET_F_EXPR);
		bucket = nl_nest_begin(w, NFTA_DYNSET_EXPR);
		nl_put_text(w, NFTA_EXPR_NAME, "limit");
		data = nl_nest_begin(w, NFTA_EXPR_DATA);
		put_rate(w, rate);
		nl_nest_end(w, data);
		nl_nest_end(w, bucket);
	}
	expression_end(w, e);
}

void nft_over_rate(struct nl_writer *w, const struct nft_rate *rate)
{
	struct expression e = expression_begin(w, "limit");

	put_rate(w, rate);
	expression_end(w, e);
}

void nft_count(struct nl_writer *w, const char *counter)
{
	struct expression e = expression_begin(w, "objref");

	nl_put_be32(w, NFTA_OBJREF_IMM_TYPE, NFT_OBJECT_COUNTER);
	nl_put_text(w, NFTA_OBJREF_IMM_NAME, counter);
	expression_end(w, e);
}

void nft_verdict(struct nl_writer *w, int code, const char *chain)
{
	struct expression e = expression_begin(w, "immediate");
	size_t data, nest;

	nl_put_be32(w, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	data = nl_nest_begin(w, NFTA_IMMEDIATE_DATA);
	nest = nl_nest_begin(w, NFTA_DATA_VERDICT);
	nl_put_be32(w, NFTA_VERDICT_CODE, (uint32_t)code);
	if (chain)
		nl_put_text(w, NFTA_VERDICT_CHAIN, chain);
	nl_nest_end(w, nest);
	nl_nest_end(w, data);
	expression_end(w, e);
}

static void load_value(struct nl_writer *w, uint32_t to, const void *value, size_t size)
{
	struct expression e = expression_begin(w, "immediate");

	nl_put_be32(w, NFTA_IMMEDIATE_DREG, to);
	put_value(w, NFTA_IMMEDIATE_DATA, value, size);
	expression_end(w, e);
}

void nft_tproxy(struct nl_writer *w, uint8_t protocol, uint16_t port)
{
	static const uint8_t loopback4[4] = { 127, 0, 0, 1 }, loopback6[16] = { [15] = 1 };
	uint16_t port_in_order = htons(port);
	struct expression e;

	if (protocol == NFPROTO_IPV4)
		load_value(w, REGISTER, loopback4, sizeof(loopback4));
	else
		load_value(w, REGISTER, loopback6, sizeof(loopback6));
	load_value(w, SECOND_REGISTER, &port_in_order, sizeof(port_in_order));
	e = expression_begin(w, "tproxy");
	nl_put_be32(w, NFTA_TPROXY_FAMILY, protocol);
	nl_put_be32(w, NFTA_TPROXY_REG_ADDR, REGISTER);
	nl_put_be32(w, NFTA_TPROXY_REG_PORT, SECOND_REGISTER);
	expression_end(w, e);
}
