/* SPDX-License-Identifier: Apache-2.0 */
#include "sense/follow_world.h"

#include "base/clock.h"
#include "base/counter.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void test_lines_as_they_are_appended(void **state)
{
	struct world *w = *state;

	append(w, "mail.log", "before we came\n");
	add(w, "mail.log", NULL, FOLLOW_FROM_END);
	append(w, "mail.log", "one\ntwo\n");
	append(w, "mail.log", "\n");
	expect(w, "one\ntwo\n\n");
	assert_true(w->batches >= 1 && w->batches <= 2);
	append(w, "mail.log", "three\n");
	expect(w, "three\n");
}

static void test_from_the_beginning(void **state)
{
	struct world *w = *state;

	append(w, "mail.log", "one\ntwo\n");
	add(w, "mail.log", NULL, FOLLOW_FROM_BEGINNING);
	expect(w, "one\ntwo\n");
}

static void test_line_that_began_before_us_is_passed_over(void **state)
{
	struct world *w = *state;

	append(w, "mail.log", "one\nwritten by a cli");
	add(w, "mail.log", NULL, FOLLOW_FROM_END);
	append(w, "mail.log", "ent: looks like a line\ntwo\n");
	expect(w, "two\n");
}

static void test_partial_line_waits_for_its_end(void **state)
{
	struct world *w = *state;

	append(w, "mail.log", "");
	add(w, "mail.log", NULL, FOLLOW_FROM_END);
	append(w, "mail.log", "one\nrelay=192.0.2.1");
	expect(w, "one\n");
	append(w, "mail.log", "0,po");
	expect(w, "");
	append(w, "mail.log", "rt=7\n");
	expect(w, "relay=192.0.2.10,port=7\n");
}

static void test_nul_and_8_bit_bytes_are_kept(void **state)
{
	static const char odd[] = "a\0b\xff\xc3\x28\r\n\0\n";
	struct world *w = *state;

	append(w, "mail.log", "");
	add(w, "mail.log", NULL, FOLLOW_FROM_END);
	append_bytes(w, "mail.log", odd, sizeof(odd) - 1);
	w->wanted = 2;
	run(w);
	assert_int_equal(w->size, sizeof(odd) - 1);
	assert_memory_equal(w->lines, odd, sizeof(odd) - 1);
}

/* A line of `size` bytes that holds what would be a line if it were split. */
static void append_long(const struct world *w, size_t size, const char *end)
{
	char *line = malloc(size);

	assert_non_null(line);
	memset(line, 'x', size);
	append_bytes(w, "mail.log", line, size);
	append(w, "mail.log", end);
	free(line);
}

static void test_long_lines_are_cut_and_not_split(void **state)
{
	static const size_t sizes[] = { FOLLOW_LINE_MOST, FOLLOW_LINE_MOST + 1, 2 * FOLLOW_LINE_MOST,
					2 * FOLLOW_LINE_MOST + 1, 10 * FOLLOW_LINE_MOST + 7 };
	uint64_t cut_before = counter_read(COUNTER_log_lines_cut);
	struct world *w = *state;

	append(w, "mail.log", "");
	add(w, "mail.log", NULL, FOLLOW_FROM_END);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		bool cut = sizes[i] > FOLLOW_LINE_MOST;

		append_long(w, sizes[i], "");
		run_a_while(w);
		append(w, "mail.log", "still the same line\nnext\n");
		w->wanted = 2;
		run(w);
		assert_true(cut || sizes[i] == FOLLOW_LINE_MOST);
		assert_int_equal(w->count, 2);
		assert_int_equal(w->size, FOLLOW_LINE_MOST + strlen("<cut>\nnext\n"));
		assert_string_equal(w->lines + FOLLOW_LINE_MOST, "<cut>\nnext\n");
		w->size = w->count = 0;
	}
	assert_int_equal(counter_read(COUNTER_log_lines_cut) - cut_before, 5);
}

static void test_longest_line_is_whole(void **state)
{
	struct world *w = *state;

	append(w, "mail.log", "");
	add(w, "mail.log", NULL, FOLLOW_FROM_END);
	append_long(w, FOLLOW_LINE_MOST, "\nnext\n");
	w->wanted = 2;
	run(w);
	assert_int_equal(w->size, FOLLOW_LINE_MOST + strlen("\nnext\n"));
	assert_string_equal(w->lines + FOLLOW_LINE_MOST, "\nnext\n");
}

static void test_restart_inside_a_cut_line(void **state)
{
	struct world *w = *state;
	struct follow_position at;

	append(w, "mail.log", "");
	add(w, "mail.log", NULL, FOLLOW_FROM_END);
	append_long(w, 3 * FOLLOW_LINE_MOST, "");
	w->wanted = 1;
	run(w);
	run_a_while(w);
	at = stop_follower(w);
	w->size = w->count = 0;
	append(w, "mail.log", "looks like a line\none\n");
	start_follower(w);
	add(w, "mail.log", &at, FOLLOW_FROM_END);
	expect(w, "one\n");
}

static void test_file_that_comes_later(void **state)
{
	struct world *w = *state;

	add(w, "mail.log", NULL, FOLLOW_FROM_END);
	expect_troubles(w, "2 ");
	append(w, "mail.log", "one\n");
	expect(w, "one\n");
	expect_troubles(w, "0 ");
}

static void test_directory_that_comes_later(void **state)
{
	struct world *w = *state;

	add(w, "log/mail.log", NULL, FOLLOW_FROM_END);
	expect_troubles(w, "2 ");
	assert_int_equal(mkdir(in(w, "log"), 0755), 0);
	append(w, "log/mail.log", "one\n");
	expect(w, "one\n");
	append(w, "log/mail.log", "two\n");
	expect(w, "two\n");
}

static void test_directory_in_place_of_a_file(void **state)
{
	struct world *w = *state;

	assert_int_equal(mkdir(in(w, "mail.log"), 0755), 0);
	add(w, "mail.log", NULL, FOLLOW_FROM_END);
	expect_troubles(w, "21 ");
	assert_int_equal(rmdir(in(w, "mail.log")), 0);
	append(w, "other", "one\n");
	move(w, "other", "mail.log");
	expect(w, "one\n");
	expect_troubles(w, "0 ");
}

static void test_unreadable_file_is_told_once_and_waited_for(void **state)
{
	struct world *w = *state;

	append(w, "mail.log", "zero\n");
	w->open_error = EACCES;
	add(w, "mail.log", NULL, FOLLOW_FROM_END);
	expect_troubles(w, "13 ");
	append(w, "mail.log", "one\n");
	run_a_while(w);
	w->open_error = 0;
	assert_int_equal(chmod(in(w, "mail.log"), 0644), 0);
	expect_troubles(w, "0 ");
	append(w, "mail.log", "two\n");
	expect(w, "two\n");
	assert_string_equal(w->troubles, "");
}

static void test_several_files_and_removal(void **state)
{
	struct world *w = *state;

	append(w, "mail.log", "");
	append(w, "auth.log", "");
	assert_int_equal(symlink("mail.log", in(w, "same.log")), 0);
	add(w, "mail.log", NULL, FOLLOW_FROM_END);
	add(w, "auth.log", NULL, FOLLOW_FROM_END);
	add(w, "same.log", NULL, FOLLOW_FROM_END);
	assert_int_equal(follow_add(w->follow, in(w, "auth.log"), NULL, FOLLOW_FROM_END), -EEXIST);
	assert_int_equal(follow_add(w->follow, "auth.log", NULL, FOLLOW_FROM_END), -EINVAL);
	append(w, "mail.log", "one\n");
	expect(w, "one\none\n");
	append(w, "auth.log", "two\n");
	expect(w, "two\n");
	/* Takes the kernel's watches of the file and the directory along; they come back. */
	append(w, "same.log", "three\n");
	assert_int_equal(follow_remove(w->follow, in(w, "same.log")), 0);
	assert_int_equal(follow_remove(w->follow, in(w, "same.log")), -ENOENT);
	expect(w, "three\n");
	append(w, "mail.log", "four\n");
	expect(w, "four\n");
	move(w, "auth.log", "auth.log.1");
	append(w, "auth.log", "five\n");
	expect(w, "five\n");
	assert_int_equal(follow_remove(w->follow, in(w, "mail.log")), 0);
	append(w, "mail.log", "nobody listens\n");
	append(w, "auth.log", "six\n");
	expect(w, "six\n");
}

static void count_rounds(void *data)
{
	struct world *w = data;

	w->settle_rounds++;
	loop_timer_arm(w->settle, loop_now_ms(w->loop));
}

static void test_a_long_log_does_not_hold_the_loop(void **state)
{
	struct world *w = *state;
	struct loop_timer *other = w->settle;
	char line[1024];

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	for (int i = 0; i < 8192; i++)
		append_bytes(w, "mail.log", line, sizeof(line));
	assert_int_equal(loop_timer_create(w->loop, count_rounds, w, &w->settle), 0);
	loop_timer_arm(w->settle, clock_ms());
	assert_int_equal(follow_add(w->follow, in(w, "mail.log"), NULL, FOLLOW_FROM_BEGINNING), 0);
	w->wanted = 8192;
	run(w);
	assert_true(w->settle_rounds >= 4);
	loop_timer_destroy(w->settle);
	w->settle = other;
}

/* The daemon's worker may neither open nor watch the log, only watch its directory. */
static void test_without_permission_for_the_file(void **state)
{
	struct world *w = *state;
	int fd;

	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(w->dir, 0755), 0);
	append(w, "mail.log", "zero\n");
	fd = open(in(w, "mail.log"), O_WRONLY | O_APPEND | O_CLOEXEC);
	w->as_nobody = true;
	assert_int_equal(seteuid(NOBODY), 0);
	add(w, "mail.log", NULL, FOLLOW_FROM_END);
	assert_int_equal(write(fd, "one\n", 4), 4);
	expect(w, "one\n");
	assert_int_equal(seteuid(0), 0);
	move(w, "mail.log", "mail.log.1");
	append(w, "mail.log", "two\n");
	assert_int_equal(chmod(in(w, "mail.log"), 0600), 0);
	assert_int_equal(seteuid(NOBODY), 0);
	expect(w, "two\n");
	assert_int_equal(write(fd, "three\n", 6), 6);
	expect(w, "three\n");
	close(fd);
}

/* Neither the file nor its directory can be watched: polling alone. */
static void test_without_permission_for_the_directory(void **state)
{
	struct world *w = *state;

	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(w->dir, 0711), 0);
	append(w, "mail.log", "zero\n");
	assert_int_equal(chmod(in(w, "mail.log"), 0600), 0);
	w->as_nobody = true;
	assert_int_equal(seteuid(NOBODY), 0);
	add(w, "mail.log", NULL, FOLLOW_FROM_END);
	assert_int_equal(seteuid(0), 0);
	append(w, "mail.log", "one\n");
	move(w, "mail.log", "mail.log.1");
	append(w, "mail.log", "two\n");
	assert_int_equal(seteuid(NOBODY), 0);
	expect(w, "one\ntwo\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FOLLOW_TEST(test_lines_as_they_are_appended),
		FOLLOW_TEST(test_from_the_beginning),
		FOLLOW_TEST(test_line_that_began_before_us_is_passed_over),
		FOLLOW_TEST(test_partial_line_waits_for_its_end),
		FOLLOW_TEST(test_nul_and_8_bit_bytes_are_kept),
		FOLLOW_TEST(test_long_lines_are_cut_and_not_split),
		FOLLOW_TEST(test_longest_line_is_whole),
		FOLLOW_TEST(test_restart_inside_a_cut_line),
		FOLLOW_TEST(test_file_that_comes_later),
		FOLLOW_TEST(test_directory_that_comes_later),
		FOLLOW_TEST(test_directory_in_place_of_a_file),
		FOLLOW_TEST(test_unreadable_file_is_told_once_and_waited_for),
		FOLLOW_TEST(test_several_files_and_removal),
		FOLLOW_TEST(test_a_long_log_does_not_hold_the_loop),
		FOLLOW_TEST(test_without_permission_for_the_file),
		FOLLOW_TEST(test_without_permission_for_the_directory),
	};

	return cmocka_run_group_tests_name("follow", tests, NULL, NULL);
}
