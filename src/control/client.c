/* SPDX-License-Identifier: Apache-2.0 */
#include "control/control.h"

#include "base/bytes.h"
#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Root asks, and what answers reads strangers all day: its lines have an end. */
#define LINE_MOST (1024 * 1024)

struct line_reader {
	int fd;
	int timeout_ms;
	size_t from, to; /* what was read and not yet given */
	char buffer[LINE_MOST];
};

/* Of connect and send; what is received waits in poll. */
static int set_patience(int fd, int timeout_ms)
{
	struct timeval patience = { .tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000 };

	return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0 ? -errno : 0;
}

static int connect_to(const char *path, int timeout_ms)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd, r;

	if (strlen(path) >= sizeof(sun.sun_path))
		return -ENAMETOOLONG;
	strcpy(sun.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	r = set_patience(fd, timeout_ms);
	/* A daemon that hangs leaves its backlog full. */
	if (r == 0 && connect(fd, (const struct sockaddr *)&sun, sizeof(sun)) < 0)
		r = errno == EAGAIN ? -ETIMEDOUT : -errno;
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

static int send_all(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t n = send(fd, data, size, MSG_NOSIGNAL);

		/* Who was turned away can still read why. */
		if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
			return 0;
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

static int send_request(int fd, const json_t *request)
{
	char *text = json_dumps(request, JSON_COMPACT | JSON_ENSURE_ASCII);
	size_t size;
	int r;

	if (!text)
		return -EINVAL;
	size = strlen(text);
	/* The newline takes the place of the NUL. */
	text[size] = '\n';
	r = size + 1 > CONTROL_REQUEST_MOST ? -EMSGSIZE : send_all(fd, text, size + 1);
	free(text);
	return r;
}

static int read_more(struct line_reader *in, uint64_t deadline_ms)
{
	struct pollfd p = { .fd = in->fd, .events = POLLIN };
	uint64_t now = clock_ms();
	ssize_t n;
	int r;

	if (in->from) {
		memmove(in->buffer, in->buffer + in->from, in->to - in->from);
		in->to -= in->from;
		in->from = 0;
	}
	if (in->to == sizeof(in->buffer))
		return -EPROTO;
	r = poll(&p, 1, deadline_ms > now ? (int)(deadline_ms - now) : 0);
	if (r < 0)
		return errno == EINTR ? 0 : -errno;
	if (r == 0)
		return -ETIMEDOUT;
	n = recv(in->fd, in->buffer + in->to, sizeof(in->buffer) - in->to, 0);
	if (n <= 0)
		return -EPROTO;
	in->to += (size_t)n;
	return 0;
}

static int next_line(struct line_reader *in, json_t **ret)
{
	uint64_t deadline_ms = clock_ms() + (uint64_t)in->timeout_ms;
	size_t looked_at = 0;

	for (;;) {
		struct bytes rest = bytes_make(in->buffer + in->from, in->to - in->from);
		size_t size = looked_at + bytes_find_char(bytes_skip(rest, looked_at), '\n');
		int r;

		if (size < rest.size) {
			in->from += size + 1;
			*ret = json_loadb(rest.data, size, 0, NULL);
			return json_is_object(*ret) ? 0 : -EPROTO;
		}
		looked_at = rest.size;
		r = read_more(in, deadline_ms);
		if (r < 0)
			return r;
	}
}

static int read_answer(int fd, int timeout_ms, control_line_fn *fn, void *data, json_t **ret_last)
{
	struct line_reader *in = malloc(sizeof(*in));
	json_t *object = NULL;
	int r;

	if (!in)
		return -ENOMEM;
	in->fd = fd;
	in->timeout_ms = timeout_ms;
	in->from = in->to = 0;
	for (;;) {
		r = next_line(in, &object);
		if (r < 0 || json_object_get(object, "ok"))
			break;
		if (fn)
			fn(data, object);
		json_decref(object);
		object = NULL;
	}
	free(in);
	if (r < 0)
		json_decref(object);
	else
		*ret_last = object;
	return r;
}

int control_ask(const char *socket_path, json_t *request, int timeout_ms, control_line_fn *line, void *data,
		json_t **ret_last)
{
	int fd = connect_to(socket_path, timeout_ms), r = fd;

	if (fd >= 0) {
		r = send_request(fd, request);
		if (r == 0)
			r = read_answer(fd, timeout_ms, line, data, ret_last);
		close(fd);
	}
	json_decref(request);
	return r;
}
