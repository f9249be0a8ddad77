/* SPDX-License-Identifier: Apache-2.0 */
#include "sense/process_use.h"

#include "kernel/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* Of either file; they have some hundred bytes. */
#define TEXT_SIZE 1024

static int open_file(pid_t pid, const char *name)
{
	char path[PROCESS_PATH_SIZE];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int process_use_open(pid_t pid, struct process_files *ret)
{
	int r;

	*ret = (struct process_files){ open_file(pid, "stat"), open_file(pid, "statm") };
	if (ret->stat >= 0 && ret->statm >= 0)
		return 0;
	r = ret->stat < 0 ? ret->stat : ret->statm;
	process_use_close(ret);
	return r;
}

void process_use_close(struct process_files *files)
{
	if (files->stat >= 0)
		close(files->stat);
	if (files->statm >= 0)
		close(files->statm);
	*files = (struct process_files){ -1, -1 };
}

static int read_again(int fd, char text[TEXT_SIZE], struct bytes *ret)
{
	ssize_t n = pread(fd, text, TEXT_SIZE, 0);

	if (n < 0)
		return -errno;
	*ret = bytes_make(text, (size_t)n);
	return 0;
}

int process_use_look(const struct process_files *files, struct process_use *ret)
{
	struct process_stat stat;
	struct process_statm statm;
	char text[TEXT_SIZE];
	struct bytes read;
	int r = read_again(files->stat, text, &read);

	if (r == 0)
		r = process_parse_stat(read, &stat);
	if (r == 0)
		r = read_again(files->statm, text, &read);
	if (r == 0)
		r = process_parse_statm(read, &statm);
	if (r < 0)
		return r;
	*ret = (struct process_use){ .cpu_seconds = (double)stat.ticks / (double)sysconf(_SC_CLK_TCK),
				     .resident_bytes = statm.resident_pages * (uint64_t)sysconf(_SC_PAGESIZE),
				     .unshared_bytes = process_unshared_bytes(&statm) };
	return 0;
}
