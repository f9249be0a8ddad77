/* SPDX-License-Identifier: Apache-2.0 */
/* http - a small HTTP server on the event loop, for programs and browsers that look on.
 *
 * libmicrohttpd reads the requests, without a thread of its own: its epoll descriptor is one of our loop. Whoever
 * may connect is a stranger all the same, and the loop has more important things to do, so everything is bounded:
 *
 *   HTTP_CLIENTS_MOST   connections; further ones wait in the kernel's queue, which is as short
 *   HTTP_MEMORY         bytes for the head of a request (longer: 431)
 *   HTTP_BODY_MOST      bytes of a body, which is read past: it does not matter here, but who sends one waits for it to
 *                       be taken before it reads our answer
 *   HTTP_IDLE_S         that a client may be silent
 *   HTTP_REQUEST_MS     from one answer to the next, also for a client that trickles
 *   HTTP_BUDGET_US      of the process's time in a second; when it is used up, all HTTP rests until the next one
 *   HTTP_STREAMS_MOST   of the connections that may be event streams
 *
 * GET, HEAD and POST are known here, and none needs a body: what a POST has to say is in its query. Where a longer body
 * is announced it is answered at once, and the connection ended; one that proves to be longer is hung up on. A request with a
 * Host that is neither an address nor localhost is refused where the server is bound to loopback: a page of the web
 * whose name was pointed to 127.0.0.1 must not read us through its visitor's browser.
 *
 * All memory of a request is its own; an answer's body is copied. One thread.
 */
#ifndef WAVEBREAK_OBSERVE_HTTP_H
#define WAVEBREAK_OBSERVE_HTTP_H

#include "base/addr.h"
#include "event/loop.h"

#define HTTP_CLIENTS_MOST 32
#define HTTP_STREAMS_MOST 8
#define HTTP_MEMORY 16384
#define HTTP_BODY_MOST (1024 * 1024)
#define HTTP_IDLE_S 10
#define HTTP_REQUEST_MS 20000
#define HTTP_BUDGET_US 50000
#define HTTP_EVENT_MOST 4096

struct http_server;
struct http_request;

/* The path as it was sent, but for %HH, which are decoded; it may hold anything but NUL. */
const char *http_path(const struct http_request *request);
/* The value of ?NAME=VALUE, decoded as well, or NULL. */
const char *http_query(const struct http_request *request, const char *name);
bool http_is_post(const struct http_request *request);
/* That was read past, or will not be read. */
bool http_has_body(const struct http_request *request);
/* NULL where the client did not send it. */
const char *http_field(const struct http_request *request, const char *name);

struct http_answer {
	unsigned status;
	const char *type;      /* of the body */
	struct bytes body;     /* copied when the callback has come back … */
	char *allocated;       /* … and then this is freed */
	const char *policy;    /* Content-Security-Policy; NULL: nothing is allowed at all */
	bool streams;          /* the body is events: it is what comes first, and http_publish goes on */
};

/* Fills in the answer, which is text beforehand, and 404, or for a POST 405. */
typedef void http_fn(void *data, const struct http_request *request, struct http_answer *answer);

/* Listens there. A descriptor, or -errno. */
int http_listen(const struct addr *addr, uint16_t port);

/* `listener` listens at `addr`; it is the server's from then on. Returns 0 or -errno. */
int http_server_create(struct loop *loop, int listener, const struct addr *addr, http_fn *fn, void *data,
		       struct http_server **ret);
/* NULL is fine. */
void http_server_destroy(struct http_server *server);

/* Once a second, with the time of the loop: ends who takes too long, and renews the budget. NULL is fine. */
void http_server_each_second(struct http_server *server, uint64_t now_ms);

/* An event for all streams: the data, one line of JSON of HTTP_EVENT_MOST bytes at most. A stream that has not taken
 * the event before goes without this one.
 * A NULL server is fine. */
void http_publish(struct http_server *server, struct bytes event);

/* Whether anybody listens to events. */
bool http_has_streams(const struct http_server *server);

struct http_server_state {
	unsigned clients, streams;
};
void http_server_look(const struct http_server *server, struct http_server_state *ret);

/* Whether an Authorization field has that token, as Bearer (RFC 6750 section 2.1). Takes as long for a wrong one,
 * wherever it is wrong. */
#define HTTP_TOKEN_LEAST 16
#define HTTP_TOKEN_MOST 128
bool http_bears(struct bytes authorization, const char *token);

/* Whether a Host field may name a server on loopback: "127.0.0.1:9025", "[::1]", "localhost". */
bool http_host_is_local(struct bytes host);

#endif
