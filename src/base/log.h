/* SPDX-License-Identifier: Apache-2.0 */
/* log - what wavebreak says of itself, one line a thing that a person would want to know.
 *
 * Lines go to standard error. Under systemd (JOURNAL_STREAM is set) each begins with
 * the <N> priority that the journal understands; otherwise with "wavebreak: ". One
 * write(2) a line, so lines of two processes do not mix; none is waited for: what standard error
 * does not take at once is dropped (COUNTER_messages_dropped). Untrusted text has to be
 * escaped by the caller (text_escape); control bytes that come here all the same are
 * written as '?'.
 */
#ifndef WAVEBREAK_BASE_LOG_H
#define WAVEBREAK_BASE_LOG_H

enum log_level {
	LOG_LEVEL_ERROR = 3, /* as in syslog(3) */
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7,
};

/* `role` ("warden", "watch") is named in each line; a literal. Info and above by default. */
void log_open(const char *role, enum log_level most_detailed);
void log_set_level(enum log_level most_detailed);

void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
