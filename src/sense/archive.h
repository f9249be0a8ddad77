/* SPDX-License-Identifier: Apache-2.0 */
/* archive - a log file that may be compressed: as it is, by gzip, or by zstd.
 *
 * What it is shows by its first bytes, not by its name, so standard input may be compressed, too.
 * Several compressed parts behind each other are one text, as for zcat(1). Memory is that of the
 * decompressor (gzip 40 kB; zstd up to 128 MB when the file was made with a window that large),
 * whatever the size of the file.
 */
#ifndef WAVEBREAK_SENSE_ARCHIVE_H
#define WAVEBREAK_SENSE_ARCHIVE_H

#include "sense/lines.h"

struct archive;

/* Reads from where the descriptor stands; it stays the caller's. Returns 0, -ENOMEM, or what
 * read(2) failed with. */
int archive_open(int fd, struct archive **ret);
void archive_close(struct archive *archive);

/* A lines_read_fn. -EBADMSG: what follows is damaged; -ENODATA: it breaks off. */
ssize_t archive_read(void *archive, char *buffer, size_t size);

/* The lines of it: opened by both together, whose archive is for archive_progress. What fails leaves
 * nothing to be closed. */
int archive_lines_open(int fd, struct archive **ret, struct lines *ret_lines);
void archive_lines_close(struct archive *archive, struct lines *lines);

/* How much of the file itself was read, in bytes: for a bar of progress. */
uint64_t archive_progress(const struct archive *archive);

/* What archive_read failed with, as a sentence's end: "damaged", "breaks off". */
const char *archive_error_text(int error);

#endif
