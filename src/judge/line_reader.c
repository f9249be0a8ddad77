/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/line_reader.h"

#include "wire/docker.h"

#include <errno.h>
#include <stdlib.h>

struct line_reader {
	const struct signature_set *set;
	const struct signature_group *untagged;
	struct matcher *matcher;
	/* The next entry of Docker's on stdout, on stderr, is the rest of a text that was too long for
	 * one: whoever wrote that text has written all of the rest. */
	bool in_text[2];
	char unwrapped[LINE_READER_MOST]; /* pages of it that were never used cost nothing */
};

int line_reader_create(const struct signature_set *set, const struct signature_group *untagged,
		       struct line_reader **ret)
{
	struct line_reader *reader = malloc(sizeof(*reader));
	int r;

	if (!reader)
		return -ENOMEM;
	reader->set = set;
	memset(reader->in_text, 0, sizeof(reader->in_text));
	reader->untagged = untagged;
	r = matcher_create(set, &reader->matcher);
	if (r < 0) {
		free(reader);
		return r;
	}
	*ret = reader;
	return 0;
}

void line_reader_destroy(struct line_reader *reader)
{
	if (!reader)
		return;
	matcher_destroy(reader->matcher);
	free(reader);
}

enum wrapping {
	WRAPPED_NOT, /* no line of Docker's */
	WRAPPED,
	WRAPPED_PART, /* of a text that Docker split: not to be believed */
};

/* The line inside may have a stamp of its own, which is the more precise one. */
static enum wrapping split_wrapped(struct line_reader *reader, struct bytes line, struct syslog_line *ret)
{
	struct docker_line docker;
	bool is_part;

	if (!bytes_starts_with(line, BYTES_LITERAL("{\"log\":\"")))
		return WRAPPED_NOT;
	if (line.size > sizeof(reader->unwrapped) || !docker_read(line, reader->unwrapped, &docker)) {
		/* It was cut, and nobody knows where it ends. */
		reader->in_text[0] = reader->in_text[1] = true;
		return WRAPPED_PART;
	}
	is_part = reader->in_text[docker.of_stderr] || docker.partial;
	reader->in_text[docker.of_stderr] = docker.partial;
	if (is_part)
		return WRAPPED_PART;
	syslog_split(docker.text, ret);
	if (ret->stamp.size == 0) {
		ret->stamp = docker.stamp;
		ret->stamp_form = stamp_find_iso8601(docker.stamp) == docker.stamp.size ? STAMP_ISO8601 : STAMP_NONE;
	}
	return WRAPPED;
}

/* A tag is one beyond doubt behind a host, in RFC 5424, and with a pid; otherwise the first word of
 * a message may only look like one ("imap-login: Info: ..." in Dovecot's own log). */
static bool is_of_another_program(const struct syslog_line *head)
{
	return head->tag.size && (head->form == SYSLOG_RFC5424 || head->host.size || bytes_are_digits(head->pid));
}

static bool read_head(struct line_reader *reader, bool cut, struct line_reading *ret)
{
	struct bytes message = ret->head.message;

	ret->recognised = false;
	ret->group = ret->head.tag.size ? signature_set_by_tag(reader->set, ret->head.tag) : NULL;
	if (!ret->group && !is_of_another_program(&ret->head)) {
		ret->group = reader->untagged;
		message = ret->head.text;
	}
	if (ret->group)
		ret->recognised = matcher_match(reader->matcher, ret->group, message, cut, &ret->match);
	return ret->recognised;
}

bool line_reader_read_split(struct line_reader *reader, const struct syslog_line *line, bool cut,
			    struct line_reading *ret)
{
	ret->head = *line;
	return read_head(reader, cut, ret);
}

bool line_reader_read(struct line_reader *reader, struct bytes line, bool cut, struct line_reading *ret)
{
	switch (split_wrapped(reader, line, &ret->head)) {
	case WRAPPED_PART:
		*ret = (struct line_reading){ .head.message = line };
		return false;
	case WRAPPED_NOT:
		syslog_split(line, &ret->head);
		break;
	case WRAPPED:
		break;
	}
	return read_head(reader, cut, ret);
}

const struct signature *line_reader_stopped(const struct line_reader *reader, uint64_t *ret_times)
{
	return matcher_stopped(reader->matcher, ret_times);
}
