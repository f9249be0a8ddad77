/* SPDX-License-Identifier: Apache-2.0 */
/* lines - the lines of a file or a pipe, from where it stands to its end.
 *
 * For what is read once, in the foreground; a log that grows is followed by sense/follow.h.
 * A line longer than LINE_SIZE_MAX is given cut, never in pieces: the text of a client must
 * not be able to begin a line. Any bytes may come. Nothing is copied out of the buffer.
 */
#ifndef WAVEBREAK_SENSE_LINES_H
#define WAVEBREAK_SENSE_LINES_H

#include "base/bytes.h"

#include <sys/types.h>

#define LINE_SIZE_MAX 65536

/* As read(2): how many bytes, 0 at the end, or -errno. */
typedef ssize_t lines_read_fn(void *source, char *buffer, size_t size);

struct lines {
	lines_read_fn *read;
	void *source;                       /* the caller's */
	int fd;                             /* the source, when it is a descriptor */
	void (*before_read)(void *context); /* may be NULL; a place to flush what was answered */
	void *context;
	char *buffer;
	size_t from, to; /* what of it is still to be given */
	bool skips;      /* the rest of a line that was cut */
	bool ended;
};

/* 0 or -ENOMEM. A `struct lines` that reads a descriptor must not be moved. */
int lines_init(struct lines *lines, int fd);
int lines_init_from(struct lines *lines, lines_read_fn *read, void *source);
void lines_clear(struct lines *lines);

/* The next line without its newline, valid until the next call. The last one may lack the
 * newline. Returns 1, 0 at the end, or what reading failed with. */
int lines_next(struct lines *lines, struct bytes *ret_line, bool *ret_cut);

#endif
