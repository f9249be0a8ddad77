/* SPDX-License-Identifier: Apache-2.0 */
/* The sockets on which clients come in, without a process that accepts them. */
#include "daemon/gate_listen.h"

#include "daemon/warden_gate_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static void test_how_many_workers(void **state)
{
	struct settings settings = { .gate_workers = 5 };

	assert_int_equal(gate_worker_count(&settings), 5);
	settings.gate_workers = 0;
	assert_in_range(gate_worker_count(&settings), 1, GATE_WORKERS_MOST);
}

static void test_all_addresses_are_of_both_families(void **state)
{
	char none[] = "";
	struct settings settings = { .gate_workers = 2, .gate_hook = none, .gate_user = none };
	struct gate_listeners *listeners, *kept;
	struct endpoint all = { .port = free_port() };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(all.port),
				    .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), client;

	settings.gate_listen = (struct endpoint_list){ &all, 1 };
	assert_int_equal(gate_listeners_open(&settings, NULL, &listeners), 0);
	assert_int_equal(listeners->workers, 2);
	client = connect_to(&all);
	assert_true(client >= 0);
	/* A host without IPv6 has no such loopback. */
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&in6, sizeof(in6)) < 0)
		assert_int_equal(errno, EADDRNOTAVAIL);
	/* What waits to be accepted stays when another takes the socket over. */
	settings.gate_workers = 3;
	assert_int_equal(gate_listeners_open(&settings, listeners, &kept), 0);
	gate_listeners_close(listeners);
	assert_true(is_open(&(struct client){ .fd = client }));
	gate_listeners_close(kept);
	assert_false(is_open(&(struct client){ .fd = client }));
	close(client);
	close(fd);
}

/* Clients of any place that the kernel leads there, and nobody else's. */
static void test_a_steered_gate_listens_on_loopback_alone(void **state)
{
	char none[] = "";
	struct settings settings = { .gate_workers = 2, .gate_hook = none, .gate_user = none };
	struct gate_listeners *listeners, *again;
	int on;

	settings.gate_steer_port = free_port();
	for (int i = 0; i < 2; i++) {
		settings.gate_steer = i ? STEERING_ALL : STEERING_SUSPECT;
		if (gate_listeners_open(&settings, NULL, &listeners) == -EPERM)
			skip();
		assert_int_equal(gate_listeners_open(&settings, listeners, &again), 0);
		assert_int_equal(again->count, 2);
		for (size_t e = 0; e < again->count; e++) {
			struct sockaddr_storage local;
			socklen_t size = sizeof(local), on_size = sizeof(on);
			struct addr addr;
			char text[ADDR_TEXT_SIZE];

			assert_int_equal(getsockname(again->endpoints[e].sockets[1], (struct sockaddr *)&local, &size), 0);
			assert_int_equal(addr_from_sockaddr((struct sockaddr *)&local, size, &addr), 0);
			assert_string_equal(addr_format(&addr, text), e ? "::1" : "127.0.0.1");
			assert_int_equal(getsockopt(again->endpoints[e].sockets[1], e ? SOL_IPV6 : SOL_IP,
						    e ? IPV6_TRANSPARENT : IP_TRANSPARENT, &on, &on_size), 0);
			assert_int_equal(on, 1);
		}
		assert_int_equal(gate_listeners_try(&settings, again), 0);
		gate_listeners_close(listeners);
		gate_listeners_close(again);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_how_many_workers),
		cmocka_unit_test(test_all_addresses_are_of_both_families),
		cmocka_unit_test(test_a_steered_gate_listens_on_loopback_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
