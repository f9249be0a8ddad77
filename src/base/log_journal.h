/* SPDX-License-Identifier: Apache-2.0 */
/* log_journal - entries with fields, as systemd-journald takes them (systemd.io/JOURNAL_NATIVE_PROTOCOL).
 *
 * One datagram an entry. A field is a line NAME=value, or, when its value could end a line, the name, a line's end, the
 * value's length in eight bytes, the least significant first, the value, and a line's end: no value can make
 * another field. sd_journal_send(3) would wait for a journal that is slow, and so hold up the guard.
 */
#ifndef WAVEBREAK_BASE_LOG_JOURNAL_H
#define WAVEBREAK_BASE_LOG_JOURNAL_H

#include "base/bytes.h"

#define LOG_ENTRY_SIZE 6144

struct log_entry {
	char data[LOG_ENTRY_SIZE];
	size_t used;
};

/* A field that there is no room for is left out. `name` is a literal of A to Z and '_'. */
void log_entry_add(struct log_entry *entry, const char *name, struct bytes value);

/* Whether this descriptor is what `stream`, JOURNAL_STREAM's value, names; NULL names nothing. */
bool log_journal_is(int fd, const char *stream);
/* A socket, or -errno. */
int log_journal_connect(void);
/* Without waiting. Returns 0 or -errno. */
int log_entry_send(const struct log_entry *entry, int socket);

#endif
