/* SPDX-License-Identifier: Apache-2.0 */
/* import - old lists of dates and counts into the daemon's history, a series a file.
 *
 * The list is packed here, into chunks of a minute, and sent as many at a time as a request takes: what reads
 * any file that somebody has is this process, not the daemon.
 */
#include "base/clock.h"
#include "base/text.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/history_list.h"
#include "cli/progress.h"
#include "control/packed.h"
#include "sense/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MISTAKES_SAID 5
/* Packed chunks in one request, which may have CONTROL_REQUEST_MOST bytes in all. A chunk of all columns, each value
 * another, would be larger than that: it has to go without the ones that make it so (see encode). */
#define PACKED_MOST 14000
/* The begin of each, quotes and brackets. */
#define AROUND_PACKED 32
#define SERIES_SIZE 48
/* What the daemon's disk has to take first is waited for. */
#define BUSY_PAUSE_MS 50
#define BUSY_TRIES 600
#define LINES_A_LOOK 4096

struct import {
	const struct options *options;
	const char *name; /* of the file, as it was given */
	char shown[ASK_TEXT_SIZE], series[SERIES_SIZE];
	struct history_list list;
	struct history_chunk chunk;
	uint64_t start_s;
	json_t *chunks; /* of the next request */
	size_t packed;
	uint64_t lines, samples, mistakes;
	uint64_t first_s, last_s;
	int status; /* OPTIONS_GO_ON while all is well */
	struct progress progress;
};

static int send_request(const struct import *import, json_t *fields, uint64_t *ret_taken)
{
	json_t *answer;

	json_object_set_new(fields, "series", json_string(import->series));
	for (int tries = 0; tries < BUSY_TRIES; tries++) {
		int status = ask_daemon(import->options, "import", json_deep_copy(fields), NULL, NULL, &answer);
		bool busy;

		if (status != STATUS_OK) {
			json_decref(fields);
			return status;
		}
		busy = ask_is_true(answer, "busy");
		*ret_taken = ask_number(answer, "taken");
		json_decref(answer);
		if (!busy) {
			json_decref(fields);
			return OPTIONS_GO_ON;
		}
		nanosleep(&(struct timespec){ .tv_nsec = BUSY_PAUSE_MS * 1000000L }, NULL);
	}
	json_decref(fields);
	fputs("wavebreak import: the daemon's disk does not keep up; what was sent so far is there\n", stderr);
	return STATUS_UNABLE;
}

/* What was sent is seen by who asks next only when the disk has it. */
static int settle(const struct import *import)
{
	uint64_t taken;

	return send_request(import, json_pack("{s:b}", "settled", 1), &taken);
}

static void send_chunks(struct import *import)
{
	uint64_t taken;

	if (json_array_size(import->chunks) && import->status == OPTIONS_GO_ON)
		import->status = send_request(import, json_pack("{s:O}", "chunks", import->chunks), &taken);
	json_array_clear(import->chunks);
	import->packed = 0;
}

static size_t encode(const struct history_chunk *chunk, char text[HISTORY_CHUNK_MOST])
{
	size_t size = history_encode(chunk, HISTORY_ALL, text);

	/* Only a made-up list is so large: then what the story is about. */
	if (PACKED_SIZE(size) > PACKED_MOST)
		size = history_encode(chunk, ((history_columns)1 << HISTORY_OUTCOMES) - 1, text);
	return size;
}

static void add_chunk(struct import *import)
{
	static char text[HISTORY_CHUNK_MOST];
	size_t size = encode(&import->chunk, text), packed = PACKED_SIZE(size) + AROUND_PACKED;

	if (import->packed + packed > PACKED_MOST)
		send_chunks(import);
	if (size)
		json_array_append_new(import->chunks, json_pack("[I, o]", (json_int_t)import->start_s,
								packed_make(bytes_make(text, size))));
	import->packed += packed;
	import->chunk.present = 0;
}

static void take_sample(struct import *import, uint64_t at_s, const uint32_t values[HISTORY_COLUMNS])
{
	uint64_t start_s = at_s - at_s % HISTORY_SLOTS;

	if (import->chunk.present && start_s != import->start_s)
		add_chunk(import);
	import->start_s = start_s;
	import->chunk.present |= UINT64_C(1) << (at_s - start_s);
	for (unsigned i = 0; i < HISTORY_COLUMNS; i++)
		import->chunk.values[i][at_s - start_s] = values[i];
	import->first_s = import->samples ? import->first_s : at_s;
	import->last_s = at_s;
	import->samples++;
}

static void take_line(struct import *import, struct bytes line, bool cut)
{
	uint32_t values[HISTORY_COLUMNS];
	const char *mistake;
	uint64_t at_s;
	int r = history_list_line(&import->list, line, &at_s, values, &mistake);

	import->lines++;
	if (r > 0 && !cut)
		take_sample(import, at_s, values);
	if (r >= 0 && !cut)
		return;
	if (++import->mistakes > MISTAKES_SAID)
		return;
	progress_end(&import->progress);
	fprintf(stderr, "wavebreak import: %s:%" PRIu64 ": %s\n", import->shown, import->lines,
		cut ? "it is longer than any line of a list" : mistake);
}

static int read_lines(struct import *import, int fd)
{
	struct archive *archive;
	struct lines lines;
	struct bytes line;
	bool cut;
	int r = archive_lines_open(fd, &archive, &lines);

	if (r < 0)
		return r;
	while (import->status == OPTIONS_GO_ON && (r = lines_next(&lines, &line, &cut)) > 0) {
		take_line(import, line, cut);
		if (import->lines % LINES_A_LOOK == 0)
			progress_show(&import->progress, archive_progress(archive), import->lines);
	}
	archive_lines_close(archive, &lines);
	return r < 0 ? r : 0;
}

/* Of the file's name, without what stands for its form. */
static void name_series(struct import *import)
{
	static const char *const forms[] = { ".gz", ".zst", ".csv", ".txt", ".log" };
	const char *slash = strrchr(import->name, '/');
	struct bytes name = bytes_of(slash && slash[1] ? slash + 1 : import->name);

	if (strcmp(import->name, "-") == 0)
		name = BYTES_LITERAL("stdin");
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct bytes form = bytes_of(forms[i]);

		if (name.size > form.size && bytes_equal(bytes_skip(name, name.size - form.size), form))
			name.size -= form.size;
	}
	name = bytes_first(name, SERIES_SIZE - 1);
	memcpy(import->series, name.data, name.size);
	import->series[name.size] = '\0';
	for (char *c = import->series; *c; c++)
		if (*c <= ' ' || *c > '~')
			*c = '-';
}

static int open_list(const char *name)
{
	int fd = strcmp(name, "-") == 0 ? dup(STDIN_FILENO) : open(name, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static void tell(const struct import *import)
{
	char from[WALL_TEXT_SIZE], to[WALL_TEXT_SIZE], count[COUNT_TEXT_SIZE];

	if (import->samples)
		printf("%s: %s sample%s, %s to %s\n", import->series, count_format(import->samples, count),
		       import->samples == 1 ? "" : "s", wall_format(import->first_s, from), wall_format(import->last_s, to));
	if (import->mistakes)
		fprintf(stderr, "wavebreak import: %s: %" PRIu64 " of %" PRIu64 " lines could not be read\n", import->shown,
			import->mistakes, import->lines);
	else if (!import->samples)
		fprintf(stderr, "wavebreak import: %s: there is no sample in it\n", import->shown);
}

static int import_file(const struct options *options, const char *name)
{
	struct import import = { .options = options, .name = name, .status = OPTIONS_GO_ON,
				 .list = { .now_s = clock_wall_s() } };
	struct stat status;
	int fd = open_list(name), r;

	text_escape(bytes_of(name), import.shown, sizeof(import.shown));
	name_series(&import);
	if (fd < 0) {
		fprintf(stderr, "wavebreak import: %s: %s\n", import.shown, strerror(-fd));
		return STATUS_WRONG;
	}
	import.chunks = json_array();
	progress_begin(&import.progress, fstat(fd, &status) == 0 && S_ISREG(status.st_mode) ? (uint64_t)status.st_size : 0);
	r = read_lines(&import, fd);
	close(fd);
	if (import.chunk.present && import.status == OPTIONS_GO_ON)
		add_chunk(&import);
	send_chunks(&import);
	if (import.samples && import.status == OPTIONS_GO_ON)
		import.status = settle(&import);
	progress_end(&import.progress);
	json_decref(import.chunks);
	if (import.status != OPTIONS_GO_ON)
		return import.status;
	tell(&import);
	if (r < 0) {
		fprintf(stderr, "wavebreak import: %s: %s\n", import.shown, archive_error_text(r));
		return STATUS_WRONG;
	}
	return import.mistakes || !import.samples ? STATUS_NO : STATUS_OK;
}

static int remove_series(const struct options *options, const char *name)
{
	struct import import = { .options = options, .name = name };
	uint64_t taken, all = 0;

	name_series(&import);
	do {
		int status = send_request(&import, json_pack("{s:b}", "remove", 1), &taken);

		if (status != OPTIONS_GO_ON)
			return status;
		all += taken;
		if (taken)
			status = settle(&import);
		if (status != OPTIONS_GO_ON)
			return status;
	} while (taken);
	if (all == 0)
		fprintf(stderr, "wavebreak import: there is no series %s\n", import.series);
	return all ? STATUS_OK : STATUS_NO;
}

int cmd_import(int argc, char **argv)
{
	struct options options;
	int status = options_parse(argc, argv, &options), worst = STATUS_OK;

	if (status != OPTIONS_GO_ON)
		return status;
	for (int i = 0; i < options.operand_count; i++) {
		const char *name = options.operands[i];

		status = options.remove ? remove_series(&options, name) : import_file(&options, name);
		worst = status > worst ? status : worst;
		if (status == STATUS_UNABLE)
			break;
	}
	return worst;
}
