/* SPDX-License-Identifier: Apache-2.0 */
#include "config/lexer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define TEXT(s) BYTES_LITERAL(s)

/* "word(1:1:a)=(1:3:=)": what the tokens are, for comparison with one string. */
static void describe(struct bytes text, char *out, size_t out_size, struct mistakes *mistakes)
{
	static const char *const kinds[] = {
		[TOKEN_END] = "end",
		[TOKEN_WORD] = "word",
		[TOKEN_QUOTED] = "quoted",
		[TOKEN_EQUALS] = "=",
		[TOKEN_COMMA] = ",",
		[TOKEN_OPEN] = "{",
		[TOKEN_CLOSE] = "}",
	};
	struct lexer lexer;
	struct token token;
	size_t used = 0;

	*mistakes = (struct mistakes){ .file = "test" };
	lexer_init(&lexer, text, mistakes);
	out[0] = '\0';
	do {
		token = lexer_next(&lexer);
		used += (size_t)snprintf(out + used, out_size - used, "%s(%u:%u:%.*s)",
					 kinds[token.kind], token.place.line, token.place.column,
					 BYTES_FMT(token.text));
	} while (token.kind != TOKEN_END && used < out_size);
}

static void test_tokens(void **state)
{
	static const struct {
		struct bytes text;
		const char *tokens;
	} cases[] = {
		{ TEXT(""), "end(1:1:)" },
		{ TEXT("# all of it"), "end(1:12:)" },
		{ TEXT("a=b"), "word(1:1:a)=(1:2:=)word(1:3:b)end(1:4:)" },
		{ TEXT("a\r\n\tb"), "word(1:1:a)word(2:2:b)end(2:3:)" },
		{ TEXT("10m # why\n2"), "word(1:1:10m)word(2:1:2)end(2:2:)" },
		{ TEXT("a#b"), "word(1:1:a#b)end(1:4:)" },
		{ TEXT("a,b{}"), "word(1:1:a),(1:2:,)word(1:3:b){(1:4:{)}(1:5:})end(1:6:)" },
		{ TEXT("\"x y\" z"), "quoted(1:1:x y)word(1:7:z)end(1:8:)" },
		{ TEXT("\"\""), "quoted(1:1:)end(1:3:)" },
		{ TEXT("\"a\\\"b\""), "quoted(1:1:a\\\"b)end(1:7:)" },
		{ TEXT("\"a # {\""), "quoted(1:1:a # {)end(1:8:)" },
		{ TEXT("\"a\tb\""), "quoted(1:1:a\tb)end(1:6:)" },
		{ TEXT("\"\\\\\" a"), "quoted(1:1:\\\\)word(1:6:a)end(1:7:)" },
		{ TEXT("\xef\xbb\xbf" "a"), "word(1:1:a)end(1:2:)" },
		{ TEXT("/m\xc3\xa4il"), "word(1:1:/m\xc3\xa4il)end(1:7:)" },
	};
	struct mistakes mistakes;
	char tokens[512];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		describe(cases[i].text, tokens, sizeof(tokens), &mistakes);
		assert_string_equal(tokens, cases[i].tokens);
		assert_int_equal(mistakes.count, 0);
	}
}

static void test_mistakes(void **state)
{
	static const struct {
		struct bytes text;
		const char *mistake;
		const char *tokens;
	} cases[] = {
		{ TEXT("a \"b\nc"), "test:1:3: the quote that begins here does not end on this line",
		  "word(1:1:a)quoted(1:3:b)word(2:1:c)end(2:2:)" },
		{ TEXT("\"b\\"), "test:1:1: the quote that begins here does not end on this line",
		  "quoted(1:1:b\\)end(1:4:)" },
		{ TEXT("\"b\\\""), "test:1:1: the quote that begins here does not end on this line",
		  "quoted(1:1:b\\\")end(1:5:)" },
		{ TEXT("a\x01" "b"), "test:1:2: a control byte, \\x01",
		  "word(1:1:a)word(1:3:b)end(1:4:)" },
		{ TEXT("a\0b\0c"), "test:1:2: this is no text: it holds a NUL byte",
		  "word(1:1:a)end(1:2:)" },
	};
	struct mistakes mistakes;
	char tokens[512], line[MISTAKE_LINE_SIZE];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		describe(cases[i].text, tokens, sizeof(tokens), &mistakes);
		assert_string_equal(tokens, cases[i].tokens);
		assert_int_equal(mistakes.count, 1);
		assert_string_equal(mistakes_format(&mistakes, 0, line), cases[i].mistake);
	}
}

static void test_unquote(void **state)
{
	static const struct {
		struct bytes quoted;
		const char *text;
	} cases[] = {
		{ TEXT("plain"), "plain" },   { TEXT("a\\\"b"), "a\"b" }, { TEXT("a\\\\b"), "a\\b" },
		{ TEXT("a\\nb"), "a\\nb" },   { TEXT("a\\"), "a\\" },     { TEXT(""), "" },
	};
	char text[16];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t size = lexer_unquote(cases[i].quoted, text);

		assert_true(bytes_equal(bytes_make(text, size), bytes_of(cases[i].text)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_unquote),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
