/* SPDX-License-Identifier: Apache-2.0 */
/* nft_rule - the rules that turn banned clients away, as nf_tables messages. No I/O.
 *
 * As `nft list table inet wavebreak` shows them:
 *
 *	chain banned {
 *		ip saddr @ban4 update @ban4 { ip saddr timeout 10m } counter name "dropped" drop
 *		ip6 saddr & ffff:ffff:ffff:ffff:: == @ban6 update @ban6 { ... } counter name "dropped" drop
 *	}
 *	chain input {
 *		type filter hook input priority filter - 10; policy accept;
 *		tcp flags syn / syn,ack tcp dport @ports meta l4proto @alive goto banned
 *	}
 *
 * Only the packet that asks for a new connection is ever dropped: a live connection of a
 * banned client still has to acknowledge its 5xx, and is ended by eviction. That test
 * comes first, so every other packet on the host pays for one comparison and no lookup.
 * `alive` holds the one element "tcp" with a timeout of seconds: when the daemon hangs and
 * no longer refreshes it, nothing reaches `banned`. Every test is of the kind "what is so
 * goes on to be dropped", so what cannot be seen (a later fragment) is let in.
 *
 * ban6 holds /64 networks: the first half of an address with the second half zero.
 */
#ifndef WAVEBREAK_ACT_NFT_RULE_H
#define WAVEBREAK_ACT_NFT_RULE_H

#include "act/nft_message.h"

struct nft_guard {
	const char *input, *banned;		 /* chains */
	const char *alive, *ports, *ban4, *ban6; /* sets, made before the rules */
	const char *dropped;			 /* the counter, likewise */
	uint64_t ban_for_ms;			 /* the timeout a dropped client starts again with */
};

/* Both chains with their rules. */
void nft_guard_add(struct nft_batch *batch, const struct nft_guard *guard);
/* Exchanges the rules of `banned`, which are what depends on a setting; no packet sees the
 * chain empty. */
void nft_guard_replace(struct nft_batch *batch, const struct nft_guard *guard);

#endif
