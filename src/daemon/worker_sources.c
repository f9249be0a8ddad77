/* SPDX-License-Identifier: Apache-2.0 */
/* Where the worker has lines from besides files: a logger's socket, standard input, the journal. */
#include "daemon/worker_internal.h"

#include "base/clock.h"
#include "base/counter.h"
#include "base/log.h"

#include <errno.h>
#include <unistd.h>

/* What the place in the journal is kept under, beside the paths of logs. */
#define JOURNAL_POSITION BYTES_LITERAL("journal")

static void on_line(void *data, struct bytes text, bool cut)
{
	struct worker *w = data;

	counter_add(COUNTER_log_lines, 1);
	counter_add(COUNTER_log_bytes, text.size);
	counter_add(COUNTER_log_lines_cut, cut);
	worker_on_text(w, w->source_reader, text, cut);
}

static void on_batch_end(void *data)
{
	worker_settle(data);
}

static void on_socket_ended(void *data, int error)
{
	log_error("the logger's socket cannot be read: %s", strerror(-error));
	worker_fail(data);
}

static void on_stdin_ended(void *data, int error)
{
	if (error < 0)
		log_error("standard input cannot be read: %s; the bans that there are stay", strerror(-error));
	else
		log_warning("standard input has ended; the bans that there are stay");
}

static void on_entry(void *data, const struct syslog_line *entry, bool cut, uint64_t written_ms)
{
	uint64_t now_ms = clock_wall_ms();

	worker_on_entry(data, entry, cut, now_ms > written_ms ? now_ms - written_ms : 0);
}

static void on_entries_end(void *data)
{
	struct worker *w = data;

	w->positions_changed = true;
	worker_settle(w);
}

/* The next worker tries again, with the warden's delay. */
static void on_journal_ended(void *data, int error)
{
	log_error("the journal cannot be read any more: %s", strerror(-error));
	worker_fail(data);
}

static const struct intake_calls socket_calls = { on_line, on_batch_end, on_socket_ended };
static const struct intake_calls stdin_calls = { on_line, on_batch_end, on_stdin_ended };
static const struct journal_calls journal_calls = { on_entry, on_entries_end, on_journal_ended };

int worker_open_journal(struct worker *w)
{
	char cursor[JOURNAL_CURSOR_SIZE] = "";
	size_t size;
	int r;

	if (!w->start->plan->journal)
		return 0;
	if (w->store && store_read_position(w->store, JOURNAL_POSITION, cursor, &size) == 0 && size < sizeof(cursor))
		cursor[size] = '\0';
	else
		cursor[0] = '\0';
	r = journal_open(w->loop, w->settings->watch_journal_folder, cursor, &journal_calls, w, &w->journal);
	if (r == -EOPNOTSUPP)
		log_error("the journal cannot be followed: libsystemd is not here, or was not when this was built");
	else if (r < 0)
		log_error("the journal cannot be followed: %s", strerror(-r));
	return r;
}

int worker_open_sources(struct worker *w)
{
	int r = 0;

	if (w->start->intake >= 0) {
		r = datagrams_create(w->loop, w->start->intake, &socket_calls, w, &w->datagrams);
		if (r < 0)
			log_error("cannot read from the logger's socket: %s", strerror(-r));
	}
	if (!w->start->follow_stdin)
		return r;
	r = stream_create(w->loop, STDIN_FILENO, !w->start->first, &stdin_calls, w, &w->stream);
	if (r < 0)
		log_error("cannot read standard input: %s", strerror(-r));
	return r;
}

void worker_save_journal_place(struct worker *w)
{
	if (w->store && w->journal && *journal_cursor(w->journal))
		store_put_position(w->store, JOURNAL_POSITION, bytes_of(journal_cursor(w->journal)));
}

size_t worker_source_count(const struct worker *w)
{
	return (w->datagrams ? 1U : 0U) + (w->stream ? 1U : 0U) + (w->journal ? 1U : 0U);
}
