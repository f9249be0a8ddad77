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

struct control_question {
	int fd;
	size_t from, to;  /* what was read and not yet given */
	size_t looked_at; /* of that, without finding the end of a line */
	uint64_t lines;   /* that were given */
	char buffer[LINE_MOST];
};

/* Of connect and send; what is received waits in poll. */
static int set_patience(int fd, int timeout_ms)
{
	struct timeval patience = { .tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000 };

	return setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0 ? -errno : 0;
}

/* Without patience it does not wait at all. */
static int connect_to(const char *path, int timeout_ms)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd, r;

	if (strlen(path) >= sizeof(sun.sun_path))
		return -ENAMETOOLONG;
	strcpy(sun.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | (timeout_ms ? 0 : SOCK_NONBLOCK), 0);
	if (fd < 0)
		return -errno;
	r = timeout_ms ? set_patience(fd, timeout_ms) : 0;
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

static int read_more(struct control_question *q)
{
	ssize_t n;

	if (q->from) {
		memmove(q->buffer, q->buffer + q->from, q->to - q->from);
		q->to -= q->from;
		q->from = 0;
	}
	if (q->to == sizeof(q->buffer))
		return -EPROTO;
	n = recv(q->fd, q->buffer + q->to, sizeof(q->buffer) - q->to, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n <= 0)
		return -EPROTO;
	q->to += (size_t)n;
	return 1;
}

/* 1 with a line, 0 when none is complete, or -EPROTO. */
static int next_line(struct control_question *q, json_t **ret)
{
	struct bytes rest = bytes_make(q->buffer + q->from, q->to - q->from);
	size_t size = q->looked_at + bytes_find_char(bytes_skip(rest, q->looked_at), '\n');

	q->looked_at = size < rest.size ? 0 : rest.size;
	if (size == rest.size)
		return 0;
	q->from += size + 1;
	q->lines++;
	*ret = json_loadb(rest.data, size, 0, NULL);
	if (json_is_object(*ret))
		return 1;
	json_decref(*ret);
	return -EPROTO;
}

int control_question_read(struct control_question *q, control_line_fn *fn, void *data, json_t **ret_last)
{
	int more = read_more(q), r;
	json_t *object;

	while ((r = next_line(q, &object)) > 0) {
		if (json_object_get(object, "ok")) {
			*ret_last = object;
			return 1;
		}
		if (fn)
			fn(data, object);
		json_decref(object);
	}
	return r < 0 ? r : more < 0 ? more : 0;
}

static int open_question(const char *path, const json_t *request, int timeout_ms, struct control_question **ret)
{
	struct control_question *q = malloc(sizeof(*q));
	int r;

	if (!q)
		return -ENOMEM;
	q->fd = r = connect_to(path, timeout_ms);
	q->from = q->to = q->looked_at = q->lines = 0;
	if (r >= 0)
		r = send_request(q->fd, request);
	if (r < 0) {
		control_question_close(q);
		return r;
	}
	*ret = q;
	return 0;
}

int control_question_open(const char *socket_path, json_t *request, struct control_question **ret)
{
	int r = open_question(socket_path, request, 0, ret);

	json_decref(request);
	return r;
}

int control_question_fd(const struct control_question *q)
{
	return q->fd;
}

void control_question_close(struct control_question *q)
{
	if (!q)
		return;
	if (q->fd >= 0)
		close(q->fd);
	free(q);
}

/* 0, also when a signal came, or -errno. */
static int wait_for_more(const struct control_question *q, uint64_t deadline_ms)
{
	struct pollfd p = { .fd = q->fd, .events = POLLIN };
	uint64_t now = clock_ms();
	int r = poll(&p, 1, deadline_ms > now ? (int)(deadline_ms - now) : 0);

	if (r < 0)
		return errno == EINTR ? 0 : -errno;
	return r == 0 ? -ETIMEDOUT : 0;
}

int control_ask(const char *socket_path, json_t *request, int timeout_ms, control_line_fn *line, void *data,
		json_t **ret_last)
{
	struct control_question *q = NULL;
	int r = open_question(socket_path, request, timeout_ms, &q);

	json_decref(request);
	if (r == 0) {
		uint64_t deadline_ms = clock_ms() + (uint64_t)timeout_ms, lines = 0;

		while ((r = wait_for_more(q, deadline_ms)) == 0 &&
		       (r = control_question_read(q, line, data, ret_last)) == 0) {
			if (q->lines != lines)
				deadline_ms = clock_ms() + (uint64_t)timeout_ms;
			lines = q->lines;
		}
	}
	control_question_close(q);
	return r < 0 ? r : 0;
}
