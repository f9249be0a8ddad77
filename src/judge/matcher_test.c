/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/matcher.h"

#include "base/counter.h"
#include "judge/signature_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

struct bench {
	struct signature_set *set;
	struct matcher *matcher;
	struct match match;
};

static void set_up(struct bench *bench, const char *text)
{
	struct signature_mistake mistake = { 0 };

	assert_int_equal(signature_set_create(&bench->set), 0);
	if (signature_file_read(bench->set, bytes_of(text), "test.sig", &mistake) < 0)
		fail_msg("%u:%u: %s", mistake.line, mistake.column, mistake.text);
	assert_int_equal(signature_set_seal(bench->set), 0);
	assert_int_equal(matcher_create(bench->set, &bench->matcher), 0);
}

static void tear_down(struct bench *bench)
{
	matcher_destroy(bench->matcher);
	signature_set_destroy(bench->set);
}

/* The name of the signature that matches, or "". */
static const char *matched(struct bench *bench, const char *tag, struct bytes message, bool cut)
{
	const struct signature_group *group = signature_set_by_tag(bench->set, bytes_of(tag));

	memset(&bench->match, 0, sizeof(bench->match));
	if (!group || !matcher_match(bench->matcher, group, message, cut, &bench->match))
		return "";
	return bench->match.signature->name;
}

static void the_first_in_order_matches(void **state)
{
	struct bench bench;

	set_up(&bench,
	       "service x\n tag xd both\n"
	       "signature specific\n pattern ^a={addr} {reply}\n reply 511\n outcome listed\n"
	       "signature with-literal\n literal zap\n pattern ^a={addr} {reply}\n"
	       " outcome timed-out\n"
	       "signature general\n pattern ^a={addr}\n outcome other\n"
	       "signature anywhere\n pattern q={addr}\n outcome other\n"
	       "service y\n tag yd both\n"
	       "signature late\n pattern ^a=\n outcome other\n"
	       "signature late-b\n pattern ^b\n outcome other\n");
	assert_string_equal(matched(&bench, "xd", BYTES_LITERAL("a=192.0.2.7 511"), false),
			    "specific");
	assert_string_equal(matched(&bench, "xd", BYTES_LITERAL("a=192.0.2.7 550"), false),
			    "general");
	assert_string_equal(matched(&bench, "xd", BYTES_LITERAL("a=192.0.2.7 550 zap"), false),
			    "with-literal");
	assert_string_equal(matched(&bench, "xd", BYTES_LITERAL("zap q=192.0.2.7"), false),
			    "anywhere");
	assert_string_equal(matched(&bench, "xd", BYTES_LITERAL("b"), false), "");
	assert_string_equal(matched(&bench, "xd", BYTES_LITERAL(""), false), "");
	assert_string_equal(matched(&bench, "yd", BYTES_LITERAL("a=192.0.2.7 511"), false), "late");
	assert_string_equal(matched(&bench, "both", BYTES_LITERAL("a=192.0.2.7 511"), false),
			    "specific");
	assert_string_equal(matched(&bench, "both", BYTES_LITERAL("b"), false), "late-b");
	assert_string_equal(matched(&bench, "XD", BYTES_LITERAL("a=192.0.2.7 511"), false), "");
	tear_down(&bench);
}

static void what_is_no_address_does_not_match(void **state)
{
	static const struct {
		const char *text, *addr; /* NULL: none */
	} rows[] = {
		{ "192.0.2.7", "192.0.2.7" },
		{ "::ffff:192.0.2.7", "192.0.2.7" },
		{ "::FFFF:192.0.2.7", "192.0.2.7" },
		{ "0.0.0.0", "0.0.0.0" },
		{ "255.255.255.255", "255.255.255.255" },
		{ "2001:db8::7", "2001:db8::7" },
		{ "::192.0.2.7", "::192.0.2.7" },
		{ "::ffff:c000:207", "192.0.2.7" },
		{ "256.0.2.7", NULL },
		{ "192.0.2", NULL },
		{ "192.0.2.", NULL },
		{ "192.0.2.7.", NULL },
		{ "192.0.2.7.8", NULL },
		{ "192.0.02.7", NULL },
		{ "192.0.2.0007", NULL },
		{ "192..2.7", NULL },
		{ "::ffff:192.0.2", NULL },
		{ "::ffff:", NULL },
		{ ":::", NULL },
		{ "dead.beef", NULL },
	};
	struct bench bench;

	set_up(&bench,
	       "service x\n tag xd\nsignature s\n pattern ^{addr}(?:,{port})?$\n outcome listed\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char addr[ADDR_TEXT_SIZE];

		print_message("%s\n", rows[i].text);
		assert_string_equal(matched(&bench, "xd", bytes_of(rows[i].text), false),
				    rows[i].addr ? "s" : "");
		if (rows[i].addr)
			assert_string_equal(addr_format(&bench.match.addr, addr), rows[i].addr);
	}
	assert_string_equal(matched(&bench, "xd", BYTES_LITERAL("192.0.2.7,65535"), false), "s");
	assert_int_equal(bench.match.port, 65535);
	assert_string_equal(matched(&bench, "xd", BYTES_LITERAL("192.0.2.7,65536"), false), "s");
	assert_int_equal(bench.match.port, 0);
	assert_string_equal(matched(&bench, "xd", BYTES_LITERAL("192.0.2.7"), false), "s");
	assert_int_equal(bench.match.port, 0);
	tear_down(&bench);
}

static void any_byte_may_be_in_a_message(void **state)
{
	struct bench bench;

	set_up(&bench,
	       "service x\n tag xd\nsignature s\n pattern ^u=.*,ip={addr}$\n outcome listed\n");
	assert_string_equal(
		matched(&bench, "xd", BYTES_LITERAL("u=\0\n\r\xff\xfe,ip=192.0.2.7"), false), "s");
	assert_string_equal(matched(&bench, "xd", BYTES_LITERAL("u=,ip=192.0.2.7\n"), false), "");
	assert_string_equal(matched(&bench, "xd", BYTES_LITERAL("u=,ip=192.0.2.7\0"), false), "");
	tear_down(&bench);
}

static void a_cut_message_has_no_end(void **state)
{
	struct bench bench;

	set_up(&bench, "service x\n tag xd\n"
		       "signature at-end\n pattern ip={addr}$\n outcome listed\n"
		       "signature at-start\n pattern ^ip={addr}\n outcome listed\n");
	assert_string_equal(matched(&bench, "xd", BYTES_LITERAL("x ip=192.0.2.7"), false),
			    "at-end");
	assert_string_equal(matched(&bench, "xd", BYTES_LITERAL("x ip=192.0.2.7"), true), "");
	assert_string_equal(matched(&bench, "xd", BYTES_LITERAL("ip=192.0.2.7"), true), "at-start");
	tear_down(&bench);
}

static void neither_half_of_a_split_message_is_believed(void **state)
{
	struct bench bench;
	char longer[64];

	memset(longer, 'a', sizeof(longer));
	set_up(&bench,
	       "service x\n tag xd other\n split 64\n"
	       "signature s\n pattern ^ip={addr}$\n outcome listed\n");
	assert_string_equal(matched(&bench, "xd", bytes_make(longer, 64), false), "");
	assert_string_equal(matched(&bench, "other", BYTES_LITERAL("ip=192.0.2.7"), false), "s");
	assert_string_equal(matched(&bench, "xd", BYTES_LITERAL("ip=192.0.2.7"), false), "");
	assert_string_equal(matched(&bench, "xd", BYTES_LITERAL("ip=192.0.2.7"), false), "s");
	assert_string_equal(matched(&bench, "xd", bytes_make(longer, 63), false), "");
	assert_string_equal(matched(&bench, "xd", BYTES_LITERAL("ip=192.0.2.7"), false), "s");
	assert_string_equal(matched(&bench, "xd", bytes_make(longer, 64), false), "");
	assert_string_equal(matched(&bench, "xd", bytes_make(longer, 64), false), "");
	assert_string_equal(matched(&bench, "xd", BYTES_LITERAL("ip=192.0.2.7"), false), "");
	tear_down(&bench);
}

static void a_pattern_that_runs_away_is_stopped(void **state)
{
	uint64_t before = counter_read(COUNTER_match_limit_hits);
	char text[64];
	struct bench bench;

	memset(text, 'a', sizeof(text));
	set_up(&bench, "service x\n tag xd\n"
		       "signature runaway\n pattern ^(?:a+)+(?:b|c+)\n outcome other\n"
		       "signature next\n pattern ^aaa\n outcome other\n");
	assert_string_equal(matched(&bench, "xd", bytes_make(text, sizeof(text)), false), "next");
	assert_int_equal(counter_read(COUNTER_match_limit_hits), before + 1);
	tear_down(&bench);
}

/* Where memory may not be made executable, the interpreter has to say the same. */
static void the_interpreter_agrees(void **state)
{
	struct bench bench;

	set_up(&bench,
	       "service x\n tag xd\n"
	       "signature s\n pattern ^r={addr},p={port}: {reply}$\n reply 5xx\n outcome listed\n");
	matcher_interpret(bench.matcher);
	assert_string_equal(matched(&bench, "xd", BYTES_LITERAL("r=192.0.2.7,p=25: 511"), false),
			    "s");
	assert_int_equal(bench.match.port, 25);
	assert_int_equal(bench.match.reply_code, 511);
	assert_string_equal(matched(&bench, "xd", BYTES_LITERAL("r=192.0.2.7,p=25: 511"), true),
			    "");
	assert_string_equal(matched(&bench, "xd", BYTES_LITERAL("r=192.0.2.7,p=25: 451"), false),
			    "");
	tear_down(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_in_order_matches),
		cmocka_unit_test(what_is_no_address_does_not_match),
		cmocka_unit_test(any_byte_may_be_in_a_message),
		cmocka_unit_test(a_cut_message_has_no_end),
		cmocka_unit_test(neither_half_of_a_split_message_is_believed),
		cmocka_unit_test(a_pattern_that_runs_away_is_stopped),
		cmocka_unit_test(the_interpreter_agrees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
