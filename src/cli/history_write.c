/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/history_write.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

/* The longest line: a name, a colon, ten digits and a comma each, and the series, each of its characters twice. */
#define SERIES_MOST 500
#define LINE_SIZE (HISTORY_COLUMNS * 48 + 1024)

static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep",
				      "Oct", "Nov", "Dec" };

history_columns history_writer_columns(enum history_format format)
{
	return format == HISTORY_AS_TEXT ? (history_columns)1 << HISTORY_open : HISTORY_ALL;
}

static void make_minute(struct history_writer *w, uint64_t wall_s)
{
	time_t at = (time_t)(wall_s - wall_s % 60);
	struct tm tm = { 0 };
	long offset_min;

	w->minute = wall_s / 60;
	if (!localtime_r(&at, &tm))
		gmtime_r(&at, &tm);
	offset_min = tm.tm_gmtoff / 60;
	if (w->format == HISTORY_AS_TEXT) {
		snprintf(w->before, sizeof(w->before), "%s %s %2d %02d:%02d:", days[tm.tm_wday % 7], months[tm.tm_mon % 12],
			 tm.tm_mday, tm.tm_hour, tm.tm_min);
		snprintf(w->behind, sizeof(w->behind), " %.16s %d ", tm.tm_zone ? tm.tm_zone : "UTC", tm.tm_year + 1900);
		return;
	}
	snprintf(w->before, sizeof(w->before), "%04d-%02d-%02dT%02d:%02d:", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
		 tm.tm_hour, tm.tm_min);
	snprintf(w->behind, sizeof(w->behind), "%c%02ld:%02ld,", offset_min < 0 ? '-' : '+', labs(offset_min) / 60,
		 labs(offset_min) % 60);
}

static char *put_text(char *at, const char *text)
{
	return stpcpy(at, text);
}

static char *put_number(char *at, uint32_t number)
{
	char digits[10];
	unsigned count = 0;

	/* Most are. */
	if (number < 10) {
		*at = (char)('0' + number);
		return at + 1;
	}
	do
		digits[count++] = (char)('0' + number % 10);
	while (number /= 10);
	while (count)
		*at++ = digits[--count];
	return at;
}

static char *put_time(struct history_writer *w, char *at, uint64_t wall_s)
{
	if (wall_s / 60 != w->minute || !w->before[0])
		make_minute(w, wall_s);
	at = put_text(at, w->before);
	*at++ = (char)('0' + wall_s % 60 / 10);
	*at++ = (char)('0' + wall_s % 10);
	return put_text(at, w->behind);
}

static void write_csv_head(const struct history_writer *w, const char *series)
{
	fputs(series[0] ? "time,step,series" : "time,step", w->out);
	for (int i = 0; i < HISTORY_COLUMNS; i++)
		fprintf(w->out, ",%s", history_column((enum history_column)i)->name);
	fputc('\n', w->out);
}

/* A series' name has nothing by now that would have to be escaped but these. */
static char *put_quoted(char *at, const char *series, const char *escaped, char by)
{
	*at++ = '"';
	for (size_t i = 0; series[i] && i < SERIES_MOST; i++) {
		if (strchr(escaped, series[i]))
			*at++ = by;
		*at++ = series[i];
	}
	*at++ = '"';
	return at;
}

static char *put_csv_series(char *at, const char *series)
{
	*at++ = ',';
	return strpbrk(series, ",\"") ? put_quoted(at, series, "\"", '"') : put_text(at, series);
}

/* How often somebody else counted is not known: the step is empty. */
static char *put_csv(struct history_writer *w, char *at, const char *series, uint32_t step_s, uint64_t wall_s,
		     const struct history_chunk *chunk, unsigned slot)
{
	at = put_time(w, at, wall_s);
	at = series[0] ? put_csv_series(at, series) : put_number(at, step_s);
	for (unsigned i = 0; i < HISTORY_COLUMNS; i++) {
		*at++ = ',';
		if (chunk->values[i][slot] != HISTORY_UNKNOWN)
			at = put_number(at, chunk->values[i][slot]);
	}
	return at;
}

/* Of each column what stands before its value, made once: a day has three million of them. */
static struct bytes json_name(unsigned column)
{
	static char names[HISTORY_COLUMNS][48];
	static size_t sizes[HISTORY_COLUMNS];

	if (!sizes[column])
		sizes[column] = (size_t)snprintf(names[column], sizeof(names[0]), ", \"%.40s\": ",
						 history_column((enum history_column)column)->name);
	return bytes_make(names[column], sizes[column]);
}

static char *put_json(char *at, const char *series, uint32_t step_s, uint64_t wall_s, const struct history_chunk *chunk,
		      unsigned slot)
{
	char start[32];

	if (wall_s < UINT32_MAX) {
		at = put_number(put_text(at, "{\"time\": "), (uint32_t)wall_s);
	} else {
		snprintf(start, sizeof(start), "{\"time\": %" PRIu64, wall_s);
		at = put_text(at, start);
	}
	if (series[0])
		at = put_quoted(put_text(at, ", \"series\": "), series, "\"\\", '\\');
	else
		at = put_number(put_text(at, ", \"step\": "), step_s);
	for (unsigned i = 0; i < HISTORY_COLUMNS; i++) {
		struct bytes name = json_name(i);

		if (chunk->values[i][slot] == HISTORY_UNKNOWN)
			continue;
		at = mempcpy(at, name.data, name.size);
		at = put_number(at, chunk->values[i][slot]);
	}
	*at++ = '}';
	return at;
}

void history_write_chunk(struct history_writer *w, const char *series, uint32_t step_s, uint64_t start_s,
			 const struct history_chunk *chunk)
{
	char line[LINE_SIZE];

	if (!w->begun && w->format == HISTORY_AS_CSV)
		write_csv_head(w, series);
	w->begun = true;
	for (unsigned slot = 0; slot < HISTORY_SLOTS; slot++) {
		uint64_t wall_s = start_s + (uint64_t)slot * step_s;
		char *at = line;

		if (!(chunk->present >> slot & 1))
			continue;
		if (w->format == HISTORY_AS_CSV) {
			at = put_csv(w, at, series, step_s, wall_s, chunk, slot);
		} else if (w->format == HISTORY_AS_JSON) {
			at = put_json(at, series, step_s, wall_s, chunk, slot);
		} else {
			if (chunk->values[HISTORY_open][slot] == HISTORY_UNKNOWN)
				continue;
			at = put_time(w, at, wall_s);
			at = put_number(at, chunk->values[HISTORY_open][slot]);
		}
		*at++ = '\n';
		fwrite_unlocked(line, 1, (size_t)(at - line), w->out);
	}
}
