/* SPDX-License-Identifier: Apache-2.0 */
/* What a store gives back. Records are checked one by one; bad ones are passed over, and their number is said. */
#include "store/store_internal.h"

#include "base/log.h"

#include <errno.h>

int store_begin_to_read(struct store *store, unsigned database, MDB_txn **ret, MDB_dbi *ret_database)
{
	return store_is_open(store) ? environment_begin_to_read(&store->environment, database, ret, ret_database) : -ENOENT;
}

typedef void row_fn(void *data, MDB_txn *txn, struct bytes key, struct bytes value);

static int read_rows(struct store *store, enum store_database database, row_fn *row, void *data)
{
	MDB_cursor *cursor;
	MDB_val key, value;
	MDB_dbi dbi;
	MDB_txn *txn;
	int r;

	r = store_begin_to_read(store, database, &txn, &dbi);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = mdb_cursor_open(txn, dbi, &cursor);
	if (!r) {
		while (!(r = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)))
			row(data, txn, lmdb_bytes(&key), lmdb_bytes(&value));
		mdb_cursor_close(cursor);
	}
	mdb_txn_abort(txn);
	environment_release_pages(&store->environment);
	return r == MDB_NOTFOUND ? 0 : environment_error(r);
}

struct ban_rows {
	const struct store *store;
	store_ban_fn *fn;
	void *data;
	size_t bad;
};

static void read_reason(const struct store *store, MDB_txn *txn, struct bytes unit, struct ban *ban)
{
	MDB_dbi reasons = store->environment.databases[DATABASE_REASONS];
	MDB_val key = lmdb_value(unit), value;

	if (reasons && mdb_get(txn, reasons, &key, &value) == 0)
		memcpy(ban->why, value.mv_data,
		       value.mv_size < BAN_WHY_SIZE ? value.mv_size : BAN_WHY_SIZE - 1);
}

static void ban_row(void *data, MDB_txn *txn, struct bytes key, struct bytes value)
{
	struct ban_rows *rows = data;
	struct ban ban;

	if (record_read_ban(key, value, &ban) < 0) {
		rows->bad++;
		return;
	}
	if (ban.by_hand)
		read_reason(rows->store, txn, key, &ban);
	rows->fn(rows->data, &ban);
}

static void say_bad(size_t count, const char *what)
{
	if (count)
		log_warning("%zu %s in the store could not be read and are passed over", count,
			    what);
}

int store_read_bans(struct store *store, store_ban_fn *fn, void *data)
{
	struct ban_rows rows = { store, fn, data, 0 };
	int r = read_rows(store, DATABASE_BANS, ban_row, &rows);

	say_bad(rows.bad, "bans");
	return r;
}

struct suspect_rows {
	store_suspect_fn *fn;
	void *data;
	size_t bad;
};

static void suspect_row(void *data, MDB_txn *txn, struct bytes key, struct bytes value)
{
	struct suspect_rows *rows = data;
	struct suspect suspect;

	if (record_read_suspect(key, value, &suspect) < 0)
		rows->bad++;
	else
		rows->fn(rows->data, &suspect);
}

int store_read_suspects(struct store *store, store_suspect_fn *fn, void *data)
{
	struct suspect_rows rows = { fn, data, 0 };
	int r = read_rows(store, DATABASE_SUSPECTS, suspect_row, &rows);

	say_bad(rows.bad, "suspects");
	return r;
}

struct allowed_rows {
	store_allowed_fn *fn;
	void *data;
	size_t bad;
};

static void allowed_row(void *data, MDB_txn *txn, struct bytes key, struct bytes value)
{
	struct allowed_rows *rows = data;
	struct prefix prefix;

	if (record_read_prefix(key, &prefix) < 0)
		rows->bad++;
	else
		rows->fn(rows->data, &prefix);
}

int store_read_allowed(struct store *store, store_allowed_fn *fn, void *data)
{
	struct allowed_rows rows = { fn, data, 0 };
	int r = read_rows(store, DATABASE_ALLOWED, allowed_row, &rows);

	say_bad(rows.bad, "allowed prefixes");
	return r;
}

struct until_rows {
	store_until_fn *fn;
	void *data;
	size_t bad;
};

static void until_row(void *data, MDB_txn *txn, struct bytes key, struct bytes value)
{
	struct until_rows *rows = data;
	struct addr unit;
	uint64_t until_s;

	if (record_read_until(key, value, &unit, &until_s) < 0)
		rows->bad++;
	else
		rows->fn(rows->data, &unit, until_s);
}

int store_read_passed(struct store *store, store_until_fn *fn, void *data)
{
	struct until_rows rows = { fn, data, 0 };
	int r = read_rows(store, DATABASE_PASSED, until_row, &rows);

	say_bad(rows.bad, "clients of the gate");
	return r;
}

int store_read_delivered(struct store *store, store_until_fn *fn, void *data)
{
	struct until_rows rows = { fn, data, 0 };
	int r = read_rows(store, DATABASE_DELIVERED, until_row, &rows);

	say_bad(rows.bad, "clients that delivered mail");
	return r;
}

int store_read_position(struct store *store, struct bytes path, char ret[STORE_POSITION_MOST],
			size_t *ret_size)
{
	MDB_val key = lmdb_value(path), value;
	MDB_dbi dbi;
	MDB_txn *txn;
	int r;

	if (path.size == 0 || path.size > STORE_PATH_MOST)
		return -ENOENT;
	r = store_begin_to_read(store, DATABASE_POSITIONS, &txn, &dbi);
	if (r < 0)
		return r;
	r = environment_error(mdb_get(txn, dbi, &key, &value));
	if (r == 0 && value.mv_size > STORE_POSITION_MOST)
		r = -EBADMSG;
	if (r == 0) {
		memcpy(ret, value.mv_data, value.mv_size);
		*ret_size = value.mv_size;
	}
	mdb_txn_abort(txn);
	return r;
}
