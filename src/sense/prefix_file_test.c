/* SPDX-License-Identifier: Apache-2.0 */
#include "sense/prefix_file.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct taken {
	struct prefix_set set;
	unsigned lines[16];
	const char *refuse; /* this one, as the caller */
};

static bool take(void *data, const struct prefix *prefix, unsigned line, char *ret_why)
{
	struct taken *taken = data;
	char text[PREFIX_TEXT_SIZE];

	prefix_format(prefix, text);
	if (taken->refuse && strcmp(text, taken->refuse) == 0) {
		snprintf(ret_why, PREFIX_FILE_WHY_SIZE, "%s is not wanted", text);
		return false;
	}
	assert_true(taken->set.count < 16);
	taken->lines[taken->set.count] = line;
	assert_int_equal(prefix_set_append(&taken->set, prefix, "test", 16), 0);
	return true;
}

static void each_line_is_a_network_or_a_comment(void **state)
{
	static const struct {
		const char *line, *network; /* NULL: nothing, "": refused */
	} rows[] = {
		{ "192.0.2.0/24 ; SBL1", "192.0.2.0/24" }, { "192.0.2.0/24;SBL1", "192.0.2.0/24" },
		{ "\t198.51.100.7\t# one of them", "198.51.100.7" }, { "203.0.113.0/24\r", "203.0.113.0/24" },
		{ "2001:db8::/32", "2001:db8::/32" }, { "::ffff:192.0.2.0/120", "192.0.2.0/24" },
		{ "; Spamhaus", NULL }, { "# 192.0.2.0/24", NULL }, { "", NULL }, { "   ", NULL }, { ";", NULL },
		{ "192.0.2.0/24 192.0.3.0/24", "" }, { "192.0.2.7/24", "" }, { "192.0.2.0/33", "" }, { "192.0.2", "" },
		{ "192.0.2.0-192.0.2.9", "" }, { "mail.example", "" }, { "::ffff:192.0.2.0/64", "" }, { "/24", "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct prefix_file file = { .path = "list" };
		struct taken taken = { 0 };
		char text[PREFIX_TEXT_SIZE];
		bool is_network = rows[i].network && *rows[i].network;

		prefix_file_scan(bytes_of(rows[i].line), &file, take, &taken);
		assert_int_equal(file.taken, is_network);
		assert_int_equal(file.refused, rows[i].network && !*rows[i].network);
		if (is_network)
			assert_string_equal(prefix_format(&taken.set.entries[0].prefix, text), rows[i].network);
		prefix_set_clear(&taken.set);
	}
}

static void what_is_wrong_is_counted_and_the_first_are_said(void **state)
{
	static const char text[] = "192.0.2.0/24\none\n192.0.2.7/24\n\n198.51.100.0/24\n192.0.2.0/99\ntwo\nthree\n203.0.113.0/24";
	struct prefix_file file = { .path = "list" };
	struct taken taken = { .refuse = "198.51.100.0/24" };

	prefix_file_scan(bytes_of(text), &file, take, &taken);
	assert_int_equal(file.taken, 2);
	assert_int_equal(file.refused, 6);
	assert_int_equal(file.said_count, 6);
	assert_int_equal(file.said[0].line, 2);
	assert_string_equal(file.said[0].why, "'one' is no network");
	assert_int_equal(file.said[1].line, 3);
	assert_string_equal(file.said[1].why, "'192.0.2.7/24' is an address within a network, not the network's own");
	assert_int_equal(file.said[2].line, 5);
	assert_string_equal(file.said[2].why, "198.51.100.0/24 is not wanted");
	assert_int_equal(taken.lines[1], 9);
	prefix_set_clear(&taken.set);
}

static void no_more_than_a_hundred_are_said(void **state)
{
	struct prefix_file file = { .path = "list" };
	struct taken taken = { 0 };
	char text[4 * (PREFIX_FILE_SAID_MOST + 7) + 1] = "";

	for (int i = 0; i < PREFIX_FILE_SAID_MOST + 7; i++)
		strcat(text, "no\n");
	prefix_file_scan(bytes_of(text), &file, take, &taken);
	assert_int_equal(file.refused, PREFIX_FILE_SAID_MOST + 7);
	assert_int_equal(file.said_count, PREFIX_FILE_SAID_MOST);
	assert_int_equal(file.said[PREFIX_FILE_SAID_MOST - 1].line, PREFIX_FILE_SAID_MOST);
}

static void any_bytes_may_come(void **state)
{
	static const char nul[] = "192.0.2.0/24\0\n\x1b[31m\xff\n198.51.100.0/24\n";
	struct prefix_file file = { .path = "list" };
	struct taken taken = { 0 };
	char longest[PREFIX_FILE_LINE_MOST + 2];

	prefix_file_scan(bytes_make(nul, sizeof(nul) - 1), &file, take, &taken);
	assert_int_equal(file.taken, 1);
	assert_int_equal(file.refused, 2);
	assert_null(strchr(file.said[1].why, '\x1b'));
	memset(longest, '1', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	prefix_file_scan(bytes_of(longest), &file, take, &taken);
	assert_int_equal(file.refused, 3);
	prefix_set_clear(&taken.set);
}

static void a_file_is_read_and_nothing_else(void **state)
{
	char folder[] = "/tmp/prefix_file_test.XXXXXX", path[64];
	struct prefix_file file = { .path = path };
	struct taken taken = { 0 };
	FILE *out;

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/list", folder);
	prefix_file_read(&file, take, &taken);
	assert_int_equal(file.error, -ENOENT);
	assert_int_equal(mkfifo(path, 0600), 0);
	prefix_file_read(&file, take, &taken);
	assert_int_equal(file.error, -EFBIG);
	unlink(path);
	out = fopen(path, "w");
	assert_non_null(out);
	fputs("192.0.2.0/24\n198.51.100.0/24\n", out);
	fclose(out);
	prefix_file_read(&file, take, &taken);
	assert_int_equal(file.error, 0);
	assert_int_equal(file.taken, 2);
	assert_int_equal(truncate(path, (off_t)PREFIX_FILE_SIZE_MOST + 1), 0);
	prefix_file_read(&file, take, &taken);
	assert_int_equal(file.error, -EFBIG);
	unlink(path);
	rmdir(folder);
	prefix_set_clear(&taken.set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_line_is_a_network_or_a_comment),
		cmocka_unit_test(what_is_wrong_is_counted_and_the_first_are_said),
		cmocka_unit_test(no_more_than_a_hundred_are_said),
		cmocka_unit_test(any_bytes_may_come),
		cmocka_unit_test(a_file_is_read_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
