/* SPDX-License-Identifier: Apache-2.0 */
/* line_reader - a line of a log as a whole: its head, whose line it is, what it says of a client.
 *
 * The syslog tag says whose it is. Servers that write a log of their own (Exim's mainlog, Dovecot's
 * log_path) put no name into it; whoever knows that file says of which service its lines are,
 * and then a line whose first words only look like a tag is read as that service's, too. What
 * Docker wrapped is unwrapped.
 *
 * One reader belongs to one thread and one log, or several of the same kind. The set outlives it.
 * Nothing is allocated once it is made, and only what Docker escaped is copied.
 */
#ifndef WAVEBREAK_JUDGE_LINE_READER_H
#define WAVEBREAK_JUDGE_LINE_READER_H

#include "judge/matcher.h"
#include "wire/syslog.h"

/* A longer line is cut by whoever hands it out, and is passed over when Docker wrapped it. */
#define LINE_READER_MOST 65536

struct line_reader;

struct line_reading {
	struct syslog_line head;
	const struct signature_group *group; /* NULL: nobody's that we know */
	bool recognised;
	struct match match; /* when recognised */
};

/* `untagged` is the group of lines without a tag, or NULL. Returns 0 or -ENOMEM. */
int line_reader_create(const struct signature_set *set, const struct signature_group *untagged,
		       struct line_reader **ret);
void line_reader_destroy(struct line_reader *reader);

/* For a line that was split by whoever gave it to us, as the journal does. */
bool line_reader_read_split(struct line_reader *reader, const struct syslog_line *line, bool cut,
			    struct line_reading *ret);

/* matcher_stopped of its matcher. */
const struct signature *line_reader_stopped(const struct line_reader *reader, uint64_t *ret_times);

/* The line without its newline; `cut` as for matcher_match. Views in the answer are of the line, or
 * of the reader until its next line. Returns whether it was recognised. */
bool line_reader_read(struct line_reader *reader, struct bytes line, bool cut, struct line_reading *ret);

#endif
