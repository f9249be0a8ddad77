/* SPDX-License-Identifier: Apache-2.0 */
#include "sense/datagrams.h"

#include "event/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* Between two looks at the other descriptors of the loop. */
#define ROUND_MOST 256

struct datagrams {
	struct loop_fd *watch;
	const struct intake_calls *calls;
	void *data;
	char buffer[DATAGRAM_MOST];
};

static void on_socket(void *data, int socket, uint32_t events)
{
	struct datagrams *d = data;
	ssize_t size = 0;
	int count = 0;

	for (; count < ROUND_MOST; count++) {
		struct bytes text;

		size = recv(socket, d->buffer, sizeof(d->buffer), MSG_DONTWAIT | MSG_TRUNC);
		if (size < 0)
			break;
		text = bytes_first(bytes_make(d->buffer, sizeof(d->buffer)), (size_t)size);
		if (text.size && text.data[text.size - 1] == '\n')
			text.size--;
		d->calls->line(d->data, text, (size_t)size > sizeof(d->buffer));
	}
	if (count)
		d->calls->batch_end(d->data);
	if (size < 0 && errno != EAGAIN && errno != EINTR) {
		int error = -errno;

		loop_fd_remove(d->watch);
		d->watch = NULL;
		d->calls->ended(d->data, error);
	}
}

int datagrams_create(struct loop *loop, int socket, const struct intake_calls *calls, void *data,
		     struct datagrams **ret)
{
	struct datagrams *d = malloc(sizeof(*d));
	int r;

	if (!d)
		return -ENOMEM;
	d->calls = calls;
	d->data = data;
	r = loop_fd_add(loop, socket, EPOLLIN, on_socket, d, &d->watch);
	if (r < 0) {
		free(d);
		return r;
	}
	*ret = d;
	return 0;
}

void datagrams_destroy(struct datagrams *d)
{
	if (!d)
		return;
	loop_fd_remove(d->watch);
	free(d);
}
