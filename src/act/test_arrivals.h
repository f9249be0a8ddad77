/* SPDX-License-Identifier: Apache-2.0 */
/* test_arrivals - a mail server, a table before it, and clients of another host that ask for connections: what the
 * tests of limits and of steering stand on. Include <cmocka.h> first.
 */
#ifndef WAVEBREAK_ACT_TEST_ARRIVALS_H
#define WAVEBREAK_ACT_TEST_ARRIVALS_H

#include "act/ban.h"
#include "act/nft_transaction.h"
#include "act/test_foreign.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>

#define PORT 2525
#define GATE_PORT 8025
#define MARK 77
#define MINUTE_MS 60000
#define PATIENCE_MS 20000

#define A "10.1.0.2"
#define A_NEIGHBOUR "10.1.0.3"
#define B "10.2.0.2"
#define A6 "fd00:0:0:1::2"
#define A6_NEIGHBOUR "fd00:0:0:1::3"
#define B6 "fd00:0:0:2::2"
#define ALL_CLIENTS                                                                                           \
	A "/8 " A_NEIGHBOUR "/8 " B "/8 " A6 "/16 " A6_NEIGHBOUR "/16 " B6 "/16"

/* A rate whose bucket does not fill by one while a test lasts would be below 1 a second: so bursts are big, and
 * what is over is tried often enough. */
static const struct ban_table_limits usual_limits = {
	.ban_for_ms = 10 * MINUTE_MS,
	.alive_ms = MINUTE_MS,
	.most = 1000,
	.ports = { PORT },
	.port_count = 1,
	.most_suspects = 1000,
	.suspect_for_ms = 30 * MINUTE_MS,
	.burst_ms = 5000,
	.steer_ports = { PORT },
	.steer_port_count = 1,
	.steer_to = GATE_PORT,
	.own_mark = MARK,
};

struct scene {
	struct test_foreign world;
	struct ban_table *ban;
	int server, gate;
};

static inline struct addr address(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(bytes_of(text), &a), 0);
	return a;
}

static inline bool is_ipv4(const char *text)
{
	return address(text).family == ADDR_IPV4;
}

static inline socklen_t place(const char *text, uint16_t port, struct sockaddr_storage *ret)
{
	struct addr a = address(text);

	return addr_to_sockaddr(&a, port, ret);
}

static inline int listen_at(const char *text, uint16_t port, bool transparent)
{
	static const int on = 1;
	struct sockaddr_storage at;
	socklen_t size = place(text, port, &at);
	int fd = socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	if (at.ss_family == AF_INET6 && !transparent)
		assert_int_equal(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){ 0 }, sizeof(int)), 0);
	if (transparent)
		assert_int_equal(setsockopt(fd, at.ss_family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6,
					    at.ss_family == AF_INET ? IP_TRANSPARENT : IPV6_TRANSPARENT, &on, sizeof(on)),
				 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
	assert_int_equal(listen(fd, 1000), 0);
	return fd;
}

static inline struct scene begin(const struct ban_table_limits *limits)
{
	struct scene s = { .gate = -1 };

	s.world = test_foreign_begin(ALL_CLIENTS);
	s.server = listen_at("::", PORT, false);
	assert_int_equal(ban_create(limits, &s.ban), 0);
	assert_int_equal(ban_lacks(s.ban).limits, 0);
	assert_int_equal(ban_lacks(s.ban).steering, 0);
	return s;
}

static inline void end(struct scene *s)
{
	ban_destroy(s->ban);
	close(s->server);
	if (s->gate >= 0)
		close(s->gate);
	test_foreign_end(&s->world);
}

static inline struct ban_counts counts(const struct scene *s)
{
	struct ban_counts c;

	assert_int_equal(ban_counts(s->ban, &c), 0);
	return c;
}

static inline uint64_t dropped(const struct ban_counts *c)
{
	return c->banned + c->over_address + c->over_network + c->over_total;
}

static inline int begin_to_connect(const struct scene *s, const char *from)
{
	struct sockaddr_storage here, there;
	socklen_t here_size = place(from, 0, &here),
		  there_size = place(is_ipv4(from) ? "10.0.0.1" : "fd00::1", PORT, &there);
	int fd = test_foreign_socket(&s->world, here.ss_family);

	assert_int_equal(bind(fd, (struct sockaddr *)&here, here_size), 0);
	assert_true(connect(fd, (struct sockaddr *)&there, there_size) == 0 || errno == EINPROGRESS);
	return fd;
}

/* The client's end of a connection, or -1 when the firewall has dropped it: one of both has to come. */
static inline int try_connect(const struct scene *s, const char *from)
{
	struct ban_counts before = counts(s), after;
	int fd = begin_to_connect(s, from);
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	for (int waited = 0; waited < PATIENCE_MS / 10; waited++) {
		if (poll(&p, 1, 10) == 1)
			return fd;
		after = counts(s);
		if (dropped(&after) > dropped(&before)) {
			close(fd);
			return -1;
		}
	}
	fail_msg("neither connected nor dropped: %s", from);
	return -1;
}

static inline bool gets_in(const struct scene *s, const char *from)
{
	int fd = try_connect(s, from), served;

	if (fd < 0)
		return false;
	close(fd);
	while ((served = accept(s->server, NULL, NULL)) >= 0)
		close(served);
	return true;
}

static inline unsigned in_of(const struct scene *s, const char *from, unsigned tries)
{
	unsigned in = 0;

	while (tries--)
		in += gets_in(s, from);
	return in;
}

static inline void add(struct prefix_set *set, const char *text)
{
	struct prefix prefix;

	assert_int_equal(prefix_parse(bytes_of(text), &prefix), 0);
	assert_int_equal(prefix_set_add(set, &prefix, "test"), 0);
}

static inline void set_never(const struct scene *s, const char *text)
{
	struct prefix_set set = { 0 };

	if (text)
		add(&set, text);
	assert_int_equal(ban_set_never(s->ban, &set), 0);
	prefix_set_clear(&set);
}

static inline void make_suspect(const struct scene *s, const char *unit, uint64_t timeout_ms)
{
	const struct ban_change c = { address(unit), timeout_ms, true, BAN_LIST_SUSPECT };

	assert_int_equal(ban_apply(s->ban, &c, 1), 0);
}

/* Of a second at most passes in a test that is not held up; then some more get in, and still not all. */
#define TRIES 60

#endif
