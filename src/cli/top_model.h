/* SPDX-License-Identifier: Apache-2.0 */
/* top_model - what `wavebreak top` knows: the daemon's answers to "top", read without trust.
 *
 * The lines of an answer come one by one, and are shown when the last has come. All text in here is safe for a
 * terminal (base/text.h, text_escape); a row whose address is none is left out; of more rows than have room the
 * first are kept. Pure: no terminal, no clock.
 */
#ifndef WAVEBREAK_CLI_TOP_MODEL_H
#define WAVEBREAK_CLI_TOP_MODEL_H

#include "base/prefix.h"
#include "judge/worst.h"

#include <jansson.h>

#define TOP_ROWS_MOST 200
#define TOP_ZONES_MOST 64
#define TOP_WHY_SIZE 192
#define TOP_WORD_SIZE 64
#define TOP_NAME_SIZE PREFIX_TEXT_SIZE

/* An address or a network. */
struct top_row {
	struct worst_row sums;
	char name[TOP_NAME_SIZE];
	enum client_state state; /* CLIENT_STATES: none is told */
	char why[TOP_WHY_SIZE];
};

struct top_list {
	struct top_row rows[TOP_ROWS_MOST];
	size_t count;
};

struct top_zone {
	char name[TOP_WORD_SIZE];
	char state[TOP_WORD_SIZE], state6[TOP_WORD_SIZE]; /* of IPv4 and of IPv6 */
	char trouble[TOP_WHY_SIZE], trouble6[TOP_WHY_SIZE];
	int64_t weight;
	uint64_t latency_ms, asked, listed, decided, errors;
};

enum top_session {
#define SESSION_STATE(id, name, help) TOP_SESSION_##id,
#include "defs/session_states.def"
#undef SESSION_STATE
	TOP_SESSIONS
};

const char *top_session_name(enum top_session state);
const char *top_session_help(enum top_session state);

enum top_total {
	TOP_ARRIVALS,
	TOP_ARRIVALS_BANNED,
	TOP_BANS,
	TOP_EVICTIONS,
	TOP_RELIEFS,
	TOP_TOTALS
};

struct top_now {
	char mode[TOP_WORD_SIZE], server[TOP_WORD_SIZE]; /* "guarding", "courier"; no server: by the log alone */
	uint64_t now_s, started_s;                       /* wall time, by the daemon's clock */

	bool counted; /* the kernel tells of connections */
	uint64_t served, waiting, open, limit; /* no limit: 0 */

	bool looks_for_waves, wave_lasts;
	char wave_state[TOP_WORD_SIZE];
	uint64_t wave_since_s;
	double wave_rate, wave_usual; /* new connections a second */

	uint64_t bans, scored;
	bool has_suspects;
	uint64_t suspects;

	bool observes; /* bans are those that would be */

	bool has_gate;
	uint64_t sessions, by_state[TOP_SESSIONS];
	bool steers, steering; /* clients are to be led to the gate; they are */

	bool relieves;
	uint64_t totals[TOP_TOTALS];
	bool totals_known[TOP_TOTALS];
	struct top_zone zones[TOP_ZONES_MOST];
	size_t zone_count;
	uint64_t networks_left_out; /* more than the daemon adds up (judge/worst.h) */
};

/* The lines of one answer. */
struct top_answer {
	struct top_now now;
	struct top_list addresses, networks;
};

struct top_model {
	struct top_answer answers[2];
	unsigned shown;     /* of the two; the other is being received */
	bool known;         /* something was answered */
	uint64_t taken_ms;  /* when */
	/* A second, between the last two answers; negative: not known. */
	double rates[TOP_TOTALS];
};

/* What is shown. */
static inline struct top_answer *top_shown(struct top_model *model)
{
	return &model->answers[model->shown];
}

/* Before the first line of an answer. What is shown stays. */
void top_model_begin(struct top_model *model);
/* A line of an answer to "top"; what it is not is passed over. */
void top_model_line(struct top_model *model, const json_t *line);
/* The last line has come, at that time of a clock that is not set. The order is that of who shows it. */
void top_model_end(struct top_model *model, uint64_t now_ms, enum worst_order order);
/* The same rows in another order. */
void top_model_sort(struct top_model *model, enum worst_order order);

#endif
