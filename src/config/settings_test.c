/* SPDX-License-Identifier: Apache-2.0 */
#include "config/settings.h"

#include "config/setting_table.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define SECOND ((uint64_t)1000)
#define MINUTE (60 * SECOND)

static void load(const char *text, struct settings *ret)
{
	struct mistakes mistakes;
	int r = settings_parse(bytes_of(text), "test", ret, &mistakes);

	mistakes_print(&mistakes, stderr);
	assert_int_equal(r, 0);
}

static bool never_banned(const struct settings *settings, const char *address)
{
	struct addr addr;

	assert_int_equal(addr_parse(bytes_of(address), &addr), 0);
	return prefix_set_find(&settings->ban_never, &addr);
}

static void test_defaults(void **state)
{
	struct settings settings;

	load("", &settings);
	assert_string_equal(settings.mail_server, "");
	assert_int_equal(settings.mail_ports.count, 1);
	assert_int_equal(settings.mail_ports.ports[0], 25);
	assert_int_equal(settings.watch_file.count, 0);
	assert_string_equal(settings.daemon_user, "wavebreak");
	assert_int_equal(settings.ban_for, 10 * MINUTE);
	assert_int_equal(settings.ban_at_most, 60 * MINUTE);
	assert_int_equal(settings.evict_grace, 2 * SECOND);
	assert_true(settings.evict_enabled);
	assert_int_equal(settings.score[SETTINGS_SCORE_LISTED], 100);
	assert_int_equal(settings.score[SETTINGS_SCORE_ACCEPTED], 0);
	assert_int_equal(settings.http_listen.port, 0);
	settings_free(&settings);
}

static void test_every_type(void **state)
{
	struct settings settings;

	load("mail { server = courier  ports = 25, 587\n limit = 300 }\n"
	     "watch { file = /var/log/mail.log, \"/srv/a log\" }\n"
	     "daemon { state = /tmp/x }\n"
	     "ban {\n  for = 1m30s   # short\n  never = 192.0.2.0/24, 2001:db8::/48\n}\n"
	     "evict { enabled = no  grace = 500ms }\n"
	     "score { unknown-recipient = 33 }\n",
	     &settings);
	assert_string_equal(settings.mail_server, "courier");
	assert_int_equal(settings.mail_ports.count, 2);
	assert_int_equal(settings.mail_ports.ports[1], 587);
	assert_int_equal(settings.mail_limit, 300);
	assert_int_equal(settings.watch_file.count, 2);
	assert_string_equal(settings.watch_file.paths[1], "/srv/a log");
	assert_string_equal(settings.daemon_state, "/tmp/x");
	assert_int_equal(settings.ban_for, 90 * SECOND);
	assert_true(never_banned(&settings, "192.0.2.7"));
	assert_true(never_banned(&settings, "2001:db8:0:5::1"));
	assert_false(never_banned(&settings, "198.51.100.1"));
	assert_string_equal(settings.ban_never.entries[0].why, "ban.never");
	assert_false(settings.evict_enabled);
	assert_int_equal(settings.evict_grace, 500);
	assert_int_equal(settings.score[SETTINGS_SCORE_UNKNOWN_RECIPIENT], 33);
	settings_free(&settings);
}

static void test_sections_add_up(void **state)
{
	struct settings settings;

	load("ban { for = 2m }\nban { at_most = 3m }", &settings);
	assert_int_equal(settings.ban_for, 2 * MINUTE);
	assert_int_equal(settings.ban_at_most, 3 * MINUTE);
	settings_free(&settings);
}

static const struct {
	const char *text, *mistakes;
} mistaken[] = {
	{ "ban {\n  at_least = 1h\n}",
	  "t:2:3: 'at_least' is not a setting of ban; did you mean 'at_most'?\n" },
	{ "ban { xyzzy = 1h }", "t:1:7: 'xyzzy' is not a setting of ban\n" },
	{ "bann { for = 1h }", "t:1:1: 'bann' is not a section; did you mean 'ban'?\n" },
	{ "relieve { start = 80% }", "t:1:1: 'relieve' is not a section; did you mean 'relief'?\n" },
	{ "relief { start = 50% }", "t:1:10: relief.stop has to be lower than relief.start\n" },
	{ "wave { relief_stop = 70% }", "t:1:8: wave.relief_stop has to be lower than wave.relief_start\n" },
	{ "ban { backend = command }", "t:1:7: ban.backend = command needs ban.command, which is empty\n" },
	{ "ban { backend = pf }", "t:1:17: ban.backend: 'pf' is not one that keeps the banned away\n" },
	{ "gate { steer = all\n hook = /run/hook }", "t:2:2: gate.hook and gate.steer are two ways to the gate; it has one\n" },
	{ "gate { steer = all\n listen = 26 }", "t:2:2: gate.listen and gate.steer are two ways to the gate; it has one\n" },
	{ "gate { steer = suspect\n steer_port = 25 }",
	  "t:2:2: gate.steer_port is a port of the mail server (mail.ports); it has to be another one\n" },
	{ "ban = 10m", "t:1:1: 'ban' is a section, written ban { name = value }\n" },
	{ "for = 10m", "t:1:1: 'for' stands outside of any section\n" },
	{ "ban us { for = 1m }", "t:1:5: the section ban takes no name of its own\n" },
	{ "ban { zone bl.example { weight = 3 } }", "t:1:7: 'zone' is not a section of ban\n" },
	{ "ban { for = 10 }", "t:1:13: ban.for: '10' is not a time such as 10m, 2h or 500ms\n" },
	{ "ban { for = 8d }", "t:1:13: ban.for: 8d is more than 7d at most\n" },
	{ "ban { for = 9999999999d }", "t:1:13: ban.for: 9999999999d is more than 7d at most\n" },
	{ "ban { for = 999ms }", "t:1:13: ban.for: 999ms is less than 1s at least\n" },
	{ "ban { for = 1m, 2m }", "t:1:17: ban.for takes one value\n" },
	{ "ban { for = 2h }", "t:1:7: ban.at_most (1h) is shorter than ban.for (2h)\n" },
	{ "ban { for = 2m at_most = 1m }",
	  "t:1:16: ban.at_most (1m) is shorter than ban.for (2m)\n" },
	{ "ban { score = 0 }", "t:1:15: ban.score: 0 is less than 1 at least\n" },
	{ "ban { score = -1 }", "t:1:15: ban.score: '-1' is not a number\n" },
	{ "ban { never = 192.0.2.7/24 }",
	  "t:1:15: ban.never: 192.0.2.7/24 is an address within a network, not the network's own\n" },
	{ "ban { never = 192.0.2.0/33 }",
	  "t:1:15: ban.never: '192.0.2.0/33' is not an address or a network such as 192.0.2.0/24 "
	  "or 2001:db8::/48\n" },
	{ "suspect { networks = 192.0.2.0/24, 0.0.0.0/0 }",
	  "t:1:36: suspect.networks: 0.0.0.0/0 is everybody: use gate.steer = all\n" },
	{ "suspect { networks = ::/0 }", "t:1:22: suspect.networks: ::/0 is everybody: use gate.steer = all\n" },
	{ "suspect { networks = 192.0.2.1/24 }",
	  "t:1:22: suspect.networks: 192.0.2.1/24 is an address within a network, not the network's own\n" },
	{ "ban { never = 192.0.2.1, 192.0.2.1 }", "t:1:26: ban.never: 192.0.2.1 is there twice\n" },
	{ "ban {\n for = 1m\n for = 2m\n}",
	  "t:3:2: ban.for is set a second time, first in line 2\n" },
	{ "mail { ports = 25, 0 }", "t:1:20: mail.ports: '0' is not a port from 1 to 65535\n" },
	{ "mail { ports = 25, 25 }", "t:1:20: mail.ports: 25 is there twice\n" },
	{ "mail { ports = 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17 }",
	  "t:1:16: mail.ports: more than 16 ports\n" },
	{ "mail { server = curier }",
	  "t:1:17: mail.server: 'curier' is not a mail server that is known here; did you mean 'courier'?\n" },
	{ "mail { server = xyzzy }", "t:1:17: mail.server: 'xyzzy' is not a mail server that is known here\n" },
	{ "watch { file = mail.log }", "t:1:16: watch.file: 'mail.log' is not an absolute path, with wildcards in the name of the file "
	  "alone\n" },
	{ "watch { file = /var/*/mail.log }",
	  "t:1:16: watch.file: '/var/*/mail.log' is not an absolute path, with wildcards in the name of the "
	  "file alone\n" },
	{ "watch { file = \"\" }", "t:1:16: watch.file: '' is not an absolute path, with wildcards in the name of the file alone\n" },
	{ "daemon { user = \"\" }", "t:1:17: daemon.user: less than 1 bytes\n" },
	{ "evict { enabled = true }", "t:1:19: evict.enabled: 'true' is not yes or no\n" },
	{ "score { lsited = 1 }",
	  "t:1:9: 'lsited' is not a setting of score; did you mean 'listed'?\n" },
	{ "score { listed = 1001 }", "t:1:18: score.listed: 1001 is more than 1000 at most\n" },
	{ "ban { gr\xc3\xbc\xc3\x9f = 1m }", "t:1:7: 'gr\\xc3\\xbc\\xc3\\x9f' is not a setting of ban\n" },
	{ "ban { for = }\nevict { grace = 2 }\nfoo { }",
	  "t:1:11: 'for' has no value after its '='\n"
	  "t:2:17: evict.grace: '2' is not a time such as 10m, 2h or 500ms\n"
	  "t:3:1: 'foo' is not a section\n" },
};

static void test_mistakes(void **state)
{
	struct settings settings;
	struct mistakes mistakes;

	for (size_t i = 0; i < sizeof(mistaken) / sizeof(mistaken[0]); i++) {
		char *text;
		size_t size;
		FILE *out = open_memstream(&text, &size);

		assert_int_equal(settings_parse(bytes_of(mistaken[i].text), "t", &settings, &mistakes),
				 -EINVAL);
		mistakes_print(&mistakes, out);
		fclose(out);
		assert_string_equal(text, mistaken[i].mistakes);
		free(text);
	}
}

static void test_mistakes_are_bounded(void **state)
{
	struct settings settings;
	struct mistakes mistakes;
	char text[30 * 8 + 1];

	for (size_t i = 0; i < 30; i++)
		memcpy(text + i * 8, "foo { }\n", 9);
	assert_int_equal(settings_parse(bytes_of(text), "t", &settings, &mistakes), -EINVAL);
	assert_int_equal(mistakes.count, MISTAKES_MAX);
	assert_int_equal(mistakes.untold, 30 - MISTAKES_MAX);
}

/* It can be found, has bounds that can be read, and a default that keeps them. */
static void check_row(const struct setting_row *row, const void *fields)
{
	uint64_t least, most, measure;

	assert_ptr_equal(setting_find(bytes_of(row->section), bytes_of(row->name)), row);
	/* Both or none. */
	assert_int_equal(*row->least != '\0', *row->most != '\0');
	if (!*row->least)
		return;
	assert_int_equal(row->type->bound(bytes_of(row->least), &least), 0);
	assert_int_equal(row->type->bound(bytes_of(row->most), &most), 0);
	measure = row->type->measure(setting_value(row, fields));
	assert_true(measure >= least && measure <= most);
}

static void test_rows(void **state)
{
	struct settings settings;

	load("gate { zone bl.example { } }", &settings);
	for (size_t i = 0; i < SETTING_ROWS; i++)
		check_row(&setting_rows[i], &settings);
	for (size_t i = 0; i < ZONE_ROWS; i++)
		check_row(&zone_rows[i], &settings.zones[0]);
	settings_free(&settings);
}

static char *printed(const struct settings *settings)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	settings_print(settings, out);
	fclose(out);
	return text;
}

/* What is printed is a configuration that says the same, and marks what is not the default. */
static void test_print(void **state)
{
	struct settings settings, again;
	char *first, *second;

	load("ban { for = 1m  never = 192.0.2.0/24, 2001:db8::1 }\n"
	     "watch { file = \"/a \\\"b\\\\\" }\n"
	     "evict { enabled = no }",
	     &settings);
	first = printed(&settings);
	assert_non_null(strstr(first, "ban {\n  for = 1m  # default: 10m\n  at_most = 1h\n"
				      "  never = 192.0.2.0/24, 2001:db8::1  # default: empty\n"));
	assert_non_null(strstr(first, "  file = \"/a \\\"b\\\\\"  # default: empty\n"));
	assert_non_null(strstr(first, "  # signatures is empty\n"));
	assert_non_null(strstr(first, "  enabled = no  # default: yes\n"));
	assert_non_null(strstr(first, "  server = \"\"\n"));
	load(first, &again);
	second = printed(&again);
	assert_string_equal(first, second);
	free(first);
	free(second);
	settings_free(&settings);
	settings_free(&again);
}

static void test_sizes_and_percentages(void **state)
{
	static const struct {
		const struct setting_type *type;
		const char *text, *printed;
		int error;
	} cases[] = {
		{ &setting_type_SIZE, "64k", "64k", 0 },
		{ &setting_type_SIZE, "1024k", "1M", 0 },
		{ &setting_type_SIZE, "1025", "1025", 0 },
		{ &setting_type_SIZE, "0", "0", 0 },
		{ &setting_type_SIZE, "64x", NULL, -EINVAL },
		{ &setting_type_PERCENT, "80%", "80%", 0 },
		{ &setting_type_PERCENT, "80", NULL, -EINVAL },
		{ &setting_type_PERCENT, "%", NULL, -EINVAL },
		{ &setting_type_PERCENT, "-1%", NULL, -EINVAL },
		{ &setting_type_PERCENT, "99999999999%", NULL, -ERANGE },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t field = 0;
		char *text;
		size_t size;
		FILE *out;

		assert_int_equal(cases[i].type->take(&field, bytes_of(cases[i].text), ""),
				 cases[i].error);
		if (cases[i].error)
			continue;
		out = open_memstream(&text, &size);
		cases[i].type->print(&field, out);
		fclose(out);
		assert_string_equal(text, cases[i].printed);
		free(text);
	}
}

static int load_file(const char *file, const char *sentence)
{
	struct settings settings;
	struct mistakes mistakes;
	int r = settings_load(file, &settings, &mistakes);

	if (r == 0)
		settings_free(&settings);
	else
		assert_non_null(strstr(mistakes.list[0].text, sentence));
	return r;
}

static void test_files(void **state)
{
	char path[] = "/tmp/wavebreak-settings-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(load_file(path, ""), 0);
	assert_int_equal(write(fd, "ban {", 5), 5);
	assert_int_equal(load_file(path, "'ban' is not closed"), -EINVAL);
	assert_int_equal(ftruncate(fd, SETTINGS_FILE_MAX + 1), 0);
	assert_int_equal(load_file(path, "larger than 1 MiB"), -EFBIG);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(ftruncate(fd, SETTINGS_FILE_MAX), 0);
	assert_int_equal(load_file(path, "NUL byte"), -EINVAL);
	close(fd);
	unlink(path);
	assert_int_equal(load_file(path, "No such file"), -ENOENT);
	assert_int_equal(load_file("/", "Is a directory"), -EISDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_every_type),
		cmocka_unit_test(test_sections_add_up),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_mistakes_are_bounded),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_sizes_and_percentages),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
