/* SPDX-License-Identifier: Apache-2.0 */
#include "control/control.h"

#include "base/counter.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* A stream makes more lines only while less than this waits to be read, and no more than this
 * in one round of the loop: a client that reads fast must not hold up everything else. */
#define ANSWER_SLICE 32768

enum client_state {
	CLIENT_FREE,
	CLIENT_ASKING,    /* its request line is not complete */
	CLIENT_WAITING,   /* for an answer that comes later */
	CLIENT_READING,   /* the answer is on its way */
};

struct control_answer {
	struct control_server *server;
	enum client_state state;
	int fd;
	struct loop_fd *watch;
	struct loop_timer *idle;
	char *request;
	size_t request_size;
	char *out;
	size_t out_size, out_room;
	const struct control_stream_calls *stream;
	void *stream_state;
	void (*gone)(void *state); /* for who waits */
	void *gone_state;
};

struct control_server {
	struct loop *loop;
	int listener;
	struct loop_fd *watch;
	control_fn *fn;
	void *data;
	struct control_answer clients[CONTROL_CLIENTS_MOST];
};

static void end_stream(struct control_answer *c)
{
	if (c->stream)
		c->stream->done(c->stream_state);
	c->stream = NULL;
}

static void close_client(struct control_answer *c)
{
	end_stream(c);
	if (c->state == CLIENT_WAITING)
		c->gone(c->gone_state);
	loop_fd_remove(c->watch);
	loop_timer_destroy(c->idle);
	close(c->fd);
	free(c->request);
	free(c->out);
	*c = (struct control_answer){ .server = c->server, .state = CLIENT_FREE, .fd = -1 };
}

static int append(struct control_answer *c, const char *text, size_t size)
{
	size_t room = c->out_room ? c->out_room : 1024;
	char *grown;

	while (room < c->out_size + size)
		room *= 2;
	if (room != c->out_room) {
		grown = realloc(c->out, room);
		if (!grown)
			return -ENOMEM;
		c->out = grown;
		c->out_room = room;
	}
	memcpy(c->out + c->out_size, text, size);
	c->out_size += size;
	return 0;
}

static void push(struct control_answer *c);

static void put_line(struct control_answer *c, json_t *line)
{
	char *text = line ? json_dumps(line, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;

	json_decref(line);
	if (!text || append(c, text, strlen(text)) < 0 || append(c, "\n", 1) < 0)
		end_stream(c);
	free(text);
}

static void put_last_line(struct control_answer *c, json_t *line)
{
	bool waited = c->state == CLIENT_WAITING;

	if (waited)
		c->state = CLIENT_READING;
	put_line(c, line);
	if (waited)
		push(c);
}

void control_finish(struct control_answer *c, json_t *fields)
{
	if (!fields)
		fields = json_object();
	json_object_set_new(fields, "ok", json_true());
	put_last_line(c, fields);
}

void control_fail(struct control_answer *c, enum control_status status, const char *format, ...)
{
	char sentence[512];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	/* Half a character, where the sentence was cut, would be no JSON. */
	for (char *at = sentence; *at; at++) {
		if (*at < ' ' || *at > '~')
			*at = '?';
	}
	put_last_line(c, json_pack("{s:b, s:s, s:i}", "ok", 0, "error", sentence, "status", (int)status));
}

bool control_may_wait(const struct control_answer *c)
{
	return c->server;
}

void control_wait(struct control_answer *c, void (*gone)(void *), void *state)
{
	c->state = CLIENT_WAITING;
	c->gone = gone;
	c->gone_state = state;
}

void control_stream(struct control_answer *c, const struct control_stream_calls *calls, void *state)
{
	c->stream = calls;
	c->stream_state = state;
}

json_t *control_answer_here(control_fn *fn, void *data, const json_t *request)
{
	struct control_answer c = { .state = CLIENT_READING, .fd = -1 };
	json_t *last = NULL;

	fn(data, request, &c);
	if (!c.stream && c.out_size)
		last = json_loadb(c.out, c.out_size, 0, NULL);
	end_stream(&c);
	free(c.out);
	return last;
}

static void make_lines(struct control_answer *c)
{
	while (c->stream && c->out_size < ANSWER_SLICE) {
		json_t *line = c->stream->next(c->stream_state);

		if (json_is_null(line))
			break;
		if (line) {
			put_line(c, line);
		} else {
			end_stream(c);
			control_finish(c, NULL);
		}
	}
}

/* 0, or -errno when the client is gone. */
static int send_some(struct control_answer *c)
{
	ssize_t n;

	if (c->out_size == 0)
		return 0;
	n = send(c->fd, c->out, c->out_size, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	c->out_size -= (size_t)n;
	memmove(c->out, c->out + n, c->out_size);
	return loop_timer_arm(c->idle, loop_now_ms(c->server->loop) + CONTROL_IDLE_MS);
}

static void push(struct control_answer *c)
{
	make_lines(c);
	if ((c->out_size || c->stream) && send_some(c) == 0 && (c->out_size || c->stream))
		loop_fd_change(c->watch, EPOLLOUT);
	else
		close_client(c);
}

static void answer_request(struct control_answer *c)
{
	json_error_t error;
	json_t *request = json_loadb(c->request, c->request_size, JSON_REJECT_DUPLICATES, &error);

	c->state = CLIENT_READING;
	counter_add(COUNTER_control_requests, 1);
	if (json_is_object(request)) {
		c->server->fn(c->server->data, request, c);
	} else {
		counter_add(COUNTER_control_refused, 1);
		control_fail(c, CONTROL_WRONG_USE, "the request is not a JSON object");
	}
	json_decref(request);
	/* Of who waits only the end is heard. */
	if (c->state == CLIENT_WAITING)
		loop_fd_change(c->watch, 0);
	else
		push(c);
}

static void read_request(struct control_answer *c)
{
	ssize_t n = recv(c->fd, c->request + c->request_size, CONTROL_REQUEST_MOST - c->request_size, MSG_DONTWAIT);
	char *newline;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		close_client(c);
		return;
	}
	newline = memchr(c->request + c->request_size, '\n', (size_t)n);
	c->request_size += (size_t)n;
	if (newline) {
		c->request_size = (size_t)(newline - c->request);
		answer_request(c);
	} else if (c->request_size == CONTROL_REQUEST_MOST) {
		counter_add(COUNTER_control_refused, 1);
		c->state = CLIENT_READING;
		control_fail(c, CONTROL_WRONG_USE, "the request is longer than %d bytes", CONTROL_REQUEST_MOST);
		push(c);
	}
}

static void on_client(void *data, int fd, uint32_t events)
{
	struct control_answer *c = data;

	if (c->state == CLIENT_ASKING)
		read_request(c);
	else if (c->state == CLIENT_WAITING || events & (EPOLLERR | EPOLLHUP))
		close_client(c);
	else
		push(c);
}

static void on_idle(void *data)
{
	close_client(data);
}

static struct control_answer *free_place(struct control_server *server)
{
	for (size_t i = 0; i < CONTROL_CLIENTS_MOST; i++) {
		if (server->clients[i].state == CLIENT_FREE)
			return &server->clients[i];
	}
	return NULL;
}

static int open_client(struct control_server *server, struct control_answer *c, int fd)
{
	int r;

	c->fd = fd;
	c->request = malloc(CONTROL_REQUEST_MOST);
	r = c->request ? loop_timer_create(server->loop, on_idle, c, &c->idle) : -ENOMEM;
	if (r == 0)
		r = loop_timer_arm(c->idle, loop_now_ms(server->loop) + CONTROL_IDLE_MS);
	if (r == 0)
		r = loop_fd_add(server->loop, fd, EPOLLIN, on_client, c, &c->watch);
	if (r == 0)
		c->state = CLIENT_ASKING;
	return r;
}

/* One more than there is place for is told so, as far as its socket takes it. */
static void turn_away(int fd)
{
	struct control_answer c = { .fd = fd };

	counter_add(COUNTER_control_refused, 1);
	control_fail(&c, CONTROL_NO, "%d others are being answered; try again", CONTROL_CLIENTS_MOST);
	if (c.out_size)
		send(fd, c.out, c.out_size, MSG_NOSIGNAL | MSG_DONTWAIT);
	free(c.out);
	close(fd);
}

static void on_listener(void *data, int listener, uint32_t events)
{
	struct control_server *server = data;
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct control_answer *c;

	if (fd < 0)
		return;
	c = free_place(server);
	if (!c)
		turn_away(fd);
	else if (open_client(server, c, fd) < 0)
		close_client(c);
}

int control_server_create(struct loop *loop, int listener, control_fn *fn, void *data, struct control_server **ret)
{
	struct control_server *server = calloc(1, sizeof(*server));
	int r;

	if (!server)
		return -ENOMEM;
	*server = (struct control_server){ .loop = loop, .listener = listener, .fn = fn, .data = data };
	for (size_t i = 0; i < CONTROL_CLIENTS_MOST; i++)
		server->clients[i] = (struct control_answer){ .server = server, .fd = -1 };
	r = loop_fd_add(loop, listener, EPOLLIN, on_listener, server, &server->watch);
	if (r < 0) {
		free(server);
		return r;
	}
	*ret = server;
	return 0;
}

void control_server_destroy(struct control_server *server)
{
	if (!server)
		return;
	for (size_t i = 0; i < CONTROL_CLIENTS_MOST; i++) {
		if (server->clients[i].state != CLIENT_FREE)
			close_client(&server->clients[i]);
	}
	loop_fd_remove(server->watch);
	free(server);
}
