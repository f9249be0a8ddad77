/* SPDX-License-Identifier: Apache-2.0 */
#include "config/config_tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define TEXT(s) BYTES_LITERAL(s)

struct description {
	char text[4096];
	size_t used;
};

static void describe_bytes(struct description *d, const char *before, struct bytes b, const char *after)
{
	d->used += (size_t)snprintf(d->text + d->used, sizeof(d->text) - d->used, "%s%.*s%s", before,
				    BYTES_FMT(b), after);
}

/* "ban{for=[10m]}": the entries from `begin` up to `end`. */
static void describe(struct description *d, const struct config_tree *tree, size_t begin, size_t end)
{
	for (size_t i = begin; i < end; i = tree->entries[i].end) {
		const struct config_entry *entry = &tree->entries[i];

		describe_bytes(d, "", entry->name.text, entry->is_section ? "" : "=");
		if (entry->argument.text.data)
			describe_bytes(d, "(", entry->argument.text, ")");
		for (uint32_t w = 0; w < entry->word_count; w++)
			describe_bytes(d, "[", tree->words[entry->first_word + w].text, "]");
		if (!entry->is_section)
			continue;
		describe_bytes(d, "{", TEXT(""), "");
		describe(d, tree, i + 1, entry->end);
		describe_bytes(d, "}", TEXT(""), "");
	}
}

static void check(struct bytes text, const char *tree_text, const char *mistake)
{
	struct description d = { .used = 0 };
	struct mistakes mistakes = { .file = "test" };
	char line[MISTAKE_LINE_SIZE];
	struct config_tree tree;

	assert_int_equal(config_tree_parse(text, &tree, &mistakes), 0);
	describe(&d, &tree, 0, tree.count);
	assert_string_equal(d.text, tree_text);
	assert_int_equal(mistakes.count, mistake ? 1 : 0);
	if (mistake)
		assert_string_equal(mistakes_format(&mistakes, 0, line), mistake);
	config_tree_free(&tree);
}

static void test_form(void **state)
{
	check(TEXT(""), "", NULL);
	check(TEXT("a = 1"), "a=[1]", NULL);
	check(TEXT("a=1 b=2\nc = 3 # d = 4"), "a=[1]b=[2]c=[3]", NULL);
	check(TEXT("ban { for = 10m  never = 192.0.2.0/24, 2001:db8::/48 }"),
	      "ban{for=[10m]never=[192.0.2.0/24][2001:db8::/48]}", NULL);
	check(TEXT("a = 1,\n  2,\n  3\nb = 4"), "a=[1][2][3]b=[4]", NULL);
	check(TEXT("gate {\n"
		   "  greet_wait = 6s\n"
		   "  zone bl.example { weight = 3   replies = 127.0.0.2-11 }\n"
		   "  zone \"w x\" { weight = -2 }\n"
		   "}\n"
		   "z = 1"),
	      "gate{greet_wait=[6s]zone(bl.example){weight=[3]replies=[127.0.0.2-11]}"
	      "zone(w x){weight=[-2]}}z=[1]",
	      NULL);
	check(TEXT("a\n{\n}"), "a{}", NULL);
	check(TEXT("a = \"say \\\"so\\\"\" b = \"\\\\\""), "a=[say \"so\"]b=[\\]", NULL);
	check(TEXT("a = \"\""), "a=[]", NULL);
}

static void test_one_mistake(void **state)
{
	check(TEXT("ban { for = }"), "ban{for=}", "test:1:11: 'for' has no value after its '='");
	check(TEXT("a =\nb = 1"), "a=b=[1]", "test:1:3: 'a' has no value after its '='");
	check(TEXT("a = 1,\nban { }"), "a=[1][ban]{}",
	      "test:2:5: '{' begins neither a setting, name = value, nor a section, name { ... }");
	check(TEXT("s { a = 1, }"), "s{a=[1]}", "test:1:10: 'a' has no value after its ','");
	check(TEXT("a = John Smith\nb = 1"), "a=[John]b=[1]",
	      "test:1:10: 'Smith' comes after the value; a text with blanks needs quotes, a list commas");
	check(TEXT("lost\nb = 1"), "b=[1]",
	      "test:1:1: 'lost' begins neither a setting, name = value, nor a section, name { ... }");
	check(TEXT("a b c { d = 1 }\ne = 2"), "a(b){d=[1]}e=[2]",
	      "test:1:1: 'a' begins neither a setting, name = value, nor a section, name { ... }");
	check(TEXT("a = 1 }\nb = 2"), "a=[1]b=[2]", "test:1:7: this '}' closes nothing");
	check(TEXT("ban {\n  for = 10m\n"), "ban{for=[10m]}", "test:1:1: the section 'ban' is not closed");
	check(TEXT("\x1b[31m { a = 1 }"), "[31m{a=[1]}", "test:1:1: a control byte, \\x1b");
	check(TEXT("a{a{a{a{a{a{a{a{a{a{a{a{"), "a{a{a{a{a{a{a{a{}}}}}}}}",
	      "test:1:17: sections more than 8 deep");
}

static void test_all_mistakes_in_order(void **state)
{
	struct mistakes mistakes = { .file = "test" };
	struct config_tree tree;

	assert_int_equal(config_tree_parse(TEXT("= 1\na {\nb\nc =\n"), &tree, &mistakes), 0);
	assert_int_equal(mistakes.count, 4);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(mistakes.list[i].place.line, i + 1);
	config_tree_free(&tree);
}

static void test_bounds(void **state)
{
	enum { COPIES = CONFIG_TREE_MOST_WORDS + 10 };
	struct mistakes mistakes = { .file = "test" };
	size_t size = (size_t)COPIES * 4;
	char *text = malloc(size);
	struct config_tree tree;

	for (size_t i = 0; i < size; i += 4)
		memcpy(text + i, "a=1\n", 4);
	assert_int_equal(config_tree_parse(bytes_make(text, size), &tree, &mistakes), 0);
	assert_int_equal(tree.count, CONFIG_TREE_MOST_WORDS);
	assert_int_equal(mistakes.count, 1);
	config_tree_free(&tree);

	mistakes = (struct mistakes){ .file = "test" };
	for (size_t i = 0; i < size; i += 4)
		memcpy(text + i, "= =\n", 4);
	assert_int_equal(config_tree_parse(bytes_make(text, size), &tree, &mistakes), 0);
	assert_int_equal(mistakes.count, MISTAKES_MAX);
	assert_int_equal(mistakes.untold, COPIES - MISTAKES_MAX);
	config_tree_free(&tree);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_one_mistake),
		cmocka_unit_test(test_all_mistakes_in_order),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
