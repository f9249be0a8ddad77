/* SPDX-License-Identifier: Apache-2.0 */
#include "store/history.h"

#include "base/counter.h"
#include "store/store_internal.h"

#include <errno.h>
#include <stdio.h>

enum { HISTORY_META, HISTORY_CHUNKS, HISTORY_DATABASES };

static const char *const names[HISTORY_DATABASES] = { [HISTORY_META] = "meta", [HISTORY_CHUNKS] = "chunks" };

static const struct environment_kind history_kind = {
	.file = HISTORY_FILE_NAME,
	.names = names,
	.count = HISTORY_DATABASES,
	.younger = HISTORY_DATABASES,
	.format = 1,
	.map_size = HISTORY_FILE_MOST,
	.called = "the history",
	.meanwhile = "nothing else is touched by that",
	.unopened = "until then it does not outlive a restart",
};

/* Tier, series, NUL, and the begin with its most significant byte first, so that the order of keys is that of time. */
#define KEY_SIZE_MOST (1 + HISTORY_SERIES_SIZE + 8)

static struct bytes write_key(const struct chunk_key *key, char out[KEY_SIZE_MOST])
{
	size_t size = strlen(key->series);

	out[0] = (char)key->tier;
	memcpy(out + 1, key->series, size + 1);
	for (int i = 0; i < 8; i++)
		out[2 + size + (size_t)i] = (char)(key->start_s >> (56 - 8 * i));
	return bytes_make(out, size + 10);
}

static int read_key(struct bytes text, struct chunk_key *ret)
{
	size_t size;

	if (text.size < 10 || text.size > KEY_SIZE_MOST)
		return -EBADMSG;
	size = bytes_find_char(bytes_skip(text, 1), '\0');
	if (text.size != size + 10)
		return -EBADMSG;
	*ret = (struct chunk_key){ .tier = (uint8_t)text.data[0] };
	memcpy(ret->series, text.data + 1, size + 1);
	for (size_t i = 0; i < 8; i++)
		ret->start_s = ret->start_s << 8 | (uint8_t)text.data[2 + size + i];
	return 0;
}

void history_put(struct store *store, const struct chunk_key *key, struct bytes chunk)
{
	char name[KEY_SIZE_MOST];

	if (chunk.size > HISTORY_CHUNK_SIZE_MOST)
		counter_add(COUNTER_store_errors, 1);
	else
		store_end_change(store,
				 queue_put(store_begin_change(store), HISTORY_CHUNKS, write_key(key, name), chunk));
}

void history_delete(struct store *store, const struct chunk_key *key)
{
	char name[KEY_SIZE_MOST];

	store_end_change(store, queue_delete(store_begin_change(store), HISTORY_CHUNKS, write_key(key, name)));
}

/* The first one at or after `key`, within its tier. */
static int find(MDB_cursor *cursor, struct chunk_key *key, MDB_val *ret_value)
{
	char name[KEY_SIZE_MOST];
	MDB_val at = lmdb_value(write_key(key, name));
	struct chunk_key found;
	MDB_cursor_op way = MDB_SET_RANGE;
	int r;

	while (!(r = mdb_cursor_get(cursor, &at, ret_value, way))) {
		way = MDB_NEXT;
		/* What is no key of ours, or no chunk, is passed over. */
		if (read_key(lmdb_bytes(&at), &found) < 0 || ret_value->mv_size > HISTORY_CHUNK_SIZE_MOST)
			continue;
		if (found.tier != key->tier)
			return -ENOENT;
		*key = found;
		return 0;
	}
	return environment_error(r);
}

static int begin_reading(struct store *store, MDB_txn **ret_txn, MDB_cursor **ret_cursor)
{
	MDB_dbi dbi;
	int r = store_begin_to_read(store, HISTORY_CHUNKS, ret_txn, &dbi);

	if (r < 0)
		return r;
	r = mdb_cursor_open(*ret_txn, dbi, ret_cursor);
	if (r)
		mdb_txn_abort(*ret_txn);
	return environment_error(r);
}

static void end_reading(MDB_txn *txn, MDB_cursor *cursor)
{
	mdb_cursor_close(cursor);
	mdb_txn_abort(txn);
}

int history_next(struct store *store, struct chunk_key *key, char ret[HISTORY_CHUNK_SIZE_MOST], size_t *ret_size)
{
	MDB_cursor *cursor;
	MDB_txn *txn;
	MDB_val value;
	int r = begin_reading(store, &txn, &cursor);

	if (r < 0)
		return r;
	r = find(cursor, key, &value);
	if (r == 0) {
		memcpy(ret, value.mv_data, value.mv_size);
		*ret_size = value.mv_size;
	}
	end_reading(txn, cursor);
	return r;
}

size_t history_used(struct store *store)
{
	MDB_cursor *cursor;
	MDB_stat stat = { 0 };
	MDB_txn *txn;

	if (begin_reading(store, &txn, &cursor) < 0)
		return 0;
	mdb_stat(txn, store->environment.databases[HISTORY_CHUNKS], &stat);
	end_reading(txn, cursor);
	return (stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages) * stat.ms_psize;
}

size_t history_count(struct store *store, uint8_t tier)
{
	struct chunk_key key = { .tier = tier };
	MDB_cursor *cursor;
	MDB_txn *txn;
	MDB_val value, at;
	size_t count = 0;
	int r;

	if (begin_reading(store, &txn, &cursor) < 0)
		return 0;
	for (r = find(cursor, &key, &value); r == 0; r = mdb_cursor_get(cursor, &at, &value, MDB_NEXT))
		count += count == 0 || (at.mv_size && *(const uint8_t *)at.mv_data == tier);
	end_reading(txn, cursor);
	return count;
}

/* What is too old since we last ran. */
static int drop_before(MDB_txn *txn, MDB_dbi database, const struct chunk_key *oldest)
{
	struct chunk_key key = { .tier = oldest->tier };
	MDB_cursor *cursor;
	MDB_val value;
	int r = mdb_cursor_open(txn, database, &cursor);

	if (r)
		return environment_error(r);
	while ((r = find(cursor, &key, &value)) == 0 && !key.series[0] && key.start_s < oldest->start_s && r == 0)
		r = environment_error(mdb_cursor_del(cursor, 0));
	mdb_cursor_close(cursor);
	return r == -ENOENT ? 0 : r;
}

static int drop_old(struct store *store, const struct chunk_key *oldest, size_t count)
{
	MDB_dbi databases[ENVIRONMENT_DATABASES_MOST];
	MDB_txn *txn;
	int r = environment_begin_to_write(&store->environment, &txn, databases);

	if (r < 0)
		return r;
	for (size_t i = 0; i < count && r == 0; i++)
		r = drop_before(txn, databases[HISTORY_CHUNKS], &oldest[i]);
	if (r == 0)
		return environment_commit(&store->environment, txn, databases);
	mdb_txn_abort(txn);
	return r;
}

/* Mostly there is nothing, and who does not write waits for nobody: not for a worker of before, either, that was stopped
 * in the middle of a commit. */
static bool has_old(struct store *store, const struct chunk_key *oldest, size_t count)
{
	MDB_cursor *cursor;
	bool found = false;
	MDB_val value;
	MDB_txn *txn;

	if (begin_reading(store, &txn, &cursor) < 0)
		return false;
	for (size_t i = 0; i < count && !found; i++) {
		struct chunk_key key = { .tier = oldest[i].tier };

		found = find(cursor, &key, &value) == 0 && !key.series[0] && key.start_s < oldest[i].start_s;
	}
	end_reading(txn, cursor);
	return found;
}

/* On a full disk, or in a file that is not open yet, the old ones stay until the next start. */
int history_store_open(const char *folder, const struct chunk_key *oldest, size_t count, struct store **ret)
{
	int r = store_open_kind(folder, &history_kind, ret);

	if (r < 0)
		return r;
	if (has_old(*ret, oldest, count))
		r = drop_old(*ret, oldest, count);
	if (r == -ENOSPC || r == -EDQUOT || r == -EIO)
		return 0;
	if (r < 0)
		store_close(*ret);
	return r;
}
