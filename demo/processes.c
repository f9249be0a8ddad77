/* SPDX-License-Identifier: Apache-2.0 */
#include "processes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROCESSES_AT_MOST 16384
#define ANCESTORS_AT_MOST 64
#define HANDLER "courieresmtpd"
#define LISTENER "couriertcpd"
#define PORTER "wb-porter" /* as wavebreak's processes call themselves (prctl(2), PR_SET_NAME) */

struct process {
	pid_t pid, parent;
	char name[16]; /* TASK_COMM_LEN */
	double own_cpu, children_cpu; /* seconds */
};

struct table {
	size_t length;
	struct process processes[PROCESSES_AT_MOST]; /* ascending by pid, as /proc lists them */
};

enum owner { OWNER_COURIER, OWNER_GUARD, OWNER_AROUND };

static ssize_t read_file(int proc_fd, const char *pid, const char *file, char *text, size_t size)
{
	char path[64];
	ssize_t length;
	int fd;

	if (snprintf(path, sizeof(path), "%s/%s", pid, file) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	length = read(fd, text, size - 1);
	close(fd);
	if (length >= 0)
		text[length] = '\0';
	return length;
}

/* The name stands in parentheses and may hold anything, also ')': the last one ends it
 * (proc_pid_stat(5)). */
static bool parse_stat(const char *text, struct process *ret)
{
	unsigned long user, system;
	long children_user, children_system;
	const char *open = strchr(text, '('), *close = strrchr(text, ')');
	double ticks = (double)sysconf(_SC_CLK_TCK);

	if (!open || !close || close < open ||
	    sscanf(close + 1, " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %ld %ld",
		   &ret->parent, &user, &system, &children_user, &children_system) != 5)
		return false;
	ret->pid = (pid_t)strtol(text, NULL, 10);
	snprintf(ret->name, sizeof(ret->name), "%.*s", (int)(close - open - 1), open + 1);
	ret->own_cpu = (double)(user + system) / ticks;
	ret->children_cpu = (double)(children_user + children_system) / ticks;
	return true;
}

/* A process that ends while we read is not there any more, and that is all right. */
static int read_table(int proc_fd, struct table *table)
{
	int fd = openat(proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	char text[1024];

	if (!directory)
		return -errno;
	table->length = 0;
	while ((entry = readdir(directory)) && table->length < PROCESSES_AT_MOST) {
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		if (read_file(proc_fd, entry->d_name, "stat", text, sizeof(text)) > 0 &&
		    parse_stat(text, &table->processes[table->length]))
			table->length++;
	}
	closedir(directory);
	return table->length ? 0 : -ESRCH;
}

static int by_pid(const void *left, const void *right)
{
	const struct process *a = left, *b = right;

	return (a->pid > b->pid) - (a->pid < b->pid);
}

static const struct process *find(const struct table *table, pid_t pid)
{
	const struct process wanted = { .pid = pid };

	return bsearch(&wanted, table->processes, table->length, sizeof(wanted), by_pid);
}

static bool is_named(const struct process *process, const char *name)
{
	return strcmp(process->name, name) == 0;
}

/* A parent that ended while we read the table leaves a gap in the line: such a process is
 * Courier's, whose processes come and go. */
static enum owner owner_of(const struct table *table, const struct process *process)
{
	static const char *const around[] = { "rsyslogd", "rbldnsd", "sleep" };
	const struct process *root = process;

	for (size_t i = 0; i < sizeof(around) / sizeof(around[0]); i++) {
		if (is_named(process, around[i]))
			return OWNER_AROUND;
	}
	if (process->pid == 1)
		return OWNER_AROUND;
	for (int i = 0; i < ANCESTORS_AT_MOST && root && root->parent != 0; i++) {
		if (is_named(root, HANDLER))
			return OWNER_COURIER;
		root = find(table, root->parent);
	}
	return root && root->parent == 0 && root->pid != 1 ? OWNER_GUARD : OWNER_COURIER;
}

/* stat counts in ticks of 10 ms and drops the rest: 300 handlers that have used 5 ms each
 * would be nothing. schedstat has nanoseconds, but of the first thread only. Both are lower
 * bounds, so the higher one is nearer. */
static double own_cpu(int proc_fd, const struct process *process)
{
	char name[16], text[128];
	double seconds;

	snprintf(name, sizeof(name), "%d", process->pid);
	if (read_file(proc_fd, name, "schedstat", text, sizeof(text)) <= 0)
		return process->own_cpu;
	seconds = (double)strtoull(text, NULL, 10) / 1e9;
	return seconds > process->own_cpu ? seconds : process->own_cpu;
}

static uint64_t memory_of(int proc_fd, pid_t pid)
{
	char name[16], text[2048];
	const char *pss;

	snprintf(name, sizeof(name), "%d", pid);
	if (read_file(proc_fd, name, "smaps_rollup", text, sizeof(text)) <= 0)
		return 0;
	pss = strstr(text, "\nPss:");
	return pss ? strtoull(pss + 5, NULL, 10) * 1024 : 0;
}

static void add_costs(int proc_fd, const struct table *table, struct process_look *ret)
{
	for (size_t i = 0; i < table->length; i++) {
		const struct process *process = &table->processes[i];
		enum owner owner = owner_of(table, process);
		struct cost *cost = owner == OWNER_GUARD ? &ret->guard : &ret->courier;
		bool buries_courier = process->pid == 1 || is_named(process, PORTER);

		if (buries_courier)
			ret->courier.cpu_seconds += process->children_cpu;
		if (owner == OWNER_AROUND)
			continue;
		cost->cpu_seconds += own_cpu(proc_fd, process);
		cost->cpu_seconds += buries_courier ? 0 : process->children_cpu;
		cost->memory_bytes += memory_of(proc_fd, process->pid);
	}
}

/* One that has just forked for `submit` is there twice until the new one is `submit`, and longer
 * when the old one ends meanwhile. */
static bool is_handler(const struct table *table, const struct process *process)
{
	const struct process *parent = find(table, process->parent);

	return is_named(process, HANDLER) && parent &&
	       (is_named(parent, LISTENER) || is_named(parent, PORTER));
}

int processes_look(int proc_fd, bool thorough, struct process_look *ret)
{
	static struct table table;
	int r = read_table(proc_fd, &table);

	*ret = (struct process_look){ 0 };
	if (r < 0)
		return r;
	for (size_t i = 0; i < table.length; i++)
		ret->handlers += is_handler(&table, &table.processes[i]);
	if (thorough)
		add_costs(proc_fd, &table, ret);
	return 0;
}
