/* SPDX-License-Identifier: Apache-2.0 */
/* test_rules - rules of other firewalls in the namespace of test_network.h, and who comes in past them.
 *
 * A test whose rule cannot be made (no iptables here, no such match in the kernel) is skipped.
 */
#ifndef WAVEBREAK_ACT_TEST_RULES_H
#define WAVEBREAK_ACT_TEST_RULES_H

#include "base/addr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

#include "act/test_network.h"
#include "act/test_tcp.h"

#define TEST_RULES_PORT 2525

static inline struct addr test_address(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(bytes_of(text), &a), 0);
	return a;
}

static inline int test_rules_run(const char *command)
{
	char line[512];

	/* Its lock is a file of the whole machine, where other tests run, too. */
	snprintf(line, sizeof(line),
		 "PATH=/usr/sbin:/sbin:$PATH XTABLES_LOCKFILE=/dev/null; export PATH XTABLES_LOCKFILE; %s 2>/dev/null",
		 command);
	return system(line); /* NOLINT: the words are the test's */
}

#define test_rules_or_skip(command)                        \
	do {                                               \
		if (test_rules_run(command) != 0)          \
			skip();                            \
	} while (0)

static inline void test_rules_listen(void)
{
	test_listen(TEST_RULES_PORT);
}

static inline void test_rules_own_ipv6(const char *text)
{
	test_add_ipv6(text);
}

/* A SYN on loopback has passed the rules when connect(2) returns. */
static inline bool test_rules_let_in(const char *from)
{
	struct addr here = test_address(from), there = test_address(here.family == ADDR_IPV4 ? "127.0.0.1" : "::1");
	struct sockaddr_storage sa;
	int fd = socket(here.family == ADDR_IPV4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct tcp_info info = { 0 };
	socklen_t size = addr_to_sockaddr(&here, 0, &sa), info_size = sizeof(info);

	assert_int_equal(bind(fd, (const struct sockaddr *)&sa, size), 0);
	size = addr_to_sockaddr(&there, TEST_RULES_PORT, &sa);
	(void)connect(fd, (const struct sockaddr *)&sa, size);
	assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &info_size), 0);
	close(fd);
	return info.tcpi_state == TCP_ESTABLISHED;
}

#endif
