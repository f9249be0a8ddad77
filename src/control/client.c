/* SPDX-License-Identifier: Apache-2.0 */
#include "control/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* The daemon is trusted more than its clients, but a line still has an end. */
#define LINE_MOST (1024 * 1024)

static int connect_to(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd, r;

	if (strlen(path) >= sizeof(sun.sun_path))
		return -ENAMETOOLONG;
	strcpy(sun.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&sun, sizeof(sun)) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	return fd;
}

static int send_request(int fd, json_t *request)
{
	char *text = json_dumps(request, JSON_COMPACT | JSON_ENSURE_ASCII), *line = NULL;
	int size, r = 0;

	json_decref(request);
	if (!text)
		return -EINVAL;
	size = asprintf(&line, "%s\n", text);
	free(text);
	if (size < 0)
		return -ENOMEM;
	/* Bounded by CONTROL_REQUEST_MOST, which a fresh socket buffer always takes whole. */
	if (send(fd, line, (size_t)size, MSG_NOSIGNAL) != size)
		r = -EPIPE;
	free(line);
	return r;
}

/* The socket's own receive timeout bounds the wait (SO_RCVTIMEO, set below). */
static int next_line(FILE *in, char **line, size_t *room, json_t **ret)
{
	ssize_t size = getline(line, room, in);

	if (size < 0 && ferror(in) && (errno == EAGAIN || errno == EWOULDBLOCK))
		return -ETIMEDOUT;
	if (size <= 0 || size > LINE_MOST)
		return -EPROTO;
	*ret = json_loadb(*line, (size_t)size, 0, NULL);
	return json_is_object(*ret) ? 0 : -EPROTO;
}

static int read_answer(int fd, int timeout_ms, control_line_fn *fn, void *data, json_t **ret_last)
{
	struct timeval patience = { .tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000 };
	FILE *in = fdopen(fd, "r");
	char *line = NULL;
	size_t room = 0;
	json_t *object = NULL;
	int r;

	if (!in) {
		close(fd);
		return -ENOMEM;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	for (;;) {
		r = next_line(in, &line, &room, &object);
		if (r < 0 || json_object_get(object, "ok"))
			break;
		if (fn)
			fn(data, object);
		json_decref(object);
		object = NULL;
	}
	free(line);
	fclose(in);
	if (r < 0)
		json_decref(object);
	else
		*ret_last = object;
	return r;
}

int control_ask(const char *socket_path, json_t *request, int timeout_ms, control_line_fn *line, void *data,
		json_t **ret_last)
{
	int fd = connect_to(socket_path), r;

	if (fd < 0) {
		json_decref(request);
		return fd;
	}
	r = send_request(fd, request);
	if (r < 0) {
		close(fd);
		return r;
	}
	return read_answer(fd, timeout_ms, line, data, ret_last);
}
