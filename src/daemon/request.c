/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/request.h"

#include "daemon/message.h"

#include <errno.h>
#include <unistd.h>

static size_t item_size(uint32_t kind)
{
	switch (kind) {
	case PACKET_REQUESTS:
		return sizeof(struct request);
	case PACKET_OPEN_LOG:
		return sizeof(struct log_request);
	case PACKET_ANSWERS:
	case PACKET_LOG:
		return sizeof(struct answer);
	case PACKET_NEVER:
		return sizeof(struct prefix_entry);
	}
	return 0;
}

static size_t items_most(uint32_t kind)
{
	switch (kind) {
	case PACKET_OPEN_LOG:
		return 1;
	case PACKET_NEVER:
		return PACKET_ENTRIES_MOST;
	}
	return PACKET_ITEMS_MOST;
}

int packet_send(int socket, const struct packet *packet, int fd)
{
	return message_send(socket, packet, sizeof(packet->head) + packet->head.count * item_size(packet->head.kind), fd);
}

static bool is_whole(const struct packet *packet, size_t size)
{
	size_t item = size < sizeof(packet->head) ? 0 : item_size(packet->head.kind);

	return item && packet->head.count <= items_most(packet->head.kind) &&
	       size == sizeof(packet->head) + packet->head.count * item;
}

int packet_receive(int socket, struct packet *packet, int *ret_fd)
{
	ssize_t size = message_receive(socket, packet, sizeof(*packet), ret_fd);

	if (size <= 0)
		return (int)size;
	if (is_whole(packet, (size_t)size))
		return 1;
	if (*ret_fd >= 0)
		close(*ret_fd);
	*ret_fd = -1;
	return -EBADMSG;
}
