/* SPDX-License-Identifier: Apache-2.0 */
#include "held.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHARE (HELD_CONNECTIONS / HELD_PROCESSES)

_Noreturn void held_die(const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(errno));
	exit(errno == EPERM ? 3 : 1);
}

static void enter_network(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd;

	if (unshare(CLONE_NEWNET) < 0)
		held_die("a network namespace of its own");
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo) < 0)
		held_die("loopback");
	close(fd);
}

static int listen_on(uint16_t port)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&any, sizeof(any)) < 0 || listen(fd, 1024) < 0)
		held_die("listen");
	return fd;
}

/* Both ends of its share of the connections, until the bench ends. */
static _Noreturn void hold(int listener, uint16_t port, held_fn *make, uint32_t first, int ready)
{
	struct rlimit files = { SHARE * 2 + 64, SHARE * 2 + 64 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (setrlimit(RLIMIT_NOFILE, &files) < 0)
		held_die("descriptors");
	for (uint32_t i = 0; i < SHARE; i++)
		make(listener, port, first + i);
	if (write(ready, "", 1) != 1)
		held_die("ready");
	for (;;)
		pause();
}

void held_begin(uint16_t port, held_fn *make, pid_t ret_holders[HELD_PROCESSES])
{
	int listener, ready[2];
	char byte;

	enter_network();
	listener = listen_on(port);
	if (pipe(ready) < 0)
		held_die("pipe");
	for (uint32_t i = 0; i < HELD_PROCESSES; i++) {
		ret_holders[i] = fork();
		if (ret_holders[i] < 0)
			held_die("fork");
		if (ret_holders[i] == 0)
			hold(listener, port, make, i * SHARE, ready[1]);
	}
	close(ready[1]);
	for (int i = 0; i < HELD_PROCESSES; i++) {
		if (read(ready[0], &byte, 1) != 1)
			held_die("a holder");
	}
	close(ready[0]);
}

void held_end(const pid_t holders[HELD_PROCESSES])
{
	for (int i = 0; i < HELD_PROCESSES; i++) {
		kill(holders[i], SIGKILL);
		waitpid(holders[i], NULL, 0);
	}
}
