/* SPDX-License-Identifier: Apache-2.0 */
/* lexer - the text of a configuration cut into tokens.
 *
 *	{ } = ,          each a token by itself
 *	word             printable bytes up to a blank, one of these, or a quote
 *	"quoted text"    on one line; \" and \\ stand for " and \
 *	# comment        up to the end of the line, where a token could begin
 *
 * Bytes from 0x80 on are part of words, so that a path may be in UTF-8. Control bytes
 * are mistakes; a NUL ends the text at once, because it says that this is no text at all
 * and each further byte would be one more mistake. Pure; views are of the caller's text.
 */
#ifndef WAVEBREAK_CONFIG_LEXER_H
#define WAVEBREAK_CONFIG_LEXER_H

#include "config/mistakes.h"

enum token_kind {
	TOKEN_END, /* given again and again once it is reached */
	TOKEN_WORD,
	TOKEN_QUOTED,
	TOKEN_EQUALS,
	TOKEN_COMMA,
	TOKEN_OPEN,
	TOKEN_CLOSE,
};

struct token {
	enum token_kind kind;
	struct bytes text; /* as written; of a quoted text what is between the quotes */
	struct place place;
};

struct lexer {
	struct bytes text;
	size_t offset;
	struct place place;
	struct mistakes *mistakes;
};

void lexer_init(struct lexer *lexer, struct bytes text, struct mistakes *mistakes);

/* What is a mistake is added to the list and passed over. */
struct token lexer_next(struct lexer *lexer);

/* What a quoted text stands for, without its backslashes. `out` needs quoted.size bytes;
 * returns how many were written. */
size_t lexer_unquote(struct bytes quoted, char *out);

#endif
