/* SPDX-License-Identifier: Apache-2.0 */
/* test_network - a network namespace of the test's own, with an empty firewall and a
 * loopback interface whose traffic passes the input hook like any other.
 *
 * As cmocka group fixtures do not skip, each test begins with test_network_or_skip().
 */
#ifndef WAVEBREAK_ACT_TEST_NETWORK_H
#define WAVEBREAK_ACT_TEST_NETWORK_H

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static inline int test_network_raise_loopback(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int r;

	if (fd < 0)
		return -errno;
	r = ioctl(fd, SIOCSIFFLAGS, &lo) < 0 ? -errno : 0;
	close(fd);
	return r;
}

/* A fresh one each time it is called. Returns 0 or -EPERM. */
static inline int test_network_enter(void)
{
	if (unshare(CLONE_NEWNET) < 0)
		return -errno;
	return test_network_raise_loopback();
}

#define test_network_or_skip()                                                                  \
	do {                                                                                    \
		int entered = test_network_enter();                                             \
		if (entered == -EPERM)                                                          \
			skip();                                                                 \
		assert_int_equal(entered, 0);                                                   \
	} while (0)

#endif
