/* SPDX-License-Identifier: Apache-2.0 */
/* test_foreign - clients on another host, for rules that loopback's traffic does not meet.
 *
 * Two network namespaces and a pair of veth between them: this thread is in that of the server (10.0.0.1 and
 * fd00::1), and the clients' addresses are in the other, where test_foreign_socket makes its sockets. The pair
 * needs no ARP, so that a packet is there, and answered, when the call that sent it returns, as on loopback.
 */
#ifndef WAVEBREAK_ACT_TEST_FOREIGN_H
#define WAVEBREAK_ACT_TEST_FOREIGN_H

#include "act/test_network.h"

#include <stdio.h>
#include <stdlib.h>

struct test_foreign {
	int server, clients; /* namespaces */
};

static inline int test_foreign_here(void)
{
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static inline void test_foreign_go(int place)
{
	assert_int_equal(setns(place, CLONE_NEWNET), 0);
}

static inline void test_foreign_run(const char *command)
{
	assert_int_equal(system(command), 0);
}

/* `clients` in the form "10.1.0.2/8 fd00:0:0:1::2/16". */
static inline struct test_foreign test_foreign_begin(const char *clients)
{
	struct test_foreign world;
	char command[1024];

	world.server = test_foreign_here();
	assert_int_equal(test_network_enter(), 0);
	world.clients = test_foreign_here();
	test_foreign_go(world.server);
	/* ip(8) names a namespace by a process or a file; a descriptor of ours is one. */
	snprintf(command, sizeof(command),
		 "ip link add wire type veth peer name wire netns /proc/%d/fd/%d &&"
		 "for ns in %d %d; do nsenter --net=/proc/%d/fd/$ns"
		 " ip link set wire address 02:00:00:00:00:01 arp off up || exit; done;"
		 "ip addr add 10.0.0.1/8 dev wire && ip addr add fd00::1/16 dev wire nodad;"
		 "for a in %s; do case $a in *:*) n=nodad;; *) n=;; esac;"
		 "nsenter --net=/proc/%d/fd/%d ip addr add $a dev wire $n || exit; done",
		 getpid(), world.clients, world.server, world.clients, getpid(), clients, getpid(), world.clients);
	test_foreign_run(command);
	return world;
}

static inline void test_foreign_end(const struct test_foreign *world)
{
	close(world->server);
	close(world->clients);
}

static inline int test_foreign_socket(const struct test_foreign *world, int family)
{
	int fd;

	test_foreign_go(world->clients);
	fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	test_foreign_go(world->server);
	assert_true(fd >= 0);
	return fd;
}

#endif
