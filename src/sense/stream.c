/* SPDX-License-Identifier: Apache-2.0 */
#include "sense/stream.h"

#include "event/loop.h"
#include "sense/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

struct stream {
	struct loop_fd *watch;
	const struct intake_calls *calls;
	void *data;
	int fd;
	bool may_read; /* once in this round: it would block the second time */
	struct lines lines;
};

static ssize_t read_once(void *source, char *buffer, size_t size)
{
	struct stream *s = source;
	ssize_t n;

	if (!s->may_read)
		return -EAGAIN;
	s->may_read = false;
	n = read(s->fd, buffer, size);
	return n < 0 ? -errno : n;
}

static void on_readable(void *data, int fd, uint32_t events)
{
	struct stream *s = data;
	bool any = false, cut;
	struct bytes text;
	int r;

	s->may_read = true;
	while ((r = lines_next(&s->lines, &text, &cut)) == 1) {
		s->calls->line(s->data, text, cut);
		any = true;
	}
	if (any)
		s->calls->batch_end(s->data);
	if (r == -EAGAIN || r == -EINTR)
		return;
	loop_fd_remove(s->watch);
	s->watch = NULL;
	s->calls->ended(s->data, r);
}

int stream_create(struct loop *loop, int fd, bool within, const struct intake_calls *calls, void *data,
		  struct stream **ret)
{
	struct stream *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	*s = (struct stream){ .calls = calls, .data = data, .fd = fd };
	r = lines_init_from(&s->lines, read_once, s);
	s->lines.skips = within;
	if (r == 0)
		r = loop_fd_add(loop, fd, EPOLLIN, on_readable, s, &s->watch);
	if (r < 0) {
		stream_destroy(s);
		return r;
	}
	*ret = s;
	return 0;
}

void stream_destroy(struct stream *s)
{
	if (!s)
		return;
	loop_fd_remove(s->watch);
	lines_clear(&s->lines);
	free(s);
}
