/* SPDX-License-Identifier: Apache-2.0 */
/* store - what outlives the daemon: bans, suspects, places in logs, allowed prefixes, clients that
 * the gate has let in.
 *
 * One file, FOLDER/wavebreak.mdb (LMDB), and its lock beside it. It is opened, and read, before
 * the process confines itself; afterwards no path is needed. The thread starts after that, or
 * it would be outside: Landlock holds for the calling thread and those it makes.
 *
 * Writing never blocks the caller: changes are queued, a later one of the same key takes the
 * place of an earlier one, and the thread commits them STORE_GATHER_MS after the first. A commit
 * is complete on disk before the page that makes it valid is written (MDB_NOMETASYNC), so neither
 * a kill -9 nor a power cut damages the file: the one loses what was not yet committed, the
 * other the last commit as well. Between two commits the thread waits four times as long as the
 * last one took, half a second at most: a fifth of the disk's time is all that it takes from the
 * mail.
 *
 * When a commit fails (disk full), that is said once and counted (COUNTER_store_errors), the
 * changes stay queued, and it is tried again every STORE_RETRY_MS. The queue is bounded; a change
 * that finds no room is counted and lost: its ban holds, but not over a restart.
 *
 * Where the store cannot be opened at first, for a reason that may pass (a full disk), it is there all the same: that
 * is said once, readers find nothing, changes queue up as they do when a commit fails, and the thread tries again
 * every STORE_OPEN_AGAIN_MS. When it has succeeded, and has written what was queued, store_has_arrived tells the
 * owner, who then reads what was in the file before. A full disk alone keeps nobody from opening and reading a file
 * that is there: nothing is written for that.
 *
 * A file that is damaged, or of another format, is set aside as wavebreak.mdb.damaged-<time>
 * (only the latest is kept) and a new one begun: see store/environment.h. Records are checked
 * one by one; bad ones are passed over, and their number is said.
 *
 * One owner, one thread beside it; all calls are from the owner's thread.
 */
#ifndef WAVEBREAK_STORE_STORE_H
#define WAVEBREAK_STORE_STORE_H

#include "base/bytes.h"
#include "base/prefix.h"
#include "judge/bans.h"
#include "judge/suspects.h"

#define STORE_FILE_NAME "wavebreak.mdb"
#define STORE_GATHER_MS 20
#define STORE_RETRY_MS 5000
#define STORE_OPEN_AGAIN_MS 60000
#define STORE_POSITION_MOST 256 /* bytes */
#define STORE_PATH_MOST 500	/* bytes of a log's path; a longer one is not remembered */

struct store;

/* `folder` exists and is ours to write. Forks a child for a moment, so: before any thread.
 * Returns 0, also when it is not open yet, or -errno (-EACCES, -ENOENT …); the daemon then goes on without. */
int store_open(const char *folder, struct store **ret);

/* Starts the thread, with all signals blocked. Until then changes are queued only. Returns 0 or
 * -errno. */
int store_start(struct store *store);

/* Commits what is queued, unless the disk refuses. */
void store_close(struct store *store);

void store_put_ban(struct store *store, const struct ban *ban);
void store_delete_ban(struct store *store, const struct addr *unit);
void store_put_suspect(struct store *store, const struct suspect *suspect);
void store_delete_suspect(struct store *store, const struct addr *unit);

/* Where reading of a log stands, in bytes that only the follower understands. */
void store_put_position(struct store *store, struct bytes path, struct bytes position);
void store_put_allowed(struct store *store, const struct prefix *prefix);
void store_delete_allowed(struct store *store, const struct prefix *prefix);
/* A client that is not tested again until then, wall time in seconds. */
void store_put_passed(struct store *store, const struct addr *unit, uint64_t until_s);
void store_delete_passed(struct store *store, const struct addr *unit);
/* One that has delivered mail, and is not ended by relief until then. */
void store_put_delivered(struct store *store, const struct addr *unit, uint64_t until_s);
void store_delete_delivered(struct store *store, const struct addr *unit);

/* The readers see what is committed. `fn` must not call a reader; it may queue changes.
 * All return 0 or -errno. */
typedef void store_ban_fn(void *data, const struct ban *ban);
int store_read_bans(struct store *store, store_ban_fn *fn, void *data);
typedef void store_suspect_fn(void *data, const struct suspect *suspect);
int store_read_suspects(struct store *store, store_suspect_fn *fn, void *data);
typedef void store_allowed_fn(void *data, const struct prefix *prefix);
int store_read_allowed(struct store *store, store_allowed_fn *fn, void *data);
typedef void store_until_fn(void *data, const struct addr *unit, uint64_t until_s);
int store_read_passed(struct store *store, store_until_fn *fn, void *data);
int store_read_delivered(struct store *store, store_until_fn *fn, void *data);
/* -ENOENT when nothing is known. */
int store_read_position(struct store *store, struct bytes path, char ret[STORE_POSITION_MOST],
			size_t *ret_size);

/* Waits until all that was queued is committed: for tests and for the end, not for the loop.
 * Returns 0 or -EIO when the disk refuses. */
int store_flush(struct store *store);

/* The same for another file of that folder (store/history.h). */
struct environment_kind;
int store_open_kind(const char *folder, const struct environment_kind *kind, struct store **ret);

bool store_is_open(struct store *store);
/* Once, when a store has been opened late. */
bool store_has_arrived(struct store *store);

struct store_state {
	bool open;
	size_t queued;	/* changes */
	bool failing;	/* the last commit failed */
	uint64_t bytes; /* of the file */
};
void store_look(struct store *store, struct store_state *ret);

#endif
