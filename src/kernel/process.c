/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* Fields behind the name, which is the second of all. */
enum {
	PARENT = 1, USER_TICKS = 11, SYSTEM_TICKS, CHILDREN_USER_TICKS, CHILDREN_SYSTEM_TICKS, THREADS = 17, START = 19
};
#define STAT_FIELDS 20
/* Of statm. */
enum { RESIDENT = 1, SHARED, STATM_FIELDS };

static int open_file(pid_t pid, const char *file)
{
	char path[PROCESS_PATH_SIZE];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	return open(path, O_RDONLY | O_CLOEXEC);
}

size_t process_read(pid_t pid, const char *file, char *text, size_t size)
{
	int fd = open_file(pid, file);
	ssize_t n;

	if (fd < 0)
		return 0;
	n = read(fd, text, size);
	close(fd);
	return n > 0 ? (size_t)n : 0;
}

size_t process_read_all(pid_t pid, const char *file, char *text, size_t size)
{
	int fd = open_file(pid, file);
	size_t have = 0;
	ssize_t n;

	if (fd < 0)
		return 0;
	while (have < size && (n = read(fd, text + have, size - have)) > 0)
		have += (size_t)n;
	close(fd);
	return have;
}

bool process_has_name(const struct process_names *names, pid_t pid)
{
	char text[PROCESS_NAME_SIZE + 1];
	struct bytes name = { text, process_read(pid, "comm", text, sizeof(text)) };

	if (name.size && name.data[name.size - 1] == '\n')
		name.size--;
	for (size_t i = 0; i < names->count; i++) {
		if (bytes_equal(name, bytes_of(names->names[i])))
			return true;
	}
	return false;
}

uint32_t process_socket_inode(pid_t pid, int descriptor)
{
	static const struct bytes start = { "socket:[", 8 };
	char path[PROCESS_PATH_SIZE], target[PROCESS_PATH_SIZE];
	struct bytes link;
	uint64_t inode;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, descriptor);
	n = readlink(path, target, sizeof(target));
	link = bytes_make(target, n < 0 ? 0 : (size_t)n);
	if (!bytes_starts_with(link, start) || link.data[link.size - 1] != ']')
		return 0;
	link = bytes_skip(link, start.size);
	link.size--;
	return bytes_to_u64(link, UINT32_MAX, &inode) < 0 ? 0 : (uint32_t)inode;
}

int process_names_copy(struct process_names *names, const char *const *from)
{
	for (; *from; from++) {
		if (names->count == PROCESS_NAMES_MOST || **from == '\0')
			return -EINVAL;
		snprintf(names->names[names->count++], PROCESS_NAME_SIZE, "%s", *from);
	}
	return names->count ? 0 : -EINVAL;
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
