/* SPDX-License-Identifier: Apache-2.0 */
/* connections_bench - what a sample of the open connections costs: build/bench/connections_bench
 *
 * 10,000 real connections on the loopback interface of a network namespace of its own, held by
 * processes of its own; half of them IPv4. Beside it, in turn and in the same run, the peers:
 * /proc/net/tcp and tcp6 read and counted, which is how a monitoring script does it, and
 * `ss -tn` with a filter, where it is installed. "port unused" is the price of 10,000
 * connections (20,000 sockets) that are not ours. Needs root; exits with 3 without.
 */
#include "held.h"

#include "base/clock.h"
#include "sense/connections.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define PORT 2525
#define UNUSED_PORT 2526
#define ROUNDS 41

/* Every other one is IPv6. */
static void hold_one(int listener, uint16_t port, uint32_t number)
{
	bool ipv6 = number % 2;
	struct sockaddr_in to4 = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct sockaddr_in6 to6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};
	int fd = socket(ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0), r;

	if (ipv6)
		r = connect(fd, (const struct sockaddr *)&to6, sizeof(to6));
	else
		r = connect(fd, (const struct sockaddr *)&to4, sizeof(to4));
	if (r < 0)
		held_die("connect");
	if (accept(listener, NULL, NULL) < 0)
		held_die("accept");
}

static struct connections *counter_of(uint16_t port)
{
	struct connections *c;
	int r = connections_create(&port, 1, &c);

	if (r < 0) {
		errno = -r;
		held_die("sock_diag");
	}
	return c;
}

static unsigned count_by_sock_diag(struct connections *c)
{
	struct connection_counts counts;
	int r = connections_sample(c, &counts);

	if (r < 0) {
		errno = -r;
		held_die("sample");
	}
	return counts.total;
}

/* Lines whose local port is ours and whose state is not LISTEN. */
static unsigned count_in_file(const char *path)
{
	char line[256], local[80];
	unsigned port, state, count = 0;
	FILE *file = fopen(path, "re");

	if (!file)
		held_die(path);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, " %*u: %79[0-9A-F]:%x %*[0-9A-F]:%*x %x", local, &port, &state) == 3)
			count += port == PORT && state != SOCKDIAG_LISTEN;
	}
	fclose(file);
	return count;
}

static unsigned count_by_proc(struct connections *unused)
{
	return count_in_file("/proc/self/net/tcp") + count_in_file("/proc/self/net/tcp6");
}

static unsigned count_by_ss(struct connections *unused)
{
	char line[256];
	unsigned count = 0;
	FILE *ss = popen("ss -Htn sport = :2525 2>/dev/null", "re");

	if (!ss)
		held_die("ss");
	while (fgets(line, sizeof(line), ss))
		count++;
	pclose(ss);
	return count;
}

struct way {
	const char *name;
	unsigned (*count)(struct connections *c);
	uint16_t port;
	unsigned expected;
	struct connections *connections;
	double ms[ROUNDS], cpu_ms[ROUNDS];
};

static double cpu_ms_of(int whom)
{
	struct rusage used;

	getrusage(whom, &used);
	return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e3 +
	       (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e3;
}

static double cpu_ms(void)
{
	return cpu_ms_of(RUSAGE_SELF) + cpu_ms_of(RUSAGE_CHILDREN);
}

/* A way that cannot count right is not compared. */
static bool measure(struct way *way, int round)
{
	double cpu = cpu_ms();
	uint64_t begun = clock_us();
	unsigned count = way->count(way->connections);

	way->ms[round] = (double)(clock_us() - begun) / 1e3;
	way->cpu_ms[round] = cpu_ms() - cpu;
	return count == way->expected;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double figures[ROUNDS])
{
	qsort(figures, ROUNDS, sizeof(*figures), compare);
	return figures[ROUNDS / 2];
}

int main(void)
{
	static struct way ways[] = {
		{ "wavebreak, sock_diag", count_by_sock_diag, PORT, HELD_CONNECTIONS },
		{ "wavebreak, port unused", count_by_sock_diag, UNUSED_PORT, 0 },
		{ "/proc/net/tcp + tcp6", count_by_proc, PORT, HELD_CONNECTIONS },
		{ "ss -tn", count_by_ss, PORT, HELD_CONNECTIONS },
	};
	const size_t way_count = sizeof(ways) / sizeof(ways[0]);
	bool right[sizeof(ways) / sizeof(ways[0])];
	pid_t holders[HELD_PROCESSES];
	double first = 0;

	held_begin(PORT, hold_one, holders);
	for (size_t i = 0; i < way_count; i++) {
		ways[i].connections = counter_of(ways[i].port);
		right[i] = measure(&ways[i], 0); /* warm up */
	}
	for (int round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < way_count; i++)
			right[i] = right[i] && measure(&ways[i], round);
	}
	printf("%d connections               median ms   CPU ms   to the first\n", HELD_CONNECTIONS);
	for (size_t i = 0; i < way_count; i++) {
		double ms = median(ways[i].ms);

		if (i == 0)
			first = ms;
		if (right[i])
			printf("%-30s %9.2f %8.2f %12.2f x\n", ways[i].name, ms, median(ways[i].cpu_ms), ms / first);
		else
			printf("%-30s did not count right, or is not installed\n", ways[i].name);
		connections_destroy(ways[i].connections);
	}
	held_end(holders);
	return right[0] && right[1] ? 0 : 1;
}
