/* SPDX-License-Identifier: Apache-2.0 */
/* Which files the worker follows: the logs of the plan, and those that its patterns name now. */
#include "daemon/worker_internal.h"

#include "base/log.h"
#include "config/log_pattern.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* So long after the start, a line may have waited for us, and is as old as its stamp says. */
#define BACKLOG_MS 3000
/* A file of a pattern that is gone for so long, in looks of a second each, is not waited for any more:
 * long enough for what was renamed to be read to its end. */
#define ABSENT_LOOKS 700

static const char *name_of(const char *path)
{
	return strrchr(path, '/') + 1;
}

/* Whether `path` stands in the folder of `log`, or of what `log` points to, and is called like a
 * file to which it was rotated. */
static bool is_sibling(const char *path, const char *log)
{
	const char *slash = strrchr(path, '/');
	struct bytes folder = bytes_make(path, slash ? (size_t)(slash - path) : 0);
	const char *candidates[] = { log, NULL };
	char target[PATH_MAX];

	if (slash && realpath(log, target))
		candidates[1] = target;
	for (size_t i = 0; slash && i < 2 && candidates[i]; i++) {
		const char *end = strrchr(candidates[i], '/');
		struct bytes name = bytes_of(end + 1);

		if (bytes_equal(folder, bytes_make(candidates[i], (size_t)(end - candidates[i]))) &&
		    bytes_starts_with(bytes_of(slash + 1), bytes_first(name, bytes_find_char(name, '.'))))
			return true;
	}
	return false;
}

static int ask_for_log(struct worker *w, uint16_t index, const char *sibling)
{
	struct log_request q = { .index = index };

	if (strlen(sibling) >= sizeof(q.sibling))
		return -ENAMETOOLONG;
	strcpy(q.sibling, sibling);
	return link_open_log(w->link, &q);
}

/* Many lines of one log follow each other. */
struct followed_log *worker_log_of(struct worker *w, const char *path)
{
	if (w->last_log < w->log_count && strcmp(w->logs[w->last_log].path, path) == 0)
		return &w->logs[w->last_log];
	for (size_t i = 0; i < w->log_count; i++) {
		if (strcmp(w->logs[i].path, path) != 0)
			continue;
		w->last_log = i;
		return &w->logs[i];
	}
	return NULL;
}

/* The follower names a log itself, or a sibling to which it was rotated. */
static int on_open_log(void *data, const char *path)
{
	struct worker *w = data;
	const struct path_list *logs = &w->start->plan->logs;
	const struct followed_log *log = worker_log_of(w, path);

	if (log)
		return ask_for_log(w, log->index, log_pattern_is_one(logs->paths[log->index]) ? name_of(path) : "");
	for (size_t i = 0; i < w->log_count; i++) {
		if (is_sibling(path, w->logs[i].path))
			return ask_for_log(w, w->logs[i].index, name_of(path));
	}
	return -ENOENT;
}

static bool saved_position(struct worker *w, const char *path, struct follow_position *ret)
{
	char kept[STORE_POSITION_MOST];
	size_t size;

	if (!w->store || store_read_position(w->store, bytes_of(path), kept, &size) < 0 || size != sizeof(*ret))
		return false;
	memcpy(ret, kept, sizeof(*ret));
	return true;
}

static int add_log(struct worker *w, const char *path, uint16_t index, enum follow_start start)
{
	struct followed_log *log = &w->logs[w->log_count];
	struct follow_position position;
	bool known = saved_position(w, path, &position);
	int r = w->log_count == FOLLOWED_MOST ? -ENOSPC : 0;

	if (r == 0)
		r = follow_add(w->follow, path, known ? &position : NULL, start);
	if (r < 0)
		return r;
	*log = (struct followed_log){ .path = strdup(path), .index = index };
	if (!log->path || line_reader_create(w->signatures, w->untagged, &log->reader) < 0) {
		free(log->path);
		follow_remove(w->follow, path);
		return -ENOMEM;
	}
	w->log_count++;
	return 0;
}

static void remove_log(struct worker *w, struct followed_log *log)
{
	follow_remove(w->follow, log->path);
	line_reader_destroy(log->reader);
	free(log->path);
	*log = w->logs[--w->log_count];
}

/* A file that comes later is read from its begin. */
static void take_file(struct worker *w, const char *pattern, uint16_t index, const char *name, enum follow_start start)
{
	int folder = (int)(strrchr(pattern, '/') - pattern);
	struct followed_log *log;
	char path[PATH_MAX];
	int r;

	if (snprintf(path, sizeof(path), "%.*s/%s", folder, pattern, name) >= (int)sizeof(path))
		return;
	log = worker_log_of(w, path);
	if (log) {
		log->absent = 0;
		return;
	}
	r = add_log(w, path, index, start);
	if (r == 0 && start == FOLLOW_FROM_BEGINNING)
		log_info("following %s, too", path);
	/* Said once: what there is no room for now comes again each second. */
	if (r < 0 && !w->logs_dropped_said)
		log_error("cannot follow %s: %s", path, r == -ENOSPC ? "64 logs are followed already" : strerror(-r));
	w->logs_dropped_said |= r < 0;
}

static void look_for_pattern(struct worker *w, const char *pattern, uint16_t index, enum follow_start start)
{
	const char *slash = strrchr(pattern, '/');
	char folder[PATH_MAX];
	const struct dirent *entry;
	DIR *dir;

	snprintf(folder, sizeof(folder), "%.*s/", (int)(slash - pattern), pattern);
	dir = opendir(folder);
	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (log_pattern_takes(pattern, entry->d_name))
			take_file(w, pattern, index, entry->d_name, start);
	closedir(dir);
}

static void forget_absent(struct worker *w)
{
	const struct path_list *logs = &w->start->plan->logs;

	for (size_t i = 0; i < w->log_count;) {
		struct followed_log *log = &w->logs[i];

		if (log_pattern_is_one(logs->paths[log->index]) && ++log->absent > ABSENT_LOOKS)
			remove_log(w, log);
		else
			i++;
	}
}

static void look_for_patterns(struct worker *w, enum follow_start start)
{
	const struct path_list *logs = &w->start->plan->logs;

	for (size_t i = 0; i < logs->count; i++) {
		size_t before = w->log_count;

		if (!log_pattern_is_one(logs->paths[i]))
			continue;
		look_for_pattern(w, logs->paths[i], (uint16_t)i, start);
		if (w->log_count == before && start == FOLLOW_FROM_END)
			log_warning("no file is called like %s; waiting for one", logs->paths[i]);
	}
}

void worker_look_for_logs(struct worker *w)
{
	forget_absent(w);
	look_for_patterns(w, FOLLOW_FROM_BEGINNING);
}

int worker_follow_logs(struct worker *w)
{
	static const struct follow_calls calls = { on_open_log, worker_on_line, worker_on_batch_end, worker_on_trouble };
	const struct path_list *logs = &w->start->plan->logs;
	int r = follow_create(w->loop, &calls, w, &w->follow);

	if (r < 0)
		log_error("cannot follow logs (inotify): %s", strerror(-r));
	w->backlog_until_ms = loop_now_ms(w->loop) + BACKLOG_MS;
	for (size_t i = 0; i < logs->count && r == 0; i++) {
		if (log_pattern_is_one(logs->paths[i]))
			continue;
		r = add_log(w, logs->paths[i], (uint16_t)i, FOLLOW_FROM_END);
		if (r < 0)
			log_error("cannot follow %s: %s", logs->paths[i], strerror(-r));
	}
	if (r == 0)
		look_for_patterns(w, FOLLOW_FROM_END);
	return r;
}

bool worker_logs_open(const struct worker *w)
{
	struct follow_position position;

	for (size_t i = 0; i < w->log_count; i++)
		if (follow_position(w->follow, w->logs[i].path, &position) < 0)
			return false;
	return true;
}

void worker_save_positions(struct worker *w)
{
	struct follow_position position;

	for (size_t i = 0; w->store && i < w->log_count; i++) {
		struct followed_log *log = &w->logs[i];

		if ((log->placed && !w->positions_changed) || follow_position(w->follow, log->path, &position) < 0)
			continue;
		store_put_position(w->store, bytes_of(log->path), bytes_make((const char *)&position, sizeof(position)));
		log->placed = true;
	}
	w->positions_changed = false;
}
