/* SPDX-License-Identifier: Apache-2.0 */
/* store_internal - what the files of a store's owner side share. */
#ifndef WAVEBREAK_STORE_STORE_INTERNAL_H
#define WAVEBREAK_STORE_STORE_INTERNAL_H

#include "store/environment.h"
#include "store/queue.h"
#include "store/store.h"

#include <limits.h>
#include <pthread.h>

enum store_opening {
	STORE_UNOPENED,  /* not yet: the thread tries again */
	STORE_OPEN_LATE, /* and what was queued until then is being written */
	STORE_ARRIVED,   /* it is, and the owner has not asked yet (store_has_arrived) */
	STORE_OPEN,
};

struct store {
	const struct environment_kind *kind;
	char folder[PATH_MAX];
	struct environment environment; /* the thread's alone as long as it is STORE_UNOPENED */
	pthread_t thread;
	bool started;

	pthread_mutex_t lock; /* for all that follows */
	pthread_cond_t wake;  /* the thread: there is something to do */
	pthread_cond_t done;  /* the owner, in store_flush: a commit has ended */
	enum store_opening state;
	struct queue *filling;
	struct queue *writing; /* not changed, and read without the lock, while `busy` */
	uint64_t failures;     /* commits that failed */
	bool busy, failing, hurry, stop;
};

/* Around one change of the queue, which the first returns. The thread is woken by the first change only: a burst
 * costs one signal, not ten thousand. A change that finds no room is counted (COUNTER_store_errors). */
struct queue *store_begin_change(struct store *store);
void store_end_change(struct store *store, int r);

/* For the owner, as environment_begin_to_read; -ENOENT also when the store is not open yet. */
int store_begin_to_read(struct store *store, unsigned database, MDB_txn **ret, MDB_dbi *ret_database);

#endif
