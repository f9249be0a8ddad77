/* SPDX-License-Identifier: Apache-2.0 */
#include "observe/history.h"

#include <errno.h>

#define CHUNK_VERSION 1
/* Version, a hash of all that follows it, and which slots there are. */
#define HEAD_SIZE 13
#define OUTCOME_NUMBERS 128
#define ALL_SLOTS ((UINT64_C(1) << HISTORY_SLOTS) - 1)

const struct history_tier_row history_tiers[HISTORY_TIERS] = {
	[HISTORY_SECONDS] = { 1, 86400 + 3600, 86400 },
	[HISTORY_TENS] = { 10, 7 * 86400 + 7200, 7 * 86400 },
	[HISTORY_MINUTES] = { 60, 366 * 86400 + 7200, 366 * 86400 },
};

static const struct history_column_row columns[HISTORY_COLUMNS] = {
#define SAMPLE(number, name, unit, fold, help) [HISTORY_##name] = { number, HISTORY_##fold, #name, unit, help },
#include "defs/samples.def"
#undef SAMPLE
#define OUTCOME(id, name, score, help) \
	[HISTORY_OUTCOME_##id] = { OUTCOME_NUMBERS + HISTORY_OUTCOME_##id - HISTORY_OUTCOMES, HISTORY_SUM, \
				   "seen:" name, "clients", help },
#include "defs/outcomes.def"
#undef OUTCOME
};

const struct history_column_row *history_column(enum history_column column)
{
	return &columns[column];
}

int history_column_by_name(struct bytes name, enum history_column *ret)
{
	for (int i = 0; i < HISTORY_COLUMNS; i++) {
		if (!bytes_equal(name, bytes_of(columns[i].name)))
			continue;
		*ret = (enum history_column)i;
		return 0;
	}
	return -ENOENT;
}

/* HISTORY_COLUMNS for one that is not known. */
static unsigned column_of(uint8_t number)
{
	unsigned i = 0;

	if (number >= OUTCOME_NUMBERS)
		return number - OUTCOME_NUMBERS < HISTORY_COLUMNS - HISTORY_OUTCOMES ?
			       HISTORY_OUTCOMES + number - OUTCOME_NUMBERS : HISTORY_COLUMNS;
	while (i < HISTORY_OUTCOMES && columns[i].number != number)
		i++;
	return i < HISTORY_OUTCOMES ? i : HISTORY_COLUMNS;
}

static bool is_wanted(history_columns wanted, unsigned column)
{
	return column < HISTORY_COLUMNS && wanted >> column & 1;
}

/* Seven bits a byte, the lowest first, the eighth for one more to come. */
static char *put_number(char *out, uint64_t number)
{
	for (; number >= 0x80; number >>= 7)
		*out++ = (char)(number | 0x80);
	*out++ = (char)number;
	return out;
}

/* At most 34 bits: a difference with its sign, or the length of a row, and which of both it is. */
static int take_number(struct bytes *text, uint64_t *ret)
{
	*ret = 0;
	for (unsigned shift = 0; shift < 35; shift += 7) {
		uint8_t byte;

		if (text->size == 0)
			return -EBADMSG;
		byte = (uint8_t)text->data[0];
		*text = bytes_skip(*text, 1);
		*ret |= (uint64_t)(byte & 0x7F) << shift;
		if (!(byte & 0x80))
			return 0;
	}
	return -EBADMSG;
}

static char *put_row(char *out, unsigned *zeros)
{
	if (*zeros)
		out = put_number(out, (uint64_t)(*zeros - 1) << 1);
	*zeros = 0;
	return out;
}

/* Values count from one, so that what is not known is zero, and differences are those of 32 bits that overflow. */
static char *put_values(char *out, const struct history_chunk *chunk, unsigned column)
{
	uint32_t before = 0;
	unsigned zeros = 0;

	for (unsigned slot = 0; slot < HISTORY_SLOTS; slot++) {
		uint32_t value = chunk->values[column][slot] + 1, difference = value - before;

		if (!(chunk->present >> slot & 1))
			continue;
		before = value;
		if (difference == 0) {
			zeros++;
			continue;
		}
		out = put_row(out, &zeros);
		difference = difference << 1 ^ (difference >> 31 ? UINT32_MAX : 0);
		out = put_number(out, (uint64_t)difference << 1 | 1);
	}
	return put_row(out, &zeros);
}

static int take_values(struct bytes text, struct history_chunk *chunk, unsigned column)
{
	uint32_t value = 0;
	uint64_t number, zeros = 0;

	for (unsigned slot = 0; slot < HISTORY_SLOTS; slot++) {
		if (!(chunk->present >> slot & 1))
			continue;
		if (zeros) {
			zeros--;
		} else if (take_number(&text, &number) < 0) {
			return -EBADMSG;
		} else if (number & 1) {
			uint32_t difference = (uint32_t)(number >> 1);

			if (number >> 33)
				return -EBADMSG;
			value += difference >> 1 ^ (difference & 1 ? UINT32_MAX : 0);
		} else {
			zeros = number >> 1;
		}
		chunk->values[column][slot] = value - 1;
	}
	return text.size || zeros ? -EBADMSG : 0;
}

static bool is_known(const struct history_chunk *chunk, unsigned column)
{
	for (unsigned slot = 0; slot < HISTORY_SLOTS; slot++)
		if (chunk->present >> slot & 1 && chunk->values[column][slot] != HISTORY_UNKNOWN)
			return true;
	return false;
}

static void put_fixed(char *out, uint64_t value, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		out[i] = (char)(value >> (8 * i));
}

static uint64_t get_fixed(const char *text, unsigned size)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < size; i++)
		value |= (uint64_t)(uint8_t)text[i] << (8 * i);
	return value;
}

static size_t finish(char *out, const char *end, uint64_t present)
{
	out[0] = CHUNK_VERSION;
	put_fixed(out + 5, present, 8);
	put_fixed(out + 1, bytes_hash(BYTES_HASH_BEGIN, bytes_make(out + 5, (size_t)(end - out - 5))), 4);
	return (size_t)(end - out);
}

size_t history_encode(const struct history_chunk *chunk, history_columns wanted, char out[HISTORY_CHUNK_MOST])
{
	char *at = out + HEAD_SIZE;

	if (!(chunk->present & ALL_SLOTS))
		return 0;
	for (unsigned i = 0; i < HISTORY_COLUMNS; i++) {
		char *end;

		if (!is_wanted(wanted, i) || !is_known(chunk, i))
			continue;
		end = put_values(at + 3, chunk, i);
		at[0] = (char)columns[i].number;
		put_fixed(at + 1, (uint64_t)(end - at - 3), 2);
		at = end;
	}
	return finish(out, at, chunk->present & ALL_SLOTS);
}

static int take_head(struct bytes *text, uint64_t *ret_present)
{
	if (text->size < HEAD_SIZE || text->data[0] != CHUNK_VERSION ||
	    get_fixed(text->data + 1, 4) != bytes_hash(BYTES_HASH_BEGIN, bytes_skip(*text, 5)))
		return -EBADMSG;
	*ret_present = get_fixed(text->data + 5, 8);
	*text = bytes_skip(*text, HEAD_SIZE);
	return *ret_present && !(*ret_present & ~ALL_SLOTS) ? 0 : -EBADMSG;
}

/* Returns 1, 0 at the end, or -EBADMSG. */
static int take_column(struct bytes *text, unsigned *ret_column, struct bytes *ret_values)
{
	size_t size;

	if (text->size == 0)
		return 0;
	if (text->size < 3)
		return -EBADMSG;
	size = (size_t)get_fixed(text->data + 1, 2);
	if (text->size - 3 < size)
		return -EBADMSG;
	*ret_column = column_of((uint8_t)text->data[0]);
	*ret_values = bytes_make(text->data + 3, size);
	*text = bytes_skip(*text, 3 + size);
	return 1;
}

int history_decode(struct bytes text, struct history_chunk *ret)
{
	history_columns seen = 0;
	struct bytes values;
	unsigned column;
	int r = take_head(&text, &ret->present);

	if (r < 0)
		return r;
	memset(ret->values, 0xFF, sizeof(ret->values));
	while ((r = take_column(&text, &column, &values)) > 0) {
		if (column == HISTORY_COLUMNS)
			continue;
		if (seen >> column & 1 || take_values(values, ret, column) < 0)
			return -EBADMSG;
		seen |= (history_columns)1 << column;
	}
	return r;
}

size_t history_pick(struct bytes text, history_columns wanted, char out[HISTORY_CHUNK_MOST])
{
	char *at = out + HEAD_SIZE;
	struct bytes values;
	history_columns seen = 0;
	uint64_t present;
	unsigned column;
	int r = take_head(&text, &present);

	while (r == 0 && (r = take_column(&text, &column, &values)) > 0) {
		r = 0;
		if (!is_wanted(wanted, column))
			continue;
		if (seen >> column & 1 || values.size > HISTORY_SLOTS * 5)
			return 0;
		seen |= (history_columns)1 << column;
		memcpy(at, values.data - 3, values.size + 3);
		at += values.size + 3;
	}
	return r < 0 ? 0 : finish(out, at, present);
}

bool history_wants(const struct history_recorder *recorder, uint64_t wall_s)
{
	return wall_s > recorder->last_s || wall_s + HISTORY_SET_BACK_S < recorder->last_s;
}

static void begin_slot(struct history_recorder *recorder, unsigned t, uint64_t slot_s)
{
	recorder->tiers[t].slot_s = slot_s;
	memset(recorder->tiers[t].sums, 0, sizeof(recorder->tiers[t].sums));
	memset(recorder->tiers[t].counts, 0, sizeof(recorder->tiers[t].counts));
}

static uint32_t fold(struct history_recorder *recorder, unsigned t, unsigned column, uint32_t value)
{
	uint64_t *sum = &recorder->tiers[t].sums[column];
	uint32_t *count = &recorder->tiers[t].counts[column];

	if (value != HISTORY_UNKNOWN) {
		++*count;
		switch (columns[column].fold) {
		case HISTORY_MEAN:
		case HISTORY_SUM:
			*sum += value;
			break;
		case HISTORY_MAX:
			*sum = *count == 1 || value > *sum ? value : *sum;
			break;
		case HISTORY_LAST:
			*sum = value;
			break;
		}
	}
	if (*count == 0)
		return HISTORY_UNKNOWN;
	if (columns[column].fold == HISTORY_MEAN)
		return (uint32_t)((*sum + *count / 2) / *count);
	return *sum < HISTORY_MOST ? (uint32_t)*sum : HISTORY_MOST;
}

static void fold_all(struct history_recorder *recorder, unsigned t, uint64_t wall_s,
		     const uint32_t values[HISTORY_COLUMNS])
{
	uint32_t step_s = history_tiers[t].step_s;
	uint64_t slot_s = wall_s - wall_s % step_s;
	struct history_chunk *chunk = &recorder->tiers[t].chunk;
	unsigned slot = (unsigned)((slot_s - recorder->tiers[t].start_s) / step_s);

	if (slot_s != recorder->tiers[t].slot_s)
		begin_slot(recorder, t, slot_s);
	for (unsigned i = 0; i < HISTORY_COLUMNS; i++)
		chunk->values[i][slot] = fold(recorder, t, i, values[i]);
	chunk->present |= UINT64_C(1) << slot;
}

void history_flush(struct history_recorder *recorder, history_write_fn *write, void *data)
{
	for (unsigned t = 0; t < HISTORY_TIERS; t++)
		if (recorder->tiers[t].chunk.present)
			write(data, (enum history_tier)t, recorder->tiers[t].start_s, &recorder->tiers[t].chunk);
	recorder->written_s = recorder->last_s;
}

void history_take(struct history_recorder *recorder, uint64_t wall_s, const uint32_t values[HISTORY_COLUMNS],
		  history_write_fn *write, void *data)
{
	if (!history_wants(recorder, wall_s))
		return;
	for (unsigned t = 0; t < HISTORY_TIERS; t++) {
		uint64_t start_s = history_chunk_start((enum history_tier)t, wall_s);
		struct history_chunk *chunk = &recorder->tiers[t].chunk;

		if (start_s == recorder->tiers[t].start_s)
			continue;
		if (chunk->present)
			write(data, (enum history_tier)t, recorder->tiers[t].start_s, chunk);
		chunk->present = 0;
		recorder->tiers[t].start_s = start_s;
	}
	for (unsigned t = 0; t < HISTORY_TIERS; t++)
		fold_all(recorder, t, wall_s, values);
	recorder->last_s = wall_s;
	if (wall_s < recorder->written_s || wall_s >= recorder->written_s + HISTORY_WRITE_EVERY_S)
		history_flush(recorder, write, data);
}

static void fold_again(struct history_recorder *recorder, uint64_t start_s, const struct history_chunk *chunk)
{
	uint32_t values[HISTORY_COLUMNS];

	for (unsigned t = HISTORY_TENS; t < HISTORY_TIERS; t++) {
		uint64_t around_s = history_chunk_start((enum history_tier)t, start_s);

		/* There was none, or one of another time. */
		if (recorder->tiers[t].start_s != around_s)
			recorder->tiers[t].chunk.present = 0;
		recorder->tiers[t].start_s = around_s;
	}
	for (unsigned slot = 0; slot < HISTORY_SLOTS; slot++) {
		if (!(chunk->present >> slot & 1))
			continue;
		for (unsigned i = 0; i < HISTORY_COLUMNS; i++)
			values[i] = chunk->values[i][slot];
		for (unsigned t = HISTORY_TENS; t < HISTORY_TIERS; t++)
			fold_all(recorder, t, start_s + slot, values);
		recorder->last_s = start_s + slot;
	}
}

void history_resume(struct history_recorder *recorder, enum history_tier tier, uint64_t start_s,
		    const struct history_chunk *chunk)
{
	recorder->tiers[tier].start_s = start_s;
	recorder->tiers[tier].chunk = *chunk;
	if (tier == HISTORY_SECONDS)
		fold_again(recorder, start_s, chunk);
	recorder->written_s = recorder->last_s;
}
