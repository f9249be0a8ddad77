/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/signature_file.h"

#include "judge/matcher.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define HEAD "service x\n tag xd\nsignature s\n"
#define WHOLE HEAD " pattern ^a={addr}\n outcome listed\n"

static const struct {
	const char *text;
	unsigned line, column;
	const char *mistake;
} mistakes[] = {
	{ "servic x\n", 1, 1, "'servic' is no keyword; did you mean 'service'?" },
	{ "frobnicate\n", 1, 1, "'frobnicate' is no keyword" },
	{ "service X\n", 1, 9,
	  "a name has a letter first, then letters, digits and '-', all small, 40 at most" },
	{ "service x y\n", 1, 11, "one name, and nothing after it" },
	{ "tag x\n", 1, 1, "'tag' belongs to a service, and none was named yet" },
	{ "service x\npattern y\n", 2, 1, "'pattern' belongs to a signature" },
	{ "service x\ntag a:b\n", 2, 5,
	  "a tag is the program's name alone, without ':' and '[', of 40 bytes at most" },
	{ "service x\ntag\n", 2, 4, "'tag' needs one or more names of programs" },
	{ "service x\nsplit 12\n", 2, 7, "a number of bytes from 64 to 65536" },
	{ HEAD " outcome listd\n", 4, 10, "'listd' is no outcome; did you mean 'listed'?" },
	{ HEAD " outcome listed\n", 3, 1, "'s' has no pattern" },
	{ HEAD " pattern x\n", 3, 1, "'s' has no outcome" },
	{ HEAD " pattern x\n outcome listed\n", 4, 10,
	  "the pattern has no group 'addr', so there is nobody to hold it against" },
	{ HEAD " pattern a(b\n", 4, 10, "missing closing parenthesis, near 'a(b'" },
	{ HEAD " pattern (?<addr>x)(?J)(?<addr>y)\n", 4, 10,
	  "non-unique substring name, near '(?<addr>x)(?J)(?<addr>y)'" },
	{ HEAD " pattern {adr}\n", 4, 11, "'adr' is not defined before this line" },
	{ HEAD " pattern x\n pattern y\n", 5, 2, "a second pattern; one signature has one" },
	{ HEAD " pattern {addr}\n reply 511\n outcome listed\n", 5, 8,
	  "the pattern has no group 'reply' to take it from" },
	{ HEAD " reply 511 6xx\n", 4, 12,
	  "a reply code from 200 to 599, a range of them (550-559), or a class (5xx, 55x)" },
	{ HEAD " reply 559-550\n", 4, 8,
	  "a reply code from 200 to 599, a range of them (550-559), or a class (5xx, 55x)" },
	{ HEAD " score 1001\n", 4, 8, "a number from 0 to 1000" },
	{ HEAD " client 192.0.2.7\n", 4, 2, "'client' belongs right after a 'yes'" },
	{ HEAD " yes a\n client 192.0.2\n", 5, 9, "not an address" },
	{ HEAD " literal\n", 4, 9, "'literal' needs a text" },
	{ HEAD " tag y\n", 4, 2, "'tag' stands before the signatures of a service" },
	{ WHOLE "signature s\n", 6, 11, "there is a 's' on line 3" },
	{ WHOLE " yes b=192.0.2.7\n", 6, 1, "'s' does not recognise this line" },
	{ WHOLE " no a=192.0.2.7\n", 6, 1, "'s' recognises this line, and should not" },
	{ WHOLE " yes a=192.0.2.7\n client 192.0.2.8\n", 6, 1,
	  "'s' takes 192.0.2.7 for the client" },
	{ WHOLE "signature t\n pattern ^a=1{addr}\n outcome other\n yes a=192.0.2.7\n", 9, 1,
	  "'s' recognises this line before 't' can" },
	{ "define addr x\n", 1, 8, "this name is defined already" },
	{ "define x\n", 1, 8, "'define' needs a name and a text" },
	{ "define a {b}\n", 1, 11, "'b' is not defined before this line" },
};

static int read_text(struct signature_set **ret, struct bytes text,
		     struct signature_mistake *mistake)
{
	assert_int_equal(signature_set_create(ret), 0);
	return signature_file_read(*ret, text, "test.sig", mistake);
}

static void mistakes_are_named(void **state)
{
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		struct signature_mistake mistake = { 0 };
		struct signature_set *set;

		print_message("%s", mistakes[i].text);
		assert_int_equal(read_text(&set, bytes_of(mistakes[i].text), &mistake), -EINVAL);
		assert_string_equal(mistake.text, mistakes[i].mistake);
		assert_int_equal(mistake.line, mistakes[i].line);
		assert_int_equal(mistake.column, mistakes[i].column);
		signature_set_destroy(set);
	}
}

static struct signature_set *good(const char *text)
{
	struct signature_mistake mistake = { 0 };
	struct signature_set *set;

	if (read_text(&set, bytes_of(text), &mistake) < 0)
		fail_msg("%u:%u: %s", mistake.line, mistake.column, mistake.text);
	assert_int_equal(signature_set_seal(set), 0);
	return set;
}

static void a_file_is_read(void **state)
{
	struct signature_set *set =
		good("# a comment\r\n\n"
		     "define from from=<[^>]*>\n"
		     "service x-smtp\n  server x\n\ttag xd xd-ssl xd\n  split 500\n"
		     "signature one\n"
		     "  literal zap\n"
		     "  pattern ^r={addr},p={port},{from}: {reply} \\x{41}\\{a}\n"
		     "  reply 511, 550-552 57x\n"
		     "  outcome listed\n"
		     "  score 7\n"
		     "  yes r=192.0.2.7,p=1,from=<zap>: 511 A{a}\n"
		     "  client 192.0.2.7\n"
		     "  no r=192.0.2.7,p=1,from=<zap>: 512 A{a}\n"
		     "signature two\n pattern ^full$\n outcome server-full\n");
	const struct signature *one = set->signatures[0];

	assert_int_equal(set->signature_count, 2);
	assert_string_equal(one->name, "one");
	assert_string_equal(one->service->server, "x");
	assert_int_equal(one->service->tag_count, 2);
	assert_int_equal(one->service->split_size, 500);
	assert_int_equal(one->score, 7);
	assert_int_equal(one->example_count, 2);
	for (unsigned code = 0; code < 700; code++)
		assert_int_equal(reply_codes_have(&one->replies, code),
				 code == 511 || (code >= 550 && code <= 552) ||
					 (code >= 570 && code <= 579));
	assert_int_equal(set->signatures[1]->score, 0);
	assert_non_null(signature_set_by_tag(set, BYTES_LITERAL("xd-ssl")));
	assert_null(signature_set_by_tag(set, BYTES_LITERAL("x")));
	assert_null(signature_set_by_tag(set, BYTES_LITERAL("")));
	assert_non_null(signature_set_by_name(set, BYTES_LITERAL("x")));
	assert_non_null(signature_set_by_name(set, BYTES_LITERAL("x-smtp")));
	assert_null(signature_set_by_name(set, BYTES_LITERAL("xd")));
	signature_set_destroy(set);
}

/* What is first compared with the message must never keep a pattern from matching. */
static void the_fixed_start_is_part_of_every_match(void **state)
{
	static const struct {
		const char *pattern, *start;
	} patterns[] = {
		{ "^error,relay=(?<addr>.)", "error,relay=" },
		{ "^\\[a\\]: b", "[a]: b" },
		{ "^ab?c", "a" },
		{ "^ab*", "a" },
		{ "^ab{0,1}", "a" },
		{ "^a+b", "" },
		{ "^ab|^cd", "" },
		{ "^a[(]b|c[)]", "" },
		{ "^a[]|]b", "a" },
		{ "^a[[:alpha:]|(]b|c", "" },
		{ "^a(b|c)d", "a" },
		{ "^ab\\dc", "ab" },
		{ "^ab\\", "" },
		{ "^a.b", "a" },
		{ "^ab$", "ab" },
		{ "abc", "" },
		{ "", "" },
	};

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		size_t index, offset;
		struct signature_set *set;
		int error;

		print_message("%s\n", patterns[i].pattern);
		assert_int_equal(signature_set_create(&set), 0);
		if (signature_set_pattern(set, bytes_of(patterns[i].pattern), &index, &error,
					  &offset) == 0) {
			struct bytes start = set->patterns[index].start;

			assert_int_equal(start.size, strlen(patterns[i].start));
			assert_memory_equal(start.data, patterns[i].start, start.size);
		} else {
			assert_string_equal(patterns[i].pattern, "^ab\\");
		}
		signature_set_destroy(set);
	}
}

static void a_signature_read_earlier_replaces_one_of_its_name(void **state)
{
	static const char own[] = "service x\nsignature s\n pattern ^a={addr}!\n outcome other\n";
	struct signature_mistake mistake = { 0 };
	struct signature_set *set;
	struct matcher *matcher;
	struct match match;

	assert_int_equal(read_text(&set, bytes_of(own), &mistake), 0);
	assert_int_equal(
		signature_file_read(set, bytes_of(WHOLE " yes a=192.0.2.7\n"), "shipped", &mistake),
		0);
	assert_int_equal(signature_set_seal(set), 0);
	assert_int_equal(matcher_create(set, &matcher), 0);
	assert_true(set->signatures[1]->replaced);
	assert_true(matcher_match(matcher, signature_set_by_tag(set, BYTES_LITERAL("xd")),
				  BYTES_LITERAL("a=192.0.2.7!"), false, &match));
	assert_int_equal(match.outcome, OUTCOME_OTHER);
	assert_false(matcher_match(matcher, signature_set_by_tag(set, BYTES_LITERAL("xd")),
				   BYTES_LITERAL("a=192.0.2.7"), false, &match));
	matcher_destroy(matcher);
	signature_set_destroy(set);
}

static void bounds_are_kept(void **state)
{
	static char text[SIGNATURE_FILE_SIZE_MAX + 1];
	struct signature_mistake mistake = { 0 };
	struct signature_set *set;
	size_t used = 0;

	memset(text, '#', sizeof(text));
	assert_int_equal(read_text(&set, bytes_make(text, sizeof(text)), &mistake), -EFBIG);
	signature_set_destroy(set);
	assert_int_equal(read_text(&set, bytes_make(text, SIGNATURE_FILE_SIZE_MAX), &mistake),
			 -EINVAL);
	assert_string_equal(mistake.text, "longer than 4096 bytes");
	signature_set_destroy(set);
	assert_int_equal(read_text(&set, bytes_make("#\0", 2), &mistake), -EINVAL);
	assert_string_equal(mistake.text, "holds a NUL: this is no text");
	signature_set_destroy(set);
	used = (size_t)sprintf(text, "service x\n");
	for (int i = 0; i < SIGNATURES_MAX + 1; i++)
		used += (size_t)sprintf(text + used, "signature s%d\npattern %d\noutcome other\n",
					i, i);
	assert_int_equal(read_text(&set, bytes_make(text, used), &mistake), -EINVAL);
	assert_string_equal(mistake.text, "more than 1024 signatures");
	signature_set_destroy(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(a_file_is_read),
		cmocka_unit_test(the_fixed_start_is_part_of_every_match),
		cmocka_unit_test(a_signature_read_earlier_replaces_one_of_its_name),
		cmocka_unit_test(bounds_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
