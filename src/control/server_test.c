/* SPDX-License-Identifier: Apache-2.0 */
/* The server's end: what is a request, who is answered, and who is not waited for. */
#include "control/server_world.h"

#include "base/counter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

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
	/* It has nobody who would take it later. */
	json_object_set_new(request, "command", json_string("wait"));
	done = control_answer_here(answer, NULL, request);
	assert_string_equal(json_string_value(json_object_get(done, "error")), "now");
	json_decref(done);
	json_object_set_new(request, "command", json_string("stream"));
	assert_null(control_answer_here(answer, NULL, request));
	assert_int_equal(stream.done, 1);
	json_decref(request);
}

static void an_answer_may_come_later(void **state)
{
	int fd = ask("{\"command\":\"wait\"}\n"), other = ask("{\"command\":\"fail\",\"sentence\":\"no\"}\n");

	rounds(4);
	assert_non_null(waiting);
	assert_false(is_closed(fd));
	check_refused(other, CONTROL_NO, "no");
	control_finish(waiting, NULL);
	check_well(fd);
	fd = ask("{\"command\":\"wait\"}\n");
	rounds(4);
	control_fail(waiting, CONTROL_NO, "it is none");
	check_refused(fd, CONTROL_NO, "it is none");
	assert_int_equal(gone, 0);
}

static void who_does_not_wait_for_it_is_told_of(void **state)
{
	int fd = ask("{\"command\":\"wait\"}\n");

	rounds(4);
	close(fd);
	rounds(4);
	assert_int_equal(gone, 1);
	fd = ask("{\"command\":\"wait\"}\n");
	rounds(4);
	leap(CONTROL_IDLE_MS + 1);
	rounds(4);
	assert_int_equal(gone, 2);
	assert_true(is_closed(fd));
	close(fd);
	fd = ask("{\"command\":\"wait\"}\n");
	rounds(4);
	control_server_destroy(server);
	server = NULL;
	assert_int_equal(gone, 3);
	close(fd);
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

int main(void)
{
	static const struct CMUnitTest tests[] = {
		SERVER_TEST(a_request_is_answered),
		SERVER_TEST(what_is_no_object_is_refused),
		SERVER_TEST(a_deep_request_is_refused),
		SERVER_TEST(the_longest_request),
		SERVER_TEST(a_request_may_come_in_pieces),
		SERVER_TEST(one_request_a_connection),
		SERVER_TEST(who_leaves_early_is_forgotten),
		SERVER_TEST(without_an_answer_the_connection_ends),
		SERVER_TEST(one_client_too_many_is_told_so),
		SERVER_TEST(who_says_nothing_is_not_waited_for),
		SERVER_TEST(an_answer_larger_than_the_socket_takes),
		SERVER_TEST(a_sentence_is_ascii_and_has_an_end),
		SERVER_TEST(test_a_request_of_our_own),
		SERVER_TEST(an_answer_may_come_later),
		SERVER_TEST(who_does_not_wait_for_it_is_told_of),
		SERVER_TEST(destroying_closes_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
