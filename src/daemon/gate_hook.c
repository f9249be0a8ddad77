/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/gate_hook.h"

#include "daemon/message.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static bool is_connection(int fd)
{
	int protocol = 0, listens = 1;
	socklen_t size = sizeof(protocol), listens_size = sizeof(listens);

	return getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) == 0 && protocol == IPPROTO_TCP &&
	       getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &listens_size) == 0 && !listens;
}

int gate_hook_receive(int socket, char text[GATE_HOOK_TEXT_MOST + 1], int *ret_fd)
{
	ssize_t size = message_receive(socket, text, GATE_HOOK_TEXT_MOST, ret_fd);

	if (size < 0)
		return size == -EINTR ? -EAGAIN : (int)size;
	text[size] = '\0';
	for (char *c = text; c < text + size; c++) {
		if (*c < ' ' || *c > '~')
			*c = '?';
	}
	if (*ret_fd >= 0 && is_connection(*ret_fd))
		return 1;
	if (*ret_fd >= 0)
		close(*ret_fd);
	*ret_fd = -1;
	return -EBADMSG;
}
