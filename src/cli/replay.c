/* SPDX-License-Identifier: Apache-2.0 */
/* replay - the whole policy over old logs, without a daemon; see observe/replay.h. */
#include "cli/commands.h"
#include "cli/configured.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/replay_files.h"
#include "cli/replay_report.h"
#include "cli/service.h"
#include "sense/archive.h"
#include "sense/signature_load.h"

#include <errno.h>
#include <stdio.h>

/* Lines between two looks at the clock. */
#define LINES_A_LOOK 4096
/* A zone changes at a full quarter of an hour, UTC. */
#define ZONE_STEP_S 900

struct reading {
	struct replay *replay;
	struct progress progress;
	uint64_t done, lines; /* bytes of the files before */
};

static int read_file(struct reading *reading, const struct replay_file *file)
{
	struct stamp_clock clock = replay_file_clock(file, file->begin_s);
	uint64_t zone_step = file->begin_s / ZONE_STEP_S;
	struct archive *archive;
	struct lines lines;
	struct bytes line;
	bool cut;
	int r = archive_lines_open(file->fd, &archive, &lines);

	if (r < 0)
		return r;
	while ((r = lines_next(&lines, &line, &cut)) > 0) {
		replay_line(reading->replay, line, cut, &clock);
		if (replay_now_s(reading->replay) / ZONE_STEP_S != zone_step) {
			zone_step = replay_now_s(reading->replay) / ZONE_STEP_S;
			clock = replay_file_clock(file, replay_now_s(reading->replay));
		}
		if (++reading->lines % LINES_A_LOOK == 0)
			progress_show(&reading->progress, reading->done + archive_progress(archive), reading->lines);
	}
	reading->done += archive_progress(archive);
	archive_lines_close(archive, &lines);
	return r;
}

/* A file that breaks off is read as far as it goes, and the rest of them all the same. */
static int read_files(struct reading *reading, const struct replay_file *files, int count)
{
	int status = STATUS_OK;
	uint64_t whole = 0;
	bool known = true;

	for (int i = 0; i < count; i++) {
		whole += files[i].size;
		known &= files[i].size > 0;
	}
	progress_begin(&reading->progress, known ? whole : 0);
	for (int i = 0; i < count; i++) {
		int r = read_file(reading, &files[i]);

		if (r == 0)
			continue;
		progress_end(&reading->progress);
		fprintf(stderr, "wavebreak replay: %s: %s\n", files[i].name, archive_error_text(r));
		status = STATUS_WRONG;
	}
	progress_end(&reading->progress);
	return status;
}

static int report(struct replay *replay, const struct prefix_set *never, const char *format)
{
	bool offended = replay_end(replay)->offences > 0;

	if (!format || strcmp(format, "text") == 0)
		replay_report_text(replay, never);
	else if (strcmp(format, "json") == 0 && replay_report_json(replay, never) < 0) {
		fprintf(stderr, "wavebreak replay: %s\n", strerror(ENOMEM));
		return STATUS_UNABLE;
	}
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "wavebreak replay: standard output: %s\n", strerror(errno));
		return STATUS_UNABLE;
	}
	return offended ? STATUS_OK : STATUS_NO;
}

static int replay_all(const struct options *options, const struct plan *plan, const struct signature_set *set,
		      const struct signature_group *untagged, const struct prefix_set *never)
{
	struct replay_limits limits = { .never = never };
	struct reading reading = { 0 };
	unsigned year = options->year == OPTION_NO_COUNT ? 0 : (unsigned)options->year;
	struct replay_file *files;
	int status, read_status, r;

	plan_judge_limits(&plan->settings, &limits.judge, &limits.bans);
	status = replay_files_open(options->operands, options->operand_count, year, &files);
	if (status != STATUS_OK)
		return status;
	r = replay_create(set, untagged, &limits, &reading.replay);
	if (r < 0) {
		fprintf(stderr, "wavebreak replay: %s\n", strerror(-r));
		replay_files_close(files, options->operand_count);
		return STATUS_UNABLE;
	}
	read_status = read_files(&reading, files, options->operand_count);
	status = report(reading.replay, never, options->format);
	replay_destroy(reading.replay);
	replay_files_close(files, options->operand_count);
	return read_status == STATUS_OK ? status : read_status;
}

static int load_signatures(const struct options *options, const struct path_list *folders,
			   struct signature_set **ret, char text[SIGNATURE_LOAD_TEXT_SIZE])
{
	if (options->signatures)
		return signature_load(options->signatures, ret, text);
	return signature_load_with(folders->paths, folders->count, ret, text);
}

int cmd_replay(int argc, char **argv)
{
	char mistake[SIGNATURE_LOAD_TEXT_SIZE];
	const struct signature_group *untagged;
	struct prefix_set never = { 0 };
	struct signature_set *set;
	struct options options;
	struct plan *plan;
	int status = options_parse(argc, argv, &options);

	if (status == OPTIONS_GO_ON)
		status = configured_plan(options.config, &plan);
	if (status != OPTIONS_GO_ON)
		return status;
	if (load_signatures(&options, &plan->settings.watch_signatures, &set, mistake) < 0) {
		fprintf(stderr, "wavebreak replay: %s\n", mistake);
		return STATUS_WRONG;
	}
	status = service_group("replay", set, options.service ? options.service : plan->untagged, &untagged);
	if (status == OPTIONS_GO_ON && plan_never(plan, &never) < 0) {
		fprintf(stderr, "wavebreak replay: the never-list cannot be read\n");
		status = STATUS_UNABLE;
	}
	if (status == OPTIONS_GO_ON)
		status = replay_all(&options, plan, set, untagged, &never);
	prefix_set_clear(&never);
	signature_set_destroy(set);
	plan_free(plan);
	return status;
}
