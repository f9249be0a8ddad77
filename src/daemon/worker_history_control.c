/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/worker_history_internal.h"

#include "base/clock.h"
#include "base/text.h"
#include "control/packed.h"

#include <errno.h>
#include <stdlib.h>

/* Of changes that wait for the disk: an import goes on when there are fewer, so that samples always find room. */
#define QUEUED_MOST 1000
#define REMOVE_MOST 2000
/* Chunks looked at for one line; damaged ones are passed over. */
#define LOOKS_MOST 4096

struct telling {
	struct worker *w;
	uint64_t since_s, until_s;
	history_columns wanted;
	struct chunk_key key; /* the next one to look for; its tier counts down, TIER_IMPORTED stays */
	uint64_t border_s[HISTORY_TIERS]; /* from where on the finer tier is told */
	bool names; /* of imported series, and nothing more of them */
	bool over;
};

static json_t *line_of(const struct telling *t, uint32_t step_s, const struct chunk_key *key, struct bytes chunk)
{
	json_t *line = json_pack("{s:I, s:I, s:o}", "step", (json_int_t)step_s, "start", (json_int_t)key->start_s, "chunk",
				 packed_make(chunk));

	if (t->key.tier == TIER_IMPORTED)
		json_object_set_new(line, "series", json_string(key->series));
	return line;
}

/* What is being filled is told from memory: the disk has it as it was seconds ago. */
static json_t *tell_open_chunk(struct telling *t)
{
	static char text[HISTORY_CHUNK_MOST];
	const struct history_recorder *recorder = &t->w->history->recorder;
	struct chunk_key key = { .tier = HISTORY_SECONDS, .start_s = recorder->tiers[HISTORY_SECONDS].start_s };
	size_t size = history_encode(&recorder->tiers[HISTORY_SECONDS].chunk, t->wanted, text);

	t->over = true;
	if (size == 0 || key.start_s > t->until_s || recorder->last_s < t->since_s)
		return NULL;
	return line_of(t, 1, &key, bytes_make(text, size));
}

/* Moves the key to what is to be looked at in the place of the one that was found; true when that is to be told. */
static bool is_within(struct telling *t, const struct chunk_key *found, uint64_t length_s)
{
	t->key = *found;
	if (found->start_s + length_s <= t->since_s) {
		t->key.start_s = t->since_s - t->since_s % length_s;
		return false;
	}
	/* Of this series there is no more. */
	if (found->start_s > t->until_s) {
		t->key.start_s = UINT64_MAX;
		return false;
	}
	t->key.start_s++;
	return true;
}

static bool begin_finer_tier(struct telling *t)
{
	if (t->key.tier == TIER_IMPORTED || t->key.tier == HISTORY_SECONDS)
		return false;
	t->key = (struct chunk_key){ .tier = (uint8_t)(t->key.tier - 1), .start_s = t->border_s[t->key.tier] };
	return true;
}

static uint64_t chunk_length(const struct telling *t)
{
	return t->key.tier == TIER_IMPORTED ? HISTORY_SLOTS : history_tiers[t->key.tier].step_s * HISTORY_SLOTS;
}

static bool is_beyond(const struct telling *t, const struct chunk_key *found)
{
	if (t->key.tier == TIER_IMPORTED)
		return false;
	if (found->series[0] || found->start_s > t->until_s)
		return true;
	return t->key.tier == HISTORY_SECONDS ?
		       found->start_s >= t->w->history->recorder.tiers[HISTORY_SECONDS].start_s :
		       found->start_s >= t->border_s[t->key.tier];
}

static json_t *next_chunk(void *state)
{
	static char text[HISTORY_CHUNK_SIZE_MOST], picked[HISTORY_CHUNK_MOST];
	struct telling *t = state;
	size_t size;

	for (int i = 0; i < LOOKS_MOST && !t->over; i++) {
		struct chunk_key found = t->key;

		if (history_next(t->w->history->store, &found, text, &size) < 0 || is_beyond(t, &found)) {
			if (begin_finer_tier(t))
				continue;
			t->over = true;
			return t->key.tier == TIER_IMPORTED ? NULL : tell_open_chunk(t);
		}
		if (!is_within(t, &found, chunk_length(t)))
			continue;
		if (t->names) {
			t->key.start_s = UINT64_MAX;
			return json_pack("{s:s}", "series", found.series);
		}
		size = history_pick(bytes_make(text, size), t->wanted, picked);
		if (size)
			return line_of(t, t->key.tier == TIER_IMPORTED ? 1 : history_tiers[t->key.tier].step_s, &found,
				       bytes_make(picked, size));
	}
	return NULL;
}

static int read_columns(const json_t *names, history_columns *ret)
{
	enum history_column column;
	const json_t *name;
	size_t i;

	*ret = names ? 0 : HISTORY_ALL;
	json_array_foreach(names, i, name) {
		if (!json_is_string(name) || history_column_by_name(bytes_of(json_string_value(name)), &column) < 0)
			return -EINVAL;
		*ret |= (history_columns)1 << column;
	}
	return 0;
}

/* False after the answer that there is none, and why. */
static bool is_there(struct worker *w, struct control_answer *answer)
{
	if (w->history)
		return true;
	control_fail(answer, CONTROL_NO, w->start->observe ? "there is no history: the guard only observes" :
		     !w->settings->history_enabled ? "there is no history: history.enabled is no" :
		     "there is no history: it could not be opened, see the log");
	return false;
}

void *worker_history_begin_to_tell(struct worker *w, size_t size, struct control_answer *answer)
{
	void *telling;

	if (!is_there(w, answer))
		return NULL;
	telling = calloc(1, size);
	if (!telling)
		control_fail(answer, CONTROL_NOT_PERMITTED, "not enough memory");
	return telling;
}

static uint64_t time_of(const json_t *request, const char *name, uint64_t otherwise)
{
	json_int_t value = json_integer_value(json_object_get(request, name));

	return value > 0 ? (uint64_t)value : otherwise;
}

void worker_history_read_times(const json_t *request, uint64_t *ret_since_s, uint64_t *ret_until_s)
{
	*ret_since_s = time_of(request, "since", 0);
	*ret_until_s = time_of(request, "until", clock_wall_s());
}

void worker_history_tell(struct worker *w, const json_t *request, struct control_answer *answer)
{
	static const struct control_stream_calls calls = { next_chunk, free };
	struct telling *t = worker_history_begin_to_tell(w, sizeof(*t), answer);
	uint64_t now_s = clock_wall_s();

	if (!t)
		return;
	t->w = w;
	worker_history_read_times(request, &t->since_s, &t->until_s);
	if (read_columns(json_object_get(request, "columns"), &t->wanted) < 0) {
		free(t);
		control_fail(answer, CONTROL_WRONG_USE, "a column that is not known");
		return;
	}
	for (int tier = HISTORY_TENS; tier < HISTORY_TIERS; tier++) {
		uint64_t told_s = history_tiers[tier - 1].told_s;

		/* A whole chunk of the coarser tier is one of several of the finer. */
		t->border_s[tier] = now_s > told_s ? history_chunk_start((enum history_tier)tier, now_s - told_s) : 0;
	}
	t->key.tier = json_is_true(json_object_get(request, "imported")) ? TIER_IMPORTED : HISTORY_MINUTES;
	t->names = t->key.tier == TIER_IMPORTED && json_is_true(json_object_get(request, "names"));
	control_stream(answer, &calls, t);
}

/* Whether more than `most` changes wait for the disk; then that is the answer. */
static bool is_busy(struct worker_history *h, size_t most, struct control_answer *answer)
{
	struct store_state state;

	store_look(h->store, &state);
	if (state.queued <= most)
		return false;
	control_finish(answer, json_pack("{s:b}", "busy", 1));
	return true;
}

static bool read_series(const json_t *request, char ret[HISTORY_SERIES_SIZE])
{
	const json_t *series = json_object_get(request, "series");
	size_t size = json_string_length(series);

	if (!json_is_string(series) || size == 0 || size >= HISTORY_SERIES_SIZE)
		return false;
	memcpy(ret, json_string_value(series), size + 1);
	for (size_t i = 0; i < size; i++)
		if (ret[i] <= ' ' || ret[i] > '~')
			return false;
	return true;
}

static void remove_series(struct worker_history *h, const char *series, struct control_answer *answer)
{
	static char text[HISTORY_CHUNK_SIZE_MOST];
	struct chunk_key key = { .tier = TIER_IMPORTED };
	json_int_t count = 0;
	size_t size;

	strcpy(key.series, series);
	while (count < REMOVE_MOST && history_next(h->store, &key, text, &size) == 0 && strcmp(key.series, series) == 0) {
		history_delete(h->store, &key);
		key.start_s++;
		count++;
	}
	h->imported -= (size_t)count < h->imported ? (size_t)count : h->imported;
	control_finish(answer, json_pack("{s:I}", "taken", count));
}

/* Whether the disk has no such chunk yet, so that it takes room. */
static bool is_new(struct worker_history *h, const struct chunk_key *key)
{
	static char text[HISTORY_CHUNK_SIZE_MOST];
	struct chunk_key found = *key;
	size_t size;

	return history_next(h->store, &found, text, &size) < 0 || found.start_s != key->start_s ||
	       strcmp(found.series, key->series) != 0;
}

/* For all of them, or the sender would not know how far his list came. */
static bool has_room(struct worker_history *h, struct chunk_key key, const json_t *chunks)
{
	size_t count = json_array_size(chunks), new = 0, i;
	const json_t *pair;

	if (h->imported + count <= HISTORY_IMPORTED_MOST)
		return true;
	json_array_foreach(chunks, i, pair) {
		key.start_s = (uint64_t)json_integer_value(json_array_get(pair, 0));
		new += is_new(h, &key);
	}
	return h->imported + new <= HISTORY_IMPORTED_MOST;
}

/* What comes back from the pack is ours: written by our own packer, whatever the sender made of it. */
static int take_chunk(struct worker_history *h, struct chunk_key *key, const json_t *pair, uint64_t now_s)
{
	static char text[HISTORY_CHUNK_MOST];
	const json_t *start = json_array_get(pair, 0);
	struct history_chunk chunk;
	size_t size;

	if (!json_is_integer(start) || json_integer_value(start) < 0 ||
	    packed_read(json_array_get(pair, 1), text, sizeof(text), &size) < 0)
		return -EINVAL;
	key->start_s = (uint64_t)json_integer_value(start);
	if (key->start_s % HISTORY_SLOTS || key->start_s > now_s)
		return -EINVAL;
	if (history_decode(bytes_make(text, size), &chunk) < 0)
		return -EINVAL;
	h->imported += is_new(h, key);
	history_put(h->store, key, bytes_make(text, history_encode(&chunk, HISTORY_ALL, text)));
	return 0;
}

void worker_history_import(struct worker *w, const json_t *request, struct control_answer *answer)
{
	const json_t *chunks = json_object_get(request, "chunks"), *pair;
	struct chunk_key key = { .tier = TIER_IMPORTED };
	uint64_t now_s = clock_wall_s();
	size_t i;

	if (!is_there(w, answer))
		return;
	/* Who asks to be told when all is there is told so; who only sends is slowed down. */
	if (is_busy(w->history, json_is_true(json_object_get(request, "settled")) ? 0 : QUEUED_MOST - 1, answer))
		return;
	if (!read_series(request, key.series)) {
		control_fail(answer, CONTROL_WRONG_USE, "the series has no name, or one that is not printable");
		return;
	}
	if (json_is_true(json_object_get(request, "remove"))) {
		remove_series(w->history, key.series, answer);
		return;
	}
	if (!has_room(w->history, key, chunks)) {
		control_fail(answer, CONTROL_NO, "there is no more room: of all imported lists %d minutes are kept, see --remove",
			     HISTORY_IMPORTED_MOST);
		return;
	}
	json_array_foreach(chunks, i, pair) {
		if (take_chunk(w->history, &key, pair, now_s) == 0)
			continue;
		control_fail(answer, CONTROL_WRONG_USE, "what is to be imported is no sample of an earlier time");
		return;
	}
	control_finish(answer, json_pack("{s:I}", "taken", (json_int_t)i));
}
