/* SPDX-License-Identifier: Apache-2.0 */
/* history - what the daemon has sampled, as a list. */
#include "cli/commands.h"
#include "cli/history_ask.h"
#include "cli/history_write.h"

#include <errno.h>

static void on_part(void *data, const struct history_part *part)
{
	history_write_chunk(data, part->series, part->step_s, part->start_s, part->chunk);
}

static enum history_format format_of(const char *word)
{
	return !word || strcmp(word, "text") == 0 ? HISTORY_AS_TEXT :
	       strcmp(word, "csv") == 0 ? HISTORY_AS_CSV : HISTORY_AS_JSON;
}

int cmd_history(int argc, char **argv)
{
	struct history_writer writer = { .out = stdout };
	struct history_span span;
	struct options options;
	int status = options_parse(argc, argv, &options);

	if (status == OPTIONS_GO_ON)
		status = history_span_of(&options, "history", &span);
	if (status != OPTIONS_GO_ON)
		return status;
	writer.format = format_of(options.format);
	status = history_ask(&options, &span, history_writer_columns(writer.format), on_part, &writer);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "wavebreak history: standard output: %s\n", strerror(errno));
		clearerr(stdout); /* or the end of the program would say it once more */
		return STATUS_UNABLE;
	}
	return status;
}
