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

/* Room for one descriptor to the byte: the kernel gives no more than fit, and CMSG_SPACE has
 * room for two (put_cmsg and scm_detach_fds, net/core/scm.c). */
static int received_fd(struct msghdr *message)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(message);
	int fd = -1;

	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

static bool is_whole(const struct packet *packet, size_t size, int flags)
{
	size_t item = size < sizeof(packet->head) ? 0 : item_size(packet->head.kind);

	return item && !(flags & (MSG_TRUNC | MSG_CTRUNC)) && packet->head.count <= items_most(packet->head.kind) &&
	       size == sizeof(packet->head) + packet->head.count * item;
}

int packet_receive(int socket, struct packet *packet, int *ret_fd)
{
	struct iovec iov = { .iov_base = packet, .iov_len = sizeof(*packet) };
	union {
		struct cmsghdr align;
		char room[CMSG_LEN(sizeof(int))];
	} control;
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.room,
				  .msg_controllen = sizeof(control.room) };
	ssize_t size = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	int fd;

	*ret_fd = -1;
	if (size < 0)
		return errno == ECONNRESET ? 0 : -errno;
	fd = received_fd(&message);
	if (size > 0 && is_whole(packet, (size_t)size, message.msg_flags)) {
		*ret_fd = fd;
		return 1;
	}
	/* An empty packet looks like the end, but for what came with it. */
	if (fd >= 0)
		close(fd);
	return size == 0 && fd < 0 && !(message.msg_flags & MSG_CTRUNC) ? 0 : -EBADMSG;
}
