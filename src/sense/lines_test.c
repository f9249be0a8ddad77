/* SPDX-License-Identifier: Apache-2.0 */
#include "sense/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static int file_of(const void *data, size_t size)
{
	int fd = memfd_create("lines", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), (ssize_t)size);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void expect_line(struct lines *lines, struct bytes want, bool want_cut)
{
	struct bytes line;
	bool cut;

	assert_int_equal(lines_next(lines, &line, &cut), 1);
	assert_int_equal(line.size, want.size);
	if (want.size)
		assert_memory_equal(line.data, want.data, want.size);
	assert_int_equal(cut, want_cut);
}

static void expect_end(struct lines *lines)
{
	struct bytes line;
	bool cut;

	assert_int_equal(lines_next(lines, &line, &cut), 0);
	lines_clear(lines);
	close(lines->fd);
}

static void lines_come_in_order(void **state)
{
	static const char text[] = "one\n\nth\0ree\r\nlast";
	struct lines lines;

	assert_int_equal(lines_init(&lines, file_of(text, sizeof(text) - 1)), 0);
	expect_line(&lines, BYTES_LITERAL("one"), false);
	expect_line(&lines, BYTES_LITERAL(""), false);
	expect_line(&lines, BYTES_LITERAL("th\0ree\r"), false);
	expect_line(&lines, BYTES_LITERAL("last"), false);
	expect_end(&lines);
}

/* Sizes around the limit, and far above the buffer, each between two short lines. */
static void long_lines_are_cut_and_never_split(void **state)
{
	static const size_t sizes[] = { LINE_SIZE_MAX - 1,     LINE_SIZE_MAX,
					LINE_SIZE_MAX + 1,     LINE_SIZE_MAX * 2,
					LINE_SIZE_MAX * 4 - 7, LINE_SIZE_MAX * 4,
					LINE_SIZE_MAX * 4 + 1, LINE_SIZE_MAX * 21 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t size = sizes[i], total = size + 14;
		bool cut = size > LINE_SIZE_MAX;
		char *text = malloc(total);
		struct lines lines;

		memset(text, 'x', total);
		memcpy(text, "before\n", 7);
		memcpy(text + 7 + size, "\nafter\n", 7);
		assert_int_equal(lines_init(&lines, file_of(text, total)), 0);
		expect_line(&lines, BYTES_LITERAL("before"), false);
		expect_line(&lines, bytes_make(text + 7, cut ? LINE_SIZE_MAX : size), cut);
		expect_line(&lines, BYTES_LITERAL("after"), false);
		expect_end(&lines);
		free(text);
	}
}

static void a_long_last_line_is_cut_too(void **state)
{
	size_t size = LINE_SIZE_MAX * 5;
	char *text = malloc(size);
	struct lines lines;

	memset(text, 'x', size);
	assert_int_equal(lines_init(&lines, file_of(text, size)), 0);
	expect_line(&lines, bytes_make(text, LINE_SIZE_MAX), true);
	expect_end(&lines);
	free(text);
}

static void a_pipe_gives_lines_as_they_come(void **state)
{
	struct lines lines;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(lines_init(&lines, ends[0]), 0);
	assert_int_equal(write(ends[1], "a\nb", 3), 3);
	expect_line(&lines, BYTES_LITERAL("a"), false);
	assert_int_equal(write(ends[1], "c\n", 2), 2);
	expect_line(&lines, BYTES_LITERAL("bc"), false);
	close(ends[1]);
	expect_end(&lines);
}

static void what_cannot_be_read_is_an_error(void **state)
{
	struct lines lines;
	struct bytes line;
	bool cut;

	assert_int_equal(lines_init(&lines, open("/", O_RDONLY | O_CLOEXEC)), 0);
	assert_int_equal(lines_next(&lines, &line, &cut), -EISDIR);
	lines_clear(&lines);
	close(lines.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_come_in_order),
		cmocka_unit_test(long_lines_are_cut_and_never_split),
		cmocka_unit_test(a_long_last_line_is_cut_too),
		cmocka_unit_test(a_pipe_gives_lines_as_they_come),
		cmocka_unit_test(what_cannot_be_read_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
