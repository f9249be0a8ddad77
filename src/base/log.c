/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include "base/counter.h"
#include "base/log_journal.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LINE_SIZE 1024
/* A value; what is longer is cut. */
#define VALUE_SIZE 300
#define NUMBER_SIZE 24

static const char *log_role;
static enum log_level log_most_detailed = LOG_LEVEL_INFO;
static bool log_stream_is_journal, log_observing;
static int log_journal = -1;

static const struct {
	enum log_level level;
	const char *id, *text;
} messages[LOG_MESSAGES] = {
#define MESSAGE(name, level, id, text, help) [LOG_##name] = { LOG_LEVEL_##level, id, text },
#include "defs/messages.def"
#undef MESSAGE
};

static const char *const field_names[LOG_FIELDS] = {
#define LOG_FIELD(name, help) [LOG_FIELD_##name] = "WAVEBREAK_" #name,
#include "defs/log_fields.def"
#undef LOG_FIELD
};

/* Always ends with NUL. */
struct line {
	char text[LINE_SIZE];
	size_t used;
};

void log_open(const char *role, enum log_level most_detailed)
{
	log_role = role;
	log_most_detailed = most_detailed;
	/* The number of the descriptor may be another's by now: a process of ours closes what it inherits. */
	log_journal = -1;
	log_stream_is_journal = log_journal_is(STDERR_FILENO, getenv("JOURNAL_STREAM"));
	if (log_stream_is_journal)
		log_journal = log_journal_connect();
}

void log_set_level(enum log_level most_detailed)
{
	log_most_detailed = most_detailed;
}

void log_observe(bool observing)
{
	log_observing = observing;
}

void log_leave_journal(void)
{
	log_to_journal(-1);
}

void log_to_journal(int socket)
{
	if (log_journal >= 0)
		close(log_journal);
	log_journal = socket;
}

/* Room for the line's end is kept. */
static void add_char(struct line *line, char c)
{
	static const char hex[] = "0123456789abcdef";
	unsigned char byte = (unsigned char)c;
	bool is_shown = byte >= ' ' && byte < 0x7f;

	if (line->used + (is_shown ? 1 : 4) > sizeof(line->text) - 2)
		return;
	if (is_shown) {
		line->text[line->used++] = c;
	} else {
		line->text[line->used++] = '\\';
		line->text[line->used++] = 'x';
		line->text[line->used++] = hex[byte >> 4];
		line->text[line->used++] = hex[byte & 15];
	}
	line->text[line->used] = '\0';
}

static void add(struct line *line, const char *text)
{
	while (*text)
		add_char(line, *text++);
}

/* A pager, or a log daemon, that has stopped reading must not stop us: a line that would wait is
 * dropped. A pipe and a socket that are writable at all take a line of this length whole. */
static void put_on_stderr(enum log_level level, const struct line *body)
{
	struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };
	struct line line = { 0 };
	char priority[8];

	if (log_stream_is_journal) {
		snprintf(priority, sizeof(priority), "<%d>", level);
		add(&line, priority);
		add(&line, log_role ? log_role : "");
	} else {
		add(&line, log_role ? "wavebreak " : "wavebreak");
		add(&line, log_role ? log_role : "");
	}
	add(&line, !log_stream_is_journal || log_role ? ": " : "");
	if (!log_stream_is_journal)
		add(&line, level <= LOG_LEVEL_ERROR ? "error: " : level == LOG_LEVEL_WARNING ? "warning: " : "");
	add(&line, body->text);
	line.text[line.used++] = '\n';
	if (poll(&p, 1, 0) != 1 || !(p.revents & POLLOUT) || write(STDERR_FILENO, line.text, line.used) < 0)
		counter_add(COUNTER_messages_dropped, 1);
}

static const char *value_of(const struct log_field *field, char number[NUMBER_SIZE])
{
	if (field->text)
		return field->text;
	snprintf(number, NUMBER_SIZE, "%llu", (unsigned long long)field->number);
	return number;
}

static void add_field(struct log_entry *entry, const char *name, const char *value)
{
	struct line clean = { 0 };

	add(&clean, value);
	if (clean.used)
		log_entry_add(entry, name, bytes_first(bytes_make(clean.text, clean.used), VALUE_SIZE));
}

/* `id` is NULL where nobody would look for it. */
static void put(enum log_level level, const char *id, const struct line *body, const struct log_field *fields,
		size_t count)
{
	struct line message = { 0 };
	struct log_entry entry;
	char number[NUMBER_SIZE];

	if (log_journal < 0) {
		put_on_stderr(level, body);
		return;
	}
	entry.used = 0;
	add(&message, log_role ? log_role : "");
	add(&message, log_role ? ": " : "");
	add(&message, body->text);
	log_entry_add(&entry, "MESSAGE", bytes_make(message.text, message.used));
	snprintf(number, sizeof(number), "%d", level);
	add_field(&entry, "PRIORITY", number);
	add_field(&entry, "SYSLOG_IDENTIFIER", "wavebreak");
	add_field(&entry, field_names[LOG_FIELD_ROLE], log_role ? log_role : "");
	if (id)
		add_field(&entry, "MESSAGE_ID", id);
	if (log_observing)
		add_field(&entry, field_names[LOG_FIELD_OBSERVING], "yes");
	for (size_t i = 0; i < count; i++)
		add_field(&entry, field_names[fields[i].name], value_of(&fields[i], number));
	if (log_entry_send(&entry, log_journal) < 0)
		put_on_stderr(level, body);
}

void log_write(enum log_level level, const char *format, ...)
{
	char text[LINE_SIZE];
	struct line line = { 0 };
	va_list args;

	if (level > log_most_detailed)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	add(&line, text);
	put(level, NULL, &line, NULL, 0);
}

/* `name` is "WHY" and what follows it: the text behind its '}' is returned. */
static const char *add_named(struct line *line, const char *name, const struct log_field *fields, size_t count)
{
	size_t size = strcspn(name, "}");
	char number[NUMBER_SIZE];

	for (size_t i = 0; i < count; i++) {
		const char *own = field_names[fields[i].name] + strlen("WAVEBREAK_");

		if (strlen(own) == size && memcmp(own, name, size) == 0)
			add(line, value_of(&fields[i], number));
	}
	return name + size + (name[size] == '}');
}

void log_say(enum log_message message, const struct log_field *fields, size_t count)
{
	const char *text = messages[message].text;
	struct line line = { 0 };
	bool left_out = false;

	if (messages[message].level > log_most_detailed)
		return;
	while (*text) {
		char c = *text++;

		if (c == '[')
			left_out = !log_observing;
		else if (c == '|')
			left_out = log_observing;
		else if (c == ']')
			left_out = false;
		else if (c == '{' && !left_out)
			text = add_named(&line, text, fields, count);
		else if (!left_out)
			add_char(&line, c);
	}
	put(messages[message].level, messages[message].id, &line, fields, count);
}
