/* SPDX-License-Identifier: Apache-2.0 */
/* The server's end: its clients are plain sockets of this process, which the loop and the test
 * take turns with. The clock is the machine's and leaps when a test says so. */
#include "control/control.h"

#include "base/clock.h"
#include "base/counter.h"

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

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define ANSWER_MOST (4 * 1024 * 1024)
#define LINES 100000

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

static struct loop *loop;
static struct control_server *server;
static struct loop_timer *turn;
static int listener;
static struct sockaddr_un address;
static int calls;

/* A stream of numbered lines. */
static struct {
	int made, most, done;
	size_t line_size;
	int slices; /* calls that have nothing yet */
	int drains; /* a client that is read from while lines are made, or -1 */
	size_t drained;
} stream;

static json_t *next_number(void *state)
{
	char sink[65536];
	ssize_t n;

	assert_ptr_equal(state, &stream);
	assert_int_equal(stream.done, 0);
	if (stream.drains >= 0 && (n = recv(stream.drains, sink, sizeof(sink), MSG_DONTWAIT)) > 0)
		stream.drained += (size_t)n;
	if (stream.slices > 0 && stream.slices--)
		return json_null();
	return stream.made < stream.most ? json_pack("{s:i}", "n", stream.made++) : NULL;
}

static void stream_done(void *state)
{
	stream.done++;
}

static void answer(void *data, const json_t *request, struct control_answer *a)
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
	} else if (strcmp(command, "fail") == 0) {
		control_fail(a, CONTROL_NO, "%s", json_string_value(json_object_get(request, "sentence")));
	}
}

static void stop(void *data)
{
	loop_stop(loop);
}

static int set_up(void **state)
{
	char folder[] = "/tmp/control_test.XXXXXX";

	leapt_ms = 0;
	calls = 0;
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

static int tear_down(void **state)
{
	control_server_destroy(server);
	loop_timer_destroy(turn);
	loop_destroy(loop);
	close(listener);
	unlink(address.sun_path);
	*strrchr(address.sun_path, '/') = '\0';
	return rmdir(address.sun_path);
}

/* One round of the loop, which does not wait. */
static void one_round(void)
{
	assert_int_equal(loop_timer_arm(turn, 0), 0);
	assert_int_equal(loop_run(loop), 0);
}

static void rounds(int count)
{
	while (count--)
		one_round();
}

static void leap(uint64_t ms)
{
	leapt_ms += ms;
	rounds(3);
}

static int connect_client(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static int ask_bytes(const void *request, size_t size)
{
	int fd = connect_client();

	assert_int_equal(send(fd, request, size, MSG_NOSIGNAL), size);
	return fd;
}

static int ask(const char *request)
{
	return ask_bytes(request, strlen(request));
}

/* What comes while the loop runs, until the server closes. */
static char *read_all(int fd, size_t *ret_size)
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

static bool is_closed(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
}

static void check_refused(int fd, int status, const char *sentence)
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

static void check_well(int fd)
{
	size_t size;
	char *data = read_all(fd, &size);

	assert_string_equal(data, "{\"ok\":true}\n");
	free(data);
	close(fd);
}

static void a_request_is_answered(void **state)
{
	uint64_t before = counter_read(COUNTER_control_requests);

	check_well(ask("{}\n"));
	check_well(ask("  {\"unknown\": [1, 2.5, null, {}]}  \r\n"));
	assert_int_equal(calls, 2);
	assert_int_equal(counter_read(COUNTER_control_requests), before + 2);
}

static void what_is_no_object_is_refused(void **state)
{
	static const struct {
		const char *text;
		size_t size;
	} rows[] = {
#define ROW(text) { text, sizeof(text) - 1 }
		ROW("\n"),
		ROW("ban 192.0.2.7\n"),
		ROW("[]\n"),
		ROW("\"text\"\n"),
		ROW("1\n"),
		ROW("null\n"),
		ROW("{\n"),
		ROW("{} {}\n"),
		ROW("{}x\n"),
		ROW("{\"a\":1,}\n"),
		ROW("{'a':1}\n"),
		ROW("{\"command\":\"list\",\"command\":\"ban\"}\n"),
		ROW("{\"a\":{\"b\":1,\"b\":2}}\n"),
		ROW("{\"a\":\"\xff\"}\n"),
		ROW("{\"a\":\"\xed\xa0\x80\"}\n"),
		ROW("{\"a\":\"\\ud800\"}\n"),
		ROW("{\"a\":1e999}\n"),
		ROW("{\"a\":99999999999999999999}\n"),
		ROW("\0{}\n"),
		ROW("{}\0\n"),
		ROW("{\"a\0b\":1}\n"),
#undef ROW
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		uint64_t before = counter_read(COUNTER_control_refused);

		check_refused(ask_bytes(rows[i].text, rows[i].size), CONTROL_WRONG_USE,
			      "the request is not a JSON object");
		assert_int_equal(counter_read(COUNTER_control_refused), before + 1);
	}
	assert_int_equal(calls, 0);
}

static void a_deep_request_is_refused(void **state)
{
	char request[CONTROL_REQUEST_MOST];

	memset(request, '[', sizeof(request));
	memcpy(request, "{\"a\":", 5);
	request[sizeof(request) - 1] = '\n';
	check_refused(ask_bytes(request, sizeof(request)), CONTROL_WRONG_USE, "the request is not a JSON object");
}

static void the_longest_request(void **state)
{
	static const char sentence[] = "the request is longer than 16384 bytes";
	char request[CONTROL_REQUEST_MOST * 2];

	memset(request, ' ', sizeof(request));
	memcpy(request, "{}", 2);
	request[CONTROL_REQUEST_MOST - 1] = '\n';
	check_well(ask_bytes(request, CONTROL_REQUEST_MOST));
	request[CONTROL_REQUEST_MOST - 1] = ' ';
	request[CONTROL_REQUEST_MOST] = '\n';
	check_refused(ask_bytes(request, CONTROL_REQUEST_MOST + 1), CONTROL_WRONG_USE, sentence);
	check_refused(ask_bytes(request, CONTROL_REQUEST_MOST), CONTROL_WRONG_USE, sentence);
	check_refused(ask_bytes(request, sizeof(request)), CONTROL_WRONG_USE, sentence);
	assert_int_equal(calls, 1);
}

static void a_request_may_come_in_pieces(void **state)
{
	static const char request[] = "{\"command\":\"fail\",\"sentence\":\"no\"}\n";
	int fd = connect_client();

	for (size_t i = 0; i < sizeof(request) - 1; i++) {
		assert_int_equal(calls, 0);
		assert_int_equal(send(fd, request + i, 1, 0), 1);
		rounds(2);
	}
	check_refused(fd, CONTROL_NO, "no");
}

static void one_request_a_connection(void **state)
{
	check_well(ask("{}\n{}\n{}\n"));
	assert_int_equal(calls, 1);
}

static void who_leaves_early_is_forgotten(void **state)
{
	for (int i = 0; i < CONTROL_CLIENTS_MOST * 3; i++) {
		close(ask(i % 2 ? "{\"comm" : ""));
		rounds(2);
	}
	assert_int_equal(calls, 0);
	/* Gone before it is answered. */
	close(ask("{}\n"));
	rounds(3);
	assert_int_equal(calls, 1);
	check_well(ask("{}\n"));
}

static void without_an_answer_the_connection_ends(void **state)
{
	int fd = ask("{\"command\":\"\"}\n");

	rounds(3);
	assert_int_equal(calls, 1);
	assert_true(is_closed(fd));
	close(fd);
}

static void one_client_too_many_is_told_so(void **state)
{
	int fds[CONTROL_CLIENTS_MOST];
	uint64_t before = counter_read(COUNTER_control_refused);

	for (int i = 0; i < CONTROL_CLIENTS_MOST; i++)
		fds[i] = connect_client();
	rounds(CONTROL_CLIENTS_MOST + 1);
	check_refused(ask("{}\n"), CONTROL_NO, "16 others are being answered; try again");
	assert_int_equal(counter_read(COUNTER_control_refused), before + 1);
	close(fds[3]);
	rounds(2);
	check_well(ask("{}\n"));
	for (int i = 0; i < CONTROL_CLIENTS_MOST; i++) {
		if (i == 3)
			continue;
		assert_false(is_closed(fds[i]));
		close(fds[i]);
	}
}

static void who_says_nothing_is_not_waited_for(void **state)
{
	int silent = connect_client(), slow = connect_client();

	rounds(3);
	leap(CONTROL_IDLE_MS - 1000);
	assert_int_equal(send(slow, "{", 1, 0), 1);
	rounds(2);
	assert_false(is_closed(silent));
	/* A byte now and then does not make the time longer. */
	leap(1001);
	assert_true(is_closed(silent));
	assert_true(is_closed(slow));
	close(silent);
	close(slow);
}

static void many_lines_and_the_last(void **state)
{
	int fd = ask("{\"command\":\"stream\"}\n");
	size_t size;
	char *data = read_all(fd, &size), *line = data;

	for (int i = 0; i < LINES; i++) {
		char expected[32];
		int length = snprintf(expected, sizeof(expected), "{\"n\":%d}\n", i);

		assert_memory_equal(line, expected, (size_t)length);
		line += length;
	}
	assert_string_equal(line, "{\"ok\":true}\n");
	assert_int_equal(stream.done, 1);
	free(data);
	close(fd);
}

static void an_empty_stream(void **state)
{
	stream.most = 0;
	check_well(ask("{\"command\":\"stream\"}\n"));
	assert_int_equal(stream.done, 1);
}

/* One slice a round, and others are answered meanwhile. */
static void what_takes_long_is_made_in_slices(void **state)
{
	size_t size;
	int fd;

	stream.most = 3;
	stream.slices = 1000;
	fd = ask("{\"command\":\"stream\"}\n");
	check_well(ask("{}\n"));
	assert_true(stream.slices > 900 && stream.slices < 1000);
	assert_int_equal(stream.made, 0);
	rounds(1000);
	assert_int_equal(stream.slices, 0);
	free(read_all(fd, &size));
	close(fd);
	assert_true(size > strlen("{\"ok\":true}\n"));
	assert_int_equal(stream.made, 3);
	assert_int_equal(stream.done, 1);
}

static void who_goes_away_is_not_looked_for(void **state)
{
	int fd;

	stream.slices = 1000;
	fd = ask("{\"command\":\"stream\"}\n");
	rounds(10);
	close(fd);
	rounds(10);
	assert_int_equal(stream.done, 1);
	assert_true(stream.slices > 900);
}

/* What a client does not read is not made: its socket's buffer and a slice, then no more. */
static void who_reads_slowly_holds_its_own_answer_back(void **state)
{
	int fd = ask("{\"command\":\"stream\"}\n"), made;

	rounds(100);
	made = stream.made;
	assert_true(made > 100);
	assert_true(made < LINES / 2);
	rounds(100);
	assert_int_equal(stream.made, made);
	check_well(ask("{}\n"));

	/* A reader that does not come back in time is let go. */
	leap(CONTROL_IDLE_MS + 1);
	assert_int_equal(stream.done, 1);
	assert_int_equal(stream.made, made);
	close(fd);
}

static void who_reads_a_little_is_waited_for(void **state)
{
	int fd = ask("{\"command\":\"stream\"}\n");
	char piece[200000];

	rounds(100);
	for (int i = 0; i < 5; i++) {
		assert_true(recv(fd, piece, sizeof(piece), MSG_DONTWAIT) > 0);
		leap(CONTROL_IDLE_MS - 1000);
		assert_int_equal(stream.done, 0);
	}
	close(fd);
	rounds(2);
	assert_int_equal(stream.done, 1);
}

/* However fast a client reads, other things get their turn after each slice. */
static void who_reads_fast_holds_nobody_up(void **state)
{
	int fd = ask("{\"command\":\"stream\"}\n"), made = 0;

	stream.drains = fd;
	while (!stream.done) {
		one_round();
		assert_true(stream.made - made <= 5000);
		made = stream.made;
	}
	assert_int_equal(stream.made, LINES);
	close(fd);
}

static void a_client_that_goes_away_ends_its_stream(void **state)
{
	for (int i = 1; i <= 20; i++) {
		int fd = ask("{\"command\":\"stream\"}\n"), made;
		char piece[1000];

		stream.done = stream.made = 0;
		rounds(i);
		(void)!recv(fd, piece, sizeof(piece), MSG_DONTWAIT);
		close(fd);
		rounds(3);
		assert_int_equal(stream.done, 1);
		made = stream.made;
		rounds(3);
		assert_int_equal(stream.made, made);
	}
}

static void an_answer_larger_than_the_socket_takes(void **state)
{
	int fd = ask("{\"command\":\"large\",\"size\":3000000}\n");
	size_t size;
	char *data = read_all(fd, &size);
	json_t *line = json_loadb(data, size, 0, NULL);

	assert_true(json_is_true(json_object_get(line, "ok")));
	assert_int_equal(json_string_length(json_object_get(line, "text")), 3000000);
	json_decref(line);
	free(data);
	close(fd);
}

static void a_sentence_is_ascii_and_has_an_end(void **state)
{
	char request[2000] = "{\"command\":\"fail\",\"sentence\":\"", sentence[512];
	size_t used = strlen(request);

	check_refused(ask("{\"command\":\"fail\",\"sentence\":\"\xc3\xa9\\n\\u001b[31m\"}\n"), CONTROL_NO, "????[31m");
	memset(request + used, 'x', 1000);
	strcpy(request + used + 1000, "\"}\n");
	memset(sentence, 'x', sizeof(sentence) - 1);
	sentence[sizeof(sentence) - 1] = '\0';
	check_refused(ask(request), CONTROL_NO, sentence);
}

static void destroying_closes_all(void **state)
{
	int asking = connect_client(), reading = ask("{\"command\":\"stream\"}\n");

	rounds(10);
	assert_true(stream.made > 0);
	control_server_destroy(server);
	server = NULL;
	assert_int_equal(stream.done, 1);
	assert_true(is_closed(asking));
	/* The listener is the caller's: it takes connections, which nobody answers. */
	close(connect_client());
	rounds(3);
	close(asking);
	close(reading);
}

static void test_a_request_of_our_own(void **state)
{
	json_t *request = json_pack("{s:s, s:s}", "command", "fail", "sentence", "no");
	json_t *done = control_answer_here(answer, NULL, request);

	assert_false(json_is_true(json_object_get(done, "ok")));
	assert_string_equal(json_string_value(json_object_get(done, "error")), "no");
	json_decref(done);
	json_object_set_new(request, "command", json_string("large"));
	json_object_set_new(request, "size", json_integer(100000));
	done = control_answer_here(answer, NULL, request);
	assert_true(json_is_true(json_object_get(done, "ok")));
	assert_int_equal(json_string_length(json_object_get(done, "text")), 100000);
	json_decref(done);
	json_object_set_new(request, "command", json_string("stream"));
	assert_null(control_answer_here(answer, NULL, request));
	assert_int_equal(stream.done, 1);
	json_decref(request);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_request_of_our_own, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_request_is_answered, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_object_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_deep_request_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_longest_request, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_request_may_come_in_pieces, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_request_a_connection, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_leaves_early_is_forgotten, set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_an_answer_the_connection_ends, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_client_too_many_is_told_so, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_says_nothing_is_not_waited_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(many_lines_and_the_last, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_empty_stream, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_takes_long_is_made_in_slices, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_goes_away_is_not_looked_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_reads_slowly_holds_its_own_answer_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_reads_a_little_is_waited_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_reads_fast_holds_nobody_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_client_that_goes_away_ends_its_stream, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_answer_larger_than_the_socket_takes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_sentence_is_ascii_and_has_an_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(destroying_closes_all, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
