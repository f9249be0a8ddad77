/* SPDX-License-Identifier: Apache-2.0 */
#include "config/log_pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void wildcards_stand_in_the_name_alone(void **state)
{
	assert_true(log_pattern_is_one("/var/log/mail/*.log"));
	assert_true(log_pattern_is_one("/var/log/mail.?og"));
	assert_true(log_pattern_is_one("/var/log/[m]ail.log"));
	assert_false(log_pattern_is_one("/var/log/mail.log"));
	assert_false(log_pattern_is_one("/var/lo*/mail.log"));
	assert_true(log_pattern_is_good(bytes_of("/var/log/mail/*.log")));
	assert_true(log_pattern_is_good(bytes_of("/var/log/mail.log")));
	assert_false(log_pattern_is_good(bytes_of("/var/*/mail.log")));
	assert_false(log_pattern_is_good(bytes_of("/var/*/*.log")));
}

static const struct {
	const char *pattern, *name;
	bool takes, takes_rotated;
} rows[] = {
	{ "/l/*.log", "mail.log", true, false },
	{ "/l/*.log", "mail-in.log", true, false },
	{ "/l/*.log", "mail.log.1", false, true },
	{ "/l/*.log", "mail.log.1.gz", false, true },
	{ "/l/*.log", "mail.log-20260727", false, true },
	{ "/l/*.log", "mail-20260727.log", false, true },
	{ "/l/*.log", "mail-2026072713.log.zst", false, true },
	{ "/l/*.log", ".mail.log", false, false },
	{ "/l/*.log", "mail.txt", false, false },
	{ "/l/*.log", "mail.txt.1", false, false },
	{ "/l/mail*", "mail.log", true, false },
	{ "/l/mail*", "mail.err", true, false },
	{ "/l/mail*", "mail.log.1", false, true },
	{ "/l/mail*", "mail.log.2.gz", false, true },
	{ "/l/mail*", "mail-4711-host", true, false },
	{ "/l/*.log", "mail-2.log", true, false },
	{ "/l/*.log", "mail-2.log.1", false, true },
	{ "/l/mail-*", "mail-20260727", true, false }, /* named by its day from the begin */
	{ "/l/mail-*", "mail-20260727.1", true, false },
	{ "/l/mail-*", "mail-20260726.gz", false, false },
	{ "/l/mail-*", "mail-in-20260727", false, true },
	{ "/l/*", "1", true, false },
	{ "/l/*", "..", false, false },
	{ "/l/*.log", "a.1.1.1.1.1.1.1.1.log", false, true },
};

static void names_are_told_apart(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print_message("%s %s\n", rows[i].pattern, rows[i].name);
		assert_int_equal(log_pattern_takes(rows[i].pattern, rows[i].name), rows[i].takes);
		assert_int_equal(log_pattern_takes_rotated(rows[i].pattern, rows[i].name), rows[i].takes_rotated);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wildcards_stand_in_the_name_alone),
		cmocka_unit_test(names_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
