/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/smtp_command.h"

#include "wire/smtp_path.h"

#include <endian.h>
#include <errno.h>

enum smtp_line smtp_line_take(struct smtp_lines *lines, struct bytes *input, struct bytes *ret_line)
{
	size_t end = bytes_find_char(*input, '\n');
	struct bytes line = bytes_first(*input, end);

	*ret_line = bytes_first(*input, 0);
	if (end == input->size) {
		/* What has no end within SMTP_LINE_MOST octets cannot become a line of that size. */
		if (!lines->passing_over && input->size < SMTP_LINE_MOST)
			return SMTP_LINE_UNFINISHED;
		lines->passing_over = true;
		*input = bytes_skip(*input, input->size);
		return SMTP_LINE_UNFINISHED;
	}
	*input = bytes_skip(*input, end + 1);
	if (lines->passing_over || end + 1 > SMTP_LINE_MOST) {
		lines->passing_over = false;
		return SMTP_LINE_LONG;
	}
	if (line.size == 0 || line.data[line.size - 1] != '\r') {
		*ret_line = line;
		return SMTP_LINE_BARE_LF;
	}
	line.size--;
	*ret_line = line;
	return bytes_find_char(line, '\r') < line.size ? SMTP_LINE_BARE_LF : SMTP_LINE_WELL;
}

#define FOUR_LETTERS(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

/* In capitals. What is no letter does not become one by it: a byte and the one 0x20 above it are
 * both letters or neither is, from 'A' to 'Z'. */
static uint32_t four_letters(const char *word)
{
	uint32_t letters;

	memcpy(&letters, word, sizeof(letters));
	return be32toh(letters) & 0xdfdfdfdf;
}

/* All words but one have four letters, so that a word is known by one comparison of numbers. */
static enum smtp_verb verb_of(struct bytes word)
{
	if (word.size == 8 && four_letters(word.data) == FOUR_LETTERS('S', 'T', 'A', 'R') &&
	    four_letters(word.data + 4) == FOUR_LETTERS('T', 'T', 'L', 'S'))
		return SMTP_STARTTLS;
	if (word.size != 4)
		return SMTP_UNKNOWN;
	switch (four_letters(word.data)) {
	case FOUR_LETTERS('H', 'E', 'L', 'O'):
		return SMTP_HELO;
	case FOUR_LETTERS('E', 'H', 'L', 'O'):
		return SMTP_EHLO;
	case FOUR_LETTERS('M', 'A', 'I', 'L'):
		return SMTP_MAIL;
	case FOUR_LETTERS('R', 'C', 'P', 'T'):
		return SMTP_RCPT;
	case FOUR_LETTERS('D', 'A', 'T', 'A'):
		return SMTP_DATA;
	case FOUR_LETTERS('R', 'S', 'E', 'T'):
		return SMTP_RSET;
	case FOUR_LETTERS('N', 'O', 'O', 'P'):
		return SMTP_NOOP;
	case FOUR_LETTERS('V', 'R', 'F', 'Y'):
		return SMTP_VRFY;
	case FOUR_LETTERS('E', 'X', 'P', 'N'):
		return SMTP_EXPN;
	case FOUR_LETTERS('H', 'E', 'L', 'P'):
		return SMTP_HELP;
	case FOUR_LETTERS('Q', 'U', 'I', 'T'):
		return SMTP_QUIT;
	case FOUR_LETTERS('A', 'U', 'T', 'H'):
		return SMTP_AUTH;
	case FOUR_LETTERS('B', 'D', 'A', 'T'):
		return SMTP_BDAT;
	case FOUR_LETTERS('E', 'T', 'R', 'N'):
		return SMTP_ETRN;
	default:
		return SMTP_UNKNOWN;
	}
}

/* Without a way out of the loop, so that the compiler looks at sixteen bytes at a time. */
static bool is_printable(struct bytes line)
{
	unsigned strange = 0;

	for (size_t i = 0; i < line.size; i++)
		strange |= (uint8_t)(line.data[i] - ' ') > '~' - ' ';
	return strange == 0;
}

static struct bytes first_word(struct bytes text)
{
	return bytes_first(text, bytes_find_char(text, ' '));
}

/* Letters, digits and hyphens, and no hyphen at its begin (section 4.1.2, esmtp-keyword). */
static bool is_keyword(struct bytes word)
{
	for (size_t i = 0; i < word.size; i++) {
		char c = char_to_lower(word.data[i]);

		if (!char_is_digit(c) && (c < 'a' || c > 'z') && (c != '-' || i == 0))
			return false;
	}
	return word.size > 0;
}

/* One to twenty digits (RFC 1870 section 4): the largest of them do not fit, and are too large for
 * everybody, which has another reply than what is no size. */
static enum smtp_fault read_size(struct bytes value, struct smtp_command *ret)
{
	int r = bytes_to_u64(value, UINT64_MAX, &ret->size);

	if (ret->has_size || value.size > 20 || !bytes_are_digits(value))
		return SMTP_FAULT_PARAMETER_VALUE;
	if (r == -ERANGE)
		ret->size = UINT64_MAX;
	ret->has_size = true;
	return SMTP_FAULT_NONE;
}

static enum smtp_fault read_body(struct bytes value, struct smtp_command *ret)
{
	if (ret->body != SMTP_BODY_NOT_SAID)
		return SMTP_FAULT_PARAMETER_VALUE;
	if (bytes_equal_any_case(value, BYTES_LITERAL("7BIT")))
		ret->body = SMTP_BODY_7BIT;
	else if (bytes_equal_any_case(value, BYTES_LITERAL("8BITMIME")))
		ret->body = SMTP_BODY_8BITMIME;
	else
		return SMTP_FAULT_PARAMETER_VALUE;
	return SMTP_FAULT_NONE;
}

static enum smtp_fault read_parameter(struct bytes parameter, struct smtp_command *ret)
{
	struct bytes keyword = bytes_first(parameter, bytes_find_char(parameter, '='));
	struct bytes value = bytes_skip(parameter, keyword.size + 1);

	if (!is_keyword(keyword))
		return SMTP_FAULT_SYNTAX;
	if (ret->verb == SMTP_MAIL && bytes_equal_any_case(keyword, BYTES_LITERAL("SIZE")))
		return read_size(value, ret);
	if (ret->verb == SMTP_MAIL && bytes_equal_any_case(keyword, BYTES_LITERAL("BODY")))
		return read_body(value, ret);
	return SMTP_FAULT_PARAMETER;
}

/* MAIL may have the empty path, RCPT a Postmaster of no domain; all else is local part and domain. */
static bool is_path_of(const struct smtp_path *path, enum smtp_verb verb)
{
	if (path->domain.size)
		return true;
	if (path->has_route)
		return false;
	return verb == SMTP_MAIL ? path->mailbox.size == 0 : smtp_is_postmaster(path->local_part);
}

static enum smtp_fault read_envelope(struct bytes keyword, struct smtp_command *ret)
{
	struct bytes rest = bytes_trim(bytes_skip(ret->argument, keyword.size));
	struct smtp_path path;

	if (!bytes_equal_any_case(bytes_first(ret->argument, keyword.size), keyword) ||
	    !smtp_path_take(&rest, &path) || !is_path_of(&path, ret->verb) || (rest.size && rest.data[0] != ' '))
		return SMTP_FAULT_SYNTAX;
	ret->mailbox = path.mailbox;
	ret->local_part = path.local_part;
	ret->domain = path.domain;
	for (rest = bytes_trim(rest); rest.size; rest = bytes_trim(rest)) {
		struct bytes parameter = first_word(rest);
		enum smtp_fault fault = read_parameter(parameter, ret);

		if (fault != SMTP_FAULT_NONE)
			return fault;
		rest = bytes_skip(rest, parameter.size);
	}
	return SMTP_FAULT_NONE;
}

static enum smtp_fault read_argument(struct smtp_command *ret)
{
	switch (ret->verb) {
	case SMTP_MAIL:
		return read_envelope(BYTES_LITERAL("FROM:"), ret);
	case SMTP_RCPT:
		return read_envelope(BYTES_LITERAL("TO:"), ret);
	case SMTP_HELO:
	case SMTP_EHLO:
		ret->argument = first_word(ret->argument);
		return ret->argument.size ? SMTP_FAULT_NONE : SMTP_FAULT_SYNTAX;
	case SMTP_VRFY:
	case SMTP_EXPN:
	case SMTP_AUTH:
		return ret->argument.size ? SMTP_FAULT_NONE : SMTP_FAULT_SYNTAX;
	case SMTP_DATA:
	case SMTP_RSET:
	case SMTP_QUIT:
	case SMTP_STARTTLS:
		return ret->argument.size ? SMTP_FAULT_SYNTAX : SMTP_FAULT_NONE;
	case SMTP_NOOP:
	case SMTP_HELP:
	case SMTP_BDAT:
	case SMTP_ETRN:
	case SMTP_UNKNOWN:
		break;
	}
	return SMTP_FAULT_NONE;
}

void smtp_command_read(struct bytes line, struct smtp_command *ret)
{
	struct bytes word;

	/* Of blanks the end may have some, tabs among them (section 4.1.1). */
	while (line.size && char_is_blank(line.data[line.size - 1]))
		line.size--;
	word = first_word(line);
	*ret = (struct smtp_command){ .verb = verb_of(word) };
	if (!is_printable(line)) {
		ret->fault = SMTP_FAULT_BYTES;
		return;
	}
	ret->argument = bytes_trim(bytes_skip(line, word.size));
	ret->fault = read_argument(ret);
	if (ret->fault != SMTP_FAULT_NONE)
		*ret = (struct smtp_command){ .verb = ret->verb, .fault = ret->fault, .argument = ret->argument };
}

bool smtp_is_postmaster(struct bytes local_part)
{
	return bytes_equal_any_case(local_part, BYTES_LITERAL("postmaster"));
}
