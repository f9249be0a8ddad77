/* SPDX-License-Identifier: Apache-2.0 */
/* replay_files - logs to read one after the other, in order of the time that their lines tell.
 *
 * `mail.log*` of a shell names the newest first, and the tenth before the second. Whatever can be
 * read twice is looked into for its first time; what cannot (standard input, a pipe) stays where
 * it was named, and so does everything then.
 */
#ifndef WAVEBREAK_CLI_REPLAY_FILES_H
#define WAVEBREAK_CLI_REPLAY_FILES_H

#include "wire/stamp.h"

struct replay_file {
	const char *name; /* as it was given */
	int fd;
	uint64_t size;    /* in bytes; 0: not known */
	uint64_t end_s;   /* when its last line was written, as far as the file or its name says */
	uint64_t begin_s; /* of its first line with a time; 0: there is none */
};

/* Opens all; the list is the caller's to close. `year` 0: not given. Returns 0, or the exit status of
 * the command after a sentence on standard error: what cannot be read is said, and nothing begins. */
int replay_files_open(char **names, int count, unsigned year, struct replay_file **ret);
void replay_files_close(struct replay_file *files, int count);

/* For the stamps of this file around that time: the zone's offset is that of then. */
struct stamp_clock replay_file_clock(const struct replay_file *file, uint64_t about_s);

#endif
