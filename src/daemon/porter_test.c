/* SPDX-License-Identifier: Apache-2.0 */
/* Programs, and requests that are none. A program is a small one of the system, or this one itself, which then
 * reports on the state that it was started in. */
#include "daemon/porter_test.h"

#include "daemon/confine.h"
#include "daemon/message.h"

#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define NOBODY 65534
#define BIT(capability) (1ULL << (capability))

static struct scene scene;

static void program(const char *const *words)
{
	scene.rules.kind = PORTER_EXEC;
	if (!scene.rules.processes)
		scene.rules.processes = 10;
	for (; *words; words++)
		assert_int_equal(porter_texts_add(&scene.rules.arguments, bytes_of(*words)), 0);
}

static void run_program(const char *const *words)
{
	program(words);
	start_porter(&scene);
}

static int tear_down(void **state)
{
	end_porter(&scene);
	return 0;
}

/* What the program writes to the client from `from` until it ends; of one that is listed or escorted, to the gate. */
static char *output(const char *from, int16_t zone, bool escorted, char *text, size_t size)
{
	struct client c = client_from(from);
	int end = c.outside;

	c.request.zone = zone;
	c.request.escorted = escorted;
	assert_int_equal(porter_ask(scene.gates[0], &c.request, c.inside), 0);
	if (zone == PORTER_NOT_LISTED && !escorted) {
		hear(&scene, 0, c.request.ticket, 0, NULL);
	} else {
		hear(&scene, 0, c.request.ticket, 0, &end);
		assert_true(fcntl(end, F_GETFL) & O_NONBLOCK);
	}
	close(c.inside);
	read_all(end, text, size);
	if (end != c.outside) {
		/* The client itself has heard nothing. */
		assert_int_equal(recv(c.outside, text + strlen(text), 1, 0), 0);
		close(end);
	}
	close(c.outside);
	return text;
}

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

/* Environments. */

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Lines in order, each ended by '|'; what changes from run to run is the ports. */
static char *sort_environment(char *text, char *sorted, size_t size)
{
	char *lines[64], *line, *rest = text;
	size_t count = 0, used = 0;

	while ((line = strsep(&rest, "\n")) && count < COUNT(lines)) {
		if (strncmp(line, "TCPREMOTEPORT=", 14) == 0 || strncmp(line, "TCPLOCALPORT=", 13) == 0)
			assert_true(atoi(strchr(line, '=') + 1) > 1023);
		if (*line && !strstr(line, "PORT="))
			lines[count++] = line;
	}
	qsort(lines, count, sizeof(lines[0]), compare_lines);
	sorted[0] = '\0';
	for (size_t i = 0; i < count; i++)
		used += (size_t)snprintf(sorted + used, size - used, "%s|", lines[i]);
	return sorted;
}

static void the_environment_is_what_is_named(void **state)
{
	static const char *const words[] = { "/usr/bin/env", NULL };
	static const struct {
		const char *client;
		bool mapped;
		int16_t zone;
		const char *environment;
		bool escorted;
	} rows[] = {
		{ "127.0.0.1", false, -1, "A=1|B=x y|TCPLOCALIP=127.0.0.1|TCPREMOTEIP=127.0.0.1|" },
		{ "127.0.0.1", true, -1, "A=1|B=x y|TCPLOCALIP=::ffff:127.0.0.1|TCPREMOTEIP=::ffff:127.0.0.1|" },
		{ "::1", true, -1, "A=1|B=x y|TCPLOCALIP=::1|TCPREMOTEIP=::1|" },
		{ "::1", false, -1, "A=1|B=x y|TCPLOCALIP=::1|TCPREMOTEIP=::1|" },
		/* In gate.relay. */
		{ "127.0.1.9", false, -1, "A=1|B=x y|RELAYCLIENT=|TCPLOCALIP=127.0.0.1|TCPREMOTEIP=127.0.1.9|" },
		{ "127.0.2.0", false, -1, "A=1|B=x y|TCPLOCALIP=127.0.0.1|TCPREMOTEIP=127.0.2.0|" },
		{ "127.0.0.1", false, 0,
		  "A=1|B=x y|BLOCK=Listed by a.test: 127.0.0.1|TCPLOCALIP=127.0.0.1|TCPREMOTEIP=127.0.0.1|" },
		{ "::1", true, 1, "A=1|B=x y|BLOCK=100% ::1%b::1|TCPLOCALIP=::1|TCPREMOTEIP=::1|" },
		{ "127.0.0.1", false, -1, "A=1|B=x y|TCPLOCALIP=127.0.0.1|TCPREMOTEIP=127.0.0.1|", true },
		/* In gate.relay, which is not for a client that was rejected. */
		{ "127.0.1.9", false, -1, "A=1|B=x y|TCPLOCALIP=127.0.0.1|TCPREMOTEIP=127.0.1.9|", true },
	};
	char text[4096], sorted[1024];
	struct prefix relay;

	assert_int_equal(prefix_parse(BYTES_LITERAL("127.0.1.0/24"), &relay), 0);
	setenv("LEAK", "1", 1);
	for (size_t i = 0; i < COUNT(rows); i++) {
		program(words);
		scene.rules.mapped = rows[i].mapped;
		assert_int_equal(prefix_set_add(&scene.rules.relay, &relay, "gate.relay"), 0);
		porter_texts_add(&scene.rules.environment, BYTES_LITERAL("A=1"));
		porter_texts_add(&scene.rules.environment, BYTES_LITERAL("B=x y"));
		porter_texts_add(&scene.rules.blocks, BYTES_LITERAL("Listed by a.test: %a"));
		porter_texts_add(&scene.rules.blocks, BYTES_LITERAL("100% %a%b%a"));
		start_porter(&scene);
		output(rows[i].client, rows[i].zone, rows[i].escorted, text, sizeof(text));
		assert_string_equal(sort_environment(text, sorted, sizeof(sorted)), rows[i].environment);
		end_porter(&scene);
	}
	unsetenv("LEAK");
}

static void a_long_text_for_a_listed_client_is_cut(void **state)
{
	static const char *const words[] = { "/usr/bin/env", NULL };
	char text[4096], longest[1000];
	const char *block;

	program(words);
	for (size_t i = 0; i < sizeof(longest); i += 2)
		memcpy(longest + i, "%a", 2);
	porter_texts_add(&scene.rules.blocks, bytes_make(longest, sizeof(longest)));
	start_porter(&scene);
	output("127.0.0.1", 0, false, text, sizeof(text));
	block = strstr(text, "BLOCK=127.0.0.1127.0.0.1");
	assert_non_null(block);
	assert_int_equal(strcspn(block, "\n"), PORTER_BLOCK_SIZE - 1);
}

static void environment_files(void **state)
{
	static const struct {
		const char *text, *environment, *left_out;
		uint64_t data_limit;
	} rows[] = {
		{ "", "", "", 0 },
		{ "A=1\nB=\"x y\"\n# C=2\nD=\n", "A=1|B=x y|D=|", "", 0 },
		{ "A=1\nB=2\nA=3\n", "B=2|A=3|", "", 0 },
		{ "A=1\nB=2\nA=$B\n", "B=2|", "A", 0 },
		{ "A=$B\nC=`d`\nA=1\n", "A=1|", "A, C", 0 },
		{ "AB=1\nA=2\n", "AB=1|A=2|", "", 0 },
		{ "RELAYCLIENT=\nBLOCK=\nTCPREMOTEIP=127.0.0.1\nA=1\nFAXRELAYCLIENT=\"\"\n", "A=1|",
		  "RELAYCLIENT, BLOCK, TCPREMOTEIP, FAXRELAYCLIENT", 0 },
		{ "ULIMIT=32768\n", "ULIMIT=32768|", "", 33554432 },
		{ "ULIMIT=1\nULIMIT=$X\n", "", "ULIMIT", 0 },
		{ "ULIMIT=unlimited\n", "ULIMIT=unlimited|", "", 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct porter_rules rules = { 0 };
		char left_out[200], all[200] = "";
		size_t used = 0;

		assert_int_equal(porter_environment_add(&rules, bytes_of(rows[i].text), left_out, sizeof(left_out)), 0);
		for (size_t j = 0; j < rules.environment.count; j++)
			used += (size_t)snprintf(all + used, sizeof(all) - used, "%s|", rules.environment.texts[j]);
		assert_string_equal(all, rows[i].environment);
		assert_string_equal(left_out, rows[i].left_out);
		assert_int_equal(rules.data_limit, rows[i].data_limit);
		if (rules.environment.count)
			assert_null(rules.environment.texts[rules.environment.count]);
		porter_rules_free(&rules);
	}
}

static void a_long_environment_file(void **state)
{
	struct porter_rules rules = { 0 };
	char text[8192], left_out[24];
	size_t used = 0;

	for (int i = 0; i < PORTER_ENVIRONMENT_MOST; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "N%d=%d\nX%d=$N\n", i, i, i);
	assert_int_equal(porter_environment_add(&rules, bytes_of(text), left_out, sizeof(left_out)), 0);
	assert_int_equal(rules.environment.count, PORTER_ENVIRONMENT_MOST);
	assert_string_equal(left_out, "X0, X1, X2, X3, X4, X5,");
	assert_int_equal(porter_environment_add(&rules, BYTES_LITERAL("N0=again\n"), left_out, sizeof(left_out)), 0);
	assert_int_equal(porter_environment_add(&rules, BYTES_LITERAL("ONE=more\n"), left_out, sizeof(left_out)),
			 -E2BIG);
	porter_rules_free(&rules);
}

/* The state of a program. */

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
	static const char *const words[] = { "/bin/cat", NULL };
	struct client c;

	skip_unless(geteuid() == 0, "not root");
	scene.rules.change_user = true;
	scene.rules.uid = (uid_t)-1; /* "as it is", to the kernel; so root's program would run */
	scene.rules.gid = (gid_t)-1;
	scene.rules.group_count = 1;
	scene.rules.groups[0] = (gid_t)-1;
	run_program(words);
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

static void as_many_as_may_run(void **state)
{
	static const char *const words[] = { "/bin/cat", NULL };
	struct client c[4];

	scene.rules.processes = 2;
	run_program(words);
	for (uint32_t i = 0; i < COUNT(c); i++) {
		c[i] = client_from("127.0.0.1");
		c[i].request.ticket = 100 + i;
		expect_answer(&scene, &c[i].request, c[i].inside, i < 2 ? 0 : -EAGAIN);
	}
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
	static const char *const words[] = { "/bin/cat", NULL };
	struct client c[3], other;

	scene.rules.processes = 10;
	scene.rules.per_client = 2;
	run_program(words);
	for (uint32_t i = 0; i < COUNT(c); i++) {
		c[i] = client_from("127.0.0.1");
		c[i].request.ticket = 100 + i;
		expect_answer(&scene, &c[i].request, c[i].inside, i < 2 ? 0 : -EUSERS);
	}
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

/* Requests that are none, or are somebody else's. */

static bool is_ended(int fd)
{
	char byte;

	become_ready(fd, POLLIN);
	return read(fd, &byte, 1) == 0;
}

static void send_two_descriptors(int socket, const struct porter_request *request, const int fds[2])
{
	struct iovec iov = { (void *)(uintptr_t)request, sizeof(*request) };
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(2 * sizeof(int))];
	} control = { 0 };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.room,
				  .msg_controllen = sizeof(control.room) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(2 * sizeof(int));
	memcpy(CMSG_DATA(c), fds, 2 * sizeof(int));
	assert_int_equal(sendmsg(socket, &message, 0), sizeof(*request));
}

static void packets_that_are_no_requests(void **state)
{
	static const char *const words[] = { "/bin/cat", NULL };
	static const size_t sizes[] = { 1, 4, sizeof(struct porter_request) - 1, sizeof(struct porter_request) + 1,
					4000 };
	struct client c = client_from("127.0.0.1"), good = client_from("127.0.0.1");
	struct porter_request wrong[8];
	unsigned char packet[4000] = { 1 };
	uint64_t before = counter_read(COUNTER_porter_malformed);
	size_t descriptors;

	run_program(words);
	for (size_t i = 0; i < COUNT(wrong); i++)
		wrong[i] = c.request;
	wrong[0].ticket = 0;
	wrong[1].client.family = 7;
	wrong[2].local.family = 0;
	wrong[3].client.octets[15] = 1;
	wrong[4].zone = -2;
	wrong[5].zone = INT16_MIN;
	wrong[6].escorted = 2;
	wrong[7].unused[2] = 1;
	expect_answer(&scene, &good.request, good.inside, 0);
	leave(&good);
	descriptors = descriptors_of(scene.porter);
	for (size_t i = 0; i < COUNT(wrong); i++) {
		assert_int_equal(porter_ask(scene.gates[0], &wrong[i], c.inside), -EINVAL);
		assert_int_equal(message_send(scene.gates[0], &wrong[i], sizeof(wrong[i]), c.inside), 0);
	}
	memcpy(packet, &c.request, sizeof(c.request));
	for (size_t i = 0; i < COUNT(sizes); i++)
		assert_int_equal(message_send(scene.gates[0], packet, sizes[i], c.inside), 0);
	send_two_descriptors(scene.gates[0], &c.request, (int[]){ c.inside, c.inside });
	/* An empty packet with a descriptor is not the end. */
	assert_int_equal(message_send(scene.gates[0], packet, 0, c.inside), 0);
	good = client_from("127.0.0.1");
	expect_answer(&scene, &good.request, good.inside, 0);
	assert_int_equal(counter_read(COUNTER_porter_malformed) - before, COUNT(wrong) + COUNT(sizes) + 2);
	assert_int_equal(descriptors_of(scene.porter), descriptors);
	close(c.inside);
	assert_true(is_ended(c.outside));
	close(c.outside);
	leave(&good);
}

static void descriptors_that_are_not_the_client(void **state)
{
	static const char *const words[] = { "/bin/cat", NULL };
	struct client c = client_from("127.0.0.1"), other = client_from("127.0.0.9");
	struct porter_request r;
	int pair[2], null = open("/dev/null", O_RDWR | O_CLOEXEC);
	size_t descriptors;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	run_program(words);
	expect_answer(&scene, &c.request, -1, -EBADF);
	descriptors = descriptors_of(scene.porter);
	expect_answer(&scene, &c.request, other.inside, -EPERM);
	expect_answer(&scene, &c.request, c.outside, -EPERM); /* the ends the other way round */
	expect_answer(&scene, &c.request, pair[0], -EPERM);
	expect_answer(&scene, &c.request, null, -EPERM);
	r = c.request;
	r.client_port++;
	expect_answer(&scene, &r, c.inside, -EPERM);
	r = c.request;
	r.local_port++;
	expect_answer(&scene, &r, c.inside, -EPERM);
	r = c.request;
	r.local.octets[3]++;
	expect_answer(&scene, &r, c.inside, -EPERM);
	r = c.request;
	r.zone = 0; /* there is none */
	expect_answer(&scene, &r, c.inside, -EINVAL);
	assert_int_equal(descriptors_of(scene.porter), descriptors);
	close(null);
	close(pair[0]);
	assert_true(is_ended(pair[1]));
	close(pair[1]);
	leave(&c);
	leave(&other);
}

static void a_client_that_has_left(void **state)
{
	static const char *const words[] = { "/bin/cat", NULL };
	static const struct linger at_once = { .l_onoff = 1 };
	struct client c = client_from("127.0.0.1");
	uint64_t failed = counter_read(COUNTER_porter_failed), malformed = counter_read(COUNTER_porter_malformed);

	run_program(words);
	setsockopt(c.outside, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(c.outside);
	become_ready(c.inside, POLLIN);
	expect_answer(&scene, &c.request, c.inside, -ENOTCONN);
	assert_int_equal(counter_read(COUNTER_porter_failed), failed);
	assert_int_equal(counter_read(COUNTER_porter_malformed), malformed);
	close(c.inside);
}

/* Life. */

/* Clients whom the gates still have are let in. */
static void it_outlives_the_warden_for_its_gates(void **state)
{
	static const char *const words[] = { "/bin/cat", NULL };
	struct client c = client_from("127.0.0.1");
	int status;
	char byte, text[8];

	run_program(words);
	for (int i = 0; i < 2; i++) {
		become_ready(scene.warden, POLLIN);
		assert_int_equal(read(scene.warden, &byte, 1), 1);
	}
	close(scene.warden);
	expect_answer(&scene, &c.request, c.inside, 0);
	close(c.inside);
	assert_int_equal(write(c.outside, "quit\r\n", 6), 6);
	assert_string_equal(read_all(c.outside, text, 7), "quit\r\n");
	close(c.outside);
	assert_int_equal(waitpid(scene.porter, &status, WNOHANG), 0);
	for (int i = 0; i < GATES; i++)
		close(scene.gates[i]);
	assert_int_equal(waitpid(scene.porter, &status, 0), scene.porter);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	scene.porter = 0;
}

static void it_ends_with_the_gates(void **state)
{
	static const char *const words[] = { "/bin/cat", NULL };
	int status;

	run_program(words);
	close(scene.gates[0]);
	assert_int_equal(waitpid(scene.porter, &status, WNOHANG), 0);
	close(scene.gates[1]);
	assert_int_equal(waitpid(scene.porter, &status, 0), scene.porter);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	scene.porter = 0;
	close(scene.warden);
}

static void programs_outlive_it(void **state)
{
	static const char *const words[] = { "/bin/cat", NULL };
	struct client c = client_from("127.0.0.1");
	char text[8];

	run_program(words);
	expect_answer(&scene, &c.request, c.inside, 0);
	close(c.inside);
	assert_int_equal(end_porter(&scene), 0);
	assert_int_equal(write(c.outside, "quit\r\n", 6), 6);
	assert_string_equal(read_all(c.outside, text, 7), "quit\r\n");
	close(c.outside);
}

static void a_gate_that_goes_leaves_the_others(void **state)
{
	static const char *const words[] = { "/bin/cat", NULL };
	struct client c = client_from("127.0.0.1");

	run_program(words);
	close(scene.gates[1]);
	expect_answer(&scene, &c.request, c.inside, 0);
	scene.gates[1] = dup(scene.gates[0]);
	leave(&c);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_program_serves_the_client, tear_down),
		cmocka_unit_test_teardown(the_environment_is_what_is_named, tear_down),
		cmocka_unit_test_teardown(a_long_text_for_a_listed_client_is_cut, tear_down),
		cmocka_unit_test(environment_files),
		cmocka_unit_test(a_long_environment_file),
		cmocka_unit_test_teardown(a_program_begins_clean, tear_down),
		cmocka_unit_test_teardown(the_limit_of_a_program, tear_down),
		cmocka_unit_test_teardown(signals_of_a_program, tear_down),
		cmocka_unit_test_teardown(a_program_is_another_user, tear_down),
		cmocka_unit_test_teardown(a_user_that_cannot_be_had, tear_down),
		cmocka_unit_test_teardown(programs_that_do_not_start, tear_down),
		cmocka_unit_test_teardown(as_many_as_may_run, tear_down),
		cmocka_unit_test_teardown(as_many_as_one_client_may_have, tear_down),
		cmocka_unit_test_teardown(packets_that_are_no_requests, tear_down),
		cmocka_unit_test_teardown(descriptors_that_are_not_the_client, tear_down),
		cmocka_unit_test_teardown(a_client_that_has_left, tear_down),
		cmocka_unit_test_teardown(it_outlives_the_warden_for_its_gates, tear_down),
		cmocka_unit_test_teardown(it_ends_with_the_gates, tear_down),
		cmocka_unit_test_teardown(programs_outlive_it, tear_down),
		cmocka_unit_test_teardown(a_gate_that_goes_leaves_the_others, tear_down),
	};

	if (argc == 2 && strcmp(argv[1], "report") == 0)
		return report();
	if (counter_share() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
