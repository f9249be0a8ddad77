/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/line_reader.h"

#include "wire/docker.h"

#include <errno.h>
#include <stdlib.h>

struct line_reader {
	const struct signature_set *set;
	const struct signature_group *untagged;
	struct matcher *matcher;
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

/* The line inside may have a stamp of its own, which is the more precise one. */
static bool split_wrapped(struct line_reader *reader, struct bytes line, struct syslog_line *ret)
{
	struct docker_line docker;

	if (line.size > sizeof(reader->unwrapped) || !docker_read(line, reader->unwrapped, &docker))
		return false;
	syslog_split(docker.text, ret);
	if (ret->stamp.size == 0) {
		ret->stamp = docker.stamp;
		ret->stamp_form = stamp_find_iso8601(docker.stamp) == docker.stamp.size ? STAMP_ISO8601 : STAMP_NONE;
	}
	return true;
}

static bool is_number(struct bytes text)
{
	for (size_t i = 0; i < text.size; i++)
		if (!char_is_digit(text.data[i]))
			return false;
	return text.size > 0;
}

/* A tag is one beyond doubt behind a host, in RFC 5424, and with a pid; otherwise the first word of
 * a message may only look like one ("imap-login: Info: ..." in Dovecot's own log). */
static bool is_of_another_program(const struct syslog_line *head)
{
	return head->tag.size && (head->form == SYSLOG_RFC5424 || head->host.size || is_number(head->pid));
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
	if (line.size == 0 || line.data[0] != '{' || !split_wrapped(reader, line, &ret->head))
		syslog_split(line, &ret->head);
	return read_head(reader, cut, ret);
}

const struct signature *line_reader_stopped(const struct line_reader *reader, uint64_t *ret_times)
{
	return matcher_stopped(reader->matcher, ret_times);
}
