/* SPDX-License-Identifier: Apache-2.0 */
/* A server on loopback, and a client that is this process, too: it turns the loop until it has its answer. */
#include "observe/http.h"

#include "base/clock.h"
#include "base/counter.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 10000
#define TURN_MS 2

static struct addr loopback = { .family = ADDR_IPV4, .octets = { 127, 0, 0, 1 } };
static struct loop *the_loop;
static struct loop_timer *turn;
static struct http_server *server;
static uint16_t port;
static uint64_t slow_us;
static size_t page_size;

static void stop(void *data)
{
	loop_stop(the_loop);
}

static void turn_loop(void)
{
	loop_timer_arm(turn, clock_ms() + TURN_MS);
	assert_int_equal(loop_run(the_loop), 0);
}

static void answer(void *data, const struct http_request *request, struct http_answer *ret)
{
	uint64_t until = clock_us() + slow_us;
	const char *value = http_query(request, "a");

	if (http_is_post(request) && strcmp(http_path(request), "/act") != 0)
		return;
	while (clock_us() < until)
		;
	if (strcmp(http_path(request), "/stream") == 0) {
		*ret = (struct http_answer){ .status = 200, .type = "text/event-stream", .body = BYTES_LITERAL("first"),
					     .streams = true };
	} else if (strcmp(http_path(request), "/act") == 0) {
		ret->status = 200;
	} else if (strcmp(http_path(request), "/page") == 0) {
		ret->status = 200;
		ret->allocated = malloc(page_size + 100);
		assert_non_null(ret->allocated);
		memset(ret->allocated, 'x', page_size);
		ret->body.size = page_size + (size_t)sprintf(ret->allocated + page_size, "[%s]", value ? value : "");
		ret->body.data = ret->allocated;
	}
}

static int setup(void **state)
{
	struct sockaddr_in sa;
	socklen_t size = sizeof(sa);
	int fd = http_listen(&loopback, 0);

	slow_us = 0;
	page_size = 0;
	assert_true(fd >= 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &size), 0);
	port = ntohs(sa.sin_port);
	assert_int_equal(loop_create(&the_loop), 0);
	assert_int_equal(loop_timer_create(the_loop, stop, NULL, &turn), 0);
	assert_int_equal(http_server_create(the_loop, fd, &loopback, answer, NULL, &server), 0);
	turn_loop();
	return 0;
}

static int teardown(void **state)
{
	http_server_destroy(server);
	loop_timer_destroy(turn);
	loop_destroy(the_loop);
	return 0;
}

static int dial(void)
{
	struct sockaddr_storage sa;
	socklen_t size = addr_to_sockaddr(&loopback, port, &sa);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	if (connect(fd, (struct sockaddr *)&sa, size) < 0)
		assert_int_equal(errno, EINPROGRESS);
	turn_loop();
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Until `wanted` is in what was received, or the end when it is NULL. The text; valid until the next call. */
static const char *hear(int fd, const char *wanted)
{
	static char text[1 << 20];
	uint64_t until = clock_ms() + PATIENCE_MS;
	size_t size = 0;

	for (;;) {
		ssize_t n = recv(fd, text + size, sizeof(text) - 1 - size, 0);

		assert_true(clock_ms() < until);
		if (n > 0)
			size += (size_t)n;
		text[size] = '\0';
		if (n == 0 || (n < 0 && errno != EAGAIN) || (wanted && strstr(text, wanted)))
			return text;
		turn_loop();
	}
}

static const char *ask(const char *request)
{
	int fd = dial();
	const char *heard;

	say(fd, request);
	heard = hear(fd, NULL);
	close(fd);
	return heard;
}

#define CLOSE "Host: localhost\r\nConnection: close\r\n\r\n"

static void assert_says(const char *request, const char *first, const char *part)
{
	const char *heard = ask(request);

	if (strncmp(heard, first, strlen(first)) != 0 || !strstr(heard, part))
		fail_msg("to %s\nit said %s", request, heard);
}

static void test_a_page_and_what_is_none(void **state)
{
	uint64_t requests = counter_read(COUNTER_http_requests), refused = counter_read(COUNTER_http_refused);

	assert_says("GET /page?a=b%22%3c HTTP/1.1\r\n" CLOSE, "HTTP/1.1 200 ", "\r\n\r\n[b\"<]");
	assert_says("GET /page HTTP/1.1\r\n" CLOSE, "HTTP/1.1 200 ",
		    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n");
	assert_says("HEAD /page HTTP/1.1\r\n" CLOSE, "HTTP/1.1 200 ", "Content-Length: 2\r\n");
	assert_null(strstr(ask("HEAD /page HTTP/1.1\r\n" CLOSE), "[]"));
	assert_int_equal(counter_read(COUNTER_http_refused), refused);
	assert_says("GET /none HTTP/1.1\r\n" CLOSE, "HTTP/1.1 404 ", "There is nothing here.");
	assert_says("POST /page HTTP/1.1\r\n" CLOSE, "HTTP/1.1 405 ", "Allow: GET, HEAD\r\n");
	assert_says("DELETE /act HTTP/1.1\r\n" CLOSE, "HTTP/1.1 405 ", "Allow: GET, HEAD\r\n");
	assert_int_equal(counter_read(COUNTER_http_refused), refused + 3);
	assert_says("POST /act HTTP/1.1\r\nContent-Length: 0\r\n" CLOSE, "HTTP/1.1 200 ", "");
	assert_int_equal(counter_read(COUNTER_http_refused), refused + 3);
	assert_int_equal(counter_read(COUNTER_http_requests), requests + 8);
}

static void test_a_page_larger_than_all_buffers(void **state)
{
	page_size = 900000;
	assert_true(strlen(ask("GET /page HTTP/1.1\r\n" CLOSE)) > page_size);
}

static void test_a_foreign_name_is_refused_on_loopback(void **state)
{
	assert_says("GET /page HTTP/1.1\r\nHost: rebound.example\r\nConnection: close\r\n\r\n", "HTTP/1.1 403 ", "");
	assert_says("GET /page HTTP/1.1\r\nHost: 127.0.0.1:9025\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 ", "");
	assert_says("GET /page HTTP/1.0\r\n\r\n", "HTTP/1.", " 200 ");
}

static void test_which_hosts_are_local(void **state)
{
	static const struct {
		const char *host;
		bool local;
	} cases[] = {
		{ "localhost", true }, { "LOCALHOST:9025", true }, { "127.0.0.1", true }, { "127.0.0.1:80", true },
		{ "[::1]", true }, { "[::1]:9025", true }, { "192.0.2.1", true },
		{ "", false }, { "localhost.evil.example", false }, { "evil.example", false }, { "127.0.0.1.evil.example", false },
		{ "localhost:", false }, { "localhost:80x", false }, { "[::1", false }, { "[localhost]", false },
		{ "[127.0.0.1]", false }, { "::1", false }, { "[::1]evil", false }, { "localhost@evil.example", false },
		{ "127.0.0.1 evil", false }, { "[", false }, { ":80", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (http_host_is_local(bytes_of(cases[i].host)) != cases[i].local)
			fail_msg("'%s'", cases[i].host);
	}
}

static void test_who_bears_the_token(void **state)
{
	static const char token[] = "0123456789abcdef+/";
	static const struct {
		const char *field;
		bool bears;
	} cases[] = {
		{ "Bearer 0123456789abcdef+/", true }, { "bearer 0123456789abcdef+/ ", true },
		{ "Bearer  0123456789abcdef+/", true }, { "Bearer 0123456789abcdef+", false },
		{ "Bearer 0123456789abcdef+/x", false }, { "Bearer 0123456789abcdef+/0123456789abcdef+/", false },
		{ "Bearer", false }, { "Bearer ", false }, { "", false }, { "Basic 0123456789abcdef+/", false },
		{ "0123456789abcdef+/", false }, { "Bearer 0123456789ABCDEF+/", false }, { "Bearer0123456789abcdef+/", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (http_bears(bytes_of(cases[i].field), token) != cases[i].bears)
			fail_msg("'%s'", cases[i].field);
	}
	assert_false(http_bears(BYTES_LITERAL("Bearer short"), "short"));
	assert_false(http_bears(BYTES_LITERAL("Bearer "), ""));
}

static void test_what_is_no_request(void **state)
{
	static char head[HTTP_MEMORY * 2];
	uint64_t until = clock_ms() + PATIENCE_MS;
	int n = sprintf(head, "GET /page HTTP/1.1\r\nX: ");
	int fd = dial();

	memset(head + n, 'x', sizeof(head) - (size_t)n - 1);
	send(fd, head, sizeof(head) - 1, MSG_NOSIGNAL);
	assert_non_null(strstr(hear(fd, NULL), " 431 "));
	close(fd);
	assert_null(strstr(ask("\x16\x03\x01\x02\r\n\r\n"), " 200 "));
	assert_true(clock_ms() < until);
}

static void test_a_body_is_read_past(void **state)
{
	assert_says("POST /act HTTP/1.1\r\nContent-Length: 7\r\n" CLOSE "a=b&c=d", "HTTP/1.1 200 ", "");
	assert_says("POST /page HTTP/1.1\r\nContent-Length: 7\r\n" CLOSE "a=b&c=d", "HTTP/1.1 405 ", "");
	assert_says("POST /page HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" CLOSE "3\r\nabc\r\n0\r\n\r\n", "HTTP/1.1 405 ", "");
	assert_says("GET /page HTTP/1.1\r\nContent-Length: 3\r\n" CLOSE "abc", "HTTP/1.1 200 ", "[]");
	/* What follows a body is the next request, and no part of this one. */
	assert_says("POST /page HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabcGET /page?a=2 HTTP/1.1\r\n" CLOSE,
		    "HTTP/1.1 405 ", "[2]");
	/* Who waits for leave to send one has its answer instead. */
	assert_says("POST /page HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 9\r\n" CLOSE, "HTTP/1.1 405 ", "");
}

/* Sends a body of that size, chunked where `chunk` is its first line. What was answered until then or after it. */
static const char *send_long(const char *head, const char *chunk, size_t size)
{
	static char part[16384];
	const char *heard = "";
	int fd = dial();

	memset(part, 'x', sizeof(part));
	say(fd, head);
	say(fd, chunk);
	while (size > 0) {
		ssize_t n = send(fd, part, size < sizeof(part) ? size : sizeof(part), MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN)
			break;
		size -= n > 0 ? (size_t)n : 0;
		turn_loop();
	}
	if (size == 0 && *chunk)
		say(fd, "\r\n0\r\n\r\n");
	heard = hear(fd, NULL);
	close(fd);
	return heard;
}

static void test_a_body_is_bounded(void **state)
{
	uint64_t refused = counter_read(COUNTER_http_refused);
	static const char chunked[] = "POST /page HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" CLOSE;

	_Static_assert(HTTP_BODY_MOST == 0x100000, "what is said below");
	assert_non_null(strstr(send_long("POST /page HTTP/1.1\r\nContent-Length: 1048576\r\n" CLOSE, "", HTTP_BODY_MOST),
			       "HTTP/1.1 405 "));
	assert_non_null(strstr(send_long(chunked, "100000\r\n", HTTP_BODY_MOST), "HTTP/1.1 405 "));
	assert_int_equal(counter_read(COUNTER_http_refused), refused + 2);
	/* Announced, it is answered at once … */
	assert_says("POST /page HTTP/1.1\r\nContent-Length: 1048577\r\n" CLOSE, "HTTP/1.1 405 ", "");
	/* … and else hung up on. */
	assert_string_equal(send_long(chunked, "100001\r\n", HTTP_BODY_MOST + 1), "");
	assert_string_equal(send_long("GET /page HTTP/1.1\r\nContent-Length: 1048577\r\n" CLOSE, "", HTTP_BODY_MOST + 1), "");
	assert_int_equal(counter_read(COUNTER_http_refused), refused + 5);
}

static void test_who_trickles_is_ended(void **state)
{
	uint64_t ended = counter_read(COUNTER_http_ended);
	struct http_server_state there;
	int fd = dial();

	say(fd, "GET /pa");
	turn_loop();
	http_server_each_second(server, clock_ms());
	http_server_look(server, &there);
	assert_int_equal(there.clients, 1);
	assert_int_equal(counter_read(COUNTER_http_ended), ended);
	say(fd, "g");
	http_server_each_second(server, clock_ms() + HTTP_REQUEST_MS);
	assert_string_equal(hear(fd, NULL), "");
	assert_int_equal(counter_read(COUNTER_http_ended), ended + 1);
	close(fd);
	turn_loop();
	http_server_look(server, &there);
	assert_int_equal(there.clients, 0);
}

static void test_a_stream_may_last(void **state)
{
	int fd = dial();

	say(fd, "GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
	hear(fd, "data: first\n\n");
	turn_loop();
	http_server_each_second(server, clock_ms() + HTTP_REQUEST_MS);
	http_publish(server, BYTES_LITERAL("still here"));
	hear(fd, "data: still here\n\n");
	close(fd);
}

static void test_more_clients_wait_and_are_served_later(void **state)
{
	int many[HTTP_CLIENTS_MOST], one_more;
	struct http_server_state there;

	for (int i = 0; i < HTTP_CLIENTS_MOST; i++)
		many[i] = dial();
	turn_loop();
	http_server_look(server, &there);
	assert_int_equal(there.clients, HTTP_CLIENTS_MOST);
	one_more = dial();
	say(one_more, "GET /page HTTP/1.1\r\n" CLOSE);
	for (int i = 0; i < 10; i++)
		turn_loop();
	http_server_look(server, &there);
	assert_int_equal(there.clients, HTTP_CLIENTS_MOST);
	close(many[0]);
	assert_non_null(strstr(hear(one_more, NULL), " 200 "));
	close(one_more);
	for (int i = 1; i < HTTP_CLIENTS_MOST; i++)
		close(many[i]);
}

static void test_the_budget_of_a_second(void **state)
{
	uint64_t rests = counter_read(COUNTER_http_rests);
	int first = dial(), second;

	slow_us = HTTP_BUDGET_US + 1000;
	say(first, "GET /page HTTP/1.1\r\n" CLOSE);
	assert_non_null(strstr(hear(first, " 200 "), " 200 "));
	assert_int_equal(counter_read(COUNTER_http_rests), rests + 1);
	slow_us = 0;
	second = dial();
	say(second, "GET /page HTTP/1.1\r\n" CLOSE);
	for (int i = 0; i < 20; i++)
		turn_loop();
	assert_int_equal(recv(second, (char[1]){ 0 }, 1, 0), -1);
	assert_int_equal(errno, EAGAIN);
	http_server_each_second(server, clock_ms());
	assert_non_null(strstr(hear(second, NULL), " 200 "));
	close(first);
	close(second);
}

static void test_events_reach_all_streams(void **state)
{
	struct http_server_state there;
	int a = dial(), b = dial();

	say(a, "GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
	say(b, "GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
	hear(a, "data: first\n\n");
	hear(b, "data: first\n\n");
	for (int i = 0; i < 3; i++)
		turn_loop();
	http_publish(server, BYTES_LITERAL("{\"t\":1}"));
	hear(a, "data: {\"t\":1}\n\n");
	hear(b, "data: {\"t\":1}\n\n");
	http_server_look(server, &there);
	assert_int_equal(there.streams, 2);
	close(a);
	for (int i = 0; i < 3; i++) {
		turn_loop();
		http_publish(server, BYTES_LITERAL("2"));
	}
	hear(b, "data: 2\n\n");
	http_server_look(server, &there);
	assert_int_equal(there.streams, 1);
	close(b);
}

static void test_streams_are_bounded(void **state)
{
	int streams[HTTP_STREAMS_MOST], one_more;

	for (int i = 0; i < HTTP_STREAMS_MOST; i++) {
		streams[i] = dial();
		say(streams[i], "GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
		hear(streams[i], "data: first\n\n");
	}
	one_more = dial();
	say(one_more, "GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
	assert_non_null(strstr(hear(one_more, "503"), "HTTP/1.1 503 "));
	close(one_more);
	assert_says("GET /page HTTP/1.1\r\n" CLOSE, "HTTP/1.1 200 ", "[]");
	for (int i = 0; i < HTTP_STREAMS_MOST; i++)
		close(streams[i]);
}

/* It is never waited for, and nothing piles up here. */
static void test_a_stream_that_is_not_read(void **state)
{
	static char event[HTTP_EVENT_MOST];
	int fd = dial(), reader = dial();

	memset(event, 'x', sizeof(event));
	say(fd, "GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
	say(reader, "GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
	hear(reader, "data: first\n\n");
	for (int i = 0; i < 2000; i++) {
		http_publish(server, bytes_make(event, sizeof(event)));
		if (i % 10 == 0)
			turn_loop();
		while (recv(reader, (char[65536]){ 0 }, 65536, 0) > 0)
			;
	}
	for (int i = 0; i < 20; i++) {
		turn_loop();
		while (recv(reader, (char[65536]){ 0 }, 65536, 0) > 0)
			;
	}
	http_publish(server, BYTES_LITERAL("last"));
	hear(reader, "data: last\n\n");
	close(fd);
	close(reader);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_a_page_and_what_is_none),
		TEST(test_a_page_larger_than_all_buffers),
		TEST(test_a_foreign_name_is_refused_on_loopback),
		cmocka_unit_test(test_which_hosts_are_local),
		cmocka_unit_test(test_who_bears_the_token),
		TEST(test_what_is_no_request),
		TEST(test_a_body_is_read_past),
		TEST(test_a_body_is_bounded),
		TEST(test_who_trickles_is_ended),
		TEST(test_a_stream_may_last),
		TEST(test_more_clients_wait_and_are_served_later),
		TEST(test_the_budget_of_a_second),
		TEST(test_events_reach_all_streams),
		TEST(test_streams_are_bounded),
		TEST(test_a_stream_that_is_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
