/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/message.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int message_send(int socket, const void *data, size_t size, int fd)
{
	/* sendmsg(2) only reads it */
	struct iovec iov = { .iov_base = (void *)(uintptr_t)data, .iov_len = size };
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

/* Room for one descriptor to the byte: the kernel gives no more than fit, and CMSG_SPACE has
 * room for two (put_cmsg and scm_detach_fds, net/core/scm.c). */
ssize_t message_receive(int socket, void *data, size_t room, int *ret_fd)
{
	struct iovec iov = { .iov_base = data, .iov_len = room };
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
	if (size > 0 && !(message.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
		*ret_fd = fd;
		return size;
	}
	/* An empty packet looks like the end, but for what came with it. */
	if (fd >= 0)
		close(fd);
	return size == 0 && fd < 0 && !(message.msg_flags & MSG_CTRUNC) ? 0 : -EBADMSG;
}
