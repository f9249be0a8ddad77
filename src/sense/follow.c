/* SPDX-License-Identifier: Apache-2.0 */
#include "sense/follow.h"

#include "event/loop.h"
#include "sense/follow_chain.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#define LOGS_MOST 64u

/* A poll costs a stat and a read of 64 bytes for each log. The slow one is for what inotify
 * does not tell: a bind mount of the single file, a directory far up that was replaced. */
#define POLL_SURE_MS 1000u
#define POLL_UNSURE_MS 250u
/* After a poll found lines of which inotify had not told. */
#define UNSURE_FOR_MS 10000u

/* Between two looks at the other descriptors of the loop. */
#define ROUND_BYTES (1u << 20)

/* Single lines are answered at once, but a server that writes without pause would wake us
 * for nearly each of them: 18 % of a core at 100,000 lines a second, against 5 % so. A
 * wake-up needs a credit; with none left we read once a millisecond, until inotify has
 * nothing to tell. */
#define CREDITS_A_MS 2u
#define CREDITS_MOST 32u

struct follow_log {
	struct follow_chain chain;
	bool read;   /* there is something to read */
	bool check;  /* the path may name another file */
	bool polled; /* looked at only because it is time */
	uint64_t unsure_until_ms;
	char path[];
};

struct follow {
	struct loop *loop;
	struct follow_lines lines;
	int inotify_fd;
	struct loop_fd *watch;
	bool muted; /* inotify is not listened to until the timer says so */
	struct loop_timer *timer;
	uint64_t poll_ms;
	uint64_t credited_ms;
	unsigned credits;
	struct follow_log *logs[LOGS_MOST];
	size_t count, first; /* `first` goes round: no log always comes first */
};

static const char *base_name(const struct follow_log *log)
{
	return strrchr(log->chain.dirs.real, '/') + 1;
}

static void log_event(struct follow_log *log, const struct inotify_event *event)
{
	struct follow_chain *chain = &log->chain;
	bool ignored = event->mask & IN_IGNORED;

	for (size_t i = 0; i < chain->count; i++) {
		if (chain->files[i].watch != event->wd)
			continue;
		log->read = true;
		log->check |= ignored;
		if (ignored)
			chain->files[i].watch = -1;
	}
	for (size_t i = 0; i < chain->dirs.count; i++) {
		if (chain->dirs.watches[i] != event->wd)
			continue;
		if (ignored)
			chain->dirs.watches[i] = -1;
		/* Of writes to other files only those can matter that go to our old ones, whose
		 * names we do not keep. */
		if (!(event->mask & IN_MODIFY))
			log->read = log->check = true;
		else if (chain->count > 1 || (event->len && strcmp(event->name, base_name(log)) == 0))
			log->read = true;
	}
}

static void look_at_all(struct follow *follow, bool polled)
{
	for (size_t i = 0; i < follow->count; i++) {
		struct follow_log *log = follow->logs[i];

		log->polled = polled && !log->read;
		log->read = log->check = true;
	}
}

/* True when there was anything. */
static bool take_events(struct follow *follow)
{
	char events[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t size = read(follow->inotify_fd, events, sizeof(events));

	for (ssize_t at = 0; at < size;) {
		const struct inotify_event *event = (const void *)(events + at);

		at += (ssize_t)(sizeof(*event) + event->len);
		if (event->mask & IN_Q_OVERFLOW)
			look_at_all(follow, false);
		for (size_t i = 0; i < follow->count; i++)
			log_event(follow->logs[i], event);
	}
	return size > 0;
}

static void look_at(struct follow *follow, struct follow_log *log, size_t *budget)
{
	uint64_t now_ms = loop_now_ms(follow->loop);
	size_t bytes = follow_chain_read(&log->chain, now_ms, *budget, &log->read);

	if (log->check && !log->read) {
		log->check = false;
		follow_chain_check(&log->chain, now_ms);
		bytes += follow_chain_read(&log->chain, now_ms, *budget, &log->read);
		follow_chain_settle(&log->chain, now_ms);
	}
	if (log->polled && bytes > 0)
		log->unsure_until_ms = now_ms + UNSURE_FOR_MS;
	log->polled = false;
	*budget -= bytes < *budget ? bytes : *budget;
}

static bool is_unread(const struct follow *follow)
{
	for (size_t i = 0; i < follow->count; i++) {
		if (follow->logs[i]->read)
			return true;
	}
	return false;
}

static void set_next_poll(struct follow *follow)
{
	uint64_t now_ms = loop_now_ms(follow->loop);

	follow->poll_ms = now_ms + POLL_SURE_MS;
	for (size_t i = 0; i < follow->count; i++) {
		const struct follow_log *log = follow->logs[i];

		if (!follow_chain_sure(&log->chain) || now_ms < log->unsure_until_ms)
			follow->poll_ms = now_ms + POLL_UNSURE_MS;
	}
}

/* True when inotify had something to tell. */
static bool work(struct follow *follow)
{
	bool told = take_events(follow);
	bool poll = loop_now_ms(follow->loop) >= follow->poll_ms;
	size_t budget = ROUND_BYTES;

	if (poll)
		look_at_all(follow, true);
	for (size_t i = 0; i < follow->count && budget > 0; i++) {
		struct follow_log *log = follow->logs[(follow->first + i) % follow->count];

		if (log->read)
			look_at(follow, log, &budget);
	}
	follow->first++;
	if (poll)
		set_next_poll(follow);
	return told;
}

static void set_muted(struct follow *follow, bool muted)
{
	if (follow->muted != muted && loop_fd_change(follow->watch, muted ? 0 : EPOLLIN) == 0)
		follow->muted = muted;
}

static void set_timer(struct follow *follow)
{
	uint64_t now_ms = loop_now_ms(follow->loop);
	uint64_t next_ms = follow->poll_ms;

	if (is_unread(follow))
		next_ms = now_ms;
	else if (follow->muted)
		next_ms = now_ms + 1;
	/* Without the timer inotify has to do for now; its next event arms it again. */
	if (loop_timer_arm(follow->timer, next_ms) < 0)
		set_muted(follow, false);
}

static bool take_credit(struct follow *follow)
{
	uint64_t now_ms = loop_now_ms(follow->loop);
	uint64_t earned = (now_ms - follow->credited_ms) * CREDITS_A_MS + follow->credits;

	follow->credited_ms = now_ms;
	follow->credits = earned < CREDITS_MOST ? (unsigned)earned : CREDITS_MOST;
	if (follow->credits == 0)
		return false;
	follow->credits--;
	return true;
}

static void on_inotify(void *data, int fd, uint32_t events)
{
	struct follow *follow = data;

	work(follow);
	if (!take_credit(follow))
		set_muted(follow, true);
	set_timer(follow);
}

static void on_timer(void *data)
{
	struct follow *follow = data;

	if (!work(follow))
		set_muted(follow, false);
	set_timer(follow);
}

int follow_create(struct loop *loop, const struct follow_calls *calls, void *data, struct follow **ret)
{
	struct follow *follow = calloc(1, sizeof(*follow));
	int r = -ENOMEM;

	if (!follow)
		return -ENOMEM;
	follow->loop = loop;
	follow->credits = CREDITS_MOST;
	follow->inotify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (follow->inotify_fd < 0) {
		r = -errno;
		free(follow);
		return r;
	}
	/* Pages of it that were never read into cost nothing. */
	follow->lines = (struct follow_lines){ .calls = calls, .data = data };
	follow->lines.buffer = malloc(FOLLOW_BUFFER_SIZE);
	if (follow->lines.buffer)
		r = loop_timer_create(loop, on_timer, follow, &follow->timer);
	if (r == 0)
		r = loop_fd_add(loop, follow->inotify_fd, EPOLLIN, on_inotify, follow, &follow->watch);
	if (r < 0) {
		follow_destroy(follow);
		return r;
	}
	*ret = follow;
	return 0;
}

static void log_destroy(struct follow_log *log)
{
	follow_chain_destroy(&log->chain);
	free(log);
}

void follow_destroy(struct follow *follow)
{
	if (!follow)
		return;
	for (size_t i = 0; i < follow->count; i++)
		log_destroy(follow->logs[i]);
	loop_fd_remove(follow->watch);
	loop_timer_destroy(follow->timer);
	close(follow->inotify_fd);
	free(follow->lines.buffer);
	free(follow);
}

static int find_log(const struct follow *follow, const char *path, size_t *ret_place)
{
	for (size_t i = 0; i < follow->count; i++) {
		if (strcmp(follow->logs[i]->path, path) == 0) {
			*ret_place = i;
			return 0;
		}
	}
	return -ENOENT;
}

int follow_add(struct follow *follow, const char *path, const struct follow_position *position,
	       enum follow_start start)
{
	struct follow_lines lines = follow->lines;
	size_t size = strlen(path) + 1, place;
	struct follow_log *log;
	int r;

	if (path[0] != '/' || size > PATH_MAX)
		return -EINVAL;
	if (find_log(follow, path, &place) == 0)
		return -EEXIST;
	if (follow->count == LOGS_MOST)
		return -ENOSPC;
	log = malloc(sizeof(*log) + size);
	if (!log)
		return -ENOMEM;
	*log = (struct follow_log){ .read = true, .check = true };
	memcpy(log->path, path, size);
	lines.path = log->path;
	follow_chain_create(&log->chain, &lines, follow->inotify_fd, position, start);
	r = loop_timer_arm(follow->timer, loop_now_ms(follow->loop));
	if (r < 0) {
		log_destroy(log);
		return r;
	}
	follow->logs[follow->count++] = log;
	return 0;
}

int follow_remove(struct follow *follow, const char *path)
{
	size_t place;
	int r = find_log(follow, path, &place);

	if (r < 0)
		return r;
	log_destroy(follow->logs[place]);
	follow->logs[place] = follow->logs[--follow->count];
	return 0;
}

int follow_position(const struct follow *follow, const char *path, struct follow_position *ret)
{
	size_t place;
	int r = find_log(follow, path, &place);

	return r < 0 ? r : follow_chain_position(&follow->logs[place]->chain, ret);
}
