/* SPDX-License-Identifier: Apache-2.0 */
#include "sense/signature_load.h"

#include "build_config.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/wavebreak-signatures-XXXXXX";

static int make_folder(void **state)
{
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *place)
{
	return remove(path);
}

static int remove_folder(void **state)
{
	int r = nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);

	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	return r;
}

static void write_file(const char *name, const char *text)
{
	char path[128];
	FILE *out;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	out = fopen(path, "w");
	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static void files_are_read_by_name(void **state)
{
	char text[SIGNATURE_LOAD_TEXT_SIZE], path[128];
	struct signature_set *set;

	write_file("20-b.sig", "service b\nsignature b\n pattern b\n outcome other\n");
	write_file("10-a.sig", "service a\nsignature a\n pattern a\n outcome other\n");
	write_file("00-not-one.conf", "nonsense\n");
	write_file(".hidden.sig", "nonsense\n");
	snprintf(path, sizeof(path), "%s/folder.sig", folder);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/pipe.sig", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(signature_load(folder, &set, text), 0);
	assert_int_equal(set->signature_count, 2);
	assert_string_equal(set->signatures[0]->name, "a");
	assert_string_equal(set->signatures[1]->name, "b");
	signature_set_destroy(set);
}

static void a_mistake_is_told_with_its_place(void **state)
{
	char text[SIGNATURE_LOAD_TEXT_SIZE], want[256];
	struct signature_set *set;

	write_file("x.sig", "service x\n  tagg xd\n");
	assert_int_equal(signature_load(folder, &set, text), -EINVAL);
	snprintf(want, sizeof(want), "%s/x.sig:2:3: 'tagg' is no keyword; did you mean 'tag'?",
		 folder);
	assert_string_equal(text, want);
}

static void a_folder_without_files_is_told(void **state)
{
	char text[SIGNATURE_LOAD_TEXT_SIZE], want[256];
	struct signature_set *set;

	assert_int_equal(signature_load(folder, &set, text), -ENOENT);
	snprintf(want, sizeof(want), "%s: no signature files in it", folder);
	assert_string_equal(text, want);
	assert_int_equal(signature_load("/nonexistent", &set, text), -ENOENT);
	assert_string_equal(text, "/nonexistent: no such folder");
}

/* Reading them runs their examples, of which each signature has at least one. */
static void more_folders_come_before_the_shipped_one(void **state)
{
	char missing[] = "/nonexistent/signatures", *folders[] = { folder, missing };
	char text[SIGNATURE_LOAD_TEXT_SIZE];
	struct signature_set *set;

	write_file("own.sig", "service own\nsignature own\n pattern own\n outcome other\n");
	if (signature_load_with(folders, 1, &set, text) < 0)
		fail_msg("%s", text);
	assert_string_equal(set->signatures[0]->name, "own");
	assert_non_null(signature_set_by_name(set, BYTES_LITERAL("courier")));
	signature_set_destroy(set);

	assert_int_equal(signature_load_with(folders, 2, &set, text), -ENOENT);
	assert_non_null(strstr(text, "/nonexistent/signatures: no such folder"));
}

static void the_shipped_files_are_good(void **state)
{
	char text[SIGNATURE_LOAD_TEXT_SIZE];
	struct signature_set *set;

	if (signature_load(WAVEBREAK_SOURCE_DIR "/signatures", &set, text) < 0)
		fail_msg("%s", text);
	for (size_t i = 0; i < set->signature_count; i++) {
		size_t expected = 0;

		for (size_t j = 0; j < set->signatures[i]->example_count; j++)
			expected += set->signatures[i]->examples[j].expected;
		if (expected == 0)
			fail_msg("%s has no 'yes' example", set->signatures[i]->name);
	}
	for (size_t i = 0; i < set->pattern_count; i++)
		assert_true(set->patterns[i].start.size > 0 || set->patterns[i].text[0] == '^');
	signature_set_destroy(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(files_are_read_by_name, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(a_mistake_is_told_with_its_place, make_folder,
						remove_folder),
		cmocka_unit_test_setup_teardown(a_folder_without_files_is_told, make_folder,
						remove_folder),
		cmocka_unit_test_setup_teardown(more_folders_come_before_the_shipped_one,
						make_folder, remove_folder),
		cmocka_unit_test(the_shipped_files_are_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
