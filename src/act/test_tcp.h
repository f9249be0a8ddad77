/* SPDX-License-Identifier: Apache-2.0 */
/* test_tcp - a server and its clients on the loopback interface of test_network.h, and a loop
 * that runs for a while.
 *
 * Nobody here forks: both ends of a connection are descriptors of the test.
 */
#ifndef WAVEBREAK_ACT_TEST_TCP_H
#define WAVEBREAK_ACT_TEST_TCP_H

#include "base/addr.h"
#include "base/clock.h"
#include "event/loop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* How long anything may take on a machine that is busy with something else. */
#define TEST_PATIENCE_MS 20000

struct test_pair {
	int client, served;
	uint16_t port; /* the client's */
};

/* Every address of 127.0.0.0/8 is there; one of IPv6 has to be added, and can be used a moment
 * later. */
static inline void test_add_ipv6(const char *text)
{
	struct sockaddr_in6 own = { .sin6_family = AF_INET6 };
	struct {
		struct in6_addr addr;
		uint32_t prefix_length;
		int interface;
	} request = { .prefix_length = 128, .interface = 1 };
	uint64_t until = clock_ms() + TEST_PATIENCE_MS;
	int fd = socket(AF_INET6, SOCK_DGRAM, 0), r;

	assert_int_equal(inet_pton(AF_INET6, text, &request.addr), 1);
	own.sin6_addr = request.addr;
	assert_int_equal(ioctl(fd, SIOCSIFADDR, &request), 0);
	while ((r = bind(fd, (const struct sockaddr *)&own, sizeof(own))) < 0 && clock_ms() < until)
		usleep(1000);
	assert_int_equal(r, 0);
	close(fd);
}

/* On all addresses of both families, as mail servers do. */
static inline int test_listen(uint16_t port)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	assert_int_equal(bind(fd, (const struct sockaddr *)&any, sizeof(any)), 0);
	assert_int_equal(listen(fd, 64), 0);
	return fd;
}

static inline uint16_t test_port_of(int fd)
{
	struct sockaddr_in6 own;
	socklen_t size = sizeof(own);

	assert_int_equal(getsockname(fd, (struct sockaddr *)&own, &size), 0);
	return ntohs(own.sin6_port); /* at the same place in both families */
}

static inline int test_connect(const char *from, uint16_t port)
{
	struct sockaddr_in6 from6 = { .sin6_family = AF_INET6 }, to6 = from6;
	struct sockaddr_in from4 = { .sin_family = AF_INET }, to4 = from4;
	bool is_ipv4 = inet_pton(AF_INET, from, &from4.sin_addr) == 1;
	int fd = socket(is_ipv4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	to4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	to6.sin6_addr = in6addr_loopback;
	to4.sin_port = to6.sin6_port = htons(port);
	if (is_ipv4) {
		assert_int_equal(bind(fd, (const struct sockaddr *)&from4, sizeof(from4)), 0);
		assert_int_equal(connect(fd, (const struct sockaddr *)&to4, sizeof(to4)), 0);
	} else {
		assert_int_equal(inet_pton(AF_INET6, from, &from6.sin6_addr), 1);
		assert_int_equal(bind(fd, (const struct sockaddr *)&from6, sizeof(from6)), 0);
		assert_int_equal(connect(fd, (const struct sockaddr *)&to6, sizeof(to6)), 0);
	}
	return fd;
}

static inline struct test_pair test_pair(int listener, const char *from)
{
	struct test_pair pair = { .client = test_connect(from, test_port_of(listener)) };

	pair.served = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(pair.served >= 0);
	pair.port = test_port_of(pair.client);
	return pair;
}

static inline void test_say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* The next bytes from the other end have to be this. */
static inline void test_hear(int fd, const char *text)
{
	char heard[64];
	size_t size = strlen(text);

	assert_true(size < sizeof(heard));
	assert_int_equal(recv(fd, heard, size, MSG_WAITALL), size);
	assert_memory_equal(heard, text, size);
}

/* Nothing to read, and nobody has ended it. */
static inline bool test_lives(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN;
}

/* The client's kernel takes no segment from here on, and so acknowledges none. */
static inline void test_deafen(int client)
{
	struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = { 1, &drop };

	assert_int_equal(setsockopt(client, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)), 0);
}

static inline void test_undeafen(int client)
{
	int nothing = 0;

	assert_int_equal(setsockopt(client, SOL_SOCKET, SO_DETACH_FILTER, &nothing, sizeof(nothing)), 0);
}

static inline void test_stop_loop(void *loop)
{
	loop_stop(loop);
}

static inline void test_run(struct loop *loop, unsigned ms)
{
	struct loop_timer *stop;

	assert_int_equal(loop_timer_create(loop, test_stop_loop, loop, &stop), 0);
	assert_int_equal(loop_timer_arm(stop, clock_ms() + ms), 0);
	assert_int_equal(loop_run(loop), 0);
	loop_timer_destroy(stop);
}

#define test_run_until(loop, condition)                                                         \
	do {                                                                                    \
		uint64_t until = clock_ms() + TEST_PATIENCE_MS;                                 \
		while (!(condition) && clock_ms() < until)                                      \
			test_run(loop, 2);                                                      \
		assert_true(condition);                                                         \
	} while (0)

#endif
