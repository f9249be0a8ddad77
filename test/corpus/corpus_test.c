/* SPDX-License-Identifier: Apache-2.0 */
/* The shipped signatures against log lines of known meaning: our own beside this file, and
 * those of other projects in ../shared/corpus beside the repository, which are looked at only
 * where they are there. One JSON object a line, with these fields:
 *
 *	service   the server that wrote the line
 *	line      the log line
 *	expect    "offence"; "benign": nothing is to be flagged; "unknown": either is right
 *	host      the client that the server vouches for; null: none
 *	must_not  an address that the client forged: it may never come out
 *	outcome   in our own file: what has to come out, null for nothing at all
 */
#include "build_config.h"
#include "judge/line_reader.h"
#include "sense/signature_load.h"

#include <glob.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define OWN WAVEBREAK_SOURCE_DIR "/test/corpus/*.jsonl"
#define SHARED WAVEBREAK_SOURCE_DIR "/../shared/corpus/"

static int load(void **state)
{
	static struct signature_set *set;
	char text[SIGNATURE_LOAD_TEXT_SIZE];

	if (signature_load(WAVEBREAK_SOURCE_DIR "/signatures", &set, text) < 0) {
		print_error("%s\n", text);
		return -1;
	}
	*state = set;
	return 0;
}

static int unload(void **state)
{
	signature_set_destroy(*state);
	return 0;
}

/* One for each server, as its lines are read when its log is: what one line says of an id, a later
 * one may need. */
#define READERS_MOST 64
struct readers {
	const struct signature_set *set;
	size_t count;
	struct {
		char service[SIGNATURE_NAME_MAX + 1];
		struct line_reader *reader;
	} list[READERS_MOST];
};

static struct line_reader *reader_for(struct readers *readers, const char *service)
{
	size_t i = 0;

	while (i < readers->count && strcmp(readers->list[i].service, service) != 0)
		i++;
	if (i < readers->count)
		return readers->list[i].reader;
	assert_true(i < READERS_MOST);
	snprintf(readers->list[i].service, sizeof(readers->list[i].service), "%s", service);
	assert_int_equal(line_reader_create(readers->set, signature_set_by_name(readers->set, bytes_of(service)),
					    &readers->list[i].reader), 0);
	readers->count++;
	return readers->list[i].reader;
}

static const char *text_of(const json_t *row, const char *name)
{
	return json_string_value(json_object_get(row, name));
}

static bool is_addr(const struct addr *addr, const char *text)
{
	struct addr other;

	return text && addr_parse(bytes_of(text), &other) == 0 && addr_equal(addr, &other);
}

/* Calls `look` for each line of the file. Returns how many there were, -1 when there is no such
 * file. */
static int each_line(const struct signature_set *set, const char *path,
		     void (*look)(const json_t *row, const struct match *match))
{
	struct readers readers = { .set = set };
	FILE *in = fopen(path, "r");
	int count = 0;
	json_t *row;

	if (!in)
		return -1;
	while ((row = json_loadf(in, JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, NULL))) {
		const json_t *line = json_object_get(row, "line");
		struct line_reading reading = { 0 };

		assert_true(json_is_string(line));
		if (!line_reader_read(reader_for(&readers, text_of(row, "service")),
				      bytes_make(json_string_value(line), json_string_length(line)), false, &reading))
			reading.match = (struct match){ 0 };
		look(row, &reading.match);
		json_decref(row);
		count++;
	}
	for (size_t i = 0; i < readers.count; i++)
		line_reader_destroy(readers.list[i].reader);
	fclose(in);
	return count;
}

static void look_at_own(const json_t *row, const struct match *match)
{
	const char *outcome = text_of(row, "outcome"), *host = text_of(row, "host");

	print_message("%s\n", text_of(row, "what"));
	assert_int_equal(match->score > 0, strcmp(text_of(row, "expect"), "offence") == 0);
	assert_string_equal(match->signature ? outcome_name(match->outcome) : "nothing",
			    outcome ? outcome : "nothing");
	assert_int_equal(match->addr.family != ADDR_NONE, host != NULL);
	assert_true(!host || is_addr(&match->addr, host));
	assert_false(is_addr(&match->addr, text_of(row, "must_not")));
}

static void our_own_lines_are_read(void **state)
{
	glob_t files;
	int count = 0;

	assert_int_equal(glob(OWN, 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		print_message("%s\n", files.gl_pathv[i]);
		count += each_line(*state, files.gl_pathv[i], look_at_own);
	}
	globfree(&files);
	assert_true(count > 60);
}

static struct {
	int offences, found;
} tally;

static void look_at_shared(const json_t *row, const struct match *match)
{
	const char *expect = text_of(row, "expect"), *host = text_of(row, "host");
	bool right = match->score && is_addr(&match->addr, host);

	if (is_addr(&match->addr, text_of(row, "must_not")))
		fail_msg("a forged address came out of %s", text_of(row, "source"));
	if (match->score && strcmp(expect, "benign") == 0)
		fail_msg("%s is benign", text_of(row, "source"));
	if (match->score && !right && host)
		fail_msg("the wrong address came out of %s", text_of(row, "source"));
	if (strcmp(expect, "offence") != 0)
		return;
	tally.offences++;
	tally.found += right;
	if (!right)
		print_message("not recognised: %s\n", text_of(row, "source"));
}

static void the_shared_corpus_is_read(void **state)
{
	memset(&tally, 0, sizeof(tally));
	if (each_line(*state, SHARED "mail-log-lines.jsonl", look_at_shared) < 0) {
		print_message("skipped: there is no " SHARED "mail-log-lines.jsonl\n");
		skip();
	}
	print_message("offences recognised: %d of %d\n", tally.found, tally.offences);
	assert_true(tally.offences > 0);
	assert_true(tally.found * 100 >= tally.offences * 98);
}

static void nothing_forged_comes_out_of_the_shared_injections(void **state)
{
	if (each_line(*state, SHARED "injection-examples.jsonl", look_at_shared) < 0) {
		print_message("skipped: there is no " SHARED "injection-examples.jsonl\n");
		skip();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_own_lines_are_read),
		cmocka_unit_test(the_shared_corpus_is_read),
		cmocka_unit_test(nothing_forged_comes_out_of_the_shared_injections),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
