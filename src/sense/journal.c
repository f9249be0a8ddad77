/* SPDX-License-Identifier: Apache-2.0 */
#include "sense/journal.h"

#include <errno.h>

static const char *const folders[] = { "/var/log/journal", "/run/log/journal", NULL };

const char *const *journal_folders(void)
{
	return folders;
}

#ifdef HAVE_SYSTEMD_HEADER

#include "base/counter.h"
#include "event/loop.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#define LIBRARY "libsystemd.so.0"
/* Between two looks at the other descriptors of the loop. */
#define ROUND_MOST 256
/* A longer message is cut. */
#define MESSAGE_MOST 65536
#define PEOPLE_FROM 1000
/* Users that systemd makes for one service (DynamicUser=), and nobody. */
#define SERVICES_FROM 61184
#define SERVICES_TO 65519
#define NOBODY 65534
/* Streams whose entry was broken off, the latest. */
#define BROKEN_MOST 32
/* 128 bits in hexadecimal, and NUL. */
#define STREAM_ID_SIZE 33

/* The functions that we call, with the types of their declarations. */
#define FUNCTIONS(F)                                                                                                 \
	F(open) F(open_directory) F(close) F(get_fd) F(process) F(next) F(previous) F(seek_tail) F(seek_cursor)       \
	F(test_cursor) F(get_cursor) F(get_data) F(get_realtime_usec) F(set_data_threshold)

struct library {
	void *handle;
#define DECLARE(name) __typeof__(&sd_journal_##name) name;
	FUNCTIONS(DECLARE)
#undef DECLARE
};

struct journal {
	struct library lib;
	sd_journal *journal;
	struct loop *loop;
	struct loop_fd *watch;
	struct loop_timer *more; /* a round was full */
	const struct journal_calls *calls;
	void *data;
	char broken[BROKEN_MOST][STREAM_ID_SIZE]; /* "": none */
	size_t next_broken;
	char cursor[JOURNAL_CURSOR_SIZE];
};

static int load(struct library *lib)
{
	lib->handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!lib->handle)
		return -EOPNOTSUPP;
#define LOAD(name)                                                                                                   \
	*(void **)&lib->name = dlsym(lib->handle, "sd_journal_" #name);                                              \
	if (!lib->name)                                                                                              \
		return -EOPNOTSUPP;
	FUNCTIONS(LOAD)
#undef LOAD
	return 0;
}

/* The value of a field, without its "NAME=". Empty when the entry has none. */
static struct bytes field(struct journal *j, const char *name)
{
	const void *data;
	size_t size, skip = strlen(name) + 1;

	if (j->lib.get_data(j->journal, name, &data, &size) < 0 || size < skip)
		return (struct bytes){ "", 0 };
	return bytes_make((const char *)data + skip, size - skip);
}

static bool is_of_people(struct journal *j)
{
	struct bytes text = field(j, "_UID");
	uint64_t uid;

	/* An entry of the kernel's has none. */
	if (text.size == 0)
		return false;
	if (bytes_to_u64(text, UINT32_MAX, &uid) < 0)
		return true;
	return uid >= PEOPLE_FROM && uid != NOBODY && (uid < SERVICES_FROM || uid > SERVICES_TO);
}

/* Whether the entry is a part of what was written as one. */
static bool is_part(struct journal *j)
{
	struct bytes line_break = field(j, "_LINE_BREAK");
	bool breaks = bytes_equal(line_break, BYTES_LITERAL("nul")) || bytes_equal(line_break, BYTES_LITERAL("line-max"));
	struct bytes stream = field(j, "_STREAM_ID");
	char id[STREAM_ID_SIZE];

	if (stream.size == 0)
		return breaks || field(j, "CONTAINER_PARTIAL_MESSAGE").size > 0;
	snprintf(id, sizeof(id), "%.*s", BYTES_FMT(stream));
	for (size_t i = 0; i < BROKEN_MOST; i++) {
		if (strcmp(j->broken[i], id) != 0)
			continue;
		if (!breaks)
			j->broken[i][0] = '\0';
		return true;
	}
	if (breaks)
		strcpy(j->broken[j->next_broken++ % BROKEN_MOST], id);
	return breaks;
}

static void take_entry(struct journal *j)
{
	struct syslog_line entry = { .form = SYSLOG_STAMPED, .host = BYTES_LITERAL("journal") };
	char tag[128], pid[32];
	uint64_t written_us = 0;
	bool cut;

	/* What a field points to is good until the next is asked for. */
	entry.tag = bytes_first(field(j, "SYSLOG_IDENTIFIER"), sizeof(tag));
	if (entry.tag.size == 0)
		return;
	memcpy(tag, entry.tag.data, entry.tag.size);
	entry.tag.data = tag;
	if (is_of_people(j) || is_part(j)) {
		counter_add(COUNTER_journal_entries_passed_over, 1);
		return;
	}
	entry.pid = bytes_first(field(j, "SYSLOG_PID"), sizeof(pid));
	memcpy(pid, entry.pid.data, entry.pid.size);
	entry.pid.data = pid;
	j->lib.get_realtime_usec(j->journal, &written_us);
	entry.message = entry.text = field(j, "MESSAGE");
	cut = entry.message.size + strlen("MESSAGE=") >= MESSAGE_MOST;
	counter_add(COUNTER_log_lines_cut, cut);
	counter_add(COUNTER_log_lines, 1);
	counter_add(COUNTER_log_bytes, entry.message.size);
	j->calls->entry(j->data, &entry, cut, written_us / 1000);
}

static void keep_cursor(struct journal *j)
{
	char *cursor;

	if (j->lib.get_cursor(j->journal, &cursor) < 0)
		return;
	snprintf(j->cursor, sizeof(j->cursor), "%s", cursor);
	free(cursor);
}

static void stop(struct journal *j, int error)
{
	loop_fd_remove(j->watch);
	j->watch = NULL;
	loop_timer_disarm(j->more);
	j->calls->ended(j->data, error);
}

static void read_round(struct journal *j)
{
	int count = 0, r = 0;

	while (count < ROUND_MOST && (r = j->lib.next(j->journal)) > 0) {
		take_entry(j);
		count++;
	}
	if (count) {
		keep_cursor(j);
		j->calls->batch_end(j->data);
	}
	if (r < 0)
		stop(j, r);
	else if (count == ROUND_MOST)
		loop_timer_arm(j->more, 0);
}

static void on_change(void *data, int fd, uint32_t events)
{
	struct journal *j = data;
	int r = j->lib.process(j->journal);

	if (r < 0)
		stop(j, r);
	else
		read_round(j);
}

static void on_more(void *data)
{
	read_round(data);
}

/* After the cursor's entry; where that is gone, at the oldest that came later. */
static int go_to(struct journal *j, const char *cursor)
{
	int r;

	if (*cursor) {
		snprintf(j->cursor, sizeof(j->cursor), "%s", cursor);
		r = j->lib.seek_cursor(j->journal, cursor);
		if (r >= 0)
			r = j->lib.next(j->journal);
		/* Not the same one: it is new to us, and read. */
		if (r > 0 && j->lib.test_cursor(j->journal, cursor) <= 0)
			r = j->lib.previous(j->journal);
		return r < 0 ? r : 0;
	}
	r = j->lib.seek_tail(j->journal);
	/* The tail is behind the last entry, which has to be stepped on to go on from there. */
	if (r >= 0)
		r = j->lib.previous(j->journal);
	if (r > 0)
		keep_cursor(j);
	return r < 0 ? r : 0;
}

static int open_it(struct journal *j, const char *folder)
{
	int r = load(&j->lib);

	if (r < 0)
		return r;
	if (*folder)
		r = j->lib.open_directory(&j->journal, folder, 0);
	else
		r = j->lib.open(&j->journal, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);
	if (r >= 0)
		r = j->lib.set_data_threshold(j->journal, MESSAGE_MOST);
	return r < 0 ? r : 0;
}

static int watch_it(struct journal *j, const char *cursor)
{
	int fd = j->lib.get_fd(j->journal), r = fd < 0 ? fd : 0;

	if (r == 0)
		r = go_to(j, cursor);
	if (r == 0)
		r = loop_timer_create(j->loop, on_more, j, &j->more);
	if (r == 0)
		r = loop_fd_add(j->loop, fd, EPOLLIN, on_change, j, &j->watch);
	/* What is there already. */
	return r == 0 ? loop_timer_arm(j->more, 0) : r;
}

int journal_open(struct loop *loop, const char *folder, const char *cursor, const struct journal_calls *calls,
		 void *data, struct journal **ret)
{
	struct journal *j = calloc(1, sizeof(*j));
	int r;

	if (!j)
		return -ENOMEM;
	*j = (struct journal){ .loop = loop, .calls = calls, .data = data };
	r = open_it(j, folder);
	if (r == 0)
		r = watch_it(j, cursor);
	if (r < 0) {
		journal_close(j);
		return r;
	}
	*ret = j;
	return 0;
}

void journal_close(struct journal *j)
{
	if (!j)
		return;
	loop_fd_remove(j->watch);
	loop_timer_destroy(j->more);
	if (j->journal)
		j->lib.close(j->journal);
	if (j->lib.handle)
		dlclose(j->lib.handle);
	free(j);
}

const char *journal_cursor(const struct journal *j)
{
	return j->cursor;
}

bool journal_is_here(void)
{
	struct library lib = { 0 };
	bool here = false;

	for (size_t i = 0; folders[i]; i++)
		here |= access(folders[i], F_OK) == 0;
	here = here && load(&lib) == 0;
	if (lib.handle)
		dlclose(lib.handle);
	return here;
}

#else

int journal_open(struct loop *loop, const char *folder, const char *cursor, const struct journal_calls *calls,
		 void *data, struct journal **ret)
{
	return -EOPNOTSUPP;
}

void journal_close(struct journal *j)
{
}

const char *journal_cursor(const struct journal *j)
{
	return "";
}

bool journal_is_here(void)
{
	return false;
}

#endif
