/* SPDX-License-Identifier: Apache-2.0 */
/* A program for each client: the state that it is started in, and how many there may be. It is a small one of the
 * system, or this one itself, which then reports on that state. */
#include "daemon/porter_test_program.h"

#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/stat.h>

static void a_program_serves_the_client(void **state)
{
	static const char *const words[] = { "/bin/sh", "-c", "echo 220 $0; read l; echo 250 $l", "mx", NULL };
	static const char *const clients[] = { "127.0.0.1", "127.0.0.2", "::1" };
	char text[64];

	run_program(words);
	for (size_t i = 0; i < COUNT(clients); i++) {
		struct client c = client_from(clients[i]);

		expect_answer(&scene, &c.request, c.inside, 0);
		close(c.inside);
		assert_string_equal(read_all(c.outside, text, 7 + 1), "220 mx\n");
		assert_int_equal(write(c.outside, "NOOP\n", 5), 5);
		assert_string_equal(read_all(c.outside, text, sizeof(text)), "250 NOOP\n");
		close(c.outside);
	}
}

/* In place of a mail server's program: what it finds. */
static int report(void)
{
	char link[64], target[256], folder[256];
	struct dirent *entry;
	struct rlimit files;
	ssize_t size;
	DIR *fds = opendir("/proc/self/fd");

	while (fds && (entry = readdir(fds))) {
		int fd = atoi(entry->d_name);

		if (entry->d_name[0] == '.' || fd == dirfd(fds))
			continue;
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		size = readlink(link, target, sizeof(target) - 1);
		target[size > 0 ? size : 0] = '\0';
		printf("%d=%s ", fd, strncmp(target, "socket:", 7) == 0 ? "socket" : target);
	}
	if (fds)
		closedir(fds);
	getrlimit(RLIMIT_NOFILE, &files);
	printf("nonblock=%d session=%d umask=%03o folder=%s files=%d\n", (fcntl(0, F_GETFL) & O_NONBLOCK) != 0,
	       getsid(0) == getpid(), umask(0), getcwd(folder, sizeof(folder)), (int)files.rlim_cur);
	return 0;
}

static void a_program_begins_clean(void **state)
{
	char self[512], text[1024], expected[256];
	const char *words[] = { self, "report", NULL };
	ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);
	struct rlimit files, more;
	mode_t mask = umask(077);
	int leak = dup(1);

	assert_true(size > 0 && leak > 2);
	self[size] = '\0';
	getrlimit(RLIMIT_NOFILE, &files);
	more = (struct rlimit){ files.rlim_max, files.rlim_max };
	setrlimit(RLIMIT_NOFILE, &more);
	scene.leak = leak;
	run_program(words);
	setrlimit(RLIMIT_NOFILE, &files);
	umask(mask);
	close(leak);
	snprintf(expected, sizeof(expected),
		 "0=socket 1=socket 2=/dev/null nonblock=0 session=1 umask=022 folder=/ files=%d\n",
		 files.rlim_max < 1024 ? (int)files.rlim_max : 1024);
	assert_string_equal(output("127.0.0.1", -1, false, text, sizeof(text)), expected);
}

static void the_limit_of_a_program(void **state)
{
	static const char *const words[] = { "/bin/cat", "/proc/self/limits", NULL };
	char text[4096];

	scene.rules.data_limit = 512 * 1024 * 1024;
	run_program(words);
	output("127.0.0.1", -1, false, text, sizeof(text));
	assert_non_null(strstr(text, "Max data size             536870912            536870912            bytes"));
}

static void signals_of_a_program(void **state)
{
	static const char *const words[] = { "/bin/cat", "/proc/self/status", NULL };
	static const char *const names[] = { "SigBlk", "SigIgn", "SigCgt" };
	char text[8192], line[128];
	sigset_t some, before;

	sigemptyset(&some);
	sigaddset(&some, SIGUSR1);
	sigaddset(&some, SIGTERM);
	sigprocmask(SIG_BLOCK, &some, &before);
	signal(SIGUSR2, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	run_program(words);
	sigprocmask(SIG_SETMASK, &before, NULL);
	signal(SIGUSR2, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	output("127.0.0.1", -1, false, text, sizeof(text));
	for (size_t i = 0; i < COUNT(names); i++)
		assert_string_equal(status_line(text, names[i], line), "0000000000000000");
}

static void a_program_is_another_user(void **state)
{
	static const char *const words[] = { "/bin/cat", "/proc/self/status", NULL };
	static const struct {
		const char *name, *words;
	} rows[] = {
		{ "Uid", "1234\t1234\t1234\t1234" },
		{ "Gid", "2345\t2345\t2345\t2345" },
		{ "Groups", "2345 3456" },
		{ "CapPrm", "0000000000000000" },
		{ "CapEff", "0000000000000000" },
		{ "CapInh", "0000000000000000" },
		{ "CapAmb", "0000000000000000" },
		{ "NoNewPrivs", "0" },
	};
	char text[8192], line[128], own[128];

	skip_unless(geteuid() == 0, "not root");
	scene.rules.change_user = true;
	scene.rules.uid = 1234;
	scene.rules.gid = 2345;
	scene.rules.groups[0] = 2345;
	scene.rules.groups[1] = 3456;
	scene.rules.group_count = 2;
	run_program(words);
	output("127.0.0.1", -1, false, text, sizeof(text));
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_string_equal(status_line(text, rows[i].name, line), rows[i].words);
	/* Its set-user-ID helpers get what their files give. */
	assert_string_equal(status_line(text, "CapBnd", line), status_of_porter(&scene, "CapBnd", own));
	assert_true(strtoull(line, NULL, 16) & BIT(CAP_CHOWN));
	assert_string_equal(status_of_porter(&scene, "CapEff", own), "00000000000000c0");
}

static void a_user_that_cannot_be_had(void **state)
{
	struct client c;

	skip_unless(geteuid() == 0, "not root");
	scene.rules.change_user = true;
	scene.rules.uid = (uid_t)-1; /* "as it is", to the kernel; so root's program would run */
	scene.rules.gid = (gid_t)-1;
	scene.rules.group_count = 1;
	scene.rules.groups[0] = (gid_t)-1;
	run_cat();
	c = client_from("127.0.0.1");
	expect_answer(&scene, &c.request, c.inside, -EINVAL);
	leave(&c);
}

static void programs_that_do_not_start(void **state)
{
	static const struct {
		const char *path;
		int error;
	} rows[] = {
		{ "/nonexistent/smtpd", -ENOENT },
		{ "/etc/passwd", -EACCES },
		{ "/etc", -EACCES },
		{ "/etc/passwd/smtpd", -ENOTDIR },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *words[] = { rows[i].path, NULL };
		struct client c = client_from("127.0.0.1");

		scene.rules.processes = 1;
		run_program(words);
		/* No place is taken by it. */
		for (int turn = 0; turn < 3; turn++)
			expect_answer(&scene, &c.request, c.inside, rows[i].error);
		assert_true(fcntl(c.inside, F_GETFL) & O_NONBLOCK);
		assert_true(is_silent(scene.gates[0]) && is_silent(scene.gates[1]));
		/* It is still the gate's to talk to. */
		assert_int_equal(write(c.inside, "421", 3), 3);
		leave(&c);
		end_porter(&scene);
	}
}

/* There is room for two of them, who are all of one address. */
static void come(struct client *clients, uint32_t count, int refusal)
{
	for (uint32_t i = 0; i < count; i++) {
		clients[i] = client_from("127.0.0.1");
		clients[i].request.ticket = 100 + i;
		expect_answer(&scene, &clients[i].request, clients[i].inside, i < 2 ? 0 : refusal);
	}
}

static void as_many_as_may_run(void **state)
{
	struct client c[4];

	scene.rules.processes = 2;
	run_cat();
	come(c, COUNT(c), -EAGAIN);
	assert_true(is_silent(scene.gates[0]) && is_silent(scene.gates[1]));
	leave(&c[0]);
	for (int gate = 0; gate < GATES; gate++)
		hear(&scene, gate, 0, 0, NULL);
	expect_answer(&scene, &c[2].request, c[2].inside, 0);
	expect_answer(&scene, &c[3].request, c[3].inside, -EAGAIN);
	/* Who was not told "no room" is not told of room. */
	leave(&c[1]);
	for (int gate = 0; gate < GATES; gate++)
		hear(&scene, gate, 0, 0, NULL);
	leave(&c[2]);
	assert_true(is_silent(scene.gates[0]) && is_silent(scene.gates[1]));
	leave(&c[3]);
}

/* One host does not take all of them; an IPv6 subscriber is one. */
static void as_many_as_one_client_may_have(void **state)
{
	struct client c[3], other;

	scene.rules.processes = 10;
	scene.rules.per_client = 2;
	run_cat();
	come(c, COUNT(c), -EUSERS);
	other = client_from("127.0.0.2");
	expect_answer(&scene, &other.request, other.inside, 0);
	leave(&c[0]);
	/* Its program may take a moment to end. */
	for (int i = 0, r = -EUSERS; i < 200 && r == -EUSERS; i++) {
		struct porter_answer answer;
		int fd;

		usleep(5000);
		assert_int_equal(porter_ask(scene.gates[0], &c[2].request, c[2].inside), 0);
		become_ready(scene.gates[0], POLLIN);
		assert_int_equal(porter_hear(scene.gates[0], &answer, &fd), 1);
		r = answer.error;
		assert_true(r == 0 || r == -EUSERS);
		assert_true(i < 199);
	}
	leave(&c[1]);
	leave(&c[2]);
	leave(&other);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		PROGRAM_TEST(a_program_serves_the_client),
		PROGRAM_TEST(a_program_begins_clean),
		PROGRAM_TEST(the_limit_of_a_program),
		PROGRAM_TEST(signals_of_a_program),
		PROGRAM_TEST(a_program_is_another_user),
		PROGRAM_TEST(a_user_that_cannot_be_had),
		PROGRAM_TEST(programs_that_do_not_start),
		PROGRAM_TEST(as_many_as_may_run),
		PROGRAM_TEST(as_many_as_one_client_may_have),
	};

	if (argc == 2 && strcmp(argv[1], "report") == 0)
		return report();
	return counter_share() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
