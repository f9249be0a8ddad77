/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include "base/counter.h"

#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *log_role;
static enum log_level log_most_detailed = LOG_LEVEL_INFO;
static bool log_to_journal;

void log_open(const char *role, enum log_level most_detailed)
{
	log_role = role;
	log_most_detailed = most_detailed;
	log_to_journal = getenv("JOURNAL_STREAM") != NULL;
}

void log_set_level(enum log_level most_detailed)
{
	log_most_detailed = most_detailed;
}

static size_t head(char *line, size_t size, enum log_level level)
{
	int n;

	if (log_to_journal)
		n = snprintf(line, size, "<%d>%s%s", level, log_role ? log_role : "", log_role ? ": " : "");
	else
		n = snprintf(line, size, "wavebreak%s%s: %s", log_role ? " " : "", log_role ? log_role : "",
			     level <= LOG_LEVEL_ERROR ? "error: " : level == LOG_LEVEL_WARNING ? "warning: " : "");
	return n < 0 ? 0 : (size_t)n;
}

/* A pager, or a log daemon, that has stopped reading must not stop us: a line that would wait is
 * dropped. A pipe and a socket that are writable at all take a line of this length whole. */
static void put(const char *line, size_t size)
{
	struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };

	if (poll(&p, 1, 0) != 1 || !(p.revents & POLLOUT) || write(STDERR_FILENO, line, size) < 0)
		counter_add(COUNTER_messages_dropped, 1);
}

void log_write(enum log_level level, const char *format, ...)
{
	char line[1024];
	size_t used;
	va_list args;
	int n;

	if (level > log_most_detailed)
		return;
	used = head(line, sizeof(line) - 1, level);
	va_start(args, format);
	n = vsnprintf(line + used, sizeof(line) - 1 - used, format, args);
	va_end(args);
	if (n < 0)
		return;
	used += (size_t)n < sizeof(line) - 1 - used ? (size_t)n : sizeof(line) - 2 - used;
	for (size_t i = 0; i < used; i++) {
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	}
	line[used++] = '\n';
	put(line, used);
}
