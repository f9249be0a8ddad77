/* SPDX-License-Identifier: Apache-2.0 */
#include "sense/follow_dirs.h"

#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

/* As the kernel's limit for one lookup, path_resolution(7). */
#define LINKS_MOST 40

#define NAMES (IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR)

/* Replaces a link's path by where it points to. False at what is no link, or too long. */
static bool step(char path[PATH_MAX])
{
	char target[PATH_MAX];
	ssize_t length = readlink(path, target, sizeof(target) - 1);
	size_t keep = 0;

	if (length <= 0)
		return false;
	target[length] = '\0';
	if (target[0] != '/')
		keep = (size_t)(strrchr(path, '/') - path) + 1;
	if (keep + (size_t)length + 1 > PATH_MAX)
		return false;
	memcpy(path + keep, target, (size_t)length + 1);
	return true;
}

static int watch_directory(int inotify_fd, const char *path, uint32_t mask)
{
	char directory[PATH_MAX];
	size_t length = (size_t)(strrchr(path, '/') - path) + 1;

	memcpy(directory, path, length);
	directory[length] = '\0';
	/* IN_MASK_ADD: another log in it may want to hear of writes. */
	return inotify_add_watch(inotify_fd, directory, mask | IN_MASK_ADD);
}

static void watch_links(struct follow_dirs *dirs, int inotify_fd)
{
	char here[PATH_MAX];

	for (int links = 0; links < LINKS_MOST; links++) {
		strcpy(here, dirs->real);
		if (!step(dirs->real))
			return;
		if (dirs->count < FOLLOW_DIRS_MOST - 1)
			dirs->watches[dirs->count++] = watch_directory(inotify_fd, here, NAMES);
	}
}

static bool has(const struct follow_dirs *dirs, int watch)
{
	for (size_t i = 0; i < dirs->count; i++) {
		if (dirs->watches[i] == watch)
			return true;
	}
	return false;
}

void follow_dirs_update(struct follow_dirs *dirs, int inotify_fd, const char *path, bool modify)
{
	size_t count_before = dirs->count;
	int before[FOLLOW_DIRS_MOST];

	memcpy(before, dirs->watches, sizeof(before));
	dirs->count = 0;
	dirs->modify = modify;
	strcpy(dirs->real, path);
	watch_links(dirs, inotify_fd);
	dirs->watches[dirs->count++] =
		watch_directory(inotify_fd, dirs->real, modify ? NAMES | IN_MODIFY : NAMES);
	for (size_t i = 0; i < count_before; i++) {
		if (before[i] >= 0 && !has(dirs, before[i]))
			inotify_rm_watch(inotify_fd, before[i]);
	}
}

void follow_dirs_clear(struct follow_dirs *dirs, int inotify_fd)
{
	for (size_t i = 0; i < dirs->count; i++) {
		if (dirs->watches[i] >= 0)
			inotify_rm_watch(inotify_fd, dirs->watches[i]);
	}
	dirs->count = 0;
}

bool follow_dirs_sure(const struct follow_dirs *dirs)
{
	for (size_t i = 0; i < dirs->count; i++) {
		if (dirs->watches[i] < 0)
			return false;
	}
	return dirs->count > 0;
}
