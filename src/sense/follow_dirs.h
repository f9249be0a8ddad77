/* SPDX-License-Identifier: Apache-2.0 */
/* follow_dirs - the directories in which a log file's name can come to mean another file.
 *
 * For a plain file that is its directory; for a symlink the directory of each link on the
 * way as well. Watching a directory needs permission to read it, none for what is in it.
 * Part of follow.
 */
#ifndef WAVEBREAK_SENSE_FOLLOW_DIRS_H
#define WAVEBREAK_SENSE_FOLLOW_DIRS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* Links beyond these are followed, but their moves are seen only by the next poll. */
#define FOLLOW_DIRS_MOST 4u

struct follow_dirs {
	int watches[FOLLOW_DIRS_MOST]; /* inotify watch descriptors; -1: cannot be watched */
	size_t count;
	bool modify;         /* the last one also tells of writes to its files */
	char real[PATH_MAX]; /* where the links lead to; the file there may not exist */
};

/* Looks the path up again and watches what it goes through now. `modify`: writes are to be
 * told of as well, because the file itself cannot be watched. */
void follow_dirs_update(struct follow_dirs *dirs, int inotify_fd, const char *path, bool modify);
void follow_dirs_clear(struct follow_dirs *dirs, int inotify_fd);

/* All of them are watched. */
bool follow_dirs_sure(const struct follow_dirs *dirs);

#endif
