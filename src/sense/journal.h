/* SPDX-License-Identifier: Apache-2.0 */
/* journal - log lines from the systemd journal, as they come.
 *
 * libsystemd is loaded when a journal is opened and not before; the build needs its header only,
 * and without that every call says -EOPNOTSUPP. An entry is a line that was split already:
 * SYSLOG_IDENTIFIER is its tag, MESSAGE its message, and its time is the journal's own.
 *
 * Whoever may write to /dev/log can claim to be any program. The journal knows who it was, so
 * entries of people's processes (_UID 1000 and above, but for nobody) are passed over and
 * counted: a user of this host must not choose whom we ban. Of what a service writes to its
 * standard output the journal ends an entry at a NUL and after 48 KiB; the rest, which begins
 * where the client chose, is passed over as well.
 *
 * Belongs to one loop. To be opened before the process is confined: afterwards the library opens
 * files of the folder that the journal was opened in, and nothing else.
 */
#ifndef WAVEBREAK_SENSE_JOURNAL_H
#define WAVEBREAK_SENSE_JOURNAL_H

#include "wire/syslog.h"

struct loop;
struct journal;

/* Where reading goes on: an opaque text of the library's. */
#define JOURNAL_CURSOR_SIZE 256

struct journal_calls {
	/* Views are valid until the return. `cut`: the message has lost its end. */
	void (*entry)(void *data, const struct syslog_line *entry, bool cut, uint64_t written_ms);
	/* After the entries of one round. */
	void (*batch_end)(void *data);
	/* There will be no more. */
	void (*ended)(void *data, int error);
};

/* The folder of the system's own journal when `folder` is "". With a cursor it begins after that
 * entry; with "" at the end. `calls` outlives us.
 * Returns 0, -EOPNOTSUPP (built without, or libsystemd is not here), or what the library said:
 * -ENOENT where there is no journal, -EACCES. */
int journal_open(struct loop *loop, const char *folder, const char *cursor, const struct journal_calls *calls,
		 void *data, struct journal **ret);
void journal_close(struct journal *journal);

/* After the last entry of the last batch; "" when there was none yet. */
const char *journal_cursor(const struct journal *journal);

/* Whether there is a journal here and a library to read it with. */
bool journal_is_here(void);

/* The folders that it may be in, NULL-ended: for whoever confines the process. */
const char *const *journal_folders(void);

#endif
