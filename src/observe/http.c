/* SPDX-License-Identifier: Apache-2.0 */
#include "observe/http.h"

#include "base/clock.h"
#include "base/counter.h"

#include <errno.h>
#include <microhttpd.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

/* A peer that vanished is given up after that, though the kernel would send again for a quarter of an hour. */
#define VANISHED_MS 30000
#define NOTHING_ALLOWED "default-src 'none'; frame-ancestors 'none'"

struct client {
	bool taken;
	bool is_stream;
	int fd;
	uint64_t since_ms; /* when it connected, or had its last answer */
	uint64_t body;     /* bytes of its request's that were read past */
};

struct stream {
	struct http_server *server;
	bool taken;
	struct MHD_Connection *connection;
	bool sleeps; /* suspended until there is something to send */
	char event[HTTP_EVENT_MOST + sizeof("data: \n\n")];
	size_t size, sent;
};

struct http_server {
	struct loop *loop;
	struct MHD_Daemon *daemon;
	struct loop_fd *watch;
	struct loop_timer *timer;
	bool local;   /* bound to loopback */
	bool resting; /* until the next second */
	bool room;    /* a client has gone */
	uint64_t used_us;
	http_fn *fn;
	void *data;
	struct client clients[HTTP_CLIENTS_MOST];
	struct stream streams[HTTP_STREAMS_MOST];
};

struct http_request {
	struct MHD_Connection *connection;
	const char *path;
	bool is_post;
};

const char *http_path(const struct http_request *request)
{
	return request->path;
}

bool http_is_post(const struct http_request *request)
{
	return request->is_post;
}

const char *http_query(const struct http_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

const char *http_field(const struct http_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

/* "" or ":25" */
static bool is_port(struct bytes text)
{
	return text.size == 0 || (text.data[0] == ':' && bytes_are_digits(bytes_skip(text, 1)));
}

bool http_host_is_local(struct bytes host)
{
	bool in_brackets = host.size && host.data[0] == '[';
	struct bytes name = bytes_skip(host, in_brackets);
	size_t end = bytes_find_char(name, in_brackets ? ']' : ':');
	struct addr addr;

	if (!is_port(bytes_skip(name, end + in_brackets)) || (in_brackets && end == name.size))
		return false;
	name = bytes_first(name, end);
	if (in_brackets)
		return bytes_find_char(name, ':') < name.size && addr_parse(name, &addr) == 0;
	return bytes_equal_any_case(name, BYTES_LITERAL("localhost")) || addr_parse(name, &addr) == 0;
}

bool http_bears(struct bytes authorization, const char *token)
{
	const struct bytes scheme = bytes_first(authorization, sizeof("Bearer ") - 1);
	struct bytes given = bytes_trim(bytes_skip(authorization, scheme.size));
	size_t length = strlen(token);
	unsigned char wrong = given.size != length;

	if (!bytes_equal_any_case(scheme, BYTES_LITERAL("Bearer ")) || length < HTTP_TOKEN_LEAST || !given.size)
		return false;
	for (size_t i = 0; i < length; i++)
		wrong |= (unsigned char)(given.data[i % given.size] ^ token[i]);
	return wrong == 0;
}

/* Who waits beyond the limit of clients is looked at in the round after the one in which a client went. */
static void arm(struct http_server *server)
{
	MHD_UNSIGNED_LONG_LONG wait_ms = 0;
	bool at_once = server->room;

	server->room = false;
	if (server->resting || (!at_once && MHD_get_timeout(server->daemon, &wait_ms) != MHD_YES))
		loop_timer_disarm(server->timer);
	else
		loop_timer_arm(server->timer, loop_now_ms(server->loop) + wait_ms);
}

static void rest(struct http_server *server)
{
	counter_add(COUNTER_http_rests, 1);
	server->resting = true;
	loop_fd_change(server->watch, 0);
}

static void run(struct http_server *server)
{
	uint64_t began = clock_us();

	MHD_run(server->daemon);
	server->used_us += clock_us() - began;
	if (server->used_us >= HTTP_BUDGET_US)
		rest(server);
	arm(server);
}

static void on_ready(void *data, int fd, uint32_t events)
{
	run(data);
}

static void on_timer(void *data)
{
	run(data);
}

static struct client *client_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

static void begin_client(struct http_server *server, struct MHD_Connection *connection, void **context)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	const unsigned vanished_ms = VANISHED_MS;

	for (size_t i = 0; i < HTTP_CLIENTS_MOST && info; i++) {
		struct client *client = &server->clients[i];

		if (client->taken)
			continue;
		*client = (struct client){ .taken = true, .fd = info->connect_fd,
					   .since_ms = loop_now_ms(server->loop) };
		(void)setsockopt(client->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &vanished_ms, sizeof(vanished_ms));
		*context = client;
		return;
	}
}

static void on_connection(void *data, struct MHD_Connection *connection, void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct http_server *server = data;
	struct client *client = *context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		begin_client(server, connection, context);
		return;
	}
	if (client)
		*client = (struct client){ .taken = false };
	server->room = true;
}

static void on_completed(void *data, struct MHD_Connection *connection, void **context,
			 enum MHD_RequestTerminationCode code)
{
	const struct http_server *server = data;
	struct client *client = client_of(connection);

	if (client)
		client->since_ms = loop_now_ms(server->loop);
}

/* What the stream has to say next; nothing: it sleeps until there is something. */
static ssize_t read_stream(void *data, uint64_t position, char *out, size_t room)
{
	struct stream *stream = data;
	size_t left = stream->size - stream->sent;

	if (left == 0) {
		stream->sleeps = true;
		MHD_suspend_connection(stream->connection);
		return 0;
	}
	if (left > room)
		left = room;
	memcpy(out, stream->event + stream->sent, left);
	stream->sent += left;
	return (ssize_t)left;
}

static void free_stream(void *data)
{
	struct stream *stream = data;

	stream->taken = false;
	stream->connection = NULL;
}

static void fill_stream(struct stream *stream, struct bytes event)
{
	stream->size = (size_t)snprintf(stream->event, sizeof(stream->event), "data: %.*s\n\n", BYTES_FMT(event));
	stream->sent = 0;
}

static struct MHD_Response *make_stream(struct http_server *server, struct MHD_Connection *connection,
					struct bytes first)
{
	struct client *client = client_of(connection);
	struct stream *stream = NULL;
	struct MHD_Response *response;

	for (size_t i = 0; i < HTTP_STREAMS_MOST && !stream; i++)
		stream = server->streams[i].taken ? NULL : &server->streams[i];
	if (!stream || !client || first.size > HTTP_EVENT_MOST)
		return NULL;
	response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, HTTP_EVENT_MOST, read_stream, stream, free_stream);
	if (!response)
		return NULL;
	*stream = (struct stream){ .server = server, .taken = true, .connection = connection };
	fill_stream(stream, first);
	client->is_stream = true;
	return response;
}

static void add(struct MHD_Response *response, const char *name, const char *value)
{
	if (value)
		(void)MHD_add_response_header(response, name, value);
}

static enum MHD_Result send_answer(struct http_server *server, struct MHD_Connection *connection,
				   const struct http_answer *answer)
{
	struct MHD_Response *response =
		answer->streams ? make_stream(server, connection, answer->body) :
				  MHD_create_response_from_buffer(answer->body.size, (void *)(uintptr_t)answer->body.data,
								  MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	add(response, "Content-Type", answer->type);
	add(response, "Content-Security-Policy", answer->policy ? answer->policy : NOTHING_ALLOWED);
	add(response, "Cache-Control", "no-store");
	add(response, "X-Content-Type-Options", "nosniff");
	add(response, "Referrer-Policy", "no-referrer");
	add(response, "Cross-Origin-Resource-Policy", "same-origin");
	add(response, "Allow", answer->status == MHD_HTTP_METHOD_NOT_ALLOWED ? "GET, HEAD" : NULL);
	result = MHD_queue_response(connection, answer->status, response);
	MHD_destroy_response(response);
	return result;
}

static void refuse(struct http_answer *answer, unsigned status, const char *words)
{
	answer->status = status;
	answer->body = bytes_of(words);
	answer->streams = false;
}

bool http_has_streams(const struct http_server *server)
{
	struct http_server_state there;

	http_server_look(server, &there);
	return there.streams > 0;
}

static bool has_room_for_stream(const struct http_server *server)
{
	struct http_server_state there;

	http_server_look(server, &there);
	return there.streams < HTTP_STREAMS_MOST;
}

bool http_has_body(const struct http_request *request)
{
	const char *length = http_field(request, "Content-Length");

	return http_field(request, "Transfer-Encoding") || (length && strcmp(length, "0") != 0);
}

/* A POST is answered without, and the connection then ended, where the client waits for a word before it sends its body
 * (RFC 9110 section 10.1.1), or says that it is too long. libmicrohttpd does so for no other method. */
static bool is_to_be_read(const struct http_request *request)
{
	const char *length = http_field(request, "Content-Length");
	uint64_t size;

	if (!http_has_body(request) || !request->is_post)
		return http_has_body(request);
	return !http_field(request, "Expect") && (!length || bytes_to_u64(bytes_of(length), HTTP_BODY_MOST, &size) == 0);
}

static bool is_read(const char *method)
{
	return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
}

static enum MHD_Result answer_request(struct http_server *server, const struct http_request *request,
				      const char *method)
{
	struct http_answer answer = { .status = MHD_HTTP_NOT_FOUND, .type = "text/plain; charset=utf-8",
				      .body = BYTES_LITERAL("There is nothing here.\n") };
	const char *host = http_field(request, "Host");
	enum MHD_Result result;

	if (!is_read(method))
		refuse(&answer, MHD_HTTP_METHOD_NOT_ALLOWED, "That cannot be done here.\n");
	if (server->local && host && !http_host_is_local(bytes_of(host)))
		refuse(&answer, MHD_HTTP_FORBIDDEN, "Here answers an address, or localhost, and no other name.\n");
	else if (is_read(method) || request->is_post)
		server->fn(server->data, request, &answer);
	if (answer.streams && !has_room_for_stream(server))
		refuse(&answer, MHD_HTTP_SERVICE_UNAVAILABLE, "Others watch already; try again later.\n");
	if (answer.status >= MHD_HTTP_BAD_REQUEST)
		counter_add(COUNTER_http_refused, 1);
	result = send_answer(server, request->connection, &answer);
	free(answer.allocated);
	return result;
}

/* Called when the head of the request is there, which is all that we want of it; if there is to be a body, again for
 * each part of it, and once more at its end. */
static enum MHD_Result on_request(void *data, struct MHD_Connection *connection, const char *url, const char *method,
				  const char *version, const char *upload, size_t *upload_size, void **context)
{
	const struct http_request request = { connection, url, strcmp(method, "POST") == 0 };
	struct client *client = client_of(connection);
	bool first = !*context;

	if (!client)
		return MHD_NO;
	*context = client;
	if (first) {
		counter_add(COUNTER_http_requests, 1);
		client->body = 0;
		if (is_to_be_read(&request))
			return MHD_YES;
	}
	client->body += *upload_size;
	if (client->body > HTTP_BODY_MOST) {
		counter_add(COUNTER_http_refused, 1);
		return MHD_NO;
	}
	if (*upload_size == 0)
		return answer_request(data, &request, method);
	*upload_size = 0;
	return MHD_YES;
}

void http_publish(struct http_server *server, struct bytes event)
{
	bool any = false;

	if (!server || event.size > HTTP_EVENT_MOST)
		return;
	for (size_t i = 0; i < HTTP_STREAMS_MOST; i++) {
		struct stream *stream = &server->streams[i];

		if (!stream->taken || !stream->sleeps)
			continue;
		fill_stream(stream, event);
		stream->sleeps = false;
		MHD_resume_connection(stream->connection);
		any = true;
	}
	if (any && !server->resting)
		loop_timer_arm(server->timer, loop_now_ms(server->loop));
}

void http_server_each_second(struct http_server *server, uint64_t now_ms)
{
	for (size_t i = 0; i < HTTP_CLIENTS_MOST && server; i++) {
		struct client *client = &server->clients[i];

		if (!client->taken || client->is_stream || client->since_ms + HTTP_REQUEST_MS > now_ms)
			continue;
		/* libmicrohttpd sees the end of it, and closes. */
		shutdown(client->fd, SHUT_RDWR);
		client->since_ms = now_ms;
		counter_add(COUNTER_http_ended, 1);
	}
	if (!server)
		return;
	server->used_us = 0;
	if (!server->resting)
		return;
	server->resting = false;
	loop_fd_change(server->watch, EPOLLIN);
	loop_timer_arm(server->timer, now_ms);
}

void http_server_look(const struct http_server *server, struct http_server_state *ret)
{
	*ret = (struct http_server_state){ 0 };
	for (size_t i = 0; i < HTTP_CLIENTS_MOST && server; i++)
		ret->clients += server->clients[i].taken;
	for (size_t i = 0; i < HTTP_STREAMS_MOST && server; i++)
		ret->streams += server->streams[i].taken;
}

int http_listen(const struct addr *addr, uint16_t port)
{
	struct sockaddr_storage address;
	socklen_t size = addr_to_sockaddr(addr, port, &address);
	int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), r = 0;
	const int on = 1;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, (const struct sockaddr *)&address, size) < 0 || listen(fd, HTTP_CLIENTS_MOST) < 0)
		r = -errno;
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

static int start_daemon(struct http_server *server, int listener)
{
	const union MHD_DaemonInfo *info;

	server->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, server,
		MHD_OPTION_LISTEN_SOCKET, listener,
		MHD_OPTION_CONNECTION_LIMIT, HTTP_CLIENTS_MOST,
		MHD_OPTION_CONNECTION_TIMEOUT, HTTP_IDLE_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_MEMORY,
		MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
		MHD_OPTION_END);
	if (!server->daemon)
		return -ENOMEM;
	info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (!info)
		return -ENOSYS;
	return loop_fd_add(server->loop, info->epoll_fd, EPOLLIN, on_ready, server, &server->watch);
}

int http_server_create(struct loop *loop, int listener, const struct addr *addr, http_fn *fn, void *data,
		       struct http_server **ret)
{
	struct http_server *server = calloc(1, sizeof(*server));
	int r;

	*ret = NULL;
	if (!server) {
		close(listener);
		return -ENOMEM;
	}
	server->loop = loop;
	server->local = addr_is_loopback(addr);
	server->fn = fn;
	server->data = data;
	r = loop_timer_create(loop, on_timer, server, &server->timer);
	if (r == 0)
		r = start_daemon(server, listener);
	if (!server->daemon)
		close(listener);
	if (r < 0) {
		http_server_destroy(server);
		return r;
	}
	*ret = server;
	return 0;
}

void http_server_destroy(struct http_server *server)
{
	if (!server)
		return;
	loop_fd_remove(server->watch);
	for (size_t i = 0; i < HTTP_STREAMS_MOST; i++) {
		if (server->streams[i].taken && server->streams[i].sleeps)
			MHD_resume_connection(server->streams[i].connection);
	}
	if (server->daemon)
		MHD_stop_daemon(server->daemon);
	loop_timer_destroy(server->timer);
	free(server);
}
