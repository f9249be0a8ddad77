/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#include "act/nft_transaction.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define READY_PATIENCE_S 60

static struct rig *open_rig; /* so that a failure leaves nothing behind */

static void remove_folder(const struct rig *rig)
{
	char command[128];

	if (!rig->folder[0])
		return;
	snprintf(command, sizeof(command), "rm -rf -- '%s'", rig->folder);
	if (system(command) != 0)
		fprintf(stderr, "cannot remove %s\n", rig->folder);
}

void rig_die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	if (open_rig)
		rig_close(open_rig);
	exit(1);
}

static void write_configuration(const struct rig *rig, const char *settings)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/wavebreak.conf", rig->folder);
	file = fopen(path, "w");
	if (!file)
		rig_die("cannot write %s: %s", path, strerror(errno));
	fprintf(file, "watch { file = %s }\n"
		"daemon {\n user = nobody\n group = nogroup\n state = %s/state\n runtime = %s/run\n}\n%s\n",
		rig->log_path, rig->folder, rig->folder, settings);
	fclose(file);
}

void rig_open(struct rig *rig, const char *settings)
{
	*rig = (struct rig){ .log_fd = -1, .netlink = -1 };
	if (geteuid() != 0 || unshare(CLONE_NEWNET) < 0) {
		fprintf(stderr, "needs root and a network namespace of its own\n");
		exit(3);
	}
	if (system("ip link set lo up") != 0)
		rig_die("cannot bring up lo (iproute2)");
	snprintf(rig->folder, sizeof(rig->folder), "/tmp/wavebreak-bench-XXXXXX");
	if (!mkdtemp(rig->folder))
		rig_die("cannot make a temporary folder: %s", strerror(errno));
	open_rig = rig;
	if (chmod(rig->folder, 0755) < 0)
		rig_die("chmod: %s", strerror(errno));
	snprintf(rig->log_path, sizeof(rig->log_path), "%s/mail.log", rig->folder);
	rig->log_fd = open(rig->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	if (rig->log_fd < 0 || nft_socket_open(65536, &rig->netlink) < 0)
		rig_die("cannot set up: %s", strerror(errno));
	write_configuration(rig, settings);
}

void rig_close(struct rig *rig)
{
	open_rig = NULL;
	if (rig->warden)
		rig_stop(rig, SIGTERM);
	close(rig->log_fd);
	close(rig->netlink);
	remove_folder(rig);
}

void rig_start(struct rig *rig, const char *binary)
{
	char conf[128], log[128];
	pid_t self = getpid();
	int fd;

	snprintf(conf, sizeof(conf), "%s/wavebreak.conf", rig->folder);
	snprintf(log, sizeof(log), "%s/daemon.log", rig->folder);
	rig->worker = 0;
	rig->warden = fork();
	if (rig->warden < 0)
		rig_die("fork: %s", strerror(errno));
	if (rig->warden > 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != self)
		_exit(1);
	fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || dup2(fd, STDERR_FILENO) < 0)
		_exit(1);
	execl(binary, binary, "run", "-c", conf, (char *)NULL);
	_exit(127);
}

static bool log_says(const struct rig *rig, const char *words)
{
	char path[128], text[8192];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/daemon.log", rig->folder);
	fd = open(path, O_RDONLY);
	n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	return strstr(text, words) != NULL;
}

/* The warden's only child. */
static pid_t child_of(pid_t parent)
{
	char path[64];
	FILE *file;
	int child = 0;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", parent, parent);
	file = fopen(path, "r");
	if (!file || fscanf(file, "%d", &child) != 1)
		child = 0;
	if (file)
		fclose(file);
	return child;
}

void rig_wait_ready(struct rig *rig)
{
	uint64_t deadline = clock_ms() + READY_PATIENCE_S * 1000;

	while (!log_says(rig, "log file")) {
		if (waitpid(rig->warden, NULL, WNOHANG) == rig->warden) {
			rig->warden = 0;
			rig_die("the daemon ended; run it by hand to see why");
		}
		if (clock_ms() > deadline)
			rig_die("the daemon was not ready after %d s", READY_PATIENCE_S);
		usleep(2000);
	}
	rig->worker = child_of(rig->warden);
}

void rig_stop(struct rig *rig, int signal_number)
{
	if (!rig->warden)
		return;
	kill(rig->warden, signal_number);
	waitpid(rig->warden, NULL, 0);
	rig->warden = rig->worker = 0;
}

size_t rig_refusal(char line[RIG_LINE_SIZE], const struct addr *client, uint16_t port)
{
	char text[ADDR_TEXT_SIZE], stamp[32];
	time_t now = time(NULL);
	struct tm tm;

	strftime(stamp, sizeof(stamp), "%b %e %H:%M:%S", localtime_r(&now, &tm));
	return (size_t)snprintf(line, RIG_LINE_SIZE,
				"%s mx courieresmtpd: error,relay=%s%s,port=%u,from=<z@spam.test>,"
				"to=<ham@example.test>: 511 Listed by dnsbl.test\n",
				stamp, client->family == ADDR_IPV4 ? "::ffff:" : "", addr_format(client, text), port);
}

void rig_append(const struct rig *rig, const char *data, size_t size)
{
	if (write(rig->log_fd, data, size) != (ssize_t)size)
		rig_die("cannot write the log: %s", strerror(errno));
}

/* Multiplying by an odd number goes through all 24-bit values in an order without a pattern;
 * the top octets keep clear of what is never banned. */
struct addr rig_unit(uint32_t n)
{
	uint32_t scattered = (n * 0x9e3779b1U) & 0xffffff;
	uint8_t four[4] = { 11, (uint8_t)(scattered >> 16), (uint8_t)(scattered >> 8), (uint8_t)scattered };
	uint8_t six[16] = { 0x20, 0x01, 0x0d, 0xb9, 0, four[1], four[2], four[3] };

	return n % 8 == 7 ? addr_from_ipv6(six) : addr_from_ipv4(four);
}

struct tally {
	size_t found;
};

static void on_element(void *data, const struct nl_message *answer)
{
	struct tally *tally = data;
	uint64_t remaining;

	if (nft_read_element(answer, &remaining) == 0)
		tally->found++;
}

static void ask(struct nl_writer *w, uint32_t sequence, const char *table, const struct addr *unit)
{
	if (unit->family == ADDR_IPV4)
		nft_ask_element(w, sequence, table, "ban4", unit->octets, 4);
	else
		nft_ask_element(w, sequence, table, "ban6", unit->octets, 16);
}

bool rig_banned(const struct rig *rig, const char *table, const struct addr *unit)
{
	struct tally tally = { 0 };
	struct nl_writer w;
	char buffer[1024];

	nl_writer_init(&w, buffer, sizeof(buffer));
	ask(&w, 1, table, unit);
	nft_questions_run(rig->netlink, &w, on_element, &tally);
	return tally.found == 1;
}

size_t rig_count_banned(const struct rig *rig, uint32_t count)
{
	struct tally tally = { 0 };
	char buffer[32768];

	for (uint32_t n = 0; n < count;) {
		struct nl_writer w;

		nl_writer_init(&w, buffer, sizeof(buffer));
		for (uint32_t i = 0; i < 64 && n < count; i++, n++) {
			struct addr unit = rig_unit(n);

			ask(&w, i + 1, "wavebreak", &unit);
		}
		nft_questions_run(rig->netlink, &w, on_element, &tally);
	}
	return tally.found;
}

static double process_cpu_seconds(pid_t pid)
{
	char path[64], text[1024];
	unsigned long user = 0, system = 0;
	const char *after;
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (!file)
		return 0;
	n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = '\0';
	after = strrchr(text, ')');
	if (!after || sscanf(after + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
		return 0;
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

double rig_cpu_seconds(const struct rig *rig)
{
	return process_cpu_seconds(rig->warden) + process_cpu_seconds(rig->worker);
}

static double process_bytes(pid_t pid, const char *field)
{
	char path[64], line[256];
	size_t size = strlen(field);
	unsigned long kib = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
	file = fopen(path, "r");
	if (!file)
		return 0;
	while (kib == 0 && fgets(line, sizeof(line), file)) {
		if (strncmp(line, field, size) == 0 && line[size] == ':')
			kib = strtoul(line + size + 1, NULL, 10);
	}
	fclose(file);
	return (double)kib * 1024;
}

double rig_pss_bytes(const struct rig *rig)
{
	return process_bytes(rig->warden, "Pss") + process_bytes(rig->worker, "Pss");
}

double rig_own_bytes(const struct rig *rig)
{
	return process_bytes(rig->warden, "Pss_Anon") + process_bytes(rig->worker, "Pss_Anon");
}
