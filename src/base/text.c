/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#define TEN_YEARS_MS (3653ULL * 24 * 3600 * 1000)

static const struct {
	const char *name;
	uint64_t ms;
} duration_units[] = {
	{ "y", 365ULL * 24 * 3600 * 1000 }, { "w", 7 * 24 * 3600 * 1000 },
	{ "d", 24 * 3600 * 1000 }, { "h", 3600 * 1000 }, { "m", 60 * 1000 }, { "s", 1000 }, { "ms", 1 },
};

#define DURATION_UNITS (sizeof(duration_units) / sizeof(duration_units[0]))
/* The first that is written: 90d is said of 90 days, whatever they were called. */
#define DURATION_DAYS 2

int bytes_to_u64(struct bytes b, uint64_t most, uint64_t *ret)
{
	uint64_t n = 0;

	if (b.size == 0)
		return -EINVAL;
	for (size_t i = 0; i < b.size; i++) {
		if (!char_is_digit(b.data[i]))
			return -EINVAL;
		if (__builtin_mul_overflow(n, 10U, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(b.data[i] - '0'), &n))
			return -ERANGE;
	}
	if (n > most)
		return -ERANGE;
	*ret = n;
	return 0;
}

/* Takes digits off the front. */
static int take_number(struct bytes *text, uint64_t *ret)
{
	size_t digits = 0;
	int r;

	while (digits < text->size && char_is_digit(text->data[digits]))
		digits++;
	r = bytes_to_u64(bytes_first(*text, digits), UINT64_MAX, ret);
	*text = bytes_skip(*text, digits);
	return r;
}

static int take_unit(struct bytes *text, size_t *next_unit, uint64_t *ret_ms)
{
	size_t letters = 0;

	while (letters < text->size && !char_is_digit(text->data[letters]))
		letters++;
	for (size_t i = *next_unit; i < DURATION_UNITS; i++) {
		if (!bytes_equal(bytes_first(*text, letters), bytes_of(duration_units[i].name)))
			continue;
		*ret_ms = duration_units[i].ms;
		*next_unit = i + 1;
		*text = bytes_skip(*text, letters);
		return 0;
	}
	return -EINVAL;
}

int duration_parse(struct bytes text, uint64_t *ret_ms)
{
	uint64_t total = 0, number, unit_ms, part;
	size_t next_unit = 0;
	int r;

	do {
		r = take_number(&text, &number);
		if (r < 0)
			return r;
		r = take_unit(&text, &next_unit, &unit_ms);
		if (r < 0)
			return r;
		if (__builtin_mul_overflow(number, unit_ms, &part) ||
		    __builtin_add_overflow(total, part, &total) || total > TEN_YEARS_MS)
			return -ERANGE;
	} while (text.size);
	*ret_ms = total;
	return 0;
}

const char *duration_format(uint64_t ms, char text[DURATION_TEXT_SIZE])
{
	size_t used = 0;

	if (ms == 0)
		return strcpy(text, "0s");
	for (size_t i = DURATION_DAYS; i < DURATION_UNITS; i++) {
		uint64_t n = ms / duration_units[i].ms;

		ms %= duration_units[i].ms;
		if (n)
			used += (size_t)snprintf(text + used, DURATION_TEXT_SIZE - used, "%llu%s",
						 (unsigned long long)n, duration_units[i].name);
	}
	return text;
}

int size_parse(struct bytes text, uint64_t *ret_bytes)
{
	static const char units[] = "kMG";
	uint64_t number, factor = 1;
	const char *unit;
	int r;

	r = take_number(&text, &number);
	if (r < 0)
		return r;
	if (text.size > 1)
		return -EINVAL;
	if (text.size == 1) {
		unit = text.data[0] ? strchr(units, text.data[0]) : NULL;
		if (!unit)
			return -EINVAL;
		factor = 1ULL << (10 * (unit - units + 1));
	}
	return __builtin_mul_overflow(number, factor, ret_bytes) ? -ERANGE : 0;
}

const char *wall_format(uint64_t wall_s, char text[WALL_TEXT_SIZE])
{
	time_t t = (time_t)wall_s;
	struct tm tm;

	if (!localtime_r(&t, &tm) || strftime(text, WALL_TEXT_SIZE, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		strcpy(text, "-");
	return text;
}

const char *count_format(uint64_t count, char text[COUNT_TEXT_SIZE])
{
	char reversed[COUNT_TEXT_SIZE];
	size_t used = 0;

	for (unsigned digits = 0; count || digits == 0; count /= 10, digits++) {
		if (digits && digits % 3 == 0)
			reversed[used++] = ',';
		reversed[used++] = (char)('0' + count % 10);
	}
	for (size_t i = 0; i < used; i++)
		text[i] = reversed[used - 1 - i];
	text[used] = '\0';
	return text;
}

static uint32_t continuation(struct bytes text, size_t at)
{
	unsigned char c = at < text.size ? (unsigned char)text.data[at] : 0;

	return (c & 0xc0) == 0x80 ? c & 0x3fU : UINT32_MAX;
}

/* Bytes of the letter in UTF-8 that `text` begins with (RFC 3629), 0 for none: U+00A1 to U+024F without the soft hyphen,
 * Greek, Cyrillic without the signs that combine, and U+1E00 to U+1EFF. */
static size_t letter_size(struct bytes text)
{
	unsigned char first = text.size ? (unsigned char)text.data[0] : 0;
	uint32_t second = continuation(text, 1), code = (first & 0x1fU) << 6 | second;

	if (second == UINT32_MAX)
		return 0;
	if (first == 0xe1 && second >= 0x38 && second <= 0x3b)
		return continuation(text, 2) == UINT32_MAX ? 0 : 3;
	if (first < 0xc2 || first > 0xd4)
		return 0;
	return (code >= 0xa1 && code <= 0x24f && code != 0xad) || (code >= 0x370 && code <= 0x482) ||
	       (code >= 0x48a && code <= 0x52f) ? 2 : 0;
}

static const char *escape(struct bytes foreign, bool letters, char *out, size_t out_size)
{
	static const char hex[] = "0123456789abcdef";
	size_t used = 0, keep = 0, letter;

	if (out_size == 0)
		return out;
	for (size_t i = 0; i < foreign.size; i += letter ? letter : 1) {
		unsigned char c = (unsigned char)foreign.data[i];
		size_t need = c >= ' ' && c < 0x7f && c != '\\' ? 1 : 4;

		letter = letters ? letter_size(bytes_skip(foreign, i)) : 0;
		need = letter ? letter : need;
		if (used + need >= out_size) {
			used = keep;
			for (size_t dots = 0; dots < 3 && used + 1 < out_size; dots++)
				out[used++] = '.';
			break;
		}
		if (letter || need == 1) {
			memcpy(out + used, foreign.data + i, need);
			used += need;
		} else {
			out[used++] = '\\';
			out[used++] = 'x';
			out[used++] = hex[c >> 4];
			out[used++] = hex[c & 15];
		}
		if (used + 4 <= out_size)
			keep = used;
	}
	out[used] = '\0';
	return out;
}

const char *text_escape(struct bytes foreign, char *out, size_t out_size)
{
	return escape(foreign, false, out, out_size);
}

const char *text_escape_letters(struct bytes foreign, char *out, size_t out_size)
{
	return escape(foreign, true, out, out_size);
}

#define NEAREST_WORD_MAX 40

/* Optimal string alignment distance; rows i-2, i-1 and i are enough. */
static size_t edit_distance(struct bytes a, struct bytes b)
{
	size_t rows[3][NEAREST_WORD_MAX + 1];

	for (size_t j = 0; j <= b.size; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a.size; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= b.size; j++) {
			size_t best = above[j - 1] + (a.data[i - 1] != b.data[j - 1]);

			if (above[j] + 1 < best)
				best = above[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			if (i > 1 && j > 1 && a.data[i - 1] == b.data[j - 2] && a.data[i - 2] == b.data[j - 1] &&
			    two_above[j - 2] + 1 < best)
				best = two_above[j - 2] + 1;
			row[j] = best;
		}
	}
	return rows[a.size % 3][b.size];
}

const char *text_nearest(struct bytes word, const char *const *candidates, size_t count)
{
	const char *nearest = NULL;
	size_t best = SIZE_MAX;

	if (word.size == 0 || word.size > NEAREST_WORD_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		struct bytes candidate = bytes_of(candidates[i]);
		size_t longer = candidate.size > word.size ? candidate.size : word.size, distance;

		if (candidate.size > NEAREST_WORD_MAX)
			continue;
		distance = edit_distance(word, candidate);
		if (distance < best && distance * 5 <= longer * 2) {
			best = distance;
			nearest = candidates[i];
		}
	}
	return nearest;
}
