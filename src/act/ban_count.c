/* SPDX-License-Identifier: Apache-2.0 */
#include "act/ban_private.h"

#include <errno.h>

enum {
	ARRIVALS,
	BANNED,
	OVER_ADDRESS,
	OVER_NETWORK,
	OVER_TOTAL,
	STEERED,
	COUNTED
};

static const char *const counters[COUNTED] = {
	[ARRIVALS] = NFT_GUARD_ARRIVALS,	 [BANNED] = NFT_GUARD_DROPPED,
	[OVER_ADDRESS] = NFT_GUARD_OVER_ADDRESS, [OVER_NETWORK] = NFT_GUARD_OVER_NETWORK,
	[OVER_TOTAL] = NFT_GUARD_OVER_TOTAL,	 [STEERED] = NFT_GUARD_STEERED,
};

struct question {
	uint32_t first_sequence;
	uint64_t packets[COUNTED];
	size_t answered;
	int error;
};

static void take_counter(void *data, const struct nl_message *answer)
{
	struct question *question = data;
	uint32_t place = answer->sequence - question->first_sequence;
	int r;

	if (place >= COUNTED)
		return;
	r = nft_read_counter(answer, &question->packets[place]);
	if (r < 0 && question->error == 0)
		question->error = r;
	question->answered++;
}

int ban_counts(struct ban_table *ban, struct ban_counts *ret)
{
	struct question question = { .first_sequence = ban->sequence };
	struct nl_writer w;
	int r;

	nl_writer_init(&w, ban->buffer, BAN_BUFFER_SIZE);
	for (size_t i = 0; i < COUNTED; i++)
		nft_ask_counter(&w, ban->sequence++, BAN_TABLE_NAME, counters[i]);
	r = nft_questions_run(ban->fd, &w, take_counter, &question);
	if (r == 0)
		r = question.error;
	if (r == 0 && question.answered != COUNTED)
		r = -EIO;
	if (r < 0)
		return r;
	*ret = (struct ban_counts){
		.arrivals = question.packets[ARRIVALS],
		.banned = question.packets[BANNED],
		.over_address = question.packets[OVER_ADDRESS],
		.over_network = question.packets[OVER_NETWORK],
		.over_total = question.packets[OVER_TOTAL],
		.steered = question.packets[STEERED],
	};
	return 0;
}
