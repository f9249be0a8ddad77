/* SPDX-License-Identifier: Apache-2.0 */
/* history - chunks of samples on disk, in a file of their own: FOLDER/wavebreak.history.mdb.
 *
 * A store (store/store.h) like that of the bans, with its own file, lock and thread: what befalls it does
 * the bans no harm. A damaged one is set aside as wavebreak.history.mdb.damaged-<time> and a new one begun. Open,
 * start, flush, look and close it by the functions of store/store.h.
 *
 * What a chunk says is observe/history.h's matter; here it is bytes under a key: the tier, the series ("" for what
 * was sampled here; the name of a list that was imported) and the second at which it begins.
 */
#ifndef WAVEBREAK_STORE_HISTORY_H
#define WAVEBREAK_STORE_HISTORY_H

#include "store/store.h"

#define HISTORY_FILE_NAME "wavebreak.history.mdb"
/* A year is to stay below 100 MB: the file cannot grow beyond the first, and the oldest chunks go when what is in use
 * comes to the second. */
#define HISTORY_FILE_MOST ((size_t)95 << 20)
#define HISTORY_USED_MOST ((size_t)80 << 20)
#define HISTORY_SERIES_SIZE 48
#define HISTORY_CHUNK_SIZE_MOST 20000 /* bytes; larger ones are refused, and passed over */

struct chunk_key {
	uint8_t tier;
	char series[HISTORY_SERIES_SIZE];
	uint64_t start_s; /* wall time */
};

/* Opens it, and drops what is older than a key says, of that tier, for each of `oldest`. As store_open. */
int history_store_open(const char *folder, const struct chunk_key *oldest, size_t count, struct store **ret);

void history_put(struct store *store, const struct chunk_key *key, struct bytes chunk);
void history_delete(struct store *store, const struct chunk_key *key);

/* The first chunk of `key`'s tier, in order of series and time, that begins at or after it. *ret_size is at most
 * HISTORY_CHUNK_SIZE_MOST. Returns 0 with its key in *key, -ENOENT at the end, or -errno. Sees what is committed. */
int history_next(struct store *store, struct chunk_key *key, char ret[HISTORY_CHUNK_SIZE_MOST], size_t *ret_size);

/* Bytes of pages in use, which is less than the file's size. */
size_t history_used(struct store *store);
/* Chunks of a tier. Goes through all of them. */
size_t history_count(struct store *store, uint8_t tier);

#endif
