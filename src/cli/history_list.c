/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/history_list.h"

#include "cli/when.h"

#include <errno.h>
#include <time.h>

struct zone_row {
	const char *name;
	int hours;
};

/* RFC 5322 section 4.3 has those of North America; the others are what date(1) writes in Europe. BST and IST
 * mean more than one zone and are not here. */
static const struct zone_row zones[] = {
	{ "UTC", 0 },  { "GMT", 0 },  { "WET", 0 },  { "WEST", 1 }, { "CET", 1 },  { "CEST", 2 }, { "MET", 1 },
	{ "MEST", 2 }, { "EET", 2 },  { "EEST", 3 }, { "MSK", 3 },  { "EST", -5 }, { "EDT", -4 }, { "CST", -6 },
	{ "CDT", -5 }, { "MST", -7 }, { "MDT", -6 }, { "PST", -8 }, { "PDT", -7 },
};

static struct bytes take_word(struct bytes *text)
{
	struct bytes word;
	size_t size = 0;

	*text = bytes_trim(*text);
	while (size < text->size && !char_is_blank(text->data[size]))
		size++;
	word = bytes_first(*text, size);
	*text = bytes_trim(bytes_skip(*text, size));
	return word;
}

static bool number_of(struct bytes word, uint64_t most, int *ret)
{
	uint64_t number;

	if (bytes_to_u64(word, most, &number) < 0)
		return false;
	*ret = (int)number;
	return true;
}

static int index_of(const char *names, struct bytes word)
{
	struct bytes all = bytes_of(names);

	for (size_t i = 0; word.size == 3 && i < all.size; i += 3)
		if (bytes_equal(bytes_make(names + i, 3), word))
			return (int)(i / 3);
	return -1;
}

static bool zone_of(struct bytes word, struct when_fields *f)
{
	tzset();
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
		if (!bytes_equal(word, bytes_of(zones[i].name)))
			continue;
		f->has_offset = true;
		f->utc_offset_s = zones[i].hours * 3600;
		return true;
	}
	/* Where a zone has no name, date(1) writes how far it is from UTC: -03, +0545. */
	if (word.size && (word.data[0] == '+' || word.data[0] == '-'))
		return when_offset(word, f);
	return bytes_equal(word, bytes_of(tzname[0])) || bytes_equal(word, bytes_of(tzname[1]));
}

/* Mon Jul 27 19:12:17 CEST 2009; without the zone, it is local time. */
static const char *read_date(struct bytes *text, uint64_t *ret_s)
{
	struct when_fields f = { 0 };
	struct bytes clock, word;

	if (index_of("MonTueWedThuFriSatSun", take_word(text)) < 0)
		return "it begins with no date";
	f.month = index_of("JanFebMarAprMayJunJulAugSepOctNovDec", take_word(text)) + 1;
	if (f.month == 0 || !number_of(take_word(text), 31, &f.day))
		return "its date is not one of date(1) in the C locale";
	clock = take_word(text);
	if (clock.size != 8 || clock.data[2] != ':' || clock.data[5] != ':' ||
	    !number_of(bytes_first(clock, 2), 23, &f.hour) ||
	    !number_of(bytes_make(clock.data + 3, 2), 59, &f.minute) ||
	    !number_of(bytes_make(clock.data + 6, 2), 60, &f.second))
		return "its time of day is none";
	word = take_word(text);
	if (!bytes_are_digits(word)) {
		if (!zone_of(word, &f))
			return "its time zone is not known";
		word = take_word(text);
	}
	if (word.size != 4 || !number_of(word, 9999, &f.year) || when_of_fields(&f, ret_s) < 0)
		return "there is no such day";
	return NULL;
}

static bool read_count(struct bytes text, uint32_t *ret)
{
	uint64_t number;

	if (bytes_to_u64(text, HISTORY_MOST, &number) < 0)
		return false;
	*ret = (uint32_t)number;
	return true;
}

static const char *dates_line(struct history_list *list, struct bytes line, uint64_t *ret_s,
			      uint32_t values[HISTORY_COLUMNS])
{
	const char *mistake;

	if (list->pending_s && read_count(line, &values[HISTORY_open])) {
		*ret_s = list->pending_s;
		list->pending_s = 0;
		return NULL;
	}
	list->pending_s = 0;
	mistake = read_date(&line, ret_s);
	if (mistake)
		return mistake;
	if (line.size == 0)
		list->pending_s = *ret_s;
	else if (!read_count(line, &values[HISTORY_open]))
		return "behind its date is no count";
	return NULL;
}

/* Where the field ends that begins with a quote: behind the one that stands alone (RFC 4180, section 2). */
static size_t quoted_size(struct bytes text)
{
	size_t size = 1;

	while (size < text.size && (text.data[size] != '"' || (size + 1 < text.size && text.data[size + 1] == '"')))
		size += text.data[size] == '"' ? 2 : 1;
	return size < text.size ? size + 1 : 0;
}

/* Without its quotes; those within it stay doubled. */
static struct bytes take_field(struct bytes *text)
{
	struct bytes field;
	size_t quoted;

	*text = bytes_trim(*text);
	quoted = text->size && text->data[0] == '"' ? quoted_size(*text) : 0;
	field = bytes_first(*text, quoted + bytes_find_char(bytes_skip(*text, quoted), ','));
	*text = bytes_skip(*text, field.size + 1);
	field = bytes_trim(field);
	if (quoted && field.size == quoted)
		field = bytes_make(field.data + 1, field.size - 2);
	return field;
}

static uint8_t column_called(struct bytes name)
{
	enum history_column column;

	if (bytes_equal(name, BYTES_LITERAL("open_smtp_connections")))
		return HISTORY_open;
	return history_column_by_name(name, &column) == 0 ? (uint8_t)column : HISTORY_COLUMNS;
}

/* Of the first line: which kind the list is. */
static const char *begin(struct history_list *list, struct bytes line)
{
	bool has_time = false, has_column = false;

	if (bytes_find_char(line, ',') == line.size) {
		list->kind = LIST_OF_DATES;
		return NULL;
	}
	list->series_column = HISTORY_LIST_COLUMNS_MOST;
	while (line.size && list->column_count < HISTORY_LIST_COLUMNS_MOST) {
		struct bytes name = take_field(&line);

		list->columns[list->column_count] = column_called(name);
		has_column |= list->columns[list->column_count] < HISTORY_COLUMNS;
		if (bytes_equal(name, BYTES_LITERAL("time"))) {
			list->time_column = list->column_count;
			has_time = true;
		}
		if (bytes_equal(name, BYTES_LITERAL("series")))
			list->series_column = list->column_count;
		list->column_count++;
	}
	if (!has_time || !has_column) {
		list->column_count = 0;
		return "it does not name the columns, of which `time` and `open` are two";
	}
	list->kind = LIST_CSV;
	return NULL;
}

/* Each series has times of its own. */
static void take_series(struct history_list *list, struct bytes name)
{
	char series[HISTORY_LIST_SERIES_SIZE];

	history_list_series(name, series);
	if (strcmp(series, list->series) != 0)
		list->last_s = 0;
	strcpy(list->series, series);
}

static const char *csv_line(struct history_list *list, struct bytes line, uint64_t *ret_s,
			    uint32_t values[HISTORY_COLUMNS])
{
	bool has_time = false;

	for (size_t i = 0; i < list->column_count; i++) {
		struct bytes field = take_field(&line);

		if (i == list->series_column)
			take_series(list, field);
		else if (i == list->time_column)
			has_time = bytes_find_char(field, '-') == 4 && when_parse(field, list->now_s, ret_s) == 0;
		else if (list->columns[i] < HISTORY_COLUMNS && field.size && !read_count(field, &values[list->columns[i]]))
			return "one of its values is no count";
	}
	return has_time ? NULL : "its time is none";
}

void history_list_series(struct bytes name, char ret[HISTORY_LIST_SERIES_SIZE])
{
	size_t size = 0;

	for (size_t i = 0; i < name.size && size < HISTORY_LIST_SERIES_SIZE - 1; i++) {
		ret[size++] = name.data[i] > ' ' && name.data[i] <= '~' ? name.data[i] : '-';
		/* One quote within a field of CSV is written as two. */
		i += name.data[i] == '"' && i + 1 < name.size && name.data[i + 1] == '"';
	}
	ret[size] = '\0';
}

int history_list_line(struct history_list *list, struct bytes line, uint64_t *ret_s, uint32_t values[HISTORY_COLUMNS],
		      const char **ret_mistake)
{
	bool is_first = list->kind == LIST_NOT_KNOWN;

	/* What some programs of today put before UTF-8. */
	if (is_first && bytes_starts_with(line, BYTES_LITERAL("\xef\xbb\xbf")))
		line = bytes_skip(line, 3);
	line = bytes_trim(line);
	*ret_mistake = NULL;
	if (line.size == 0)
		return 0;
	if (is_first)
		*ret_mistake = begin(list, line);
	if (*ret_mistake)
		return -EINVAL;
	if (is_first && list->kind == LIST_CSV)
		return 0;
	memset(values, 0xFF, sizeof(values[0]) * HISTORY_COLUMNS);
	*ret_mistake = list->kind == LIST_CSV ? csv_line(list, line, ret_s, values) :
						dates_line(list, line, ret_s, values);
	if (!*ret_mistake && *ret_s > list->now_s)
		*ret_mistake = "its time is yet to come";
	else if (!*ret_mistake && *ret_s / 60 < list->last_s / 60)
		*ret_mistake = "it is earlier than the line before";
	if (*ret_mistake)
		return -EINVAL;
	if (list->pending_s)
		return 0;
	list->last_s = *ret_s;
	return 1;
}
