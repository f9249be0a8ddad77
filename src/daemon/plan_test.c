/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/plan.h"

#include "control/control.h"
#include "sense/host.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static char file[] = "/tmp/plan_test.XXXXXX";

static int set_up(void **state)
{
	int fd;

	memset(file + strlen(file) - 6, 'X', 6);
	fd = mkstemp(file);
	return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state)
{
	return unlink(file);
}

static int make(const char *text, struct plan *plan, struct mistakes *mistakes)
{
	FILE *out = fopen(file, "w");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
	*mistakes = (struct mistakes){ 0 };
	return plan_make(file, plan, mistakes);
}

static void what_is_written_counts(void **state)
{
	struct mistakes mistakes;
	struct plan plan;

	assert_int_equal(make("mail { limit = 123 }\n"
			      "watch { file = /nonexistent/a.log, /nonexistent/b.log }\n", &plan, &mistakes), 0);
	assert_ptr_equal(plan.config_file, file);
	assert_int_equal(plan.limit, 123);
	assert_int_equal(plan.logs.count, 2);
	assert_string_equal(plan.logs.paths[1], "/nonexistent/b.log");
	plan_free(&plan);
}

static void what_is_not_written_is_found(void **state)
{
	char log[MAIL_LOG_PATH_SIZE];
	struct mistakes mistakes;
	struct mail_server server;
	struct plan plan;

	assert_int_equal(make("", &plan, &mistakes), 0);
	assert_int_equal(plan.server_error, mail_server_find("", &server));
	assert_int_equal(plan.limit, server.limit);
	/* There is always one to have lines from, be it one that is waited for. */
	assert_int_equal(plan.logs.count + plan.journal, 1);
	if (!plan.server.own_log && mail_log_find(log)[0])
		assert_string_equal(plan.logs.paths[0], log);
	plan_free(&plan);
}

/* Where one source is named no other is looked for: a line that came twice would count twice. */
static void a_named_source_is_the_only_one(void **state)
{
	static const char *const texts[] = {
		"watch { socket = /nonexistent/lines }\n", "watch { journal = yes }\n", "",
		"watch {\n  file = /nonexistent/mail.log\n  socket = /nonexistent/lines\n  journal = yes\n}\n",
	};
	static const struct {
		size_t logs;
		bool journal;
	} wanted[] = { { 0, false }, { 0, true }, { 0, false }, { 1, true } };
	struct mistakes mistakes;
	struct plan plan;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(make(texts[i], &plan, &mistakes), 0);
		plan.follow_stdin = !*texts[i];
		plan_find_lines(&plan);
		assert_int_equal(plan.logs.count, wanted[i].logs);
		assert_int_equal(plan.journal, wanted[i].journal);
		plan_free(&plan);
	}
}

static void mistakes_are_given_back(void **state)
{
	char line[MISTAKE_LINE_SIZE];
	struct mistakes mistakes;
	struct plan plan;

	assert_int_equal(make("ban { at_least = 1h }\n", &plan, &mistakes), -EINVAL);
	assert_int_equal(mistakes.count, 1);
	assert_non_null(strstr(mistakes_format(&mistakes, 0, line), "at_most"));
	mistakes = (struct mistakes){ 0 };
	assert_int_equal(plan_make("/nonexistent/wavebreak.conf", &plan, &mistakes), -ENOENT);
	assert_int_equal(mistakes.count, 1);
}

static const char *protector(const struct prefix_set *never, const char *text)
{
	const struct prefix_entry *e;
	struct addr addr;

	assert_int_equal(addr_parse(bytes_of(text), &addr), 0);
	e = prefix_set_find(never, &addr);
	return e ? e->why : "nobody";
}

static void the_never_list_of_host_and_administrator(void **state)
{
	struct prefix_set never = { 0 };
	struct mistakes mistakes;
	struct plan plan;

	assert_int_equal(make("ban { never = 203.0.113.0/24, 127.0.0.0/8, 2001:db8:77::/48 }\n", &plan, &mistakes), 0);
	assert_in_range(plan_never(&plan, &never), 0, HOST_INCOMPLETE);
	assert_string_equal(protector(&never, "127.0.0.1"), "loopback");
	assert_string_equal(protector(&never, "203.0.113.9"), "ban.never");
	assert_string_equal(protector(&never, "2001:db8:77:1::"), "ban.never");
	assert_string_equal(protector(&never, "198.51.100.9"), "nobody");
	plan_free(&plan);
	/* It holds without the plan. */
	assert_string_equal(protector(&never, "203.0.113.9"), "ban.never");
	prefix_set_clear(&never);
}

/* The configuration bounds daemon.runtime, so that no path of a socket is ever cut. */
static void the_ports_of_the_gate_are_guarded_too(void **state)
{
	static const struct {
		const char *text;
		size_t count;
		uint16_t ports[3];
	} cases[] = {
		{ "mail { ports = 25, 587 }\n", 2, { 25, 587 } },
		{ "mail { ports = 2525 }\ngate { listen = 26 }\n", 1, { 2525 } },
		{ "mail { ports = 25 }\ngate { handoff = proxy server = 127.0.0.1:2525 listen = 25, 192.0.2.1:26, [::1]:26 }\n",
		  2, { 25, 26 } },
		{ "mail { ports = 587 }\ngate { steer = all }\n", 1, { 587 } },
	};
	uint16_t ports[PLAN_PORTS_MOST];
	struct mistakes mistakes;
	struct plan plan;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(make(cases[i].text, &plan, &mistakes), 0);
		assert_int_equal(plan_guarded_ports(&plan.settings, ports), cases[i].count);
		assert_memory_equal(ports, cases[i].ports, cases[i].count * sizeof(ports[0]));
		plan_free(&plan);
	}
}

static void the_longest_runtime_folder_has_a_socket(void **state)
{
	char text[200], path[PLAN_SOCKET_SIZE], folder[92];
	struct mistakes mistakes;
	struct plan plan;

	memset(folder, 'r', sizeof(folder));
	folder[0] = '/';
	folder[90] = '\0';
	snprintf(text, sizeof(text), "daemon { runtime = %s }\n", folder);
	assert_int_equal(make(text, &plan, &mistakes), 0);
	plan_socket(&plan.settings, path);
	assert_memory_equal(path, folder, 90);
	assert_string_equal(path + 90, "/" CONTROL_SOCKET_NAME);
	assert_true(strlen(path) < sizeof(((struct sockaddr_un *)NULL)->sun_path));
	plan_free(&plan);

	folder[90] = 'r';
	folder[91] = '\0';
	snprintf(text, sizeof(text), "daemon { runtime = %s }\n", folder);
	assert_int_equal(make(text, &plan, &mistakes), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_written_counts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_not_written_is_found, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_named_source_is_the_only_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(mistakes_are_given_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_never_list_of_host_and_administrator, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_ports_of_the_gate_are_guarded_too, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_longest_runtime_folder_has_a_socket, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
