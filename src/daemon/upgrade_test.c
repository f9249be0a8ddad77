/* SPDX-License-Identifier: Apache-2.0 */
/* The form in which one program tells the next what it hands over, and what is made of one that is wrong. */
#include "daemon/upgrade.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define PID 4711

static void assert_same(const struct upgrade *a, const struct upgrade *b)
{
	char text_of_a[UPGRADE_TEXT_SIZE], text_of_b[UPGRADE_TEXT_SIZE];

	assert_int_equal(upgrade_format(a, PID, text_of_a), 0);
	assert_int_equal(upgrade_format(b, PID, text_of_b), 0);
	assert_string_equal(text_of_a, text_of_b);
}

static void test_what_is_written_is_read(void **state)
{
	static const char text[] = "1 4711;bounded;control 3;intake 4;listen * 25 5 6;listen 192.0.2.1 587 7 8;"
				   "listen 2001:db8::1 65535 9 10;gate s 600000 16777999;porter 100 11;"
				   "worker 0 101 12 13;worker 15 102 14 -;gate d 5 0;worker 0 103 15 16;porter 104 17;";
	char written[UPGRADE_TEXT_SIZE];
	struct upgrade u;

	assert_int_equal(upgrade_parse(bytes_of(text), PID, &u), 0);
	assert_true(u.bounded);
	assert_int_equal(u.control, 3);
	assert_int_equal(u.intake, 4);
	assert_int_equal(u.listeners.hook, -1);
	assert_int_equal(u.listeners.count, 3);
	assert_int_equal(u.listeners.workers, 2);
	assert_int_equal(u.listeners.endpoints[0].endpoint.addr.family, ADDR_NONE);
	assert_int_equal(u.listeners.endpoints[1].endpoint.addr.family, ADDR_IPV4);
	assert_int_equal(u.listeners.endpoints[1].sockets[1], 8);
	assert_int_equal(u.listeners.endpoints[1].sockets[2], -1);
	assert_int_equal(u.listeners.endpoints[2].endpoint.port, 65535);
	assert_int_equal(u.generation_count, 2);
	assert_false(u.generations[0].drains);
	assert_int_equal(u.generations[0].left_ms, 600000);
	assert_int_equal(u.generations[0].packet_form, 16777999);
	assert_int_equal(u.generations[0].count, 3);
	assert_true(u.generations[0].processes[0].is_porter);
	assert_int_equal(u.generations[0].processes[0].pid, 100);
	assert_int_equal(u.generations[0].processes[2].number, 15);
	assert_int_equal(u.generations[0].processes[2].watch, -1);
	assert_true(u.generations[1].drains);
	assert_int_equal(upgrade_format(&u, PID, written), 0);
	assert_string_equal(written, text);
}

static void test_nothing_is_little(void **state)
{
	struct upgrade none, u;

	upgrade_init(&none);
	assert_int_equal(upgrade_parse(bytes_of("1 4711;"), PID, &u), 0);
	assert_same(&u, &none);
	assert_int_equal(upgrade_parse(bytes_of("1 4711;hook 3;"), PID, &u), 0);
	assert_int_equal(u.listeners.hook, 3);
}

static void test_the_most_fits(void **state)
{
	char text[UPGRADE_TEXT_SIZE];
	struct upgrade u, again;
	int fd = 1000000;

	upgrade_init(&u);
	u.bounded = true;
	u.control = fd++;
	u.intake = fd++;
	u.listeners.hook = fd++;
	u.listeners.workers = GATE_WORKERS_MOST;
	for (; u.listeners.count < GATE_LISTENERS_MOST; u.listeners.count++) {
		struct gate_endpoint *e = &u.listeners.endpoints[u.listeners.count];

		assert_int_equal(addr_parse(bytes_of("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"), &e->endpoint.addr), 0);
		e->endpoint.port = 65535;
		for (unsigned i = 0; i < GATE_WORKERS_MOST; i++)
			e->sockets[i] = fd++;
	}
	for (; u.generation_count < GATE_GENERATIONS_MOST; u.generation_count++) {
		struct upgrade_generation *g = &u.generations[u.generation_count];

		*g = (struct upgrade_generation){ .drains = true, .left_ms = 86400000, .packet_form = UINT32_MAX };
		for (; g->count < UPGRADE_PROCESSES_MOST; g->count++)
			g->processes[g->count] = (struct upgrade_process){
				.is_porter = g->count == GATE_WORKERS_MOST,
				.number = g->count == GATE_WORKERS_MOST ? 0 : (unsigned)g->count,
				.pid = 4000000 + fd, .socket = fd, .watch = g->count == GATE_WORKERS_MOST ? -1 : fd + 1 },
			fd += 2;
	}
	/* The numbers of processes are too large here. */
	assert_int_equal(upgrade_format(&u, PID, text), 0);
	assert_int_equal(upgrade_parse(bytes_of(text), PID, &again), -EINVAL);
	for (size_t i = 0; i < u.generation_count; i++)
		for (size_t n = 0; n < u.generations[i].count; n++)
			u.generations[i].processes[n].pid -= 1000000;
	assert_int_equal(upgrade_format(&u, PID, text), 0);
	assert_int_equal(upgrade_parse(bytes_of(text), PID, &again), 0);
	assert_same(&u, &again);
}

static void test_what_is_wrong_is_not_believed(void **state)
{
	static const char *const texts[] = {
		"", ";", "1", "1;", "1 ;", "1 4711", "1 4712;", "2 4711;", "1 4711 ;", "1 4711 1;", "1  4711;", " 1 4711;",
		"1 -4711;", "1 +4711;", "1 04711x;", "1 99999999999999999999;", "1 4711;;", "1 4711;control;",
		"1 4711;control ;", "1 4711;control 2;", "1 4711;control 0;", "1 4711;control -1;", "1 4711;control 3 ",
		"1 4711;control 3", "1 4711;control 3x;", "1 4711;control 3 4;", "1 4711;control 4294967299;",
		"1 4711;control 1048577;", "1 4711;control 3;control 4;", "1 4711;control 3;intake 3;",
		"1 4711;hook 3;listen * 25 3;", "1 4711;Control 3;", "1 4711;other 3;", "1 4711;bounded 1;",
		"1 4711;listen;", "1 4711;listen *;", "1 4711;listen * 25;", "1 4711;listen * 0 3;",
		"1 4711;listen * 65536 3;", "1 4711;listen 192.0.2 25 3;", "1 4711;listen mx.example 25 3;",
		"1 4711;listen  25 3;", "1 4711;listen * 25 3 3;", "1 4711;listen * 25 3 4;listen * 26 5;",
		"1 4711;listen * 25 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19;", "1 4711;porter 100 3;",
		"1 4711;worker 0 100 3 4;", "1 4711;gate;", "1 4711;gate x 1 1;", "1 4711;gate s;", "1 4711;gate s 1;",
		"1 4711;gate s 1 1 1;", "1 4711;gate s 604800001 1;", "1 4711;gate s 1 4294967296;",
		"1 4711;gate s -1 1;", "1 4711;gate d 1 1;gate s 1 1;", "1 4711;gate s 1 1;gate s 1 1;",
		"1 4711;gate d 1 1;gate d 1 1;gate d 1 1;gate d 1 1;gate d 1 1;", "1 4711;gate s 1 1;porter 1 3;", "1 4711;gate s 1 1;porter 0 3;",
		"1 4711;gate s 1 1;porter -1 3;", "1 4711;gate s 1 1;porter 4194305 3;", "1 4711;gate s 1 1;porter 100;",
		"1 4711;gate s 1 1;porter 100 3 4;", "1 4711;gate s 1 1;porter 100 3;porter 101 4;",
		"1 4711;gate s 1 1;porter 100 3;worker 0 100 4 5;", "1 4711;gate s 1 1;worker 16 100 3 4;",
		"1 4711;gate s 1 1;worker 0 100 3;", "1 4711;gate s 1 1;worker 0 100 3 3;",
		"1 4711;gate s 1 1;worker 0 100 3 -1;", "1 4711;gate s 1 1;worker 0 100 3 - 4;",
		"1 4711;gate s 1 1;worker 0 100 3 4;worker 0 101 5 6;",
		"1 4711;gate s 1 1;worker 0 100 3 4;gate d 1 1;worker 0 100 5 6;",
		"1 4711;gate s 1 1;worker 0 100 3 4;gate d 1 1;worker 0 101 5 4;",
	};
	struct upgrade u;

	for (size_t i = 0; i < COUNT(texts); i++)
		if (upgrade_parse(bytes_of(texts[i]), PID, &u) != -EINVAL)
			fail_msg("'%s' was believed", texts[i]);
	assert_int_equal(upgrade_parse(bytes_make("1 4711;control 3\0;", 18), PID, &u), -EINVAL);
}

static void test_no_more_than_there_can_be(void **state)
{
	char text[UPGRADE_TEXT_SIZE + 64];
	struct upgrade u;
	size_t used = (size_t)sprintf(text, "1 4711;");

	for (int i = 0; i <= GATE_LISTENERS_MOST; i++) {
		assert_int_equal(upgrade_parse(bytes_make(text, used), PID, &u), 0);
		used += (size_t)sprintf(text + used, "listen * %d %d;", 25 + i, 3 + i);
	}
	assert_int_equal(upgrade_parse(bytes_make(text, used), PID, &u), -EINVAL);
	used = (size_t)sprintf(text, "1 4711;");
	while (used < UPGRADE_TEXT_SIZE)
		used += (size_t)sprintf(text + used, "bounded;");
	assert_int_equal(upgrade_parse(bytes_make(text, used), PID, &u), -EINVAL);
}

/* Each cut of a good text: it says less than the whole, or is wrong, and is never read past its end. */
static void test_what_is_cut(void **state)
{
	static const char text[] = "1 4711;control 3;listen * 25 5 6;gate s 60 1;porter 100 11;worker 0 101 12 13;";

	for (size_t size = 0; size < sizeof(text) - 1; size++) {
		char *cut = malloc(size + !size);
		struct upgrade u;

		assert_non_null(cut);
		memcpy(cut, text, size);
		assert_int_equal(upgrade_parse(bytes_make(cut, size), PID, &u),
				 size && text[size - 1] == ';' ? 0 : -EINVAL);
		free(cut);
	}
}

/* In a process of its own, which closes all that it has. Its exit status is for the runner. */

static int take_there(void (*prepare)(char *text, int *ret_fd))
{
	char text[256] = "";
	struct upgrade u;
	int fd = -1;
	bool taken;

	prepare(text, &fd);
	if (setenv(UPGRADE_VARIABLE, text, 1) < 0)
		return 90;
	taken = upgrade_take(&u);
	if (getenv(UPGRADE_VARIABLE))
		return 91;
	if (!taken)
		return fcntl(fd, F_GETFD) < 0 ? 1 : 92; /* closed */
	return u.control == fd && fcntl(fd, F_GETFD) == FD_CLOEXEC ? 0 : 93;
}

static int taken(void (*prepare)(char *text, int *ret_fd))
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(take_there(prepare));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void tell(char *text, pid_t pid, int fd)
{
	sprintf(text, "1 %d;control %d;", pid, fd);
}

static int listening(int type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type, 0);

	/* The kernel gives it a name (unix(7), autobind). */
	bind(fd, (const struct sockaddr *)&address, sizeof(sa_family_t));
	listen(fd, 1);
	return fd;
}

static void with_a_listener(char *text, int *ret_fd)
{
	*ret_fd = listening(SOCK_STREAM);
	tell(text, getpid(), *ret_fd);
}

static void with_one_for_somebody_else(char *text, int *ret_fd)
{
	*ret_fd = listening(SOCK_STREAM);
	tell(text, getppid(), *ret_fd);
}

static void with_a_datagram_socket(char *text, int *ret_fd)
{
	*ret_fd = listening(SOCK_DGRAM);
	tell(text, getpid(), *ret_fd);
}

static void with_one_that_does_not_listen(char *text, int *ret_fd)
{
	*ret_fd = socket(AF_UNIX, SOCK_STREAM, 0);
	tell(text, getpid(), *ret_fd);
}

static void with_a_file(char *text, int *ret_fd)
{
	*ret_fd = open("/dev/null", O_RDWR);
	tell(text, getpid(), *ret_fd);
}

static void with_one_that_is_closed(char *text, int *ret_fd)
{
	*ret_fd = 500;
	tell(text, getpid(), *ret_fd);
}

static void with_a_wrong_text(char *text, int *ret_fd)
{
	*ret_fd = listening(SOCK_STREAM);
	sprintf(text, "1 %d;control %d;what 1;", getpid(), *ret_fd);
}

static void test_what_is_no_such_socket_is_closed(void **state)
{
	assert_int_equal(taken(with_a_listener), 0);
	assert_int_equal(taken(with_one_for_somebody_else), 1);
	assert_int_equal(taken(with_a_datagram_socket), 1);
	assert_int_equal(taken(with_one_that_does_not_listen), 1);
	assert_int_equal(taken(with_a_file), 1);
	assert_int_equal(taken(with_one_that_is_closed), 1);
	assert_int_equal(taken(with_a_wrong_text), 1);
}

static void test_it_is_given_and_withdrawn(void **state)
{
	struct upgrade u, taken_back;

	upgrade_init(&u);
	unsetenv(UPGRADE_VARIABLE);
	assert_false(upgrade_take(&taken_back));
	u.control = listening(SOCK_STREAM | SOCK_CLOEXEC);
	assert_int_equal(upgrade_give(&u), 0);
	assert_int_equal(fcntl(u.control, F_GETFD), 0);
	assert_non_null(getenv(UPGRADE_VARIABLE));
	upgrade_withdraw(&u);
	assert_int_equal(fcntl(u.control, F_GETFD), FD_CLOEXEC);
	assert_null(getenv(UPGRADE_VARIABLE));
	assert_int_equal(upgrade_give(&u), 0);
	assert_true(upgrade_take(&taken_back));
	assert_int_equal(taken_back.control, u.control);
	upgrade_close(&taken_back);
	assert_int_equal(fcntl(u.control, F_GETFD), -1);
}

static void test_a_path_is_told_from_others(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_false(upgrade_is_bound_to(fd, ""));
	snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/upgrade-test.%d", getpid());
	unlink(address.sun_path);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_true(upgrade_is_bound_to(fd, address.sun_path));
	assert_false(upgrade_is_bound_to(fd, "/tmp/upgrade-test"));
	assert_false(upgrade_is_bound_to(-1, address.sun_path));
	upgrade_unlink(fd);
	assert_int_equal(access(address.sun_path, F_OK), -1);
	close(fd);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_written_is_read),
		cmocka_unit_test(test_nothing_is_little),
		cmocka_unit_test(test_the_most_fits),
		cmocka_unit_test(test_what_is_wrong_is_not_believed),
		cmocka_unit_test(test_no_more_than_there_can_be),
		cmocka_unit_test(test_what_is_cut),
		cmocka_unit_test(test_what_is_no_such_socket_is_closed),
		cmocka_unit_test(test_it_is_given_and_withdrawn),
		cmocka_unit_test(test_a_path_is_told_from_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
