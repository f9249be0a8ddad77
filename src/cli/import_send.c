/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/import_send.h"

#include "cli/commands.h"
#include "control/packed.h"
#include "store/history.h"

#include <time.h>

/* Packed chunks in one request, which may have CONTROL_REQUEST_MOST bytes in all. A chunk of all columns, each value
 * another, would be larger than that: it has to go without the ones that make it so (see encode). */
#define PACKED_MOST 14000
/* The begin of each, quotes and brackets. */
#define AROUND_PACKED 32
/* What the daemon's disk has to take first is waited for. */
#define BUSY_PAUSE_MS 50
#define BUSY_TRIES 600

_Static_assert(HISTORY_LIST_SERIES_SIZE <= HISTORY_SERIES_SIZE, "the store takes every name");

/* Returns what was taken, or removed; 0 after trouble. */
static uint64_t request(struct import_send *send, json_t *fields)
{
	json_object_set_new(fields, "series", json_string(send->series));
	for (int tries = 0; tries < BUSY_TRIES && send->status == OPTIONS_GO_ON; tries++) {
		json_t *answer;
		int status = ask_at(send->socket, "import", json_deep_copy(fields), NULL, NULL, &answer, send->sentence);
		uint64_t taken;
		bool busy;

		if (status != STATUS_OK) {
			send->status = status;
			break;
		}
		busy = ask_is_true(answer, "busy");
		taken = ask_number(answer, "taken");
		json_decref(answer);
		if (!busy) {
			json_decref(fields);
			return taken;
		}
		nanosleep(&(struct timespec){ .tv_nsec = BUSY_PAUSE_MS * 1000000L }, NULL);
	}
	json_decref(fields);
	if (send->status == OPTIONS_GO_ON) {
		send->status = STATUS_UNABLE;
		strcpy(send->sentence, "wavebreak import: the daemon's disk does not keep up");
	}
	return 0;
}

static void add_up(struct import_tally *sum, const struct import_tally *more)
{
	if (more->samples == 0)
		return;
	sum->first_s = sum->samples && sum->first_s < more->first_s ? sum->first_s : more->first_s;
	sum->last_s = sum->last_s > more->last_s ? sum->last_s : more->last_s;
	sum->samples += more->samples;
}

static void send_chunks(struct import_send *send)
{
	if (json_array_size(send->chunks) && send->status == OPTIONS_GO_ON) {
		request(send, json_pack("{s:O}", "chunks", send->chunks));
		if (send->status == OPTIONS_GO_ON)
			add_up(&send->kept, &send->waiting);
	}
	json_array_clear(send->chunks);
	send->packed = 0;
	send->waiting = (struct import_tally){ 0 };
}

static size_t encode(const struct history_chunk *chunk, char text[HISTORY_CHUNK_MOST])
{
	size_t size = history_encode(chunk, HISTORY_ALL, text);

	/* Only a made-up list is so large: then what the story is about. */
	if (PACKED_SIZE(size) > PACKED_MOST)
		size = history_encode(chunk, ((history_columns)1 << HISTORY_OUTCOMES) - 1, text);
	return size;
}

static void add_chunk(struct import_send *send)
{
	static char text[HISTORY_CHUNK_MOST];
	const uint64_t present = send->chunk.present;
	size_t size = encode(&send->chunk, text), packed = PACKED_SIZE(size) + AROUND_PACKED;
	struct import_tally tally = { .samples = (uint64_t)__builtin_popcountll(present) };

	if (size == 0)
		return;
	tally.first_s = send->start_s + (uint64_t)__builtin_ctzll(present);
	tally.last_s = send->start_s + 63 - (uint64_t)__builtin_clzll(present);
	if (send->packed + packed > PACKED_MOST)
		send_chunks(send);
	json_array_append_new(send->chunks, json_pack("[I, o]", (json_int_t)send->start_s,
						      packed_make(bytes_make(text, size))));
	send->packed += packed;
	add_up(&send->waiting, &tally);
	send->chunk.present = 0;
}

void import_send_begin(struct import_send *send, const char *socket, const char *series)
{
	*send = (struct import_send){ .socket = socket, .status = OPTIONS_GO_ON, .chunks = json_array() };
	snprintf(send->series, sizeof(send->series), "%s", series);
}

void import_send_sample(struct import_send *send, uint64_t at_s, const uint32_t values[HISTORY_COLUMNS])
{
	uint64_t start_s = at_s - at_s % HISTORY_SLOTS;

	if (start_s != send->start_s)
		add_chunk(send);
	send->start_s = start_s;
	send->chunk.present |= UINT64_C(1) << (at_s - start_s);
	for (unsigned i = 0; i < HISTORY_COLUMNS; i++)
		send->chunk.values[i][at_s - start_s] = values[i];
	send->taken++;
}

void import_send_end(struct import_send *send)
{
	add_chunk(send);
	send_chunks(send);
	json_decref(send->chunks);
	send->chunks = NULL;
}

void import_send_settle(struct import_send *send)
{
	request(send, json_pack("{s:b}", "settled", 1));
}

void import_send_remove(struct import_send *send, uint64_t *ret_minutes)
{
	uint64_t removed;

	*ret_minutes = 0;
	do {
		removed = request(send, json_pack("{s:b}", "remove", 1));
		*ret_minutes += removed;
		if (removed)
			import_send_settle(send);
	} while (removed && send->status == OPTIONS_GO_ON);
}
