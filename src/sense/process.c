/* SPDX-License-Identifier: Apache-2.0 */
#include "sense/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* Fields behind the name, which is the second of all. */
#define USER_TICKS 11
#define SYSTEM_TICKS 12
#define RESIDENT_PAGES 1
#define TEXT_SIZE 1024

static int open_file(pid_t pid, const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int process_open(pid_t pid, struct process *ret)
{
	int r;

	*ret = (struct process){ open_file(pid, "stat"), open_file(pid, "statm") };
	if (ret->stat >= 0 && ret->statm >= 0)
		return 0;
	r = ret->stat < 0 ? ret->stat : ret->statm;
	process_close(ret);
	return r;
}

void process_close(struct process *process)
{
	if (process->stat >= 0)
		close(process->stat);
	if (process->statm >= 0)
		close(process->statm);
	*process = (struct process){ -1, -1 };
}

/* The word of that number, from 0; "" where there are not so many. */
static struct bytes word(struct bytes text, unsigned number)
{
	for (; number; number--)
		text = bytes_skip(text, bytes_find_char(text, ' ') + 1);
	return bytes_trim(bytes_first(text, bytes_find_char(text, ' ')));
}

int process_parse_stat(struct bytes text, uint64_t *ret_ticks)
{
	size_t end = text.size;
	uint64_t user, system;

	while (end && text.data[end - 1] != ')')
		end--;
	if (end == 0)
		return -EINVAL;
	text = bytes_skip(text, end + 1);
	if (bytes_to_u64(word(text, USER_TICKS), INT64_MAX, &user) < 0 ||
	    bytes_to_u64(word(text, SYSTEM_TICKS), INT64_MAX, &system) < 0)
		return -EINVAL;
	*ret_ticks = user + system;
	return 0;
}

int process_parse_statm(struct bytes text, uint64_t *ret_pages)
{
	return bytes_to_u64(word(text, RESIDENT_PAGES), INT64_MAX / 65536, ret_pages) < 0 ? -EINVAL : 0;
}

static int read_again(int fd, char text[TEXT_SIZE], struct bytes *ret)
{
	ssize_t n = pread(fd, text, TEXT_SIZE, 0);

	if (n < 0)
		return -errno;
	*ret = bytes_make(text, (size_t)n);
	return 0;
}

int process_look(const struct process *process, struct process_use *ret)
{
	uint64_t ticks, pages;
	char text[TEXT_SIZE];
	struct bytes read;
	int r = read_again(process->stat, text, &read);

	if (r == 0)
		r = process_parse_stat(read, &ticks);
	if (r == 0)
		r = read_again(process->statm, text, &read);
	if (r == 0)
		r = process_parse_statm(read, &pages);
	if (r < 0)
		return r;
	ret->cpu_seconds = (double)ticks / (double)sysconf(_SC_CLK_TCK);
	ret->resident_bytes = pages * (uint64_t)sysconf(_SC_PAGESIZE);
	return 0;
}
