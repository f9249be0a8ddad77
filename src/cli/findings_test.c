/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/findings.h"

#include "cli/commands.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static char *printed(const struct findings *findings)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	findings_print(findings, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void assert_prints(const struct findings *findings, const char *expected)
{
	char *text = printed(findings);

	assert_string_equal(text, expected);
	free(text);
}

static void a_page_has_a_subject_a_line(void **state)
{
	struct findings *findings = findings_create();

	findings_add(findings, FINDING_WORKS, "mail server", "courier, port %d", 25);
	findings_append(findings, ", %u connections", 300U);
	findings_advise(findings, "TARPIT=%d is slow", 1);
	findings_advise(findings, "and more");
	findings_add(findings, FINDING_WORKS, "log", "/a");
	findings_add(findings, FINDING_WORKS, "log", "/b");
	assert_prints(findings, "mail server   courier, port 25, 300 connections\n"
				"              -> TARPIT=1 is slow\n"
				"              -> and more\n"
				"log           /a\n"
				"              /b\n"
				"in all        everything works; the server can be guarded\n");
	findings_destroy(findings);
}

static void what_fails_is_named_once(void **state)
{
	struct findings *findings = findings_create();

	findings_add(findings, FINDING_NO, "log", "/a is missing");
	findings_add(findings, FINDING_NO, "log", "/b is missing");
	findings_add(findings, FINDING_WORKS, "ban", "yes");
	findings_add(findings, FINDING_LACKS, "evict", "no");
	assert_prints(findings, "log           /a is missing\n"
				"              /b is missing\n"
				"ban           yes\n"
				"evict         no\n"
				"in all        does not work: log, evict; as it is, nothing would "
				"be guarded\n");
	findings_destroy(findings);
}

static void who_warns_works(void **state)
{
	struct findings *findings = findings_create();

	findings_add(findings, FINDING_WORKS, "ban", "yes");
	findings_add(findings, FINDING_WARNS, "suspect", "list: 7 taken, 1 refused");
	findings_advise_escaped(findings, "%s:%u: '%s' is no network\n", "list", 3U, "10.0.0.0/8\\x00");
	assert_prints(findings, "ban           yes\n"
				"suspect       list: 7 taken, 1 refused\n"
				"              -> list:3: '10.0.0.0/8\\x00' is no network?\n"
				"in all        everything works, but look at: suspect; the server can be guarded\n");
	findings_add(findings, FINDING_LACKS, "evict", "no");
	assert_prints(findings, "ban           yes\n"
				"suspect       list: 7 taken, 1 refused\n"
				"              -> list:3: '10.0.0.0/8\\x00' is no network?\n"
				"evict         no\n"
				"in all        does not work: evict; to be looked at: suspect; the server can be guarded\n");
	findings_destroy(findings);
}

static void the_worst_decides_the_status(void **state)
{
	static const struct {
		enum finding first, second;
		int status;
	} rows[] = {
		{ FINDING_WORKS, FINDING_WORKS, STATUS_OK },
		{ FINDING_WORKS, FINDING_WARNS, STATUS_OK },
		{ FINDING_WORKS, FINDING_LACKS, STATUS_OK },
		{ FINDING_NO, FINDING_WARNS, STATUS_NO },
		{ FINDING_NO, FINDING_LACKS, STATUS_NO },
		{ FINDING_NO, FINDING_UNABLE, STATUS_UNABLE },
		{ FINDING_WRONG, FINDING_UNABLE, STATUS_WRONG },
		{ FINDING_NO, FINDING_WRONG, STATUS_WRONG },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct findings *findings = findings_create();

		findings_add(findings, rows[i].first, "first", "-");
		findings_add(findings, rows[i].second, "second", "-");
		assert_int_equal(findings_status(findings), rows[i].status);
		findings_destroy(findings);
	}
}

static void foreign_bytes_are_escaped_and_long_texts_cut(void **state)
{
	struct findings *findings = findings_create();
	char longer[3 * FINDING_TEXT_SIZE], *text;

	memset(longer, '\xff', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	findings_add(findings, FINDING_WORKS, "log", "/var/\x1b[31m\n");
	findings_advise(findings, "%s", longer);
	findings_append(findings, "%s", longer);
	text = printed(findings);
	assert_memory_equal(text, "log           /var/\\x1b[31m\\x0a\\xff", 33);
	for (const char *c = text; *c; c++)
		assert_true(*c == '\n' || (*c >= ' ' && *c < 0x7f));
	free(text);
	findings_destroy(findings);
}

static void json_has_the_same(void **state)
{
	struct findings *findings = findings_create();
	json_t *expected, *json;

	findings_add(findings, FINDING_UNABLE, "ban", "nf_tables: no");
	findings_advise(findings, "load it");
	json = findings_to_json(findings);
	expected = json_pack("{s:i, s:[{s:s, s:b, s:s, s:[s]}]}", "status", STATUS_UNABLE,
			     "findings", "subject", "ban", "works", 0, "text", "nf_tables: no",
			     "advice", "load it");
	assert_true(json_equal(json, expected));
	json_decref(json);
	json_decref(expected);
	findings_destroy(findings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_has_a_subject_a_line),
		cmocka_unit_test(what_fails_is_named_once),
		cmocka_unit_test(who_warns_works),
		cmocka_unit_test(the_worst_decides_the_status),
		cmocka_unit_test(foreign_bytes_are_escaped_and_long_texts_cut),
		cmocka_unit_test(json_has_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
