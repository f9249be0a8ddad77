/* SPDX-License-Identifier: Apache-2.0 */
/* import - old lists of dates and counts into the daemon's history, a series a file.
 *
 * The lists are read and packed here (cli/import_send.h): what reads any file that somebody has is this process, not
 * the daemon.
 */
#include "base/clock.h"
#include "base/text.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/history_list.h"
#include "cli/import_send.h"
#include "cli/progress.h"
#include "sense/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#define MISTAKES_SAID 5
#define LINES_A_LOOK 4096
/* In one file, which CSV of history may have. */
#define SERIES_MOST 256

struct import {
	const struct options *options;
	const char *socket, *name; /* of the file, as it was given */
	char shown[ASK_TEXT_SIZE];
	char of_file[HISTORY_LIST_SERIES_SIZE]; /* the series of lines that name none */
	struct history_list list;
	struct import_send send;
	char begun[SERIES_MOST][HISTORY_LIST_SERIES_SIZE]; /* its series so far; the last is the one that is sent */
	size_t begun_count;
	bool sending;
	json_t *told; /* for --json: of each series what was kept */
	uint64_t lines, kept, mistakes;
	struct progress progress;
};

/* Of the file's name, without what stands for its form. */
static void name_series(const char *file, char ret[HISTORY_LIST_SERIES_SIZE])
{
	static const char *const forms[] = { ".gz", ".zst", ".csv", ".txt", ".log" };
	const char *slash = strrchr(file, '/');
	struct bytes name = bytes_of(slash && slash[1] ? slash + 1 : file);

	if (strcmp(file, "-") == 0)
		name = BYTES_LITERAL("stdin");
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct bytes form = bytes_of(forms[i]);

		if (name.size > form.size && bytes_equal(bytes_skip(name, name.size - form.size), form))
			name.size -= form.size;
	}
	history_list_series(name, ret);
}

static void tell_kept(const struct import_send *send)
{
	char from[WALL_TEXT_SIZE], to[WALL_TEXT_SIZE], count[COUNT_TEXT_SIZE];
	const struct import_tally *kept = &send->kept;

	printf("%s: %s sample%s, %s to %s", send->series, count_format(kept->samples, count),
	       kept->samples == 1 ? "" : "s", wall_format(kept->first_s, from), wall_format(kept->last_s, to));
	if (send->status == OPTIONS_GO_ON && send->taken > kept->samples)
		printf("; %s more had the second of another one, and the last of each second is kept",
		       count_format(send->taken - kept->samples, count));
	putchar('\n');
	fflush(stdout);
}

static void end_series(struct import *import)
{
	const struct import_tally *kept = &import->send.kept;

	if (!import->sending)
		return;
	import_send_end(&import->send);
	import->sending = false;
	import->kept += kept->samples;
	if (kept->samples == 0)
		return;
	progress_end(&import->progress);
	if (!import->options->json)
		tell_kept(&import->send);
	else
		json_array_append_new(import->told,
				      json_pack("{s:s, s:I, s:I, s:I}", "series", import->send.series, "samples",
						(json_int_t)kept->samples, "begin", (json_int_t)kept->first_s, "end",
						(json_int_t)kept->last_s));
}

static bool goes_on(const struct import *import)
{
	return import->begun_count == 0 || import->send.status == OPTIONS_GO_ON;
}

/* What the line says of its series: goes on with it or begins it. */
static const char *choose_series(struct import *import)
{
	const char *series = import->list.series[0] ? import->list.series : import->of_file;

	if (import->sending && strcmp(import->send.series, series) == 0)
		return NULL;
	/* Each minute is written once: what came later would take the place of what is there. */
	for (size_t i = 0; i < import->begun_count; i++)
		if (strcmp(import->begun[i], series) == 0)
			return "the lines of its series do not follow each other";
	if (import->begun_count == SERIES_MOST)
		return "there are too many series in one file";
	end_series(import);
	if (!goes_on(import))
		return NULL;
	import_send_begin(&import->send, import->socket, series);
	import->sending = true;
	strcpy(import->begun[import->begun_count++], series);
	return NULL;
}

static void take_line(struct import *import, struct bytes line, bool cut)
{
	uint32_t values[HISTORY_COLUMNS];
	const char *mistake;
	uint64_t at_s;
	int r = history_list_line(&import->list, line, &at_s, values, &mistake);

	import->lines++;
	if (cut)
		mistake = "it is longer than any line of a list";
	else if (r > 0)
		mistake = choose_series(import);
	if (!mistake && r > 0 && import->sending)
		import_send_sample(&import->send, at_s, values);
	if (!mistake || ++import->mistakes > MISTAKES_SAID)
		return;
	progress_end(&import->progress);
	fprintf(stderr, "wavebreak import: %s:%" PRIu64 ": %s\n", import->shown, import->lines, mistake);
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
	while (goes_on(import) && (r = lines_next(&lines, &line, &cut)) > 0) {
		take_line(import, line, cut);
		if (import->lines % LINES_A_LOOK == 0)
			progress_show(&import->progress, archive_progress(archive), import->lines);
	}
	archive_lines_close(archive, &lines);
	return r < 0 ? r : 0;
}

/* `o` is taken over. */
static void write_json(json_t *o)
{
	json_dumpf(o, stdout, JSON_ENSURE_ASCII);
	putchar('\n');
	json_decref(o);
}

static void tell_unsent(const struct import *import)
{
	char count[COUNT_TEXT_SIZE];

	fprintf(stderr, "%s\n", import->send.sentence);
	if (import->kept)
		fprintf(stderr, "wavebreak import: %s: only the first %s samples of it are kept\n", import->shown,
			count_format(import->kept, count));
}

/* `read` is how the reading ended, 0 or -errno. Returns the exit status. */
static int tell(struct import *import, int read)
{
	bool was_sent = goes_on(import);

	if (import->options->json)
		write_json(json_pack("{s:o, s:O, s:I, s:I, s:b}", "file", ask_word(import->name), "series", import->told,
				     "lines", (json_int_t)import->lines, "mistakes", (json_int_t)import->mistakes,
				     "complete", was_sent && read == 0));
	if (!was_sent)
		tell_unsent(import);
	else if (import->mistakes)
		fprintf(stderr, "wavebreak import: %s: %" PRIu64 " of %" PRIu64 " lines could not be read\n",
			import->shown, import->mistakes, import->lines);
	else if (import->kept == 0)
		fprintf(stderr, "wavebreak import: %s: there is no sample in it\n", import->shown);
	if (read < 0)
		fprintf(stderr, "wavebreak import: %s: %s\n", import->shown, archive_error_text(read));
	if (!was_sent)
		return import->send.status;
	return read < 0 ? STATUS_WRONG : import->mistakes || import->kept == 0 ? STATUS_NO : STATUS_OK;
}

static int open_list(const char *name)
{
	int fd = strcmp(name, "-") == 0 ? dup(STDIN_FILENO) : open(name, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int import_file(const struct options *options, const char *socket, const char *name)
{
	static struct import import;
	struct stat status;
	int fd = open_list(name), r;

	import = (struct import){ .options = options, .socket = socket, .name = name,
				  .list = { .now_s = clock_wall_s() } };
	text_escape(bytes_of(name), import.shown, sizeof(import.shown));
	name_series(name, import.of_file);
	if (fd < 0) {
		fprintf(stderr, "wavebreak import: %s: %s\n", import.shown, strerror(-fd));
		return STATUS_WRONG;
	}
	import.told = json_array();
	progress_begin(&import.progress, fstat(fd, &status) == 0 && S_ISREG(status.st_mode) ? (uint64_t)status.st_size : 0);
	r = read_lines(&import, fd);
	close(fd);
	end_series(&import);
	if (import.kept && goes_on(&import))
		import_send_settle(&import.send);
	progress_end(&import.progress);
	r = tell(&import, r);
	json_decref(import.told);
	return r;
}

static int remove_series(const struct options *options, const char *socket, const char *name)
{
	static struct import_send send;
	char series[HISTORY_LIST_SERIES_SIZE];
	uint64_t minutes;

	name_series(name, series);
	import_send_begin(&send, socket, series);
	import_send_remove(&send, &minutes);
	json_decref(send.chunks);
	if (options->json && send.status == OPTIONS_GO_ON)
		write_json(json_pack("{s:s, s:I}", "series", series, "minutes", (json_int_t)minutes));
	if (send.status != OPTIONS_GO_ON) {
		fprintf(stderr, "%s\n", send.sentence);
		return send.status;
	}
	if (minutes == 0)
		fprintf(stderr, "wavebreak import: there is no series %s\n", series);
	return minutes ? STATUS_OK : STATUS_NO;
}

int cmd_import(int argc, char **argv)
{
	char socket[PLAN_SOCKET_SIZE];
	struct options options;
	int status = options_parse(argc, argv, &options), worst = STATUS_OK;

	if (status == OPTIONS_GO_ON)
		status = ask_socket(&options, socket);
	if (status != OPTIONS_GO_ON)
		return status;
	for (int i = 0; i < options.operand_count; i++) {
		const char *name = options.operands[i];

		status = options.remove ? remove_series(&options, socket, name) : import_file(&options, socket, name);
		worst = status > worst ? status : worst;
		if (status == STATUS_UNABLE)
			break;
	}
	return worst;
}
