/* SPDX-License-Identifier: Apache-2.0 */
#include "store/queue.h"

#include "base/table.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

#define BURST 10000
#define FLOOD 100000

struct ban_change {
	bool remove;
	bool drop_reason; /* a ban by hand that was given none */
	struct ban_record record;
};

struct suspect_change {
	bool remove;
	struct suspect_record record;
};

struct change {
	struct change *next;
	unsigned database; /* of the environment */
	bool remove;
	size_t key_size, value_size;
	char data[]; /* key, value */
};

struct queue {
	struct table *bans;     /* struct unit_record to struct ban_change */
	struct table *suspects; /* struct unit_record to struct suspect_change */
	struct change *others;
	size_t other_count;
};

static int make_bans(struct table **ret)
{
	return table_create(sizeof(struct unit_record), sizeof(struct ban_change), QUEUE_BANS_MOST,
			    ret);
}

static int make_suspects(struct table **ret)
{
	return table_create(sizeof(struct unit_record), sizeof(struct suspect_change), QUEUE_SUSPECTS_MOST, ret);
}

size_t queue_count(const struct queue *queue)
{
	return table_count(queue->bans) + table_count(queue->suspects) + queue->other_count;
}

/* A table keeps the index that its largest burst made it grow; clearing that would cost a
 * millisecond in each commit to come. And the C library keeps what was freed between the bans
 * that stay: 50 bytes a ban after a flood of a million. */
static void clear_table(struct table **table, int (*make)(struct table **))
{
	size_t count = table_count(*table);
	struct table *fresh;

	if (count < BURST || make(&fresh) < 0) {
		table_clear(*table);
		return;
	}
	table_destroy(*table);
	*table = fresh;
#ifdef __GLIBC__
	if (count >= FLOOD)
		malloc_trim(0);
#endif
}

static void clear_others(struct queue *queue)
{
	struct change *change, *next;

	for (change = queue->others; change; change = next) {
		next = change->next;
		free(change);
	}
	queue->others = NULL;
	queue->other_count = 0;
}

void queue_destroy(struct queue *queue)
{
	if (!queue)
		return;
	clear_others(queue);
	table_destroy(queue->bans);
	table_destroy(queue->suspects);
	free(queue);
}

int queue_create(struct queue **ret)
{
	struct queue *queue = calloc(1, sizeof(*queue));
	int r;

	if (!queue)
		return -ENOMEM;
	r = make_bans(&queue->bans);
	if (r == 0)
		r = make_suspects(&queue->suspects);
	if (r < 0) {
		queue_destroy(queue);
		return r;
	}
	*ret = queue;
	return 0;
}

void queue_clear(struct queue *queue)
{
	clear_table(&queue->bans, make_bans);
	clear_table(&queue->suspects, make_suspects);
	clear_others(queue);
}

static int set_unit(struct table *table, const struct addr *unit, const void *change, size_t size)
{
	struct unit_record key = record_of_unit(unit);
	void *value;
	int r;

	r = table_add(table, &key, &value);
	if (r < 0)
		return r;
	memcpy(value, change, size);
	return 0;
}

static int set_ban(struct queue *queue, const struct addr *unit, const struct ban_change *change)
{
	return set_unit(queue->bans, unit, change, sizeof(*change));
}

int queue_put_suspect(struct queue *queue, const struct suspect *suspect)
{
	struct suspect_change change = { .record = record_of_suspect(suspect) };

	return set_unit(queue->suspects, &suspect->unit, &change, sizeof(change));
}

int queue_delete_suspect(struct queue *queue, const struct addr *unit)
{
	struct suspect_change change = { .remove = true };

	return set_unit(queue->suspects, unit, &change, sizeof(change));
}

int queue_put_ban(struct queue *queue, const struct ban *ban)
{
	struct unit_record key = record_of_unit(&ban->unit);
	struct ban_change change = { .record = record_of_ban(ban),
				     .drop_reason = ban->by_hand && !ban->why[0] };
	int r;

	r = set_ban(queue, &ban->unit, &change);
	if (r < 0 || !ban->why[0])
		return r;
	return queue_put(queue, DATABASE_REASONS, bytes_make((const char *)&key, sizeof(key)),
			 bytes_of(ban->why));
}

int queue_delete_ban(struct queue *queue, const struct addr *unit)
{
	return set_ban(queue, unit, &(struct ban_change){ .remove = true });
}

/* The link that leads to the change of that key, or to the end. */
static struct change **find(struct queue *queue, unsigned database, struct bytes key)
{
	struct change **link = &queue->others;

	while (*link && ((*link)->database != database ||
			 !bytes_equal(bytes_make((*link)->data, (*link)->key_size), key)))
		link = &(*link)->next;
	return link;
}

static int add(struct queue *queue, const struct change *head, struct bytes key, struct bytes value)
{
	struct change **link = find(queue, head->database, key), *old = *link, *change;

	if (key.size == 0 || key.size > QUEUE_KEY_MOST)
		return -EINVAL;
	if (!old && queue->other_count == QUEUE_OTHERS_MOST)
		return -ENOSPC;
	change = malloc(sizeof(*change) + key.size + value.size);
	if (!change)
		return -ENOMEM;
	*change = *head;
	change->next = old ? old->next : NULL;
	change->key_size = key.size;
	change->value_size = value.size;
	memcpy(change->data, key.data, key.size);
	if (value.size)
		memcpy(change->data + key.size, value.data, value.size);
	queue->other_count += !old;
	*link = change;
	free(old);
	return 0;
}

int queue_put(struct queue *queue, unsigned database, struct bytes key,
	      struct bytes value)
{
	return add(queue, &(struct change){ .database = database }, key, value);
}

int queue_delete(struct queue *queue, unsigned database, struct bytes key)
{
	return add(queue, &(struct change){ .database = database, .remove = true }, key,
		   bytes_make(NULL, 0));
}

static int delete_if_there(MDB_txn *txn, MDB_dbi database, MDB_val *key)
{
	int r = mdb_del(txn, database, key, NULL);

	return r == MDB_NOTFOUND ? 0 : r;
}

static int write_other(MDB_txn *txn, const MDB_dbi *databases, const struct change *change)
{
	MDB_val key = lmdb_value(bytes_make(change->data, change->key_size));
	MDB_val value = lmdb_value(bytes_make(change->data + change->key_size, change->value_size));
	MDB_dbi database = databases[change->database];

	return change->remove ? delete_if_there(txn, database, &key)
			      : mdb_put(txn, database, &key, &value, 0);
}

static int write_ban(MDB_txn *txn, const MDB_dbi *databases, const struct unit_record *unit,
		     const struct ban_change *change)
{
	MDB_val key = lmdb_value(bytes_make((const char *)unit, sizeof(*unit)));
	MDB_val value =
		lmdb_value(bytes_make((const char *)&change->record, sizeof(change->record)));
	int r = 0;

	if (change->remove || change->drop_reason)
		r = delete_if_there(txn, databases[DATABASE_REASONS], &key);
	if (r)
		return r;
	return change->remove
		       ? delete_if_there(txn, databases[DATABASE_BANS], &key)
		       : mdb_put(txn, databases[DATABASE_BANS], &key, &value, 0);
}

static int write_suspect(MDB_txn *txn, const MDB_dbi *databases, const struct unit_record *unit,
			 const struct suspect_change *change)
{
	MDB_val key = lmdb_value(bytes_make((const char *)unit, sizeof(*unit)));
	MDB_val value = lmdb_value(bytes_make((const char *)&change->record, sizeof(change->record)));
	MDB_dbi database = databases[DATABASE_SUSPECTS];

	return change->remove ? delete_if_there(txn, database, &key) : mdb_put(txn, database, &key, &value, 0);
}

static int write_all(MDB_txn *txn, const MDB_dbi *databases, const struct queue *queue)
{
	const struct change *other;
	const struct suspect_change *suspect;
	const struct ban_change *ban;
	uint32_t cursor = 0;
	int r = 0;

	for (other = queue->others; other && !r; other = other->next)
		r = write_other(txn, databases, other);
	/* After the others: a ban that is deleted takes its reason along. */
	while (!r && (ban = table_next(queue->bans, &cursor)))
		r = write_ban(txn, databases, table_key(queue->bans, ban), ban);
	cursor = 0;
	while (!r && (suspect = table_next(queue->suspects, &cursor)))
		r = write_suspect(txn, databases, table_key(queue->suspects, suspect), suspect);
	return r;
}

int queue_commit(const struct queue *queue, struct environment *environment)
{
	MDB_dbi databases[ENVIRONMENT_DATABASES_MOST];
	MDB_txn *txn;
	int r;

	r = environment_begin_to_write(environment, &txn, databases);
	if (r < 0)
		return r;
	r = environment_error(write_all(txn, databases, queue));
	if (r == 0)
		return environment_commit(environment, txn, databases);
	mdb_txn_abort(txn);
	return r;
}
