/* SPDX-License-Identifier: Apache-2.0 */
/* worker_internal - what the files worker*.c share. */
#ifndef WAVEBREAK_DAEMON_WORKER_INTERNAL_H
#define WAVEBREAK_DAEMON_WORKER_INTERNAL_H

#include "base/log.h"
#include "control/control.h"
#include "daemon/link.h"
#include "daemon/worker.h"
#include "daemon/worker_gate.h"
#include "daemon/worker_history.h"
#include "daemon/worker_http.h"
#include "daemon/worker_limited.h"
#include "daemon/worker_relief.h"
#include "daemon/worker_use.h"
#include "daemon/worker_wave.h"
#include "daemon/worker_wave_records.h"
#include "event/loop.h"
#include "gate/report.h"
#include "judge/bans.h"
#include "judge/explain.h"
#include "judge/judge.h"
#include "judge/line_reader.h"
#include "judge/policy.h"
#include "judge/suspects.h"
#include "observe/http.h"
#include "resolve/zones.h"
#include "sense/connections.h"
#include "sense/follow.h"
#include "sense/journal.h"
#include "sense/sessions.h"
#include "sense/stream.h"
#include "store/store.h"

/* Lines about single clients that are logged in a second; the rest is summed up in one. */
#define TALK_A_SECOND 20

/* Steps whose request is on its way to the warden, and which the store and the log are told of
 * afterwards: neither may hold up a ban. */
#define UNSETTLED_MOST 64

/* A file that is followed: a log of the plan, or one that a pattern of the plan names. */
#define FOLLOWED_MOST 64
struct followed_log {
	char *path;
	uint16_t index;  /* in the plan */
	unsigned absent; /* looks in a row that did not find it, for those of a pattern */
	bool placed;     /* a place in it is saved: also where it begins for us is one to come back to */
	struct line_reader *reader; /* its own: what a line says of the next is of this log alone */
};

/* Of a limit that is told when it is reached. */
#define WORKER_LIMITS 4
struct limit_said {
	uint64_t happened; /* by what was told of it */
	uint64_t again_ms; /* not before */
};

/* Databases of where clients are. */
enum { PLACES_COUNTRIES, PLACES_ASNS, WORKER_PLACES };

struct worker {
	const struct worker_start *start;
	const struct settings *settings;
	struct loop *loop;
	struct loop_signals *signals;
	struct link *link;

	struct follow *follow;
	struct followed_log logs[FOLLOWED_MOST];
	size_t log_count;
	bool logs_dropped_said;
	struct datagrams *datagrams; /* NULL where a source is not asked for, or not to be had */
	struct stream *stream;
	struct journal *journal;
	uint64_t backlog_until_ms; /* lines read before this may have waited for us */
	uint64_t live_lines, least_lag_s; /* of the stamps, since then */
	int32_t utc_offset_s;
	struct signature_set *signatures;
	const struct signature_group *untagged; /* of lines without a tag */
	struct line_reader *source_reader, *journal_reader;
	size_t last_log; /* that was asked for */
	bool failed;     /* to be started again */
	uint64_t stops_said; /* of patterns that backtrack too long */

	struct prefix_set host;    /* what this host must never ban, from the warden */
	struct prefix_set allowed; /* by `wavebreak allow`, from the store */
	struct prefix_set never;   /* both */
	uint32_t never_number;     /* changes with it; never 0 */
	struct judge *judge;
	struct bans *bans;
	struct loop_timer *bans_timer;
	struct ban_step unsettled[UNSETTLED_MOST];
	size_t unsettled_count;
	bool renewing;          /* all bans are on their way to the kernel */
	bool resuming;          /* and these are the first since the start */
	uint32_t renew_cursor;
	uint64_t renew_again_ms; /* when, for those that the warden refused for now; 0: none */
	struct worker_limited *limited; /* suspects that the kernel made; NULL where it makes none */
	struct suspects *suspects; /* NULL unless gate.steer is suspect */
	struct loop_timer *suspects_timer;
	bool renewing_suspects; /* as with bans */
	uint32_t suspect_cursor;
	struct store *store;    /* NULL: we go on in memory */
	bool positions_changed;

	struct connections *connections; /* NULL when sock_diag is not to be had */
	struct connection_counts counts;
	struct sessions *sessions; /* of ssh; NULL likewise */
	unsigned most_open;     /* since the start */
	uint64_t server_full_s; /* when the server last said that it is full, 0: never */
	uint64_t started_s;

	struct worker_gate *gate; /* NULL when there is none */
	struct worker_relief *relief; /* NULL when it is off */
	struct worker_wave *wave; /* NULL when none is looked for */
	struct worker_history *history; /* NULL when there is none */
	struct worker_wave_records *waves; /* NULL when they are not written down */
	int place_files[WORKER_PLACES]; /* copies that are not open yet, or -1 */
	uint64_t outcomes[OUTCOME_COUNT]; /* that were seen, since the start */
	struct control_server *control;
	unsigned top_looks; /* answers to `top` that are being made */
	struct loop_timer *every_second, *ready_timer;
	unsigned ready_looks;
	unsigned talked, untold; /* in this second */
	struct limit_said limits_said[WORKER_LIMITS], full_said;
	bool confined_by_landlock, confined_by_seccomp;
	char http_token[HTTP_TOKEN_MOST + 1]; /* "": the page only reads */
	struct worker_http *http; /* NULL when it is not asked for, or not to be had */
	struct worker_uses uses;
};

/* worker_logs.c */
/* NULL when it is not followed. */
struct followed_log *worker_log_of(struct worker *w, const char *path);
int worker_follow_logs(struct worker *w);
/* Each second: files that patterns name by now. */
void worker_look_for_logs(struct worker *w);
/* Whether the place in each log is known from which it is read. */
bool worker_logs_open(const struct worker *w);
void worker_save_positions(struct worker *w);

/* worker_sources.c: each says its own error. */
/* Before confinement. */
int worker_open_journal(struct worker *w);
int worker_open_sources(struct worker *w);
void worker_save_journal_place(struct worker *w);
size_t worker_source_count(const struct worker *w);

/* worker_watch.c */
int worker_load_signatures(struct worker *w);
/* As in struct follow_calls. */
void worker_on_line(void *worker, const char *path, struct bytes text, bool cut);
void worker_on_batch_end(void *worker);
void worker_on_text(struct worker *w, struct line_reader *reader, struct bytes text, bool cut);
/* A line whose age is known, and that was split already. */
void worker_on_entry(struct worker *w, const struct syslog_line *entry, bool cut, uint64_t age_ms);
/* Each second: patterns that were stopped. */
void worker_say_stopped(struct worker *w);
void worker_on_trouble(void *worker, const char *path, int error);
explain_signature_fn worker_signature_name;

/* worker.c: ends it, and the warden starts another one. */
void worker_fail(struct worker *w);

/* worker_bans.c */
void worker_carry_out(struct worker *w, const struct ban_step *step);
struct policy worker_policy(struct worker *w);
/* The one way of an event, whoever saw it: judged, and what follows from that carried out. Returns whether the client
 * is banned by now: what it holds is then to be ended. */
bool worker_judge(struct worker *w, const struct judge_event *event, struct verdict *ret);
/* Sends the requests of all that was carried out, and then tells the store and the log. To be
 * called before the loop waits again. */
void worker_settle(struct worker *w);
/* Also ends the connection on that port (0: all that the client holds). */
void worker_evict(struct worker *w, const struct addr *unit, uint16_t client_port);
/* The administrator's word is carried out, whatever we believe that the kernel has. */
void worker_unban_unknown(struct worker *w, const struct addr *unit);
void worker_restore_bans(struct worker *w);
void worker_renew_bans(struct worker *w);
void worker_renew_refused(struct worker *w);
void worker_bans_due(void *worker);
void worker_on_answer(void *worker, const struct answer *answer);
void worker_on_never(void *worker, const struct prefix_set *host);
void worker_on_room(void *worker);
/* The never-list changed: allowed again, host again. */
void worker_never_changed(struct worker *w);
int worker_allow(struct worker *w, const struct prefix *prefix);
bool worker_disallow(struct worker *w, const struct prefix *prefix);

/* worker_say.c */
/* log_event, for lines about single clients: TALK_A_SECOND of them. */
#define worker_event(w, message, ...) worker_say(w, message, LOG_FIELDS_OF(__VA_ARGS__))
void worker_say(struct worker *w, enum log_message message, const struct log_field *fields, size_t count);
void worker_begin_to_say(struct worker *w);
struct zone_said {
	uint8_t state, state6; /* enum zone_state, as it was last said */
};
void worker_say_zone(const char *zone, const struct zone_health *health, struct zone_said *said);
void worker_say_rejected(struct worker *w, const struct gate_report *report);
/* Each second. */
void worker_say_limits(struct worker *w);
/* Of the mail server's limit: the number, and " of 300"; both "" where it is not known. */
struct worker_limit_words {
	char number[16], of[24];
};
struct worker_limit_words worker_limit_words(unsigned limit);

/* worker_measures.c: the name of an enum sockdiag_state, as in tcp(7) and ss(8); NULL for those that a connection of
 * ours is not in. */
const char *worker_state_name(unsigned state);

/* worker_suspects.c */
int worker_open_suspects(struct worker *w);
/* After the policy's decision on an event: worker_judge does it. */
void worker_suspect(struct worker *w, const struct judge_event *event, const struct verdict *verdict);
void worker_suspect_after_ban(struct worker *w, const struct ban_step *step);
/* Whether it was a suspect of ours. */
bool worker_trust(struct worker *w, const struct addr *unit);
/* Also of who is one by the kernel, which is told in any case. */
bool worker_trust_unknown(struct worker *w, const struct addr *unit);
void worker_trust_within(struct worker *w, const struct prefix *prefix);
void worker_restore_suspects(struct worker *w);
void worker_renew_all_suspects(struct worker *w);
/* One slice. */
void worker_renew_suspects(void *worker);
void worker_suspects_each_second(struct worker *w);
void worker_suspect_refused(struct worker *w, const struct answer *answer);

/* worker_control.c: what `status` and `explain` answer; of `status`, what is so now. */
json_t *worker_status(struct worker *w);
json_t *worker_now(struct worker *w);
json_t *worker_explain(struct worker *w, const struct addr *addr);
/* Also the unit that is banned, as `list` writes it: "2001:db8:0:1::/64". Returns 0 or -EINVAL. */
int worker_parse_address(struct bytes text, struct addr *ret);
void worker_on_control(void *worker, const json_t *request, struct control_answer *answer);
/* As `list` tells them. */
json_t *worker_ban_to_json(const struct worker *w, const struct ban *ban);
json_t *worker_suspect_to_json(const struct worker *w, const struct suspect *suspect);
/* In seconds; nothing for 0. */
void worker_put_time(json_t *object, const char *name, uint64_t wall_ms);
/* A value of the request, or the empty view. JSON text is UTF-8 and may hold NUL; views do. */
struct bytes worker_text_of(const json_t *request, const char *name);
/* False after control_fail. */
bool worker_prefix_of(const json_t *request, const char *name, struct control_answer *answer, struct prefix *ret);

/* worker_top.c: the answer to `top`. */
void worker_top_tell(struct worker *w, const json_t *request, struct control_answer *answer);

#endif
