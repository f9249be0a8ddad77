/* SPDX-License-Identifier: Apache-2.0 */
/* follow_bench - what following a log costs, how soon a line is seen, what rotation loses.
 *
 *   build/bench/follow_bench [sustained|latency|rotation]...     all three without arguments
 *
 * Best on a quiet machine with two cores: the writer takes one. Root makes it measure the
 * daemon's case as well, a worker that may watch only the log's directory.
 */
#include "base/clock.h"
#include "event/loop.h"
#include "sense/follow.h"
#include "test/follow/rotating_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NOBODY 65534

#define SUSTAINED_LINES 1000000u
#define SUSTAINED_PER_MS 100u

#define LATENCY_LINES 1000u
#define LATENCY_GAP_US 2000
#define LATENCY_ROUNDS 3

#define ROTATION_LINES 20000u
#define ROTATION_QUIET_MS 3000u

static char dir[] = "/tmp/follow_bench.XXXXXX";

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "follow_bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static uint64_t cpu_us(void)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	return (uint64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000 +
	       (uint64_t)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

/* Its own log in its own directory each time. Returns the log's descriptor for writing. */
static int new_log(char path[PATH_MAX])
{
	static unsigned number;
	char folder[64];
	int fd;

	snprintf(folder, sizeof(folder), "%s/%u", dir, number++);
	must(mkdir(folder, 0755) == 0, folder);
	snprintf(path, PATH_MAX, "%s/mail.log", folder);
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	must(fd >= 0, path);
	return fd;
}

static pid_t start_process(void)
{
	pid_t child = fork();

	must(child >= 0, "fork");
	if (child == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return child;
}

static void end_process(pid_t child)
{
	int status;

	must(waitpid(child, &status, 0) == child && status == 0, "the writer failed");
}

/* What stands in the line is all the reader needs: "NUMBER NANOSECONDS text". */
static void write_line(int fd, unsigned number)
{
	char line[160];
	int size = snprintf(line, sizeof(line),
			    "%u %llu mail courieresmtpd: error,relay=::ffff:192.0.2.7,port=4711,"
			    "from=<a@b.example>,to=<c@d.example>: 511 listed\n",
			    number, (unsigned long long)now_ns());

	if (write(fd, line, (size_t)size) != size)
		_exit(1);
}

struct reader {
	struct loop *loop;
	unsigned wanted, count, out_of_order;
	uint64_t *latencies_ns; /* or NULL */
	bool as_nobody;
};

static void see_line(struct reader *reader, const char *text)
{
	uint64_t seen_ns = now_ns();
	char *end;

	if (strtoul(text, &end, 10) != reader->count)
		reader->out_of_order++;
	if (reader->latencies_ns && reader->count < reader->wanted)
		reader->latencies_ns[reader->count] = seen_ns - strtoull(end, NULL, 10);
	reader->count++;
}

static int open_log(void *data, const char *path)
{
	struct reader *reader = data;
	int fd;

	if (reader->as_nobody)
		must(seteuid(0) == 0, "seteuid");
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	fd = fd < 0 ? -errno : fd;
	if (reader->as_nobody)
		must(seteuid(NOBODY) == 0, "seteuid");
	return fd;
}

static void take_line(void *data, const char *path, struct bytes text, bool cut)
{
	see_line(data, text.data);
}

static void end_batch(void *data)
{
	struct reader *reader = data;

	if (reader->count >= reader->wanted)
		loop_stop(reader->loop);
}

static void take_trouble(void *data, const char *path, int error)
{
	fprintf(stderr, "%s: %s\n", path, strerror(error));
}

static const struct follow_calls calls = { open_log, take_line, end_batch, take_trouble };

static void give_up(void *data)
{
	loop_stop(((struct reader *)data)->loop);
}

/* Follows until all lines are there or `most_ms` are over. */
static void follow_lines(struct reader *reader, const char *path, uint64_t most_ms)
{
	struct loop_timer *timer;
	struct follow *follow;

	if (reader->as_nobody)
		must(seteuid(NOBODY) == 0, "seteuid");
	must(loop_create(&reader->loop) == 0, "loop");
	must(loop_timer_create(reader->loop, give_up, reader, &timer) == 0, "timer");
	must(follow_create(reader->loop, &calls, reader, &follow) == 0, "follow");
	must(follow_add(follow, path, NULL, FOLLOW_FROM_BEGINNING) == 0, path);
	must(loop_timer_arm(timer, clock_ms() + most_ms) == 0, "timer");
	must(loop_run(reader->loop) == 0, "loop");
	follow_destroy(follow);
	loop_timer_destroy(timer);
	loop_destroy(reader->loop);
	if (reader->as_nobody)
		must(seteuid(0) == 0, "seteuid");
}

/* The least a program can do that waits for lines: the floor. */
static void bare_loop(struct reader *reader, const char *path)
{
	char events[4096], bytes[65536];
	int log = open(path, O_RDONLY | O_CLOEXEC), inotify = inotify_init1(IN_CLOEXEC);
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = { .events = EPOLLIN };
	ssize_t size;

	must(log >= 0 && inotify >= 0 && epoll >= 0, path);
	must(inotify_add_watch(inotify, path, IN_MODIFY) >= 0, path);
	must(epoll_ctl(epoll, EPOLL_CTL_ADD, inotify, &event) == 0, "epoll");
	while (reader->count < reader->wanted) {
		must(epoll_wait(epoll, &event, 1, 10000) == 1, "no line came");
		must(read(inotify, events, sizeof(events)) > 0, "inotify");
		while ((size = read(log, bytes, sizeof(bytes) - 1)) > 0) {
			bytes[size] = '\0';
			for (char *at = bytes, *end; (end = strchr(at, '\n')); at = end + 1)
				see_line(reader, at);
		}
	}
	close(epoll);
	close(inotify);
	close(log);
}

static void write_sustained(int fd)
{
	struct timespec next;

	clock_gettime(CLOCK_MONOTONIC, &next);
	for (unsigned number = 0; number < SUSTAINED_LINES;) {
		for (unsigned i = 0; i < SUSTAINED_PER_MS; i++)
			write_line(fd, number++);
		next.tv_nsec += 1000000;
		if (next.tv_nsec >= 1000000000) {
			next.tv_nsec -= 1000000000;
			next.tv_sec++;
		}
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
	_exit(0);
}

static void sustained(bool as_nobody)
{
	struct reader reader = { .wanted = SUSTAINED_LINES, .as_nobody = as_nobody };
	uint64_t wall_us, used_us;
	char path[PATH_MAX];
	int fd = new_log(path);
	pid_t writer = start_process();

	if (writer == 0)
		write_sustained(fd);
	wall_us = clock_us();
	used_us = cpu_us();
	follow_lines(&reader, path, 60000);
	wall_us = clock_us() - wall_us;
	used_us = cpu_us() - used_us;
	end_process(writer);
	printf("sustained, %-22s %9.0f lines/s  %5.2f %% of a core  %u lost  %u out of order\n",
	       as_nobody ? "directory watched" : "file watched", reader.count * 1e6 / (double)wall_us,
	       (double)used_us * 100 / (double)wall_us, SUSTAINED_LINES - reader.count,
	       reader.out_of_order);
	close(fd);
	unlink(path);
}

static void write_singly(int fd)
{
	usleep(100000);
	for (unsigned number = 0; number < LATENCY_LINES; number++) {
		usleep(LATENCY_GAP_US);
		write_line(fd, number);
	}
	_exit(0);
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

enum way { WAY_BARE, WAY_FILE, WAY_DIRECTORY };

static void measure_latency(enum way way, uint64_t *latencies_ns)
{
	struct reader reader = {
		.wanted = LATENCY_LINES,
		.latencies_ns = latencies_ns,
		.as_nobody = way == WAY_DIRECTORY,
	};
	char path[PATH_MAX];
	int fd = new_log(path);
	pid_t writer = start_process();

	if (writer == 0)
		write_singly(fd);
	if (way == WAY_BARE)
		bare_loop(&reader, path);
	else
		follow_lines(&reader, path, 60000);
	end_process(writer);
	must(reader.count == LATENCY_LINES, "lines were lost");
	close(fd);
}

/* In turn, so that what else the machine does meets all of them. */
static void latency(void)
{
	static const char *const names[] = { "bare inotify and read", "follow, file watched",
					     "follow, directory watched" };
	static uint64_t ns[3][LATENCY_ROUNDS * LATENCY_LINES];
	size_t ways = geteuid() == 0 ? 3 : 2, count = LATENCY_ROUNDS * LATENCY_LINES;

	for (size_t round = 0; round < LATENCY_ROUNDS; round++) {
		for (enum way way = 0; way < ways; way++)
			measure_latency(way, ns[way] + round * LATENCY_LINES);
	}
	for (enum way way = 0; way < ways; way++) {
		qsort(ns[way], count, sizeof(ns[way][0]), by_size);
		printf("append to callback, %-26s median %7.1f us  99 %% %7.1f us  worst %8.1f us\n",
		       names[way], (double)ns[way][count / 2] / 1e3,
		       (double)ns[way][count * 99 / 100] / 1e3, (double)ns[way][count - 1] / 1e3);
	}
}

struct tally {
	struct loop *loop;
	struct loop_timer *timer;
	uint64_t last_ms;
	bool written;
	pid_t writer;
	unsigned char seen[ROTATION_LINES];
};

static int open_for_tally(void *data, const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static void tally_line(void *data, const char *path, struct bytes text, bool cut)
{
	struct tally *tally = data;
	unsigned number;

	tally->last_ms = clock_ms();
	if (rotating_writer_number(text.data, text.size, &number) == 0 && number < ROTATION_LINES &&
	    tally->seen[number] < UCHAR_MAX)
		tally->seen[number]++;
}

static void tally_batch(void *data)
{
}

static const struct follow_calls tally_calls = { open_for_tally, tally_line, tally_batch, take_trouble };

static void tally_tick(void *data)
{
	struct tally *tally = data;

	if (!tally->written)
		tally->written = waitpid(tally->writer, NULL, WNOHANG) > 0;
	if (tally->written && clock_ms() - tally->last_ms > ROTATION_QUIET_MS)
		loop_stop(tally->loop);
	else
		loop_timer_arm(tally->timer, clock_ms() + 100);
}

static void rotation(enum rotation kind, const char *name)
{
	struct rotating_writer writer = {
		.rotation = kind, .lines = ROTATION_LINES, .lines_per_second = 2000, .rotations = 5,
		.apart = true,
	};
	struct tally *tally = calloc(1, sizeof(*tally));
	unsigned lost = 0, doubled = 0;
	struct follow *follow;
	char path[PATH_MAX];

	must(tally != NULL, "memory");
	close(new_log(path));
	must(loop_create(&tally->loop) == 0, "loop");
	must(loop_timer_create(tally->loop, tally_tick, tally, &tally->timer) == 0, "timer");
	must(follow_create(tally->loop, &tally_calls, tally, &follow) == 0, "follow");
	must(follow_add(follow, path, NULL, FOLLOW_FROM_BEGINNING) == 0, path);
	*strrchr(path, '/') = '\0';
	writer.dir = path;
	tally->writer = rotating_writer_start(&writer);
	must(tally->writer > 0, "fork");
	loop_timer_arm(tally->timer, clock_ms() + 100);
	must(loop_run(tally->loop) == 0, "loop");
	for (unsigned i = 0; i < ROTATION_LINES; i++) {
		lost += tally->seen[i] == 0;
		doubled += tally->seen[i] > 1;
	}
	printf("five rotations, %-26s %u lines  %u lost  %u doubled\n", name, ROTATION_LINES, lost, doubled);
	follow_destroy(follow);
	loop_timer_destroy(tally->timer);
	loop_destroy(tally->loop);
	free(tally);
}

static bool wants(int argc, char **argv, const char *what)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], what) == 0)
			return true;
	}
	return argc == 1;
}

int main(int argc, char **argv)
{
	char command[64];

	must(mkdtemp(dir) != NULL && chmod(dir, 0755) == 0, dir);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (wants(argc, argv, "sustained")) {
		sustained(false);
		if (geteuid() == 0)
			sustained(true);
	}
	if (wants(argc, argv, "latency"))
		latency();
	if (wants(argc, argv, "rotation")) {
		rotation(ROTATION_RENAME, "rename and create");
		rotation(ROTATION_COPYTRUNCATE, "copytruncate");
		rotation(ROTATION_COMPRESS, "rename, create, compress");
	}
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command) == 0 ? 0 : 1;
}
