/* SPDX-License-Identifier: Apache-2.0 */
/* log - what wavebreak says of itself, one line a thing that a person would want to know.
 *
 * Lines go to standard error, each with "wavebreak: " before it, in one write(2), so that lines of two processes do
 * not mix. Where standard error is the journal (JOURNAL_STREAM names it, systemd.exec(5)), they go to the journal's own
 * socket instead, as entries with fields (base/log_journal.h), and to standard error with a <N> priority
 * (sd-daemon(3)) when that does not take them. Nothing is waited for: what neither takes at once is dropped
 * (COUNTER_messages_dropped).
 *
 * What an administrator would look for is a row of defs/messages.def, which has its text; the call gives the fields,
 * and so the line and the entry say the same:
 *
 *     log_event(LOG_ZONE_OUT, LOG_TEXT(ZONE, name), LOG_TEXT(FAMILY, "IPv6"), LOG_TEXT(WHY, words));
 *
 * Untrusted text has to be escaped by the caller (text_escape). What is not printable ASCII and comes here all the
 * same is written as \xHH.
 */
#ifndef WAVEBREAK_BASE_LOG_H
#define WAVEBREAK_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level {
	LOG_LEVEL_ERROR = 3, /* as in syslog(3) */
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7,
};

enum log_message {
#define MESSAGE(name, level, id, text, help) LOG_##name,
#include "defs/messages.def"
#undef MESSAGE
	LOG_MESSAGES
};

enum log_field_name {
#define LOG_FIELD(name, help) LOG_FIELD_##name,
#include "defs/log_fields.def"
#undef LOG_FIELD
	LOG_FIELDS
};

struct log_field {
	enum log_field_name name;
	const char *text; /* NULL: the number. One that is empty is no field */
	uint64_t number;
};

#define LOG_TEXT(field, value) { .name = LOG_FIELD_##field, .text = (value) }
#define LOG_NUMBER(field, value) { .name = LOG_FIELD_##field, .number = (value) }

/* `role` ("watch", "porter") is named in each line; a literal. Info and above by default. Finds out what standard error
 * is. To be called anew by a process that has closed what it inherited, before it says anything. */
void log_open(const char *role, enum log_level most_detailed);
void log_set_level(enum log_level most_detailed);
/* What is said in square brackets in defs/messages.def. */
void log_observe(bool observing);
/* For who reads what strangers wrote: the journal's socket could send to any other of its kind. Lines go to standard
 * error from now on. */
void log_leave_journal(void);
/* Entries go to this datagram socket from now on, as they would to the journal. It belongs to the log. */
void log_to_journal(int socket);

void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

#define LOG_FIELDS_OF(...) (const struct log_field[]){ __VA_ARGS__ }, \
			   sizeof((const struct log_field[]){ __VA_ARGS__ }) / sizeof(struct log_field)
#define log_event(message, ...) log_say(message, LOG_FIELDS_OF(__VA_ARGS__))

void log_say(enum log_message message, const struct log_field *fields, size_t count);

#endif
