/* SPDX-License-Identifier: Apache-2.0 */
/* bare_smtp - the least that an SMTP server in one process can do, as a measure for the gate:
 *
 *	bare_smtp PORT GREETING EHLO MAIL RCPT QUIT
 *
 * accept, epoll, read, write, close: each command is answered by its first letter with the bytes that were
 * given for it, whole replies with their CRLF. Nothing is checked, counted, timed or remembered, and a
 * command that comes in pieces is not understood. What is no such command is not answered (the
 * PROXY header).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS_A_ROUND 64
#define ACCEPTS_A_ROUND 64
#define BACKLOG 65535

enum { GREETING, EHLO, MAIL, RCPT, QUIT, REPLIES };

static const char *replies[REPLIES];
static size_t sizes[REPLIES];
static int epoll_fd;

static void must(int r, const char *what)
{
	if (r >= 0)
		return;
	fprintf(stderr, "bare_smtp: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int listen_on(uint16_t port)
{
	struct sockaddr_in6 place = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1, off = 0;

	must(fd, "socket");
	must(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), "setsockopt");
	must(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)), "setsockopt");
	must(bind(fd, (const struct sockaddr *)&place, sizeof(place)), "bind");
	must(listen(fd, BACKLOG), "listen");
	return fd;
}

static void watch(int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	must(epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

static void say(int fd, int reply)
{
	send(fd, replies[reply], sizes[reply], MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void take_clients(int listener)
{
	for (int i = 0; i < ACCEPTS_A_ROUND; i++) {
		struct sockaddr_in6 peer;
		socklen_t size = sizeof(peer);
		int fd = accept4(listener, (struct sockaddr *)&peer, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0)
			return;
		say(fd, GREETING);
		watch(fd);
	}
}

static void serve(int fd)
{
	char command[2048];
	ssize_t n = recv(fd, command, sizeof(command), MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return;
	switch (n > 0 ? command[0] : '\0') {
	case 'E':
		say(fd, EHLO);
		return;
	case 'M':
		say(fd, MAIL);
		return;
	case 'R':
		say(fd, RCPT);
		return;
	case 'P':
		return;
	case 'Q':
		say(fd, QUIT);
		break;
	default:
		break;
	}
	close(fd);
}

int main(int argc, char **argv)
{
	struct epoll_event events[EVENTS_A_ROUND];
	struct rlimit limit;
	int listener;

	if (argc != 2 + REPLIES)
		return 2;
	for (int i = 0; i < REPLIES; i++) {
		replies[i] = argv[2 + i];
		sizes[i] = strlen(replies[i]);
	}
	must(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
	limit.rlim_cur = limit.rlim_max;
	must(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
	listener = listen_on((uint16_t)strtoul(argv[1], NULL, 10));
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	must(epoll_fd, "epoll_create1");
	watch(listener);
	for (;;) {
		int n = epoll_wait(epoll_fd, events, EVENTS_A_ROUND, -1);

		for (int i = 0; i < n; i++) {
			if (events[i].data.fd == listener)
				take_clients(listener);
			else
				serve(events[i].data.fd);
		}
	}
}
