/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/process.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void test_what_is_behind_any_name(void **state)
{
	static const struct {
		const char *text;
		int result;
		struct process_stat stat;
	} cases[] = {
		{ "7 (wavebreak) S 1 7 7 0 -1 4194560 9 0 0 0 120 34 5 6 20 0 1 0 99 1000 5\n", 0, { 154, 11, 1, 99, 1 } },
		{ "7 (a) 1 2 3 (b)) S 3 7 7 0 -1 4194560 9 0 0 0 1 2 0 0 20 0 4 0 88\n", 0, { 3, 0, 4, 88, 3 } },
		{ "7 (x) S 1 7 7 0 -1 4194560 9 0 0 0 1 2 3 4 20 0 1 0", -EINVAL, { 0 } },
		{ "7 (x) S 1 7 7 0 -1 4194560 9 0 0 0 -1 2 3 4 20 0 1 0 99", -EINVAL, { 0 } },
		{ "7 (x) S 1 7 7 0 -1 4194560 9 0 0 0 1 2 3 4 20 0 1 0 x", -EINVAL, { 0 } },
		{ "7 (x) S 9999999999 7 7 0 -1 4194560 9 0 0 0 1 2 3 4 20 0 1 0 99", -EINVAL, { 0 } },
		{ "7 (x)", -EINVAL, { 0 } },
		{ "", -EINVAL, { 0 } },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct process_stat stat = { 0 };

		assert_int_equal(process_parse_stat(bytes_of(cases[i].text), &stat), cases[i].result);
		assert_memory_equal(&stat, &cases[i].stat, sizeof(stat));
	}
}

static void test_pages(void **state)
{
	struct process_statm statm = { 0 };

	assert_int_equal(process_parse_statm(BYTES_LITERAL("2000 345 100 1 0 200 0\n"), &statm), 0);
	assert_int_equal(statm.resident_pages, 345);
	assert_int_equal(statm.shared_pages, 100);
	assert_int_equal(process_unshared_bytes(&statm), 245 * sysconf(_SC_PAGESIZE));
	assert_int_equal(process_parse_statm(BYTES_LITERAL("2000 12 13\n"), &statm), 0);
	assert_int_equal(process_unshared_bytes(&statm), 0);
	assert_int_equal(process_parse_statm(BYTES_LITERAL("2000 12"), &statm), -EINVAL);
	assert_int_equal(process_parse_statm(BYTES_LITERAL("2000 x 1"), &statm), -EINVAL);
	assert_int_equal(process_parse_statm(BYTES_LITERAL(""), &statm), -EINVAL);
}

/* The one by one read gives no more than that, the other goes on to the end. */
static void test_files(void **state)
{
	struct process_stat stat;
	char text[1024], all[65536];
	size_t size = process_read(getpid(), "stat", text, sizeof(text));

	assert_int_equal(process_parse_stat(bytes_make(text, size), &stat), 0);
	assert_int_equal(stat.parent, getppid());
	assert_int_equal(process_read(getpid(), "stat", text, 3), 3);
	assert_int_equal(process_read_all(getpid(), "stat", text, 3), 3);
	size = process_read_all(getpid(), "maps", all, sizeof(all));
	assert_true(size > process_read(getpid(), "maps", text, sizeof(text)));
	assert_int_equal(process_read(getpid(), "no-such-file", text, sizeof(text)), 0);
	assert_int_equal(process_read_all(getpid(), "no-such-file", text, sizeof(text)), 0);
}

static void test_sockets(void **state)
{
	int fds[2], pipes[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(pipe(pipes), 0);
	assert_true(process_socket_inode(getpid(), fds[0]) != 0);
	assert_int_not_equal(process_socket_inode(getpid(), fds[0]), process_socket_inode(getpid(), fds[1]));
	assert_int_equal(process_socket_inode(getpid(), pipes[0]), 0);
	close(fds[0]);
	assert_int_equal(process_socket_inode(getpid(), fds[0]), 0);
	close(fds[1]);
	close(pipes[0]);
	close(pipes[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_behind_any_name),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_sockets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
