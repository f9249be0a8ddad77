/* SPDX-License-Identifier: Apache-2.0 */
#include "act/route.h"
#include "act/test_network.h"

#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define MARK 77
#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define PATIENCE_MS 2000

static char folder[] = "/tmp/route_test.XXXXXX", record[64];

static int set_up(void **state)
{
	memset(folder + strlen(folder) - 6, 'X', 6);
	if (!mkdtemp(folder))
		return -1;
	snprintf(record, sizeof(record), "%s/route", folder);
	return 0;
}

static int tear_down(void **state)
{
	unlink(record);
	return rmdir(folder);
}

static void put_fwmark_accept(char value)
{
	int fd = open("/proc/sys/net/ipv4/tcp_fwmark_accept", O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, &value, 1), 1);
	close(fd);
}

static void put_record(const char *text, mode_t mode)
{
	int fd = open(record, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static char fwmark_accept(void)
{
	char value = '?';
	int fd = open("/proc/sys/net/ipv4/tcp_fwmark_accept", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(read(fd, &value, 1), 1);
	close(fd);
	return value;
}

static struct sockaddr_in6 address6(const char *text, uint16_t port)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	assert_int_equal(inet_pton(AF_INET6, text, &a.sin6_addr), 1);
	return a;
}

static struct sockaddr_in address4(const char *text, uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };

	assert_int_equal(inet_pton(AF_INET, text, &a.sin_addr), 1);
	return a;
}

/* Whether a connection from an address that is not ours comes about, and talks both ways. */
static bool connects(int family, const struct sockaddr *client, const struct sockaddr *server, socklen_t size)
{
	int listener = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1, mark = MARK, accepted;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct pollfd ready = { .fd = listener, .events = POLLIN };
	struct sockaddr_storage peer;
	socklen_t peer_size = sizeof(peer);
	char word[5] = "";

	assert_int_equal(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)), 0);
	assert_int_equal(bind(listener, server, size), 0);
	assert_int_equal(listen(listener, 4), 0);
	if (family == AF_INET)
		assert_int_equal(setsockopt(fd, SOL_IP, IP_TRANSPARENT, &one, sizeof(one)), 0);
	else
		assert_int_equal(setsockopt(fd, SOL_IPV6, IPV6_TRANSPARENT, &one, sizeof(one)), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)), 0);
	assert_int_equal(bind(fd, client, size), 0);
	(void)connect(fd, server, size);
	if (poll(&ready, 1, PATIENCE_MS / 4) != 1) {
		close(fd);
		close(listener);
		return false;
	}
	accepted = accept(listener, (struct sockaddr *)&peer, &peer_size);
	/* The family and the address, without the port. */
	assert_int_equal(peer.ss_family, family);
	if (family == AF_INET)
		assert_memory_equal(&((struct sockaddr_in *)&peer)->sin_addr, &((const struct sockaddr_in *)client)->sin_addr, 4);
	else
		assert_memory_equal(&((struct sockaddr_in6 *)&peer)->sin6_addr,
				    &((const struct sockaddr_in6 *)client)->sin6_addr, 16);
	assert_int_equal(send(accepted, "220 ", 4, 0), 4);
	ready = (struct pollfd){ .fd = fd, .events = POLLIN };
	assert_int_equal(poll(&ready, 1, PATIENCE_MS), 1);
	assert_int_equal(recv(fd, word, sizeof(word), 0), 4);
	assert_string_equal(word, "220 ");
	close(accepted);
	close(fd);
	close(listener);
	return true;
}

static bool connects4(void)
{
	struct sockaddr_in client = address4("192.0.2.77", 0), server = address4("127.0.0.1", 2525);

	return connects(AF_INET, (struct sockaddr *)&client, (struct sockaddr *)&server, sizeof(client));
}

static bool connects6(void)
{
	struct sockaddr_in6 client = address6("2001:db8:66::77", 0), server = address6("::1", 2525);

	return connects(AF_INET6, (struct sockaddr *)&client, (struct sockaddr *)&server, sizeof(client));
}

static void test_a_foreign_address_comes_back_here(void **state)
{
	struct route *route;

	test_network_or_skip();
	assert_false(connects4());
	assert_int_equal(route_open(MARK, record, &route), 0);
	assert_int_equal(fwmark_accept(), '1');
	assert_true(connects4());
	assert_true(connects6());
	route_close(route);
	assert_int_equal(fwmark_accept(), '0');
	assert_false(connects4());
}

static void disable_ipv6(void)
{
	int fd = open("/proc/sys/net/ipv6/conf/lo/disable_ipv6", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		skip();
	assert_int_equal(write(fd, "1", 1), 1);
	close(fd);
}

static void test_a_host_without_ipv6_has_the_rest(void **state)
{
	struct route *route;

	test_network_or_skip();
	assert_true(route_has_ipv6());
	disable_ipv6();
	assert_false(route_has_ipv6());
	assert_int_equal(route_open(MARK, record, &route), 0);
	assert_true(connects4());
	assert_int_equal(route_keep(route), 0);
	route_close(route);
	assert_false(connects4());
}

/* As after a crash. */
static void test_what_is_left_of_a_start_before_is_taken_over(void **state)
{
	struct route *lost, *route;

	test_network_or_skip();
	assert_int_equal(route_open(MARK, record, &lost), 0);
	assert_int_equal(route_open(MARK, record, &route), 0);
	assert_true(connects4());
	route_close(route);
	assert_false(connects4());
	route_close(lost);
}

/* As after kill -9, and the next start, which finds 1. */
static void test_what_was_before_a_crash_is_put_back(void **state)
{
	struct route *lost, *route;

	test_network_or_skip();
	assert_int_equal(route_open(MARK, record, &lost), 0);
	assert_int_equal(access(record, F_OK), 0);
	assert_int_equal(route_open(MARK, record, &route), 0);
	route_close(route);
	assert_int_equal(fwmark_accept(), '0');
	assert_int_equal(access(record, F_OK), -1);
	route_close(lost);
}

static void test_the_setting_of_somebody_else_stays(void **state)
{
	struct route *route;

	test_network_or_skip();
	put_fwmark_accept('1');
	assert_int_equal(route_open(MARK, record, &route), 0);
	assert_int_equal(access(record, F_OK), -1);
	route_close(route);
	assert_int_equal(fwmark_accept(), '1');
}

/* The setting is what it is, 1: as if there were no file. */
static void test_a_file_that_is_not_ours_says_nothing(void **state)
{
	static const struct {
		const char *format; /* of this boot's number */
		mode_t mode;
		bool believed;
	} cases[] = {
		{ "%s tcp_fwmark_accept 0\n", 0600, true },
		{ "%s tcp_fwmark_accept 0\n", 0622, false },
		{ "%s tcp_fwmark_accept 0", 0600, false },
		{ "%s tcp_fwmark_accept 0\n\n", 0600, false },
		{ "%s tcp_fwmark_accept 7\n", 0600, false },
		{ "%.8s-0000-0000-0000-000000000000 tcp_fwmark_accept 0\n", 0600, false },
		{ "%.0s", 0600, false },
		{ "%s tcp_fwmark_accept 0\n tcp_fwmark_accept 0\n tcp_fwmark_accept 0\n tcp_fwmark_accept 0\n", 0600, false },
	};
	char boot[37] = "", text[200];
	int fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);

	assert_int_equal(read(fd, boot, 36), 36);
	close(fd);
	test_network_or_skip();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct route *route;

		put_fwmark_accept('1');
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(text, sizeof(text), cases[i].format, boot);
#pragma GCC diagnostic pop
		put_record(text, cases[i].mode);
		assert_int_equal(route_open(MARK, record, &route), 0);
		route_close(route);
		assert_int_equal(fwmark_accept(), cases[i].believed ? '0' : '1');
	}
}

static void test_what_others_take_away_is_made_anew(void **state)
{
	struct route *route, *other;

	test_network_or_skip();
	assert_int_equal(route_open(MARK, record, &route), 0);
	assert_int_equal(route_keep(route), 0);
	/* Another one takes away what it did not make. */
	assert_int_equal(route_open(MARK, "/nonexistent/route", &other), 0);
	route_close(other);
	put_fwmark_accept('0');
	assert_false(connects4());
	assert_int_equal(route_keep(route), 5);
	assert_true(connects4());
	assert_true(connects6());
	assert_int_equal(route_keep(route), 0);
	route_close(route);
	assert_int_equal(fwmark_accept(), '0');
}

static void test_no_link_is_followed(void **state)
{
	struct route *route;
	char target[80];

	test_network_or_skip();
	snprintf(target, sizeof(target), "%s/target", folder);
	assert_int_equal(symlink(target, record), 0);
	assert_int_equal(route_open(MARK, record, &route), 0);
	assert_int_equal(access(target, F_OK), -1);
	route_close(route);
	assert_int_equal(fwmark_accept(), '0');
}

static void test_a_folder_that_is_not_there_keeps_nobody_from_work(void **state)
{
	struct route *route;

	test_network_or_skip();
	assert_int_equal(route_open(MARK, "/nonexistent/route", &route), 0);
	assert_int_equal(fwmark_accept(), '1');
	route_close(route);
	assert_int_equal(fwmark_accept(), '0');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_foreign_address_comes_back_here, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_host_without_ipv6_has_the_rest, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_is_left_of_a_start_before_is_taken_over, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_was_before_a_crash_is_put_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_the_setting_of_somebody_else_stays, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_file_that_is_not_ours_says_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_others_take_away_is_made_anew, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_link_is_followed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_folder_that_is_not_there_keeps_nobody_from_work, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
