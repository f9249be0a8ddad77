/* SPDX-License-Identifier: Apache-2.0 */
#include "sense/connections.h"

#include "kernel/gate_mark.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#define PORT 2525
#define OTHER_PORT 2526
#define MANY 300

static const uint16_t ports[] = { PORT };

static int enter_network(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd, r;

	if (unshare(CLONE_NEWNET) < 0)
		return -errno;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	r = ioctl(fd, SIOCSIFFLAGS, &lo) < 0 ? -errno : 0;
	close(fd);
	return r;
}

/* A namespace of the test's own, so that all that is counted is the test's. */
#define enter_network_or_skip()                                                                 \
	do {                                                                                    \
		int entered = enter_network();                                                  \
		if (entered == -EPERM)                                                          \
			skip();                                                                 \
		assert_int_equal(entered, 0);                                                   \
	} while (0)

static int listen_on(uint16_t port)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	assert_int_equal(bind(fd, (const struct sockaddr *)&any, sizeof(any)), 0);
	assert_int_equal(listen(fd, 100), 0);
	return fd;
}

static int connect_ipv4(uint16_t port)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static int connect_ipv6(uint16_t port)
{
	struct sockaddr_in6 to = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static int accept_one(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static struct connection_counts sample(struct connections *c)
{
	struct connection_counts counts = { .total = UINT32_MAX };

	assert_int_equal(connections_sample(c, &counts), 0);
	assert_int_equal(counts.total, counts.served + counts.waiting + counts.opening + counts.closing);
	return counts;
}

static void close_all(const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		close(fds[i]);
}

static void test_nothing_listens(void **state)
{
	struct connection_counts counts;
	struct connections *c;

	enter_network_or_skip();
	assert_int_equal(connections_create(ports, 1, &c), 0);
	counts = sample(c);
	assert_int_equal(counts.total, 0);
	assert_int_equal(counts.listeners, 0);
	connections_destroy(c);
}

static void test_served_and_waiting_of_both_families(void **state)
{
	struct connection_counts counts;
	struct connections *c;
	int listener, other, fds[9];

	enter_network_or_skip();
	assert_int_equal(connections_create(ports, 1, &c), 0);
	listener = listen_on(PORT);
	other = listen_on(OTHER_PORT);
	for (int i = 0; i < 3; i++)
		fds[i] = connect_ipv4(PORT);
	fds[3] = connect_ipv6(PORT);
	fds[4] = connect_ipv6(PORT);
	fds[5] = accept_one(listener);
	fds[6] = accept_one(listener);
	/* Neither this one nor its other end is at a guarded port. */
	fds[7] = connect_ipv4(OTHER_PORT);
	fds[8] = accept_one(other);
	counts = sample(c);
	assert_int_equal(counts.total, 5);
	assert_int_equal(counts.served, 2);
	assert_int_equal(counts.waiting, 3);
	assert_int_equal(counts.by_state[SOCKDIAG_ESTABLISHED], 5);
	assert_int_equal(counts.listeners, 1);
	assert_int_equal(counts.queue, 3);
	assert_int_equal(counts.queue_most, 100);
	close_all(fds, 9);
	close(listener);
	close(other);
	connections_destroy(c);
}

struct shown {
	unsigned of_gate, greeted;
};

static void count_marks(void *data, const struct sockdiag_socket *connection)
{
	struct shown *shown = data;

	shown->of_gate += connection->of_gate;
	shown->greeted += connection->greeted_by_gate;
}

/* It shares the port with the server, since the kernel steers its clients. */
static void test_what_the_gate_holds_is_left_out(void **state)
{
	struct connection_counts counts;
	struct shown shown = { 0 };
	struct connections *c;
	int listener, fds[5];

	enter_network_or_skip();
	assert_int_equal(connections_create(ports, 1, &c), 0);
	listener = listen_on(PORT);
	assert_int_equal(gate_mark(listener, true), 0);
	for (int i = 0; i < 3; i++)
		fds[i] = connect_ipv4(PORT);
	fds[3] = accept_one(listener);
	fds[4] = accept_one(listener);
	counts = sample(c);
	assert_int_equal(counts.served, 2);
	assert_int_equal(counts.total, 3);
	connections_leave_out_gate(c);
	counts = sample(c);
	assert_int_equal(counts.total, 0);
	assert_int_equal(counts.listeners, 0);
	assert_int_equal(gate_mark_greeted(fds[3]), 0);
	assert_int_equal(connections_visit(c, count_marks, &shown, &counts), 0);
	assert_int_equal(counts.total, 0);
	assert_int_equal(shown.of_gate, 3);
	assert_int_equal(shown.greeted, 1);
	/* Handed over, and taken back. */
	assert_int_equal(gate_mark(fds[4], false), 0);
	counts = sample(c);
	assert_int_equal(counts.served, 1);
	assert_int_equal(counts.total, 1);
	assert_int_equal(gate_mark(fds[4], true), 0);
	counts = sample(c);
	assert_int_equal(counts.total, 0);
	close_all(fds, 5);
	close(listener);
	connections_destroy(c);
}

static void test_one_that_leaves_while_it_waits_still_waits(void **state)
{
	struct connection_counts counts;
	struct connections *c;
	int listener, client;

	enter_network_or_skip();
	assert_int_equal(connections_create(ports, 1, &c), 0);
	listener = listen_on(PORT);
	client = connect_ipv4(PORT);
	shutdown(client, SHUT_WR);
	counts = sample(c);
	assert_int_equal(counts.waiting, 1);
	assert_int_equal(counts.by_state[SOCKDIAG_CLOSE_WAIT], 1);
	close(client);
	close(listener);
	connections_destroy(c);
}

static void test_opening_and_closing(void **state)
{
	struct connection_counts counts;
	struct connections *c;
	int listener, half_open, closed, defer = 60;

	enter_network_or_skip();
	assert_int_equal(connections_create(ports, 1, &c), 0);
	listener = listen_on(PORT);
	closed = connect_ipv6(PORT);
	close(accept_one(listener));
	/* The server's side stays in SYN_RECV until the client speaks. */
	setsockopt(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, &defer, sizeof(defer));
	half_open = connect_ipv4(PORT);
	counts = sample(c);
	assert_int_equal(counts.total, 2);
	assert_int_equal(counts.opening, 1);
	assert_int_equal(counts.by_state[SOCKDIAG_SYN_RECV], 1);
	assert_int_equal(counts.closing, 1);
	close(half_open);
	close(closed);
	close(listener);
	connections_destroy(c);
}

struct seen {
	size_t count, ipv4, known_ports;
	uint16_t client_port;
};

static void see(void *data, const struct sockdiag_socket *connection)
{
	struct seen *seen = data;

	seen->count++;
	seen->ipv4 += connection->peer.family == ADDR_IPV4;
	seen->known_ports += connection->peer_port == seen->client_port && connection->local_port == PORT;
}

static void test_visit(void **state)
{
	struct sockaddr_in own;
	socklen_t size = sizeof(own);
	struct connection_counts counts;
	struct seen seen = { 0 };
	struct connections *c;
	int listener, fds[3];

	enter_network_or_skip();
	assert_int_equal(connections_create(ports, 1, &c), 0);
	listener = listen_on(PORT);
	fds[0] = connect_ipv4(PORT);
	fds[1] = connect_ipv4(PORT);
	fds[2] = connect_ipv6(PORT);
	assert_int_equal(getsockname(fds[0], (struct sockaddr *)&own, &size), 0);
	seen.client_port = ntohs(own.sin_port);
	assert_int_equal(connections_visit(c, see, &seen, &counts), 0);
	assert_int_equal(seen.count, 3);
	assert_int_equal(seen.ipv4, 2);
	assert_int_equal(seen.known_ports, 1);
	assert_int_equal(counts.total, 3);
	close_all(fds, 3);
	close(listener);
	connections_destroy(c);
}

static void take_info(void *data, const struct sockdiag_socket *connection)
{
	*(struct sockdiag_socket *)data = *connection;
}

static void test_visit_closely(void **state)
{
	struct sockdiag_socket seen = { 0 };
	struct connection_counts counts;
	struct connections *c;
	int listener, client, served;
	char heard[4];

	enter_network_or_skip();
	assert_int_equal(connections_create(ports, 1, &c), 0);
	listener = listen_on(PORT);
	client = connect_ipv4(PORT);
	served = accept_one(listener);
	assert_int_equal(send(served, "220 \r\n", 6, 0), 6);
	assert_int_equal(send(client, "QUIT", 4, 0), 4);
	assert_int_equal(recv(served, heard, 4, MSG_WAITALL), 4);
	assert_int_equal(connections_visit(c, take_info, &seen, &counts), 0);
	assert_false(seen.has_info);
	assert_int_equal(connections_visit_closely(c, take_info, &seen, &counts), 0);
	assert_true(seen.has_info);
	assert_int_equal(seen.info.bytes_written, 6);
	assert_int_equal(seen.info.bytes_received, 4);
	assert_int_equal(counts.served, 1);
	close_all((int[]){ client, served, listener }, 3);
	connections_destroy(c);
}

/* More than one datagram holds, and again and again on the same netlink socket. */
static void test_many(void **state)
{
	static int clients[MANY], served[MANY];
	struct connections *c;
	int listener;

	enter_network_or_skip();
	assert_int_equal(connections_create(ports, 1, &c), 0);
	listener = listen_on(PORT);
	for (int i = 0; i < MANY; i++) {
		clients[i] = connect_ipv4(PORT);
		served[i] = accept_one(listener);
	}
	for (int i = 0; i < 20; i++)
		assert_int_equal(sample(c).served, MANY);
	close_all(clients, MANY);
	close_all(served, MANY);
	close(listener);
	connections_destroy(c);
}

static int count_as_nobody(void)
{
	struct connection_counts counts;
	struct connections *c;

	if (setresuid(65534, 65534, 65534) < 0 || connections_create(ports, 1, &c) < 0)
		return -1;
	return connections_sample(c, &counts) < 0 ? -1 : (int)counts.served;
}

static void test_needs_no_privilege(void **state)
{
	int listener, fds[2], status;
	pid_t pid;

	enter_network_or_skip();
	listener = listen_on(PORT);
	fds[0] = connect_ipv4(PORT);
	fds[1] = accept_one(listener);
	pid = fork();
	if (pid == 0)
		_exit(count_as_nobody() == 1 ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close_all(fds, 2);
	close(listener);
}

static void test_bounds(void **state)
{
	uint16_t too_many[SOCKDIAG_PORTS_MOST + 1] = { 25 };
	struct connections *c;

	assert_int_equal(connections_create(ports, 0, &c), -EINVAL);
	assert_int_equal(connections_create(too_many, SOCKDIAG_PORTS_MOST + 1, &c), -EINVAL);
	assert_int_equal(connections_create(too_many, SOCKDIAG_PORTS_MOST, &c), 0);
	connections_destroy(c);
	connections_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_listens),
		cmocka_unit_test(test_served_and_waiting_of_both_families),
		cmocka_unit_test(test_what_the_gate_holds_is_left_out),
		cmocka_unit_test(test_one_that_leaves_while_it_waits_still_waits),
		cmocka_unit_test(test_opening_and_closing),
		cmocka_unit_test(test_visit),
		cmocka_unit_test(test_visit_closely),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_needs_no_privilege),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
