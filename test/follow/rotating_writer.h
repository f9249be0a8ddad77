/* SPDX-License-Identifier: Apache-2.0 */
/* rotating_writer - a process that writes numbered lines to a log and has it rotated.
 *
 * Used by the test of the log follower and by the benches. Writes "line N ...\n", N from 0,
 * one write(2) a line, to DIR/mail.log.
 */
#ifndef WAVEBREAK_TEST_FOLLOW_ROTATING_WRITER_H
#define WAVEBREAK_TEST_FOLLOW_ROTATING_WRITER_H

#include <stdbool.h>
#include <sys/types.h>

enum rotation {
	ROTATION_RENAME,       /* rename, write on, create, write on, reopen */
	ROTATION_COPYTRUNCATE, /* copy, truncate */
	ROTATION_COMPRESS,     /* as rename, then gzip removes the old file */
};

/* Writes line `number` with its newline; returns its size. */
#define ROTATING_LINE_SIZE 192
typedef size_t rotating_line_fn(unsigned number, char line[ROTATING_LINE_SIZE]);

struct rotating_writer {
	const char *dir; /* has to exist */
	enum rotation rotation;
	unsigned lines, lines_per_second, rotations;
	rotating_line_fn *line; /* other lines than these; NULL: these */
	/* The copy is made and truncated by another process while this one writes on, as by
	 * logrotate. What is written between its last read and its truncate and was not
	 * followed by then is nowhere any more, so a test does without. */
	bool apart;
};

/* Returns the child, which exits with 0 when all is written. */
pid_t rotating_writer_start(const struct rotating_writer *writer);

/* 0 or -EINVAL. `text` need not end with NUL. */
int rotating_writer_number(const char *text, size_t size, unsigned *ret);

#endif
