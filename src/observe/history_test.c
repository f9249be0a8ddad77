/* SPDX-License-Identifier: Apache-2.0 */
#include "observe/history.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define HOUR UINT64_C(1795842000) /* a full one */
#define KEPT_MOST 4096

struct kept {
	enum history_tier tier;
	uint64_t start_s;
	struct history_chunk chunk;
};

/* What a store would have by now. */
static struct kept kept[KEPT_MOST];
static size_t kept_count, writes;

static struct kept *find_kept(enum history_tier tier, uint64_t start_s)
{
	for (size_t i = 0; i < kept_count; i++)
		if (kept[i].tier == tier && kept[i].start_s == start_s)
			return &kept[i];
	return NULL;
}

static void keep(void *data, enum history_tier tier, uint64_t start_s, const struct history_chunk *chunk)
{
	char text[HISTORY_CHUNK_MOST];
	size_t size = history_encode(chunk, HISTORY_ALL, text);
	struct kept *at = find_kept(tier, start_s);

	writes++;
	assert_true(size > 0);
	assert_int_equal(start_s % (history_tiers[tier].step_s * HISTORY_SLOTS), 0);
	if (!at) {
		assert_true(kept_count < KEPT_MOST);
		at = &kept[kept_count++];
	}
	at->tier = tier;
	at->start_s = start_s;
	assert_int_equal(history_decode(bytes_make(text, size), &at->chunk), 0);
}

static int forget(void **state)
{
	kept_count = writes = 0;
	return 0;
}

static void take(struct history_recorder *recorder, uint64_t wall_s, uint32_t open, uint32_t arrivals, uint32_t bans)
{
	uint32_t values[HISTORY_COLUMNS];

	memset(values, 0xFF, sizeof(values));
	values[HISTORY_open] = open;
	values[HISTORY_arrivals] = arrivals;
	values[HISTORY_bans] = bans;
	values[HISTORY_dns_latency] = open % 2 ? 3 : 4;
	history_take(recorder, wall_s, values, keep, NULL);
}

static uint32_t value(enum history_tier tier, uint64_t wall_s, enum history_column column)
{
	const struct kept *at = find_kept(tier, history_chunk_start(tier, wall_s));
	unsigned slot;

	assert_non_null(at);
	slot = (unsigned)((wall_s - at->start_s) / history_tiers[tier].step_s);
	assert_true(at->chunk.present >> slot & 1);
	return at->chunk.values[column][slot];
}

static void each_fold_does_what_it_is_called(void **state)
{
	struct history_recorder recorder = { 0 };

	for (uint32_t i = 0; i < 3600; i++)
		take(&recorder, HOUR + i, i % 60 == 17 ? 301 : i % 7, 2, i);
	history_flush(&recorder, keep, NULL);
	assert_int_equal(value(HISTORY_SECONDS, HOUR + 77, HISTORY_open), 301);
	assert_int_equal(value(HISTORY_TENS, HOUR + 70, HISTORY_open), 301);
	assert_int_equal(value(HISTORY_TENS, HOUR + 60, HISTORY_open), 6);
	assert_int_equal(value(HISTORY_MINUTES, HOUR + 60, HISTORY_open), 301);
	assert_int_equal(value(HISTORY_TENS, HOUR + 60, HISTORY_arrivals), 20);
	assert_int_equal(value(HISTORY_MINUTES, HOUR + 60, HISTORY_arrivals), 120);
	assert_int_equal(value(HISTORY_TENS, HOUR + 60, HISTORY_bans), 69);
	assert_int_equal(value(HISTORY_MINUTES, HOUR + 60, HISTORY_bans), 119);
	/* The mean of threes and fours. */
	assert_in_range(value(HISTORY_MINUTES, HOUR + 60, HISTORY_dns_latency), 3, 4);
	assert_int_equal(value(HISTORY_MINUTES, HOUR + 60, HISTORY_limit), HISTORY_UNKNOWN);
	/* An hour of it is 60 chunks of seconds, 6 of tens, 1 of minutes. */
	assert_int_equal(kept_count, 67);
}

static void what_is_open_is_written_every_few_seconds(void **state)
{
	struct history_recorder recorder = { 0 };

	for (uint32_t i = 0; i < 12; i++)
		take(&recorder, HOUR + i, i, 1, 0);
	assert_int_equal(writes, 9); /* the first second, the sixth and the eleventh */
	assert_int_equal(value(HISTORY_SECONDS, HOUR + 10, HISTORY_open), 10);
	assert_int_equal(value(HISTORY_MINUTES, HOUR, HISTORY_arrivals), 11);
}

static void no_second_is_taken_twice(void **state)
{
	struct history_recorder recorder = { 0 };

	take(&recorder, HOUR, 1, 1, 0);
	assert_false(history_wants(&recorder, HOUR));
	assert_false(history_wants(&recorder, HOUR - 100));
	assert_true(history_wants(&recorder, HOUR + 1));
	take(&recorder, HOUR, 2, 1, 0);
	assert_int_equal(value(HISTORY_SECONDS, HOUR, HISTORY_open), 1);
	/* A clock that was set back for good. */
	take(&recorder, HOUR - 7200, 3, 1, 0);
	assert_int_equal(value(HISTORY_SECONDS, HOUR - 7200, HISTORY_open), 3);
	assert_int_equal(value(HISTORY_SECONDS, HOUR, HISTORY_open), 1);
}

static void a_gap_is_a_gap(void **state)
{
	struct history_recorder recorder = { 0 };
	const struct kept *at;

	take(&recorder, HOUR + 3, 1, 1, 0);
	take(&recorder, HOUR + 9, 2, 1, 0);
	take(&recorder, HOUR + 86400, 3, 1, 0);
	at = find_kept(HISTORY_SECONDS, HOUR);
	assert_int_equal(at->chunk.present, UINT64_C(1) << 3 | UINT64_C(1) << 9);
	assert_int_equal(at->chunk.values[HISTORY_open][9], 2);
}

/* Killed at any second of a minute, it goes on so that the coarse samples miss only what was not written. */
static void a_later_process_goes_on(void **state)
{
	for (uint32_t died = 0; died < 60; died++) {
		struct history_recorder first = { 0 }, second = { 0 };
		uint64_t start_s = HOUR + 60;

		forget(NULL);
		for (uint32_t i = 0; i <= died; i++)
			take(&first, start_s + i, i, 1, 0);
		history_flush(&first, keep, NULL);
		for (int t = HISTORY_TIERS - 1; t >= 0; t--) {
			struct kept *at = find_kept((enum history_tier)t, history_chunk_start((enum history_tier)t, start_s));

			history_resume(&second, at->tier, at->start_s, &at->chunk);
		}
		for (uint32_t i = died + 1; i < 120; i++)
			take(&second, start_s + i, i, 1, 0);
		history_flush(&second, keep, NULL);
		assert_int_equal(value(HISTORY_MINUTES, start_s, HISTORY_arrivals), 60);
		assert_int_equal(value(HISTORY_MINUTES, start_s + 60, HISTORY_arrivals), 60);
		assert_int_equal(value(HISTORY_MINUTES, start_s, HISTORY_open), 59);
		for (uint32_t i = 0; i < 120; i += 10)
			assert_int_equal(value(HISTORY_TENS, start_s + i, HISTORY_arrivals), 10);
	}
}

static void any_values_come_back(void **state)
{
	struct history_chunk chunk, again;
	char text[HISTORY_CHUNK_MOST];
	size_t size;

	srand(7);
	for (int round = 0; round < 200; round++) {
		chunk.present = ((uint64_t)rand() << 31 | (uint64_t)rand()) % (UINT64_C(1) << 60) | 1;
		for (unsigned c = 0; c < HISTORY_COLUMNS; c++)
			for (unsigned s = 0; s < HISTORY_SLOTS; s++)
				chunk.values[c][s] = round % 2 ? (uint32_t)rand() * 2654435761U : (uint32_t)(rand() % 3) - 1;
		size = history_encode(&chunk, HISTORY_ALL, text);
		assert_in_range(size, 1, HISTORY_CHUNK_MOST);
		assert_int_equal(history_decode(bytes_make(text, size), &again), 0);
		assert_int_equal(again.present, chunk.present);
		for (unsigned c = 0; c < HISTORY_COLUMNS; c++)
			for (unsigned s = 0; s < HISTORY_SLOTS; s++)
				if (chunk.present >> s & 1)
					assert_int_equal(again.values[c][s], chunk.values[c][s]);
	}
}

static void a_column_is_picked(void **state)
{
	struct history_chunk chunk = { .present = 7 }, again;
	char text[HISTORY_CHUNK_MOST], picked[HISTORY_CHUNK_MOST];
	size_t size, less;

	chunk.values[HISTORY_open][1] = 300;
	size = history_encode(&chunk, HISTORY_ALL, text);
	less = history_pick(bytes_make(text, size), 1 << HISTORY_open | 1 << HISTORY_bans, picked);
	assert_in_range(less, 1, size - 1);
	assert_int_equal(history_decode(bytes_make(picked, less), &again), 0);
	assert_int_equal(again.present, 7);
	assert_int_equal(again.values[HISTORY_open][1], 300);
	assert_int_equal(again.values[HISTORY_bans][2], 0);
	assert_int_equal(again.values[HISTORY_limit][2], HISTORY_UNKNOWN);
}

/* One bit that is wrong is seen, wherever it is; so is each end but the right one. */
static void damage_is_seen(void **state)
{
	struct history_chunk chunk = { .present = (UINT64_C(1) << 60) - 1 }, again;
	char text[HISTORY_CHUNK_MOST], picked[HISTORY_CHUNK_MOST];
	size_t size;

	for (unsigned s = 0; s < HISTORY_SLOTS; s++)
		chunk.values[HISTORY_open][s] = s * s;
	size = history_encode(&chunk, HISTORY_ALL, text);
	for (size_t i = 0; i < size * 8; i++) {
		text[i / 8] ^= (char)(1 << i % 8);
		assert_int_equal(history_decode(bytes_make(text, size), &again), -EBADMSG);
		assert_int_equal(history_pick(bytes_make(text, size), HISTORY_ALL, picked), 0);
		text[i / 8] ^= (char)(1 << i % 8);
	}
	for (size_t cut = 0; cut < size; cut++)
		assert_int_equal(history_decode(bytes_make(text, cut), &again), -EBADMSG);
	assert_int_equal(history_decode(bytes_make(text, size), &again), 0);
}

/* A busy year fits where it has to. */
static void a_year_is_small(void **state)
{
	struct history_recorder recorder = { 0 };
	char text[HISTORY_CHUNK_MOST];
	size_t sizes[HISTORY_TIERS] = { 0 }, year;

	srand(3);
	for (uint32_t i = 0; i < 3600; i++) {
		uint32_t values[HISTORY_COLUMNS];

		for (unsigned c = 0; c < HISTORY_COLUMNS; c++)
			values[c] = (uint32_t)(rand() % (c < HISTORY_OUTCOMES ? 300 : 3));
		history_take(&recorder, HOUR + i, values, keep, NULL);
	}
	history_flush(&recorder, keep, NULL);
	for (size_t i = 0; i < kept_count; i++)
		sizes[kept[i].tier] += history_encode(&kept[i].chunk, HISTORY_ALL, text);
	year = sizes[HISTORY_SECONDS] * 25 + sizes[HISTORY_TENS] * 24 * 7 + sizes[HISTORY_MINUTES] * 24 * 366;
	assert_in_range(year, 1000000, 60000000);
}

static void columns_have_one_name_and_number_each(void **state)
{
	enum history_column found;

	for (int i = 0; i < HISTORY_COLUMNS; i++) {
		assert_int_equal(history_column_by_name(bytes_of(history_column((enum history_column)i)->name), &found), 0);
		assert_int_equal(found, i);
		for (int j = 0; j < i; j++)
			assert_int_not_equal(history_column((enum history_column)i)->number,
					     history_column((enum history_column)j)->number);
	}
	assert_int_equal(history_column_by_name(BYTES_LITERAL("opem"), &found), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_fold_does_what_it_is_called, forget),
		cmocka_unit_test_setup(what_is_open_is_written_every_few_seconds, forget),
		cmocka_unit_test_setup(no_second_is_taken_twice, forget),
		cmocka_unit_test_setup(a_gap_is_a_gap, forget),
		cmocka_unit_test_setup(a_later_process_goes_on, forget),
		cmocka_unit_test_setup(any_values_come_back, forget),
		cmocka_unit_test_setup(a_column_is_picked, forget),
		cmocka_unit_test_setup(damage_is_seen, forget),
		cmocka_unit_test_setup(a_year_is_small, forget),
		cmocka_unit_test(columns_have_one_name_and_number_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
