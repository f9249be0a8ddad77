/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/worker_http.h"

#include "base/log.h"
#include "daemon/worker_internal.h"
#include "daemon/worker_page.h"
#include "observe/http.h"
#include "observe/prometheus.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct worker_http {
	struct worker *w;
	struct http_server *server;
	struct worker_page *page; /* NULL: only metrics are served */
};

static void answer_metrics(struct worker *w, struct http_answer *answer)
{
	struct prometheus *page;
	int r = prometheus_create(&page);

	if (r == 0) {
		worker_measure(w, prometheus_measure, page);
		prometheus_counters(page);
		r = prometheus_finish(page, &answer->allocated, &answer->body.size);
	}
	if (r < 0) {
		answer->status = 500;
		answer->body = BYTES_LITERAL("There is not enough memory for that.\n");
		return;
	}
	answer->status = 200;
	answer->type = PROMETHEUS_TYPE;
	answer->body.data = answer->allocated;
}

static const char *take_token(struct worker *w, struct bytes text)
{
	text = bytes_trim(text);
	if (text.size < HTTP_TOKEN_LEAST || text.size > HTTP_TOKEN_MOST)
		return "it has to have 16 to 128 characters";
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] <= ' ' || text.data[i] > '~')
			return "it has to be printable ASCII without blanks";
	}
	memcpy(w->http_token, text.data, text.size);
	w->http_token[text.size] = '\0';
	return NULL;
}

void worker_http_read_token(struct worker *w)
{
	const char *path = w->settings->http_token, *wrong;
	/* One more than it may have, with blanks and a newline around it. */
	char text[HTTP_TOKEN_MOST + 16];
	int fd;
	ssize_t n;

	if (!*path)
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text));
	wrong = n < 0 ? strerror(errno) : take_token(w, bytes_make(text, (size_t)n));
	if (fd >= 0)
		close(fd);
	if (wrong)
		log_error("http.token: %s: %s; the page only reads", path, wrong);
}

static void on_request(void *data, const struct http_request *request, struct http_answer *answer)
{
	struct worker_http *http = data;
	const char *path = http_path(request);

	if (http_is_post(request)) {
		if (http->page)
			worker_page_act(http->page, request, answer);
	} else if (strcmp(path, "/metrics") == 0) {
		answer_metrics(http->w, answer);
	} else if (http->page && worker_page_answer(http->page, request, answer)) {
		return;
	} else if (strcmp(path, "/") == 0) {
		answer->status = 200;
		answer->body = BYTES_LITERAL("wavebreak's metrics are at /metrics. http.page = yes has a page for people here.\n");
	}
}

static const char *advice(int error)
{
	switch (error) {
	case -EADDRINUSE: return ": somebody else listens there";
	case -EACCES: return ": ports below 1024 are not for the user daemon.user";
	case -EADDRNOTAVAIL: return ": that is no address of this host";
	default: return "";
	}
}

static int open_server(struct worker_http *http, const struct endpoint *where)
{
	int fd = http_listen(&where->addr, where->port);

	return fd < 0 ? fd : http_server_create(http->w->loop, fd, &where->addr, on_request, http, &http->server);
}

void worker_http_open(struct worker *w, struct worker_http **ret)
{
	static const uint8_t loopback[4] = { 127, 0, 0, 1 };
	struct endpoint where = w->settings->http_listen;
	struct worker_http *http;
	char address[ADDR_TEXT_SIZE];
	int r;

	*ret = NULL;
	if (where.port == 0)
		return;
	if (where.addr.family == ADDR_NONE)
		where.addr = addr_from_ipv4(loopback);
	http = calloc(1, sizeof(*http));
	r = http ? 0 : -ENOMEM;
	if (r == 0) {
		http->w = w;
		r = open_server(http, &where);
	}
	if (r < 0) {
		log_error("http.listen: cannot listen at %s, port %u (%s)%s; there are no metrics until the next reload",
			  addr_format(&where.addr, address), where.port, strerror(-r), advice(r));
		free(http);
		return;
	}
	if (w->settings->http_page)
		http->page = worker_page_create(w);
	*ret = http;
}

void worker_http_each_second(struct worker_http *http)
{
	if (!http)
		return;
	http_server_each_second(http->server, loop_now_ms(http->w->loop));
	if (http->page)
		worker_page_each_second(http->page, http->server);
}
