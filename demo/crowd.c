/* SPDX-License-Identifier: Apache-2.0 */
#include "crowd.h"

#include "dialogue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ADDRESSES 65536
#define IPV6_ONE_IN 7
#define HONEST_AGAIN_ONE_IN 3
#define HONEST_AGAIN_AFTER 5 /* senders; leads to one that is there for the first time */
#define RETURN_ONE_IN 4
#define RETURN_AFTER_SECONDS 5.0
#define PATIENCE_CHECK_SECONDS 0.5

/* Arrivals are due on a clock, not on an event. At 20 a second this is a tenth of their
 * distance, and a process that wakes 200 times a second costs nothing worth measuring. */
#define TICK_MS 5

/* Neither the first nor the mute ones come in a row: 37 and 100 have no common factor, so
 * every hundred zombies hold the same number of them. */
#define SPREAD 37

struct client {
	int fd; /* -1: free */
	enum step step;
	enum manner manner;
	struct reply_reader reader;
	struct visit visit;
};

/* All wait equally long, so a ring in order of arrival is a queue in order of time. */
struct returns {
	struct { double due; uint32_t number; } *waiting;
	size_t first, count, size;
};

struct crowd {
	const struct crowd_plan *plan;
	crowd_report *report;
	void *owner;
	int epoll_fd;
	struct timespec began;
	double now;
	double patience_checked;
	size_t zombies, honest; /* have come */
	size_t open, honest_open;
	struct client *clients;
	uint32_t *free_clients; /* the last plan->open_at_most - open are in use */
	struct returns returns;
	struct crowd_losses losses;
};

const struct crowd_plan crowd_plan_default = {
	.seconds = 40,
	.drain_seconds = 10,
	.zombies_per_second = 20,
	.mute_in_100 = 3,
	.honest_every_seconds = 2,
	.honest_patience_seconds = 120,
	.open_at_most = 8192,
	.zombie_domain = "spam.test",
	.honest_domain = "ham.test",
	.recipient = "ham@example.test",
};

static void look_at_clock(struct crowd *crowd)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	crowd->now = (double)(now.tv_sec - crowd->began.tv_sec) +
		     (double)(now.tv_nsec - crowd->began.tv_nsec) / 1e9;
}

static void report(struct crowd *crowd, struct client *client, enum visit_phase phase)
{
	client->visit.phase = (uint8_t)phase;
	crowd->report(&client->visit, crowd->owner);
}

static void plan_return(struct crowd *crowd, const struct visit *visit)
{
	struct returns *returns = &crowd->returns;

	if (visit->visitor != VISITOR_ZOMBIE || visit->again || visit->number % RETURN_ONE_IN)
		return;
	if (returns->count == returns->size) {
		crowd->losses.not_returned++;
		return;
	}
	returns->waiting[(returns->first + returns->count) % returns->size].due =
		crowd->now + RETURN_AFTER_SECONDS;
	returns->waiting[(returns->first + returns->count++) % returns->size].number =
		visit->number;
}

static void end_visit(struct crowd *crowd, struct client *client, enum visit_end end)
{
	close(client->fd);
	client->fd = -1;
	client->visit.end = (uint8_t)end;
	client->visit.ended = crowd->now;
	report(crowd, client, VISIT_ENDED);
	if (end == END_CLOSED || end == END_RESET || end == END_UNANSWERED ||
	    end == END_TURNED_AWAY)
		plan_return(crowd, &client->visit);
	if (client->visit.visitor == VISITOR_HONEST)
		crowd->honest_open--;
	crowd->free_clients[--crowd->open] = (uint32_t)(client - crowd->clients);
}

/* A sender that has been here before is one that a guard may know. */
static uint32_t home_of(enum visitor visitor, uint32_t number)
{
	if (visitor == VISITOR_HONEST && number >= HONEST_AGAIN_AFTER &&
	    number % HONEST_AGAIN_ONE_IN == HONEST_AGAIN_ONE_IN - 1)
		number -= HONEST_AGAIN_AFTER;
	return number;
}

/* Neighbours in time are not neighbours in the address space: a server that counts per
 * network (Courier's MAXPERC) has to see a crowd and not one network. */
static struct in6_addr source_address(const struct crowd_plan *plan, enum visitor visitor, uint32_t number, bool ipv6)
{
	uint8_t low_digit = visitor == VISITOR_HONEST ? 7 : plan->unlisted ? 5 : 6;
	uint8_t net = 0x60 + low_digit;
	uint8_t high = (uint8_t)(number >> 8), low = (uint8_t)number;

	if (ipv6)
		return (struct in6_addr){ .s6_addr = { 0x20, 0x01, 0x0d, 0xb8, 0, net, low, high,
						       [15] = 1 } };
	net = 60 + low_digit;
	return (struct in6_addr){ .s6_addr = { [10] = 0xff, 0xff, 10, net, low, high } };
}

/* Binds and connects without blocking. Returns the descriptor or -errno; that a connection
 * is turned away at once counts as begun, epoll tells of it. */
static int call_server(const struct crowd_plan *plan, const struct in6_addr *source,
		       uint16_t *ret_port)
{
	bool ipv4 = IN6_IS_ADDR_V4MAPPED(source);
	struct sockaddr_in from4 = { .sin_family = AF_INET };
	struct sockaddr_in6 from6 = { .sin6_family = AF_INET6, .sin6_addr = *source };
	const struct sockaddr *from = ipv4 ? (const void *)&from4 : (const void *)&from6;
	const struct sockaddr *to = ipv4 ? (const void *)&plan->server4
					 : (const void *)&plan->server6;
	socklen_t size = ipv4 ? sizeof(from4) : sizeof(from6);
	struct sockaddr_storage name = { 0 };
	socklen_t name_size = sizeof(name);
	int fd = socket(from->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	memcpy(&from4.sin_addr, &source->s6_addr[12], sizeof(from4.sin_addr));
	if (bind(fd, from, size) < 0 || getsockname(fd, (struct sockaddr *)&name, &name_size) < 0) {
		int error = errno;

		close(fd);
		return -error;
	}
	*ret_port = ntohs(ipv4 ? ((struct sockaddr_in *)&name)->sin_port :
				 ((struct sockaddr_in6 *)&name)->sin6_port);
	(void)connect(fd, to, size);
	return fd;
}

static enum manner manner_of(const struct crowd_plan *plan, enum visitor visitor, uint32_t number)
{
	if (visitor == VISITOR_HONEST)
		return MANNER_HONEST;
	return number * SPREAD % 100 < plan->mute_in_100 ? MANNER_MUTE : MANNER_ZOMBIE;
}

static int begin_visit(struct crowd *crowd, enum visitor visitor, uint32_t number, bool again)
{
	const struct crowd_plan *plan = crowd->plan;
	uint32_t home = home_of(visitor, number);
	bool ipv6 = plan->server6.sin6_family && home % IPV6_ONE_IN == IPV6_ONE_IN - 1;
	struct in6_addr source = source_address(plan, visitor, home % ADDRESSES, ipv6);
	struct epoll_event interest = { .events = EPOLLIN | EPOLLRDHUP };
	uint16_t port = 0;
	struct client *client;
	int fd;

	if (crowd->open == plan->open_at_most) {
		crowd->losses.held_back++;
		return 0;
	}
	look_at_clock(crowd);
	fd = call_server(plan, &source, &port);
	if (fd < 0)
		return fd;
	client = &crowd->clients[crowd->free_clients[crowd->open++]];
	*client = (struct client){
		.fd = fd,
		.step = STEP_GREETING,
		.manner = manner_of(plan, visitor, number),
		.visit = { .number = number, .visitor = (uint8_t)visitor,
			   .again = again || home != number,
			   .source = source, .source_port = port, .begun = crowd->now,
			   .greeted = NEVER, .asked = NEVER, .refused = NEVER, .delivered = NEVER,
			   .ended = NEVER },
	};
	client->visit.mute = client->manner == MANNER_MUTE;
	crowd->honest_open += visitor == VISITOR_HONEST;
	interest.data.u32 = (uint32_t)(client - crowd->clients);
	if (epoll_ctl(crowd->epoll_fd, EPOLL_CTL_ADD, fd, &interest) < 0)
		return -errno;
	report(crowd, client, VISIT_BEGUN);
	return 0;
}

/* Commands are shorter than any send buffer, and each waits for the reply to the one
 * before: a send that is not complete means that the connection has gone. */
static void say(struct crowd *crowd, struct client *client)
{
	bool honest = client->manner == MANNER_HONEST;
	const struct dialogue_words words = {
		.sender = honest ? crowd->plan->honest_domain : crowd->plan->zombie_domain,
		.recipient = crowd->plan->recipient,
		.number = client->visit.number,
		.wall_s = time(NULL),
	};
	char text[DIALOGUE_TEXT_SIZE];
	size_t length = dialogue_text(client->step, &words, text);

	if (client->step == STEP_RCPT)
		client->visit.asked = crowd->now;
	if (length && send(client->fd, text, length, MSG_NOSIGNAL) != (ssize_t)length)
		end_visit(crowd, client, END_RESET);
}

/* What a reply means for the record, before it means the next command. */
static void note_reply(struct crowd *crowd, struct client *client, uint16_t code)
{
	struct visit *visit = &client->visit;

	visit->reply_code = code;
	if (client->step == STEP_GREETING && code / 100 == 2) {
		visit->greeted = crowd->now;
		report(crowd, client, VISIT_GREETED);
	} else if (client->step == STEP_TEXT && code / 100 == 2) {
		visit->delivered = crowd->now;
		report(crowd, client, VISIT_DELIVERED);
	} else if (code / 100 == 5 && visit->refused == NEVER) {
		visit->refused = crowd->now;
		report(crowd, client, VISIT_REFUSED);
	}
}

static void hear(struct crowd *crowd, struct client *client, const char *data, size_t size)
{
	while (size && client->fd >= 0) {
		enum step before = client->step;
		uint16_t code;
		size_t used;
		bool complete = reply_read(&client->reader, data, size, &used, &code);

		data += used;
		size -= used;
		if (!complete)
			return;
		note_reply(crowd, client, code);
		client->step = dialogue_next(client->manner, before, code);
		if (client->step == STEP_LEAVE)
			end_visit(crowd, client, before == STEP_QUIT ? END_DONE : END_REJECTED);
		else
			say(crowd, client);
	}
}

static enum visit_end end_of_error(int error)
{
	switch (error) {
	case ECONNREFUSED:
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EACCES:
		return END_TURNED_AWAY;
	case ETIMEDOUT:
		return END_UNANSWERED;
	default:
		return END_RESET;
	}
}

static void listen_to(struct crowd *crowd, struct client *client)
{
	char data[4096];
	ssize_t length = recv(client->fd, data, sizeof(data), 0);

	if (length > 0)
		hear(crowd, client, data, (size_t)length);
	else if (length == 0)
		end_visit(crowd, client, END_CLOSED);
	else if (errno != EAGAIN && errno != EINTR)
		end_visit(crowd, client, end_of_error(errno));
}

static double zombies_due(const struct crowd *crowd)
{
	const struct crowd_plan *plan = crowd->plan;
	double at = crowd->now < plan->seconds ? crowd->now : plan->seconds;
	double due = plan->wave ? plan->seconds * wave_arrived(plan->wave, at / plan->seconds) : at;

	due *= plan->zombies_per_second;
	if (plan->zombies_at_most && due > (double)plan->zombies_at_most)
		return (double)plan->zombies_at_most;
	return due;
}

/* The first comes at the beginning: a run of any length has one. */
static double honest_due(const struct crowd *crowd)
{
	double every = crowd->plan->honest_every_seconds;

	if (!(every > 0))
		return 0;
	return crowd->now < crowd->plan->seconds ? crowd->now / every + 1 : (double)crowd->honest;
}

static int begin_returns(struct crowd *crowd)
{
	struct returns *returns = &crowd->returns;

	while (returns->count && returns->waiting[returns->first].due <= crowd->now) {
		uint32_t number = returns->waiting[returns->first].number;
		int r;

		returns->first = (returns->first + 1) % returns->size;
		returns->count--;
		r = begin_visit(crowd, VISITOR_ZOMBIE, number, true);
		if (r < 0)
			return r;
	}
	return 0;
}

static int begin_due(struct crowd *crowd)
{
	int r = 0;

	for (double due = zombies_due(crowd); r == 0 && (double)crowd->zombies + 1 <= due;)
		r = begin_visit(crowd, VISITOR_ZOMBIE, (uint32_t)crowd->zombies++, false);
	while (r == 0 && (double)crowd->honest + 1 <= honest_due(crowd))
		r = begin_visit(crowd, VISITOR_HONEST, (uint32_t)crowd->honest++, false);
	return r < 0 ? r : begin_returns(crowd);
}

static void end_patience(struct crowd *crowd)
{
	double patience = crowd->plan->honest_patience_seconds;

	if (crowd->now < crowd->patience_checked + PATIENCE_CHECK_SECONDS)
		return;
	crowd->patience_checked = crowd->now;
	for (size_t i = 0; i < crowd->plan->open_at_most && crowd->honest_open; i++) {
		struct client *client = &crowd->clients[i];

		if (client->fd >= 0 && client->manner == MANNER_HONEST &&
		    crowd->now - client->visit.begun > patience)
			end_visit(crowd, client, END_GAVE_UP);
	}
}

static bool is_over(const struct crowd *crowd)
{
	double over_for = crowd->now - crowd->plan->seconds;

	return over_for >= crowd->plan->drain_seconds ||
	       (over_for >= 0 && crowd->honest_open == 0 && crowd->plan->honest_every_seconds > 0);
}

static int live(struct crowd *crowd, const volatile sig_atomic_t *stop)
{
	struct epoll_event events[256];

	while (!*stop && !is_over(crowd)) {
		int count, r = begin_due(crowd);

		if (r < 0)
			return r;
		end_patience(crowd);
		count = epoll_wait(crowd->epoll_fd, events, sizeof(events) / sizeof(events[0]),
				   TICK_MS);
		if (count < 0 && errno != EINTR)
			return -errno;
		look_at_clock(crowd);
		for (int i = 0; i < count; i++)
			listen_to(crowd, &crowd->clients[events[i].data.u32]);
	}
	return 0;
}

static int raise_descriptor_limit(size_t wanted)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	if (limit.rlim_max < wanted)
		return -EMFILE;
	if (limit.rlim_cur >= wanted)
		return 0;
	limit.rlim_cur = limit.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &limit) < 0 ? -errno : 0;
}

static int prepare(struct crowd *crowd)
{
	size_t size = crowd->plan->open_at_most;
	int r = raise_descriptor_limit(size + 64);

	if (r < 0)
		return r;
	crowd->clients = calloc(size, sizeof(*crowd->clients));
	crowd->free_clients = calloc(size, sizeof(*crowd->free_clients));
	crowd->returns.waiting = calloc(size, sizeof(*crowd->returns.waiting));
	crowd->returns.size = size;
	if (!crowd->clients || !crowd->free_clients || !crowd->returns.waiting)
		return -ENOMEM;
	for (size_t i = 0; i < size; i++) {
		crowd->clients[i].fd = -1;
		crowd->free_clients[i] = (uint32_t)i;
	}
	crowd->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	return crowd->epoll_fd < 0 ? -errno : 0;
}

static void go_home(struct crowd *crowd)
{
	for (size_t i = 0; crowd->clients && i < crowd->plan->open_at_most; i++) {
		if (crowd->clients[i].fd >= 0)
			end_visit(crowd, &crowd->clients[i], END_STOPPED);
	}
	if (crowd->epoll_fd >= 0)
		close(crowd->epoll_fd);
	free(crowd->clients);
	free(crowd->free_clients);
	free(crowd->returns.waiting);
}

int crowd_run(const struct crowd_plan *plan, crowd_report *report_to, void *owner,
	      const volatile sig_atomic_t *stop, struct crowd_losses *ret_losses)
{
	struct crowd crowd = { .plan = plan, .report = report_to, .owner = owner, .epoll_fd = -1 };
	int r;

	if (!(plan->seconds > 0) || plan->open_at_most == 0)
		return -EINVAL;
	r = prepare(&crowd);
	clock_gettime(CLOCK_MONOTONIC, &crowd.began);
	if (r == 0)
		r = live(&crowd, stop);
	go_home(&crowd);
	*ret_losses = crowd.losses;
	return r;
}
