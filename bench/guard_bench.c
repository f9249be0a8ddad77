/* SPDX-License-Identifier: Apache-2.0 */
/* guard_bench - the figures of the whole daemon: guard_bench WAVEBREAK [PART …]
 *
 *   latency   a line is appended → its client is in the kernel's set, beside a bare loop
 *             (inotify → netlink, no daemon) and the same as two processes, which is the least
 *             that separate privileges cost, one by one in turn in the same run
 *   burst     10,000 new offenders written at once → all in the kernel
 *   memory    PSS of both processes, idle and with 1,000,000 bans
 *   restore   start → 10,000 and 1,000,000 bans of before are in the kernel again
 *   sustained 100,000 lines a second, three of ten refusals: what of a core both processes take,
 *             and whether all were read
 *   rotation  20,000 offenders at 2,000 lines a second over five rotations of each kind: how
 *             many are not banned afterwards
 *   evict     the client has acknowledged its 5xx → its connection is gone
 *
 * Needs root. The times of the kernel's set are seen through a netlink socket of our own.
 */
#include "bare_loop.h"
#include "rig.h"
#include "test/follow/rotating_writer.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_US 30000000
#define LATENCY_ROUNDS 1000
#define LATENCY_PAUSE_US 3000
#define BURST 10000
#define MANY 1000000
#define EVICT_ROUNDS 200
#define SUSTAINED_SECONDS 10
#define SUSTAINED_PER_MS 100
#define SUSTAINED_OFFENDERS 3000
#define ROTATED 20000
#define ROTATED_PER_SECOND 2000
#define ROTATIONS 5

static const char *binary;

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

struct summary {
	double median, p99, most;
};

static struct summary summarize(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), by_value);
	return (struct summary){ values[count / 2], values[count * 99 / 100], values[count - 1] };
}

/* Asks again at once where microseconds count; with a pause where asking would take the time of
 * what is measured. */
static void wait_banned(const struct rig *rig, const char *table, const struct addr *unit, unsigned pause_us)
{
	uint64_t deadline = clock_us() + PATIENCE_US;

	while (!rig_banned(rig, table, unit)) {
		if (clock_us() > deadline)
			rig_die("waited in vain for a ban in table %s", table);
		if (pause_us)
			usleep(pause_us);
	}
}

static double time_one_line(const struct rig *rig, const char *table, uint32_t n)
{
	struct addr unit = rig_unit(n);
	char line[RIG_LINE_SIZE];
	size_t size = rig_refusal(line, &unit, 4711);
	uint64_t begun = clock_us();

	rig_append(rig, line, size);
	wait_banned(rig, table, &unit, 0);
	return (double)(clock_us() - begun) / 1000;
}

/* We ask the kernel without a pause. On two processors that is one of them taken, where the kernel
 * would let a woken process wait for its tick; a program of SCHED_IDLE gives way at once. */
static void yield_to_all(void)
{
	const struct sched_param none = { 0 };

	if (sched_setscheduler(0, SCHED_IDLE, &none) < 0)
		rig_die("cannot give way to what is measured: %s", strerror(errno));
}

static void take_turns_again(void)
{
	const struct sched_param none = { 0 };

	if (sched_setscheduler(0, SCHED_OTHER, &none) < 0)
		rig_die("cannot go back to the usual scheduling: %s", strerror(errno));
}

/* Each has a log of its own, so that none wakes another. */
struct contestant {
	const char *name, *table;
	struct rig rig;
	struct bare_loop loop;
	double ms[LATENCY_ROUNDS];
};

static void start_bare(struct contestant *c, const struct rig *rig, enum bare_loop_kind kind)
{
	c->rig = *rig;
	snprintf(c->rig.log_path, sizeof(c->rig.log_path), "%s/%s.log", rig->folder, c->table);
	c->rig.log_fd = open(c->rig.log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	if (c->rig.log_fd < 0)
		rig_die("%s: %s", c->rig.log_path, strerror(errno));
	bare_loop_start(&c->loop, kind, c->table, c->rig.log_path, MANY);
}

static void print_latency(struct contestant contestants[3])
{
	struct summary of[3];

	printf("latency  line appended -> ban in the kernel, ms\n");
	for (size_t i = 0; i < 3; i++) {
		of[i] = summarize(contestants[i].ms, LATENCY_ROUNDS);
		printf("           %-32s %.3f median  %.3f p99", contestants[i].name, of[i].median, of[i].p99);
		for (size_t other = 0; other < i; other++)
			printf("  %.2f / %.2f x %s", of[i].median / of[other].median, of[i].p99 / of[other].p99,
			       contestants[other].table);
		printf("\n");
	}
}

static void measure_latency(void)
{
	static struct contestant contestants[3] = {
		{ .name = "bare loop", .table = "alone" },
		{ .name = "bare loop in two processes", .table = "apart" },
		{ .name = "wavebreak", .table = "wavebreak" },
	};
	struct rig *rig = &contestants[2].rig;

	rig_open(rig, "");
	rig_start(rig, binary);
	rig_wait_ready(rig);
	start_bare(&contestants[0], rig, BARE_LOOP_ALONE);
	start_bare(&contestants[1], rig, BARE_LOOP_APART);
	yield_to_all();
	for (uint32_t n = 0; n < LATENCY_ROUNDS; n++) {
		for (size_t i = 0; i < 3; i++) {
			usleep(LATENCY_PAUSE_US);
			contestants[i].ms[n] = time_one_line(&contestants[i].rig, contestants[i].table, n);
		}
	}
	take_turns_again();
	for (size_t i = 0; i < 2; i++) {
		bare_loop_stop(&contestants[i].loop);
		close(contestants[i].rig.log_fd);
	}
	print_latency(contestants);
	rig_close(rig);
}

/* Lines for units from … up to, in one write each 1 MiB. */
static void append_many(const struct rig *rig, uint32_t from, uint32_t up_to)
{
	size_t room = 1 << 20, used = 0;
	char *block = malloc(room + RIG_LINE_SIZE);

	if (!block)
		rig_die("not enough memory");
	for (uint32_t n = from; n < up_to; n++) {
		struct addr unit = rig_unit(n);

		used += rig_refusal(block + used, &unit, 4711);
		if (used >= room) {
			rig_append(rig, block, used);
			used = 0;
		}
	}
	rig_append(rig, block, used);
	free(block);
}

/* What found the queue to the warden full is sent again with all others a little later. */
static void check_all(const struct rig *rig, uint32_t count)
{
	uint64_t deadline = clock_us() + PATIENCE_US;
	size_t found;

	while ((found = rig_count_banned(rig, count)) != count) {
		if (clock_us() > deadline)
			rig_die("only %zu of %u bans are in the kernel", found, count);
		usleep(100000);
	}
}

static void measure_burst(void)
{
	struct addr last = rig_unit(BURST - 1);
	uint64_t begun;
	double wall, cpu;
	struct rig rig;

	rig_open(&rig, "");
	rig_start(&rig, binary);
	rig_wait_ready(&rig);
	sleep(1);
	cpu = rig_cpu_seconds(&rig);
	begun = clock_us();
	append_many(&rig, 0, BURST);
	wait_banned(&rig, "wavebreak", &last, 500);
	wall = (double)(clock_us() - begun) / 1e6;
	check_all(&rig, BURST);
	sleep(1);
	cpu = rig_cpu_seconds(&rig) - cpu;
	printf("burst    %d new offenders -> all in the kernel       %.3f s  %.2f CPU s\n", BURST, wall, cpu);
	rig_close(&rig);
}

/* Restored bans go to the kernel in no order that we rely on: done when all of a sample are
 * there; all are counted afterwards. */
static double time_restore(struct rig *rig, uint32_t count)
{
	uint64_t begun = clock_us(), end;

	rig_start(rig, binary);
	for (uint32_t i = 0; i < 1000; i++) {
		struct addr unit = rig_unit((uint32_t)((uint64_t)i * (count - 1) / 999));

		wait_banned(rig, "wavebreak", &unit, 2000);
	}
	end = clock_us();
	check_all(rig, count);
	rig_wait_ready(rig);
	return (double)(end - begun) / 1e6;
}

static void fill(struct rig *rig, uint32_t from, uint32_t up_to)
{
	struct addr last = rig_unit(up_to - 1);
	uint64_t deadline = clock_us() + 120000000;

	append_many(rig, from, up_to);
	while (!rig_banned(rig, "wavebreak", &last)) {
		if (clock_us() > deadline)
			rig_die("the log was not read in 120 s");
		usleep(20000);
	}
	check_all(rig, up_to);
	/* The store is written a little later. */
	sleep(5);
}

static void measure_memory_and_restore(bool memory, bool restore)
{
	double idle, full;
	struct rig rig;

	rig_open(&rig, "ban {\n for = 6h\n at_most = 12h\n limit = 1100000\n}\n");
	rig_start(&rig, binary);
	rig_wait_ready(&rig);
	sleep(2);
	idle = rig_pss_bytes(&rig);
	if (memory)
		printf("memory   both processes idle, PSS                    %.2f MB, of which %.2f MB are of no file\n",
		       idle / 1e6, rig_own_bytes(&rig) / 1e6);
	fill(&rig, 0, BURST);
	if (restore) {
		rig_stop(&rig, SIGKILL);
		printf("restore  start -> %7d bans in the kernel           %.3f s\n", BURST, time_restore(&rig, BURST));
	}
	fill(&rig, BURST, MANY);
	full = rig_pss_bytes(&rig);
	if (memory)
		printf("memory   with %d bans, PSS, per ban             %.0f bytes (%.1f MB)\n", MANY, (full - idle) / MANY,
		       full / 1e6);
	if (restore) {
		rig_stop(&rig, SIGKILL);
		printf("restore  start -> %7d bans in the kernel           %.3f s\n", MANY, time_restore(&rig, MANY));
		if (memory)
			printf("memory   the same after that start                   %.0f bytes\n",
			       (rig_pss_bytes(&rig) - idle) / MANY);
	}
	rig_close(&rig);
}

/* What the daemon counted; by its own command, as an administrator would. */
static uint64_t counted(const struct rig *rig, const char *counter)
{
	char command[512], line[256], name[64];
	unsigned long long count, found = 0;
	FILE *out;

	snprintf(command, sizeof(command), "%s status --json -c %s/wavebreak.conf", binary, rig->folder);
	out = popen(command, "r");
	if (!out)
		rig_die("cannot ask the daemon");
	while (fgets(line, sizeof(line), out)) {
		if (sscanf(line, " \"%63[a-z_]\": %llu", name, &count) == 2 && strcmp(name, counter) == 0)
			found = count;
	}
	pclose(out);
	return found;
}

static size_t sustained_line(uint32_t n, char line[RIG_LINE_SIZE])
{
	struct addr unit = rig_unit(n % SUSTAINED_OFFENDERS);

	if (n % 10 < 3)
		return rig_refusal(line, &unit, (uint16_t)(1024 + n % 60000));
	return (size_t)snprintf(line, RIG_LINE_SIZE,
				"Jul 27 15:05:01 mx postfix/smtpd[%u]: disconnect from mail.ham.example[192.0.2.%u] ehlo=1 "
				"mail=1 rcpt=1 data=1 quit=1 commands=5\n",
				n % 9999, n % 250);
}

static void measure_sustained(void)
{
	uint64_t begun, total = SUSTAINED_SECONDS * 1000 * SUSTAINED_PER_MS, deadline, read_lines;
	double cpu, wall;
	struct rig rig;
	uint32_t n = 0;

	rig_open(&rig, "");
	rig_start(&rig, binary);
	rig_wait_ready(&rig);
	sleep(1);
	cpu = rig_cpu_seconds(&rig);
	begun = clock_us();
	for (uint64_t ms = 0; ms < SUSTAINED_SECONDS * 1000; ms++) {
		char lines[SUSTAINED_PER_MS * RIG_LINE_SIZE];
		size_t used = 0;

		while (clock_us() < begun + ms * 1000)
			usleep(200);
		for (int i = 0; i < SUSTAINED_PER_MS; i++)
			used += sustained_line(n++, lines + used);
		rig_append(&rig, lines, used);
	}
	wall = (double)(clock_us() - begun) / 1e6;
	deadline = clock_us() + PATIENCE_US;
	while ((read_lines = counted(&rig, "log_lines")) < total && clock_us() < deadline)
		usleep(20000);
	cpu = rig_cpu_seconds(&rig) - cpu;
	printf("sustained %.0f lines/s for %.1f s: %.1f %% of a core, both processes; %lld of %llu lines not read\n",
	       (double)total / wall, wall, cpu / wall * 100, (long long)(total - read_lines), (unsigned long long)total);
	rig_close(&rig);
}

static size_t offender_line(unsigned number, char line[ROTATING_LINE_SIZE])
{
	struct addr unit = rig_unit(number);

	_Static_assert(ROTATING_LINE_SIZE == RIG_LINE_SIZE, "one is written into the other");
	return rig_refusal(line, &unit, 4711);
}

static void measure_one_rotation(enum rotation rotation, const char *name)
{
	struct rotating_writer writer = { .rotation = rotation, .lines = ROTATED, .lines_per_second = ROTATED_PER_SECOND,
					  .rotations = ROTATIONS, .line = offender_line };
	uint64_t deadline;
	struct rig rig;
	size_t found;
	pid_t child;
	int status;

	rig_open(&rig, "");
	rig_start(&rig, binary);
	rig_wait_ready(&rig);
	writer.dir = rig.folder;
	child = rotating_writer_start(&writer);
	if (waitpid(child, &status, 0) != child || status != 0)
		rig_die("the writer failed");
	deadline = clock_us() + 5000000;
	while ((found = rig_count_banned(&rig, ROTATED)) < ROTATED && clock_us() < deadline)
		usleep(50000);
	printf("rotation  %-26s %d offenders over %d rotations: %zu not banned\n", name, ROTATED, ROTATIONS, ROTATED - found);
	rig_close(&rig);
}

static void measure_rotation(void)
{
	measure_one_rotation(ROTATION_RENAME, "rename, create");
	measure_one_rotation(ROTATION_COPYTRUNCATE, "copytruncate");
	measure_one_rotation(ROTATION_COMPRESS, "rename, create, compress");
}

static int listen_on(uint16_t port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (fd < 0 || bind(fd, (const struct sockaddr *)&in, sizeof(in)) < 0 || listen(fd, 16) < 0)
		rig_die("cannot listen: %s", strerror(errno));
	return fd;
}

static int connect_from(const struct addr *client, uint16_t port, uint16_t *ret_port)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	socklen_t size = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(&in.sin_addr, client->octets, 4);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&in, sizeof(in)) < 0)
		rig_die("cannot bind a client: %s", strerror(errno));
	in.sin_port = htons(port);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(fd, (const struct sockaddr *)&in, sizeof(in)) < 0)
		rig_die("cannot connect: %s", strerror(errno));
	in = (struct sockaddr_in){ 0 };
	getsockname(fd, (struct sockaddr *)&in, &size);
	*ret_port = ntohs(in.sin_port);
	return fd;
}

static void say_and_hear(int speaker, const char *words, int listener)
{
	char heard[128];
	ssize_t size = (ssize_t)strlen(words);

	if (send(speaker, words, (size_t)size, MSG_NOSIGNAL) != size)
		rig_die("the dialogue broke off at: %s", words);
	if (recv(listener, heard, sizeof(heard), 0) != size)
		rig_die("this was not heard: %s", words);
}

/* As Courier does it: greeting, request, the line in the log, 0.1 ms later the reply. The clock
 * runs from the acknowledgement of the reply to the reset. */
static double time_one_eviction(const struct rig *rig, int listener, uint32_t n)
{
	struct addr client = rig_unit(n);
	char line[RIG_LINE_SIZE];
	struct pollfd p = { .events = POLLIN };
	uint64_t begun;
	uint16_t port;
	int served, on = 1, unacknowledged;

	p.fd = connect_from(&client, 25, &port);
	served = accept(listener, NULL, NULL);
	say_and_hear(served, "220 mx ESMTP\r\n", p.fd);
	say_and_hear(p.fd, "RCPT TO:<ham@example.test>\r\n", served);
	rig_append(rig, line, rig_refusal(line, &client, port));
	usleep(100);
	/* Without it the kernel of the client holds its acknowledgement back for 40 ms. */
	setsockopt(p.fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
	say_and_hear(served, "511 Listed\r\n", p.fd);
	while (ioctl(served, SIOCOUTQ, &unacknowledged) == 0 && unacknowledged > 0)
		usleep(50);
	begun = clock_us();
	if (poll(&p, 1, 5000) != 1)
		rig_die("the connection lives on after 5 s");
	close(p.fd);
	close(served);
	return (double)(clock_us() - begun) / 1000;
}

static void measure_eviction(void)
{
	static double ms[EVICT_ROUNDS];
	struct summary s;
	struct rig rig;
	int listener;

	rig_open(&rig, "mail { server = courier }\n");
	if (system("ip route add local 11.0.0.0/8 dev lo") != 0)
		rig_die("cannot route the clients");
	listener = listen_on(25);
	rig_start(&rig, binary);
	rig_wait_ready(&rig);
	for (uint32_t n = 0; n < EVICT_ROUNDS; n++) {
		/* IPv4 only: every eighth unit is IPv6. */
		ms[n] = time_one_eviction(&rig, listener, n * 8);
		usleep(20000);
	}
	s = summarize(ms, EVICT_ROUNDS);
	printf("evict    5xx acknowledged -> connection gone, ms     %.2f median  %.2f p99  %.2f most\n", s.median, s.p99,
	       s.most);
	close(listener);
	rig_close(&rig);
}

static bool wanted(int argc, char **argv, const char *part)
{
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], part) == 0)
			return true;
	}
	return argc <= 2;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: %s WAVEBREAK [latency|burst|sustained|rotation|evict|memory|restore …]\n", argv[0]);
		return 2;
	}
	binary = argv[1];
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (wanted(argc, argv, "latency"))
		measure_latency();
	if (wanted(argc, argv, "burst"))
		measure_burst();
	if (wanted(argc, argv, "sustained"))
		measure_sustained();
	if (wanted(argc, argv, "rotation"))
		measure_rotation();
	if (wanted(argc, argv, "evict"))
		measure_eviction();
	if (wanted(argc, argv, "memory") || wanted(argc, argv, "restore"))
		measure_memory_and_restore(wanted(argc, argv, "memory"), wanted(argc, argv, "restore"));
	return 0;
}
