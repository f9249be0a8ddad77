/* SPDX-License-Identifier: Apache-2.0 */
/* What reads lines that are no file: datagrams and stream. */
#include "event/loop.h"
#include "sense/lines.h"
#include "sense/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct scene {
	struct loop *loop;
	struct loop_timer *patience;
	int in, out; /* where the test writes, and what is read */
	char said[4096];
	size_t used, lines, batches, cut, wanted;
	int ended; /* 1: not yet */
};

static void take_line(void *data, struct bytes text, bool cut)
{
	struct scene *s = data;

	s->lines++;
	s->cut += cut;
	if (text.size < 200)
		s->used += (size_t)snprintf(s->said + s->used, sizeof(s->said) - s->used, "%.*s|", BYTES_FMT(text));
}

static void end_batch(void *data)
{
	struct scene *s = data;

	s->batches++;
	if (s->wanted && s->lines >= s->wanted)
		loop_stop(s->loop);
}

static void end_all(void *data, int error)
{
	struct scene *s = data;

	s->ended = error;
	loop_stop(s->loop);
}

static void lose_patience(void *data)
{
	fail_msg("waited too long");
}

static const struct intake_calls calls = { take_line, end_batch, end_all };

static void begin(struct scene *s, int pair[2])
{
	*s = (struct scene){ .in = pair[0], .out = pair[1], .ended = 1 };
	assert_int_equal(loop_create(&s->loop), 0);
	assert_int_equal(loop_timer_create(s->loop, lose_patience, s, &s->patience), 0);
	assert_int_equal(loop_timer_arm(s->patience, loop_now_ms(s->loop) + 20000), 0);
}

static void end(struct scene *s)
{
	loop_timer_destroy(s->patience);
	loop_destroy(s->loop);
	if (s->in >= 0)
		close(s->in);
	close(s->out);
}

static void say(struct scene *s, const char *text, size_t size)
{
	assert_int_equal(write(s->in, text, size), size);
}

static void wait_for(struct scene *s, size_t lines)
{
	s->wanted = lines;
	if (s->lines < lines)
		assert_int_equal(loop_run(s->loop), 0);
	assert_int_equal(s->lines, lines);
}

static void one_datagram_is_one_line(void **state)
{
	char *large = calloc(1, DATAGRAM_MOST + 10);
	struct datagrams *datagrams;
	struct scene s;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair), 0);
	begin(&s, pair);
	assert_int_equal(datagrams_create(s.loop, s.out, &calls, &s, &datagrams), 0);
	say(&s, "one", 3);
	say(&s, "two\n", 4);
	say(&s, "three\nforged: x\n\n", 17);
	say(&s, "", 0);
	wait_for(&s, 4);
	assert_string_equal(s.said, "one|two|three\nforged: x\n||");
	assert_true(s.batches >= 1);
	memset(large, 'x', DATAGRAM_MOST + 10);
	say(&s, large, DATAGRAM_MOST + 10);
	wait_for(&s, 5);
	assert_int_equal(s.cut, 1);
	datagrams_destroy(datagrams);
	free(large);
	end(&s);
}

static void a_stream_has_lines_in_pieces(void **state)
{
	struct stream *stream;
	struct scene s;
	int pair[2], swapped[2];

	assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
	swapped[0] = pair[1];
	swapped[1] = pair[0];
	begin(&s, swapped);
	assert_int_equal(stream_create(s.loop, s.out, false, &calls, &s, &stream), 0);
	say(&s, "one\ntw", 6);
	wait_for(&s, 1);
	say(&s, "o\n\nthr", 6);
	wait_for(&s, 3);
	say(&s, "ee", 2);
	close(s.in);
	s.in = -1;
	s.wanted = 0;
	assert_int_equal(loop_run(s.loop), 0);
	assert_string_equal(s.said, "one|two||three|");
	assert_int_equal(s.ended, 0);
	stream_destroy(stream);
	end(&s);
}

/* What the reader before had begun to read must not be seen to begin in the middle. */
static void the_rest_of_a_line_is_no_line(void **state)
{
	struct stream *stream;
	struct scene s;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	begin(&s, pair);
	assert_int_equal(stream_create(s.loop, s.out, true, &calls, &s, &stream), 0);
	say(&s, "courieresmtpd: forged\none\n", 26);
	wait_for(&s, 1);
	assert_string_equal(s.said, "one|");
	stream_destroy(stream);
	end(&s);
}

static void a_long_line_of_a_stream_is_cut(void **state)
{
	size_t size = 3 * LINE_SIZE_MAX;
	char *large = malloc(size + 5);
	struct stream *stream;
	struct scene s;
	int pair[2], status;
	pid_t writer;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	begin(&s, pair);
	assert_int_equal(stream_create(s.loop, s.out, false, &calls, &s, &stream), 0);
	memset(large, 'x', size);
	memcpy(large + size, "\nend\n", 5);
	/* More than the socket holds. */
	writer = fork();
	if (writer == 0)
		_exit(write(s.in, large, size + 5) == (ssize_t)(size + 5) ? 0 : 1);
	wait_for(&s, 2);
	assert_int_equal(waitpid(writer, &status, 0), writer);
	assert_int_equal(status, 0);
	assert_int_equal(s.cut, 1);
	assert_string_equal(s.said, "end|");
	stream_destroy(stream);
	free(large);
	end(&s);
}

static void a_file_is_no_stream(void **state)
{
	struct stream *stream;
	struct loop *loop;
	int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

	assert_int_equal(loop_create(&loop), 0);
	assert_int_equal(stream_create(loop, fd, false, &calls, NULL, &stream), -EPERM);
	loop_destroy(loop);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_datagram_is_one_line),
		cmocka_unit_test(a_stream_has_lines_in_pieces),
		cmocka_unit_test(the_rest_of_a_line_is_no_line),
		cmocka_unit_test(a_long_line_of_a_stream_is_cut),
		cmocka_unit_test(a_file_is_no_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
