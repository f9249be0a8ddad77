/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/request.h"

#include <errno.h>
#include <sys/socket.h>
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
	struct iovec iov = {
		/* sendmsg(2) only reads it */
		.iov_base = (void *)(uintptr_t)packet,
		.iov_len = sizeof(packet->head) + packet->head.count * item_size(packet->head.kind),
	};
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd >= 0) {
		struct cmsghdr *c;

		message.msg_control = control.room;
		message.msg_controllen = sizeof(control.room);
		c = CMSG_FIRSTHDR(&message);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	return sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

static int received_fd(struct msghdr *message)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(message);
	int fd = -1;

	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

int packet_receive(int socket, struct packet *packet, int *ret_fd)
{
	struct iovec iov = { .iov_base = packet, .iov_len = sizeof(*packet) };
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.room,
				  .msg_controllen = sizeof(control.room) };
	ssize_t size = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

	*ret_fd = -1;
	if (size < 0)
		return errno == ECONNRESET ? 0 : -errno;
	if (size == 0)
		return 0;
	*ret_fd = received_fd(&message);
	if ((size_t)size >= sizeof(packet->head) && packet->head.count <= items_most(packet->head.kind) &&
	    item_size(packet->head.kind) &&
	    (size_t)size == sizeof(packet->head) + packet->head.count * item_size(packet->head.kind))
		return 1;
	if (*ret_fd >= 0)
		close(*ret_fd);
	*ret_fd = -1;
	return -EBADMSG;
}
