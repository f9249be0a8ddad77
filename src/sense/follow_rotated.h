/* SPDX-License-Identifier: Apache-2.0 */
/* follow_rotated - where the former contents of a log file may be now.
 *
 * Needs only that the directory may be listed: nothing is opened here. Part of follow.
 */
#ifndef WAVEBREAK_SENSE_FOLLOW_ROTATED_H
#define WAVEBREAK_SENSE_FOLLOW_ROTATED_H

#include "base/bytes.h"

#include <limits.h>

#define FOLLOW_ROTATED_MOST 16u

struct follow_rotated {
	uint64_t device, inode;
	uint64_t size;
	uint64_t born_ns; /* wall time; 0 where the file system does not keep it (NFS 3) */
	bool numbered;    /* its name is the file's with a number or a date, and nothing more */
	char name[NAME_MAX + 1];
};

/* "mail.log.1", "mail.log-20260727", "mail.log.2026-07-27T00:00", and with the date before
 * the ending "mail-20260727.log". Not "mail.log.1.gz": its bytes are other ones. */
bool follow_name_is_numbered(struct bytes name, struct bytes log_name);

/* The siblings of the file at `path` (no symlink) that could hold former contents: regular
 * files whose name begins like its own. The youngest FOLLOW_ROTATED_MOST, oldest first. A
 * directory that cannot be listed has none. Returns how many. */
size_t follow_rotated_list(const char *path, struct follow_rotated ret[FOLLOW_ROTATED_MOST]);

#endif
