/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/worker_internal.h"

#include "base/clock.h"
#include "base/counter.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon/confine.h"
#include "daemon/role.h"

#include "build_config.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define EXIT_FAILED 1
#define END_PATIENCE_S 3
/* A worker that hangs is ended by the warden; by the kernel after this, should the warden be gone. */
#define HUNG_S 30
#define READY_LOOKS 100
#define READY_LOOK_MS 5

/* Ends it, and by force when the disk does not let it end. */
static void begin_to_end(struct worker *w)
{
	alarm(END_PATIENCE_S);
	loop_stop(w->loop);
}

void worker_fail(struct worker *w)
{
	w->failed = true;
	begin_to_end(w);
}

static void on_gone(void *data)
{
	log_error("the warden is gone");
	begin_to_end(data);
}

static void on_signal(void *data, int signal_number)
{
	/* SIGHUP and SIGINT come from a terminal to all of us; the warden decides. */
	if (signal_number == SIGTERM)
		begin_to_end(data);
}

static void take_sample(struct worker *w)
{
	worker_wave_look(w->wave);
	if (!w->connections || connections_visit(w->connections, worker_wave_see, w, &w->counts) < 0)
		return;
	if (w->counts.total > w->most_open)
		w->most_open = w->counts.total;
}

/* An RFC 3164 stamp is local time; the zone changes twice a year while we run. */
static void look_at_zone(struct worker *w)
{
	time_t now = time(NULL);
	struct tm tm;

	if (localtime_r(&now, &tm))
		w->utc_offset_s = (int32_t)tm.tm_gmtoff;
}

static void allowed_again(void *data, const struct prefix *prefix)
{
	struct worker *w = data;
	struct request q = { .kind = REQUEST_ALLOW, .unit = prefix->addr, .length = prefix->length };

	if (prefix_set_add(&w->allowed, prefix, "wavebreak allow") == 0)
		link_ask(w->link, &q);
}

/* The disk was full at the start, and the store is open by now: what was in it before counts from here on, but for what
 * we know better. */
static void take_in_store(struct worker *w)
{
	if (!w->store || !store_has_arrived(w->store))
		return;
	if (store_read_allowed(w->store, allowed_again, w) < 0)
		log_error("cannot read from the store what was allowed");
	worker_never_changed(w);
	worker_restore_bans(w);
	worker_restore_suspects(w);
	worker_gate_restore(w->gate);
	worker_relief_restore(w->relief);
}

static void each_second(void *data)
{
	struct worker *w = data;
	struct request here = { .kind = REQUEST_STILL_HERE };

	loop_timer_arm(w->every_second, loop_now_ms(w->loop) + 1000);
	alarm(HUNG_S);
	take_sample(w);
	worker_wave_each_second(w->wave);
	look_at_zone(w);
	take_in_store(w);
	worker_renew_refused(w);
	worker_say_stopped(w);
	worker_look_for_logs(w);
	worker_gate_each_second(w->gate);
	worker_relief_each_second(w->relief);
	worker_suspects_each_second(w);
	worker_limited_each_second(w->limited);
	worker_http_each_second(w->http);
	worker_use_each_second(w);
	worker_history_each_second(w->history);
	worker_save_journal_place(w);
	worker_save_positions(w);
	worker_say_limits(w);
	if (w->untold)
		log_info("%u more lines about clients in the last second", w->untold);
	w->talked = w->untold = 0;
	link_ask(w->link, &here);
	link_flush(w->link);
}

/* "mail server: courier, 300 connections at most" */
#define SERVER_TEXT_SIZE 96
static const char *server_text(const struct plan *plan, char text[SERVER_TEXT_SIZE])
{
	const char *name = plan->server.name ? plan->server.name : "not found";

	if (plan->limit)
		snprintf(text, SERVER_TEXT_SIZE, "mail server: %s, %u connections at most", name, plan->limit);
	else
		snprintf(text, SERVER_TEXT_SIZE, "mail server: %s, its limit is not known (mail.limit)", name);
	return text;
}

/* Ready is who has the end of each log, where it begins to read: a line that comes after the word
 * counts. A log that does not exist yet is not waited for long. */
static void look_if_ready(void *data)
{
	struct worker *w = data;
	struct request ready = { .kind = REQUEST_READY };
	char sources[64], server[SERVER_TEXT_SIZE];

	if (!worker_logs_open(w) && w->ready_looks++ < READY_LOOKS) {
		loop_timer_arm(w->ready_timer, loop_now_ms(w->loop) + READY_LOOK_MS);
		return;
	}
	/* From here on a line counts, also when this worker does not live to see the next second. */
	worker_save_positions(w);
	link_ask(w->link, &ready);
	link_flush(w->link);
	snprintf(sources, sizeof(sources), "%zu log file%s%s", w->log_count, w->log_count == 1 ? "" : "s",
		 worker_source_count(w) ? " and other sources" : "");
	log_event(LOG_READY, LOG_TEXT(SOURCES, sources), LOG_NUMBER(COUNT, w->signatures->signature_count),
		  LOG_TEXT(DETAIL, server_text(w->start->plan, server)), LOG_TEXT(VERSION, WAVEBREAK_VERSION));
}

/* What was allowed by hand outlives a worker that died before its store knew of it. */
static void take_over_allowed(struct worker *w)
{
	const struct prefix_set *told = w->start->allowed;

	for (size_t i = 0; i < told->count; i++) {
		const struct prefix *prefix = &told->entries[i].prefix;
		size_t before = w->allowed.count;

		if (prefix_set_add(&w->allowed, prefix, "wavebreak allow") == 0 && w->allowed.count > before && w->store)
			store_put_allowed(w->store, prefix);
	}
}

/* Opened as the worker's own user. Without it we go on in memory. */
static void open_store(struct worker *w)
{
	const char *folder = w->settings->daemon_state;
	int r = w->start->observe ? 0 : store_open(folder, &w->store);

	/* Who only observes remembers nothing: what it would have banned must not be banned when the
	 * guard is started in earnest. */
	if (!w->store && r == 0)
		log_info("observing: nothing is remembered");
	else if (r < 0)
		log_error("cannot open the store in %s: %s; bans will not outlive a restart", folder, strerror(-r));
	else if (store_read_allowed(w->store, allowed_again, w) < 0)
		log_error("cannot read from the store what was allowed");
	take_over_allowed(w);
	worker_on_never(w, w->start->never);
}

/* After confinement, which its thread then shares. */
static void start_store(struct worker *w)
{
	int r = w->store ? store_start(w->store) : 0;

	if (r < 0)
		log_error("cannot start the store's thread: %s; it is written at the end only", strerror(-r));
}

static int open_judge(struct worker *w)
{
	struct judge_limits judge;
	struct ban_limits bans;
	int r;

	plan_judge_limits(w->settings, &judge, &bans);
	r = judge_create(&judge, &w->judge);
	if (r == 0)
		r = bans_create(&bans, &w->bans);
	return r < 0 ? r : worker_open_suspects(w);
}

static int open_loop(struct worker *w)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, 0 };
	static const struct link_calls calls = { worker_on_answer, worker_on_never, worker_on_room, on_gone };
	int r = loop_create(&w->loop);

	if (r == 0)
		r = loop_signals_create(w->loop, signals, on_signal, w, &w->signals);
	if (r == 0)
		r = loop_timer_create(w->loop, worker_bans_due, w, &w->bans_timer);
	if (r == 0)
		r = loop_timer_create(w->loop, each_second, w, &w->every_second);
	if (r == 0)
		r = loop_timer_create(w->loop, look_if_ready, w, &w->ready_timer);
	if (r == 0)
		r = link_create(w->loop, w->start->socket, &calls, w, &w->link);
	if (r == 0)
		r = control_server_create(w->loop, w->start->listener, worker_on_control, w, &w->control);
	if (r == 0)
		r = open_judge(w);
	if (r < 0)
		log_error("cannot set up: %s", strerror(-r));
	return r;
}

static void open_connections(struct worker *w)
{
	const struct settings *s = w->settings;
	int r = connections_create(s->mail_ports.ports, s->mail_ports.count, &w->connections);

	if (r < 0)
		log_warning("cannot count connections (sock_diag): %s", strerror(-r));
	else
		connections_leave_out_gate(w->connections);
	r = worker_wave_create(w, &w->wave);
	if (r < 0)
		log_warning("cannot look for waves: %s", strerror(-r));
}

/* The folder of a path; that of what it points to, where `resolve` says so. "" for none. */
static const char *folder_of(const char *path, bool resolve, char folder[PATH_MAX])
{
	char *slash;

	if (resolve ? !realpath(path, folder) : !memccpy(folder, path, '\0', PATH_MAX))
		folder[0] = '\0';
	slash = strrchr(folder, '/');
	if (slash)
		*slash = '\0';
	return folder;
}

#define LOG_FOLDERS_MOST 64
#define JOURNAL_FOLDERS_MOST 4

/* Everything that needs a path or a new kind of socket has been opened by now, but for the
 * logs, which the warden opens; where one was rotated to, we find by the names beside it. */
static void confine(struct worker *w)
{
	struct confine_path paths[3 + JOURNAL_FOLDERS_MOST + LOG_FOLDERS_MOST * 2] = {
		{ w->settings->daemon_state, CONFINE_WRITE },
		{ "/etc/localtime", CONFINE_READ },
		{ "/usr/share/zoneinfo", CONFINE_READ },
	};
	const struct path_list *logs = &w->start->plan->logs;
	static char folders[LOG_FOLDERS_MOST * 2][PATH_MAX];
	size_t count = 3;
	int r;

	if (w->journal && w->settings->watch_journal_folder[0])
		paths[count++] = (struct confine_path){ w->settings->watch_journal_folder, CONFINE_READ };
	for (size_t i = 0; w->journal && i < JOURNAL_FOLDERS_MOST - 1 && journal_folders()[i]; i++)
		paths[count++] = (struct confine_path){ journal_folders()[i], CONFINE_READ };
	for (size_t i = 0; i < logs->count && i < LOG_FOLDERS_MOST; i++) {
		for (size_t resolve = 0; resolve < 2; resolve++)
			paths[count++] = (struct confine_path){
				folder_of(logs->paths[i], resolve, folders[i * 2 + resolve]), CONFINE_LIST };
	}
	r = confine_no_new_privileges();
	if (r == 0)
		r = confine_paths(paths, count);
	w->confined_by_landlock = r > 0;
	if (r < 0)
		log_warning("Landlock could not be used: %s", strerror(-r));
	r = confine_system_calls();
	w->confined_by_seccomp = r == 0;
	if (r < 0)
		log_info("no seccomp filter here: %s", strerror(-r));
}

/* Who has the journal alone to read is started again until there is one. */
static bool has_no_lines(const struct worker *w)
{
	return w->start->plan->journal && !w->journal && w->start->plan->logs.count == 0 && w->start->intake < 0 &&
	       !w->start->follow_stdin;
}

static int run(struct worker *w)
{
	int r;

	worker_begin_to_say(w);
	open_connections(w);
	/* Without it only the never-list keeps the administrator from a ban. */
	(void)sessions_create(&w->sessions);
	open_store(w);
	worker_history_open(w, &w->history);
	worker_wave_records_open(w, &w->waves);
	if (worker_open_journal(w) < 0 && has_no_lines(w))
		return EXIT_FAILED;
	worker_use_open(w);
	worker_http_open(w, &w->http);
	confine(w);
	start_store(w);
	worker_history_start(w->history);
	if (worker_gate_create(w, &w->gate) < 0)
		log_error("cannot listen to the gate: not enough memory");
	if (worker_relief_create(w, &w->relief) < 0)
		log_error("no relief near the server's limit: not enough memory");
	worker_wave_start(w);
	worker_restore_bans(w);
	worker_restore_suspects(w);
	r = worker_follow_logs(w);
	if (r == 0)
		r = worker_open_sources(w);
	if (r < 0)
		return EXIT_FAILED;
	each_second(w);
	look_if_ready(w);
	r = loop_run(w->loop);
	worker_save_positions(w);
	worker_save_journal_place(w);
	link_flush(w->link);
	return r < 0 || w->failed ? EXIT_FAILED : 0;
}

/* Memory is the kernel's to take back; what has to be in order is the store. */
int worker_run(const struct worker_start *start)
{
	struct worker w = { .start = start, .settings = &start->plan->settings, .started_s = clock_wall_s() };
	int status;

	log_open("watch", LOG_LEVEL_INFO);
	/* Before it becomes the user: they are root's own files, like the configuration, and may lie where
	 * others do not come, in a private home or in /etc with a mode of the administrator's. */
	if (worker_load_signatures(&w) < 0)
		return WORKER_WRONG;
	worker_http_read_token(&w);
	worker_wave_records_read_places(&w);
	/* Not by SIGKILL: what the worker knows has to be written down first. */
	if (role_become_user(start->uid, start->gid, start->journal_group) < 0 ||
	    role_die_with_warden(start->warden, SIGTERM) < 0 || open_loop(&w) < 0)
		return EXIT_FAILED;
	status = run(&w);
	worker_wave_records_close(w.waves);
	worker_history_close(w.history);
	if (w.store)
		store_close(w.store);
	return status;
}

int worker_try(const struct worker_start *start)
{
	struct worker w = { .start = start, .settings = &start->plan->settings };
	int status;

	log_open("watch", LOG_LEVEL_INFO);
	status = worker_load_signatures(&w) < 0 ? WORKER_WRONG : 0;
	line_reader_destroy(w.source_reader);
	line_reader_destroy(w.journal_reader);
	signature_set_destroy(w.signatures);
	return status;
}
