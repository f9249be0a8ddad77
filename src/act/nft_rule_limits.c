/* SPDX-License-Identifier: Apache-2.0 */
#include "act/nft_rule_parts.h"

#include <linux/netfilter.h>

static void leave_by_mark(struct nft_batch *b, const char *chain, uint32_t mark)
{
	size_t rule = nft_rule_begin(b, chain);

	nft_match_mark(&b->w, NFT_CMP_EQ, mark);
	nft_verdict(&b->w, NFT_RETURN, NULL);
	nft_rule_end(b, rule);
}

static void suspect_who_is_over(struct nft_batch *b, const struct nft_guard *g, const struct nft_family *family)
{
	size_t rule = nft_rule_begin(b, NFT_CHAIN_OVER_ADDRESS);

	nft_load_sender_unit(&b->w, family);
	nft_update(&b->w, family->suspect, g->suspect_for_ms, NULL);
	nft_rule_end(b, rule);
}

static void drop_and_count(struct nl_writer *w, const char *counter)
{
	nft_count(w, counter);
	nft_verdict(w, NF_DROP, NULL);
}

static void fill_over_address(struct nft_batch *b, const struct nft_guard *g)
{
	size_t rule;

	for (size_t f = 0; g->suspect_for_ms && f < NFT_FAMILIES; f++)
		suspect_who_is_over(b, g, &nft_families[f]);
	rule = nft_rule_begin(b, NFT_CHAIN_OVER_ADDRESS);
	drop_and_count(&b->w, NFT_GUARD_OVER_ADDRESS);
	nft_rule_end(b, rule);
}

static void limit_address(struct nft_batch *b, const char *chain, const struct nft_guard *g,
			  const struct nft_family *family)
{
	size_t rule = nft_rule_begin(b, chain);

	nft_load_sender(&b->w, family);
	nft_update(&b->w, family->rate, NFT_RATE_MEMORY_MS, &g->per_address);
	nft_verdict(&b->w, NFT_GOTO, NFT_CHAIN_OVER_ADDRESS);
	nft_rule_end(b, rule);
}

static void limit_network(struct nft_batch *b, const char *chain, const struct nft_guard *g,
			  const struct nft_family *family)
{
	size_t rule = nft_rule_begin(b, chain);

	nft_load_sender(&b->w, family);
	nft_keep_bits(&b->w, family->network_bits, family->address_size);
	nft_update(&b->w, family->net, NFT_RATE_MEMORY_MS, &g->per_network);
	drop_and_count(&b->w, NFT_GUARD_OVER_NETWORK);
	nft_rule_end(b, rule);
}

static void limit_all(struct nft_batch *b, const char *chain, const struct nft_guard *g)
{
	size_t rule = nft_rule_begin(b, chain);

	nft_over_rate(&b->w, &g->total);
	drop_and_count(&b->w, NFT_GUARD_OVER_TOTAL);
	nft_rule_end(b, rule);
}

void nft_limits_add(struct nft_batch *b, const char *chain, const struct nft_guard *g)
{
	size_t f;

	if (!g->per_address.per_second && !g->per_network.per_second && !g->total.per_second)
		return;
	if (g->own_mark)
		leave_by_mark(b, chain, g->own_mark);
	nft_pass_loopback(b, chain);
	for (f = 0; f < NFT_FAMILIES; f++)
		nft_pass_never(b, chain, &nft_families[f]);
	if (g->per_address.per_second)
		fill_over_address(b, g);
	for (f = 0; g->per_address.per_second && f < NFT_FAMILIES; f++)
		limit_address(b, chain, g, &nft_families[f]);
	for (f = 0; g->per_network.per_second && f < NFT_FAMILIES; f++)
		limit_network(b, chain, g, &nft_families[f]);
	if (g->total.per_second)
		limit_all(b, chain, g);
}
