/* SPDX-License-Identifier: Apache-2.0 */
#include "sense/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* Fields behind the name, which is the second of all. */
enum { PARENT = 1, USER_TICKS = 11, SYSTEM_TICKS, CHILDREN_USER_TICKS, CHILDREN_SYSTEM_TICKS, THREADS = 17, START = 19 };
#define STAT_FIELDS 20
/* Of statm. */
enum { RESIDENT = 1, SHARED, STATM_FIELDS };
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

/* The first `count` words, as numbers where they are such, else UINT64_MAX. False where there are fewer. */
static bool numbers(struct bytes text, size_t count, uint64_t ret[])
{
	for (size_t i = 0; i < count; i++) {
		size_t end = bytes_find_char(text, ' ');
		struct bytes word = bytes_trim(bytes_first(text, end));

		if (word.size == 0)
			return false;
		if (bytes_to_u64(word, INT64_MAX, &ret[i]) < 0)
			ret[i] = UINT64_MAX;
		text = bytes_skip(text, end + 1);
	}
	return true;
}

int process_parse_stat(struct bytes text, struct process_stat *ret)
{
	uint64_t field[STAT_FIELDS];
	size_t end = text.size;

	while (end && text.data[end - 1] != ')')
		end--;
	if (end == 0 || !numbers(bytes_skip(text, end + 1), STAT_FIELDS, field))
		return -EINVAL;
	/* The state is a letter, and those between are of no use here. */
	if (field[PARENT] > INT32_MAX || field[USER_TICKS] == UINT64_MAX || field[SYSTEM_TICKS] == UINT64_MAX ||
	    field[CHILDREN_USER_TICKS] == UINT64_MAX || field[CHILDREN_SYSTEM_TICKS] == UINT64_MAX ||
	    field[THREADS] == UINT64_MAX || field[START] == UINT64_MAX)
		return -EINVAL;
	*ret = (struct process_stat){ .ticks = field[USER_TICKS] + field[SYSTEM_TICKS],
				      .children_ticks = field[CHILDREN_USER_TICKS] + field[CHILDREN_SYSTEM_TICKS],
				      .threads = field[THREADS], .start_ticks = field[START], .parent = (pid_t)field[PARENT] };
	return 0;
}

int process_parse_statm(struct bytes text, struct process_statm *ret)
{
	uint64_t field[STATM_FIELDS];

	if (!numbers(text, STATM_FIELDS, field) || field[RESIDENT] > INT64_MAX / 65536 ||
	    field[SHARED] > INT64_MAX / 65536)
		return -EINVAL;
	*ret = (struct process_statm){ field[RESIDENT], field[SHARED] };
	return 0;
}

uint64_t process_ticks_to_ms(uint64_t ticks)
{
	return ticks * 1000 / (uint64_t)sysconf(_SC_CLK_TCK);
}

uint64_t process_unshared_bytes(const struct process_statm *statm)
{
	uint64_t pages = statm->resident_pages > statm->shared_pages ? statm->resident_pages - statm->shared_pages : 0;

	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
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
	struct process_stat stat;
	struct process_statm statm;
	char text[TEXT_SIZE];
	struct bytes read;
	int r = read_again(process->stat, text, &read);

	if (r == 0)
		r = process_parse_stat(read, &stat);
	if (r == 0)
		r = read_again(process->statm, text, &read);
	if (r == 0)
		r = process_parse_statm(read, &statm);
	if (r < 0)
		return r;
	*ret = (struct process_use){ .cpu_seconds = (double)stat.ticks / (double)sysconf(_SC_CLK_TCK),
				     .resident_bytes = statm.resident_pages * (uint64_t)sysconf(_SC_PAGESIZE),
				     .unshared_bytes = process_unshared_bytes(&statm) };
	return 0;
}
