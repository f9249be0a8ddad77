/* SPDX-License-Identifier: Apache-2.0 */
/* The client's end, against servers that misbehave: a child that answers one connection. */
#include "control/control.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define PATIENCE_MS 5000
#define SHORT_MS 50

static char folder[32];
static struct sockaddr_un address;
static int listener;
static pid_t child;
static int lines_seen;

static int set_up(void **state)
{
	strcpy(folder, "/tmp/client_test.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", folder, CONTROL_SOCKET_NAME);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	child = 0;
	return bind(listener, (const struct sockaddr *)&address, sizeof(address)) < 0 || listen(listener, 0) < 0;
}

static int tear_down(void **state)
{
	int status;

	if (child) {
		kill(child, SIGKILL);
		waitpid(child, &status, 0);
	}
	close(listener);
	unlink(address.sun_path);
	return rmdir(folder);
}

/* Writes `count` times, with pauses when `slow`, and ends unless it is to hold on. */
struct script {
	const char *text;
	size_t size;
	int count;
	bool slow, holds_on, deaf;
};

static void play(const struct script *script)
{
	int fd = accept(listener, NULL, NULL);
	char request[CONTROL_REQUEST_MOST];

	if (!script->deaf && read(fd, request, sizeof(request)) <= 0)
		_exit(1);
	for (int i = 0; i < script->count; i++) {
		if (send(fd, script->text, script->size, MSG_NOSIGNAL) < 0)
			break;
		if (script->slow)
			usleep(SHORT_MS * 1000 / 5);
	}
	if (script->holds_on)
		pause();
	_exit(0);
}

static void serve(const struct script *script)
{
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		play(script);
}

static void see_line(void *data, const json_t *line)
{
	int *seen = data;

	assert_true(json_is_object(line));
	*seen += 1;
}

static int ask(int timeout_ms, json_t **ret)
{
	lines_seen = 0;
	return control_ask(address.sun_path, json_pack("{s:s}", "command", "status"), timeout_ms, see_line,
			   &lines_seen, ret);
}

static void lines_and_the_last(void **state)
{
	static const char text[] = "{\"a\":1}\n{\"a\":2}\n{\"ok\":true,\"b\":3}\n{\"a\":4}\n";
	json_t *last = NULL;

	serve(&(struct script){ text, sizeof(text) - 1, 1, .holds_on = true });
	assert_int_equal(ask(PATIENCE_MS, &last), 0);
	assert_int_equal(lines_seen, 2);
	assert_int_equal(json_integer_value(json_object_get(last, "b")), 3);
	json_decref(last);
}

static void lines_in_pieces(void **state)
{
	json_t *last = NULL;

	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		static const char text[] = "{\"a\":\"\\u00e9\"}\n{\"ok\":false}\n";
		int fd = accept(listener, NULL, NULL);

		for (size_t i = 0; i < sizeof(text) - 1; i++)
			send(fd, text + i, 1, MSG_NOSIGNAL);
		_exit(0);
	}
	assert_int_equal(ask(PATIENCE_MS, &last), 0);
	assert_int_equal(lines_seen, 1);
	assert_true(json_is_false(json_object_get(last, "ok")));
	json_decref(last);
}

static void lines_that_nobody_wants_are_passed_over(void **state)
{
	static const char text[] = "{\"a\":1}\n{\"ok\":true}\n";
	json_t *last = NULL;

	serve(&(struct script){ text, sizeof(text) - 1, 1 });
	assert_int_equal(control_ask(address.sun_path, json_object(), PATIENCE_MS, NULL, NULL, &last), 0);
	assert_true(json_is_true(json_object_get(last, "ok")));
	json_decref(last);
}

/* Turned away before the request was read, and perhaps before it was sent. */
static void a_refusal_is_read_however_early_it_comes(void **state)
{
	static const char text[] = "{\"ok\":false,\"error\":\"busy\"}\n";

	for (int i = 0; i < 30; i++) {
		json_t *last = NULL;
		int status;

		serve(&(struct script){ text, sizeof(text) - 1, 1, .deaf = true });
		assert_int_equal(ask(PATIENCE_MS, &last), 0);
		assert_string_equal(json_string_value(json_object_get(last, "error")), "busy");
		json_decref(last);
		waitpid(child, &status, 0);
		child = 0;
	}
}

static void no_answer_of_this_form(void **state)
{
	static char endless[65536];
	static const struct script scripts[] = {
		{ "", 0, 0 },
		{ "\n", 1, 1 },
		{ "{\"ok\":true}", 11, 1 },
		{ "{\"a\":1}\n", 8, 3 },
		{ "[]\n", 3, 1 },
		{ "\"ok\"\n", 5, 1 },
		{ "{\"ok\":true}x\n", 13, 1 },
		{ "{\"ok\":tr\0ue}\n", 13, 1 },
		{ "{\"ok\":\"\xff\"}\n", 11, 1 },
		{ endless, sizeof(endless), 100000 },
	};

	memset(endless, '[', sizeof(endless));
	for (size_t i = 0; i < COUNT(scripts); i++) {
		json_t *last = NULL;
		int status;

		serve(&scripts[i]);
		assert_int_equal(ask(PATIENCE_MS, &last), -EPROTO);
		assert_null(last);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
		child = 0;
	}
}

static void the_longest_line(void **state)
{
	char *text = malloc(1000000);
	json_t *last = NULL;

	assert_non_null(text);
	memset(text, ' ', 1000000);
	memcpy(text, "{\"ok\":true}", 11);
	text[999999] = '\n';
	serve(&(struct script){ text, 1000000, 1 });
	assert_int_equal(ask(PATIENCE_MS, &last), 0);
	json_decref(last);
	free(text);
}

static void a_server_that_says_nothing(void **state)
{
	serve(&(struct script){ "", 0, 0, .holds_on = true });
	assert_int_equal(ask(SHORT_MS, &(json_t *){ NULL }), -ETIMEDOUT);
}

/* A byte now and then is no line. */
static void a_server_that_says_it_slowly(void **state)
{
	serve(&(struct script){ " ", 1, 1000, .slow = true });
	assert_int_equal(ask(SHORT_MS, &(json_t *){ NULL }), -ETIMEDOUT);
}

static void a_server_that_does_not_accept(void **state)
{
	int fds[8];

	for (size_t i = 0; i < COUNT(fds); i++) {
		fds[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		(void)!connect(fds[i], (const struct sockaddr *)&address, sizeof(address));
	}
	assert_int_equal(ask(SHORT_MS, &(json_t *){ NULL }), -ETIMEDOUT);
	for (size_t i = 0; i < COUNT(fds); i++)
		close(fds[i]);
}

/* Nothing waits: neither for a place nor for a line. */
static void a_question_beside_other_things(void **state)
{
	static const char text[] = "{\"n\":1}\n{\"ok\":true}\n";
	struct control_question *question;
	json_t *last = NULL;
	int r, fds[8];

	serve(&(struct script){ text, sizeof(text) - 1, 1 });
	assert_int_equal(control_question_open(address.sun_path, json_object(), &question), 0);
	while ((r = control_question_read(question, NULL, NULL, &last)) == 0) {
		struct pollfd p = { .fd = control_question_fd(question), .events = POLLIN };

		assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
	}
	assert_int_equal(r, 1);
	assert_true(json_is_true(json_object_get(last, "ok")));
	json_decref(last);
	control_question_close(question);
	control_question_close(NULL);

	for (size_t i = 0; i < COUNT(fds); i++) {
		fds[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		(void)!connect(fds[i], (const struct sockaddr *)&address, sizeof(address));
	}
	assert_int_equal(control_question_open(address.sun_path, json_object(), &question), -ETIMEDOUT);
	for (size_t i = 0; i < COUNT(fds); i++)
		close(fds[i]);
	assert_int_equal(control_question_open("/nonexistent/control", json_object(), &question), -ENOENT);
}

static void nobody_there(void **state)
{
	char path[200];

	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(control_ask(path, json_object(), SHORT_MS, NULL, NULL, NULL), -ENAMETOOLONG);
	assert_int_equal(control_ask("/nonexistent/control", json_object(), SHORT_MS, NULL, NULL, NULL), -ENOENT);
	close(listener);
	assert_int_equal(ask(SHORT_MS, NULL), -ECONNREFUSED);
	listener = -1;
}

static void a_request_has_an_end(void **state)
{
	static char text[CONTROL_REQUEST_MOST];
	static const char well[] = "{\"ok\":true}\n";
	/* {"why":"…"} and the newline */
	size_t fits = CONTROL_REQUEST_MOST - 11;
	json_t *last = NULL;

	memset(text, 'x', sizeof(text));
	assert_int_equal(control_ask(address.sun_path, json_pack("{s:s%}", "why", text, fits + 1), SHORT_MS, NULL, NULL,
				     NULL), -EMSGSIZE);
	close(accept(listener, NULL, NULL));
	serve(&(struct script){ well, sizeof(well) - 1, 1 });
	assert_int_equal(control_ask(address.sun_path, json_pack("{s:s%}", "why", text, fits), PATIENCE_MS, NULL, NULL,
				     &last), 0);
	json_decref(last);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lines_and_the_last, set_up, tear_down),
		cmocka_unit_test_setup_teardown(lines_in_pieces, set_up, tear_down),
		cmocka_unit_test_setup_teardown(lines_that_nobody_wants_are_passed_over, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_refusal_is_read_however_early_it_comes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_answer_of_this_form, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_longest_line, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_server_that_says_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_server_that_says_it_slowly, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_server_that_does_not_accept, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_question_beside_other_things, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nobody_there, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_request_has_an_end, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
