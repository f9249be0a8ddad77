/* SPDX-License-Identifier: Apache-2.0 */
/* Rotation in all its forms, live and while we were not running. */
#include "sense/follow_world.h"

#include "base/counter.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void test_rename_and_create(void **state)
{
	struct world *w = *state;
	int old;

	append(w, "mail.log", "zero\n");
	add(w, "mail.log", NULL, FOLLOW_FROM_END);
	old = open(in(w, "mail.log"), O_WRONLY | O_APPEND | O_CLOEXEC);
	append(w, "mail.log", "one\n");
	move(w, "mail.log", "mail.log.1");
	assert_int_equal(write(old, "two\n", 4), 4);
	expect(w, "one\ntwo\n");
	assert_int_equal(write(old, "three\n", 6), 6);
	expect(w, "three\n");
	append(w, "mail.log", "");
	run_a_while(w);
	assert_int_equal(write(old, "four\n", 5), 5);
	expect(w, "four\n");
	append(w, "mail.log", "five\n");
	expect(w, "five\n");
	assert_int_equal(write(old, "six\n", 4), 4);
	append(w, "mail.log", "seven\n");
	expect(w, "six\nseven\n");
	assert_string_equal(w->troubles, "");
	close(old);
}

static void test_old_file_moved_to_another_directory(void **state)
{
	struct world *w = *state;
	int old;

	append(w, "mail.log", "zero\n");
	assert_int_equal(mkdir(in(w, "old"), 0755), 0);
	add(w, "mail.log", NULL, FOLLOW_FROM_END);
	old = open(in(w, "mail.log"), O_WRONLY | O_APPEND | O_CLOEXEC);
	move(w, "mail.log", "old/mail.log.1");
	append(w, "mail.log", "");
	run_a_while(w);
	assert_int_equal(write(old, "one\n", 4), 4);
	expect(w, "one\n");
	close(old);
}

static void test_rotations_between_two_looks(void **state)
{
	uint64_t before = counter_read(COUNTER_log_rotations);
	struct world *w = *state;

	append(w, "mail.log.1", "long ago\n");
	append(w, "mail.log", "zero\n");
	add(w, "mail.log", NULL, FOLLOW_FROM_END);
	append(w, "mail.log", "one\n");
	move(w, "mail.log.1", "mail.log.2");
	move(w, "mail.log", "mail.log.1");
	wait_a_tick();
	append(w, "mail.log", "two\n");
	move(w, "mail.log.2", "mail.log.3");
	move(w, "mail.log.1", "mail.log.2");
	move(w, "mail.log", "mail.log.1");
	wait_a_tick();
	append(w, "mail.log", "three\n");
	move(w, "mail.log.3", "mail.log.4");
	move(w, "mail.log.2", "mail.log.3");
	move(w, "mail.log.1", "mail.log.2");
	move(w, "mail.log", "mail.log.1");
	append(w, "mail.log", "four\n");
	expect(w, "one\ntwo\nthree\nfour\n");
	assert_int_equal(counter_read(COUNTER_log_rotations) - before, 3);
}

static void test_many_rotations(void **state)
{
	char line[32], name[32];
	struct world *w = *state;

	append(w, "mail.log", "");
	add(w, "mail.log", NULL, FOLLOW_FROM_END);
	for (int i = 1; i <= 50; i++) {
		snprintf(line, sizeof(line), "line %d\n", i);
		snprintf(name, sizeof(name), "mail.log-2026%04d", i);
		append(w, "mail.log", line);
		move(w, "mail.log", name);
		append(w, "mail.log", "");
		expect(w, line);
	}
}

static void test_deletion(void **state)
{
	struct world *w = *state;
	int old;

	append(w, "mail.log", "zero\n");
	add(w, "mail.log", NULL, FOLLOW_FROM_END);
	old = open(in(w, "mail.log"), O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_int_equal(unlink(in(w, "mail.log")), 0);
	assert_int_equal(write(old, "one\n", 4), 4);
	expect(w, "one\n");
	expect_troubles(w, "2 ");
	append(w, "mail.log", "two\n");
	expect(w, "two\n");
	expect_troubles(w, "0 ");
	close(old);
}

static void test_copytruncate(void **state)
{
	struct world *w = *state;

	append(w, "mail.log", "zero\n");
	add(w, "mail.log", NULL, FOLLOW_FROM_END);
	append(w, "mail.log", "a line long enough to be told from another\n");
	expect(w, "a line long enough to be told from another\n");
	copy(w, "mail.log", "mail.log.1");
	truncate_log(w);
	append(w, "mail.log", "one\n");
	expect(w, "one\n");
}

static void test_copytruncate_grown_past_our_place(void **state)
{
	struct world *w = *state;

	append(w, "mail.log", "a line long enough to be told from another\n");
	add(w, "mail.log", NULL, FOLLOW_FROM_END);
	copy(w, "mail.log", "mail.log.1");
	truncate_log(w);
	append(w, "mail.log", "as long as before, so that its size tells nothing\nand one more line\n");
	expect(w, "as long as before, so that its size tells nothing\nand one more line\n");
}

static void test_copytruncate_before_we_had_read_all(void **state)
{
	struct world *w = *state;

	append(w, "mail.log", "a line long enough to be told from another\n");
	add(w, "mail.log", NULL, FOLLOW_FROM_END);
	append(w, "mail.log", "two\nthr");
	expect(w, "two\n");
	append(w, "mail.log", "ee\nfour\n");
	copy(w, "mail.log", "mail.log.1");
	truncate_log(w);
	append(w, "mail.log", "five, only in the second copy, and long enough as well\n");
	move(w, "mail.log.1", "mail.log.2");
	wait_a_tick();
	copy(w, "mail.log", "mail.log.1");
	truncate_log(w);
	append(w, "mail.log", "six\n");
	expect(w, "three\nfour\nfive, only in the second copy, and long enough as well\nsix\n");
}

static void test_writer_that_leaves_a_hole(void **state)
{
	static const char text[] = "a line long enough to be told from another\n";
	struct world *w = *state;
	int fd;

	append(w, "mail.log", "");
	fd = open(in(w, "mail.log"), O_WRONLY | O_CLOEXEC);
	add(w, "mail.log", NULL, FOLLOW_FROM_END);
	for (int i = 0; i < 2000; i++)
		assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
	w->wanted = 2000;
	run(w);
	w->size = w->count = 0;
	truncate_log(w);
	assert_int_equal(write(fd, "after the hole\n", 15), 15);
	expect(w, "after the hole\n");
	assert_int_equal(write(fd, "and on\n", 7), 7);
	expect(w, "and on\n");
	truncate_log(w);
	run_a_while(w);
	assert_int_equal(write(fd, "a second hole\n", 14), 14);
	expect(w, "a second hole\n");
	/* A hole that would take minutes to read. */
	truncate_log(w);
	run_a_while(w);
	assert_int_equal(lseek(fd, (off_t)1 << 40, SEEK_SET), (off_t)1 << 40);
	assert_int_equal(write(fd, "a third hole\n", 13), 13);
	expect(w, "a third hole\n");
	close(fd);
}

static void test_symlink_that_moves(void **state)
{
	struct world *w = *state;

	assert_int_equal(mkdir(in(w, "a"), 0755), 0);
	assert_int_equal(mkdir(in(w, "b"), 0755), 0);
	append(w, "a/log", "");
	assert_int_equal(symlink("b/log", in(w, "new")), 0);
	assert_int_equal(symlink("a/log", in(w, "hop")), 0);
	assert_int_equal(symlink(in(w, "hop"), in(w, "mail.log")), 0);
	add(w, "mail.log", NULL, FOLLOW_FROM_END);
	append(w, "a/log", "one\n");
	expect(w, "one\n");
	append(w, "b/log", "two\n");
	move(w, "new", "hop");
	expect(w, "two\n");
	append(w, "a/log", "three, from the old one\n");
	expect(w, "three, from the old one\n");
	append(w, "b/log", "four\n");
	expect(w, "four\n");
	assert_int_equal(symlink("a/log", in(w, "new")), 0);
	move(w, "new", "hop");
	append(w, "a/log", "five, and nothing twice\n");
	expect(w, "five, and nothing twice\n");
	move(w, "a/log", "a/log.1");
	append(w, "a/log", "six\n");
	expect(w, "six\n");
}

static void test_replaced_by_a_copy_of_itself(void **state)
{
	struct world *w = *state;

	append(w, "mail.log", "a line long enough to be told from another\n");
	add(w, "mail.log", NULL, FOLLOW_FROM_END);
	copy(w, "mail.log", "edited");
	append(w, "edited", "one\n");
	move(w, "edited", "mail.log");
	expect(w, "one\n");
}

static void test_copy_made_by_hand_is_not_read(void **state)
{
	struct world *w = *state;

	append(w, "mail.log", "");
	add(w, "mail.log", NULL, FOLLOW_FROM_END);
	append(w, "mail.log", "a line long enough to be told from another\n");
	copy(w, "mail.log", "mail.log.20260727");
	expect(w, "a line long enough to be told from another\n");
	append(w, "mail.log", "one\n");
	move(w, "mail.log", "mail.log.1");
	append(w, "mail.log", "two\n");
	expect(w, "one\ntwo\n");
}

static void test_position_after_a_restart(void **state)
{
	struct world *w = *state;
	struct follow_position at;

	append(w, "mail.log", "zero\n");
	add(w, "mail.log", NULL, FOLLOW_FROM_END);
	append(w, "mail.log", "one\npart");
	expect(w, "one\n");
	at = stop_follower(w);
	append(w, "mail.log", "ial\ntwo\n");
	start_follower(w);
	add(w, "mail.log", &at, FOLLOW_FROM_END);
	expect(w, "partial\ntwo\n");
}

static void test_rotated_while_we_were_down(void **state)
{
	struct world *w = *state;
	struct follow_position at;

	append(w, "mail.log-20260725", "long ago\n");
	wait_a_tick();
	append(w, "mail.log", "zero\n");
	add(w, "mail.log", NULL, FOLLOW_FROM_END);
	at = stop_follower(w);
	append(w, "mail.log", "one\n");
	move(w, "mail.log", "mail.log-20260726");
	wait_a_tick();
	append(w, "mail.log", "two\n");
	move(w, "mail.log", "mail.log-20260727");
	append(w, "mail.log", "three\n");
	start_follower(w);
	add(w, "mail.log", &at, FOLLOW_FROM_END);
	expect(w, "one\ntwo\nthree\n");
	at = stop_follower(w);
	start_follower(w);
	add(w, "mail.log", &at, FOLLOW_FROM_BEGINNING);
	append(w, "mail.log", "four\n");
	expect(w, "four\n");
}

static void test_copied_and_truncated_while_we_were_down(void **state)
{
	struct world *w = *state;
	struct follow_position at;

	append(w, "mail.log", "a line long enough to be told from another\n");
	add(w, "mail.log", NULL, FOLLOW_FROM_END);
	at = stop_follower(w);
	append(w, "mail.log", "one\n");
	copy(w, "mail.log", "mail.log.1");
	truncate_log(w);
	append(w, "mail.log", "two, and then enough for the file to be longer than before\n");
	start_follower(w);
	add(w, "mail.log", &at, FOLLOW_FROM_END);
	expect(w, "one\ntwo, and then enough for the file to be longer than before\n");
}

static void test_old_file_is_gone_after_a_restart(void **state)
{
	struct world *w = *state;
	struct follow_position at;

	append(w, "mail.log", "a line long enough to be told from another\n");
	add(w, "mail.log", NULL, FOLLOW_FROM_END);
	at = stop_follower(w);
	assert_int_equal(unlink(in(w, "mail.log")), 0);
	append(w, "mail.log", "one, maybe with the inode of the old one\n");
	start_follower(w);
	add(w, "mail.log", &at, FOLLOW_FROM_END);
	expect(w, "one, maybe with the inode of the old one\n");
}

static void test_few_bytes_in_common_tell_nothing(void **state)
{
	struct world *w = *state;
	struct follow_position at;

	append(w, "mail.log", "one\n");
	add(w, "mail.log", NULL, FOLLOW_FROM_END);
	at = stop_follower(w);
	/* Elsewhere, so that its inode is not free to be used again. */
	move(w, "mail.log", "elsewhere");
	append(w, "mail.log", "one\ntwo\n");
	start_follower(w);
	add(w, "mail.log", &at, FOLLOW_FROM_END);
	expect(w, "one\ntwo\n");
}

static void test_position_is_kept_while_the_file_is_missing(void **state)
{
	struct follow_position at = { .device = 1, .inode = 2, .offset = 0 };
	struct follow_position now;
	struct world *w = *state;

	add(w, "mail.log", &at, FOLLOW_FROM_END);
	now = position(w);
	assert_memory_equal(&now, &at, sizeof(at));
	add(w, "other.log", NULL, FOLLOW_FROM_END);
	assert_int_equal(follow_position(w->follow, in(w, "other.log"), &now), -ENODATA);
	assert_int_equal(follow_position(w->follow, in(w, "unknown"), &now), -ENOENT);
}

static void test_damaged_position(void **state)
{
	struct world *w = *state;
	struct follow_position good, bad;

	append(w, "mail.log", "one, long enough to be told from another line\ntwo, which is also long\n");
	add(w, "mail.log", NULL, FOLLOW_FROM_END);
	good = stop_follower(w);
	for (int i = 0; i < 4; i++) {
		bad = good;
		if (i == 0)
			bad.fingerprint_size = FOLLOW_FINGERPRINT_SIZE + 4;
		else if (i == 1)
			bad.offset = UINT64_MAX;
		else if (i == 2)
			bad.offset = 3;
		else
			bad.fingerprint_size = 0;
		start_follower(w);
		add(w, "mail.log", &bad, FOLLOW_FROM_END);
		expect(w, "one, long enough to be told from another line\ntwo, which is also long\n");
		stop_follower(w);
	}
	start_follower(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FOLLOW_TEST(test_rename_and_create),
		FOLLOW_TEST(test_old_file_moved_to_another_directory),
		FOLLOW_TEST(test_rotations_between_two_looks),
		FOLLOW_TEST(test_many_rotations),
		FOLLOW_TEST(test_deletion),
		FOLLOW_TEST(test_copytruncate),
		FOLLOW_TEST(test_copytruncate_grown_past_our_place),
		FOLLOW_TEST(test_copytruncate_before_we_had_read_all),
		FOLLOW_TEST(test_writer_that_leaves_a_hole),
		FOLLOW_TEST(test_symlink_that_moves),
		FOLLOW_TEST(test_replaced_by_a_copy_of_itself),
		FOLLOW_TEST(test_copy_made_by_hand_is_not_read),
		FOLLOW_TEST(test_position_after_a_restart),
		FOLLOW_TEST(test_rotated_while_we_were_down),
		FOLLOW_TEST(test_copied_and_truncated_while_we_were_down),
		FOLLOW_TEST(test_old_file_is_gone_after_a_restart),
		FOLLOW_TEST(test_few_bytes_in_common_tell_nothing),
		FOLLOW_TEST(test_position_is_kept_while_the_file_is_missing),
		FOLLOW_TEST(test_damaged_position),
	};

	return cmocka_run_group_tests_name("follow_generations", tests, NULL, NULL);
}
