/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/when.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#define MINUTE_S 60ULL
#define HOUR_S (60 * MINUTE_S)
#define DAY_S (24 * HOUR_S)
/* What duration_format takes without overflow; more is no span that anybody means. */
#define SPAN_MOST_S (UINT64_MAX / 1000)

const char *span_format(uint64_t seconds, char text[DURATION_TEXT_SIZE])
{
	uint64_t unit = seconds < HOUR_S ? 1 : seconds < DAY_S ? MINUTE_S : HOUR_S;

	if (seconds > SPAN_MOST_S)
		seconds = SPAN_MOST_S;
	return duration_format((seconds - seconds % unit) * 1000, text);
}

const char *distance_format(uint64_t at_s, uint64_t now_s, char text[DISTANCE_TEXT_SIZE])
{
	char span[DURATION_TEXT_SIZE];

	if (at_s == now_s)
		return strcpy(text, "now");
	if (at_s < now_s)
		snprintf(text, DISTANCE_TEXT_SIZE, "%s ago", span_format(now_s - at_s, span));
	else
		snprintf(text, DISTANCE_TEXT_SIZE, "in %s", span_format(at_s - now_s, span));
	return text;
}

const char *when_format(uint64_t at_s, uint64_t now_s, char text[WHEN_TEXT_SIZE])
{
	char wall[WALL_TEXT_SIZE], distance[DISTANCE_TEXT_SIZE];

	snprintf(text, WHEN_TEXT_SIZE, "%s (%s)", wall_format(at_s, wall),
		 distance_format(at_s, now_s, distance));
	return text;
}

int when_of_fields(const struct when_fields *f, uint64_t *ret_s)
{
	static const int days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	struct tm tm = { .tm_year = f->year - 1900, .tm_mon = f->month - 1, .tm_mday = f->day, .tm_hour = f->hour,
			 .tm_min = f->minute, .tm_sec = f->second, .tm_isdst = -1 };
	time_t at;

	if (f->year < 1970 || f->year > 9999 || f->month < 1 || f->month > 12 || f->day < 1 ||
	    f->day > days[f->month - 1] || f->hour < 0 || f->hour > 23 || f->minute < 0 || f->minute > 59 ||
	    f->second < 0 || f->second > 60)
		return -EINVAL;
	at = f->has_offset ? timegm(&tm) - f->utc_offset_s : mktime(&tm);
	/* 29 February of a year that has none is another day by now. */
	if (at < 0 || tm.tm_mon != f->month - 1)
		return -EINVAL;
	*ret_s = (uint64_t)at;
	return 0;
}

/* `count` digits and what has to stand behind them, NUL for nothing. */
static bool take_digits(struct bytes *text, size_t count, int *ret)
{
	uint64_t number;

	if (text->size < count || bytes_to_u64(bytes_first(*text, count), 9999, &number) < 0)
		return false;
	*ret = (int)number;
	*text = bytes_skip(*text, count);
	return true;
}

static bool take_char(struct bytes *text, char c)
{
	if (text->size == 0 || text->data[0] != c)
		return false;
	*text = bytes_skip(*text, 1);
	return true;
}

static bool take_day(struct bytes *text, struct when_fields *f)
{
	return take_digits(text, 4, &f->year) && take_char(text, '-') && take_digits(text, 2, &f->month) &&
	       take_char(text, '-') && take_digits(text, 2, &f->day);
}

static bool take_time(struct bytes *text, struct when_fields *f)
{
	if (!take_digits(text, 2, &f->hour) || !take_char(text, ':') || !take_digits(text, 2, &f->minute))
		return false;
	return !take_char(text, ':') || take_digits(text, 2, &f->second);
}

bool when_offset(struct bytes text, struct when_fields *f)
{
	int hours, minutes = 0, sign = text.size && text.data[0] == '-' ? -1 : 1;

	f->has_offset = true;
	f->utc_offset_s = 0;
	if (bytes_equal(text, BYTES_LITERAL("Z")))
		return true;
	if ((!take_char(&text, '+') && !take_char(&text, '-')) || !take_digits(&text, 2, &hours))
		return false;
	if (text.size) {
		take_char(&text, ':');
		if (!take_digits(&text, 2, &minutes) || text.size)
			return false;
	}
	f->utc_offset_s = sign * (hours * 3600 + minutes * 60);
	return hours <= 14 && minutes <= 59;
}

/* The date of so many days later, here. */
static void take_date(uint64_t now_s, int days, struct when_fields *f)
{
	time_t now = (time_t)now_s, noon;
	struct tm tm = { 0 };

	if (!localtime_r(&now, &tm))
		return;
	tm.tm_mday += days;
	tm.tm_hour = 12; /* which each day has, also the one on which clocks are changed */
	tm.tm_min = tm.tm_sec = 0;
	tm.tm_isdst = -1;
	noon = mktime(&tm);
	if (noon < 0)
		return;
	f->year = tm.tm_year + 1900;
	f->month = tm.tm_mon + 1;
	f->day = tm.tm_mday;
}

/* Of the days around now, since with an offset it may be another day there than here. */
static int latest_past(struct when_fields *f, uint64_t now_s, uint64_t *ret_s)
{
	for (int days = 1; days >= -2; days--) {
		uint64_t at_s;

		take_date(now_s, days, f);
		if (when_of_fields(f, &at_s) == 0 && at_s <= now_s) {
			*ret_s = at_s;
			return 0;
		}
	}
	return -EINVAL;
}

bool when_is_time_of_day(struct bytes text)
{
	return text.size > 2 && text.data[2] == ':';
}

int when_parse(struct bytes text, uint64_t now_s, uint64_t *ret_s)
{
	struct when_fields f = { 0 };
	bool is_time_of_day;
	uint64_t span_ms;

	if (bytes_equal(text, BYTES_LITERAL("now"))) {
		*ret_s = now_s;
		return 0;
	}
	if (duration_parse(text, &span_ms) == 0) {
		*ret_s = now_s > span_ms / 1000 ? now_s - span_ms / 1000 : 0;
		return 0;
	}
	is_time_of_day = when_is_time_of_day(text);
	if (!is_time_of_day) {
		if (!take_day(&text, &f))
			return -EINVAL;
		if (text.size == 0)
			return when_of_fields(&f, ret_s);
		if (!take_char(&text, ' ') && !take_char(&text, 'T'))
			return -EINVAL;
	}
	if (!take_time(&text, &f) || (text.size && !when_offset(text, &f)))
		return -EINVAL;
	return is_time_of_day ? latest_past(&f, now_s, ret_s) : when_of_fields(&f, ret_s);
}
