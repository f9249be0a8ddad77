/* SPDX-License-Identifier: Apache-2.0 */
/* 20,000 numbered lines at 2,000 a second over five rotations, of each kind at once: every
 * line once, none lost, none doubled. */
#include "base/clock.h"
#include "event/loop.h"
#include "sense/follow.h"
#include "test/follow/rotating_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define LINES 20000u
#define LOGS 3u
/* Longer than the follower's slowest poll: nothing came, so nothing will. */
#define QUIET_MS 3000u

static const char *const names[LOGS] = { "rename", "copytruncate", "compress" };

struct reader {
	struct loop *loop;
	struct loop_timer *timer;
	unsigned char seen[LOGS][LINES];
	unsigned writers, failed_writers, bad_lines;
	uint64_t last_ms;
};

static int open_log(void *data, const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static size_t log_of(const char *path)
{
	for (size_t i = 0; i < LOGS; i++) {
		if (strstr(path, names[i]))
			return i;
	}
	fail_msg("%s", path);
	return 0;
}

static void take_line(void *data, const char *path, struct bytes text, bool cut)
{
	struct reader *reader = data;
	unsigned number;

	reader->last_ms = clock_ms();
	if (cut || rotating_writer_number(text.data, text.size, &number) < 0 || number >= LINES)
		reader->bad_lines++;
	else if (reader->seen[log_of(path)][number] < UCHAR_MAX)
		reader->seen[log_of(path)][number]++;
}

static void end_batch(void *data)
{
}

static void take_trouble(void *data, const char *path, int error)
{
}

static void see_children(void *data, int signal_number)
{
	struct reader *reader = data;
	int status;

	while (waitpid(-1, &status, WNOHANG) > 0) {
		reader->writers--;
		reader->failed_writers += status != 0;
	}
}

static void see_whether_it_is_over(void *data)
{
	struct reader *reader = data;

	if (reader->writers == 0 && clock_ms() - reader->last_ms > QUIET_MS)
		loop_stop(reader->loop);
	else
		loop_timer_arm(reader->timer, clock_ms() + 100);
}

static void start(struct reader *reader, struct follow *follow, const char *dir, enum rotation rotation)
{
	struct rotating_writer writer = {
		.rotation = rotation, .lines = LINES, .lines_per_second = 2000, .rotations = 5,
	};
	char folder[64], path[PATH_MAX];

	snprintf(folder, sizeof(folder), "%s/%s", dir, names[rotation]);
	snprintf(path, sizeof(path), "%s/mail.log", folder);
	assert_int_equal(mkdir(folder, 0755), 0);
	writer.dir = folder;
	/* The writer may be faster than our first look. */
	assert_int_equal(follow_add(follow, path, NULL, FOLLOW_FROM_BEGINNING), 0);
	assert_true(rotating_writer_start(&writer) > 0);
	reader->writers++;
}

static void test_every_line_once(void **state)
{
	static const struct follow_calls calls = { open_log, take_line, end_batch, take_trouble };
	char dir[] = "/tmp/rotation_test.XXXXXX", command[64];
	struct reader *reader = calloc(1, sizeof(*reader));
	struct loop_signals *signals;
	struct follow *follow;

	assert_non_null(mkdtemp(dir));
	assert_int_equal(loop_create(&reader->loop), 0);
	assert_int_equal(loop_signals_create(reader->loop, (const int[]){ SIGCHLD, 0 }, see_children, reader,
					     &signals), 0);
	assert_int_equal(loop_timer_create(reader->loop, see_whether_it_is_over, reader, &reader->timer), 0);
	assert_int_equal(follow_create(reader->loop, &calls, reader, &follow), 0);
	for (enum rotation rotation = 0; rotation < LOGS; rotation++)
		start(reader, follow, dir, rotation);
	reader->last_ms = clock_ms();
	loop_timer_arm(reader->timer, clock_ms() + 100);
	assert_int_equal(loop_run(reader->loop), 0);

	assert_int_equal(reader->failed_writers, 0);
	assert_int_equal(reader->bad_lines, 0);
	for (size_t i = 0; i < LOGS; i++) {
		for (unsigned number = 0; number < LINES; number++) {
			if (reader->seen[i][number] != 1)
				fail_msg("%s: line %u came %u times", names[i], number,
					 reader->seen[i][number]);
		}
	}
	follow_destroy(follow);
	loop_signals_destroy(signals);
	loop_timer_destroy(reader->timer);
	loop_destroy(reader->loop);
	free(reader);
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_every_line_once) };

	return cmocka_run_group_tests_name("rotation", tests, NULL, NULL);
}
