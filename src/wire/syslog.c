/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/syslog.h"

#include <errno.h>

#define RFC3164_STAMP_SIZE 15 /* "Jul 27 15:05:01" */
#define ISO8601_TIME_SIZE 19  /* "2026-07-27T15:05:01" */
#define DAY_S 86400

static bool char_is_letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool is_clock(const char *p)
{
	return char_is_digit(p[0]) && char_is_digit(p[1]) && p[2] == ':' && char_is_digit(p[3]) &&
	       char_is_digit(p[4]) && p[5] == ':' && char_is_digit(p[6]) && char_is_digit(p[7]);
}

/* Size of ".214511", or of nothing. */
static size_t fraction_size(struct bytes text)
{
	size_t size = 1;

	if (text.size < 2 || (text.data[0] != '.' && text.data[0] != ','))
		return 0;
	while (size < text.size && char_is_digit(text.data[size]))
		size++;
	return size > 1 ? size : 0;
}

/* Size of "Z", "+02:00", "+0200", "+02", or of nothing. */
static size_t zone_size(struct bytes text)
{
	const char *p = text.data;

	if (text.size && p[0] == 'Z')
		return 1;
	if (text.size < 3 || (p[0] != '+' && p[0] != '-') || !char_is_digit(p[1]) ||
	    !char_is_digit(p[2]))
		return 0;
	if (text.size >= 6 && p[3] == ':' && char_is_digit(p[4]) && char_is_digit(p[5]))
		return 6;
	if (text.size >= 5 && char_is_digit(p[3]) && char_is_digit(p[4]))
		return 5;
	return 3;
}

/* Both return the size of the stamp that the text begins with, 0 when there is none. */
static size_t rfc3164_stamp(struct bytes text)
{
	const char *p = text.data;

	if (text.size < RFC3164_STAMP_SIZE || !char_is_letter(p[0]) || !char_is_letter(p[1]) ||
	    !char_is_letter(p[2]) || p[3] != ' ' || (p[4] != ' ' && !char_is_digit(p[4])) ||
	    !char_is_digit(p[5]) || p[6] != ' ' || !is_clock(p + 7))
		return 0;
	return RFC3164_STAMP_SIZE + fraction_size(bytes_skip(text, RFC3164_STAMP_SIZE));
}

static size_t iso8601_stamp(struct bytes text)
{
	const char *p = text.data;
	size_t size = ISO8601_TIME_SIZE;

	if (text.size < size || p[10] != 'T' || p[4] != '-' || p[7] != '-' || !is_clock(p + 11))
		return 0;
	for (size_t i = 0; i < 10; i++)
		if (i != 4 && i != 7 && !char_is_digit(p[i]))
			return 0;
	size += fraction_size(bytes_skip(text, size));
	return size + zone_size(bytes_skip(text, size));
}

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

/* A line may lack the host ("Jul 27 15:05:01 imapd: ..."): what ends in a colon is a tag. */
static void take_host(struct bytes *rest, struct bytes *ret_host)
{
	size_t size = bytes_find_char(*rest, ' ');

	if (size == 0 || size == rest->size || rest->data[size - 1] == ':')
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
	ret->message = rest;
	return true;
}

static bool split_stamped(struct bytes rest, size_t stamp_size, struct syslog_line *ret)
{
	if (stamp_size == 0 || stamp_size == rest.size || rest.data[stamp_size] != ' ')
		return false;
	ret->stamp = bytes_first(rest, stamp_size);
	rest = bytes_skip(rest, stamp_size + 1);
	take_host(&rest, &ret->host);
	take_tag(&rest, ret);
	ret->message = rest;
	return true;
}

void syslog_split(struct bytes line, struct syslog_line *ret)
{
	struct bytes rest;

	if (line.size && line.data[line.size - 1] == '\r')
		line.size--;
	*ret = (struct syslog_line){ .message = line };
	rest = bytes_skip(line, priority_size(line));
	if (split_stamped(rest, rfc3164_stamp(rest), ret)) {
		ret->form = SYSLOG_RFC3164;
	} else if (split_stamped(rest, iso8601_stamp(rest), ret)) {
		ret->form = SYSLOG_ISO8601;
	} else if (rest.size < line.size && bytes_starts_with(rest, BYTES_LITERAL("1 "))) {
		if (!split_rfc5424(bytes_skip(rest, 2), ret))
			*ret = (struct syslog_line){ .message = line };
	}
}

/* Days from 1970-01-01 in the Gregorian calendar, counted in years that begin in March, so
 * that the leap day is the last of its year. */
static int64_t days_since_1970(int64_t year, int month, int day)
{
	int64_t march_year = month > 2 ? year : year - 1;
	int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return march_year * 365 + march_year / 4 - march_year / 100 + march_year / 400 +
	       day_of_year - 719468;
}

static int days_in_month(int64_t year, int month)
{
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	if (month == 2)
		return leap ? 29 : 28;
	return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

static int two_digits(const char *p)
{
	return (p[0] == ' ' ? 0 : p[0] - '0') * 10 + p[1] - '0';
}

/* Seconds since 1970 on a clock without a zone. A leap second is let through. */
static int wall_seconds(int64_t year, int month, int day, const char *clock, int64_t *ret)
{
	int hour = two_digits(clock);
	int minute = two_digits(clock + 3);
	int second = two_digits(clock + 6);

	if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) || hour > 23 ||
	    minute > 59 || second > 60)
		return -EINVAL;
	*ret = days_since_1970(year, month, day) * DAY_S + hour * 3600 + minute * 60 + second;
	return 0;
}

static int month_by_name(const char *p)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int month = 0; month < 12; month++)
		if (memcmp(p, names + month * 3, 3) == 0)
			return month + 1;
	return 0;
}

static int rfc3164_time(struct bytes stamp, const struct syslog_clock *clock, int64_t *ret)
{
	int64_t now = (int64_t)clock->now_s + clock->utc_offset_s, wall;
	/* Years counted as 365 days run ahead, by one in 1,500: this is this year or the next. */
	int64_t next_year = 1971 + now / (365 * DAY_S);
	int month = month_by_name(stamp.data), day = two_digits(stamp.data + 4);

	/* There is a 29 February in any eight years, 1896 to 1904 being the longest gap. */
	for (int64_t year = next_year; year >= next_year - 10; year--) {
		if (wall_seconds(year, month, day, stamp.data + 7, &wall) < 0 || wall > now + DAY_S)
			continue;
		*ret = wall - clock->utc_offset_s;
		return 0;
	}
	return -EINVAL;
}

static int64_t zone_offset(struct bytes zone)
{
	int64_t offset;

	if (zone.size < 3)
		return 0;
	offset = two_digits(zone.data + 1) * 3600;
	if (zone.size > 3)
		offset += two_digits(zone.data + zone.size - 2) * 60;
	return zone.data[0] == '-' ? -offset : offset;
}

static int iso8601_time(struct bytes stamp, const struct syslog_clock *clock, int64_t *ret)
{
	const char *p = stamp.data;
	int64_t year = two_digits(p) * 100 + two_digits(p + 2);
	struct bytes zone = bytes_skip(stamp, ISO8601_TIME_SIZE);

	zone = bytes_skip(zone, fraction_size(zone));
	if (wall_seconds(year, two_digits(p + 5), two_digits(p + 8), p + 11, ret) < 0)
		return -EINVAL;
	*ret -= zone.size ? zone_offset(zone) : clock->utc_offset_s;
	return 0;
}

int syslog_time(const struct syslog_line *line, const struct syslog_clock *clock,
		uint64_t *ret_wall_s)
{
	int64_t wall;
	int r = -EINVAL;

	if (line->stamp.size == 0)
		return -ENODATA;
	if (line->form == SYSLOG_RFC3164)
		r = rfc3164_time(line->stamp, clock, &wall);
	else if (iso8601_stamp(line->stamp) == line->stamp.size)
		r = iso8601_time(line->stamp, clock, &wall);
	if (r < 0 || wall < 0)
		return -EINVAL;
	*ret_wall_s = (uint64_t)wall;
	return 0;
}
