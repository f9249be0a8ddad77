/* SPDX-License-Identifier: Apache-2.0 */
/* What a program finds in its environment, and what a file of the mail server's adds to it. */
#include "daemon/porter_test_program.h"

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Lines in order, each ended by '|'; what changes from run to run is the ports. */
static char *sort_environment(char *text, char *sorted, size_t size)
{
	char *lines[64], *line, *rest = text;
	size_t count = 0, used = 0;

	while ((line = strsep(&rest, "\n")) && count < COUNT(lines)) {
		if (strncmp(line, "TCPREMOTEPORT=", 14) == 0 || strncmp(line, "TCPLOCALPORT=", 13) == 0)
			assert_true(atoi(strchr(line, '=') + 1) > 1023);
		if (*line && !strstr(line, "PORT="))
			lines[count++] = line;
	}
	qsort(lines, count, sizeof(lines[0]), compare_lines);
	sorted[0] = '\0';
	for (size_t i = 0; i < count; i++)
		used += (size_t)snprintf(sorted + used, size - used, "%s|", lines[i]);
	return sorted;
}

static void the_environment_is_what_is_named(void **state)
{
	static const char *const words[] = { "/usr/bin/env", NULL };
	static const struct {
		const char *client;
		bool mapped;
		int16_t zone;
		const char *environment;
		bool escorted;
	} rows[] = {
		{ "127.0.0.1", false, -1, "A=1|B=x y|TCPLOCALIP=127.0.0.1|TCPREMOTEIP=127.0.0.1|" },
		{ "127.0.0.1", true, -1, "A=1|B=x y|TCPLOCALIP=::ffff:127.0.0.1|TCPREMOTEIP=::ffff:127.0.0.1|" },
		{ "::1", true, -1, "A=1|B=x y|TCPLOCALIP=::1|TCPREMOTEIP=::1|" },
		{ "::1", false, -1, "A=1|B=x y|TCPLOCALIP=::1|TCPREMOTEIP=::1|" },
		/* In gate.relay. */
		{ "127.0.1.9", false, -1, "A=1|B=x y|RELAYCLIENT=|TCPLOCALIP=127.0.0.1|TCPREMOTEIP=127.0.1.9|" },
		{ "127.0.2.0", false, -1, "A=1|B=x y|TCPLOCALIP=127.0.0.1|TCPREMOTEIP=127.0.2.0|" },
		{ "127.0.0.1", false, 0,
		  "A=1|B=x y|BLOCK=Listed by a.test: 127.0.0.1|TCPLOCALIP=127.0.0.1|TCPREMOTEIP=127.0.0.1|" },
		{ "::1", true, 1, "A=1|B=x y|BLOCK=100% ::1%b::1|TCPLOCALIP=::1|TCPREMOTEIP=::1|" },
		{ "127.0.0.1", false, -1, "A=1|B=x y|TCPLOCALIP=127.0.0.1|TCPREMOTEIP=127.0.0.1|", true },
		/* In gate.relay, which is not for a client that was rejected. */
		{ "127.0.1.9", false, -1, "A=1|B=x y|TCPLOCALIP=127.0.0.1|TCPREMOTEIP=127.0.1.9|", true },
	};
	char text[4096], sorted[1024];
	struct prefix relay;

	assert_int_equal(prefix_parse(BYTES_LITERAL("127.0.1.0/24"), &relay), 0);
	setenv("LEAK", "1", 1);
	for (size_t i = 0; i < COUNT(rows); i++) {
		program(words);
		scene.rules.mapped = rows[i].mapped;
		assert_int_equal(prefix_set_add(&scene.rules.relay, &relay, "gate.relay"), 0);
		porter_texts_add(&scene.rules.environment, BYTES_LITERAL("A=1"));
		porter_texts_add(&scene.rules.environment, BYTES_LITERAL("B=x y"));
		porter_texts_add(&scene.rules.blocks, BYTES_LITERAL("Listed by a.test: %a"));
		porter_texts_add(&scene.rules.blocks, BYTES_LITERAL("100% %a%b%a"));
		start_porter(&scene);
		output(rows[i].client, rows[i].zone, rows[i].escorted, text, sizeof(text));
		assert_string_equal(sort_environment(text, sorted, sizeof(sorted)), rows[i].environment);
		end_porter(&scene);
	}
	unsetenv("LEAK");
}

static void a_long_text_for_a_listed_client_is_cut(void **state)
{
	static const char *const words[] = { "/usr/bin/env", NULL };
	char text[4096], longest[1000];
	const char *block;

	program(words);
	for (size_t i = 0; i < sizeof(longest); i += 2)
		memcpy(longest + i, "%a", 2);
	porter_texts_add(&scene.rules.blocks, bytes_make(longest, sizeof(longest)));
	start_porter(&scene);
	output("127.0.0.1", 0, false, text, sizeof(text));
	block = strstr(text, "BLOCK=127.0.0.1127.0.0.1");
	assert_non_null(block);
	assert_int_equal(strcspn(block, "\n"), PORTER_BLOCK_SIZE - 1);
}

static void environment_files(void **state)
{
	static const struct {
		const char *text, *environment, *left_out;
		uint64_t data_limit;
	} rows[] = {
		{ "", "", "", 0 },
		{ "A=1\nB=\"x y\"\n# C=2\nD=\n", "A=1|B=x y|D=|", "", 0 },
		{ "A=1\nB=2\nA=3\n", "B=2|A=3|", "", 0 },
		{ "A=1\nB=2\nA=$B\n", "B=2|", "A", 0 },
		{ "A=$B\nC=`d`\nA=1\n", "A=1|", "A, C", 0 },
		{ "AB=1\nA=2\n", "AB=1|A=2|", "", 0 },
		{ "RELAYCLIENT=\nBLOCK=\nTCPREMOTEIP=127.0.0.1\nA=1\nFAXRELAYCLIENT=\"\"\n", "A=1|",
		  "RELAYCLIENT, BLOCK, TCPREMOTEIP, FAXRELAYCLIENT", 0 },
		{ "ULIMIT=32768\n", "ULIMIT=32768|", "", 33554432 },
		{ "ULIMIT=1\nULIMIT=$X\n", "", "ULIMIT", 0 },
		{ "ULIMIT=unlimited\n", "ULIMIT=unlimited|", "", 0 },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct porter_rules rules = { 0 };
		char left_out[200], all[200] = "";
		size_t used = 0;

		assert_int_equal(porter_environment_add(&rules, bytes_of(rows[i].text), left_out, sizeof(left_out)), 0);
		for (size_t j = 0; j < rules.environment.count; j++)
			used += (size_t)snprintf(all + used, sizeof(all) - used, "%s|", rules.environment.texts[j]);
		assert_string_equal(all, rows[i].environment);
		assert_string_equal(left_out, rows[i].left_out);
		assert_int_equal(rules.data_limit, rows[i].data_limit);
		if (rules.environment.count)
			assert_null(rules.environment.texts[rules.environment.count]);
		porter_rules_free(&rules);
	}
}

static void a_long_environment_file(void **state)
{
	struct porter_rules rules = { 0 };
	char text[8192], left_out[24];
	size_t used = 0;

	for (int i = 0; i < PORTER_ENVIRONMENT_MOST; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "N%d=%d\nX%d=$N\n", i, i, i);
	assert_int_equal(porter_environment_add(&rules, bytes_of(text), left_out, sizeof(left_out)), 0);
	assert_int_equal(rules.environment.count, PORTER_ENVIRONMENT_MOST);
	assert_string_equal(left_out, "X0, X1, X2, X3, X4, X5,");
	assert_int_equal(porter_environment_add(&rules, BYTES_LITERAL("N0=again\n"), left_out, sizeof(left_out)), 0);
	assert_int_equal(porter_environment_add(&rules, BYTES_LITERAL("ONE=more\n"), left_out, sizeof(left_out)),
			 -E2BIG);
	porter_rules_free(&rules);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		PROGRAM_TEST(the_environment_is_what_is_named),
		PROGRAM_TEST(a_long_text_for_a_listed_client_is_cut),
		cmocka_unit_test(environment_files),
		cmocka_unit_test(a_long_environment_file),
	};

	return counter_share() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
