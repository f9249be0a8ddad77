/* SPDX-License-Identifier: Apache-2.0 */
/* What depends on time, with the time told, and what inotify is to tell of: a poll would find
 * it too, but late. */
#include "sense/follow_chain.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct world {
	char dir[64], path[PATH_MAX];
	struct follow_chain chain;
	int inotify_fd;
	uint64_t now_ms;
	char lines[4096];
	char troubles[64];
	unsigned opened;
	int open_error;
	char buffer[FOLLOW_BUFFER_SIZE];
};

static int open_log(void *data, const char *path)
{
	struct world *w = data;
	int fd;

	w->opened++;
	if (w->open_error)
		return -w->open_error;
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static void take_line(void *data, const char *path, struct bytes text, bool cut)
{
	struct world *w = data;
	size_t length = strlen(w->lines);

	snprintf(w->lines + length, sizeof(w->lines) - length, "%.*s;", BYTES_FMT(text));
}

static void end_batch(void *data)
{
}

static void take_trouble(void *data, const char *path, int error)
{
	struct world *w = data;
	size_t length = strlen(w->troubles);

	snprintf(w->troubles + length, sizeof(w->troubles) - length, "%d ", error);
}

static const struct follow_calls calls = { open_log, take_line, end_batch, take_trouble };

static const char *in(const struct world *w, const char *name)
{
	static char paths[2][PATH_MAX];
	static unsigned turn;
	char *path = paths[turn++ % 2];

	snprintf(path, PATH_MAX, "%s/%s", w->dir, name);
	return path;
}

static void append(const struct world *w, const char *name, const char *text)
{
	int fd = open(in(w, name), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void move(const struct world *w, const char *from, const char *to)
{
	assert_int_equal(rename(in(w, from), in(w, to)), 0);
}

static void look_after(struct world *w, uint64_t ms)
{
	bool more;

	w->now_ms += ms;
	follow_chain_read(&w->chain, w->now_ms, SIZE_MAX, &more);
	follow_chain_check(&w->chain, w->now_ms);
	follow_chain_read(&w->chain, w->now_ms, SIZE_MAX, &more);
	follow_chain_settle(&w->chain, w->now_ms);
	assert_false(more);
}

static void expect(struct world *w, const char *lines, size_t files)
{
	assert_string_equal(w->lines, lines);
	assert_int_equal(w->chain.count, files);
	w->lines[0] = '\0';
}

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct follow_lines lines = { &calls, w, w->path, w->buffer };

	strcpy(w->dir, "/tmp/follow_chain_test.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->path, sizeof(w->path), "%s/mail.log", w->dir);
	w->inotify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	assert_true(w->inotify_fd >= 0);
	w->now_ms = 1000000;
	follow_chain_create(&w->chain, &lines, w->inotify_fd, NULL, FOLLOW_FROM_END);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	char command[128];

	if (getuid() == 0)
		assert_int_equal(seteuid(0), 0);
	follow_chain_destroy(&w->chain);
	close(w->inotify_fd);
	snprintf(command, sizeof(command), "rm -rf '%s'", w->dir);
	assert_int_equal(system(command), 0);
	free(w);
	return 0;
}

static void test_old_file_is_kept_until_its_writer_has_moved_on(void **state)
{
	struct world *w = *state;

	append(w, "mail.log", "zero\n");
	look_after(w, 0);
	move(w, "mail.log", "mail.log.1");
	append(w, "mail.log", "");
	look_after(w, 0);
	expect(w, "", 2);
	look_after(w, FOLLOW_QUIET_MOVED_ON_MS);
	append(w, "mail.log.1", "one\n");
	look_after(w, FOLLOW_QUIET_MOVED_ON_MS);
	append(w, "mail.log", "two\n");
	look_after(w, FOLLOW_QUIET_MOVED_ON_MS - 1);
	append(w, "mail.log.1", "three\n");
	look_after(w, 0);
	look_after(w, FOLLOW_QUIET_MOVED_ON_MS - 1);
	expect(w, "one;two;three;", 2);
	look_after(w, 1);
	expect(w, "", 1);
}

static void test_file_that_was_quiet_before_it_was_rotated(void **state)
{
	struct world *w = *state;

	append(w, "mail.log", "zero\n");
	look_after(w, 0);
	look_after(w, 10 * FOLLOW_QUIET_ALONE_MS);
	move(w, "mail.log", "mail.log.1");
	append(w, "mail.log", "one\n");
	look_after(w, 0);
	append(w, "mail.log.1", "two\n");
	look_after(w, FOLLOW_QUIET_MOVED_ON_MS - 1);
	expect(w, "one;two;", 2);
}

static void test_deleted_file_that_was_quiet_before(void **state)
{
	struct world *w = *state;

	append(w, "mail.log", "zero\n");
	look_after(w, 0);
	look_after(w, 10 * FOLLOW_QUIET_ALONE_MS);
	assert_int_equal(unlink(w->path), 0);
	look_after(w, 1000);
	look_after(w, FOLLOW_QUIET_ALONE_MS - 1);
	expect(w, "", 1);
	look_after(w, 1);
	expect(w, "", 0);
}

static void test_old_file_without_successor_in_use(void **state)
{
	struct world *w = *state;

	append(w, "mail.log", "zero\n");
	look_after(w, 0);
	move(w, "mail.log", "mail.log.1");
	append(w, "mail.log", "");
	look_after(w, 0);
	look_after(w, FOLLOW_QUIET_ALONE_MS - 1);
	expect(w, "", 2);
	look_after(w, 1);
	expect(w, "", 1);
}

static void test_renamed_file_is_kept_and_deleted_one_let_go(void **state)
{
	struct world *w = *state;
	struct follow_position at;

	append(w, "mail.log", "zero\n");
	look_after(w, 0);
	move(w, "mail.log", "mail.log.1");
	look_after(w, 0);
	look_after(w, 10 * FOLLOW_QUIET_ALONE_MS);
	expect(w, "", 1);
	assert_int_equal(unlink(in(w, "mail.log.1")), 0);
	look_after(w, 1000);
	expect(w, "", 0);
	assert_int_equal(follow_chain_position(&w->chain, &at), 0);
	assert_int_equal(at.offset, 5);
	append(w, "mail.log", "one\n");
	look_after(w, 1000);
	expect(w, "one;", 1);
}

static void test_file_that_comes_back_is_not_read_twice(void **state)
{
	struct world *w = *state;

	append(w, "a", "");
	assert_int_equal(symlink("a", in(w, "mail.log")), 0);
	look_after(w, 0);
	append(w, "a", "one\n");
	look_after(w, 0);
	append(w, "b", "two\n");
	assert_int_equal(symlink("b", in(w, "new")), 0);
	move(w, "new", "mail.log");
	look_after(w, 0);
	look_after(w, FOLLOW_QUIET_MOVED_ON_MS);
	expect(w, "one;two;", 1);
	append(w, "a", "three\n");
	assert_int_equal(symlink("a", in(w, "new")), 0);
	move(w, "new", "mail.log");
	look_after(w, 0);
	expect(w, "three;", 2);
}

static void test_the_chain_is_bounded(void **state)
{
	struct world *w = *state;
	char name[32], line[32];

	append(w, "mail.log", "");
	look_after(w, 0);
	for (unsigned i = 0; i < 3 * FOLLOW_FILES_MOST; i++) {
		snprintf(name, sizeof(name), "mail.log-%u", i);
		snprintf(line, sizeof(line), "line %u\n", i);
		append(w, "mail.log", line);
		move(w, "mail.log", name);
		append(w, "mail.log", "");
		look_after(w, 0);
		snprintf(line, sizeof(line), "line %u;", i);
		expect(w, line, i + 2 < FOLLOW_FILES_MOST ? i + 2 : FOLLOW_FILES_MOST);
	}
}

static void test_gap_of_a_rotation_is_not_told(void **state)
{
	struct world *w = *state;

	append(w, "mail.log", "");
	look_after(w, 0);
	move(w, "mail.log", "mail.log.1");
	look_after(w, 0);
	look_after(w, FOLLOW_GAP_MS - 1);
	assert_string_equal(w->troubles, "");
	look_after(w, 1);
	look_after(w, 60000);
	assert_string_equal(w->troubles, "2 ");
	append(w, "mail.log", "one\n");
	look_after(w, 1000);
	look_after(w, 1000);
	assert_string_equal(w->troubles, "2 0 ");
	expect(w, "one;", 2);
}

static void test_refused_file_is_tried_less_and_less(void **state)
{
	struct world *w = *state;

	append(w, "mail.log", "");
	w->open_error = EACCES;
	for (int second = 0; second < 600; second++)
		look_after(w, 1000);
	assert_in_range(w->opened, 20, 26);
	assert_string_equal(w->troubles, "13 ");
	w->open_error = 0;
	assert_int_equal(chmod(w->path, 0600), 0);
	look_after(w, 1000);
	assert_string_equal(w->troubles, "13 0 ");
	append(w, "mail.log", "one\n");
	look_after(w, 1000);
	expect(w, "one;", 1);
}

static void test_new_file_that_is_refused(void **state)
{
	struct world *w = *state;

	append(w, "mail.log", "");
	look_after(w, 0);
	move(w, "mail.log", "mail.log.1");
	append(w, "mail.log", "two\n");
	w->open_error = EACCES;
	for (int second = 0; second < 60; second++)
		look_after(w, 1000);
	append(w, "mail.log.1", "one\n");
	look_after(w, 1000);
	assert_string_equal(w->troubles, "13 ");
	expect(w, "one;", 1);
	w->open_error = 0;
	look_after(w, 30000);
	assert_string_equal(w->troubles, "13 0 ");
	expect(w, "two;", 2);
}

static void test_position_is_of_the_newest_file_in_use(void **state)
{
	struct world *w = *state;
	struct follow_position at;

	append(w, "mail.log", "zero\n");
	look_after(w, 0);
	move(w, "mail.log", "mail.log.1");
	append(w, "mail.log", "");
	look_after(w, 0);
	assert_int_equal(follow_chain_position(&w->chain, &at), 0);
	assert_int_equal(at.inode, w->chain.files[0].at.inode);
	assert_int_equal(at.offset, 5);
	append(w, "mail.log", "one\npart");
	look_after(w, 0);
	assert_int_equal(follow_chain_position(&w->chain, &at), 0);
	assert_int_equal(at.inode, w->chain.files[1].at.inode);
	assert_int_equal(at.offset, 4);
	assert_int_equal(at.fingerprint_size, 4);
	assert_memory_equal(at.fingerprint, "one\n", 4);
}

/* Forgets what was told before. */
static void hear(struct world *w)
{
	char events[4096];

	while (read(w->inotify_fd, events, sizeof(events)) > 0)
		;
}

static void expect_told(struct world *w)
{
	char events[4096];

	assert_true(read(w->inotify_fd, events, sizeof(events)) > 0);
	hear(w);
}

static void test_inotify_tells_of_each_link_and_of_writes(void **state)
{
	struct world *w = *state;

	assert_int_equal(mkdir(in(w, "far"), 0755), 0);
	assert_int_equal(symlink("far/hop", w->path), 0);
	assert_int_equal(symlink("../a", in(w, "far/hop")), 0);
	append(w, "a", "");
	look_after(w, 0);
	assert_true(follow_chain_sure(&w->chain));
	hear(w);
	append(w, "a", "one\n");
	expect_told(w);
	assert_int_equal(symlink("../b", in(w, "far/new")), 0);
	hear(w);
	move(w, "far/new", "far/hop");
	expect_told(w);
	look_after(w, 0);
	append(w, "b", "two\n");
	expect_told(w);
	look_after(w, 0);
	hear(w);
	append(w, "b", "three\n");
	expect_told(w);
	append(w, "a", "four\n");
	expect_told(w);
	move(w, "a", "far/a");
	hear(w);
	append(w, "far/a", "five\n");
	expect_told(w);
}

static int open_as_root(void *data, const char *path)
{
	int fd;

	assert_int_equal(seteuid(0), 0);
	fd = open_log(data, path);
	assert_int_equal(seteuid(65534), 0);
	return fd;
}

static void test_directory_tells_of_writes_to_a_file_we_may_not_read(void **state)
{
	static const struct follow_calls as_root = { open_as_root, take_line, end_batch, take_trouble };
	struct world *w = *state;

	if (geteuid() != 0)
		skip();
	w->chain.lines.calls = &as_root;
	append(w, "mail.log", "");
	assert_int_equal(chmod(w->path, 0600), 0);
	assert_int_equal(chmod(w->dir, 0755), 0);
	assert_int_equal(seteuid(65534), 0);
	look_after(w, 0);
	assert_int_equal(seteuid(0), 0);
	assert_true(follow_chain_sure(&w->chain));
	hear(w);
	append(w, "mail.log", "one\n");
	expect_told(w);
}

static void test_directory_we_may_not_read_is_not_relied_on(void **state)
{
	static const struct follow_calls as_root = { open_as_root, take_line, end_batch, take_trouble };
	struct world *w = *state;

	if (geteuid() != 0)
		skip();
	w->chain.lines.calls = &as_root;
	append(w, "mail.log", "");
	assert_int_equal(chmod(w->dir, 0711), 0);
	assert_int_equal(seteuid(65534), 0);
	look_after(w, 0);
	assert_int_equal(seteuid(0), 0);
	assert_false(follow_chain_sure(&w->chain));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_old_file_is_kept_until_its_writer_has_moved_on),
		TEST(test_file_that_was_quiet_before_it_was_rotated),
		TEST(test_deleted_file_that_was_quiet_before),
		TEST(test_old_file_without_successor_in_use),
		TEST(test_renamed_file_is_kept_and_deleted_one_let_go),
		TEST(test_file_that_comes_back_is_not_read_twice),
		TEST(test_the_chain_is_bounded),
		TEST(test_gap_of_a_rotation_is_not_told),
		TEST(test_refused_file_is_tried_less_and_less),
		TEST(test_new_file_that_is_refused),
		TEST(test_inotify_tells_of_each_link_and_of_writes),
		TEST(test_directory_tells_of_writes_to_a_file_we_may_not_read),
		TEST(test_directory_we_may_not_read_is_not_relied_on),
		TEST(test_position_is_of_the_newest_file_in_use),
	};

	return cmocka_run_group_tests_name("follow_chain", tests, NULL, NULL);
}
