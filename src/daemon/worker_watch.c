/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/worker_internal.h"

#include "base/clock.h"
#include "base/counter.h"
#include "base/log.h"
#include "base/text.h"
#include "sense/signature_load.h"
#include "wire/syslog.h"

#include <errno.h>
#include <stdlib.h>

/* So long after the start, the age of a line is read from its stamp: it may have waited for us.
 * Later a line is as old as its arrival; a stamp in the wrong time zone then does no harm. */
#define BACKLOG_MS 3000

static uint64_t age_of(const struct worker *w, const struct syslog_line *line)
{
	struct syslog_clock clock = { clock_wall_s(), w->utc_offset_s };
	uint64_t written_s;

	if (loop_now_ms(w->loop) > w->backlog_until_ms || syslog_time(line, &clock, &written_s) < 0 ||
	    written_s >= clock.now_s)
		return 0;
	return (clock.now_s - written_s) * 1000;
}

static void ban(struct worker *w, const struct judge_event *event)
{
	struct ban_offence offence = { addr_unit(&event->client), event->outcome, event->signature, event->age_ms };
	struct ban_step step;
	int r = bans_begin(w->bans, &offence, clock_wall_ms(), &step);

	if (r == -ENOSPC)
		counter_add(COUNTER_bans_dropped, 1);
	if (r < 0)
		return;
	worker_carry_out(w, &step);
	worker_evict(w, &offence.unit, event->client_port);
}

/* Who is banned already has a connection from before; that goes, too. */
static void extend(struct worker *w, const struct judge_event *event)
{
	struct ban_offence offence = { addr_unit(&event->client), event->outcome, event->signature, event->age_ms };
	struct ban_step step;

	if (bans_extend(w->bans, &offence, clock_wall_ms(), &step) < 0)
		return;
	worker_carry_out(w, &step);
	worker_evict(w, &offence.unit, event->client_port);
}

static void on_event(struct worker *w, const struct judge_event *event)
{
	struct verdict verdict;

	judge_event(w->judge, &w->never, event, clock_wall_ms(), &verdict);
	if (verdict.offence)
		counter_add(COUNTER_offences, 1);
	switch (verdict.action) {
	case JUDGE_BAN:
		ban(w, event);
		break;
	case JUDGE_PROTECTED:
		counter_add(COUNTER_bans_refused, 1);
		break;
	case JUDGE_NOTHING:
		if (verdict.offence)
			extend(w, event);
		break;
	}
}

/* A number that names the same signature after a reload and a restart: FNV-1a of its names. */
static uint32_t signature_number(const struct signature *signature)
{
	const char *const parts[] = { signature->service->name, "/", signature->name };
	uint32_t hash = 2166136261U;

	for (size_t i = 0; i < 3; i++) {
		for (const char *c = parts[i]; *c; c++)
			hash = (hash ^ (unsigned char)*c) * 16777619U;
	}
	return hash ? hash : 1;
}

bool worker_signature_name(const void *data, uint32_t number, struct explain_signature *ret)
{
	const struct worker *w = data;

	for (size_t i = 0; i < w->signatures->signature_count; i++) {
		const struct signature *signature = w->signatures->signatures[i];

		if (signature_number(signature) != number)
			continue;
		*ret = (struct explain_signature){ signature->service->name, signature->name };
		return true;
	}
	return false;
}

/* A signature's own score stands; else the configuration's for the outcome. */
static uint32_t score_of(const struct match *match)
{
	return match->score == outcome_score(match->outcome) ? JUDGE_SCORE_OF_OUTCOME : match->score;
}

static void on_match(struct worker *w, const struct match *match, const struct syslog_line *head)
{
	struct judge_event event = {
		.client = match->addr,
		.client_port = match->port,
		.reply_code = (uint16_t)match->reply_code,
		.outcome = match->outcome,
		.signature = signature_number(match->signature),
		.score = score_of(match),
	};

	counter_add(COUNTER_log_lines_recognised, 1);
	if (match->outcome == OUTCOME_SERVER_FULL)
		w->server_full_s = clock_wall_s();
	if (match->outcome == OUTCOME_CONNECTED || match->addr.family == ADDR_NONE)
		return;
	event.age_ms = age_of(w, head);
	on_event(w, &event);
}

static void on_line(void *data, const char *path, struct bytes text, bool cut)
{
	struct worker *w = data;
	const struct signature_group *group;
	struct syslog_line head;
	struct match match;

	syslog_split(text, &head);
	group = signature_set_by_tag(w->signatures, head.tag);
	if (group && matcher_match(w->matcher, group, head.message, cut, &match))
		on_match(w, &match, &head);
}

static void on_batch_end(void *data)
{
	struct worker *w = data;

	w->positions_changed = true;
	link_flush(w->link);
}

static void on_trouble(void *data, const char *path, int error)
{
	if (error == 0)
		log_info("following %s again", path);
	else
		log_warning("cannot follow %s: %s; waiting for it", path, strerror(error));
}

/* The follower names the log itself, or a sibling to which it was rotated. */
static int on_open_log(void *data, const char *path)
{
	struct worker *w = data;
	const struct path_list *logs = &w->start->plan->logs;
	const char *slash = strrchr(path, '/');
	struct log_request q = { 0 };

	for (size_t i = 0; i < logs->count; i++) {
		q.index = (uint16_t)i;
		if (strcmp(path, logs->paths[i]) == 0)
			return link_open_log(w->link, &q);
	}
	for (size_t i = 0; slash && i < logs->count; i++) {
		size_t folder = (size_t)(strrchr(logs->paths[i], '/') - logs->paths[i]);

		if (folder != (size_t)(slash - path) || memcmp(path, logs->paths[i], folder) != 0 ||
		    strlen(slash + 1) >= sizeof(q.sibling))
			continue;
		strcpy(q.sibling, slash + 1);
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
	char text[SIGNATURE_LOAD_TEXT_SIZE];
	int r = signature_load(NULL, &w->signatures, text);

	if (r < 0) {
		log_error("%s", text);
		return r;
	}
	return matcher_create(w->signatures, &w->matcher);
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
	}
}
