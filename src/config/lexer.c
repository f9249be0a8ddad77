/* SPDX-License-Identifier: Apache-2.0 */
#include "config/lexer.h"

#define UTF8_BYTE_ORDER_MARK BYTES_LITERAL("\xef\xbb\xbf")

void lexer_init(struct lexer *lexer, struct bytes text, struct mistakes *mistakes)
{
	*lexer = (struct lexer){ .text = text, .place = { 1, 1 }, .mistakes = mistakes };
	if (bytes_starts_with(text, UTF8_BYTE_ORDER_MARK))
		lexer->offset = UTF8_BYTE_ORDER_MARK.size;
}

static bool at_end(const struct lexer *lexer)
{
	return lexer->offset == lexer->text.size;
}

static char current(const struct lexer *lexer)
{
	return lexer->text.data[lexer->offset];
}

static void advance(struct lexer *lexer)
{
	if (current(lexer) == '\n') {
		lexer->place.line++;
		lexer->place.column = 1;
	} else {
		lexer->place.column++;
	}
	lexer->offset++;
}

static bool is_space(char c)
{
	return char_is_blank(c) || c == '\r' || c == '\n';
}

/* Beside the ones that are blanks. */
static bool is_control(char c)
{
	return ((unsigned char)c < ' ' && !is_space(c)) || c == 0x7f;
}

static bool ends_word(char c)
{
	return is_space(c) || is_control(c) || strchr("{}=,\"", c);
}

static void skip_comment(struct lexer *lexer)
{
	while (!at_end(lexer) && current(lexer) != '\n')
		advance(lexer);
}

static void skip_control(struct lexer *lexer)
{
	if (current(lexer) == '\0') {
		mistakes_add(lexer->mistakes, lexer->place, "this is no text: it holds a NUL byte");
		lexer->offset = lexer->text.size;
		return;
	}
	mistakes_add(lexer->mistakes, lexer->place, "a control byte, \\x%02x",
		     (unsigned)(unsigned char)current(lexer));
	advance(lexer);
}

static void skip_to_token(struct lexer *lexer)
{
	while (!at_end(lexer)) {
		if (is_space(current(lexer)))
			advance(lexer);
		else if (current(lexer) == '#')
			skip_comment(lexer);
		else if (is_control(current(lexer)))
			skip_control(lexer);
		else
			return;
	}
}

static bool in_quotes(const struct lexer *lexer)
{
	return !at_end(lexer) && current(lexer) != '"' && current(lexer) != '\r' &&
	       current(lexer) != '\n' && !is_control(current(lexer));
}

static bool is_escapable(char c)
{
	return c == '"' || c == '\\';
}

static struct token take_quoted(struct lexer *lexer)
{
	struct token token = { .kind = TOKEN_QUOTED, .place = lexer->place };
	size_t begin;

	advance(lexer);
	begin = lexer->offset;
	while (in_quotes(lexer)) {
		bool escapes = current(lexer) == '\\';

		advance(lexer);
		if (escapes && !at_end(lexer) && is_escapable(current(lexer)))
			advance(lexer);
	}
	token.text = bytes_make(lexer->text.data + begin, lexer->offset - begin);
	if (!at_end(lexer) && current(lexer) == '"')
		advance(lexer);
	else
		mistakes_add(lexer->mistakes, token.place,
			     "the quote that begins here does not end on this line");
	return token;
}

static struct token take_word(struct lexer *lexer)
{
	struct token token = { .kind = TOKEN_WORD, .place = lexer->place };
	size_t begin = lexer->offset;

	while (!at_end(lexer) && !ends_word(current(lexer)))
		advance(lexer);
	token.text = bytes_make(lexer->text.data + begin, lexer->offset - begin);
	return token;
}

static struct token take_sign(struct lexer *lexer, enum token_kind kind)
{
	struct token token = { kind, bytes_make(lexer->text.data + lexer->offset, 1), lexer->place };

	advance(lexer);
	return token;
}

struct token lexer_next(struct lexer *lexer)
{
	skip_to_token(lexer);
	if (at_end(lexer))
		return (struct token){ .kind = TOKEN_END, .text = BYTES_LITERAL(""), .place = lexer->place };
	switch (current(lexer)) {
	case '{':
		return take_sign(lexer, TOKEN_OPEN);
	case '}':
		return take_sign(lexer, TOKEN_CLOSE);
	case '=':
		return take_sign(lexer, TOKEN_EQUALS);
	case ',':
		return take_sign(lexer, TOKEN_COMMA);
	case '"':
		return take_quoted(lexer);
	default:
		return take_word(lexer);
	}
}

size_t lexer_unquote(struct bytes quoted, char *out)
{
	size_t used = 0;

	for (size_t i = 0; i < quoted.size; i++) {
		bool escapes = quoted.data[i] == '\\' && i + 1 < quoted.size &&
			       is_escapable(quoted.data[i + 1]);

		out[used++] = quoted.data[i + escapes];
		i += escapes;
	}
	return used;
}
