/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/worker_internal.h"

#include "base/clock.h"
#include "base/counter.h"
#include "base/log.h"
#include "base/text.h"
#include "sense/signature_load.h"

#include <errno.h>

/* Later a line is as old as its arrival, but for a file that is read again (it was edited in
 * place): so many live lines tell how far the stamps are behind when nothing is wrong, which is
 * hours where the logger believes in another time zone. */
#define LIVE_LINES_TOLD 20
/* No time zone is further behind than this (-12 h against +14 h). */
#define ZONES_APART_S (26 * 3600ULL)

static uint64_t age_of(struct worker *w, const struct syslog_line *line)
{
	struct stamp_clock clock = { clock_wall_s(), w->utc_offset_s };
	uint64_t written_s, lag_s;

	if (syslog_time(line, &clock, &written_s) < 0)
		return 0;
	lag_s = clock.now_s > written_s ? clock.now_s - written_s : 0;
	if (loop_now_ms(w->loop) <= w->backlog_until_ms)
		return lag_s * 1000;
	if (w->live_lines == 0)
		w->least_lag_s = ZONES_APART_S;
	if (lag_s < w->least_lag_s)
		w->least_lag_s = lag_s;
	w->live_lines++;
	if (lag_s > ZONES_APART_S)
		return lag_s * 1000;
	return w->live_lines > LIVE_LINES_TOLD ? (lag_s - w->least_lag_s) * 1000 : 0;
}

bool worker_signature_name(const void *data, uint32_t number, struct explain_signature *ret)
{
	const struct worker *w = data;

	if (number == WORKER_GATE_SIGNATURE) {
		*ret = (struct explain_signature){ "gate", "dialogue" };
		return true;
	}
	for (size_t i = 0; i < w->signatures->signature_count; i++) {
		const struct signature *signature = w->signatures->signatures[i];

		if (policy_signature_number(signature) != number)
			continue;
		*ret = (struct explain_signature){ signature->service->name, signature->name };
		return true;
	}
	return false;
}

static void on_match(struct worker *w, const struct match *match, uint64_t age_ms)
{
	struct judge_event event;
	struct verdict verdict;

	counter_add(COUNTER_log_lines_recognised, 1);
	w->outcomes[match->outcome]++;
	if (match->outcome == OUTCOME_SERVER_FULL)
		w->server_full_s = clock_wall_s();
	if (match->outcome == OUTCOME_CONNECTED)
		worker_wave_records_see(w->waves, &match->addr, WAVE_TALLY_LOGGED);
	if (match->outcome == OUTCOME_CONNECTED || match->addr.family == ADDR_NONE)
		return;
	event = policy_event_of(match, age_ms);
	if (worker_judge(w, &event, &verdict))
		worker_evict(w, &verdict.unit, event.client_port);
}

void worker_on_text(struct worker *w, struct line_reader *reader, struct bytes text, bool cut)
{
	struct line_reading reading;

	if (line_reader_read(reader, text, cut, &reading))
		on_match(w, &reading.match, age_of(w, &reading.head));
}

void worker_on_line(void *data, const char *path, struct bytes text, bool cut)
{
	const struct followed_log *log = worker_log_of(data, path);

	if (log)
		worker_on_text(data, log->reader, text, cut);
}

void worker_on_entry(struct worker *w, const struct syslog_line *entry, bool cut, uint64_t age_ms)
{
	struct line_reading reading;

	if (line_reader_read_split(w->journal_reader, entry, cut, &reading))
		on_match(w, &reading.match, age_ms);
}

static const struct signature *stopped(const struct worker *w, uint64_t *ret_times)
{
	const struct line_reader *readers[FOLLOWED_MOST + 2] = { w->source_reader, w->journal_reader };
	const struct signature *found = NULL;
	uint64_t times;

	*ret_times = 0;
	for (size_t i = 0; i < w->log_count; i++)
		readers[2 + i] = w->logs[i].reader;
	for (size_t i = 0; i < w->log_count + 2; i++) {
		const struct signature *signature = line_reader_stopped(readers[i], &times);

		*ret_times += times;
		found = signature ? signature : found;
	}
	return found;
}

void worker_say_stopped(struct worker *w)
{
	uint64_t times;
	const struct signature *signature = stopped(w, &times);

	/* The first time, and each time that it has become ten times as often. */
	if (!signature || times < w->stops_said * 10)
		return;
	w->stops_said = times;
	log_warning("%s:%u: the pattern of '%s' backtracks too long and was stopped; so far %llu messages were not read "
		    "for that", signature->file, signature->file_line, signature->name, (unsigned long long)times);
}

void worker_on_batch_end(void *data)
{
	struct worker *w = data;

	w->positions_changed = true;
	worker_settle(w);
}

void worker_on_trouble(void *data, const char *path, int error)
{
	if (error == 0)
		log_event(LOG_SOURCE_BACK, LOG_TEXT(PATH, path));
	else
		log_event(LOG_SOURCE_LOST, LOG_TEXT(PATH, path), LOG_TEXT(WHY, strerror(error)));
}

int worker_load_signatures(struct worker *w)
{
	const struct path_list *folders = &w->settings->watch_signatures;
	char text[SIGNATURE_LOAD_TEXT_SIZE];
	int r = signature_load_with(folders->paths, folders->count, &w->signatures, text);

	if (r < 0) {
		log_error("%s", text);
		return r;
	}
	if (w->start->plan->untagged)
		w->untagged = signature_set_by_name(w->signatures, bytes_of(w->start->plan->untagged));
	if (w->start->plan->untagged && !w->untagged) {
		log_error("watch.service: no signatures are for '%s'", w->start->plan->untagged);
		return -ENOENT;
	}
	r = line_reader_create(w->signatures, w->untagged, &w->source_reader);
	return r < 0 ? r : line_reader_create(w->signatures, w->untagged, &w->journal_reader);
}
