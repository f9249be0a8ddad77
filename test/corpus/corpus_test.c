/* SPDX-License-Identifier: Apache-2.0 */
/* The shipped signatures against log lines of known meaning: our own of courier.jsonl, and
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
#include "judge/matcher.h"
#include "sense/signature_load.h"
#include "wire/syslog.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define OWN WAVEBREAK_SOURCE_DIR "/test/corpus/courier.jsonl"
#define SHARED WAVEBREAK_SOURCE_DIR "/../shared/corpus/"

struct reader {
	struct signature_set *set;
	struct matcher *matcher;
};

static int load(void **state)
{
	static struct reader reader;
	char text[SIGNATURE_LOAD_TEXT_SIZE];

	if (signature_load(WAVEBREAK_SOURCE_DIR "/signatures", &reader.set, text) < 0) {
		print_error("%s\n", text);
		return -1;
	}
	*state = &reader;
	return 0;
}

static int unload(void **state)
{
	struct reader *reader = *state;

	signature_set_destroy(reader->set);
	return 0;
}

static bool classify(struct reader *reader, struct bytes line, const char *service,
		     struct match *ret)
{
	const struct signature_group *group;
	struct syslog_line head;

	syslog_split(line, &head);
	if (head.tag.size)
		group = signature_set_by_tag(reader->set, head.tag);
	else
		group = signature_set_by_name(reader->set, bytes_of(service));
	return group && matcher_match(reader->matcher, group, head.message, false, ret);
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

/* Calls `look` for each line of the file, all with one matcher, as a log is read. Returns how
 * many there were, -1 when there is no such file. */
static int each_line(struct reader *reader, const char *path,
		     void (*look)(const json_t *row, const struct match *match))
{
	FILE *in = fopen(path, "r");
	int count = 0;
	json_t *row;

	if (!in)
		return -1;
	assert_int_equal(matcher_create(reader->set, &reader->matcher), 0);
	while ((row = json_loadf(in, JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, NULL))) {
		const json_t *line = json_object_get(row, "line");
		struct match match = { 0 };

		assert_true(json_is_string(line));
		if (!classify(reader, bytes_make(json_string_value(line), json_string_length(line)),
			      text_of(row, "service"), &match))
			match = (struct match){ 0 };
		look(row, &match);
		json_decref(row);
		count++;
	}
	matcher_destroy(reader->matcher);
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
	assert_true(each_line(*state, OWN, look_at_own) > 60);
}

static struct {
	int offences, found, courier_offences, courier_found;
} tally;

static void look_at_shared(const json_t *row, const struct match *match)
{
	const char *expect = text_of(row, "expect"), *host = text_of(row, "host");
	bool courier = strcmp(text_of(row, "service"), "courier") == 0;
	bool right = match->score && is_addr(&match->addr, host);

	if (is_addr(&match->addr, text_of(row, "must_not")))
		fail_msg("a forged address came out of %s", text_of(row, "source"));
	if (match->score && strcmp(expect, "benign") == 0)
		fail_msg("%s is benign", text_of(row, "source"));
	if (match->score && !right)
		fail_msg("the wrong address came out of %s", text_of(row, "source"));
	if (strcmp(expect, "offence") == 0) {
		tally.offences++;
		tally.found += right;
		tally.courier_offences += courier;
		tally.courier_found += courier && right;
		if (courier && !right)
			print_message("not recognised: %s\n", text_of(row, "source"));
	}
}

static void the_shared_corpus_is_read(void **state)
{
	memset(&tally, 0, sizeof(tally));
	if (each_line(*state, SHARED "mail-log-lines.jsonl", look_at_shared) < 0) {
		print_message("skipped: there is no " SHARED "mail-log-lines.jsonl\n");
		skip();
	}
	print_message("offences recognised: %d of %d, of Courier %d of %d\n", tally.found,
		      tally.offences, tally.courier_found, tally.courier_offences);
	assert_true(tally.courier_offences > 0);
	assert_true(tally.courier_found * 100 >= tally.courier_offences * 98);
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
