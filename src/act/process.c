/* SPDX-License-Identifier: Apache-2.0 */
#include "act/process.h"

#include "base/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

size_t process_read(pid_t pid, const char *file, char *text, size_t size)
{
	char path[PROCESS_PATH_SIZE];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, text, size);
	close(fd);
	return n > 0 ? (size_t)n : 0;
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
