/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include "base/clock.h"
#include "base/counter.h"
#include "base/log.h"
#include "store/store_internal.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#define PAUSE_MOST_MS 500
#define PAUSE_FACTOR 4

/* Address space, not memory; see bench/bans_bench.c for the size of 1,000,000 bans. */
static const struct environment_kind bans_kind = {
	.file = STORE_FILE_NAME,
	.names = store_database_names,
	.count = DATABASE_COUNT,
	.younger = DATABASE_YOUNGER,
	.format = STORE_FORMAT,
	.map_size = (size_t)1 << 30,
	.called = "the store",
	.meanwhile = "bans hold",
	.unopened = "bans hold, but until then they do not outlive a restart",
};

_Static_assert(DATABASE_COUNT <= ENVIRONMENT_DATABASES_MOST, "an environment has room for all");

static void wait_until(struct store *store, uint64_t deadline_ms)
{
	struct timespec until = {
		.tv_sec = (time_t)(deadline_ms / 1000),
		.tv_nsec = (long)(deadline_ms % 1000) * 1000000,
	};

	while (!store->hurry && !store->stop && clock_ms() < deadline_ms)
		pthread_cond_timedwait(&store->wake, &store->lock, &until);
}

/* Each failure is counted, only the first of a row is said. */
static void say_change(const struct store *store, int r, size_t count)
{
	/* LMDB says EIO also when only a part could be written, which is how a disk gets full. */
	const char *why = r == -EIO ? "the disk is full, or fails" : strerror(-r);

	if (r < 0)
		counter_add(COUNTER_store_errors, 1);
	if (r < 0 && !store->failing)
		log_event(LOG_STORE_FAILS, LOG_TEXT(STORE, store->kind->called), LOG_TEXT(WHY, why), LOG_NUMBER(COUNT, count),
			  LOG_TEXT(DETAIL, store->kind->meanwhile));
	else if (r == 0 && store->failing)
		log_event(LOG_STORE_WELL, LOG_TEXT(STORE, store->kind->called));
}

/* One commit of `writing`, which stays as it is when that fails. Holds the lock, but not
 * while it writes. */
static int commit(struct store *store)
{
	size_t count = queue_count(store->writing);
	int r;

	store->busy = true;
	pthread_mutex_unlock(&store->lock);
	r = queue_commit(store->writing, &store->environment);
	environment_release_pages(&store->environment);
	pthread_mutex_lock(&store->lock);
	store->busy = false;
	if (r == 0)
		queue_clear(store->writing);
	if (r < 0)
		store->failures++;
	say_change(store, r, count);
	store->failing = r < 0;
	pthread_cond_broadcast(&store->done);
	return r;
}

/* What could not be written goes first; what came since waits in `filling`. */
static int commit_all(struct store *store)
{
	int r = 0;

	while (r == 0 && (queue_count(store->writing) || queue_count(store->filling))) {
		if (queue_count(store->writing) == 0) {
			struct queue *empty = store->writing;

			store->writing = store->filling;
			store->filling = empty;
		}
		r = commit(store);
		if (!store->stop && !store->hurry)
			break;
	}
	return r;
}

/* What could not be had at the start. Holds the lock, but not while it tries. Returns whether it is open. */
static bool open_again(struct store *store)
{
	int r;

	pthread_mutex_unlock(&store->lock);
	r = environment_open(store->folder, store->kind, &store->environment);
	pthread_mutex_lock(&store->lock);
	if (r == 0) {
		store->state = STORE_OPEN_LATE;
		store->failing = false;
		log_event(LOG_STORE_WELL, LOG_TEXT(STORE, store->kind->called));
		return true;
	}
	store->failures++;
	store->hurry = false;
	pthread_cond_broadcast(&store->done);
	return false;
}

static void commit_at_the_end(struct store *store)
{
	if (store->state != STORE_UNOPENED || open_again(store))
		commit_all(store);
}

static void *thread_main(void *data)
{
	struct store *store = data;
	uint64_t began_ms, pause_ms;

	pthread_mutex_lock(&store->lock);
	while (!store->stop) {
		if (store->state == STORE_UNOPENED) {
			wait_until(store, clock_ms() + STORE_OPEN_AGAIN_MS);
			if (store->stop || !open_again(store))
				continue;
		}
		if (queue_count(store->filling) == 0 && queue_count(store->writing) == 0) {
			if (store->state == STORE_OPEN_LATE)
				store->state = STORE_ARRIVED;
			store->hurry = false;
			pthread_cond_broadcast(&store->done);
			pthread_cond_wait(&store->wake, &store->lock);
			continue;
		}
		wait_until(store, clock_ms() + STORE_GATHER_MS);
		began_ms = clock_ms();
		if (commit_all(store) < 0) {
			store->hurry = false;
			pause_ms = STORE_RETRY_MS;
		} else {
			pause_ms = (clock_ms() - began_ms) * PAUSE_FACTOR;
			pause_ms = pause_ms < PAUSE_MOST_MS ? pause_ms : PAUSE_MOST_MS;
		}
		wait_until(store, clock_ms() + pause_ms);
	}
	commit_at_the_end(store);
	pthread_mutex_unlock(&store->lock);
	return NULL;
}

int store_start(struct store *store)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&store->thread, NULL, thread_main, store);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	store->started = r == 0;
	return -r;
}

static int open_proved(const char *folder, const struct environment_kind *kind, struct environment *ret)
{
	uint64_t now_s = clock_wall_s();
	char path[PATH_MAX], aside[64];
	int r;

	r = environment_prove(folder, kind);
	if (r == -EBADMSG) {
		snprintf(path, sizeof(path), "%s/%s", folder, kind->file);
		snprintf(aside, sizeof(aside), "%s.damaged-%llu", kind->file, (unsigned long long)now_s);
		log_event(LOG_STORE_DAMAGED, LOG_TEXT(STORE, kind->called), LOG_TEXT(PATH, path), LOG_TEXT(DETAIL, aside));
		counter_add(COUNTER_store_errors, 1);
		r = environment_set_aside(folder, kind->file, now_s);
	}
	return r < 0 ? r : environment_open(folder, kind, ret);
}

/* What may be over in a while, as that the disk is full. */
static bool may_pass(int r)
{
	return r == -ENOSPC || r == -EDQUOT || r == -EIO || r == -EROFS || r == -EMFILE || r == -ENFILE || r == -ENOMEM;
}

static int open_now_or_later(struct store *store, const char *folder)
{
	int r;

	if (!memccpy(store->folder, folder, '\0', sizeof(store->folder)))
		return -ENAMETOOLONG;
	r = open_proved(folder, store->kind, &store->environment);
	if (r == 0)
		store->state = STORE_OPEN;
	if (r == 0 || !may_pass(r))
		return r;
	store->failing = true;
	counter_add(COUNTER_store_errors, 1);
	log_event(LOG_STORE_UNOPENED, LOG_TEXT(STORE, store->kind->called), LOG_TEXT(PATH, folder),
		  LOG_TEXT(WHY, strerror(-r)), LOG_TEXT(DETAIL, store->kind->unopened));
	return 0;
}

static void init_locks(struct store *store)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&store->lock, NULL);
	pthread_cond_init(&store->wake, &monotonic);
	pthread_cond_init(&store->done, NULL);
	pthread_condattr_destroy(&monotonic);
}

static void free_store(struct store *store)
{
	queue_destroy(store->filling);
	queue_destroy(store->writing);
	free(store);
}

int store_open(const char *folder, struct store **ret)
{
	return store_open_kind(folder, &bans_kind, ret);
}

int store_open_kind(const char *folder, const struct environment_kind *kind, struct store **ret)
{
	struct store *store = calloc(1, sizeof(*store));
	int r;

	if (!store)
		return -ENOMEM;
	store->kind = kind;
	r = queue_create(&store->filling);
	if (r == 0)
		r = queue_create(&store->writing);
	if (r == 0)
		r = open_now_or_later(store, folder);
	if (r < 0) {
		environment_close(&store->environment);
		free_store(store);
		return r;
	}
	init_locks(store);
	*ret = store;
	return 0;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	pthread_mutex_lock(&store->lock);
	store->stop = true;
	if (!store->started)
		commit_at_the_end(store);
	pthread_cond_signal(&store->wake);
	pthread_mutex_unlock(&store->lock);
	if (store->started)
		pthread_join(store->thread, NULL);
	environment_close(&store->environment);
	pthread_cond_destroy(&store->wake);
	pthread_cond_destroy(&store->done);
	pthread_mutex_destroy(&store->lock);
	free_store(store);
}

int store_flush(struct store *store)
{
	uint64_t failures;
	int r = 0;

	pthread_mutex_lock(&store->lock);
	failures = store->failures;
	store->hurry = true;
	pthread_cond_signal(&store->wake);
	if (!store->started)
		commit_at_the_end(store);
	while (store->failures == failures &&
	       (store->busy || queue_count(store->filling) || queue_count(store->writing)))
		pthread_cond_wait(&store->done, &store->lock);
	if (store->failures != failures)
		r = -EIO;
	pthread_mutex_unlock(&store->lock);
	return r;
}

struct queue *store_begin_change(struct store *store)
{
	pthread_mutex_lock(&store->lock);
	if (queue_count(store->filling) == 0)
		pthread_cond_signal(&store->wake);
	return store->filling;
}

void store_end_change(struct store *store, int r)
{
	pthread_mutex_unlock(&store->lock);
	if (r < 0)
		counter_add(COUNTER_store_errors, 1);
}

void store_put_ban(struct store *store, const struct ban *ban)
{
	store_end_change(store, queue_put_ban(store_begin_change(store), ban));
}

void store_delete_ban(struct store *store, const struct addr *unit)
{
	store_end_change(store, queue_delete_ban(store_begin_change(store), unit));
}

void store_put_suspect(struct store *store, const struct suspect *suspect)
{
	store_end_change(store, queue_put_suspect(store_begin_change(store), suspect));
}

void store_delete_suspect(struct store *store, const struct addr *unit)
{
	store_end_change(store, queue_delete_suspect(store_begin_change(store), unit));
}

void store_put_position(struct store *store, struct bytes path, struct bytes position)
{
	if (path.size > STORE_PATH_MOST || position.size > STORE_POSITION_MOST)
		counter_add(COUNTER_store_errors, 1);
	else
		store_end_change(store,
			   queue_put(store_begin_change(store), DATABASE_POSITIONS, path, position));
}

void store_put_allowed(struct store *store, const struct prefix *prefix)
{
	struct prefix_record key = record_of_prefix(prefix);

	store_end_change(store,
		   queue_put(store_begin_change(store), DATABASE_ALLOWED,
			     bytes_make((const char *)&key, sizeof(key)), bytes_make(NULL, 0)));
}

void store_delete_allowed(struct store *store, const struct prefix *prefix)
{
	struct prefix_record key = record_of_prefix(prefix);

	store_end_change(store, queue_delete(store_begin_change(store), DATABASE_ALLOWED,
				       bytes_make((const char *)&key, sizeof(key))));
}

static void put_until(struct store *store, enum store_database database, const struct addr *unit, uint64_t until_s)
{
	struct unit_record key = record_of_unit(unit);

	store_end_change(store, queue_put(store_begin_change(store), database,
					  bytes_make((const char *)&key, sizeof(key)),
					  bytes_make((const char *)&until_s, sizeof(until_s))));
}

static void delete_until(struct store *store, enum store_database database, const struct addr *unit)
{
	struct unit_record key = record_of_unit(unit);

	store_end_change(store, queue_delete(store_begin_change(store), database,
					     bytes_make((const char *)&key, sizeof(key))));
}

void store_put_passed(struct store *store, const struct addr *unit, uint64_t until_s)
{
	put_until(store, DATABASE_PASSED, unit, until_s);
}

void store_delete_passed(struct store *store, const struct addr *unit)
{
	delete_until(store, DATABASE_PASSED, unit);
}

void store_put_delivered(struct store *store, const struct addr *unit, uint64_t until_s)
{
	put_until(store, DATABASE_DELIVERED, unit, until_s);
}

void store_delete_delivered(struct store *store, const struct addr *unit)
{
	delete_until(store, DATABASE_DELIVERED, unit);
}

bool store_is_open(struct store *store)
{
	bool is_open;

	pthread_mutex_lock(&store->lock);
	is_open = store->state != STORE_UNOPENED;
	pthread_mutex_unlock(&store->lock);
	return is_open;
}

bool store_has_arrived(struct store *store)
{
	bool has_arrived;

	pthread_mutex_lock(&store->lock);
	has_arrived = store->state == STORE_ARRIVED;
	if (has_arrived)
		store->state = STORE_OPEN;
	pthread_mutex_unlock(&store->lock);
	return has_arrived;
}

void store_look(struct store *store, struct store_state *ret)
{
	struct stat status;
	int fd;

	pthread_mutex_lock(&store->lock);
	*ret = (struct store_state){
		.open = store->state != STORE_UNOPENED,
		.queued = queue_count(store->filling) + queue_count(store->writing),
		.failing = store->failing,
	};
	pthread_mutex_unlock(&store->lock);
	if (ret->open && mdb_env_get_fd(store->environment.env, &fd) == 0 && fstat(fd, &status) == 0)
		ret->bytes = (uint64_t)status.st_size;
}
