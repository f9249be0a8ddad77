/* SPDX-License-Identifier: Apache-2.0 */
/* environment - LMDB's file: made, opened, and first of all proved.
 *
 * LMDB believes the pages of its file: one that was damaged, or cut off, ends the process that
 * maps it with SIGSEGV or SIGBUS. At start that would be a daemon that dies as often as it is
 * started. So a child process opens the file, reads every record in it and the list of free
 * pages, and begins to write; what would have killed us kills the child.
 */
#ifndef WAVEBREAK_STORE_ENVIRONMENT_H
#define WAVEBREAK_STORE_ENVIRONMENT_H

#include "store/record.h"

#include <lmdb.h>
#include <stdio.h>

/* Which file it is, and what is in it: the bans and the history have one each, so that what befalls the one does the
 * other no harm. */
#define ENVIRONMENT_DATABASES_MOST 8
struct environment_kind {
	const char *file;         /* its name in the folder */
	const char *const *names; /* of its databases; the first one has META_FORMAT */
	size_t count, younger;    /* from that one on, they may be missing in a file of an earlier program */
	uint32_t format;
	size_t map_size;          /* bytes that the file may grow to: address space, not memory */
	const char *called;       /* in messages: "the store" */
	const char *meanwhile;    /* what holds while it cannot be written */
	const char *unopened;     /* and while it cannot be opened */
};

struct environment {
	const struct environment_kind *kind;
	MDB_env *env; /* NULL: it is not open */
	/* A thread may make one while the owner reads another; 0 as long as it is not there. */
	_Atomic MDB_dbi databases[ENVIRONMENT_DATABASES_MOST];
	bool whole; /* all of them are there; for who writes */
	void *map;  /* NULL when /proc does not say where it is */
	size_t map_size;
	/* Of /proc/self, kept until the file is open: who has confined itself meanwhile cannot open that any more. */
	FILE *maps;
};

/* Opens FOLDER/file, and makes one where there is none; nothing is written to one that is there. `environment` is
 * zeroed, or one that could not be opened before. Returns 0 or -errno. Neither needs a child nor anything that
 * daemon/confine takes away, so that it can be tried again; that the file is no damaged one is found out before
 * (environment_prove). */
int environment_open(const char *folder, const struct environment_kind *kind, struct environment *environment);
void environment_close(struct environment *environment);

/* A transaction, and the databases in it: those that are missing are made, and known to all by the commit. Each returns
 * 0 or -errno, and then there is no transaction. */
int environment_begin_to_write(struct environment *environment, MDB_txn **ret,
			       MDB_dbi databases[ENVIRONMENT_DATABASES_MOST]);
int environment_commit(struct environment *environment, MDB_txn *txn,
		       const MDB_dbi databases[ENVIRONMENT_DATABASES_MOST]);
/* -ENOENT when that database is not there yet. */
int environment_begin_to_read(struct environment *environment, unsigned database, MDB_txn **ret, MDB_dbi *ret_database);

/* What was read of the file, or written to it, stays mapped and counts as our memory: 150 bytes for
 * each of 1,000,000 bans, twice what the bans themselves take. This lets go of it; it stays
 * in the page cache, and what is needed comes back by minor faults. From any thread. */
void environment_release_pages(const struct environment *environment);

/* Returns 0 when the file can be used, is empty or is not there; -EBADMSG when it is damaged or
 * of another format; -errno when that cannot be said. Forks. */
int environment_prove(const char *folder, const struct environment_kind *kind);

/* Renames the file to `file`.damaged-<wall_s>; earlier ones go. Returns 0 or -errno. */
int environment_set_aside(const char *folder, const char *file, uint64_t wall_s);

/* What LMDB returned, as 0 or -errno. */
int environment_error(int lmdb_code);

static inline MDB_val lmdb_value(struct bytes bytes)
{
	/* LMDB writes to what it is given only where it says so. */
	return (MDB_val){ bytes.size, (void *)(uintptr_t)bytes.data };
}

static inline struct bytes lmdb_bytes(const MDB_val *value)
{
	return bytes_make(value->mv_data, value->mv_size);
}

#endif
