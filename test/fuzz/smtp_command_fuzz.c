/* SPDX-License-Identifier: Apache-2.0 */
/* A stream as an SMTP client sends it, in one piece and in pieces whose sizes the first bytes name: the
 * lines are the same. Of each line as a command the views lie within it, what has no fault is
 * printable, and says the same in another case of letters and when it is put together again. */
#include "wire/smtp_command.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void must_lie_in(struct bytes part, struct bytes whole)
{
	must(part.size == 0 || (part.data >= whole.data && part.data + part.size <= whole.data + whole.size));
}

static void must_be_printable(struct bytes text)
{
	for (size_t i = 0; i < text.size; i++)
		must(text.data[i] >= ' ' && text.data[i] <= '~');
}

static void must_be_empty(const struct smtp_command *c)
{
	must(c->mailbox.size == 0 && c->local_part.size == 0 && c->domain.size == 0);
	must(!c->has_size && c->size == 0 && c->body == SMTP_BODY_NOT_SAID);
}

static void check_mailbox(const struct smtp_command *c)
{
	must_lie_in(c->mailbox, c->argument);
	must(c->local_part.size <= 64 && c->domain.size <= 255 && c->mailbox.size <= 254);
	must(c->mailbox.size == c->local_part.size + (c->domain.size ? 1 : 0) + c->domain.size);
	if (c->mailbox.size == 0) {
		must(c->verb != SMTP_RCPT);
		return;
	}
	must(c->local_part.size && bytes_starts_with(c->mailbox, c->local_part));
	if (c->domain.size)
		must(c->mailbox.data[c->local_part.size] == '@' &&
		     bytes_equal(bytes_skip(c->mailbox, c->local_part.size + 1), c->domain));
	else
		must(c->verb == SMTP_RCPT && smtp_is_postmaster(c->local_part));
}

/* The mailbox between brackets, as it is handed on to a server, is the same one there. */
static void read_again(const struct smtp_command *c)
{
	char line[SMTP_LINE_MOST + 16];
	struct bytes begin = c->verb == SMTP_MAIL ? BYTES_LITERAL("MAIL FROM:<") : BYTES_LITERAL("RCPT TO:<");
	struct smtp_command again;

	memcpy(line, begin.data, begin.size);
	if (c->mailbox.size)
		memcpy(line + begin.size, c->mailbox.data, c->mailbox.size);
	line[begin.size + c->mailbox.size] = '>';
	smtp_command_read(bytes_make(line, begin.size + c->mailbox.size + 1), &again);
	must(again.fault == SMTP_FAULT_NONE && again.verb == c->verb && bytes_equal(again.mailbox, c->mailbox));
}

static void read_in_another_case(struct bytes line, const struct smtp_command *c)
{
	char *other = malloc(line.size + 1);
	struct smtp_command again;

	for (size_t i = 0; i < line.size; i++) {
		char small = char_to_lower(line.data[i]);

		other[i] = small >= 'a' && small <= 'z' ? line.data[i] ^ 0x20 : line.data[i];
	}
	smtp_command_read(bytes_make(other, line.size), &again);
	must(again.verb == c->verb && again.fault == c->fault && again.size == c->size && again.body == c->body);
	must(bytes_equal_any_case(again.argument, c->argument) && bytes_equal_any_case(again.mailbox, c->mailbox));
	must(bytes_equal_any_case(again.domain, c->domain));
	free(other);
}

static void check_name(struct bytes argument)
{
	struct addr client = addr_from_ipv4("\xc0\x00\x02\x07"), ours = addr_from_ipv4("\xc6\x33\x64\x01");
	unsigned faults = smtp_helo_faults(argument, &client, BYTES_LITERAL("mx.example"), &ours);

	must(faults < 32);
	must(!(faults & SMTP_HELO_NOT_A_NAME) || !(faults & (SMTP_HELO_NO_DOT | SMTP_HELO_BARE_ADDRESS)));
	must(!(faults & SMTP_HELO_OTHER_ADDRESS) || argument.data[0] == '[');
	must(smtp_helo_faults(argument, &client, argument, &ours) & (SMTP_HELO_OUR_NAME | SMTP_HELO_NOT_A_NAME |
			      SMTP_HELO_BARE_ADDRESS) || argument.data[0] == '[');
}

static void check_command(struct bytes line)
{
	struct smtp_command c;

	smtp_command_read(line, &c);
	must(c.verb <= SMTP_ETRN && c.fault <= SMTP_FAULT_PARAMETER_VALUE);
	must_lie_in(c.argument, line);
	must_lie_in(c.mailbox, line);
	must_lie_in(c.local_part, line);
	must_lie_in(c.domain, line);
	must_be_printable(c.argument);
	must_be_printable(c.mailbox);
	must(bytes_equal(bytes_trim(c.argument), c.argument));
	if (c.fault == SMTP_FAULT_BYTES)
		must(c.argument.size == 0);
	else
		must_be_printable(bytes_trim(line));
	if (c.fault != SMTP_FAULT_NONE || (c.verb != SMTP_MAIL && c.verb != SMTP_RCPT)) {
		must_be_empty(&c);
	} else {
		check_mailbox(&c);
		read_again(&c);
	}
	read_in_another_case(line, &c);
	if (c.fault == SMTP_FAULT_NONE && (c.verb == SMTP_EHLO || c.verb == SMTP_HELO))
		check_name(c.argument);
}

struct record {
	enum smtp_line kind;
	uint32_t hash;
	size_t size;
};

static bool same_line(const struct record *a, const struct record *b)
{
	return a->kind == b->kind && a->hash == b->hash && a->size == b->size;
}

#define LINES_MOST 4096
struct records {
	struct record lines[LINES_MOST];
	size_t count;
};

/* Takes what has come, and leaves the rest. */
static void take_lines(struct smtp_lines *lines, struct bytes *input, struct records *records)
{
	struct bytes whole = *input, line;
	enum smtp_line kind;

	while ((kind = smtp_line_take(lines, input, &line)) != SMTP_LINE_UNFINISHED) {
		must_lie_in(line, whole);
		must_lie_in(*input, whole);
		must(line.size + 1 <= SMTP_LINE_MOST);
		must(!memchr(line.data, '\n', line.size));
		must(kind != SMTP_LINE_WELL || line.size + 2 <= SMTP_LINE_MOST);
		must(kind != SMTP_LINE_WELL || !memchr(line.data, '\r', line.size));
		must(kind != SMTP_LINE_LONG || line.size == 0);
		if (records->count < LINES_MOST)
			records->lines[records->count++] =
				(struct record){ kind, bytes_hash(BYTES_HASH_BEGIN, line), line.size };
		check_command(line);
	}
	must(input->size < SMTP_LINE_MOST && line.size == 0);
	must(!lines->passing_over || input->size == 0);
	must(input->size == 0 || !memchr(input->data, '\n', input->size));
}

static void take_in_pieces(struct bytes stream, const uint8_t *pieces, size_t piece_count, struct records *records,
			   size_t *ret_left)
{
	struct smtp_lines lines = { 0 };
	char *held = malloc(1);
	size_t held_size = 0;

	for (size_t i = 0; stream.size; i++) {
		struct bytes come = bytes_first(stream, 1 + (size_t)pieces[i % piece_count] * (i % 3 ? 1 : 5)), input;
		char *buffer = malloc(held_size + come.size);

		memcpy(buffer, held, held_size);
		memcpy(buffer + held_size, come.data, come.size);
		free(held);
		held = buffer;
		input = bytes_make(held, held_size + come.size);
		take_lines(&lines, &input, records);
		memmove(held, input.data, input.size);
		held_size = input.size;
		stream = bytes_skip(stream, come.size);
	}
	free(held);
	*ret_left = held_size;
}

#define PIECES 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct records at_once, in_pieces;
	struct smtp_lines lines = { 0 };
	struct bytes stream, rest;
	size_t left;

	if (size < PIECES)
		return 0;
	stream = bytes_make((const char *)data + PIECES, size - PIECES);
	must(smtp_speaker_of(stream) <= SMTP_SPEAKER_OTHER);
	check_command(stream);
	at_once.count = in_pieces.count = 0;
	rest = stream;
	take_lines(&lines, &rest, &at_once);
	take_in_pieces(stream, data, PIECES, &in_pieces, &left);
	must(at_once.count == in_pieces.count && left == rest.size);
	for (size_t i = 0; i < at_once.count; i++)
		must(same_line(&at_once.lines[i], &in_pieces.lines[i]));
	return 0;
}
