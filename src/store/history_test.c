/* SPDX-License-Identifier: Apache-2.0 */
#include "store/history.h"

#include "base/counter.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];

static int make(void **state)
{
	strcpy(folder, "/tmp/wavebreak-history-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int unmake(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

static struct chunk_key key_of(uint8_t tier, const char *series, uint64_t start_s)
{
	struct chunk_key key = { .tier = tier, .start_s = start_s };

	strcpy(key.series, series);
	return key;
}

static struct store *open_since(uint64_t start_s)
{
	struct chunk_key oldest[2] = { key_of(0, "", start_s), key_of(1, "", start_s) };
	struct store *store;

	assert_int_equal(history_store_open(folder, oldest, 2, &store), 0);
	assert_int_equal(store_start(store), 0);
	return store;
}

static void put(struct store *store, uint8_t tier, const char *series, uint64_t start_s, const char *text)
{
	struct chunk_key key = key_of(tier, series, start_s);

	history_put(store, &key, bytes_of(text));
}

/* All of a tier, as "series@start=text ". */
static const char *all(struct store *store, uint8_t tier)
{
	static char text[4096];
	char chunk[HISTORY_CHUNK_SIZE_MOST];
	struct chunk_key key = key_of(tier, "", 0);
	size_t size, at = 0;

	text[0] = '\0';
	while (history_next(store, &key, chunk, &size) == 0) {
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s@%llu=%.*s ", key.series,
				       (unsigned long long)key.start_s, (int)size, chunk);
		key.start_s++;
	}
	return text;
}

static void chunks_come_back_in_order(void **state)
{
	struct store *store = open_since(0);
	struct chunk_key key = key_of(0, "", 70000);

	put(store, 0, "", 70000, "c");
	put(store, 0, "", 300, "b");
	put(store, 0, "", 60, "a");
	put(store, 1, "", 0, "other");
	put(store, 9, "old", 1248714720, "x");
	put(store, 9, "older", 60, "y");
	put(store, 9, "old", 60, "z");
	put(store, 0, "", 60, "A");
	store_close(store);
	store = open_since(0);
	assert_string_equal(all(store, 0), "@60=A @300=b @70000=c ");
	assert_string_equal(all(store, 1), "@0=other ");
	assert_string_equal(all(store, 2), "");
	assert_string_equal(all(store, 9), "old@60=z old@1248714720=x older@60=y ");
	assert_int_equal(history_count(store, 9), 3);
	assert_int_equal(history_count(store, 0), 3);
	assert_int_equal(history_count(store, 3), 0);
	history_delete(store, &key);
	assert_int_equal(store_flush(store), 0);
	assert_string_equal(all(store, 0), "@60=A @300=b ");
	assert_true(history_used(store) > 0);
	store_close(store);
}

static void what_is_too_old_goes_at_the_start(void **state)
{
	struct store *store = open_since(0);

	for (uint64_t i = 1; i <= 5; i++) {
		put(store, 0, "", i * 60, "s");
		put(store, 1, "", i * 60, "t");
		put(store, 2, "", i * 60, "m");
		put(store, 0, "imported", i * 60, "i");
	}
	store_close(store);
	store = open_since(240);
	assert_string_equal(all(store, 0), "@240=s @300=s imported@60=i imported@120=i imported@180=i imported@240=i "
					   "imported@300=i ");
	assert_string_equal(all(store, 1), "@240=t @300=t ");
	assert_int_equal(history_count(store, 2), 5);
	store_close(store);
}

static void what_is_too_large_is_refused(void **state)
{
	static char large[HISTORY_CHUNK_SIZE_MOST + 1];
	uint64_t errors = counter_read(COUNTER_store_errors);
	struct chunk_key key = key_of(0, "", 60);
	struct store *store = open_since(0);

	history_put(store, &key, bytes_make(large, sizeof(large)));
	assert_int_equal(counter_read(COUNTER_store_errors), errors + 1);
	assert_int_equal(store_flush(store), 0);
	assert_int_equal(history_count(store, 0), 0);
	store_close(store);
}

static size_t set_aside(void)
{
	char pattern[128];
	glob_t found;
	size_t count;

	snprintf(pattern, sizeof(pattern), "%s/wavebreak.history.mdb.damaged-*", folder);
	count = glob(pattern, 0, NULL, &found) == 0 ? found.gl_pathc : 0;
	globfree(&found);
	return count;
}

/* The bans beside it do not notice. */
static void a_damaged_one_is_set_aside(void **state)
{
	char path[128], garbage[20000];
	struct store *store, *bans;
	struct prefix prefix;
	int fd;

	assert_int_equal(store_open(folder, &bans), 0);
	assert_int_equal(prefix_parse(BYTES_LITERAL("192.0.2.0/24"), &prefix), 0);
	store_put_allowed(bans, &prefix);
	store = open_since(0);
	put(store, 0, "", 60, "a");
	store_close(store);
	memset(garbage, 0x5a, sizeof(garbage));
	snprintf(path, sizeof(path), "%s/wavebreak.history.mdb", folder);
	fd = open(path, O_WRONLY);
	assert_int_equal(write(fd, garbage, sizeof(garbage)), sizeof(garbage));
	close(fd);
	store = open_since(0);
	assert_string_equal(all(store, 0), "");
	put(store, 0, "", 60, "b");
	assert_int_equal(store_flush(store), 0);
	assert_string_equal(all(store, 0), "@60=b ");
	assert_int_equal(set_aside(), 1);
	assert_int_equal(store_flush(bans), 0);
	store_close(store);
	store_close(bans);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make, unmake)
	const struct CMUnitTest tests[] = {
		TEST(chunks_come_back_in_order),
		TEST(what_is_too_old_goes_at_the_start),
		TEST(what_is_too_large_is_refused),
		TEST(a_damaged_one_is_set_aside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
