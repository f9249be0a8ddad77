/* SPDX-License-Identifier: Apache-2.0 */
#include "act/blocked.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "act/test_network.h"
#include "act/test_tcp.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define PORT 2525
#define OTHER_PORT 2526
#define FOUND_MOST 16
#define SLEEP "/bin/sleep"
#define ANOTHER "/usr/bin/tail"

static const char *const names[] = { "sleep", NULL };
static const uint16_t ports[] = { PORT };

struct found {
	struct addr clients[FOUND_MOST];
	uint16_t ports[FOUND_MOST];
	size_t count;
};

static void note(void *data, const struct addr *client, uint16_t port)
{
	struct found *found = data;

	assert_true(found->count < FOUND_MOST);
	found->clients[found->count] = *client;
	found->ports[found->count++] = port;
}

/* A handler as couriertcpd starts it: another program, the client at 0 and 1, told in its environment. */
static pid_t start(const char *program, int socket, const char *variable)
{
	bool sleeps = strcmp(program, SLEEP) == 0;
	char path[64], own[64], remote[] = "TCPREMOTEIP=192.0.2.1", first[16], second[16];
	char *const environment[] = { remote, own, NULL }, *const arguments[] = { path, first, second, NULL };
	int ends[2];
	char byte;
	pid_t pid;

	snprintf(path, sizeof(path), "%s", program);
	snprintf(own, sizeof(own), "%s", variable);
	snprintf(first, sizeof(first), "%s", sleeps ? "60" : "-f");
	snprintf(second, sizeof(second), "%s", sleeps ? "60" : "/dev/null");
	/* Closed by the exec. */
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (socket >= 0 && (dup2(socket, 0) < 0 || dup2(socket, 1) < 0))
			_exit(1);
		execve(program, arguments, environment);
		_exit(1);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 0);
	close(ends[0]);
	return pid;
}

static void stop(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static const struct {
	const char *what, *from, *program, *variable;
	uint16_t port;
	bool blocked;
} rows[] = {
	{ "listed", "127.0.0.2", SLEEP, "BLOCK=listed", PORT, true },
	{ "listed, IPv6", "2001:db8:7::7", SLEEP, "BLOCK=listed", PORT, true },
	{ "not listed", "127.0.0.3", SLEEP, "BLOCK=", PORT, false },
	{ "its name says so", "127.0.0.4", SLEEP, "TCPREMOTEHOST=\nBLOCK=x", PORT, false },
	{ "another program", "127.0.0.5", ANOTHER, "BLOCK=listed", PORT, false },
	{ "another port", "127.0.0.6", SLEEP, "BLOCK=listed", OTHER_PORT, false },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static bool has(const struct found *found, const struct addr *client, uint16_t port)
{
	for (size_t i = 0; i < found->count; i++) {
		if (addr_equal(&found->clients[i], client) && found->ports[i] == port)
			return true;
	}
	return false;
}

static void test_who_is_blocked(void **state)
{
	struct test_pair pairs[ROWS];
	struct found found = { .count = 0 };
	struct blocked *blocked;
	int listener, other;
	pid_t pids[ROWS], local;

	test_network_or_skip();
	test_add_ipv6("2001:db8:7::7");
	listener = test_listen(PORT);
	other = test_listen(OTHER_PORT);
	for (size_t i = 0; i < ROWS; i++) {
		pairs[i] = test_pair(rows[i].port == PORT ? listener : other, rows[i].from);
		pids[i] = start(rows[i].program, pairs[i].served, rows[i].variable);
	}
	/* Of the right name, and holds nothing of ours. */
	local = start(SLEEP, -1, "BLOCK=listed");
	assert_int_equal(blocked_create(ports, 1, names, &blocked), 0);
	for (int look = 0; look < 2; look++) {
		found.count = 0;
		assert_int_equal(blocked_look(blocked, note, &found), 0);
		for (size_t i = 0; i < ROWS; i++) {
			struct addr client;

			assert_int_equal(addr_parse(bytes_of(rows[i].from), &client), 0);
			if (has(&found, &client, pairs[i].port) != rows[i].blocked)
				fail_msg("%s", rows[i].what);
		}
		assert_int_equal(found.count, 2);
	}
	blocked_destroy(blocked);
	stop(local);
	for (size_t i = 0; i < ROWS; i++) {
		stop(pids[i]);
		close(pairs[i].client);
		close(pairs[i].served);
	}
	close(listener);
	close(other);
}

static void test_limits(void **state)
{
	static const char *const nobody[] = { NULL };
	struct blocked *blocked;

	assert_int_equal(blocked_create(ports, 0, names, &blocked), -EINVAL);
	assert_int_equal(blocked_create(ports, 1000, names, &blocked), -EINVAL);
	assert_int_equal(blocked_create(ports, 1, nobody, &blocked), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_who_is_blocked), cmocka_unit_test(test_limits) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
