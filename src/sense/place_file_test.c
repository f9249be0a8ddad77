/* SPDX-License-Identifier: Apache-2.0 */
#include "sense/place_file.h"

#include "build_config.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define MAKE WAVEBREAK_SOURCE_DIR "/test/places/make-database"
#define NO_WRITER 77
#define LONG_NAME "a name that is cut: 6789012345678901234567890123456789012345678901234567890 \xc3\xbc \xc3\xbc"
#define HOSTILE "<b>\"x\"\x1b[31m\\"

static char folder[] = "/tmp/wavebreak-places-XXXXXX", countries[64], holders[64];
static bool made;

/* The library loses memory when it opens a file whose description is damaged: once for a start, and not ours. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libmaxminddb";
}

static void run(const char *const *words)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		execv(words[0], (char *const *)(uintptr_t)words);
		_exit(127);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == NO_WRITER));
	made = WEXITSTATUS(status) == 0;
}

static int make(void **state)
{
	assert_non_null(mkdtemp(folder));
	snprintf(countries, sizeof(countries), "%s/countries", folder);
	snprintf(holders, sizeof(holders), "%s/holders", folder);
	run((const char *const[]){ MAKE, "country", countries, "10.1.0.0/16", "BR", "Brazil", "10.2.0.0/16", "VN", HOSTILE,
				   "10.3.0.0/16", "x<", "no code", "2001:db8:1::/48", "DE", LONG_NAME, NULL });
	run((const char *const[]){ MAKE, "asn", holders, "10.1.0.0/16", "64500", "Example \xc3\xa9", "2001:db8:1::/48",
				   "4200000000", HOSTILE, NULL });
	return 0;
}

static int clean(void **state)
{
	unlink(countries);
	unlink(holders);
	rmdir(folder);
	return 0;
}

static struct place_file *open_file(const char *path)
{
	struct place_file *file = NULL;
	char why[PLACE_WHY_SIZE];
	int fd;

	assert_int_equal(place_file_copy(path, &fd), 0);
	return place_file_open(fd, &file, why) == 0 ? file : NULL;
}

static struct addr address(const char *text)
{
	struct addr addr;

	assert_int_equal(addr_parse(bytes_of(text), &addr), 0);
	return addr;
}

static void a_country_is_found(void **state)
{
	static const struct {
		const char *client;
		int r;
		const char *code, *name;
	} cases[] = {
		{ "10.1.2.3", 0, "BR", "Brazil" },
		{ "10.2.0.0", 0, "VN", HOSTILE },
		{ "10.3.0.1", -ENOENT, NULL, NULL },
		{ "10.4.0.1", -ENOENT, NULL, NULL },
		{ "2001:db8:1:7::", 0, "DE", "a name that is cut: 6789012345678901234567890" },
		{ "2001:db8:2::", -ENOENT, NULL, NULL },
	};
	struct place_file *file;

	if (!made)
		skip();
	file = open_file(countries);
	assert_non_null(file);
	assert_string_equal(place_file_type(file), "Test-country");
	assert_true(place_file_built_s(file) > 1700000000);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct addr client = address(cases[i].client);
		char code[2], name[46];

		assert_int_equal(place_file_country(file, &client, code, name, sizeof(name)), cases[i].r);
		if (cases[i].r < 0)
			continue;
		assert_memory_equal(code, cases[i].code, 2);
		assert_string_equal(name, cases[i].name);
	}
	place_file_close(file);
}

static void a_holder_is_found(void **state)
{
	struct addr v4 = address("10.1.2.3"), v6 = address("2001:db8:1::"), nobody = address("10.9.9.9");
	struct place_file *file;
	/* Cut before the last character, which has two bytes. */
	char name[10], code[2];
	uint32_t asn;

	if (!made)
		skip();
	file = open_file(holders);
	assert_int_equal(place_file_holder(file, &v4, &asn, name, sizeof(name)), 0);
	assert_int_equal(asn, 64500);
	assert_string_equal(name, "Example ");
	assert_int_equal(place_file_holder(file, &v6, &asn, name, sizeof(name)), 0);
	assert_int_equal(asn, 4200000000);
	assert_int_equal(place_file_holder(file, &nobody, &asn, name, sizeof(name)), -ENOENT);
	/* It is a database of another kind. */
	assert_int_equal(place_file_country(file, &v4, code, name, sizeof(name)), -ENOENT);
	place_file_close(file);
}

/* Each byte in turn is another one, and the file is cut there: it is refused, or answers something. */
static void a_damaged_one_does_no_harm(void **state)
{
	struct addr clients[] = { address("10.1.2.3"), address("2001:db8:1::"), address("192.0.2.1") };
	char text[16384], name[64], code[2], path[80];
	int fd = made ? open(countries, O_RDONLY | O_CLOEXEC) : -1;
	ssize_t size = made ? read(fd, text, sizeof(text)) : 0;

	if (!made)
		skip();
	close(fd);
	assert_in_range(size, 100, sizeof(text) - 1);
	snprintf(path, sizeof(path), "%s/damaged", folder);
	for (ssize_t i = 0; i < size * 2; i++) {
		ssize_t at = i / 2, length = i % 2 ? size : at;
		struct place_file *file;

		text[at] = (char)(text[at] ^ 0x5a);
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		assert_int_equal(write(fd, text, (size_t)length), length);
		close(fd);
		text[at] = (char)(text[at] ^ 0x5a);
		file = open_file(path);
		for (size_t c = 0; file && c < sizeof(clients) / sizeof(clients[0]); c++)
			assert_in_range(-place_file_country(file, &clients[c], code, name, sizeof(name)), 0, EBADMSG);
		place_file_close(file);
	}
	unlink(path);
}

static void what_is_no_file_is_not_read(void **state)
{
	char path[80];
	int fd;

	assert_int_equal(place_file_copy("/proc/self/no-such-file", &fd), -ENOENT);
	assert_int_equal(place_file_copy("/dev/zero", &fd), -EFBIG);
	snprintf(path, sizeof(path), "%s/pipe", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(place_file_copy(path, &fd), -EFBIG);
	unlink(path);
	assert_null(open_file("/etc/passwd"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_country_is_found),
		cmocka_unit_test(a_holder_is_found),
		cmocka_unit_test(a_damaged_one_does_no_harm),
		cmocka_unit_test(what_is_no_file_is_not_read),
	};

	return cmocka_run_group_tests(tests, make, clean);
}
