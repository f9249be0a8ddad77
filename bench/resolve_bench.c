/* SPDX-License-Identifier: Apache-2.0 */
/* resolve_bench - questions a second through the resolver, beside c-ares alone: resolve_bench [QUESTIONS]
 *
 * A thread answers on loopback that no name exists, with a SOA, as lists do most of the time. There are
 * always 100 questions in flight, all of different names. Both sides ask in turns, and the medians of
 * ROUNDS are compared; CPU is that of the asking thread. c-ares alone does nothing with an answer: the
 * resolver also reads and keeps it.
 */
#include "base/clock.h"
#include "resolve/resolver.h"

#include <ares.h>
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define IN_FLIGHT 100
#define ROUNDS 5
#define HEADER_SIZE 12
#define TIMEOUT_MS 2000
#define TRIES 3

struct cost {
	double wall_us, cpu_us;
};

static struct sockaddr_in place;
static uint32_t question_count = 100000;
static uint32_t asked, answered, failed;

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "resolve_bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static size_t make_answer(uint8_t *message, size_t size)
{
	static const uint8_t soa[] = { 0xc0, HEADER_SIZE, 0, 6, 0, 1, 0, 0, 1, 44, 0, 22, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1,
				       0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 44 };
	size_t end = HEADER_SIZE;

	while (end < size && message[end])
		end += message[end] + 1U;
	end += 5;
	memcpy(message + 2, (uint8_t[]){ 0x81, 0x83, 0, 1, 0, 0, 0, 1, 0, 0 }, 10);
	memcpy(message + end, soa, sizeof(soa));
	return end + sizeof(soa);
}

static void *answer_all(void *data)
{
	int fd = *(int *)data;
	uint8_t message[1500];

	for (;;) {
		struct sockaddr_in from;
		socklen_t from_size = sizeof(from);
		ssize_t n = recvfrom(fd, message, 1000, 0, (struct sockaddr *)&from, &from_size);

		if (n < HEADER_SIZE)
			continue;
		sendto(fd, message, make_answer(message, (size_t)n), 0, (struct sockaddr *)&from, from_size);
	}
	return NULL;
}

static void start_server(void)
{
	static int fd;
	socklen_t size = sizeof(place);
	pthread_t thread;

	place = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	must(fd >= 0 && bind(fd, (struct sockaddr *)&place, size) == 0, "bind");
	getsockname(fd, (struct sockaddr *)&place, &size);
	must(pthread_create(&thread, NULL, answer_all, &fd) == 0, "pthread_create");
}

static double cpu_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static void next_name(char name[64])
{
	uint32_t n = asked++ * 2654435761U;

	snprintf(name, 64, "%u.%u.%u.%u.bl.example", n & 255, n >> 8 & 255, n >> 16 & 255, n >> 24);
}

/* Through the resolver. */
static struct loop *loop;
static struct resolver *resolver;

static void resolver_heard(void *data, const struct dns_answer *answer);

static void resolver_ask_next(void)
{
	struct resolver_question *question;
	char name[64];

	while (asked < question_count && asked - answered < IN_FLIGHT) {
		next_name(name);
		must(resolver_ask(resolver, name, DNS_A, resolver_heard, NULL, &question) == 0, "resolver_ask");
	}
}

static void resolver_heard(void *data, const struct dns_answer *answer)
{
	answered++;
	failed += answer->outcome != DNS_NO_NAME;
	resolver_ask_next();
	if (answered == question_count)
		loop_stop(loop);
}

static void make_resolver(void)
{
	struct resolver_limits limits = {
		.servers = { { addr_from_ipv4(&place.sin_addr), ntohs(place.sin_port) } },
		.server_count = 1,
		.questions = 1000,
		.cache = question_count,
		.timeout_ms = TIMEOUT_MS,
		.tries = TRIES,
		.longest_ttl_s = 3600,
		.failure_ttl_s = 30,
	};

	must(loop_create(&loop) == 0, "loop_create");
	must(resolver_create(loop, &limits, &resolver) == 0, "resolver_create");
}

static void ask_through_resolver(void)
{
	resolver_ask_next();
	must(loop_run(loop) == 0, "loop_run");
}

/* c-ares alone, on the least of a loop. */
static ares_channel channel;
static int epoll_fd;

static void socket_state(void *data, ares_socket_t fd, int readable, int writable)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	epoll_ctl(epoll_fd, readable ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, fd, &event);
}

static void ares_ask_next(void);

static void ares_heard(void *data, int status, int timeouts, unsigned char *message, int size)
{
	answered++;
	failed += status != ARES_ENOTFOUND;
	ares_ask_next();
}

static void ares_ask_next(void)
{
	char name[64];

	while (asked < question_count && asked - answered < IN_FLIGHT) {
		next_name(name);
		ares_query(channel, name, 1, DNS_A, ares_heard, NULL);
	}
}

static void make_channel(void)
{
	struct ares_options options = { .flags = ARES_FLAG_NOCHECKRESP | ARES_FLAG_EDNS, .timeout = TIMEOUT_MS,
					.tries = TRIES, .ednspsz = 1232, .sock_state_cb = socket_state };
	struct ares_addr_port_node server = { .family = AF_INET, .addr.addr4 = place.sin_addr,
					      .udp_port = ntohs(place.sin_port), .tcp_port = ntohs(place.sin_port) };

	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	must(epoll_fd >= 0, "epoll_create1");
	must(ares_init_options(&channel, &options, ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
			       ARES_OPT_EDNSPSZ | ARES_OPT_SOCK_STATE_CB) == ARES_SUCCESS &&
	     ares_set_servers_ports(channel, &server) == ARES_SUCCESS, "ares_init_options");
}

static void ask_through_ares(void)
{
	struct epoll_event events[16];

	ares_ask_next();
	while (answered < question_count) {
		int n = epoll_wait(epoll_fd, events, 16, 100);

		for (int i = 0; i < n; i++)
			ares_process_fd(channel, events[i].data.fd, ARES_SOCKET_BAD);
		if (n == 0)
			ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	}
}

static struct cost measured(void (*ask)(void))
{
	double cpu = cpu_us();
	uint64_t begun = clock_us();

	asked = answered = 0;
	ask();
	return (struct cost){ (double)(clock_us() - begun) / question_count, (cpu_us() - cpu) / question_count };
}

static struct cost cost_of_resolver(void)
{
	make_resolver();
	return measured(ask_through_resolver);
}

static struct cost cost_of_ares(void)
{
	struct cost cost;

	make_channel();
	cost = measured(ask_through_ares);
	ares_destroy(channel);
	close(epoll_fd);
	return cost;
}

/* All that was asked, again, of a full cache. */
static double cost_of_known(void)
{
	double cpu = cpu_us();
	struct dns_answer answer;
	uint32_t known = 0;
	char name[64];

	for (asked = 0; asked < question_count;) {
		next_name(name);
		known += resolver_known(resolver, name, DNS_A, &answer);
	}
	must(known == question_count, "not all answers were kept");
	return (cpu_us() - cpu) / question_count;
}

static int by_size(const void *a, const void *b)
{
	double one = *(const double *)a, other = *(const double *)b;

	return (one > other) - (one < other);
}

static double median(double *numbers)
{
	qsort(numbers, ROUNDS, sizeof(*numbers), by_size);
	return numbers[ROUNDS / 2];
}

static void report(const char *what, double wall_us, double cpu)
{
	printf("%-28s %8.0f a second  %6.2f us CPU each\n", what, 1e6 / wall_us, cpu);
}

int main(int argc, char **argv)
{
	double wall[2][ROUNDS], cpu[2][ROUNDS], known[ROUNDS], memory = 0;

	if (argc > 1)
		question_count = (uint32_t)strtoul(argv[1], NULL, 10);
	must(question_count > 0, "QUESTIONS");
	must(ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS, "ares_library_init");
	start_server();
	for (int i = 0; i < ROUNDS; i++) {
		struct cost bare = cost_of_ares(), ours = cost_of_resolver();

		known[i] = cost_of_known();
		memory = (double)resolver_memory(resolver) / (double)resolver_cached(resolver);
		resolver_destroy(resolver);
		loop_destroy(loop);
		wall[0][i] = bare.wall_us;
		cpu[0][i] = bare.cpu_us;
		wall[1][i] = ours.wall_us;
		cpu[1][i] = ours.cpu_us;
	}
	must(failed == 0, "some questions failed");
	report("c-ares alone", median(wall[0]), median(cpu[0]));
	report("resolver", median(wall[1]), median(cpu[1]));
	printf("%-28s %8.2f x the rate   %6.2f x the CPU\n", "resolver to c-ares", median(wall[0]) / median(wall[1]),
	       median(cpu[1]) / median(cpu[0]));
	printf("%-28s %8.0f a second, %.1f bytes an answer\n", "known", 1e6 / median(known), memory);
	return 0;
}
