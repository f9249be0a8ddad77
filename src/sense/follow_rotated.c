/* SPDX-License-Identifier: Apache-2.0 */
#include "sense/follow_rotated.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* Logrotate's daily and numbered files of many years; more is no log directory. */
#define ENTRIES_MOST 65536u

static bool is_number_or_date(struct bytes text)
{
	if (text.size < 2 || !memchr(".-_", text.data[0], 3) || !char_is_digit(text.data[1]))
		return false;
	for (size_t i = 1; i < text.size; i++) {
		if (!char_is_digit(text.data[i]) && !memchr(".-_:+T", text.data[i], 6))
			return false;
	}
	return true;
}

/* "mail.log" is "mail" and ".log". A name without an ending is all stem. */
static size_t stem_size(struct bytes log_name)
{
	const char *dot = memrchr(log_name.data, '.', log_name.size);

	return dot && dot != log_name.data ? (size_t)(dot - log_name.data) : log_name.size;
}

static bool ends_with(struct bytes text, struct bytes end)
{
	return text.size >= end.size && bytes_equal(bytes_skip(text, text.size - end.size), end);
}

bool follow_name_is_numbered(struct bytes name, struct bytes log_name)
{
	struct bytes stem = bytes_first(log_name, stem_size(log_name));
	struct bytes ending = bytes_skip(log_name, stem.size);

	if (bytes_starts_with(name, log_name) && is_number_or_date(bytes_skip(name, log_name.size)))
		return true;
	if (ending.size == 0 || !bytes_starts_with(name, stem) || !ends_with(name, ending) ||
	    name.size < log_name.size)
		return false;
	return is_number_or_date(bytes_first(bytes_skip(name, stem.size), name.size - log_name.size));
}

static int describe(int dir_fd, struct bytes name, struct follow_rotated *ret)
{
	struct statx sx;

	if (name.size > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(ret->name, name.data, name.size + 1);
	if (statx(dir_fd, ret->name, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_BTIME, &sx) < 0)
		return -errno;
	if (!S_ISREG(sx.stx_mode))
		return -ENOTSUP;
	ret->device = makedev(sx.stx_dev_major, sx.stx_dev_minor);
	ret->inode = sx.stx_ino;
	ret->size = sx.stx_size;
	ret->born_ns = sx.stx_mask & STATX_BTIME ?
			       (uint64_t)sx.stx_btime.tv_sec * 1000000000u + sx.stx_btime.tv_nsec :
			       0;
	return 0;
}

/* Keeps the list in the order of birth, and drops the oldest of one too many. */
static size_t insert(struct follow_rotated *list, size_t count, const struct follow_rotated *entry)
{
	size_t place = count;

	while (place > 0 && list[place - 1].born_ns > entry->born_ns)
		place--;
	if (count < FOLLOW_ROTATED_MOST) {
		memmove(&list[place + 1], &list[place], (count - place) * sizeof(*list));
		list[place] = *entry;
		return count + 1;
	}
	if (place > 0) {
		memmove(&list[0], &list[1], (place - 1) * sizeof(*list));
		list[place - 1] = *entry;
	}
	return count;
}

size_t follow_rotated_list(const char *path, struct follow_rotated ret[FOLLOW_ROTATED_MOST])
{
	const char *slash = strrchr(path, '/');
	struct bytes log_name = bytes_of(slash + 1);
	struct bytes stem = bytes_first(log_name, stem_size(log_name));
	char directory[PATH_MAX];
	struct follow_rotated entry;
	struct dirent *d;
	size_t count = 0;
	DIR *dir;

	if ((size_t)(slash - path) + 2 > sizeof(directory))
		return 0;
	memcpy(directory, path, (size_t)(slash - path) + 1);
	directory[slash - path + 1] = '\0';
	dir = opendir(directory);
	if (!dir)
		return 0;
	for (size_t seen = 0; seen < ENTRIES_MOST && (d = readdir(dir)); seen++) {
		struct bytes name = bytes_of(d->d_name);

		if (!bytes_starts_with(name, stem) || bytes_equal(name, log_name))
			continue;
		if (describe(dirfd(dir), name, &entry) < 0)
			continue;
		entry.numbered = follow_name_is_numbered(name, log_name);
		count = insert(ret, count, &entry);
	}
	closedir(dir);
	return count;
}
