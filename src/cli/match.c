/* SPDX-License-Identifier: Apache-2.0 */
/* match - classifies the lines of logs with the signatures, without a daemon. */
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/service.h"
#include "judge/line_reader.h"
#include "sense/archive.h"
#include "sense/signature_load.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define OUTPUT_SIZE (64 * 1024)
#define ANSWER_SIZE_MAX 512 /* more than any answer about one line */

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_QUIET };

struct classifier {
	struct signature_set *set;
	struct line_reader *reader;
	enum format format;
	const char *file; /* to name in text, when there are several */
	uint64_t line_count;
	uint64_t offences[OUTCOME_COUNT];
	uint64_t offence_count;
	int write_error;
	size_t used;
	char output[OUTPUT_SIZE];
};

static void flush(void *context)
{
	struct classifier *c = context;
	size_t done = 0;

	while (done < c->used && !c->write_error) {
		ssize_t n = write(STDOUT_FILENO, c->output + done, c->used - done);

		if (n < 0 && errno != EINTR)
			c->write_error = errno;
		else if (n > 0)
			done += (size_t)n;
	}
	c->used = 0;
}

static void put(struct classifier *c, struct bytes text)
{
	memcpy(c->output + c->used, text.data, text.size);
	c->used += text.size;
}

#define put_literal(c, text) put(c, BYTES_LITERAL(text))

static void put_number(struct classifier *c, uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + number % 10);
	while (number /= 10);
	put(c, bytes_make(digits + at, sizeof(digits) - at));
}

/* inet_ntop(3) prints with sprintf: half of the time of a whole run. */
static void put_addr(struct classifier *c, const struct addr *addr)
{
	char text[ADDR_TEXT_SIZE];

	if (addr->family != ADDR_IPV4) {
		put(c, bytes_of(addr_format(addr, text)));
		return;
	}
	for (size_t i = 0; i < 4; i++) {
		if (i)
			put_literal(c, ".");
		put_number(c, addr->octets[i]);
	}
}

/* Of names, in which nothing needs to be escaped. */
static void put_string_or_null(struct classifier *c, const char *text)
{
	if (!text) {
		put_literal(c, "null");
		return;
	}
	put_literal(c, "\"");
	put(c, bytes_of(text));
	put_literal(c, "\"");
}

static void answer_json(struct classifier *c, const struct signature_group *group,
			const struct match *match)
{
	bool named = match && match->addr.family != ADDR_NONE;
	const char *server = group ? group->server : NULL;

	if (match)
		server = match->signature->service->server;
	put_literal(c, "{\"line\":");
	put_number(c, c->line_count);
	if (match && match->score)
		put_literal(c, ",\"offence\":true,\"service\":");
	else
		put_literal(c, ",\"offence\":false,\"service\":");
	put_string_or_null(c, server);
	put_literal(c, ",\"address\":");
	if (named) {
		put_literal(c, "\"");
		put_addr(c, &match->addr);
		put_literal(c, "\"");
	} else {
		put_literal(c, "null");
	}
	put_literal(c, ",\"outcome\":");
	put_string_or_null(c, match ? outcome_name(match->outcome) : NULL);
	put_literal(c, "}\n");
}

static void answer_text(struct classifier *c, const struct match *match)
{
	const struct signature *signature = match->signature;

	if (c->file) {
		put(c, bytes_first(bytes_of(c->file), OUTPUT_SIZE - c->used - ANSWER_SIZE_MAX));
		put_literal(c, ":");
	}
	put_number(c, c->line_count);
	put_literal(c, ": ");
	put_addr(c, &match->addr);
	put_literal(c, " ");
	put(c, bytes_of(outcome_name(match->outcome)));
	put_literal(c, ", ");
	put(c, bytes_of(signature->service->name));
	put_literal(c, "/");
	put(c, bytes_of(signature->name));
	put_literal(c, "\n");
}

static void classify(struct classifier *c, struct bytes line, bool cut)
{
	struct line_reading reading;
	bool offence;

	c->line_count++;
	line_reader_read(c->reader, line, cut, &reading);
	offence = reading.recognised && reading.match.score;
	if (offence) {
		c->offences[reading.match.outcome]++;
		c->offence_count++;
	}
	if (c->used > OUTPUT_SIZE - 2 * ANSWER_SIZE_MAX)
		flush(c);
	if (c->format == FORMAT_JSON)
		answer_json(c, reading.group, reading.recognised ? &reading.match : NULL);
	else if (c->format == FORMAT_TEXT && offence)
		answer_text(c, &reading.match);
}

/* The first offence settles what the exit status is to be. */
static bool is_settled(const struct classifier *c)
{
	return c->write_error || (c->format == FORMAT_QUIET && c->offence_count);
}

static int classify_file(struct classifier *c, int fd, const char *name)
{
	struct archive *archive;
	struct lines lines;
	struct bytes line;
	bool cut;
	int r = archive_lines_open(fd, &archive, &lines);

	if (r < 0) {
		fprintf(stderr, "wavebreak match: %s: %s\n", name, strerror(-r));
		return STATUS_WRONG;
	}
	lines.before_read = flush;
	lines.context = c;
	while (!is_settled(c) && (r = lines_next(&lines, &line, &cut)) > 0)
		classify(c, line, cut);
	archive_lines_close(archive, &lines);
	if (r < 0) {
		flush(c);
		fprintf(stderr, "wavebreak match: %s: %s\n", name, archive_error_text(r));
	}
	return r < 0 ? STATUS_WRONG : STATUS_OK;
}

static int classify_files(struct classifier *c, char **files, int count)
{
	int status = STATUS_OK;

	if (count == 0)
		status = classify_file(c, STDIN_FILENO, "standard input");
	for (int i = 0; i < count && !is_settled(c); i++) {
		bool is_stdin = strcmp(files[i], "-") == 0;
		int fd = is_stdin ? STDIN_FILENO : open(files[i], O_RDONLY | O_CLOEXEC);

		c->file = count > 1 ? files[i] : NULL;
		if (fd < 0) {
			fprintf(stderr, "wavebreak match: %s: %s\n", files[i], strerror(errno));
			status = STATUS_WRONG;
			continue;
		}
		if (classify_file(c, fd, files[i]) != STATUS_OK)
			status = STATUS_WRONG;
		if (!is_stdin)
			close(fd);
	}
	flush(c);
	return status;
}

static void tell_stopped(const struct classifier *c)
{
	uint64_t times;
	const struct signature *signature = line_reader_stopped(c->reader, &times);

	if (signature)
		fprintf(stderr, "wavebreak match: %s:%u: the pattern of '%s' backtracks too long; patterns were stopped %" PRIu64
				" time%s\n", signature->file, signature->file_line, signature->name, times,
			times == 1 ? "" : "s");
}

static void summarise(const struct classifier *c)
{
	fprintf(stderr, "%" PRIu64 " line%s, %" PRIu64 " offence%s", c->line_count,
		c->line_count == 1 ? "" : "s", c->offence_count, c->offence_count == 1 ? "" : "s");
	for (int outcome = 0, shown = 0; outcome < OUTCOME_COUNT; outcome++)
		if (c->offences[outcome])
			fprintf(stderr, "%s%" PRIu64 " %s", shown++ ? ", " : ": ",
				c->offences[outcome], outcome_name((enum outcome)outcome));
	fputc('\n', stderr);
}

static enum format format_of(const char *word)
{
	if (!word || strcmp(word, "text") == 0)
		return FORMAT_TEXT;
	return strcmp(word, "json") == 0 ? FORMAT_JSON : FORMAT_QUIET;
}

static int run(struct classifier *c, const struct options *options)
{
	const struct signature_group *untagged;
	int status = service_group("match", c->set, options->service, &untagged);

	if (status != OPTIONS_GO_ON)
		return status;
	if (line_reader_create(c->set, untagged, &c->reader) < 0) {
		fprintf(stderr, "wavebreak match: %s\n", strerror(ENOMEM));
		return STATUS_UNABLE;
	}
	c->format = format_of(options->format);
	status = classify_files(c, options->operands, options->operand_count);
	tell_stopped(c);
	line_reader_destroy(c->reader);
	if (c->write_error) {
		fprintf(stderr, "wavebreak match: standard output: %s\n", strerror(c->write_error));
		return STATUS_UNABLE;
	}
	if (c->format == FORMAT_TEXT)
		summarise(c);
	if (status != STATUS_OK)
		return status;
	return c->offence_count ? STATUS_OK : STATUS_NO;
}

int cmd_match(int argc, char **argv)
{
	static struct classifier classifier;
	char mistake[SIGNATURE_LOAD_TEXT_SIZE];
	struct options options;
	int status = options_parse(argc, argv, &options);

	if (status != OPTIONS_GO_ON)
		return status;
	if (signature_load(options.signatures, &classifier.set, mistake) < 0) {
		fprintf(stderr, "wavebreak match: %s\n", mistake);
		return STATUS_WRONG;
	}
	status = run(&classifier, &options);
	signature_set_destroy(classifier.set);
	return status;
}
