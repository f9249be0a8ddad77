/* SPDX-License-Identifier: Apache-2.0 */
/* ban_private - what ban.c (the table) and ban_change.c (its elements) share. */
#ifndef WAVEBREAK_ACT_BAN_PRIVATE_H
#define WAVEBREAK_ACT_BAN_PRIVATE_H

#include "act/ban.h"
#include "act/nft_rule.h"
#include "act/nft_transaction.h"

/* Changes in one transaction. Bigger parts gain nothing (0.8 to 1.2 us an element from 512 to
 * 16384), and hold up everybody else who changes the firewall for longer. */
#define BAN_PART_MOST 1024
/* A replaced IPv6 ban is three elements, which is less than a list of prefixes; the set-up of the table fits into the
 * second term. Pages that are never written are no memory. */
#define BAN_BUFFER_SIZE (BAN_PREFIXES_MOST * NFT_INTERVAL_BYTES + 32 * 1024)
_Static_assert(BAN_PART_MOST * (2 * NFT_ELEMENT_BYTES + NFT_ELEMENT_WITH_TIMEOUT_BYTES) + 16 * 1024 <= BAN_BUFFER_SIZE,
	       "a part fits");

#define BAN_TABLE_NAME "wavebreak"
/* Not ours: a rehearsal has to work beside a running daemon. */
#define BAN_REHEARSAL_NAME "wavebreak-check"

struct table;

struct ban_table {
	int fd;
	struct ban_table_limits limits;
	bool owned;
	uint64_t table_handle;
	uint32_t sequence; /* the next message's */
	void *buffer;	   /* BAN_BUFFER_SIZE, for one batch at a time */
	struct table *seen; /* struct ban_key: of the part that is being put together */
	struct ban_lacks lacks;
	struct nft_guard guard; /* the rules that are in force */
};

struct ban_key {
	struct addr unit;
	uint8_t list;
};

static inline uint64_t ban_timeout_ms(uint64_t ms)
{
	return ms < BAN_SHORTEST_MS ? BAN_SHORTEST_MS : ms;
}

void ban_batch_begin(struct ban_table *ban, struct nft_batch *batch);
/* As nft_transaction_run. */
int ban_batch_run(struct ban_table *ban, struct nft_batch *batch, uint32_t *ret_refused_sequence);
/* A refusal is counted. */
int ban_batch_commit(struct ban_table *ban, struct nft_batch *batch);

/* ban.c: for the probes. */
int ban_open(const struct ban_table_limits *limits, struct ban_table **ret);
void ban_close(struct ban_table *ban);
/* The rules for these limits, but for the parts that are lacking. */
struct nft_guard ban_guard(const struct ban_table *ban, const struct ban_lacks *lacks);
void ban_put_table(const struct ban_table *ban, const struct nft_guard *guard, struct nft_batch *batch, bool owned);

#endif
