/* SPDX-License-Identifier: Apache-2.0 */
#include "control/server_world.h"

#include "base/clock.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define ANSWER_MOST (4 * 1024 * 1024)

static uint64_t leapt_ms;

uint64_t clock_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000 + leapt_ms * 1000;
}

uint64_t clock_ms(void)
{
	return clock_us() / 1000;
}

struct control_server *server;
int calls;
struct control_answer *waiting;
int gone;
struct numbers stream;
static struct loop *loop;
static struct loop_timer *turn;
static int listener;
static struct sockaddr_un address;

static json_t *next_number(void *state)
{
	char sink[65536];

	assert_ptr_equal(state, &stream);
	assert_int_equal(stream.done, 0);
	if (stream.drains >= 0)
		(void)!recv(stream.drains, sink, sizeof(sink), MSG_DONTWAIT);
	if (stream.slices > 0 && stream.slices--)
		return json_null();
	return stream.made < stream.most ? json_pack("{s:i}", "n", stream.made++) : NULL;
}

static void stream_done(void *state)
{
	stream.done++;
}

static void on_gone(void *state)
{
	++*(int *)state;
}

void answer(void *data, const json_t *request, struct control_answer *a)
{
	static const struct control_stream_calls stream_calls = { next_number, stream_done };
	const char *command = json_string_value(json_object_get(request, "command"));
	json_int_t size = json_integer_value(json_object_get(request, "size"));

	calls++;
	if (!command) {
		control_finish(a, NULL);
	} else if (strcmp(command, "stream") == 0) {
		control_stream(a, &stream_calls, &stream);
	} else if (strcmp(command, "large") == 0) {
		char *text = malloc((size_t)size);

		assert_non_null(text);
		memset(text, 'x', (size_t)size);
		control_finish(a, json_pack("{s:s%}", "text", text, (size_t)size));
		free(text);
	} else if (strcmp(command, "wait") == 0 && !control_may_wait(a)) {
		control_fail(a, CONTROL_NO, "now");
	} else if (strcmp(command, "wait") == 0) {
		waiting = a;
		control_wait(a, on_gone, &gone);
	} else if (strcmp(command, "fail") == 0) {
		control_fail(a, CONTROL_NO, "%s", json_string_value(json_object_get(request, "sentence")));
	}
}

static void stop(void *data)
{
	loop_stop(loop);
}

int set_up(void **state)
{
	char folder[] = "/tmp/control_test.XXXXXX";

	leapt_ms = 0;
	calls = gone = 0;
	waiting = NULL;
	memset(&stream, 0, sizeof(stream));
	stream.most = LINES;
	stream.drains = -1;
	if (!mkdtemp(folder))
		return -1;
	address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", folder, CONTROL_SOCKET_NAME);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (bind(listener, (const struct sockaddr *)&address, sizeof(address)) < 0 || listen(listener, 64) < 0)
		return -1;
	if (loop_create(&loop) < 0 || loop_timer_create(loop, stop, NULL, &turn) < 0)
		return -1;
	return control_server_create(loop, listener, answer, NULL, &server);
}

int tear_down(void **state)
{
	control_server_destroy(server);
	loop_timer_destroy(turn);
	loop_destroy(loop);
	close(listener);
	unlink(address.sun_path);
	*strrchr(address.sun_path, '/') = '\0';
	return rmdir(address.sun_path);
}

static void one_round(void)
{
	assert_int_equal(loop_timer_arm(turn, 0), 0);
	assert_int_equal(loop_run(loop), 0);
}

void rounds(int count)
{
	while (count--)
		one_round();
}

void leap(uint64_t ms)
{
	leapt_ms += ms;
	rounds(3);
}

int connect_client(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

int ask_bytes(const void *request, size_t size)
{
	int fd = connect_client();

	assert_int_equal(send(fd, request, size, MSG_NOSIGNAL), size);
	return fd;
}

int ask(const char *request)
{
	return ask_bytes(request, strlen(request));
}

char *read_all(int fd, size_t *ret_size)
{
	char *data = malloc(ANSWER_MOST);
	size_t size = 0;

	assert_non_null(data);
	for (int idle = 0; idle < 100;) {
		ssize_t n = recv(fd, data + size, ANSWER_MOST - size - 1, MSG_DONTWAIT);

		if (n == 0 || (n < 0 && errno == ECONNRESET))
			break;
		if (n > 0)
			size += (size_t)n;
		idle = n > 0 ? 0 : idle + 1;
		one_round();
	}
	data[size] = '\0';
	*ret_size = size;
	return data;
}

bool is_closed(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
}

void check_refused(int fd, int status, const char *sentence)
{
	size_t size;
	char *data = read_all(fd, &size);
	json_t *line = json_loadb(data, size, 0, NULL);

	assert_true(json_is_false(json_object_get(line, "ok")));
	assert_int_equal(json_integer_value(json_object_get(line, "status")), status);
	assert_string_equal(json_string_value(json_object_get(line, "error")), sentence);
	json_decref(line);
	free(data);
	close(fd);
}

void check_well(int fd)
{
	size_t size;
	char *data = read_all(fd, &size);

	assert_string_equal(data, "{\"ok\":true}\n");
	free(data);
	close(fd);
}
