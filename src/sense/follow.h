/* SPDX-License-Identifier: Apache-2.0 */
/* follow - new lines of log files, each exactly once, through every way of rotating them.
 *
 * Each path is followed as a chain of open files, oldest first, so that rotation loses
 * nothing:
 *
 *   rename + create  The old file stays open and is read on, because its writer holds it
 *                    until it is told to reopen (rsyslog between logrotate's rename and
 *                    the SIGHUP). It is let go when a later file has lines and the old
 *                    one was quiet for a minute, or after ten quiet minutes. A file that
 *                    came and was rotated away between two looks is found among the
 *                    siblings (mail.log.1, mail.log-20260727) by its time of birth.
 *   copytruncate     Each read begins with the last bytes of the read before (the
 *                    fingerprint, 64 bytes). When they are no longer there the file was
 *                    truncated, even if it has grown past our place since; it is read from
 *                    its start, after what we had not read yet was found in the copy.
 *                    A writer without O_APPEND leaves a hole; the hole is jumped over.
 *   deletion         Read on until a new file exists; let go after ten quiet minutes.
 *   a moved symlink  The directories of all links on the way are watched.
 *
 * Not seen: a file that was truncated and filled again with the same 64 bytes at the same
 * place; what was written to a truncated file and neither read nor copied; generations
 * rotated and compressed while we were not running. A file edited in place is read again
 * from its start when the edit moved the text before our place.
 *
 * A line ends with LF. What has no LF yet is no line: it stays in the file and is read
 * when it is complete. A line longer than FOLLOW_LINE_MOST is cut and the rest up to its
 * LF passed over, never handed out as a line: a reader that splits can be made to see a
 * line begin in the middle of a client's text. NUL and 8-bit bytes are handed on.
 *
 * A line is handed out on the wake-up that its IN_MODIFY causes. inotify tells of the file
 * where we may read it, else of its directory, which only has to be readable; without
 * either, and where it proves silent (network file systems), the file is looked at every
 * 250 ms. Under load wake-ups are paced to about one a millisecond.
 *
 * A confined process needs to list the logs' directories (LANDLOCK_ACCESS_FS_READ_DIR): with
 * no siblings to find, what was rotated away before we read it is lost. It needs no more:
 * inotify, stat(2) and readlink(2) are not Landlock's, and files come from open_log.
 *
 * Belongs to one loop. No call here may be made from inside `line` or `trouble`;
 * `batch_end` may ask for positions. Callbacks come only from the loop.
 */
#ifndef WAVEBREAK_SENSE_FOLLOW_H
#define WAVEBREAK_SENSE_FOLLOW_H

#include "base/bytes.h"

struct loop;
struct follow;

#define FOLLOW_LINE_MOST 65536u
#define FOLLOW_FINGERPRINT_SIZE 64u

/* Where reading goes on: saved by the owner, and given back at the next start. The file
 * is known again by its inode and by the bytes before `offset`, which is the start of a
 * line. Times are not in it: how old a line may be is the reader's judgement. */
struct follow_position {
	uint64_t device;
	uint64_t inode;
	uint64_t offset;
	uint32_t fingerprint_size; /* less than 64 only near the start of a file */
	char fingerprint[FOLLOW_FINGERPRINT_SIZE];
};

struct follow_calls {
	/* A descriptor (O_RDONLY | O_NONBLOCK | O_CLOEXEC) that becomes ours, or -errno. Asked
	 * for the path itself, and at rotation and at start for siblings in its directory whose
	 * name begins with the file's (or, "mail-20260727.log", with its stem). May wait. */
	int (*open_log)(void *data, const char *path);
	/* `text` is without its LF and valid until the return; `path` is as it was added. */
	void (*line)(void *data, const char *path, struct bytes text, bool cut);
	/* After the lines of one read: act on them now, the next lines may be long in coming. */
	void (*batch_end)(void *data);
	/* An errno when a path cannot be followed (ENOENT, EACCES, EISDIR, EIO …; ENOTSUP: not
	 * a file), 0 when it can be again; each once. A gap of two seconds is not told: every
	 * rotation has one. */
	void (*trouble)(void *data, const char *path, int error);
};

enum follow_start {
	FOLLOW_FROM_END,       /* a file that does not exist yet is read from its start all the same */
	FOLLOW_FROM_BEGINNING,
};

/* `calls` has to outlive the follower. Returns 0, -ENOMEM, or inotify's -errno (EMFILE). */
int follow_create(struct loop *loop, const struct follow_calls *calls, void *data, struct follow **ret);
void follow_destroy(struct follow *follow);

/* `position` (or NULL) comes before `start`: the rest of that file is read first, also
 * when it was rotated away meanwhile, then what came after it. A position that is found
 * nowhere means the file is a newer one, and it is read from its beginning.
 * Returns 0, -EINVAL (not an absolute path), -EEXIST, -ENOSPC (64 paths) or -ENOMEM. */
int follow_add(struct follow *follow, const char *path, const struct follow_position *position,
	       enum follow_start start);
/* 0 or -ENOENT. */
int follow_remove(struct follow *follow, const char *path);

/* After the last line of the last batch; -ENOENT for a path that is not followed, -ENODATA
 * when no file was there yet and none was given. */
int follow_position(const struct follow *follow, const char *path, struct follow_position *ret);

#endif
