/* SPDX-License-Identifier: Apache-2.0 */
#include "sense/sessions.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cmocka.h>

static void the_session_of_a_command(void **state)
{
	struct prefix_set set = { 0 };
	struct addr addr;

	unsetenv("SSH_CONNECTION");
	assert_int_equal(sessions_own(&addr), -ENOENT);
	assert_int_equal(sessions_protect(NULL, &set), 0);
	assert_int_equal(set.count, 0);
	setenv("SSH_CONNECTION", "nonsense 1 2 3", 1);
	assert_int_equal(sessions_own(&addr), -ENOENT);
	setenv("SSH_CONNECTION", "2001:db8::7 51234 2001:db8::1 2222", 1);
	assert_int_equal(sessions_protect(NULL, &set), 0);
	assert_int_equal(set.count, 1);
	assert_int_equal(set.entries[0].prefix.length, 128);
	assert_string_equal(set.entries[0].why, SESSIONS_WHY);
	unsetenv("SSH_CONNECTION");
	prefix_set_clear(&set);
}

static int bring_up_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), r = ioctl(fd, SIOCSIFFLAGS, &request);

	close(fd);
	return r;
}

static int connection(const char *from, const char *to, uint16_t port, int *ret_listener)
{
	struct sockaddr_storage there, here;
	struct addr addr;
	socklen_t size;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*ret_listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(addr_parse(bytes_of(to), &addr), 0);
	size = addr_to_sockaddr(&addr, port, &there);
	assert_int_equal(bind(*ret_listener, (struct sockaddr *)&there, size), 0);
	assert_int_equal(listen(*ret_listener, 1), 0);
	assert_int_equal(addr_parse(bytes_of(from), &addr), 0);
	size = addr_to_sockaddr(&addr, 0, &here);
	assert_int_equal(bind(fd, (struct sockaddr *)&here, size), 0);
	size = addr_to_sockaddr(&addr, port, &here);
	assert_int_equal(connect(fd, (struct sockaddr *)&there, size), 0);
	return fd;
}

/* In a network of its own. */
static void who_is_connected_to_ssh(void **state)
{
	struct sessions *sessions;
	struct prefix_set set = { 0 };
	int ssh, smtp, ssh_listener, smtp_listener;
	char text[PREFIX_TEXT_SIZE];

	if (unshare(CLONE_NEWNET) < 0 || bring_up_loopback() < 0)
		skip();
	ssh = connection("127.0.0.7", "127.0.0.1", 22, &ssh_listener);
	smtp = connection("127.0.0.9", "127.0.0.1", 25, &smtp_listener);
	assert_int_equal(sessions_create(&sessions), 0);
	assert_int_equal(sessions_protect(sessions, &set), 0);
	assert_int_equal(set.count, 1);
	assert_string_equal(prefix_format(&set.entries[0].prefix, text), "127.0.0.7");
	prefix_set_clear(&set);
	close(ssh);
	close(ssh_listener);
	assert_int_equal(sessions_protect(sessions, &set), 0);
	assert_int_equal(set.count, 0);
	close(smtp);
	close(smtp_listener);
	sessions_destroy(sessions);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_session_of_a_command),
		cmocka_unit_test(who_is_connected_to_ssh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
