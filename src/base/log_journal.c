/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log_journal.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define LENGTH_SIZE 8

static void put(struct log_entry *entry, const char *data, size_t size)
{
	memcpy(entry->data + entry->used, data, size);
	entry->used += size;
}

void log_entry_add(struct log_entry *entry, const char *name, struct bytes value)
{
	size_t name_size = strlen(name);
	bool needs_length = bytes_find_char(value, '\n') < value.size;
	char length[LENGTH_SIZE];

	if (entry->used + name_size + 1 + LENGTH_SIZE + value.size + 1 > sizeof(entry->data))
		return;
	put(entry, name, name_size);
	put(entry, needs_length ? "\n" : "=", 1);
	for (size_t i = 0; i < LENGTH_SIZE; i++)
		length[i] = (char)((uint64_t)value.size >> 8 * i);
	if (needs_length)
		put(entry, length, sizeof(length));
	put(entry, value.data, value.size);
	put(entry, "\n", 1);
}

bool log_journal_is(int fd, const char *stream)
{
	unsigned long long device, inode;
	struct stat st;
	char more;

	if (!stream || sscanf(stream, "%llu:%llu%c", &device, &inode, &more) != 2 || fstat(fd, &st) < 0)
		return false;
	return st.st_dev == device && st.st_ino == inode;
}

int log_journal_connect(void)
{
	static const struct sockaddr_un journal = { AF_UNIX, "/run/systemd/journal/socket" };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&journal, sizeof(journal)) < 0) {
		int r = -errno;

		close(fd);
		return r;
	}
	return fd;
}

int log_entry_send(const struct log_entry *entry, int socket)
{
	return send(socket, entry->data, entry->used, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}
