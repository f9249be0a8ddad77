/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/porter_rules.h"

#include <errno.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static char file[32];
static struct settings settings;
static struct porter_rules rules;

static int set_up(void **state)
{
	int fd;

	strcpy(file, "/tmp/porter_rules.XXXXXX");
	fd = mkstemp(file);
	return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state)
{
	porter_rules_free(&rules);
	settings_free(&settings);
	return unlink(file);
}

static int make(const char *text)
{
	struct mistakes mistakes;
	int r = settings_parse(bytes_of(text), "test", &settings, &mistakes);

	mistakes_print(&mistakes, stderr);
	assert_int_equal(r, 0);
	return porter_rules_make(&settings, &rules);
}

static void write_file(const char *text)
{
	FILE *out = fopen(file, "w");

	assert_non_null(out);
	fputs(text, out);
	assert_int_equal(fclose(out), 0);
}

static void rules_for_courier(void **state)
{
	const struct passwd *user = getpwnam("daemon");
	char text[600];
	struct addr addr;

	write_file("PATH=/usr/bin:/bin\nULIMIT=32768\nESMTPAUTH=\"LOGIN PLAIN\"\nACCESSFILE=${sysconfdir}/smtpaccess\n"
		   "RELAYCLIENT=\n");
	snprintf(text, sizeof(text),
		 "gate {\n  handoff = exec\n  program = /usr/sbin/courieresmtpd\n  user = daemon\n  environment = %s\n"
		 "  processes = 40\n  auth = yes\n  relay = 192.0.2.0/24, 2001:db8::/32\n"
		 "  zone one.test {\n  }\n  zone two.test {\n    text = \"550 %%a is listed\"\n  }\n}\n", file);
	assert_int_equal(make(text), 0);
	assert_int_equal(rules.kind, PORTER_EXEC);
	assert_int_equal(rules.arguments.count, 1);
	assert_string_equal(rules.arguments.texts[0], "/usr/sbin/courieresmtpd");
	assert_null(rules.arguments.texts[1]);
	assert_true(rules.mapped);
	assert_int_equal(rules.processes, 40);
	assert_int_equal(rules.data_limit, 33554432);
	assert_non_null(user);
	assert_int_equal(rules.uid, user->pw_uid);
	assert_int_equal(rules.gid, user->pw_gid);
	assert_true(rules.change_user);
	assert_true(rules.group_count >= 1);
	assert_int_equal(rules.environment.count, 3);
	assert_string_equal(rules.environment.texts[0], "PATH=/usr/bin:/bin");
	assert_string_equal(rules.environment.texts[2], "ESMTPAUTH=LOGIN PLAIN");
	assert_int_equal(rules.blocks.count, 3);
	assert_string_equal(rules.blocks.texts[0], "Listed by one.test");
	assert_string_equal(rules.blocks.texts[1], "550 %a is listed");
	assert_string_equal(rules.blocks.texts[2], "Listed");
	assert_int_equal(addr_parse(BYTES_LITERAL("192.0.2.77"), &addr), 0);
	assert_non_null(prefix_set_find(&rules.relay, &addr));
	assert_int_equal(addr_parse(BYTES_LITERAL("127.0.0.1"), &addr), 0);
	assert_null(prefix_set_find(&rules.relay, &addr));
}

static void rules_for_another_program(void **state)
{
	assert_int_equal(make("gate {\n  handoff = exec\n  program = /usr/sbin/exim4, -bs\n  user = daemon\n"
			      "  zone one.test { }\n}\n"), 0);
	assert_int_equal(rules.blocks.count, 0);
	assert_int_equal(rules.arguments.count, 2);
	assert_string_equal(rules.arguments.texts[1], "-bs");
	assert_null(rules.arguments.texts[2]);
	assert_false(rules.mapped);
	assert_int_equal(rules.environment.count, 0);
	assert_int_equal(rules.data_limit, 0);
	assert_int_equal(rules.relay.count, 0);
}

/* Mail flows: a program without its environment takes it, too. */
static void an_environment_that_is_not_there(void **state)
{
	assert_int_equal(make("gate {\n  handoff = exec\n  program = /bin/cat\n  user = daemon\n"
			      "  environment = /nonexistent/esmtpd\n}\n"), 0);
	assert_int_equal(rules.environment.count, 0);
}

static void a_user_that_is_not_there(void **state)
{
	assert_true(make("gate {\n  handoff = exec\n  program = /bin/cat\n  user = nobody-of-that-name\n}\n") < 0);
}

static void rules_for_postfix(void **state)
{
	assert_int_equal(make("gate {\n  handoff = pass\n  socket = /var/spool/postfix/private/smtpd\n}\n"), 0);
	assert_int_equal(rules.kind, PORTER_PASS);
	assert_string_equal(rules.socket, "/var/spool/postfix/private/smtpd");
	assert_int_equal(rules.patience_ms, 100000);
}

static void check_server(const char *address)
{
	char text[ADDR_TEXT_SIZE];

	assert_string_equal(addr_format(&rules.server.addr, text), address);
	assert_int_equal(rules.server.port, 2525);
}

static void rules_for_a_server(void **state)
{
	const struct passwd *user = getpwnam("nobody");

	assert_int_equal(make("daemon {\n  user = nobody\n}\n"
			      "gate {\n  handoff = proxy\n  server = 127.0.0.1:2525\n}\n"), 0);
	assert_int_equal(rules.kind, PORTER_PROXY);
	check_server("127.0.0.1");
	if (geteuid() == 0 && user)
		assert_int_equal(rules.own_uid, user->pw_uid);
	porter_rules_free(&rules);
	settings_free(&settings);
	assert_int_equal(make("daemon {\n  user = nobody\n}\n"
			      "gate {\n  handoff = transparent\n  server = [::1]:2525\n}\n"), 0);
	assert_int_equal(rules.kind, PORTER_TRANSPARENT);
	check_server("::1");
}

static void no_gate(void **state)
{
	assert_int_equal(make(""), -EINVAL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(rules_for_courier, set_up, tear_down),
		cmocka_unit_test_setup_teardown(rules_for_another_program, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_environment_that_is_not_there, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_user_that_is_not_there, set_up, tear_down),
		cmocka_unit_test_setup_teardown(rules_for_postfix, set_up, tear_down),
		cmocka_unit_test_setup_teardown(rules_for_a_server, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_gate, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
