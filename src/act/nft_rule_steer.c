/* SPDX-License-Identifier: Apache-2.0 */
#include "act/nft_rule_parts.h"

#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/rtnetlink.h>
#include <netinet/tcp.h>

#define CHAIN_STEER "steer"
#define CHAIN_STEERING "steering"
#define CHAIN_TO_GATE "to_gate"

void nft_steer_add_chains(struct nft_batch *b)
{
	nft_chain_add(b, CHAIN_TO_GATE);
	nft_chain_add(b, CHAIN_STEERING);
	nft_chain_add_hooked(b, CHAIN_STEER, NF_INET_PRE_ROUTING, NF_IP_PRI_MANGLE);
}

void nft_steer_flush(struct nft_batch *b)
{
	nft_chain_flush(b, CHAIN_STEER);
	nft_chain_flush(b, CHAIN_STEERING);
	nft_chain_flush(b, CHAIN_TO_GATE);
}

void nft_steer_delete_chains(struct nft_batch *b)
{
	nft_chain_delete(b, CHAIN_STEER);
	nft_chain_delete(b, CHAIN_STEERING);
	nft_chain_delete(b, CHAIN_TO_GATE);
}

static void look_at_guarded_ports(struct nft_batch *b, bool openings_alone)
{
	struct nl_writer *w = &b->w;
	size_t rule = nft_rule_begin(b, CHAIN_STEER);

	if (openings_alone) {
		nft_match_opening(w);
	} else {
		nft_load_meta(w, NFT_META_L4PROTO);
		nft_equals_u8(w, IPPROTO_TCP);
	}
	nft_load_payload(w, NFT_PAYLOAD_TRANSPORT_HEADER, offsetof(struct tcphdr, th_dport), 2);
	nft_look_up(w, NFT_GUARD_STEER_PORTS);
	nft_verdict(w, NFT_GOTO, CHAIN_STEERING);
	nft_rule_end(b, rule);
}

static void steer_those_in(struct nft_batch *b, const struct nft_family *family, const char *set, bool by_unit)
{
	size_t rule = nft_rule_begin(b, CHAIN_STEERING);

	if (by_unit)
		nft_load_sender_unit(&b->w, family);
	else
		nft_load_sender(&b->w, family);
	nft_look_up(&b->w, set);
	nft_verdict(&b->w, NFT_GOTO, CHAIN_TO_GATE);
	nft_rule_end(b, rule);
}

static void steer_all(struct nft_batch *b)
{
	size_t rule = nft_rule_begin(b, CHAIN_STEERING);

	nft_verdict(&b->w, NFT_GOTO, CHAIN_TO_GATE);
	nft_rule_end(b, rule);
}

/* Only the opening packet is counted, and only when there is a listener. */
static void lead_to_gate(struct nft_batch *b, const struct nft_guard *g, const struct nft_family *family, bool opening)
{
	static const uint32_t to_this_host = RTN_LOCAL;
	struct nl_writer *w = &b->w;
	size_t rule = nft_rule_begin(b, CHAIN_TO_GATE);

	if (opening)
		nft_match_opening(w);
	nft_load_meta(w, NFT_META_L4PROTO);
	nft_look_up(w, NFT_GUARD_STEERING);
	if (g->own_mark)
		nft_match_mark(w, NFT_CMP_NEQ, g->own_mark);
	nft_load_meta(w, NFT_META_NFPROTO);
	nft_equals_u8(w, family->protocol);
	nft_load_destination_type(w);
	nft_compare(w, NFT_CMP_EQ, &to_this_host, sizeof(to_this_host));
	nft_tproxy(w, family->protocol, g->steer_to);
	if (opening)
		nft_count(w, NFT_GUARD_STEERED);
	nft_verdict(w, NF_ACCEPT, NULL);
	nft_rule_end(b, rule);
}

void nft_steer_add_rules(struct nft_batch *b, const struct nft_guard *g)
{
	size_t f;

	/* What is from this host goes to the mail server, as the gate's own connections do. */
	nft_pass_loopback(b, CHAIN_TO_GATE);
	for (f = 0; f < NFT_FAMILIES; f++)
		nft_pass_never(b, CHAIN_TO_GATE, &nft_families[f]);
	for (f = 0; f < NFT_FAMILIES; f++) {
		lead_to_gate(b, g, &nft_families[f], true);
		if (g->steer_all)
			lead_to_gate(b, g, &nft_families[f], false);
	}
	for (f = 0; !g->steer_all && f < NFT_FAMILIES; f++) {
		steer_those_in(b, &nft_families[f], nft_families[f].suspect, true);
		steer_those_in(b, &nft_families[f], nft_families[f].network, false);
	}
	if (g->steer_all)
		steer_all(b);
	look_at_guarded_ports(b, !g->steer_all);
}
