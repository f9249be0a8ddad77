/* SPDX-License-Identifier: Apache-2.0 */
/* follow_chain - one followed path: the file it names now and those it named before.
 *
 * Decides which files are opened, where each is begun, in which order they are read, and
 * when one is let go. When to look is told from outside, and so is the time. Part of follow.
 */
#ifndef WAVEBREAK_SENSE_FOLLOW_CHAIN_H
#define WAVEBREAK_SENSE_FOLLOW_CHAIN_H

#include "sense/follow_dirs.h"
#include "sense/follow_file.h"
#include "sense/follow_rotated.h"

#include <sys/types.h>

/* All that one search among the siblings can bring, and a few more. */
#define FOLLOW_FILES_MOST (FOLLOW_ROTATED_MOST + 4)
#define FOLLOW_PAST_MOST 8u

/* How long an old file has to be quiet until it is let go: rsyslog hears of a rotation only
 * when logrotate is done with all its files, and programs that log by themselves keep
 * writing for as long as a message takes. A descriptor costs less than a lost line. */
#define FOLLOW_QUIET_MOVED_ON_MS 60000u /* when a later file has lines */
#define FOLLOW_QUIET_ALONE_MS 600000u

/* A path without a readable file is told of after this time: every rotation has a gap. */
#define FOLLOW_GAP_MS 2000u

/* Why a file could not be opened or read, so that it is not tried without end. */
struct follow_refusal {
	int error; /* errno, or 0 */
	uint64_t device, inode;
	mode_t mode; /* permissions that change are tried at once */
	uid_t uid;
	gid_t gid;
	uint64_t retry_ms, wait_ms;
};

struct follow_chain {
	struct follow_lines lines; /* the path and the callbacks are in here */
	int inotify_fd;
	struct follow_dirs dirs;
	struct follow_file files[FOLLOW_FILES_MOST]; /* oldest first */
	size_t count;
	/* Files that were let go: one that comes back (a symlink that moves to and fro) is not
	 * read twice. */
	struct follow_position past[FOLLOW_PAST_MOST];
	size_t past_count; /* ever; the place of the next one is this modulo the size */
	struct follow_position resume;
	bool resume_given;
	enum follow_start start;
	bool begun; /* a file was opened, so `resume` and `start` are done with */
	struct follow_refusal refusal;
	int failing; /* what the last look at the path came to, errno or 0 */
	uint64_t failing_since_ms;
	int told; /* the errno the owner was last told of */
};

/* `lines` is copied, what it points to is not. */
void follow_chain_create(struct follow_chain *chain, const struct follow_lines *lines, int inotify_fd,
			 const struct follow_position *position, enum follow_start start);
void follow_chain_destroy(struct follow_chain *chain);

/* Reads the files to their ends, oldest first, and stops early after `most` bytes, when
 * *ret_more becomes true. Returns the bytes read. */
size_t follow_chain_read(struct follow_chain *chain, uint64_t now_ms, size_t most, bool *ret_more);

/* Looks at what the path names now and opens it when it is another file, with what was
 * missed in between. For when all is read; what is new is then to be read. */
void follow_chain_check(struct follow_chain *chain, uint64_t now_ms);

/* Lets go of old files that nobody writes to any more, and tells of trouble that stays. */
void follow_chain_settle(struct follow_chain *chain, uint64_t now_ms);

/* inotify tells of everything that can happen to the files, as far as one can know. */
bool follow_chain_sure(const struct follow_chain *chain);

/* 0 or -ENODATA. */
int follow_chain_position(const struct follow_chain *chain, struct follow_position *ret);

#endif
