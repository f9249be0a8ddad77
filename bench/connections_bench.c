/* SPDX-License-Identifier: Apache-2.0 */
/* connections_bench - what a sample of the open connections costs: build/bench/connections_bench
 *
 * 10,000 real connections on the loopback interface of a network namespace of its own, held by
 * processes of its own; half of them IPv4. Beside it, in turn and in the same run, the peers:
 * /proc/net/tcp and tcp6 read and counted, which is how a monitoring script does it, and
 * `ss -tn` with a filter, where it is installed. "port unused" is the price of 10,000
 * connections (20,000 sockets) that are not ours. Needs root; exits with 3 without.
 */
#include "base/clock.h"
#include "sense/connections.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define PORT 2525
#define UNUSED_PORT 2526
#define CONNECTIONS 10000
#define HOLDERS 4
#define ROUNDS 41

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "connections_bench: %s: %s\n", what, strerror(errno));
	exit(errno == EPERM ? 3 : 1);
}

static void enter_network(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd;

	if (unshare(CLONE_NEWNET) < 0)
		die("a network namespace of its own");
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo) < 0)
		die("loopback");
	close(fd);
}

static int listen_on(uint16_t port)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&any, sizeof(any)) < 0 || listen(fd, 1024) < 0)
		die("listen");
	return fd;
}

static void connect_to(bool ipv6)
{
	struct sockaddr_in to4 = {
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct sockaddr_in6 to6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(PORT),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};
	int fd = socket(ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0), r;

	if (ipv6)
		r = connect(fd, (const struct sockaddr *)&to6, sizeof(to6));
	else
		r = connect(fd, (const struct sockaddr *)&to4, sizeof(to4));
	if (r < 0)
		die("connect");
}

/* Both ends of its share of the connections, until the bench ends. */
static _Noreturn void hold(int listener, int ready)
{
	struct rlimit files = { CONNECTIONS / HOLDERS * 2 + 64, CONNECTIONS / HOLDERS * 2 + 64 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (setrlimit(RLIMIT_NOFILE, &files) < 0)
		die("descriptors");
	for (int i = 0; i < CONNECTIONS / HOLDERS; i++) {
		connect_to(i % 2);
		if (accept(listener, NULL, NULL) < 0)
			die("accept");
	}
	if (write(ready, "", 1) != 1)
		die("ready");
	for (;;)
		pause();
}

static void start_holders(int listener, pid_t holders[HOLDERS])
{
	int ready[2];
	char byte;

	if (pipe(ready) < 0)
		die("pipe");
	for (int i = 0; i < HOLDERS; i++) {
		holders[i] = fork();
		if (holders[i] < 0)
			die("fork");
		if (holders[i] == 0)
			hold(listener, ready[1]);
	}
	close(ready[1]);
	for (int i = 0; i < HOLDERS; i++) {
		if (read(ready[0], &byte, 1) != 1)
			die("a holder");
	}
	close(ready[0]);
}

static struct connections *counter_of(uint16_t port)
{
	struct connections *c;
	int r = connections_create(&port, 1, &c);

	if (r < 0) {
		errno = -r;
		die("sock_diag");
	}
	return c;
}

static unsigned count_by_sock_diag(struct connections *c)
{
	struct connection_counts counts;
	int r = connections_sample(c, &counts);

	if (r < 0) {
		errno = -r;
		die("sample");
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
		die(path);
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
		die("ss");
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
		{ "wavebreak, sock_diag", count_by_sock_diag, PORT, CONNECTIONS },
		{ "wavebreak, port unused", count_by_sock_diag, UNUSED_PORT, 0 },
		{ "/proc/net/tcp + tcp6", count_by_proc, PORT, CONNECTIONS },
		{ "ss -tn", count_by_ss, PORT, CONNECTIONS },
	};
	const size_t way_count = sizeof(ways) / sizeof(ways[0]);
	bool right[sizeof(ways) / sizeof(ways[0])];
	pid_t holders[HOLDERS];
	double first = 0;

	enter_network();
	start_holders(listen_on(PORT), holders);
	for (size_t i = 0; i < way_count; i++) {
		ways[i].connections = counter_of(ways[i].port);
		right[i] = measure(&ways[i], 0); /* warm up */
	}
	for (int round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < way_count; i++)
			right[i] = right[i] && measure(&ways[i], round);
	}
	printf("%d connections               median ms   CPU ms   to the first\n", CONNECTIONS);
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
	for (int i = 0; i < HOLDERS; i++) {
		kill(holders[i], SIGKILL);
		waitpid(holders[i], NULL, 0);
	}
	return right[0] && right[1] ? 0 : 1;
}
