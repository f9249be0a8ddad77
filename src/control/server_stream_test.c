/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of many lines: made as fast as their client reads them, and as others leave time for. */
#include "control/server_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

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
		rounds(1);
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

int main(void)
{
	static const struct CMUnitTest tests[] = {
		SERVER_TEST(many_lines_and_the_last),
		SERVER_TEST(an_empty_stream),
		SERVER_TEST(what_takes_long_is_made_in_slices),
		SERVER_TEST(who_goes_away_is_not_looked_for),
		SERVER_TEST(who_reads_slowly_holds_its_own_answer_back),
		SERVER_TEST(who_reads_a_little_is_waited_for),
		SERVER_TEST(who_reads_fast_holds_nobody_up),
		SERVER_TEST(a_client_that_goes_away_ends_its_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
