/* SPDX-License-Identifier: Apache-2.0 */
/* store_test - what the tests of the store share: a folder for each test, bans by number, what a store reads out, and a
 * way past it, to put into its file what it would not write. */
#ifndef WAVEBREAK_STORE_STORE_TEST_H
#define WAVEBREAK_STORE_STORE_TEST_H

#include "store/environment.h"
#include "store/store.h"

#include <ftw.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define START 1785179537000ULL
#define MINUTE 60000ULL

struct place {
	char folder[64];
	char file[128];
};

static inline int make(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	strcpy(place->folder, "/tmp/wavebreak-store-XXXXXX");
	assert_non_null(mkdtemp(place->folder));
	snprintf(place->file, sizeof(place->file), "%s/%s", place->folder, STORE_FILE_NAME);
	*state = place;
	return 0;
}

static inline int remove_one(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	return remove(path);
}

static inline int unmake(void **state)
{
	struct place *place = *state;

	nftw(place->folder, remove_one, 4, FTW_DEPTH | FTW_PHYS);
	free(place);
	return 0;
}

static inline struct store *open_at(const struct place *place)
{
	struct store *store;

	assert_int_equal(store_open(place->folder, &store), 0);
	assert_int_equal(store_start(store), 0);
	return store;
}

static inline struct addr unit(uint32_t n)
{
	uint8_t octets[16] = { 0x20, 0x01, 0x0d, 0xb8, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };

	return n % 2 ? addr_from_ipv6(octets) : addr_from_ipv4(octets + 3);
}

static inline struct ban ban_of(uint32_t n)
{
	return (struct ban){
		.unit = unit(n),
		.begin_ms = START,
		.last_ms = START + n,
		.until_ms = START + 10 * MINUTE + n,
		.signature = 0xdeadbeef,
		.outcome = OUTCOME_UNKNOWN_RECIPIENT,
	};
}

#define SEEN_MOST 5000

struct seen {
	size_t count;
	struct ban bans[SEEN_MOST];
};

static inline void see(void *data, const struct ban *ban)
{
	struct seen *seen = data;

	assert_true(seen->count < SEEN_MOST);
	seen->bans[seen->count++] = *ban;
}

static inline struct seen *read_bans(struct store *store)
{
	static struct seen seen;

	seen.count = 0;
	assert_int_equal(store_read_bans(store, see, &seen), 0);
	return &seen;
}

static inline void see_prefix(void *data, const struct prefix *prefix)
{
	char text[PREFIX_TEXT_SIZE], *all = data;

	strcat(strcat(all, prefix_format(prefix, text)), " ");
}

struct suspects_seen {
	size_t count;
	struct suspect list[4];
};

static inline void see_suspect(void *data, const struct suspect *suspect)
{
	struct suspects_seen *seen = data;

	assert_true(seen->count < 4);
	seen->list[seen->count++] = *suspect;
}

static const struct environment_kind kind = {
	STORE_FILE_NAME, store_database_names, DATABASE_COUNT, DATABASE_YOUNGER, STORE_FORMAT, (size_t)1 << 30, "", "", ""
};

/* Files that were taken for damaged. */
static inline size_t set_aside_count(const struct place *place)
{
	char pattern[160];
	glob_t found;
	size_t count;

	snprintf(pattern, sizeof(pattern), "%s.damaged-*", place->file);
	count = glob(pattern, 0, NULL, &found) == 0 ? found.gl_pathc : 0;
	globfree(&found);
	return count;
}

/* Past the store, which must not be open. */
static inline void write_raw(const struct place *place, enum store_database database, const void *key, size_t key_size,
			     const void *value, size_t value_size)
{
	MDB_val k = lmdb_value(bytes_make(key, key_size)), v = lmdb_value(bytes_make(value, value_size));
	MDB_dbi databases[ENVIRONMENT_DATABASES_MOST];
	struct environment environment = { 0 };
	MDB_txn *txn;

	assert_int_equal(environment_open(place->folder, &kind, &environment), 0);
	assert_int_equal(environment_begin_to_write(&environment, &txn, databases), 0);
	assert_int_equal(mdb_put(txn, databases[database], &k, &v, 0), 0);
	assert_int_equal(environment_commit(&environment, txn, databases), 0);
	environment_close(&environment);
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, make, unmake)

#endif
