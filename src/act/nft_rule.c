/* SPDX-License-Identifier: Apache-2.0 */
#include "act/nft_rule.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>

/* Before the administrator's own filter (priority 0), so that a banned client costs least
 * and his rules need not know of us. */
#define CHAIN_PRIORITY (-10)

/* Each expression of a rule works on one register, loaded by the one before. */
#define REGISTER NFT_REG_1

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

static void load_meta(struct nl_writer *w, enum nft_meta_keys key)
{
	struct expression e = expression_begin(w, "meta");

	nl_put_be32(w, NFTA_META_KEY, key);
	nl_put_be32(w, NFTA_META_DREG, REGISTER);
	expression_end(w, e);
}

static void load_payload(struct nl_writer *w, enum nft_payload_bases base, size_t offset,
			 size_t size)
{
	struct expression e = expression_begin(w, "payload");

	nl_put_be32(w, NFTA_PAYLOAD_DREG, REGISTER);
	nl_put_be32(w, NFTA_PAYLOAD_BASE, base);
	nl_put_be32(w, NFTA_PAYLOAD_OFFSET, (uint32_t)offset);
	nl_put_be32(w, NFTA_PAYLOAD_LEN, (uint32_t)size);
	expression_end(w, e);
}

static void keep_bits(struct nl_writer *w, const void *mask, size_t size)
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

static void compare_u8(struct nl_writer *w, uint8_t value)
{
	struct expression e = expression_begin(w, "cmp");

	nl_put_be32(w, NFTA_CMP_SREG, REGISTER);
	nl_put_be32(w, NFTA_CMP_OP, NFT_CMP_EQ);
	put_value(w, NFTA_CMP_DATA, &value, sizeof(value));
	expression_end(w, e);
}

static void look_up(struct nl_writer *w, const char *set)
{
	struct expression e = expression_begin(w, "lookup");

	nl_put_text(w, NFTA_LOOKUP_SET, set);
	nl_put_be32(w, NFTA_LOOKUP_SREG, REGISTER);
	expression_end(w, e);
}

static void update_timeout(struct nl_writer *w, const char *set, uint64_t timeout_ms)
{
	struct expression e = expression_begin(w, "dynset");

	nl_put_text(w, NFTA_DYNSET_SET_NAME, set);
	nl_put_be32(w, NFTA_DYNSET_OP, NFT_DYNSET_OP_UPDATE);
	nl_put_be32(w, NFTA_DYNSET_SREG_KEY, REGISTER);
	nl_put_be64(w, NFTA_DYNSET_TIMEOUT, timeout_ms);
	expression_end(w, e);
}

static void count(struct nl_writer *w, const char *counter)
{
	struct expression e = expression_begin(w, "objref");

	nl_put_be32(w, NFTA_OBJREF_IMM_TYPE, NFT_OBJECT_COUNTER);
	nl_put_text(w, NFTA_OBJREF_IMM_NAME, counter);
	expression_end(w, e);
}

/* `chain` for NFT_GOTO, else NULL. */
static void verdict(struct nl_writer *w, int code, const char *chain)
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

static size_t rule_begin(struct nft_batch *b, const char *chain)
{
	nft_message_begin(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
	nl_put_text(&b->w, NFTA_RULE_CHAIN, chain);
	return nl_nest_begin(&b->w, NFTA_RULE_EXPRESSIONS);
}

static void rule_end(struct nft_batch *b, size_t expressions)
{
	nl_nest_end(&b->w, expressions);
	nl_end(&b->w);
}

static void send_new_connections_to_banned(struct nft_batch *b, const struct nft_guard *g)
{
	static const uint8_t opening_bits = TH_SYN | TH_ACK;
	struct nl_writer *w = &b->w;
	size_t rule = rule_begin(b, g->input);

	/* What follows an IP header may be looked at as TCP only when it is. */
	load_meta(w, NFT_META_L4PROTO);
	compare_u8(w, IPPROTO_TCP);
	load_payload(w, NFT_PAYLOAD_TRANSPORT_HEADER, offsetof(struct tcphdr, th_flags), 1);
	keep_bits(w, &opening_bits, sizeof(opening_bits));
	compare_u8(w, TH_SYN);
	load_payload(w, NFT_PAYLOAD_TRANSPORT_HEADER, offsetof(struct tcphdr, th_dport), 2);
	look_up(w, g->ports);
	load_meta(w, NFT_META_L4PROTO);
	look_up(w, g->alive);
	verdict(w, NFT_GOTO, g->banned);
	rule_end(b, rule);
}

/* The rest of a drop rule, with the banned unit of the sender in the register. */
static void slide_and_drop(struct nl_writer *w, const struct nft_guard *g, const char *set)
{
	look_up(w, set);
	update_timeout(w, set, g->ban_for_ms);
	count(w, g->dropped);
	verdict(w, NF_DROP, NULL);
}

static void drop_banned_ipv4(struct nft_batch *b, const struct nft_guard *g)
{
	struct nl_writer *w = &b->w;
	size_t rule = rule_begin(b, g->banned);

	load_meta(w, NFT_META_NFPROTO);
	compare_u8(w, NFPROTO_IPV4);
	load_payload(w, NFT_PAYLOAD_NETWORK_HEADER, offsetof(struct iphdr, saddr), 4);
	slide_and_drop(w, g, g->ban4);
	rule_end(b, rule);
}

static void drop_banned_ipv6(struct nft_batch *b, const struct nft_guard *g)
{
	static const uint8_t first_64_bits[16] = { 255, 255, 255, 255, 255, 255, 255, 255 };
	struct nl_writer *w = &b->w;
	size_t rule = rule_begin(b, g->banned);

	load_meta(w, NFT_META_NFPROTO);
	compare_u8(w, NFPROTO_IPV6);
	load_payload(w, NFT_PAYLOAD_NETWORK_HEADER, offsetof(struct ip6_hdr, ip6_src), 16);
	keep_bits(w, first_64_bits, sizeof(first_64_bits));
	slide_and_drop(w, g, g->ban6);
	rule_end(b, rule);
}

static void add_drop_rules(struct nft_batch *b, const struct nft_guard *g)
{
	drop_banned_ipv4(b, g);
	drop_banned_ipv6(b, g);
}

static void add_input_chain(struct nft_batch *b, const struct nft_guard *g)
{
	struct nl_writer *w = &b->w;
	size_t hook;

	nft_message_begin(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL);
	nl_put_text(w, NFTA_CHAIN_NAME, g->input);
	hook = nl_nest_begin(w, NFTA_CHAIN_HOOK);
	nl_put_be32(w, NFTA_HOOK_HOOKNUM, NF_INET_LOCAL_IN);
	nl_put_be32(w, NFTA_HOOK_PRIORITY, (uint32_t)CHAIN_PRIORITY);
	nl_nest_end(w, hook);
	nl_put_be32(w, NFTA_CHAIN_POLICY, NF_ACCEPT);
	nl_put_text(w, NFTA_CHAIN_TYPE, "filter");
	nl_end(w);
}

static void add_banned_chain(struct nft_batch *b, const struct nft_guard *g)
{
	nft_message_begin(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_EXCL);
	nl_put_text(&b->w, NFTA_CHAIN_NAME, g->banned);
	nl_end(&b->w);
}

void nft_guard_add(struct nft_batch *b, const struct nft_guard *g)
{
	add_banned_chain(b, g);
	add_drop_rules(b, g);
	add_input_chain(b, g);
	send_new_connections_to_banned(b, g);
}

void nft_guard_replace(struct nft_batch *b, const struct nft_guard *g)
{
	nft_message_begin(b, NFT_MSG_DELRULE, 0);
	nl_put_text(&b->w, NFTA_RULE_CHAIN, g->banned);
	nl_end(&b->w);
	add_drop_rules(b, g);
}
