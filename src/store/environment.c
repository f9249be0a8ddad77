/* SPDX-License-Identifier: Apache-2.0 */
#include "store/environment.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Pages that point at each other in a ring would be read for ever. */
#define CHILD_SECONDS_MOST 60
#define LMDB_FREE_PAGES 0 /* numbers of two databases that every file has (mdb_stat(1) -f) */
#define LMDB_NAMES 1
#define SET_ASIDE ".damaged-"
/* Twice what LMDB takes for its 126 readers. */
#define LOCK_SIZE 16384
#define MISSING 0 /* of a database; LMDB's own have this number and the next */

enum child_says { CHILD_WELL, CHILD_DAMAGED };

int environment_error(int lmdb_code)
{
	switch (lmdb_code) {
	case MDB_SUCCESS:
		return 0;
	case MDB_NOTFOUND:
		return -ENOENT;
	case MDB_MAP_FULL:
		return -ENOSPC;
	default:
		return lmdb_code > 0 ? -lmdb_code : -EBADMSG;
	}
}

static int path_of(const char *folder, const char *file, char ret[PATH_MAX])
{
	return snprintf(ret, PATH_MAX, "%s/%s", folder, file) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* Returns what LMDB does. */
static int open_env(const char *path, const struct environment_kind *kind, unsigned flags, MDB_env **ret)
{
	MDB_env *env;
	int r;

	r = mdb_env_create(&env);
	if (r)
		return r;
	r = mdb_env_set_mapsize(env, kind->map_size);
	if (!r)
		r = mdb_env_set_maxdbs(env, (MDB_dbi)kind->count);
	if (!r)
		r = mdb_env_open(env, path, flags | MDB_NOSUBDIR | MDB_NOTLS, 0600);
	if (r)
		mdb_env_close(env);
	else
		*ret = env;
	return r;
}

static int make_databases(MDB_txn *txn, const struct environment_kind *kind,
			  MDB_dbi databases[ENVIRONMENT_DATABASES_MOST])
{
	uint32_t format = kind->format;
	MDB_val key = lmdb_value(META_FORMAT), value = { sizeof(format), &format };
	int r = 0;

	for (size_t i = 0; i < kind->count && !r; i++)
		r = mdb_dbi_open(txn, kind->names[i], MDB_CREATE, &databases[i]);
	return r ? r : mdb_put(txn, databases[0], &key, &value, 0);
}

/* Those that are there: nothing is written, or a full disk would keep us from reading. */
static int find_databases(struct environment *environment)
{
	const struct environment_kind *kind = environment->kind;
	MDB_dbi database;
	MDB_txn *txn;
	int r;

	environment->whole = true;
	r = mdb_txn_begin(environment->env, NULL, MDB_RDONLY, &txn);
	for (size_t i = 0; i < kind->count && !r; i++) {
		r = mdb_dbi_open(txn, kind->names[i], 0, &database);
		if (r == MDB_NOTFOUND) {
			database = MISSING;
			environment->whole = false;
			r = 0;
		}
		environment->databases[i] = database;
	}
	/* By an abort the databases would be closed again. */
	return r ? r : mdb_txn_commit(txn);
}

/* LMDB tells nobody where it mapped its file. The device is not compared: btrfs and overlayfs
 * name another one there than stat(2) does. */
static void find_map(struct environment *environment, const char *file)
{
	FILE *maps = environment->maps;
	unsigned long start, end, inode;
	char line[PATH_MAX + 128];
	struct stat status;
	int fd;

	environment->map = NULL;
	if (!maps)
		return;
	rewind(maps);
	if (mdb_env_get_fd(environment->env, &fd) != 0 || fstat(fd, &status) < 0)
		status.st_ino = 0;
	while (status.st_ino && !environment->map && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %*s %*s %*s %lu", &start, &end, &inode) != 3 ||
		    inode != status.st_ino || !strstr(line, file))
			continue;
		environment->map = (void *)start;
		environment->map_size = end - start;
	}
	fclose(maps);
	environment->maps = NULL;
}

void environment_release_pages(const struct environment *environment)
{
	if (environment->map)
		madvise(environment->map, environment->map_size, MADV_DONTNEED);
}

/* Where the file system cannot take blocks for it (EOPNOTSUPP), they come by writing; what is there may be in use. */
static int write_zeros(int fd)
{
	static const char zeros[LOCK_SIZE];
	struct stat status;
	ssize_t n;

	if (fstat(fd, &status) < 0)
		return -errno;
	while (status.st_size < LOCK_SIZE) {
		n = pwrite(fd, zeros, (size_t)(LOCK_SIZE - status.st_size), status.st_size);
		if (n <= 0)
			return n < 0 ? -errno : -ENOSPC;
		status.st_size += n;
	}
	return 0;
}

/* LMDB makes its lock file by ftruncate(2), maps it and writes: on a full disk that is SIGBUS. */
static int reserve_lock(const char *path)
{
	char lock[PATH_MAX];
	int fd, r;

	if (snprintf(lock, sizeof(lock), "%s-lock", path) >= (int)sizeof(lock))
		return -ENAMETOOLONG;
	fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = fallocate(fd, 0, 0, LOCK_SIZE) < 0 ? -errno : 0;
	if (r == -EOPNOTSUPP)
		r = write_zeros(fd);
	close(fd);
	return r;
}

static int open_file(const char *path, struct environment *environment)
{
	struct stat status;
	bool is_new = stat(path, &status) < 0 ? errno == ENOENT : status.st_size == 0;
	int r;

	r = environment_error(open_env(path, environment->kind, MDB_NOMETASYNC, &environment->env));
	if (r < 0) {
		environment->env = NULL;
		/* The half of it that found room would be taken for a damaged one. */
		if (is_new)
			unlink(path);
		return r;
	}
	r = environment_error(find_databases(environment));
	if (r < 0) {
		mdb_env_close(environment->env);
		environment->env = NULL;
	}
	return r;
}

int environment_open(const char *folder, const struct environment_kind *kind, struct environment *environment)
{
	char path[PATH_MAX];
	int r;

	environment->kind = kind;
	if (!environment->maps)
		environment->maps = fopen("/proc/self/maps", "re");
	r = path_of(folder, kind->file, path);
	if (r == 0)
		r = reserve_lock(path);
	if (r == 0)
		r = open_file(path, environment);
	if (r == 0)
		find_map(environment, kind->file);
	return r;
}

int environment_begin_to_write(struct environment *environment, MDB_txn **ret,
			       MDB_dbi databases[ENVIRONMENT_DATABASES_MOST])
{
	int r = mdb_txn_begin(environment->env, NULL, 0, ret);

	if (r)
		return environment_error(r);
	for (size_t i = 0; i < environment->kind->count; i++)
		databases[i] = environment->databases[i];
	if (!environment->whole)
		r = make_databases(*ret, environment->kind, databases);
	if (r)
		mdb_txn_abort(*ret);
	return environment_error(r);
}

int environment_commit(struct environment *environment, MDB_txn *txn,
		       const MDB_dbi databases[ENVIRONMENT_DATABASES_MOST])
{
	int r = mdb_txn_commit(txn);

	if (r)
		return environment_error(r);
	for (size_t i = 0; i < environment->kind->count && !environment->whole; i++)
		environment->databases[i] = databases[i];
	environment->whole = true;
	return 0;
}

int environment_begin_to_read(struct environment *environment, unsigned database, MDB_txn **ret, MDB_dbi *ret_database)
{
	/* First this: a reader knows of no database that is made after its begin. */
	*ret_database = environment->databases[database];
	if (*ret_database == MISSING)
		return -ENOENT;
	return environment_error(mdb_txn_begin(environment->env, NULL, MDB_RDONLY, ret));
}

void environment_close(struct environment *environment)
{
	if (environment->env)
		mdb_env_close(environment->env);
	if (environment->maps)
		fclose(environment->maps);
}

static int read_all(MDB_txn *txn, MDB_dbi database)
{
	volatile char byte; /* so that what is read is read */
	MDB_cursor *cursor;
	MDB_val key, value;
	int r;

	r = mdb_cursor_open(txn, database, &cursor);
	if (r)
		return r;
	while (!(r = mdb_cursor_get(cursor, &key, &value, MDB_NEXT))) {
		for (size_t i = 0; i < key.mv_size; i++)
			byte = ((const char *)key.mv_data)[i];
		for (size_t i = 0; i < value.mv_size; i++)
			byte = ((const char *)value.mv_data)[i];
	}
	(void)byte;
	return r == MDB_NOTFOUND ? 0 : r;
}

static int check_format(MDB_txn *txn, MDB_dbi meta, uint32_t expected)
{
	MDB_val key = lmdb_value(META_FORMAT), value;
	uint32_t format;
	int r;

	r = mdb_get(txn, meta, &key, &value);
	if (r)
		return r;
	if (value.mv_size != sizeof(format))
		return MDB_CORRUPTED;
	memcpy(&format, value.mv_data, sizeof(format));
	return format == expected ? 0 : MDB_VERSION_MISMATCH;
}

static int read_databases(MDB_txn *txn, const struct environment_kind *kind)
{
	MDB_dbi database;
	MDB_stat names;
	int r;

	r = read_all(txn, LMDB_FREE_PAGES);
	if (!r)
		r = mdb_stat(txn, LMDB_NAMES, &names);
	/* They are made all at once: there are none, or each has to be there that is as old as the file. */
	if (r || names.ms_entries == 0)
		return r;
	for (size_t i = 0; i < kind->count && !r; i++) {
		r = mdb_dbi_open(txn, kind->names[i], 0, &database);
		if (r == MDB_NOTFOUND && i >= kind->younger) {
			r = 0;
			continue;
		}
		if (!r)
			r = read_all(txn, database);
		if (!r && i == 0)
			r = check_format(txn, database, kind->format);
	}
	return r;
}

/* What the system refuses us it will refuse our parent as well, who can say so. Not among
 * these is EINVAL: so mmap(2) answers to sizes in the file's head that make no sense. */
static bool is_refusal(int r)
{
	return r == EACCES || r == EPERM || r == EROFS || r == ENOENT || r == ENOSPC ||
	       r == EDQUOT || r == EMFILE || r == ENFILE || r == ENOMEM || r == EIO;
}

static int read_through(MDB_env *env, const struct environment_kind *kind)
{
	MDB_txn *txn;
	int r;

	r = mdb_txn_begin(env, NULL, MDB_RDONLY, &txn);
	if (r)
		return r;
	r = read_databases(txn, kind);
	mdb_txn_abort(txn);
	return r;
}

/* Only writing finds out about some things. Nothing is committed. */
static int begin_to_write(MDB_env *env, const struct environment_kind *kind)
{
	MDB_dbi databases[ENVIRONMENT_DATABASES_MOST];
	MDB_txn *txn;
	int r;

	r = mdb_txn_begin(env, NULL, 0, &txn);
	if (r)
		return r;
	r = make_databases(txn, kind, databases);
	mdb_txn_abort(txn);
	return r;
}

static enum child_says child_tries(const char *path, const struct environment_kind *kind)
{
	MDB_env *env;
	int r;

	r = open_env(path, kind, MDB_NOLOCK, &env);
	if (!r)
		r = read_through(env, kind);
	if (!r)
		r = begin_to_write(env, kind);
	return r && !is_refusal(r) ? CHILD_DAMAGED : CHILD_WELL;
}

/* It may die, and that is no matter for a core file, a handler, or LMDB's last words. */
static void expect_death(void)
{
	static const int deadly[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGALRM };
	int silence = open("/dev/null", O_WRONLY | O_CLOEXEC);
	sigset_t none;

	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0 });
	for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++)
		signal(deadly[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (silence >= 0)
		dup2(silence, STDERR_FILENO);
	alarm(CHILD_SECONDS_MOST);
}

int environment_prove(const char *folder, const struct environment_kind *kind)
{
	char path[PATH_MAX];
	struct stat status;
	pid_t child;
	int r;

	r = path_of(folder, kind->file, path);
	if (r < 0)
		return r;
	if (stat(path, &status) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (status.st_size == 0)
		return 0;
	child = fork();
	if (child < 0)
		return -errno;
	if (child == 0) {
		expect_death();
		_exit((int)child_tries(path, kind));
	}
	while (waitpid(child, &r, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return WIFEXITED(r) && WEXITSTATUS(r) == CHILD_WELL ? 0 : -EBADMSG;
}

static void remove_earlier(const char *folder, const char *start)
{
	DIR *dir = opendir(folder);
	struct dirent *file;

	if (!dir)
		return;
	while ((file = readdir(dir))) {
		if (strncmp(file->d_name, start, strlen(start)) == 0)
			unlinkat(dirfd(dir), file->d_name, 0);
	}
	closedir(dir);
}

int environment_set_aside(const char *folder, const char *file, uint64_t wall_s)
{
	char path[PATH_MAX], aside[PATH_MAX], name[NAME_MAX + 1];
	size_t start = (size_t)snprintf(name, sizeof(name), "%s%s", file, SET_ASIDE);
	int r;

	if (start >= sizeof(name))
		return -ENAMETOOLONG;
	remove_earlier(folder, name);
	snprintf(name + start, sizeof(name) - start, "%llu", (unsigned long long)wall_s);
	r = path_of(folder, file, path);
	if (r == 0)
		r = path_of(folder, name, aside);
	if (r < 0)
		return r;
	return rename(path, aside) < 0 ? -errno : 0;
}
