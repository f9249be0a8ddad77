/* SPDX-License-Identifier: Apache-2.0 */
#include "sense/follow_world.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 20000u

static int open_log(void *data, const char *path)
{
	struct world *w = data;
	int fd;

	if (w->open_error && strcmp(strrchr(path, '/'), "/mail.log") == 0)
		return -w->open_error;
	if (w->as_nobody)
		assert_int_equal(seteuid(0), 0);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	fd = fd < 0 ? -errno : fd;
	if (w->as_nobody)
		assert_int_equal(seteuid(NOBODY), 0);
	return fd;
}

static void add_text(struct world *w, const char *text, size_t size)
{
	if (w->size + size + 1 > w->room) {
		w->room = 2 * (w->size + size + 1);
		w->lines = realloc(w->lines, w->room);
		assert_non_null(w->lines);
	}
	memcpy(w->lines + w->size, text, size);
	w->size += size;
	w->lines[w->size] = '\0';
}

static void take_line(void *data, const char *path, struct bytes text, bool cut)
{
	struct world *w = data;

	assert_ptr_equal(strstr(path, w->dir), path);
	add_text(w, text.data, text.size);
	if (cut)
		add_text(w, "<cut>", 5);
	add_text(w, "\n", 1);
	w->count++;
}

static void end_batch(void *data)
{
	struct world *w = data;

	w->batches++;
	if (w->wanted && w->count >= w->wanted)
		loop_stop(w->loop);
}

static void take_trouble(void *data, const char *path, int error)
{
	struct world *w = data;
	size_t length = strlen(w->troubles);

	snprintf(w->troubles + length, sizeof(w->troubles) - length, "%d ", error);
	if (w->trouble_wanted && strcmp(w->troubles, w->trouble_wanted) == 0)
		loop_stop(w->loop);
}

static const struct follow_calls calls = { open_log, take_line, end_batch, take_trouble };

static void lose_patience(void *data)
{
	struct world *w = data;

	fail_msg("waited too long; lines so far:\n%s\ntroubles: %s", w->lines, w->troubles);
}

/* Stops the loop when nothing is left to do at once. */
static void settle(void *data)
{
	struct world *w = data;

	if (--w->settle_rounds == 0)
		loop_stop(w->loop);
	else
		loop_timer_arm(w->settle, loop_now_ms(w->loop) + 5);
}

void run(struct world *w)
{
	loop_timer_arm(w->patience, clock_ms() + PATIENCE_MS);
	assert_int_equal(loop_run(w->loop), 0);
	loop_timer_disarm(w->patience);
}

void run_a_while(struct world *w)
{
	w->settle_rounds = 6;
	loop_timer_arm(w->settle, clock_ms());
	run(w);
}

void expect(struct world *w, const char *lines)
{
	w->wanted = 0;
	for (const char *c = lines; *c; c++)
		w->wanted += *c == '\n';
	if (w->count < w->wanted)
		run(w);
	w->wanted = 0;
	run_a_while(w);
	assert_string_equal(w->lines, lines);
	w->size = w->count = 0;
	w->lines[0] = '\0';
}

void expect_troubles(struct world *w, const char *troubles)
{
	w->trouble_wanted = troubles;
	if (strcmp(w->troubles, troubles) != 0)
		run(w);
	w->trouble_wanted = NULL;
	w->troubles[0] = '\0';
}

const char *in(const struct world *w, const char *name)
{
	static char paths[4][PATH_MAX];
	static unsigned turn;
	char *path = paths[turn++ % 4];

	snprintf(path, PATH_MAX, "%s/%s", w->dir, name);
	return path;
}

void append_bytes(const struct world *w, const char *name, const char *data, size_t size)
{
	int fd = open(in(w, name), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), size);
	close(fd);
}

void append(const struct world *w, const char *name, const char *text)
{
	append_bytes(w, name, text, strlen(text));
}

void move(const struct world *w, const char *from, const char *to)
{
	assert_int_equal(rename(in(w, from), in(w, to)), 0);
}

void copy(const struct world *w, const char *from, const char *to)
{
	char bytes[65536];
	int fd = open(in(w, from), O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, bytes, sizeof(bytes));

	assert_true(n >= 0);
	close(fd);
	append_bytes(w, to, bytes, (size_t)n);
}

void wait_a_tick(void)
{
	usleep(20000);
}

void truncate_log(const struct world *w)
{
	assert_int_equal(truncate(in(w, "mail.log"), 0), 0);
}

void add(struct world *w, const char *name, const struct follow_position *position,
	 enum follow_start start)
{
	assert_int_equal(follow_add(w->follow, in(w, name), position, start), 0);
	run_a_while(w);
}

struct follow_position position(const struct world *w)
{
	struct follow_position at;

	assert_int_equal(follow_position(w->follow, in(w, "mail.log"), &at), 0);
	return at;
}

void start_follower(struct world *w)
{
	assert_int_equal(follow_create(w->loop, &calls, w, &w->follow), 0);
}

struct follow_position stop_follower(struct world *w)
{
	struct follow_position at = position(w);

	follow_destroy(w->follow);
	w->follow = NULL;
	return at;
}

int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	strcpy(w->dir, "/tmp/follow_test.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	assert_int_equal(loop_create(&w->loop), 0);
	assert_int_equal(loop_timer_create(w->loop, lose_patience, w, &w->patience), 0);
	assert_int_equal(loop_timer_create(w->loop, settle, w, &w->settle), 0);
	start_follower(w);
	add_text(w, "", 0);
	*state = w;
	return 0;
}

int tear_down(void **state)
{
	struct world *w = *state;
	char command[128];

	if (w->as_nobody)
		assert_int_equal(seteuid(0), 0);
	follow_destroy(w->follow);
	loop_timer_destroy(w->patience);
	loop_timer_destroy(w->settle);
	loop_destroy(w->loop);
	snprintf(command, sizeof(command), "rm -rf '%s'", w->dir);
	assert_int_equal(system(command), 0);
	free(w->lines);
	free(w);
	return 0;
}
