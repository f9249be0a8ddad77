/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/worker_relief_internal.h"

#include "base/clock.h"
#include "base/counter.h"
#include "base/log.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

/* Looked at in one look; with more than that, which are is the kernel's choice. */
#define CANDIDATES_LEAST 4096
#define CANDIDATES_MOST 65536
/* Not needed for so long, relief is over. */
#define CALM_MS 60000
/* The part of one processor that looks may take. */
#define LOOK_SHARE 8

static uint32_t limit_of(const struct worker *w)
{
	return w->start->plan->limit;
}

static uint32_t lower(uint64_t a, uint64_t b)
{
	return (uint32_t)(a < b ? a : b);
}

static uint32_t start_of(const struct worker *w)
{
	const struct settings *s = w->settings;
	uint32_t percent = worker_wave_lasts(w) ? lower(s->relief_start, s->wave_relief_start) : (uint32_t)s->relief_start;

	return relief_mark(limit_of(w), percent);
}

static uint32_t stop_of(const struct worker *w)
{
	const struct settings *s = w->settings;
	uint32_t percent = worker_wave_lasts(w) ? lower(s->relief_stop, s->wave_relief_stop) : (uint32_t)s->relief_stop;

	return relief_mark(limit_of(w), percent);
}

/* Below relief.stop it is not for places that they wait. */
static uint32_t open_now(const struct worker_relief *relief, uint32_t served, uint32_t waiting)
{
	return served >= stop_of(relief->w) ? served + waiting : served;
}

static void keep_record(struct worker_relief *relief, const struct addr *unit, const struct relief_record *record)
{
	void *kept;
	int r = table_add(relief->records, unit, &kept);

	for (size_t i = 0; r == -ENOSPC && i < RELIEF_RECORDS; i++) {
		table_remove(relief->records, &relief->order[relief->oldest]);
		r = table_add(relief->records, unit, &kept);
		if (r == -ENOSPC)
			relief->oldest = (relief->oldest + 1) % RELIEF_RECORDS;
	}
	if (r < 0)
		return;
	if (r == 1) {
		relief->order[relief->oldest] = *unit;
		relief->oldest = (relief->oldest + 1) % RELIEF_RECORDS;
	}
	*(struct relief_record *)kept = *record;
}

static struct relief_record record_of(const struct worker_relief *relief, const struct relief_candidate *c,
				      uint32_t reason)
{
	const struct worker *w = relief->w;

	return (struct relief_record){
		.at_ms = clock_wall_ms(), .reason = reason, .open = open_now(relief, relief->served, relief->waiting),
		.limit = limit_of(w), .score = c->score, .silent_ms = c->silent_ms, .there_ms = c->there_ms,
		.others = c->crowd - 1, .bytes = c->bytes, .observed = w->start->observe,
	};
}

static void say_observed(struct worker *w, const struct relief_candidate *c, const struct relief_record *record)
{
	char addr[ADDR_TEXT_SIZE], words[RELIEF_WORDS_SIZE];

	worker_event(w, LOG_RELIEVED, LOG_TEXT(ADDRESS, addr_format(&c->addr, addr)), LOG_NUMBER(PORT, c->port),
		     LOG_NUMBER(OPEN, record->open), LOG_NUMBER(LIMIT, record->limit),
		     LOG_TEXT(WHY, relief_words(record, words)));
}

/* False when the warden takes no more for now. */
static bool end_one(struct worker_relief *relief, const struct relief_choice *choice)
{
	const struct relief_candidate *c = &relief->candidates[choice->index];
	const struct request q = { .kind = REQUEST_RELIEVE, .unit = c->addr, .port = c->port };
	const struct relief_record record = record_of(relief, c, choice->reason);
	const struct addr unit = addr_unit(&c->addr);
	struct worker *w = relief->w;

	if (!w->start->observe && link_ask(w->link, &q) < 0)
		return false;
	if (relief->tracked_of[choice->index])
		relief->tracked_of[choice->index]->asked_ms = loop_now_ms(w->loop);
	keep_record(relief, &unit, &record);
	if (w->start->observe) {
		relief->ended[choice->reason]++;
		relief->last_wall_ms = record.at_ms;
		say_observed(w, c, &record);
	}
	return true;
}

static void end_least_deserving(struct worker_relief *relief, uint32_t wanted)
{
	size_t n, asked = 0;

	relief_count_crowds(relief->candidates, relief->count, relief->crowds, relief->room * 2, relief->seed);
	n = relief_choose(&relief->rules, relief->candidates, relief->count, wanted, relief->choices);
	while (asked < n && end_one(relief, &relief->choices[asked]))
		asked++;
	link_flush(relief->w->link);
	/* It is reached when these are gone. Who comes meanwhile has the places up to relief.start. */
	relief->ending = asked < wanted;
	if (n < wanted && !relief->short_counted) {
		counter_add(COUNTER_reliefs_short, 1);
		relief->short_counted = true;
	}
}

static void say_begin(struct worker_relief *relief, uint32_t open)
{
	struct worker *w = relief->w;
	char detail[128];

	relief->begun_ms = loop_now_ms(w->loop);
	memset(relief->ended, 0, sizeof(relief->ended));
	snprintf(detail, sizeof(detail), " (%u wait); the least deserving %s ended down to %u", relief->waiting,
		 w->start->observe ? "would be" : "are", stop_of(w));
	log_event(LOG_RELIEF_BEGUN, LOG_NUMBER(OPEN, open), LOG_NUMBER(LIMIT, limit_of(w)), LOG_TEXT(DETAIL, detail));
}

/* "58 silent, 3 blocked"; "" for none. */
static const char *sum_up(const struct worker_relief *relief, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (int reason = RELIEF_SPARED + 1; reason < RELIEF_REASONS; reason++) {
		if (relief->ended[reason] && used < size)
			used += (size_t)snprintf(text + used, size - used, "%s%u %s", used ? ", " : "", relief->ended[reason],
						 relief_reason_name((enum relief_reason)reason));
	}
	return text;
}

static void say_end(struct worker_relief *relief)
{
	char text[160], detail[224], length[DURATION_TEXT_SIZE];
	uint64_t lasted_ms = relief->needed_ms - relief->begun_ms;
	uint32_t ended = 0;

	for (int reason = 0; reason < RELIEF_REASONS; reason++)
		ended += relief->ended[reason];
	duration_format(lasted_ms - lasted_ms % 1000, length);
	snprintf(detail, sizeof(detail), "%s%s%s%s", ended ? " (" : "", sum_up(relief, text, sizeof(text)), ended ? ")" : "",
		 relief->short_counted ? "; for a time there were too few that may be" : "");
	log_event(LOG_RELIEF_OVER, LOG_TEXT(FOR, length), LOG_NUMBER(COUNT, ended), LOG_TEXT(DETAIL, detail));
	relief->begun_ms = 0;
	relief->short_counted = false;
}

static void relieve(struct worker_relief *relief)
{
	uint32_t open = open_now(relief, relief->served, relief->waiting), stop = stop_of(relief->w);

	if (relief->unable)
		return;
	if (open >= start_of(relief->w))
		relief->ending = true;
	if (open <= stop)
		relief->ending = false;
	if (!relief->ending)
		return;
	relief->needed_ms = loop_now_ms(relief->w->loop);
	if (!relief->begun_ms)
		say_begin(relief, open);
	relief->ending = open - stop > relief->leaving;
	if (relief->ending)
		end_least_deserving(relief, open - stop - relief->leaving);
}

static void look(struct worker_relief *relief)
{
	uint64_t begin_us = clock_us(), cost_us;

	if (worker_relief_look(relief) == 0)
		relieve(relief);
	else
		counter_add(COUNTER_kernel_errors, 1);
	cost_us = clock_us() - begin_us;
	relief->no_look_before_ms = clock_ms() + cost_us * (LOOK_SHARE - 1) / 1000;
}

static void look_again(struct worker_relief *relief)
{
	uint64_t next = loop_now_ms(relief->w->loop) + RELIEF_LOOK_MS;

	loop_timer_arm(relief->timer, next > relief->no_look_before_ms ? next : relief->no_look_before_ms);
}

/* Between the seconds, as long as it is needed or about to be. */
static void on_timer(void *data)
{
	struct worker_relief *relief = data;

	look(relief);
	if (relief->ending || relief->growing)
		look_again(relief);
}

static void ask_for_handlers(struct worker *w)
{
	struct request q = { .kind = REQUEST_HANDLERS };

	link_ask(w->link, &q);
}

void worker_relief_each_second(struct worker_relief *relief)
{
	struct worker *w;
	uint32_t open, growth;

	if (!relief)
		return;
	w = relief->w;
	relief->stored = 0;
	/* The sample has the gate's own connections, too: it may only be too high. */
	open = open_now(relief, w->counts.served, w->counts.waiting);
	growth = open > relief->last_open ? open - relief->last_open : 0;
	relief->last_open = open;
	if (open >= stop_of(w) / 2 && loop_now_ms(w->loop) >= relief->no_look_before_ms)
		look(relief);
	else if (open < stop_of(w) / 2)
		relief->ending = false;
	if (open >= stop_of(w) && w->start->plan->server.tells_blocked)
		ask_for_handlers(w);
	relief->growing = open + growth >= start_of(w);
	if (relief->ending || relief->growing)
		look_again(relief);
	if (relief->begun_ms && loop_now_ms(w->loop) - relief->needed_ms >= CALM_MS)
		say_end(relief);
}

static void judge_relieved(struct worker *w, const struct answer *answer)
{
	const struct judge_event event = { .client = answer->unit, .client_port = answer->port,
					   .outcome = OUTCOME_RELIEVED, .score = JUDGE_SCORE_OF_OUTCOME };
	struct verdict verdict;

	if (worker_judge(w, &event, &verdict))
		worker_evict(w, &verdict.unit, 0);
	worker_settle(w);
}

static void note_relieved(struct worker_relief *relief, const struct answer *answer)
{
	const struct addr unit = addr_unit(&answer->unit);
	const struct relief_record *record = table_find(relief->records, &unit);

	/* It went by itself, or could not be ended. */
	if (answer->error) {
		table_remove(relief->records, &unit);
		return;
	}
	counter_add(COUNTER_reliefs, 1);
	relief->last_wall_ms = clock_wall_ms();
	if (record)
		relief->ended[record->reason]++;
	judge_relieved(relief->w, answer);
}

/* Not permitted is who became protected just now; one too many is tried again by itself. */
static void note_refused(struct worker_relief *relief, const struct answer *answer)
{
	const struct addr unit = addr_unit(&answer->unit);

	table_remove(relief->records, &unit);
	if (answer->error != -EOPNOTSUPP || relief->unable)
		return;
	relief->unable = true;
	log_warning("relief is off: this kernel cannot end connections (SOCK_DESTROY)");
}

void worker_relief_on_answer(struct worker_relief *relief, const struct answer *answer)
{
	if (!relief)
		return;
	switch (answer->kind) {
	case ANSWER_RELIEVED:
		note_relieved(relief, answer);
		break;
	case ANSWER_BLOCKED:
		worker_relief_note_blocked(relief, answer);
		break;
	case ANSWER_REFUSED:
		if (answer->flags == REQUEST_RELIEVE)
			note_refused(relief, answer);
		break;
	}
}

const struct relief_record *worker_relief_of(const struct worker_relief *relief, const struct addr *unit)
{
	return relief ? table_find(relief->records, unit) : NULL;
}

json_t *worker_relief_to_json(const struct worker *w)
{
	const struct worker_relief *relief = w->relief;
	json_t *o = json_object();

	json_object_set_new(o, "enabled", json_boolean(relief && !relief->unable));
	if (!relief)
		return o;
	json_object_set_new(o, "limit", json_integer(limit_of(w)));
	json_object_set_new(o, "start", json_integer(start_of(w)));
	json_object_set_new(o, "stop", json_integer(stop_of(w)));
	json_object_set_new(o, "active", json_boolean(relief->begun_ms != 0));
	json_object_set_new(o, "ended", json_integer((json_int_t)counter_read(COUNTER_reliefs)));
	if (relief->last_wall_ms)
		json_object_set_new(o, "last", json_integer((json_int_t)(relief->last_wall_ms / 1000)));
	return o;
}

static size_t power_of_two(size_t least)
{
	size_t power = CANDIDATES_LEAST;

	while (power < least && power < CANDIDATES_MOST)
		power *= 2;
	return power;
}

static int make_arrays(struct worker_relief *relief)
{
	/* Those that wait come on top of the limit. */
	relief->room = power_of_two((size_t)limit_of(relief->w) * 2);
	relief->candidates = calloc(relief->room, sizeof(*relief->candidates));
	relief->tracked_of = calloc(relief->room, sizeof(struct tracked *));
	relief->choices = calloc(relief->room, sizeof(*relief->choices));
	relief->crowds = calloc(relief->room * 2, sizeof(*relief->crowds));
	return relief->candidates && relief->tracked_of && relief->choices && relief->crowds ? 0 : -ENOMEM;
}

static int make_tables(struct worker_relief *relief)
{
	int r = table_create(sizeof(uint64_t), sizeof(struct tracked), relief->room, &relief->tracked);

	if (r == 0)
		r = table_create(sizeof(struct end_of_client), sizeof(uint64_t), relief->room, &relief->blocked);
	if (r == 0)
		r = worker_relief_open_good(relief);
	return r ? r : table_create(sizeof(struct addr), sizeof(struct relief_record), RELIEF_RECORDS, &relief->records);
}

int worker_relief_create(struct worker *w, struct worker_relief **ret)
{
	struct worker_relief *relief;
	int r;

	*ret = NULL;
	if (!w->settings->relief_enabled || !w->connections)
		return 0;
	if (!limit_of(w)) {
		log_info("relief is off: the limit of the mail server is not known (mail.limit)");
		return 0;
	}
	relief = calloc(1, sizeof(*relief));
	if (!relief)
		return -ENOMEM;
	relief->w = w;
	relief->rules = (struct relief_rules){ .silence_ms = (uint32_t)w->settings->relief_silence,
					       .ban_score = (uint32_t)w->settings->ban_score };
	r = make_arrays(relief);
	if (r == 0)
		r = make_tables(relief);
	if (r == 0)
		r = loop_timer_create(w->loop, on_timer, relief, &relief->timer);
	if (r == 0 && getrandom(&relief->seed, sizeof(relief->seed), 0) != sizeof(relief->seed))
		r = -errno;
	if (r < 0)
		worker_relief_destroy(relief);
	else
		*ret = relief;
	return r;
}

void worker_relief_destroy(struct worker_relief *relief)
{
	if (!relief)
		return;
	loop_timer_destroy(relief->timer);
	table_destroy(relief->records);
	table_destroy(relief->good);
	table_destroy(relief->blocked);
	table_destroy(relief->tracked);
	free(relief->crowds);
	free(relief->choices);
	free(relief->tracked_of);
	free(relief->candidates);
	free(relief);
}
