/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/networks.h"

#include "base/clock.h"
#include "sense/sessions.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

struct stage {
	char folder[64], file[128];
	struct settings settings;
	struct prefix_set set;
	struct networks_report report;
};

static int make(void **state)
{
	static struct stage stage;

	stage = (struct stage){ .folder = "/tmp/networks_test.XXXXXX" };
	unsetenv("SSH_CONNECTION");
	if (!mkdtemp(stage.folder))
		return -1;
	snprintf(stage.file, sizeof(stage.file), "%s/drop.txt", stage.folder);
	*state = &stage;
	return 0;
}

static int unmake(void **state)
{
	struct stage *stage = *state;

	unlink(stage->file);
	rmdir(stage->folder);
	prefix_set_clear(&stage->set);
	settings_free(&stage->settings);
	return 0;
}

static void find(struct stage *stage, const char *networks, const char *file)
{
	struct mistakes mistakes;
	FILE *out = file ? fopen(stage->file, "w") : NULL;
	char text[512];

	snprintf(text, sizeof(text), "gate { steer = suspect }\nsuspect {\n files = %s\n%s%s\n}\n", stage->file,
		 *networks ? " networks = " : "", networks);
	assert_int_equal(settings_parse(bytes_of(text), "test.conf", &stage->settings, &mistakes), 0);
	if (out) {
		fputs(file, out);
		fclose(out);
	}
	assert_int_equal(networks_find(&stage->settings, &stage->set, &stage->report), 0);
}

static const char *why(const struct stage *stage, const char *address)
{
	const struct prefix_entry *entry;
	struct addr addr;

	assert_int_equal(addr_parse(bytes_of(address), &addr), 0);
	entry = prefix_set_find(&stage->set, &addr);
	return entry ? entry->why : "no suspect";
}

static void settings_and_files_are_one_list(void **state)
{
	struct stage *stage = *state;
	char here[160];

	find(stage, "233.252.0.0/24, 2001:db8:7::/48", "; the list\n233.252.1.0/24 ; SBL1\n233.252.2.7\n");
	assert_int_equal(stage->set.count, 4);
	assert_string_equal(why(stage, "233.252.0.9"), "suspect.networks");
	assert_string_equal(why(stage, "2001:db8:7:1::"), "suspect.networks");
	snprintf(here, sizeof(here), "%s:2", stage->file);
	assert_string_equal(why(stage, "233.252.1.200"), here);
	assert_string_equal(why(stage, "233.252.2.8"), "no suspect");
	assert_int_equal(stage->report.settings.taken, 2);
	assert_int_equal(stage->report.files[0].taken, 2);
	assert_int_equal(stage->report.files[0].refused, 0);
}

static void overlapping_networks_are_merged(void **state)
{
	struct stage *stage = *state;

	find(stage, "233.252.0.128/25", "233.252.0.0/24\n233.252.0.0/24\n233.252.0.7\n::ffff:233.252.0.64/122\n");
	assert_int_equal(stage->set.count, 1);
	assert_int_equal(stage->report.merged, 4);
	assert_int_equal(stage->set.entries[0].prefix.length, 24);
}

static void refused(const struct stage *stage, size_t index, const char *part)
{
	assert_true(index < stage->report.files[0].said_count);
	assert_non_null(strstr(stage->report.files[0].said[index].why, part));
}

static void everybody_is_refused(void **state)
{
	struct stage *stage = *state;

	find(stage, "", "0.0.0.0/0\n::/0\n233.252.0.0/24\n::ffff:0.0.0.0/96\n");
	assert_int_equal(stage->set.count, 1);
	assert_int_equal(stage->report.files[0].refused, 3);
	refused(stage, 0, "0.0.0.0/0 is everybody: use gate.steer = all");
	refused(stage, 1, "::/0 is everybody: use gate.steer = all");
	refused(stage, 2, "0.0.0.0/0 is everybody");
}

static void this_host_and_its_administrator_are_refused(void **state)
{
	struct stage *stage = *state;

	setenv("SSH_CONNECTION", "233.252.1.7 51234 233.252.1.1 22", 1);
	find(stage, "233.252.1.0/25", "127.0.0.0/8\n233.252.1.0/24\n233.252.1.8\n126.0.0.0/7\n");
	unsetenv("SSH_CONNECTION");
	assert_int_equal(stage->set.count, 1);
	assert_string_equal(stage->report.settings.said[0].why, "233.252.1.0/25 holds 233.252.1.7 (" SESSIONS_WHY ")");
	refused(stage, 0, "(loopback)");
	refused(stage, 1, "233.252.1.0/24 holds 233.252.1.7 (" SESSIONS_WHY ")");
	refused(stage, 2, "126.0.0.0/7 holds 127.0.0.0/8 (loopback)");
}

static void a_file_that_is_not_there_is_left_out(void **state)
{
	struct stage *stage = *state;

	find(stage, "233.252.0.0/24", NULL);
	assert_int_equal(stage->report.files[0].error, -ENOENT);
	assert_int_equal(stage->set.count, 1);
}

/* MCAST-TEST-NET (RFC 6676) is no address of any host that the tests run on.
 *
 * 100,000 lines, and one too many. The time is bounded so that a quadratic build would fail, not to measure. */
static void a_long_list_is_read_to_its_bound(void **state)
{
	struct stage *stage = *state;
	FILE *out = fopen(stage->file, "w");
	uint64_t begin_ms;

	assert_non_null(out);
	for (unsigned i = 0; i <= NETWORKS_MOST; i++)
		fprintf(out, "100.%u.%u.%u/31 ; SBL%u\n", 64 + (i >> 15), i >> 7 & 255, (i & 127) << 1, i);
	fclose(out);
	begin_ms = clock_ms();
	find(stage, "", NULL);
	assert_true(clock_ms() - begin_ms < 5000);
	assert_int_equal(stage->set.count, NETWORKS_MOST);
	assert_int_equal(stage->report.files[0].refused, 1);
	refused(stage, 0, "one more than the 100000 networks");
	assert_non_null(strstr(why(stage, "100.64.0.3"), "drop.txt:2"));
	assert_string_equal(why(stage, "100.128.0.1"), "no suspect");
}

static void the_end_of_a_long_path_is_told(void **state)
{
	struct stage *stage = *state;
	FILE *out;

	snprintf(stage->file, sizeof(stage->file), "%s/%s", stage->folder, "a-list-with-a-name-that-is-much-too-long.txt");
	out = fopen(stage->file, "w");
	assert_non_null(out);
	fputs("233.252.0.0/24\n", out);
	fclose(out);
	find(stage, "", NULL);
	assert_int_equal(strlen(why(stage, "233.252.0.7")), PREFIX_WHY_SIZE - 1);
	assert_memory_equal(why(stage, "233.252.0.7"), "...", 3);
	assert_non_null(strstr(why(stage, "233.252.0.7"), "that-is-much-too-long.txt:1"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, unmake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(settings_and_files_are_one_list),
		TEST(overlapping_networks_are_merged),
		TEST(everybody_is_refused),
		TEST(this_host_and_its_administrator_are_refused),
		TEST(a_file_that_is_not_there_is_left_out),
		TEST(a_long_list_is_read_to_its_bound),
		TEST(the_end_of_a_long_path_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
