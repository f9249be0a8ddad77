/* SPDX-License-Identifier: Apache-2.0 */
/* porter_test - a porter in a process of its own, and clients on loopback. */
#ifndef WAVEBREAK_DAEMON_PORTER_TEST_H
#define WAVEBREAK_DAEMON_PORTER_TEST_H

#include "base/counter.h"
#include "daemon/porter_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define PATIENCE_MS 10000
/* So long nothing comes, then nothing will. */
#define SILENCE_MS 100
#define GATES 2
#define NOBODY 65534
#define BIT(capability) (1ULL << (capability))

struct scene {
	struct porter_rules rules;
	pid_t porter;
	int gates[GATES]; /* our ends */
	int warden;
	int leak; /* a descriptor that the porter inherits and knows nothing of; 0: none */
};

struct client {
	int outside, inside; /* its own end; what is handed over, non-blocking like a gate's */
	struct porter_request request;
};

static inline void skip_unless(bool possible, const char *why)
{
	if (possible)
		return;
	print_message("skipped: %s\n", why);
	skip();
}

/* As the warden leaves it: nothing is open but what is its own. */
static inline void keep_only(const struct scene *s, const int *theirs, int warden)
{
	for (int fd = 3; fd < 256; fd++) {
		bool kept = fd == warden || fd == s->leak;

		for (int i = 0; i < GATES; i++)
			kept |= fd == theirs[i];
		if (!kept)
			close(fd);
	}
}

static inline void start_porter(struct scene *s)
{
	int theirs[GATES], pair[2];
	pid_t self = getpid();

	for (int i = 0; i < GATES; i++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
		s->gates[i] = pair[0];
		theirs[i] = pair[1];
	}
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
	s->warden = pair[0];
	s->porter = fork();
	assert_true(s->porter >= 0);
	if (s->porter == 0) {
		struct porter_start start = { .gates = theirs, .gate_count = GATES, .warden = pair[1], .warden_pid = self };

		keep_only(s, theirs, pair[1]);
		_exit(porter_serve(&start, &s->rules));
	}
	for (int i = 0; i < GATES; i++)
		close(theirs[i]);
	close(pair[1]);
}

static inline int end_porter(struct scene *s)
{
	int status = -1;

	if (s->porter) {
		kill(s->porter, SIGTERM);
		assert_int_equal(waitpid(s->porter, &status, 0), s->porter);
		for (int i = 0; i < GATES; i++)
			close(s->gates[i]);
		close(s->warden);
	}
	porter_rules_free(&s->rules);
	*s = (struct scene){ 0 };
	return status;
}

static inline void become_ready(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
}

static inline bool is_silent(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, SILENCE_MS) == 0;
}

static inline void connect_client(struct client *c, const char *from, const char *to)
{
	bool six = strchr(from, ':');
	struct sockaddr_storage client = { 0 }, local = { 0 };
	socklen_t size = six ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in), named;
	int listener = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	client.ss_family = local.ss_family = six ? AF_INET6 : AF_INET;
	if (six) {
		assert_int_equal(addr_parse(bytes_of(from), &c->request.client), 0);
		memcpy(&((struct sockaddr_in6 *)&client)->sin6_addr, c->request.client.octets, 16);
		((struct sockaddr_in6 *)&local)->sin6_addr = in6addr_loopback;
	} else {
		assert_int_equal(addr_parse(bytes_of(from), &c->request.client), 0);
		memcpy(&((struct sockaddr_in *)&client)->sin_addr, c->request.client.octets, 4);
		((struct sockaddr_in *)&local)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	}
	assert_int_equal(addr_parse(bytes_of(to), &c->request.local), 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&local, size), 0);
	assert_int_equal(listen(listener, 8), 0);
	named = size;
	assert_int_equal(getsockname(listener, (struct sockaddr *)&local, &named), 0);
	c->outside = socket(client.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(c->outside, (struct sockaddr *)&client, size), 0);
	assert_int_equal(connect(c->outside, (struct sockaddr *)&local, size), 0);
	named = size;
	c->inside = accept4(listener, (struct sockaddr *)&client, &named, SOCK_CLOEXEC | SOCK_NONBLOCK);
	assert_true(c->inside >= 0);
	close(listener);
	c->request.client_port = ntohs(((struct sockaddr_in *)&client)->sin_port);
	c->request.local_port = ntohs(((struct sockaddr_in *)&local)->sin_port);
	c->request.ticket = 1;
	c->request.zone = PORTER_NOT_LISTED;
}

static inline struct client client_from(const char *from)
{
	struct client c = { 0 };

	connect_client(&c, from, strchr(from, ':') ? "::1" : "127.0.0.1");
	return c;
}

static inline void leave(struct client *c)
{
	close(c->outside);
	close(c->inside);
}

static inline void hear(struct scene *s, int gate, uint32_t ticket, int error, int *ret_fd)
{
	struct porter_answer answer;
	int fd;

	become_ready(s->gates[gate], POLLIN);
	assert_int_equal(porter_hear(s->gates[gate], &answer, &fd), 1);
	assert_int_equal(answer.error, error);
	assert_int_equal(answer.ticket, ticket);
	if (ret_fd)
		*ret_fd = fd;
	else
		assert_int_equal(fd, -1);
}

/* Asks and hears the answer, which is the next one. */
static inline void expect_answer(struct scene *s, const struct porter_request *request, int fd, int error)
{
	assert_int_equal(porter_ask(s->gates[0], request, fd), 0);
	hear(s, 0, request->ticket, error, NULL);
}

/* Until the end, or until there is as much as `most`. Returns a text with a NUL. */
static inline char *read_all(int fd, char *text, size_t most)
{
	size_t used = 0;
	ssize_t size;

	do {
		become_ready(fd, POLLIN);
		size = read(fd, text + used, most - 1 - used);
		assert_true(size >= 0);
		used += (size_t)size;
	} while (size > 0 && used < most - 1);
	text[used] = '\0';
	return text;
}

static inline size_t descriptors_of(pid_t pid)
{
	char path[64];
	size_t count = 0;
	DIR *folder;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	folder = opendir(path);
	assert_non_null(folder);
	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

/* The words after "name:" in /proc/PID/status, or in a copy of it. */
static inline char *status_line(const char *status, const char *name, char words[128])
{
	char start[32];
	const char *at;

	snprintf(start, sizeof(start), "\n%s:", name);
	at = strstr(status, start);
	assert_non_null(at);
	at += strlen(start);
	at += strspn(at, " \t");
	snprintf(words, 128, "%.*s", (int)strcspn(at, "\n"), at);
	while (words[0] && strchr(" \t", words[strlen(words) - 1]))
		words[strlen(words) - 1] = '\0';
	return words;
}

static inline char *status_of_porter(const struct scene *s, const char *name, char words[128])
{
	char path[64], status[8192];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/status", s->porter);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	read_all(fd, status, sizeof(status));
	close(fd);
	return status_line(status, name, words);
}

#endif
