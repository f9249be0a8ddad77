/* SPDX-License-Identifier: Apache-2.0 */
#include "act/nft_rule.h"

#include "act/nft_rule_parts.h"

#include <linux/netfilter.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>

/* Before the administrator's own filter (priority 0), so that a banned client costs least
 * and his rules need not know of us. */
#define INPUT_PRIORITY (-10)

#define CHAIN_INPUT "input"
#define CHAIN_ARRIVING "arriving"

#define BITS_64 { 255, 255, 255, 255, 255, 255, 255, 255 }

const struct nft_family nft_families[NFT_FAMILIES] = {
	{
		.protocol = NFPROTO_IPV4,
		.address_offset = offsetof(struct iphdr, saddr),
		.address_size = 4,
		.unit_bits = { 255, 255, 255, 255 },
		.network_bits = { 255, 255, 255 },
		.whole_unit = true,
		.ban = NFT_GUARD_BAN4,
		.suspect = NFT_GUARD_SUSPECT4,
		.network = NFT_GUARD_NETWORK4,
		.never = NFT_GUARD_NEVER4,
		.rate = NFT_GUARD_RATE4,
		.net = NFT_GUARD_NET4,
	},
	{
		.protocol = NFPROTO_IPV6,
		.address_offset = offsetof(struct ip6_hdr, ip6_src),
		.address_size = 16,
		.unit_bits = BITS_64,
		.network_bits = BITS_64,
		.ban = NFT_GUARD_BAN6,
		.suspect = NFT_GUARD_SUSPECT6,
		.network = NFT_GUARD_NETWORK6,
		.never = NFT_GUARD_NEVER6,
		.rate = NFT_GUARD_RATE6,
		.net = NFT_GUARD_NET6,
	},
};

void nft_load_sender(struct nl_writer *w, const struct nft_family *family)
{
	nft_load_meta(w, NFT_META_NFPROTO);
	nft_equals_u8(w, family->protocol);
	nft_load_payload(w, NFT_PAYLOAD_NETWORK_HEADER, family->address_offset, family->address_size);
}

void nft_load_sender_unit(struct nl_writer *w, const struct nft_family *family)
{
	nft_load_sender(w, family);
	if (!family->whole_unit)
		nft_keep_bits(w, family->unit_bits, family->address_size);
}

void nft_match_opening(struct nl_writer *w)
{
	static const uint8_t opening_bits = TH_SYN | TH_ACK;

	/* What follows an IP header may be looked at as TCP only when it is. */
	nft_load_meta(w, NFT_META_L4PROTO);
	nft_equals_u8(w, IPPROTO_TCP);
	nft_load_payload(w, NFT_PAYLOAD_TRANSPORT_HEADER, offsetof(struct tcphdr, th_flags), 1);
	nft_keep_bits(w, &opening_bits, sizeof(opening_bits));
	nft_equals_u8(w, TH_SYN);
}

/* Marks are of the machine's byte order. */
void nft_match_mark(struct nl_writer *w, enum nft_cmp_ops op, uint32_t mark)
{
	nft_load_meta(w, NFT_META_MARK);
	nft_compare(w, op, &mark, sizeof(mark));
}

void nft_pass_loopback(struct nft_batch *b, const char *chain)
{
	static const uint32_t loopback = NFT_LOOPBACK_INDEX;
	size_t rule = nft_rule_begin(b, chain);

	nft_load_meta(&b->w, NFT_META_IIF);
	nft_compare(&b->w, NFT_CMP_EQ, &loopback, sizeof(loopback));
	nft_verdict(&b->w, NFT_RETURN, NULL);
	nft_rule_end(b, rule);
}

void nft_pass_never(struct nft_batch *b, const char *chain, const struct nft_family *family)
{
	size_t rule = nft_rule_begin(b, chain);

	nft_load_sender(&b->w, family);
	nft_look_up(&b->w, family->never);
	nft_verdict(&b->w, NFT_RETURN, NULL);
	nft_rule_end(b, rule);
}

static void send_new_connections_on(struct nft_batch *b)
{
	struct nl_writer *w = &b->w;
	size_t rule = nft_rule_begin(b, CHAIN_INPUT);

	nft_match_opening(w);
	nft_load_payload(w, NFT_PAYLOAD_TRANSPORT_HEADER, offsetof(struct tcphdr, th_dport), 2);
	nft_look_up(w, NFT_GUARD_PORTS);
	nft_load_meta(w, NFT_META_L4PROTO);
	nft_look_up(w, NFT_GUARD_ALIVE);
	nft_verdict(w, NFT_GOTO, CHAIN_ARRIVING);
	nft_rule_end(b, rule);
}

static void count_arrivals(struct nft_batch *b, const struct nft_guard *g)
{
	size_t rule = nft_rule_begin(b, CHAIN_ARRIVING);

	if (g->own_mark)
		nft_match_mark(&b->w, NFT_CMP_NEQ, g->own_mark);
	nft_count(&b->w, NFT_GUARD_ARRIVALS);
	nft_rule_end(b, rule);
}

static void drop_banned(struct nft_batch *b, const struct nft_guard *g, const struct nft_family *family)
{
	struct nl_writer *w = &b->w;
	size_t rule = nft_rule_begin(b, CHAIN_ARRIVING);

	nft_load_sender_unit(w, family);
	nft_look_up(w, family->ban);
	nft_update(w, family->ban, g->ban_for_ms, NULL);
	nft_count(w, NFT_GUARD_DROPPED);
	nft_verdict(w, NF_DROP, NULL);
	nft_rule_end(b, rule);
}

static void add_arriving_rules(struct nft_batch *b, const struct nft_guard *g)
{
	count_arrivals(b, g);
	for (size_t f = 0; f < NFT_FAMILIES; f++)
		drop_banned(b, g, &nft_families[f]);
	nft_limits_add(b, CHAIN_ARRIVING, g);
}

void nft_guard_add(struct nft_batch *b, const struct nft_guard *g)
{
	nft_chain_add(b, NFT_CHAIN_OVER_ADDRESS);
	nft_chain_add(b, CHAIN_ARRIVING);
	add_arriving_rules(b, g);
	nft_chain_add_hooked(b, CHAIN_INPUT, NF_INET_LOCAL_IN, INPUT_PRIORITY);
	send_new_connections_on(b);
	if (!g->steer)
		return;
	nft_steer_add_chains(b);
	nft_steer_add_rules(b, g);
}

void nft_guard_replace(struct nft_batch *b, const struct nft_guard *before, const struct nft_guard *g)
{
	nft_chain_flush(b, CHAIN_ARRIVING);
	nft_chain_flush(b, NFT_CHAIN_OVER_ADDRESS);
	add_arriving_rules(b, g);
	if (before->steer)
		nft_steer_flush(b);
	if (before->steer && !g->steer)
		nft_steer_delete_chains(b);
	if (!before->steer && g->steer)
		nft_steer_add_chains(b);
	if (g->steer)
		nft_steer_add_rules(b, g);
}
