/* SPDX-License-Identifier: Apache-2.0 */
/* bare_exec - the least that a super-server can do: bare_exec PORT PROGRAM
 *
 * accept, and the program with the connection on its descriptors 0 and 1; nothing is counted or bounded. What the
 * gate's way to the same program is measured against.
 */
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void must(int r, const char *what)
{
	if (r >= 0)
		return;
	fprintf(stderr, "bare_exec: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void start(char *program, int connection)
{
	char *arguments[] = { program, NULL }, *environment[] = { NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, connection, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, connection, STDOUT_FILENO);
	errno = posix_spawn(&pid, program, &actions, NULL, arguments, environment);
	must(errno ? -1 : 0, program);
	posix_spawn_file_actions_destroy(&actions);
}

int main(int argc, char **argv)
{
	struct sockaddr_in6 place = { .sin6_family = AF_INET6 };
	int listener = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1, off = 0;

	if (argc != 3)
		return 2;
	place.sin6_port = htons((uint16_t)strtoul(argv[1], NULL, 10));
	signal(SIGCHLD, SIG_IGN); /* nobody waits for them */
	must(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), "setsockopt");
	must(setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)), "setsockopt");
	must(bind(listener, (const struct sockaddr *)&place, sizeof(place)), "bind");
	must(listen(listener, SOMAXCONN), "listen");
	for (;;) {
		int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		must(connection, "accept");
		start(argv[2], connection);
		close(connection);
	}
}
