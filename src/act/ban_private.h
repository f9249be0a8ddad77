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
/* A replaced IPv6 ban is three elements. The set-up of the table fits into the second term. */
#define BAN_BUFFER_SIZE \
	(BAN_PART_MOST * (2 * NFT_ELEMENT_BYTES + NFT_ELEMENT_WITH_TIMEOUT_BYTES) + 16 * 1024)

#define BAN_TABLE_NAME "wavebreak"
#define BAN_SET4_NAME "ban4"
#define BAN_SET6_NAME "ban6"

struct table;

struct ban_table {
	int fd;
	struct ban_table_limits limits;
	bool owned;
	uint64_t table_handle;
	uint32_t sequence; /* the next message's */
	void *buffer;	   /* BAN_BUFFER_SIZE, for one batch at a time */
	struct table *seen; /* units of the part that is being put together */
};

static inline uint64_t ban_timeout_ms(uint64_t ms)
{
	return ms < BAN_SHORTEST_MS ? BAN_SHORTEST_MS : ms;
}

void ban_batch_begin(struct ban_table *ban, struct nft_batch *batch);
/* As nft_transaction_run. */
int ban_batch_run(struct ban_table *ban, struct nft_batch *batch, uint32_t *ret_refused_sequence);

#endif
