/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/worker_internal.h"

#include "base/clock.h"
#include "base/counter.h"
#include "base/log.h"
#include "base/text.h"
#include "sense/signature_load.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

/* So long after the start, a line may have waited for us, and is as old as its stamp says. */
#define BACKLOG_MS 3000
/* Later a line is as old as its arrival, but for a file that is read again (it was edited in
 * place): so many live lines tell how far the stamps are behind when nothing is wrong, which is
 * hours where the logger believes in another time zone. */
#define LIVE_LINES_TOLD 20

static uint64_t age_of(struct worker *w, const struct syslog_line *line)
{
	struct stamp_clock clock = { clock_wall_s(), w->utc_offset_s };
	uint64_t written_s, lag_s;

	if (syslog_time(line, &clock, &written_s) < 0)
		return 0;
	lag_s = clock.now_s > written_s ? clock.now_s - written_s : 0;
	if (loop_now_ms(w->loop) <= w->backlog_until_ms)
		return lag_s * 1000;
	if (w->live_lines == 0 || lag_s < w->least_lag_s)
		w->least_lag_s = lag_s;
	w->live_lines++;
	return w->live_lines > LIVE_LINES_TOLD ? (lag_s - w->least_lag_s) * 1000 : 0;
}

bool worker_signature_name(const void *data, uint32_t number, struct explain_signature *ret)
{
	const struct worker *w = data;

	for (size_t i = 0; i < w->signatures->signature_count; i++) {
		const struct signature *signature = w->signatures->signatures[i];

		if (policy_signature_number(signature) != number)
			continue;
		*ret = (struct explain_signature){ signature->service->name, signature->name };
		return true;
	}
	return false;
}

static void on_match(struct worker *w, const struct match *match, const struct syslog_line *head)
{
	const struct policy policy = { w->judge, w->bans, &w->never };
	struct judge_event event;
	struct verdict verdict;
	struct ban_step step;

	counter_add(COUNTER_log_lines_recognised, 1);
	if (match->outcome == OUTCOME_SERVER_FULL)
		w->server_full_s = clock_wall_s();
	if (match->outcome == OUTCOME_CONNECTED || match->addr.family == ADDR_NONE)
		return;
	event = policy_event_of(match, age_of(w, head));
	if (!policy_decide(&policy, &event, clock_wall_ms(), &verdict, &step))
		return;
	worker_carry_out(w, &step);
	worker_evict(w, &verdict.unit, event.client_port);
}

static void on_line(void *data, const char *path, struct bytes text, bool cut)
{
	struct worker *w = data;
	struct line_reading reading;

	if (line_reader_read(w->reader, text, cut, &reading))
		on_match(w, &reading.match, &reading.head);
}

static void on_batch_end(void *data)
{
	struct worker *w = data;

	w->positions_changed = true;
	worker_settle(w);
}

static void on_trouble(void *data, const char *path, int error)
{
	if (error == 0)
		log_info("following %s again", path);
	else
		log_warning("cannot follow %s: %s; waiting for it", path, strerror(error));
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

/* The follower names the log itself, or a sibling to which it was rotated. */
static int on_open_log(void *data, const char *path)
{
	struct worker *w = data;
	const struct path_list *logs = &w->start->plan->logs;
	struct log_request q = { 0 };

	for (size_t i = 0; i < logs->count; i++) {
		q.index = (uint16_t)i;
		if (strcmp(path, logs->paths[i]) == 0)
			return link_open_log(w->link, &q);
	}
	for (size_t i = 0; i < logs->count; i++) {
		if (!is_sibling(path, logs->paths[i]) || strlen(strrchr(path, '/') + 1) >= sizeof(q.sibling))
			continue;
		strcpy(q.sibling, strrchr(path, '/') + 1);
		q.index = (uint16_t)i;
		return link_open_log(w->link, &q);
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

int worker_load_signatures(struct worker *w)
{
	const struct path_list *folders = &w->settings->watch_signatures;
	const struct signature_group *untagged = NULL;
	char text[SIGNATURE_LOAD_TEXT_SIZE];
	int r = signature_load_with(folders->paths, folders->count, &w->signatures, text);

	if (r < 0) {
		log_error("%s", text);
		return r;
	}
	if (w->start->plan->untagged)
		untagged = signature_set_by_name(w->signatures, bytes_of(w->start->plan->untagged));
	if (w->start->plan->untagged && !untagged) {
		log_error("watch.service: no signatures are for '%s'", w->start->plan->untagged);
		return -ENOENT;
	}
	return line_reader_create(w->signatures, untagged, &w->reader);
}

int worker_follow_logs(struct worker *w)
{
	static const struct follow_calls calls = { on_open_log, on_line, on_batch_end, on_trouble };
	const struct path_list *logs = &w->start->plan->logs;
	struct follow_position position;
	int r = follow_create(w->loop, &calls, w, &w->follow);

	if (r < 0)
		log_error("cannot follow logs (inotify): %s", strerror(-r));
	if (logs->count == 0)
		log_error("no mail log was found; name it with watch.file");
	w->backlog_until_ms = loop_now_ms(w->loop) + BACKLOG_MS;
	/* Also where a log begins for us is a place to come back to, before the first line of it. */
	w->positions_changed = true;
	for (size_t i = 0; i < logs->count && r == 0; i++) {
		bool known = saved_position(w, logs->paths[i], &position);

		r = follow_add(w->follow, logs->paths[i], known ? &position : NULL, FOLLOW_FROM_END);
		if (r < 0)
			log_error("cannot follow %s: %s", logs->paths[i], strerror(-r));
	}
	return r;
}

void worker_save_positions(struct worker *w)
{
	const struct path_list *logs = &w->start->plan->logs;
	struct follow_position position;

	if (!w->store || !w->positions_changed)
		return;
	w->positions_changed = false;
	for (size_t i = 0; i < logs->count; i++) {
		if (follow_position(w->follow, logs->paths[i], &position) == 0)
			store_put_position(w->store, bytes_of(logs->paths[i]),
					   bytes_make((const char *)&position, sizeof(position)));
		else
			w->positions_changed = true;
	}
}
