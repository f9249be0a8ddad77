/* SPDX-License-Identifier: Apache-2.0 */
/* follow_file - one open log file: how far it was read, and its complete lines.
 *
 * There is no buffer for a partial line: a read begins at the start of the first line that
 * is not complete, and FOLLOW_FINGERPRINT_SIZE bytes before it, so that one pread(2) brings
 * the proof that the file is still the one we read and the new lines. Everything known of
 * a file is therefore its position and a few flags, and the position can be saved at any
 * time. Part of follow; nothing here watches or waits.
 */
#ifndef WAVEBREAK_SENSE_FOLLOW_FILE_H
#define WAVEBREAK_SENSE_FOLLOW_FILE_H

#include "sense/follow.h"

/* Shared by all files. Twice the longest line, so that a cut line and its neighbours come
 * in one read; more brought nothing (the lines fall out of the second-level cache). */
#define FOLLOW_BUFFER_SIZE (2u * FOLLOW_LINE_MOST)

struct follow_file {
	int fd;
	int watch; /* inotify watch descriptor, or -1 */
	struct follow_position at;
	bool passing_over; /* inside a line that was cut, or that began before we did */
	bool truncated;    /* leading NULs are the hole of a writer without O_APPEND */
	bool at_end;       /* the last read came to the end of the file */
	/* Monotonic: the last read that brought something, or when it stopped being the log. */
	uint64_t quiet_since_ms;
};

/* The device, inode and kind are taken from the descriptor, which becomes the file's.
 * Returns 0, or -EISDIR, -ENOTSUP (neither file nor directory) or fstat's -errno, and the
 * descriptor is then closed. */
int follow_file_take(int fd, struct follow_file *ret);
void follow_file_close(struct follow_file *file);

bool follow_position_is(const struct follow_position *position, uint64_t device, uint64_t inode);

/* The file has, before the offset, the bytes of the fingerprint: it is the file the
 * position was taken in, or a copy of it. A fingerprint too short to tell anything is
 * believed only for the same inode. */
bool follow_file_holds(const struct follow_file *file, const struct follow_position *position);

/* Goes on where a position that the file holds was taken. */
void follow_file_resume(struct follow_file *file, const struct follow_position *position);
/* Passes over all that is there, and the rest of a line that is being written. */
int follow_file_seek_end(struct follow_file *file);
/* From the start again, after the file was found to be truncated. */
void follow_file_restart(struct follow_file *file);

/* One is a copy of the other, by its first bytes. */
bool follow_file_same_start(const struct follow_file *a, const struct follow_file *b);

enum follow_read {
	FOLLOW_READ_END,       /* all that is there was read */
	FOLLOW_READ_MORE,      /* the buffer was full */
	FOLLOW_READ_TRUNCATED, /* nothing was read: the file is not what it was */
};

struct follow_lines {
	const struct follow_calls *calls;
	void *data;
	const char *path;
	char *buffer; /* FOLLOW_BUFFER_SIZE */
};

/* Hands out the complete lines of one read and ends their batch. Returns enum follow_read
 * or -errno; `ret_bytes` is what the file was read on by. */
int follow_file_read(struct follow_file *file, const struct follow_lines *lines, size_t *ret_bytes);

#endif
