/* SPDX-License-Identifier: Apache-2.0 */
/* Programs of an administrator's, good and bad ones. Each writes what it is told to a file of the test. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "act/ban_command.h"

#include "act/test_rules.h"
#include "base/counter.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define MINUTE_MS 60000

struct scene {
	char folder[64], heard[96], log[96];
	struct loop *loop;
	struct ban_command *command;
	int error_before;
};

static int set_up(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));
	int fd;

	strcpy(s->folder, "/tmp/ban-command-XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	snprintf(s->heard, sizeof(s->heard), "%s/heard", s->folder);
	snprintf(s->log, sizeof(s->log), "%s/log", s->folder);
	assert_int_equal(loop_create(&s->loop), 0);
	s->error_before = dup(STDERR_FILENO);
	fd = open(s->log, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
	assert_true(dup2(fd, STDERR_FILENO) >= 0);
	close(fd);
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *s = *state;
	char line[128];

	ban_command_close(s->command);
	loop_destroy(s->loop);
	dup2(s->error_before, STDERR_FILENO);
	close(s->error_before);
	snprintf(line, sizeof(line), "rm -r %s", s->folder);
	assert_int_equal(system(line), 0);
	free(s);
	return 0;
}

static char *text_of(const char *path)
{
	static char text[1 << 20];
	FILE *file = fopen(path, "re");
	size_t size = file ? fread(text, 1, sizeof(text) - 1, file) : 0;

	text[size] = '\0';
	if (file)
		fclose(file);
	return text;
}

static bool has(const char *path, const char *words)
{
	return strstr(text_of(path), words) != NULL;
}

static size_t count_of(const char *path, const char *words)
{
	size_t count = 0;

	for (const char *at = text_of(path); (at = strstr(at, words)); at += strlen(words))
		count++;
	return count;
}

/* $heard is the file. */
static void open_with(struct scene *s, const char *script, uint64_t patience_ms, uint32_t most)
{
	char text[1024], shell[] = "/bin/sh", option[] = "-c";
	char *words[] = { shell, option, text, NULL };
	const struct ban_command_limits limits = { .words = words, .most = most, .patience_ms = patience_ms };

	snprintf(text, sizeof(text), "heard=%s; %s", s->heard, script);
	assert_int_equal(ban_command_open(s->loop, &limits, &s->command), 0);
}

static int ban(struct scene *s, const char *unit, uint64_t timeout_ms)
{
	struct addr a = test_address(unit);

	return ban_command_ban(s->command, &a, timeout_ms, true);
}

static void unban(struct scene *s, const char *unit)
{
	struct addr a = test_address(unit);

	assert_int_equal(ban_command_unban(s->command, &a), 0);
}

static uint64_t remaining(struct scene *s, const char *unit)
{
	struct addr a = test_address(unit);
	uint64_t ms;

	assert_int_equal(ban_command_query(s->command, &a, &ms), 0);
	return ms;
}

static void test_lines_come_in_batches(void **state)
{
	struct scene *s = *state;

	open_with(s, "echo begin >>$heard; cat >>$heard", 0, 1000);
	assert_int_equal(ban(s, "192.0.2.7", 10 * MINUTE_MS), 0);
	assert_int_equal(ban(s, "2001:db8:1:2::", 1500), 0);
	/* Banned and let in before anybody was told: no line. */
	assert_int_equal(ban(s, "192.0.2.8", MINUTE_MS), 0);
	unban(s, "192.0.2.8");
	test_run_until(s->loop, has(s->heard, "2001:db8"));
	assert_string_equal(text_of(s->heard), "begin\nclear\nban 192.0.2.7 600\nban 2001:db8:1:2::/64 2\n");

	unban(s, "192.0.2.7");
	unban(s, "192.0.2.9");
	test_run_until(s->loop, has(s->heard, "unban"));
	assert_string_equal(text_of(s->heard),
			    "begin\nclear\nban 192.0.2.7 600\nban 2001:db8:1:2::/64 2\nbegin\nunban 192.0.2.7\n");
}

static void test_an_end_is_told_when_it_is_asked_for(void **state)
{
	struct scene *s = *state;

	open_with(s, "cat >>$heard", 0, 1000);
	assert_int_equal(ban(s, "192.0.2.7", 300), 0);
	assert_in_range(remaining(s, "192.0.2.7"), 1, 300);
	assert_int_equal(remaining(s, "192.0.2.8"), 0);
	test_run_until(s->loop, has(s->heard, "ban 192.0.2.7"));
	test_run_until(s->loop, remaining(s, "192.0.2.7") == 0);
	test_run_until(s->loop, has(s->heard, "unban 192.0.2.7\n"));
}

static void test_the_last_word_is_clear(void **state)
{
	struct scene *s = *state;

	open_with(s, "cat >>$heard", 0, 1000);
	assert_int_equal(ban(s, "192.0.2.7", MINUTE_MS), 0);
	test_run_until(s->loop, has(s->heard, "ban 192.0.2.7 60\n"));
	ban_command_close(s->command);
	s->command = NULL;
	assert_string_equal(text_of(s->heard), "clear\nban 192.0.2.7 60\nclear\n");
}

static void test_one_that_fails_is_told_again(void **state)
{
	struct scene *s = *state;

	open_with(s, "cat >>$heard; test -e $heard.well || { touch $heard.well; exit 3; }", 0, 1000);
	assert_int_equal(ban(s, "192.0.2.7", MINUTE_MS), 0);
	test_run_until(s->loop, count_of(s->heard, "ban 192.0.2.7") == 2);
	assert_int_equal(count_of(s->heard, "clear\n"), 2);
	test_run_until(s->loop, has(s->log, "works again"));
	assert_true(has(s->log, "ban.command ended with status 3"));
}

/* Or waits for whoever takes orphans here. */
static bool is_gone(int pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	return kill(pid, 0) < 0 || has(path, ") Z ");
}

static void test_one_that_hangs_is_ended(void **state)
{
	struct scene *s = *state;
	char well[112];
	int child;

	/* And what it has started with it. */
	open_with(s, "cat >>$heard; test -e $heard.well && exit 0; sleep 1000 & echo $! >$heard.well; wait", 3000, 1000);
	assert_int_equal(ban(s, "192.0.2.7", MINUTE_MS), 0);
	test_run_until(s->loop, has(s->log, "took longer than"));
	snprintf(well, sizeof(well), "%s.well", s->heard);
	child = atoi(text_of(well));
	assert_true(child > 1);
	test_run_until(s->loop, is_gone(child));
	test_run_until(s->loop, count_of(s->heard, "ban 192.0.2.7") == 2);
}

static void test_one_that_is_killed(void **state)
{
	struct scene *s = *state;

	open_with(s, "kill -SEGV $$", 0, 1000);
	test_run_until(s->loop, has(s->log, "ended by signal 11"));
}

static void test_one_that_is_not_there(void **state)
{
	struct scene *s = *state;
	char name[] = "/nonexistent/program";
	char *words[] = { name, NULL };
	const struct ban_command_limits limits = { .words = words, .most = 10 };

	assert_int_equal(ban_command_open(s->loop, &limits, &s->command), 0);
	test_run_until(s->loop, has(s->log, "status 127"));
	assert_true(has(s->log, "/nonexistent/program: No such file"));
	assert_int_equal(ban_command_probe(name), -ENOENT);
	assert_int_equal(ban_command_probe("/etc/passwd"), -EACCES);
	assert_int_equal(ban_command_probe("/"), -EACCES);
	assert_int_equal(ban_command_probe("/bin/sh"), 0);
}

static void test_what_it_says_goes_to_the_log(void **state)
{
	struct scene *s = *state;

	open_with(s, "printf 'one\\ntwo\\033[31m\\n' ; head -c 300 /dev/zero | tr '\\0' x; echo; "
		     "for i in 3 4 5 6 7 8 9 10 11; do echo line $i >&2; done; printf 'no end'",
		  0, 10);
	test_run_until(s->loop, has(s->log, "lines more"));
	assert_true(has(s->log, "ban.command says: one\n") && has(s->log, "says: two\\x1b[31m\n"));
	assert_true(has(s->log, "xxxx ...") || has(s->log, "xxxx..."));
	assert_true(has(s->log, "says: line 7\n"));
	assert_false(has(s->log, "says: line 9\n"));
	assert_true(has(s->log, "says 5 lines more"));
}

/* A wave of output, and a program that does not end: the loop goes on. */
static void test_one_that_never_stops_talking(void **state)
{
	struct scene *s = *state;

	open_with(s, "yes", 2000, 10);
	test_run_until(s->loop, has(s->log, "took longer than"));
	assert_in_range(count_of(s->log, "says: y\n"), 1, 8);
}

static void test_many_and_too_many(void **state)
{
	struct scene *s = *state;
	uint64_t dropped = counter_read(COUNTER_backend_dropped);
	char unit[32];

	open_with(s, "cat >>$heard", 0, 20000);
	for (unsigned i = 0; i < 20002; i++) {
		snprintf(unit, sizeof(unit), "10.0.%u.%u", i >> 8, i & 255);
		assert_int_equal(ban(s, unit, MINUTE_MS), i < 20000 ? 0 : -ENOSPC);
	}
	assert_int_equal(counter_read(COUNTER_backend_dropped) - dropped, 2);
	test_run_until(s->loop, count_of(s->heard, "ban 10.0.") == 20000);
	assert_int_equal(count_of(s->heard, "clear\n"), 1);
	assert_true(has(s->heard, "ban 10.0.78.31 "));
	/* Room again: one that is over makes it. */
	unban(s, "10.0.0.0");
	assert_int_equal(ban(s, "10.9.9.9", MINUTE_MS), 0);
	test_run_until(s->loop, has(s->heard, "ban 10.9.9.9 60\n"));
	assert_true(has(s->heard, "unban 10.0.0.0\n"));
}

static void test_clear_while_it_runs(void **state)
{
	struct scene *s = *state;

	open_with(s, "cat >>$heard; echo . >>$heard; sleep 0.5", 0, 1000);
	assert_int_equal(ban(s, "192.0.2.7", MINUTE_MS), 0);
	test_run_until(s->loop, has(s->heard, "."));
	assert_int_equal(ban_command_clear(s->command), 0);
	assert_int_equal(ban(s, "192.0.2.8", MINUTE_MS), 0);
	test_run_until(s->loop, has(s->heard, "192.0.2.8"));
	assert_true(has(s->heard, "clear\nban 192.0.2.7 60\n.\nclear\nban 192.0.2.8 60\n"));
	assert_int_equal(count_of(s->heard, "ban 192.0.2.7"), 1);
	ban_command_rest(s->command);
	test_run_until(s->loop, count_of(s->heard, "ban 192.0.2.8") == 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_lines_come_in_batches),
		TEST(test_an_end_is_told_when_it_is_asked_for),
		TEST(test_the_last_word_is_clear),
		TEST(test_one_that_fails_is_told_again),
		TEST(test_one_that_hangs_is_ended),
		TEST(test_one_that_is_killed),
		TEST(test_one_that_is_not_there),
		TEST(test_what_it_says_goes_to_the_log),
		TEST(test_one_that_never_stops_talking),
		TEST(test_many_and_too_many),
		TEST(test_clear_while_it_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
