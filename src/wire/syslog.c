/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/syslog.h"

#include <errno.h>

/* "<22>": one to three digits, at most 191 (RFC 5424 section 6.2.1). */
static size_t priority_size(struct bytes text)
{
	unsigned value = 0;
	size_t i = 1;

	if (text.size < 3 || text.data[0] != '<')
		return 0;
	for (; i < text.size && i < 4 && char_is_digit(text.data[i]); i++)
		value = value * 10 + (unsigned)(text.data[i] - '0');
	return i > 1 && i < text.size && text.data[i] == '>' && value <= 191 ? i + 1 : 0;
}

/* What loggers write as a host: a name, an address, with its zone, port or brackets. Nothing that a
 * message begins with where the host is missing may look like one ("auth(NAME,ADDR): ..." in
 * Dovecot's own log, with the name a client's): its next words would be a tag of the client's. */
static bool is_host(struct bytes word)
{
	static const bool is_host_char[256] = {
		['0' ... '9'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true, ['.'] = true, ['-'] = true,
		['_'] = true, [':'] = true, ['%'] = true, ['/'] = true, ['['] = true, [']'] = true, ['@'] = true,
	};

	for (size_t i = 0; i < word.size; i++)
		if (!is_host_char[(uint8_t)word.data[i]])
			return false;
	return word.size > 0;
}

/* A line may lack the host ("Jul 27 15:05:01 imapd: ..."): what ends in a colon is a tag. */
static void take_host(struct bytes *rest, struct bytes *ret_host)
{
	size_t size = bytes_find_char(*rest, ' ');

	if (size == 0 || size == rest->size || rest->data[size - 1] == ':' || !is_host(bytes_first(*rest, size)))
		return;
	*ret_host = bytes_first(*rest, size);
	*rest = bytes_skip(*rest, size + 1);
}

/* All that is printable but ':' and '['. A table, because a third of the time of a line that
 * is of no service went into comparing its tag byte by byte with these. */
static const bool is_tag_char[256] = {
	['!' ... '9'] = true,
	[';' ... 'Z'] = true,
	['\\' ... '~'] = true,
};

/* "tag: " or "tag[pid]: ". Where that is not there nothing is taken, and the line is one of
 * no program ("last message repeated 3 times"). */
static void take_tag(struct bytes *rest, struct syslog_line *ret)
{
	struct bytes after, pid = { NULL, 0 };
	size_t size = 0;

	while (size < rest->size && is_tag_char[(uint8_t)rest->data[size]])
		size++;
	after = bytes_skip(*rest, size);
	if (size && after.size && after.data[0] == '[') {
		pid = bytes_skip(after, 1);
		pid.size = bytes_find_char(pid, ']');
		after = bytes_skip(after, pid.size + 2);
	}
	if (size == 0 || after.size == 0 || after.data[0] != ':')
		return;
	ret->tag = bytes_first(*rest, size);
	ret->pid = pid;
	*rest = bytes_skip(after, 1);
	if (rest->size && rest->data[0] == ' ')
		*rest = bytes_skip(*rest, 1);
}

/* The fields of RFC 5424 are separated by single blanks, and "-" is one that is left out. */
static bool take_field(struct bytes *rest, struct bytes *ret)
{
	size_t size = bytes_find_char(*rest, ' ');

	if (size == 0)
		return false;
	*ret = bytes_first(*rest, size);
	*rest = bytes_skip(*rest, size + 1);
	if (size == 1 && ret->data[0] == '-')
		ret->size = 0;
	return true;
}

/* Structured data: "-" or elements in brackets, in which a quoted value may hold a bracket
 * and, after a backslash, a quote (RFC 5424 section 6.3.3). */
static bool skip_structured_data(struct bytes *rest)
{
	bool quoted = false, inside = false;
	size_t i = 0;

	if (rest->size == 0 || (rest->data[0] != '-' && rest->data[0] != '['))
		return false;
	for (; i < rest->size && (inside || rest->data[i] != ' '); i++) {
		char c = rest->data[i];

		if (quoted && c == '\\')
			i++;
		else if (inside && c == '"')
			quoted = !quoted;
		else if (!quoted && (c == '[' || c == ']'))
			inside = c == '[';
	}
	if (inside || (rest->data[0] == '-' && i != 1))
		return false;
	*rest = bytes_skip(*rest, i + 1);
	return true;
}

static bool split_rfc5424(struct bytes rest, struct syslog_line *ret)
{
	struct bytes message_id;

	if (!take_field(&rest, &ret->stamp) || !take_field(&rest, &ret->host) ||
	    !take_field(&rest, &ret->tag) || !take_field(&rest, &ret->pid) ||
	    !take_field(&rest, &message_id) || !skip_structured_data(&rest))
		return false;
	/* A message in UTF-8 begins with a byte order mark (RFC 5424 section 6.4). */
	if (bytes_starts_with(rest, BYTES_LITERAL("\xef\xbb\xbf")))
		rest = bytes_skip(rest, 3);
	ret->form = SYSLOG_RFC5424;
	ret->stamp_form = ret->stamp.size && stamp_find_iso8601(ret->stamp) == ret->stamp.size ? STAMP_ISO8601 : STAMP_NONE;
	ret->message = ret->text = rest;
	return true;
}

/* What a system logger's line goes on with, and a server's own log does not. */
static bool is_of_logger(enum stamp_form form)
{
	return form == STAMP_RFC3164 || form == STAMP_ISO8601 || form == STAMP_FULL || form == STAMP_UNIX ||
	       form == STAMP_MONOTONIC;
}

/* "[812] " of Exim's log_selector +pid. */
static void take_own_pid(struct bytes *rest, struct syslog_line *ret)
{
	struct bytes pid;
	size_t end;

	if (rest->size < 4 || rest->data[0] != '[')
		return;
	end = bytes_find_char(*rest, ']');
	pid = bytes_first(bytes_skip(*rest, 1), end - 1);
	if (!bytes_are_digits(pid) || end + 1 >= rest->size || rest->data[end + 1] != ' ')
		return;
	ret->pid = pid;
	*rest = bytes_skip(*rest, end + 2);
}

/* "mx1 exim[29786]: " after the stamp of a server's own log: a syslog daemon with a template of
 * its administrator's. Host, program and pid have to be there, or it is the message. */
static void take_own_head(struct bytes text, struct syslog_line *ret)
{
	struct syslog_line head = { 0 };
	struct bytes rest = text;
	size_t host = bytes_find_char(text, ' ');

	ret->message = text;
	if (host == text.size || !is_host(bytes_first(text, host)) || memchr(text.data, '[', host))
		return;
	rest = bytes_skip(rest, host + 1);
	take_tag(&rest, &head);
	if (head.tag.size == 0 || head.pid.size == 0)
		return;
	ret->host = bytes_first(text, host);
	ret->tag = head.tag;
	ret->pid = head.pid;
	ret->message = rest;
}

static bool split_stamped(struct bytes rest, struct syslog_line *ret)
{
	size_t size = stamp_find(rest, &ret->stamp_form);

	if (size == 0 || size == rest.size || rest.data[size] != ' ') {
		ret->stamp_form = STAMP_NONE;
		return false;
	}
	ret->stamp = bytes_first(rest, size);
	rest = bytes_skip(rest, size + 1);
	ret->text = rest;
	if (is_of_logger(ret->stamp_form)) {
		ret->form = SYSLOG_STAMPED;
		take_host(&rest, &ret->host);
		take_tag(&rest, ret);
		ret->message = rest;
		return true;
	}
	ret->form = SYSLOG_OWN;
	while (rest.size && rest.data[0] == ' ')
		rest = bytes_skip(rest, 1);
	take_own_pid(&rest, ret);
	ret->text = rest;
	take_own_head(rest, ret);
	return true;
}

void syslog_split(struct bytes line, struct syslog_line *ret)
{
	struct bytes rest;

	if (line.size && line.data[line.size - 1] == '\r')
		line.size--;
	*ret = (struct syslog_line){ .message = line, .text = line };
	rest = bytes_skip(line, priority_size(line));
	if (split_stamped(rest, ret))
		return;
	if (rest.size < line.size && bytes_starts_with(rest, BYTES_LITERAL("1 ")) &&
	    !split_rfc5424(bytes_skip(rest, 2), ret))
		*ret = (struct syslog_line){ .message = line, .text = line };
}

int syslog_time(const struct syslog_line *line, const struct stamp_clock *clock, uint64_t *ret_wall_s)
{
	if (line->stamp.size == 0)
		return -ENODATA;
	if (line->stamp_form == STAMP_NONE)
		return -EINVAL;
	return stamp_time(line->stamp_form, line->stamp, clock, ret_wall_s);
}
