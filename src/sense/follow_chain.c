/* SPDX-License-Identifier: Apache-2.0 */
#include "sense/follow_chain.h"

#include "base/counter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define RETRY_LEAST_MS 1000u
#define RETRY_MOST_MS 30000u

void follow_chain_create(struct follow_chain *chain, const struct follow_lines *lines, int inotify_fd,
			 const struct follow_position *position, enum follow_start start)
{
	memset(chain, 0, sizeof(*chain));
	chain->lines = *lines;
	chain->inotify_fd = inotify_fd;
	chain->start = start;
	if (position) {
		chain->resume = *position;
		chain->resume_given = true;
	}
}

/* Through /proc, so that it is the file we hold and not the one that has its name by now.
 * Without permission to read it the file's directory has to tell (follow_dirs). */
static void watch_file(struct follow_chain *chain, struct follow_file *file)
{
	char link[32];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", file->fd);
	file->watch = inotify_add_watch(chain->inotify_fd, link, IN_MODIFY);
}

static bool files_are_watched(const struct follow_chain *chain)
{
	for (size_t i = 0; i < chain->count; i++) {
		if (chain->files[i].watch < 0)
			return false;
	}
	return true;
}

static void let_go(struct follow_chain *chain, size_t i)
{
	struct follow_file *file = &chain->files[i];

	if (file->watch >= 0)
		inotify_rm_watch(chain->inotify_fd, file->watch);
	follow_file_close(file);
	chain->past[chain->past_count++ % FOLLOW_PAST_MOST] = file->at;
	chain->count--;
	memmove(file, file + 1, (chain->count - i) * sizeof(*file));
}

void follow_chain_destroy(struct follow_chain *chain)
{
	while (chain->count > 0)
		let_go(chain, chain->count - 1);
	follow_dirs_clear(&chain->dirs, chain->inotify_fd);
}

static bool find(const struct follow_chain *chain, uint64_t device, uint64_t inode, size_t *ret_place)
{
	for (size_t i = 0; i < chain->count; i++) {
		if (follow_position_is(&chain->files[i].at, device, inode)) {
			*ret_place = i;
			return true;
		}
	}
	return false;
}

static bool make_room(struct follow_chain *chain)
{
	if (chain->count == FOLLOW_FILES_MOST && chain->files[0].at_end)
		let_go(chain, 0);
	return chain->count < FOLLOW_FILES_MOST;
}

/* Into the chain, before its `younger` last files. */
static void insert(struct follow_chain *chain, const struct follow_file *file, size_t younger,
		   uint64_t now_ms)
{
	struct follow_file *place = &chain->files[chain->count - younger];

	memmove(place + 1, place, younger * sizeof(*place));
	*place = *file;
	place->quiet_since_ms = now_ms;
	chain->count++;
	watch_file(chain, place);
}

/* A file is begun at its start, unless we have read it before: it comes back, or somebody
 * replaced the log by a copy of it (an editor, sed -i). */
static void find_start(const struct follow_chain *chain, struct follow_file *file)
{
	size_t count = chain->past_count < FOLLOW_PAST_MOST ? chain->past_count : FOLLOW_PAST_MOST;

	for (size_t i = 1; i <= count; i++) {
		const struct follow_position *past =
			&chain->past[(chain->past_count - i) % FOLLOW_PAST_MOST];

		if (follow_position_is(past, file->at.device, file->at.inode) &&
		    follow_file_holds(file, past)) {
			follow_file_resume(file, past);
			return;
		}
	}
	if (chain->count > 0 && follow_file_holds(file, &chain->files[chain->count - 1].at))
		follow_file_resume(file, &chain->files[chain->count - 1].at);
}

/* Siblings that we have open already, and those for which there is no room, are errors. */
static int open_sibling(struct follow_chain *chain, const struct follow_rotated *sibling,
			struct follow_file *ret)
{
	const char *real = chain->dirs.real;
	int directory_length = (int)(strrchr(real, '/') - real) + 1;
	char path[PATH_MAX];
	size_t place;
	int fd;

	if (find(chain, sibling->device, sibling->inode, &place))
		return -EEXIST;
	if (!make_room(chain))
		return -ENOSPC;
	if (snprintf(path, sizeof(path), "%.*s%s", directory_length, real, sibling->name) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = chain->lines.calls->open_log(chain->lines.data, path);
	return fd < 0 ? fd : follow_file_take(fd, ret);
}

/* The file that has what was before a position, when the path's own has it no more: it was
 * rotated, or copied and truncated. Goes before the `younger` last files. */
static bool add_rest(struct follow_chain *chain, const struct follow_position *position, size_t younger,
		     uint64_t now_ms)
{
	struct follow_rotated siblings[FOLLOW_ROTATED_MOST];
	size_t count = follow_rotated_list(chain->dirs.real, siblings);
	struct follow_file file;

	while (count-- > 0) {
		if (siblings[count].size < position->offset ||
		    open_sibling(chain, &siblings[count], &file) < 0)
			continue;
		if (follow_file_holds(&file, position)) {
			follow_file_resume(&file, position);
			insert(chain, &file, younger, now_ms);
			return true;
		}
		follow_file_close(&file);
	}
	return false;
}

static uint64_t born_ns(int fd)
{
	struct statx sx;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &sx) < 0 || !(sx.stx_mask & STATX_BTIME))
		return 0;
	return (uint64_t)sx.stx_btime.tv_sec * 1000000000u + sx.stx_btime.tv_nsec;
}

/* Files that were created, filled and rotated away between `after` and the one that is the
 * log now: numbered siblings that were born later than `after`. One that begins like `after` is a copy that
 * somebody made of it. Where files have no time of birth they cannot be told from older
 * generations and are left alone: in doubt no line is read twice. */
static void add_missed(struct follow_chain *chain, struct follow_file after, uint64_t inode_now,
		       size_t younger, uint64_t now_ms)
{
	struct follow_rotated siblings[FOLLOW_ROTATED_MOST];
	size_t count = follow_rotated_list(chain->dirs.real, siblings);
	uint64_t born_after = born_ns(after.fd);
	struct follow_file file;

	for (size_t i = 0; i < count && born_after > 0; i++) {
		const struct follow_rotated *sibling = &siblings[i];

		if (!sibling->numbered || sibling->born_ns <= born_after || sibling->inode == inode_now ||
		    open_sibling(chain, sibling, &file) < 0)
			continue;
		if (follow_file_same_start(&file, &after)) {
			follow_file_close(&file);
			continue;
		}
		find_start(chain, &file);
		insert(chain, &file, younger, now_ms);
		counter_add(COUNTER_log_rotations, 1);
	}
}

static void begin(struct follow_chain *chain, struct follow_file *file, uint64_t now_ms)
{
	chain->begun = true;
	if (!chain->resume_given) {
		if (chain->start == FOLLOW_FROM_END)
			follow_file_seek_end(file);
	} else if (follow_file_holds(file, &chain->resume)) {
		follow_file_resume(file, &chain->resume);
	} else if (add_rest(chain, &chain->resume, 0, now_ms)) {
		add_missed(chain, chain->files[0], file->at.inode, 0, now_ms);
	}
}

static void adopt(struct follow_chain *chain, struct follow_file *file, uint64_t now_ms)
{
	if (!chain->begun) {
		begin(chain, file, now_ms);
	} else {
		if (chain->count > 0)
			add_missed(chain, chain->files[chain->count - 1], file->at.inode, 0, now_ms);
		find_start(chain, file);
		counter_add(COUNTER_log_rotations, 1);
	}
	if (!make_room(chain)) {
		follow_file_close(file);
		return;
	}
	if (chain->count > 0)
		chain->files[chain->count - 1].quiet_since_ms = now_ms;
	insert(chain, file, 0, now_ms);
}

static void refuse(struct follow_refusal *refusal, int error, const struct stat *st, uint64_t now_ms)
{
	uint64_t wait_ms = refusal->error ? refusal->wait_ms * 2 : RETRY_LEAST_MS;

	*refusal = (struct follow_refusal){
		.error = error,
		.device = st->st_dev,
		.inode = st->st_ino,
		.mode = st->st_mode,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.wait_ms = wait_ms < RETRY_MOST_MS ? wait_ms : RETRY_MOST_MS,
	};
	refusal->retry_ms = now_ms + refusal->wait_ms;
}

static bool worth_a_try(const struct follow_refusal *refusal, const struct stat *st, uint64_t now_ms)
{
	return refusal->error == 0 || now_ms >= refusal->retry_ms || refusal->mode != st->st_mode ||
	       refusal->uid != st->st_uid || refusal->gid != st->st_gid;
}

static int open_path(struct follow_chain *chain, const struct stat *st, uint64_t now_ms)
{
	int fd = chain->lines.calls->open_log(chain->lines.data, chain->lines.path);
	struct follow_file file;
	size_t place;
	int r;

	r = fd < 0 ? fd : follow_file_take(fd, &file);
	if (r < 0) {
		refuse(&chain->refusal, -r, st, now_ms);
		return -r;
	}
	/* After a rename between stat and open the next look gets it right. */
	if (find(chain, file.at.device, file.at.inode, &place) || !make_room(chain))
		follow_file_close(&file);
	else
		adopt(chain, &file, now_ms);
	return 0;
}

/* An older file of the chain is the log again: a symlink moved back. */
static void make_newest(struct follow_chain *chain, size_t i, uint64_t now_ms)
{
	struct follow_file file = chain->files[i];

	chain->files[chain->count - 1].quiet_since_ms = now_ms;
	memmove(&chain->files[i], &chain->files[i + 1], (chain->count - i - 1) * sizeof(file));
	chain->files[chain->count - 1] = file;
	counter_add(COUNTER_log_rotations, 1);
}

/* What the path names, and what can be said of it before it is opened: opening a device can
 * have effects. When it is no file, the file that will come is all new. */
static int path_stat(struct follow_chain *chain, struct stat *ret)
{
	int error = 0;

	if (stat(chain->lines.path, ret) < 0)
		error = errno;
	else if (!S_ISREG(ret->st_mode))
		error = S_ISDIR(ret->st_mode) ? EISDIR : ENOTSUP;
	if (error == ENOENT || error == EISDIR || error == ENOTSUP)
		chain->start = FOLLOW_FROM_BEGINNING;
	return error;
}

static int look_at_path(struct follow_chain *chain, uint64_t now_ms)
{
	struct follow_refusal *refusal = &chain->refusal;
	struct stat st;
	size_t i;
	int error = path_stat(chain, &st);

	if (error)
		return error;
	if (refusal->device != st.st_dev || refusal->inode != st.st_ino)
		refusal->error = 0;
	if (find(chain, st.st_dev, st.st_ino, &i)) {
		if (i + 1 < chain->count)
			make_newest(chain, i, now_ms);
		return 0;
	}
	if (!worth_a_try(refusal, &st, now_ms))
		return refusal->error;
	return open_path(chain, &st, now_ms);
}

void follow_chain_check(struct follow_chain *chain, uint64_t now_ms)
{
	const char *path = chain->lines.path;

	/* A watch may have been refused, or taken along by the end of another path's. */
	for (size_t i = 0; i < chain->count; i++) {
		if (chain->files[i].watch < 0)
			watch_file(chain, &chain->files[i]);
	}
	/* First the watches, then the look, so that no change falls between them. */
	follow_dirs_update(&chain->dirs, chain->inotify_fd, path, !files_are_watched(chain));
	chain->failing = look_at_path(chain, now_ms);
	if (!files_are_watched(chain) && !chain->dirs.modify)
		follow_dirs_update(&chain->dirs, chain->inotify_fd, path, true);
}

/* The file at `i` is not what it was: from its start again, after the rest of what it was,
 * if that was copied. */
static void start_again(struct follow_chain *chain, size_t i, uint64_t now_ms)
{
	struct follow_position before = chain->files[i].at;
	bool is_newest = i + 1 == chain->count;

	counter_add(COUNTER_log_rotations, 1);
	follow_file_restart(&chain->files[i]);
	if (is_newest && add_rest(chain, &before, 1, now_ms))
		add_missed(chain, chain->files[chain->count - 2], before.inode, 1, now_ms);
}

static void read_failed(struct follow_chain *chain, size_t i, int error, uint64_t now_ms)
{
	struct stat st = { 0 };

	if (i + 1 == chain->count) {
		fstat(chain->files[i].fd, &st);
		refuse(&chain->refusal, error, &st, now_ms);
	}
	let_go(chain, i);
}

size_t follow_chain_read(struct follow_chain *chain, uint64_t now_ms, size_t most, bool *ret_more)
{
	struct follow_refusal *refusal = &chain->refusal;
	size_t total = 0, i = 0, bytes;

	while (i < chain->count && total < most) {
		struct follow_file *file = &chain->files[i];
		int r = follow_file_read(file, &chain->lines, &bytes);

		total += bytes;
		if (bytes)
			file->quiet_since_ms = now_ms;
		if (r >= 0 && follow_position_is(&file->at, refusal->device, refusal->inode))
			refusal->error = 0;
		if (r == FOLLOW_READ_TRUNCATED) {
			start_again(chain, i, now_ms);
			i = 0;
		} else if (r < 0) {
			read_failed(chain, i, -r, now_ms);
		} else if (r == FOLLOW_READ_END) {
			i++;
		}
	}
	*ret_more = i < chain->count;
	return total;
}

static bool was_deleted(const struct follow_file *file)
{
	struct stat st;

	return fstat(file->fd, &st) == 0 && st.st_nlink == 0;
}

static bool may_be_let_go(const struct follow_chain *chain, size_t i, uint64_t now_ms)
{
	const struct follow_file *file = &chain->files[i];
	uint64_t quiet_ms = now_ms - file->quiet_since_ms;

	if (!file->at_end)
		return false;
	for (size_t later = i + 1; later < chain->count; later++) {
		if (chain->files[later].at.offset > 0)
			return quiet_ms >= FOLLOW_QUIET_MOVED_ON_MS;
	}
	if (i + 1 < chain->count)
		return quiet_ms >= FOLLOW_QUIET_ALONE_MS;
	/* The newest may only have been renamed, and its successor come with the next line. */
	return chain->failing == ENOENT && now_ms - chain->failing_since_ms >= FOLLOW_QUIET_ALONE_MS &&
	       quiet_ms >= FOLLOW_QUIET_ALONE_MS && was_deleted(file);
}

static void tell(struct follow_chain *chain, uint64_t now_ms)
{
	int error = chain->failing ? chain->failing : chain->refusal.error;

	if (error == 0)
		chain->failing_since_ms = 0;
	else if (chain->failing_since_ms == 0)
		chain->failing_since_ms = now_ms;
	if (error == chain->told ||
	    (error && chain->begun && now_ms - chain->failing_since_ms < FOLLOW_GAP_MS))
		return;
	chain->told = error;
	chain->lines.calls->trouble(chain->lines.data, chain->lines.path, error);
}

void follow_chain_settle(struct follow_chain *chain, uint64_t now_ms)
{
	tell(chain, now_ms);
	for (size_t i = chain->count; i-- > 0;) {
		if (may_be_let_go(chain, i, now_ms))
			let_go(chain, i);
	}
}

bool follow_chain_sure(const struct follow_chain *chain)
{
	/* Where only the directory tells of writes, it may not tell of those to a file that was
	 * moved to another one. */
	return follow_dirs_sure(&chain->dirs) && (files_are_watched(chain) || chain->count == 1);
}

int follow_chain_position(const struct follow_chain *chain, struct follow_position *ret)
{
	/* The newest file that something was read from; the older ones are at their ends. */
	for (size_t i = chain->count; i-- > 0;) {
		if (chain->files[i].at.offset > 0 || i == 0) {
			*ret = chain->files[i].at;
			return 0;
		}
	}
	if (chain->past_count > 0)
		*ret = chain->past[(chain->past_count - 1) % FOLLOW_PAST_MOST];
	else if (chain->resume_given && !chain->begun)
		*ret = chain->resume;
	else
		return -ENODATA;
	return 0;
}
