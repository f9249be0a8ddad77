/* SPDX-License-Identifier: Apache-2.0 */
/* smtp_crowd - many SMTP clients in one process, each from an address of its own:
 *
 *	smtp_crowd [OPTIONS] SERVER PORT
 *
 *	--from ADDR --step N --addresses N   client n comes from ADDR + (n % addresses) * step
 *	--until GOAL      first      it has had a byte (the begin of a greeting, where it has to wait for the rest)
 *	                  greeted    the greeting is complete
 *	                  helloed    EHLO has been answered
 *	                  told       it has its 550
 *	                  left       QUIT has been answered, and the server has closed
 *	--stay            who is there stays, until the server ends it; else it closes
 *	--count N         clients in all; without, as many as the time allows
 *	--at-once N       so many on their way to the goal at most
 *	--per-second N    one after the other at that pace; without, as soon as --at-once allows
 *	--seconds N       after so long it ends
 *	--hold            at the end it says "held=N" and stays until its input is closed
 *	--times           prints the microseconds from connect(2) to the goal, a line for each client
 *
 * Prints at the end: reached=N wrong=N failed=N ended=N open=N seconds=N. `wrong` had another reply than
 * expected, `failed` had none (refused, reset, closed too soon), `ended` was ended by the server while it stayed.
 */
#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENTS_MOST 19900 /* of the descriptors of one process */
#define EVENTS_A_ROUND 64
#define OPENED_A_ROUND 64

/* What is waited for. */
enum stage { GREETING, EHLO, MAIL, RCPT, QUIT, END, STAYS };

enum goal { FIRST, GREETED, HELLOED, TOLD, LEFT, GOALS };
static const char *const goal_names[GOALS] = { "first", "greeted", "helloed", "told", "left" };

/* By stage: what is expected, which goal that is, and what is said then. */
static const struct {
	unsigned code;
	enum goal goal;
	const char *say;
} steps[] = {
	[GREETING] = { 220, GREETED, "EHLO client.test\r\n" },
	[EHLO] = { 250, HELLOED, "MAIL FROM:<zombie@spam.test>\r\n" },
	[MAIL] = { 250, GOALS, "RCPT TO:<ham@example.test>\r\n" },
	[RCPT] = { 550, TOLD, "QUIT\r\n" },
	[QUIT] = { 221, GOALS, NULL },
};

struct client {
	int fd;
	uint32_t next_free;
	uint8_t stage;
	uint8_t column; /* of the line of a reply */
	bool last_line;
	uint16_t code;
	uint64_t begun_us;
};

static struct {
	struct sockaddr_in server;
	uint32_t from, step, addresses;
	enum goal until;
	bool stay, hold, times;
	uint32_t count, at_once, per_second, seconds;
} options = { .step = 1, .addresses = 1, .until = LEFT, .count = UINT32_MAX, .at_once = 64 };

static struct {
	uint32_t opened, on_their_way, reached, wrong, failed, ended, open;
} tally;

static struct client clients[CLIENTS_MOST];
static uint32_t first_free;
static uint32_t *times;
static uint32_t times_room;
static int epoll_fd;

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "smtp_crowd: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void drop(struct client *client)
{
	close(client->fd);
	client->fd = -1;
	client->next_free = first_free;
	first_free = (uint32_t)(client - clients);
	tally.open--;
}

static void lose(struct client *client, uint32_t *why)
{
	(*why)++;
	if (client->stage != STAYS)
		tally.on_their_way--;
	drop(client);
}

static void note_time(const struct client *client)
{
	if (!options.times)
		return;
	if (tally.reached == times_room) {
		times_room = times_room ? times_room * 2 : 1024;
		times = reallocarray(times, times_room, sizeof(*times));
		must(times != NULL, "realloc");
	}
	times[tally.reached] = (uint32_t)(clock_us() - client->begun_us);
}

static void reach(struct client *client)
{
	note_time(client);
	tally.reached++;
	tally.on_their_way--;
	client->stage = STAYS;
	if (!options.stay)
		drop(client);
}

static int open_socket(uint32_t number)
{
	struct sockaddr_in own = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;

	must(fd >= 0, "socket");
	own.sin_addr.s_addr = htonl(options.from + number % options.addresses * options.step);
	/* The port is chosen at connect(2), by both ends. */
	must(setsockopt(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on)) == 0, "setsockopt");
	must(bind(fd, (const struct sockaddr *)&own, sizeof(own)) == 0, "bind");
	return fd;
}

static void open_client(void)
{
	struct client *client = &clients[first_free];
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = client };
	uint64_t begun_us = clock_us();
	int fd = open_socket(tally.opened++);

	first_free = client->next_free;
	*client = (struct client){ .fd = fd, .begun_us = begun_us };
	tally.open++;
	tally.on_their_way++;
	if (connect(fd, (const struct sockaddr *)&options.server, sizeof(options.server)) < 0 && errno != EINPROGRESS) {
		lose(client, &tally.failed);
		return;
	}
	must(epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
}

static bool may_open(uint64_t begun_us)
{
	uint64_t due = UINT64_MAX;

	if (options.per_second)
		due = (clock_us() - begun_us) * options.per_second / 1000000 + 1;
	return tally.opened < options.count && tally.opened < due && tally.on_their_way < options.at_once &&
	       first_free < CLIENTS_MOST;
}

/* Returns whether a whole reply ends with this byte. */
static bool take_byte(struct client *client, char byte)
{
	if (byte == '\n') {
		bool whole = client->last_line && client->column >= 3;

		client->column = 0;
		return whole;
	}
	if (client->column == 0)
		client->code = 0;
	if (client->column < 3)
		client->code = (uint16_t)(client->code * 10 + (byte - '0'));
	if (client->column == 3)
		client->last_line = byte == ' ';
	if (client->column <= 3)
		client->column++;
	return false;
}

static void answer(struct client *client)
{
	if (client->code != steps[client->stage].code) {
		lose(client, &tally.wrong);
		return;
	}
	if (steps[client->stage].goal == options.until) {
		reach(client);
		return;
	}
	if (steps[client->stage].say &&
	    send(client->fd, steps[client->stage].say, strlen(steps[client->stage].say), MSG_NOSIGNAL) < 0) {
		lose(client, &tally.failed);
		return;
	}
	client->stage++;
}

static void hear_end(struct client *client)
{
	if (client->stage == END)
		reach(client);
	else
		lose(client, client->stage == STAYS ? &tally.ended : &tally.failed);
}

static void hear(struct client *client)
{
	char text[4096];
	ssize_t n = recv(client->fd, text, sizeof(text), 0);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		hear_end(client);
		return;
	}
	if (options.until == FIRST && client->stage == GREETING) {
		reach(client);
		return;
	}
	for (ssize_t i = 0; i < n && client->fd >= 0 && client->stage < END; i++) {
		if (take_byte(client, text[i]))
			answer(client);
	}
	/* The end came along, as a rule: a further look saves a further round. */
	if (client->fd >= 0 && client->stage == END && recv(client->fd, text, sizeof(text), 0) == 0)
		hear_end(client);
}

static void listen_to_all(int wait_ms)
{
	struct epoll_event events[EVENTS_A_ROUND];
	int n = epoll_wait(epoll_fd, events, EVENTS_A_ROUND, wait_ms);

	for (int i = 0; i < n; i++) {
		struct client *client = events[i].data.ptr;

		if (client->fd >= 0)
			hear(client);
	}
}

static bool is_over(uint64_t begun_us)
{
	if (options.seconds && clock_us() - begun_us >= options.seconds * UINT64_C(1000000))
		return true;
	return tally.opened >= options.count && tally.on_their_way == 0;
}

static void play(uint64_t begun_us)
{
	while (!is_over(begun_us)) {
		for (int i = 0; i < OPENED_A_ROUND && may_open(begun_us); i++)
			open_client();
		listen_to_all(options.per_second ? 1 : 10);
	}
}

static void hold(void)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };

	printf("held=%u\n", tally.open);
	fflush(stdout);
	while (poll(&input, 1, 0) == 0)
		listen_to_all(20);
}

static enum goal goal_named(const char *name)
{
	enum goal goal = 0;

	while (goal < GOALS && strcmp(goal_names[goal], name) != 0)
		goal++;
	must(goal < GOALS, "--until");
	return goal;
}

static uint32_t number(const char *text)
{
	return (uint32_t)strtoul(text, NULL, 10);
}

static void take_option(int option)
{
	struct in_addr from;

	switch (option) {
	case 'f':
		must(inet_pton(AF_INET, optarg, &from) == 1, "--from");
		options.from = ntohl(from.s_addr);
		break;
	case 's':
		options.step = number(optarg);
		break;
	case 'a':
		options.addresses = number(optarg);
		break;
	case 'u':
		options.until = goal_named(optarg);
		break;
	case 'S':
		options.stay = true;
		break;
	case 'c':
		options.count = number(optarg);
		break;
	case 'o':
		options.at_once = number(optarg);
		break;
	case 'p':
		options.per_second = number(optarg);
		break;
	case 't':
		options.seconds = number(optarg);
		break;
	case 'h':
		options.hold = true;
		break;
	case 'T':
		options.times = true;
		break;
	default:
		exit(2);
	}
}

static void take_options(int argc, char **argv)
{
	static const struct option names[] = {
		{ "from", 1, NULL, 'f' }, { "step", 1, NULL, 's' }, { "addresses", 1, NULL, 'a' },
		{ "until", 1, NULL, 'u' }, { "stay", 0, NULL, 'S' }, { "count", 1, NULL, 'c' },
		{ "at-once", 1, NULL, 'o' }, { "per-second", 1, NULL, 'p' }, { "seconds", 1, NULL, 't' },
		{ "hold", 0, NULL, 'h' }, { "times", 0, NULL, 'T' }, { 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1)
		take_option(option);
	if (argc - optind != 2 || inet_pton(AF_INET, argv[optind], &options.server.sin_addr) != 1 ||
	    options.addresses == 0)
		exit(2);
	options.server.sin_family = AF_INET;
	options.server.sin_port = htons((uint16_t)number(argv[optind + 1]));
}

static void prepare(void)
{
	struct rlimit limit;

	must(getrlimit(RLIMIT_NOFILE, &limit) == 0, "getrlimit");
	limit.rlim_cur = limit.rlim_max;
	must(setrlimit(RLIMIT_NOFILE, &limit) == 0, "setrlimit");
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	must(epoll_fd >= 0, "epoll_create1");
	for (uint32_t i = 0; i < CLIENTS_MOST; i++)
		clients[i] = (struct client){ .fd = -1, .next_free = i + 1 };
}

int main(int argc, char **argv)
{
	uint64_t begun_us;
	double seconds;

	take_options(argc, argv);
	prepare();
	begun_us = clock_us();
	play(begun_us);
	seconds = (double)(clock_us() - begun_us) / 1e6;
	if (options.hold)
		hold();
	printf("reached=%u wrong=%u failed=%u ended=%u open=%u seconds=%.3f\n", tally.reached, tally.wrong,
	       tally.failed, tally.ended, tally.open, seconds);
	for (uint32_t i = 0; options.times && i < tally.reached; i++)
		printf("%u\n", times[i]);
	return 0;
}
