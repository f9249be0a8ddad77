/* SPDX-License-Identifier: Apache-2.0 */
#include "act/told.h"

static uint64_t settle_ms(const struct told *told, const struct sockdiag_socket *socket)
{
	const struct sockdiag_info *info = &socket->info;

	if (told->state == TOLD_WRITTEN)
		return TOLD_WRITTEN_SETTLE_MS;
	/* Who has said nothing is owed nothing but a greeting. */
	if (info->data_segments_received == 0)
		return TOLD_SPOKE_LAST_SETTLE_MS;
	if (info->data_sent_ago_ms < info->data_received_ago_ms)
		return TOLD_SPOKE_LAST_SETTLE_MS;
	if (info->data_sent_ago_ms > info->data_received_ago_ms)
		return TOLD_NEVER;
	/* In a dialogue one segment answers one, and the greeting was the first: the server is
	 * ahead by one exactly when nothing is owed; by two where the gate said the first line of the greeting.
	 * Pipelining blurs it, so it only helps here. */
	if (info->data_segments_sent > info->data_segments_received + socket->greeted_by_gate)
		return TOLD_SPOKE_LAST_SETTLE_MS;
	return TOLD_UNSURE_SETTLE_MS;
}

uint64_t told_look(struct told *told, const struct sockdiag_socket *socket, uint64_t now_ms)
{
	const struct sockdiag_info *info = &socket->info;
	uint64_t settle, quiet;

	if (told->state == TOLD_UNSEEN) {
		told->state = TOLD_LOOKED;
		told->bytes_written = info->bytes_written;
		told->quiet_since_ms = now_ms;
	} else if (info->bytes_written != told->bytes_written) {
		told->state = TOLD_WRITTEN;
		told->bytes_written = info->bytes_written;
		told->quiet_since_ms = now_ms;
	}
	if (socket->send_queue > 0) {
		told->quiet_since_ms = now_ms;
		return TOLD_NEVER;
	}
	settle = settle_ms(told, socket);
	quiet = now_ms - told->quiet_since_ms;
	if (settle == TOLD_NEVER)
		return TOLD_NEVER;
	return quiet < settle ? settle - quiet : 0;
}
