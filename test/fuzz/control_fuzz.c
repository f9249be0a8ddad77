/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes at either end of the control socket. An even first byte: the rest is what a client
 * sends, and the server answers with one last line or none. An odd one: the rest is what a
 * server answers, and the client takes it or says -EPROTO. */
#include "control/control.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ROUNDS 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sockaddr_un address;
static int listener = -1;

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void remove_socket(void)
{
	unlink(address.sun_path);
}

static void listen_once(void)
{
	if (listener >= 0)
		return;
	address.sun_family = AF_UNIX;
	snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/control_fuzz.%ld", (long)getpid());
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(bind(listener, (const struct sockaddr *)&address, sizeof(address)) == 0 && listen(listener, 4) == 0);
	atexit(remove_socket);
}

static void answer(void *data, const json_t *request, struct control_answer *a)
{
	const char *command = json_string_value(json_object_get(request, "command"));

	must(json_is_object(request));
	if (json_object_size(request) % 2)
		control_finish(a, json_pack("{s:O}", "got", request));
	else
		control_fail(a, CONTROL_NO, "%s", command ? command : "nothing");
}

static void stop(void *data)
{
	loop_stop(data);
}

static void run_rounds(struct loop *loop)
{
	struct loop_timer *turn;

	must(loop_timer_create(loop, stop, loop, &turn) == 0);
	for (int i = 0; i < ROUNDS; i++) {
		loop_timer_arm(turn, 0);
		must(loop_run(loop) == 0);
	}
	loop_timer_destroy(turn);
}

static void check_answer(int fd)
{
	static char text[1024 * 1024];
	ssize_t size = recv(fd, text, sizeof(text), MSG_DONTWAIT);
	json_t *line;

	if (size <= 0)
		return;
	must(text[size - 1] == '\n' && memchr(text, '\n', (size_t)size) == text + size - 1);
	line = json_loadb(text, (size_t)size, 0, NULL);
	must(json_is_boolean(json_object_get(line, "ok")));
	json_decref(line);
}

static void be_client(const void *data, size_t size)
{
	struct control_server *server = NULL;
	struct loop *loop = NULL;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	must(loop_create(&loop) == 0 && control_server_create(loop, listener, answer, NULL, &server) == 0);
	must(connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0);
	must(send(fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT) <= (ssize_t)size);
	run_rounds(loop);
	check_answer(fd);
	close(fd);
	run_rounds(loop);
	control_server_destroy(server);
	loop_destroy(loop);
}

struct reply {
	const void *data;
	size_t size;
};

static void *give_reply(void *data)
{
	const struct reply *reply = data;
	int fd = accept(listener, NULL, NULL);

	must(send(fd, reply->data, reply->size, MSG_NOSIGNAL) <= (ssize_t)reply->size);
	close(fd);
	return NULL;
}

static void take_line(void *data, const json_t *line)
{
	must(json_is_object(line) && !json_object_get(line, "ok"));
}

static void be_server(const void *data, size_t size)
{
	struct reply reply = { data, size };
	json_t *last = NULL;
	pthread_t thread;
	int r;

	must(pthread_create(&thread, NULL, give_reply, &reply) == 0);
	r = control_ask(address.sun_path, json_object(), 5000, take_line, NULL, &last);
	pthread_join(thread, NULL);
	must(r == 0 || r == -EPROTO);
	must((r == 0) == (json_object_get(last, "ok") != NULL));
	json_decref(last);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	listen_once();
	if (size == 0)
		return 0;
	if (data[0] % 2)
		be_server(data + 1, size - 1);
	else
		be_client(data + 1, size - 1);
	return 0;
}
