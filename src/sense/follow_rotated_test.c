/* SPDX-License-Identifier: Apache-2.0 */
#include "sense/follow_rotated.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_names(void **state)
{
	static const struct {
		const char *log, *name;
		bool numbered;
	} rows[] = {
		{ "mail.log", "mail.log.1", true },
		{ "mail.log", "mail.log.0", true },
		{ "mail.log", "mail.log.12", true },
		{ "mail.log", "mail.log-20260727", true },
		{ "mail.log", "mail.log-2026-07-27T00:00", true },
		{ "mail.log", "mail.log-20260727-1785110400", true },
		{ "mail.log", "mail-20260727.log", true },
		{ "mail.log", "mail.1.log", true },
		{ "maillog", "maillog.1", true },
		{ "maillog", "maillog_2026", true },
		{ ".log", ".log.1", true },
		{ "mail.log", "mail.log", false },
		{ "mail.log", "mail.log.1.gz", false },
		{ "mail.log", "mail.log.old", false },
		{ "mail.log", "mail.log.", false },
		{ "mail.log", "mail.log1", false },
		{ "mail.log", "mail.log-", false },
		{ "mail.log", "mail.log.x1", false },
		{ "mail.log", "mail-20260727.log.gz", false },
		{ "mail.log", "mail-old.log", false },
		{ "mail.log", "mail.err", false },
		{ "mail.log", "mail.err.1", false },
		{ "mail.log", "mai.1", false },
		{ "mail.log", "", false },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		if (follow_name_is_numbered(bytes_of(rows[i].name), bytes_of(rows[i].log)) !=
		    rows[i].numbered)
			fail_msg("%s of %s", rows[i].name, rows[i].log);
	}
}

static void make(const char *dir, const char *name)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, name, strlen(name)), strlen(name));
	close(fd);
	/* The time of birth is told in ticks of the kernel's clock. */
	usleep(20000);
}

static void test_the_youngest_are_listed_oldest_first(void **state)
{
	char dir[] = "/tmp/follow_rotated_test.XXXXXX", path[64], link[64], command[64], name[32];
	struct follow_rotated list[FOLLOW_ROTATED_MOST];

	assert_non_null(mkdtemp(dir));
	make(dir, "syslog.1");
	for (int i = 40; i > 20; i--) {
		snprintf(name, sizeof(name), "mail.log.%d", i);
		make(dir, name);
	}
	make(dir, "mail.log");
	make(dir, "mail.log.gz");
	snprintf(path, sizeof(path), "%s/mail.log", dir);
	snprintf(link, sizeof(link), "%s/mail.log.3", dir);
	assert_int_equal(symlink("mail.log", link), 0);

	assert_int_equal(follow_rotated_list(path, list), FOLLOW_ROTATED_MOST);
	for (int i = 0; i < 15; i++) {
		snprintf(name, sizeof(name), "mail.log.%d", 35 - i);
		assert_string_equal(list[i].name, name);
		assert_true(list[i].numbered);
		assert_int_equal(list[i].size, strlen(name));
	}
	assert_string_equal(list[15].name, "mail.log.gz");
	assert_false(list[15].numbered);

	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	assert_int_equal(system(command), 0);
	assert_int_equal(follow_rotated_list(path, list), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_the_youngest_are_listed_oldest_first),
	};

	return cmocka_run_group_tests_name("follow_rotated", tests, NULL, NULL);
}
