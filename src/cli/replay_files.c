/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/replay_files.h"

#include "cli/commands.h"
#include "sense/archive.h"
#include "wire/docker.h"
#include "wire/syslog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Lines that are looked at for one with a time. */
#define LOOK_LINES 1000

static uint64_t end_of_year(unsigned year)
{
	struct tm tm = { .tm_year = (int)year - 1900, .tm_mon = 11, .tm_mday = 31, .tm_hour = 23, .tm_min = 59,
			 .tm_sec = 59, .tm_isdst = -1 };
	time_t at = mktime(&tm);

	return at > 0 ? (uint64_t)at : 0;
}

/* "mail.log-20090728", as logrotate's dateext names it: lines of the day before. The end of that
 * day; 0 when the name says none. */
static uint64_t day_in_name(const char *name)
{
	struct tm tm = { .tm_isdst = -1, .tm_hour = 23, .tm_min = 59, .tm_sec = 59 };
	const char *slash = strrchr(name, '/'), *dash = strrchr(slash ? slash : name, '-');
	struct bytes digits = dash ? bytes_first(bytes_of(dash + 1), 8) : (struct bytes){ NULL, 0 };
	uint64_t date;
	time_t at;

	if (digits.size < 8 || bytes_to_u64(digits, 99991231, &date) < 0 || date < 19700101)
		return 0;
	tm.tm_year = (int)(date / 10000) - 1900;
	tm.tm_mon = (int)(date / 100 % 100) - 1;
	tm.tm_mday = (int)(date % 100);
	if (tm.tm_mon < 0 || tm.tm_mon > 11 || tm.tm_mday < 1 || tm.tm_mday > 31)
		return 0;
	at = mktime(&tm);
	return at > 0 ? (uint64_t)at : 0;
}

static uint64_t end_of(const char *name, const struct stat *st, unsigned year)
{
	uint64_t day = day_in_name(name);

	if (year)
		return end_of_year(year);
	if (day)
		return day;
	return S_ISREG(st->st_mode) ? (uint64_t)st->st_mtim.tv_sec : (uint64_t)time(NULL);
}

struct stamp_clock replay_file_clock(const struct replay_file *file, uint64_t about_s)
{
	time_t at = (time_t)(about_s ? about_s : file->end_s);
	struct stamp_clock clock = { .now_s = file->end_s };
	struct tm tm;

	if (localtime_r(&at, &tm))
		clock.utc_offset_s = (int32_t)tm.tm_gmtoff;
	return clock;
}

static uint64_t time_of(const struct replay_file *file, struct bytes line)
{
	struct stamp_clock clock = replay_file_clock(file, 0);
	static char room[LINE_SIZE_MAX];
	struct docker_line docker;
	struct syslog_line head;
	uint64_t wall_s;

	if (docker_read(line, room, &docker))
		return stamp_time(STAMP_ISO8601, docker.stamp, &clock, &wall_s) == 0 ? wall_s : 0;
	syslog_split(line, &head);
	return syslog_time(&head, &clock, &wall_s) == 0 ? wall_s : 0;
}

static int look_for_begin(struct replay_file *file)
{
	struct archive *archive;
	struct lines lines;
	struct bytes line;
	bool cut;
	int r = archive_lines_open(file->fd, &archive, &lines);

	if (r < 0)
		return r;
	for (int i = 0; i < LOOK_LINES && file->begin_s == 0 && (r = lines_next(&lines, &line, &cut)) > 0; i++)
		file->begin_s = time_of(file, line);
	archive_lines_close(archive, &lines);
	if (lseek(file->fd, 0, SEEK_SET) < 0)
		return -errno;
	/* What is damaged is told when its place is reached. */
	return r == -ENOMEM || r == -EISDIR ? r : 0;
}

static int open_one(struct replay_file *file, unsigned year, bool *ret_seekable)
{
	bool is_stdin = strcmp(file->name, "-") == 0;
	struct stat st;

	file->fd = is_stdin ? dup(STDIN_FILENO) : open(file->name, O_RDONLY | O_CLOEXEC);
	if (file->fd < 0 || fstat(file->fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	file->end_s = end_of(file->name, &st, year);
	*ret_seekable = S_ISREG(st.st_mode) && !is_stdin;
	file->size = *ret_seekable ? (uint64_t)st.st_size : 0;
	return *ret_seekable ? look_for_begin(file) : 0;
}

static int by_begin(const void *a, const void *b)
{
	const struct replay_file *x = a, *y = b;

	return (x->begin_s > y->begin_s) - (x->begin_s < y->begin_s);
}

/* Insertion, so that files of the same begin stay as they were named. */
static void sort(struct replay_file *files, int count)
{
	for (int i = 1; i < count; i++) {
		struct replay_file file = files[i];
		int at = i;

		for (; at > 0 && by_begin(&files[at - 1], &file) > 0; at--)
			files[at] = files[at - 1];
		files[at] = file;
	}
}

void replay_files_close(struct replay_file *files, int count)
{
	for (int i = 0; files && i < count; i++)
		if (files[i].fd >= 0)
			close(files[i].fd);
	free(files);
}

int replay_files_open(char **names, int count, unsigned year, struct replay_file **ret)
{
	struct replay_file *files = calloc((size_t)count, sizeof(*files));
	bool all_seekable = true;

	for (int i = 0; files && i < count; i++)
		files[i] = (struct replay_file){ .name = names[i], .fd = -1 };
	for (int i = 0; files && i < count; i++) {
		bool seekable = false;
		int r = open_one(&files[i], year, &seekable);

		all_seekable &= seekable;
		if (r == 0)
			continue;
		fprintf(stderr, "wavebreak replay: %s: %s\n", names[i], strerror(-r));
		replay_files_close(files, count);
		return r == -EACCES ? STATUS_UNABLE : STATUS_WRONG;
	}
	if (!files) {
		fprintf(stderr, "wavebreak replay: %s\n", strerror(ENOMEM));
		return STATUS_UNABLE;
	}
	if (all_seekable)
		sort(files, count);
	*ret = files;
	return STATUS_OK;
}
