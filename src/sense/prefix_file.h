/* SPDX-License-Identifier: Apache-2.0 */
/* prefix_file - lists of networks, as those who know bad ones publish them.
 *
 * One network a line, "192.0.2.0/24" or a bare address; what follows a # or ; is a comment, and empty lines are
 * nothing ("192.0.2.0/24 ; SBL1"). The files are the administrator's, but what is in them was often fetched from
 * somebody else: a line that is no network, or that the caller refuses, is counted and passed over, and the first
 * hundred are kept to be said. What is read of a file is bounded, and only a regular one is read.
 */
#ifndef WAVEBREAK_SENSE_PREFIX_FILE_H
#define WAVEBREAK_SENSE_PREFIX_FILE_H

#include "base/prefix.h"

#define PREFIX_FILE_SIZE_MOST (16U << 20)
#define PREFIX_FILE_LINE_MOST 512
#define PREFIX_FILE_SAID_MOST 100
#define PREFIX_FILE_WHY_SIZE 160

struct prefix_refusal {
	unsigned line;                  /* 0: not of a line */
	char why[PREFIX_FILE_WHY_SIZE]; /* "'192.0.2/24' is no network"; foreign text in it is escaped */
};

struct prefix_file {
	const char *path; /* the caller's */
	int error;        /* 0, or why the file could not be read: -errno; -EFBIG: no regular file, or too large */
	size_t taken, refused;
	struct prefix_refusal said[PREFIX_FILE_SAID_MOST]; /* the first of the refused */
	size_t said_count;
};

/* Whether the network is taken; if not, why: `ret_why` has room for PREFIX_FILE_WHY_SIZE. */
typedef bool prefix_file_fn(void *data, const struct prefix *prefix, unsigned line, char *ret_why);

/* *ret has the path already. Without memory the error says so. */
void prefix_file_read(struct prefix_file *ret, prefix_file_fn *fn, void *data);

/* Its error in words. */
const char *prefix_file_trouble(const struct prefix_file *file);

/* The part that reads text. */
void prefix_file_scan(struct bytes text, struct prefix_file *ret, prefix_file_fn *fn, void *data);

/* Counts a refusal, and keeps it while there is room. */
void prefix_file_refuse(struct prefix_file *file, unsigned line, const char *why);

#endif
