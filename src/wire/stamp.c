/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/stamp.h"

#include <errno.h>

#define DAY_S 86400
/* The label of 1970-01-01 00:00:00, 2^62 and the 10 s by which TAI was ahead (tai64n(5) of
 * daemontools); leap seconds since then are passed over, as tai64nlocal does. */
#define TAI64_EPOCH ((1ULL << 62) + 10)
/* The year 10000, as far as the other forms reach. */
#define WALL_END 253402300800ULL

/* In a shape, 'd' is a digit, 'D' a digit or a blank, 'a' a letter, and all else itself. */
static bool has_shape(struct bytes text, const char *shape)
{
	size_t i = 0;

	for (; shape[i]; i++) {
		unsigned char c;

		if (i == text.size)
			return false;
		c = (unsigned char)text.data[i];
		if (shape[i] == 'd' ? !char_is_digit((char)c)
		    : shape[i] == 'D' ? c != ' ' && !char_is_digit((char)c)
		    : shape[i] == 'a' ? (c | 0x20) < 'a' || (c | 0x20) > 'z'
				      : c != (unsigned char)shape[i])
			return false;
	}
	return true;
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
	if (text.size && text.data[0] == 'Z')
		return 1;
	if (!has_shape(text, "+dd") && !has_shape(text, "-dd"))
		return 0;
	if (has_shape(bytes_skip(text, 3), ":dd"))
		return 6;
	return has_shape(bytes_skip(text, 3), "dd") ? 5 : 3;
}

/* `size` bytes of a fixed shape, then perhaps a fraction. */
static size_t with_fraction(struct bytes text, const char *shape)
{
	size_t size = strlen(shape);

	if (!has_shape(text, shape))
		return 0;
	return size + fraction_size(bytes_skip(text, size));
}

#define CLOCK "dd:dd:dd"
#define RFC3164_SHAPE "aaa Dd " CLOCK
/* As loggers write it that do not fill the day with a blank. */
#define SHORT_DAY_SHAPE "aaa d " CLOCK
#define ISO8601_SHAPE "dddd-dd-ddT" CLOCK
#define DATE_SHAPE "dddd-dd-dd " CLOCK
#define DATE_SIZE (sizeof(DATE_SHAPE) - 1)

static bool char_is_letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* RFC3164_SHAPE, written out: it is the head of most lines, and reading the shape took a tenth of
 * the time of a line. */
static bool is_rfc3164(struct bytes text)
{
	const char *p = text.data;

	return text.size >= sizeof(RFC3164_SHAPE) - 1 && p[3] == ' ' && p[6] == ' ' && p[9] == ':' && p[12] == ':' &&
	       char_is_letter(p[0]) && char_is_letter(p[1]) && char_is_letter(p[2]) &&
	       (p[4] == ' ' || char_is_digit(p[4])) && char_is_digit(p[5]) && char_is_digit(p[7]) &&
	       char_is_digit(p[8]) && char_is_digit(p[10]) && char_is_digit(p[11]) && char_is_digit(p[13]) &&
	       char_is_digit(p[14]);
}

static size_t rfc3164_size(struct bytes text)
{
	if (is_rfc3164(text))
		return sizeof(RFC3164_SHAPE) - 1 + fraction_size(bytes_skip(text, sizeof(RFC3164_SHAPE) - 1));
	return with_fraction(text, SHORT_DAY_SHAPE);
}

static size_t iso8601_size(struct bytes text)
{
	size_t size = with_fraction(text, ISO8601_SHAPE);

	return size ? size + zone_size(bytes_skip(text, size)) : 0;
}

/* A zone is there only when the next word is nothing else: Exim's own begins with a sign and goes
 * on with a blank (log_timezone). */
static size_t date_size(struct bytes text)
{
	size_t size = with_fraction(text, DATE_SHAPE);
	struct bytes zone = bytes_skip(text, size);

	if (size && (has_shape(zone, " +dddd ") || has_shape(zone, " -dddd ")))
		return size + 6;
	return size;
}

static size_t slashed_size(struct bytes text)
{
	return with_fraction(text, "dddd/dd/dd " CLOCK);
}

static size_t day_first_size(struct bytes text)
{
	return with_fraction(text, "dd-dd-dddd " CLOCK);
}

static size_t assp_size(struct bytes text)
{
	return with_fraction(text, "aaa-dd-dd " CLOCK);
}

static size_t kerio_size(struct bytes text)
{
	static const char shape[] = "[dd/aaa/dddd " CLOCK "]";

	return has_shape(text, shape) ? sizeof(shape) - 1 : 0;
}

static size_t python_size(struct bytes text)
{
	size_t size = with_fraction(text, "[" DATE_SHAPE);

	return size && has_shape(bytes_skip(text, size), "]") ? size + 1 : 0;
}

/* "@" and 24 digits of TAI64N, or 16 of TAI64; small ones (tai64n(8)). */
static size_t tai64n_size(struct bytes text)
{
	size_t size = 1;

	while (size < text.size && size < 26 && char_hex_value(text.data[size]) >= 0 &&
	       !(text.data[size] >= 'A' && text.data[size] <= 'F'))
		size++;
	return size == 25 || size == 17 ? size : 0;
}

static size_t full_size(struct bytes text)
{
	size_t size = with_fraction(text, "aaa " DATE_SHAPE), zone;

	if (size == 0 || !has_shape(bytes_skip(text, size), " "))
		return size;
	zone = bytes_find_char(bytes_skip(text, size + 1), ' ');
	return zone && zone <= 6 ? size + 1 + zone : size;
}

static size_t unix_size(struct bytes text)
{
	size_t size = with_fraction(text, "dddddddddd");

	return size > 10 ? size : 0;
}

static size_t monotonic_size(struct bytes text)
{
	size_t size = 1;

	while (size < text.size && size < 16 && text.data[size] == ' ')
		size++;
	while (size < text.size && size < 32 && char_is_digit(text.data[size]))
		size++;
	size += fraction_size(bytes_skip(text, size));
	return size > 2 && has_shape(bytes_skip(text, size), "]") && char_is_digit(text.data[size - 1]) ? size + 1 : 0;
}

/* In order of what logs are full of; the first byte leaves few to try. */
static const struct {
	enum stamp_form form;
	size_t (*size)(struct bytes text);
	char first; /* '0': a digit, 'a': a letter */
} forms[] = {
	{ STAMP_ISO8601, iso8601_size, '0' },	{ STAMP_RFC3164, rfc3164_size, 'a' },
	{ STAMP_DATE, date_size, '0' },		{ STAMP_SLASHED, slashed_size, '0' },
	{ STAMP_DAY_FIRST, day_first_size, '0' }, { STAMP_UNIX, unix_size, '0' },
	{ STAMP_ASSP, assp_size, 'a' },		{ STAMP_FULL, full_size, 'a' },
	{ STAMP_KERIO, kerio_size, '[' },	{ STAMP_PYTHON, python_size, '[' },
	{ STAMP_MONOTONIC, monotonic_size, '[' }, { STAMP_TAI64N, tai64n_size, '@' },
};

size_t stamp_find(struct bytes text, enum stamp_form *ret_form)
{
	char first = text.size ? text.data[0] : '\0';

	if (char_is_digit(first))
		first = '0';
	else if ((first | 0x20) >= 'a' && (first | 0x20) <= 'z')
		first = 'a';
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		size_t size = forms[i].first == first ? forms[i].size(text) : 0;

		if (size) {
			*ret_form = forms[i].form;
			return size;
		}
	}
	*ret_form = STAMP_NONE;
	return 0;
}

size_t stamp_find_iso8601(struct bytes text)
{
	return iso8601_size(text);
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

static int four_digits(const char *p)
{
	return two_digits(p) * 100 + two_digits(p + 2);
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

static int rfc3164_time(const char *p, const struct stamp_clock *clock, int64_t *ret)
{
	bool short_day = p[5] == ' ';
	int64_t now = (int64_t)clock->now_s + clock->utc_offset_s;
	/* Years counted as 365 days run ahead, by one in 1,500: this is this year or the next. */
	int64_t next_year = 1971 + now / (365 * DAY_S);
	int month = month_by_name(p), day = short_day ? p[4] - '0' : two_digits(p + 4);

	/* There is a 29 February in any eight years, 1896 to 1904 being the longest gap. */
	for (int64_t year = next_year; year >= next_year - 10; year--) {
		if (wall_seconds(year, month, day, p + (short_day ? 6 : 7), ret) == 0 && *ret <= now + DAY_S)
			return 0;
	}
	return -EINVAL;
}

static int date_time(const char *p, int64_t *ret)
{
	return wall_seconds(four_digits(p), two_digits(p + 5), two_digits(p + 8), p + 11, ret);
}

/* What is left of a stamp after its clock: a fraction, and perhaps a zone. Local when it has none,
 * or one that is a name. */
static int64_t zone_offset(struct bytes rest, const struct stamp_clock *clock)
{
	struct bytes zone = bytes_trim(bytes_skip(rest, fraction_size(rest)));
	int64_t offset;

	if (bytes_equal(zone, BYTES_LITERAL("Z")) || bytes_equal(zone, BYTES_LITERAL("UTC")) ||
	    bytes_equal(zone, BYTES_LITERAL("GMT")))
		return 0;
	if (zone_size(zone) < 3)
		return clock->utc_offset_s;
	offset = two_digits(zone.data + 1) * 3600;
	if (zone.size > 3)
		offset += two_digits(zone.data + zone.size - 2) * 60;
	return zone.data[0] == '-' ? -offset : offset;
}

static int tai64n_time(const char *p, int64_t *ret)
{
	uint64_t label = 0;

	for (size_t i = 1; i < 17; i++)
		label = label << 4 | (uint64_t)char_hex_value(p[i]);
	*ret = (int64_t)(label - TAI64_EPOCH);
	return label < TAI64_EPOCH || label - TAI64_EPOCH >= WALL_END ? -EINVAL : 0;
}

static int unix_time(struct bytes stamp, int64_t *ret)
{
	uint64_t seconds = 0;

	if (bytes_to_u64(bytes_first(stamp, 10), UINT64_MAX, &seconds) < 0)
		return -EINVAL;
	*ret = (int64_t)seconds;
	return 0;
}

/* On a clock of the zone that stands from `zone_at` on; SIZE_MAX: it is in UTC already. */
static int wall_of(enum stamp_form form, struct bytes stamp, const struct stamp_clock *clock, int64_t *ret,
		   size_t *ret_zone_at)
{
	const char *p = stamp.data;

	*ret_zone_at = stamp.size;
	switch (form) {
	case STAMP_NONE:
	case STAMP_MONOTONIC:
		return -ENODATA;
	case STAMP_RFC3164:
		return rfc3164_time(p, clock, ret);
	case STAMP_ISO8601:
	case STAMP_DATE:
		*ret_zone_at = DATE_SIZE;
		return date_time(p, ret);
	case STAMP_SLASHED:
		return date_time(p, ret);
	case STAMP_FULL:
		*ret_zone_at = 4 + DATE_SIZE;
		return date_time(p + 4, ret);
	case STAMP_PYTHON:
		return date_time(p + 1, ret);
	case STAMP_DAY_FIRST:
		return wall_seconds(four_digits(p + 6), two_digits(p + 3), two_digits(p), p + 11, ret);
	case STAMP_ASSP:
		return wall_seconds(2000 + two_digits(p + 7), month_by_name(p), two_digits(p + 4), p + 10, ret);
	case STAMP_KERIO:
		return wall_seconds(four_digits(p + 8), month_by_name(p + 4), two_digits(p + 1), p + 13, ret);
	case STAMP_TAI64N:
		*ret_zone_at = SIZE_MAX;
		return tai64n_time(p, ret);
	case STAMP_UNIX:
		*ret_zone_at = SIZE_MAX;
		return unix_time(stamp, ret);
	}
	return -EINVAL;
}

int stamp_time(enum stamp_form form, struct bytes stamp, const struct stamp_clock *clock, uint64_t *ret_wall_s)
{
	size_t zone_at;
	int64_t wall;
	int r = wall_of(form, stamp, clock, &wall, &zone_at);

	if (r < 0)
		return r;
	if (zone_at != SIZE_MAX)
		wall -= zone_offset(bytes_skip(stamp, zone_at), clock);
	if (wall < 0)
		return -EINVAL;
	*ret_wall_s = (uint64_t)wall;
	return 0;
}
