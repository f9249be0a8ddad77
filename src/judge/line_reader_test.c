/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/line_reader.h"

#include "judge/signature_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const char signatures[] =
	"service own-log\n"
	"  server sample\n"
	"  tag sampled\n"
	"signature refused\n"
	"  pattern ^H=\\[{addr}\\]:{port} refused$\n"
	"  outcome listed\n"
	"signature connect\n"
	"  pattern ^(?<id>[0-9a-f]{4}) connect from {addr}$\n"
	"  outcome connected\n"
	"  remember\n"
	"signature failed\n"
	"  pattern ^(?<id>[0-9a-f]{4}) failed$\n"
	"  outcome auth-failure\n"
	"  recall\n"
	"signature disconnect\n"
	"  pattern ^(?<id>[0-9a-f]{4}) disconnect$\n"
	"  outcome other\n"
	"  forget\n";

struct scene {
	struct signature_set *set;
	struct line_reader *reader;
};

static int set_up(void **state)
{
	static struct scene s;
	struct signature_mistake mistake;

	if (signature_set_create(&s.set) < 0 ||
	    signature_file_read(s.set, BYTES_LITERAL(signatures), "sample.sig", &mistake) < 0) {
		print_error("%u:%u: %s\n", mistake.line, mistake.column, mistake.text);
		return -1;
	}
	if (signature_set_seal(s.set) < 0 ||
	    line_reader_create(s.set, signature_set_by_name(s.set, BYTES_LITERAL("sample")), &s.reader) < 0)
		return -1;
	*state = &s;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *s = *state;

	line_reader_destroy(s->reader);
	signature_set_destroy(s->set);
	return 0;
}

static bool says(struct scene *s, const char *line, struct line_reading *ret)
{
	return line_reader_read(s->reader, bytes_of(line), false, ret);
}

static void a_line_is_read_in_every_form(void **state)
{
	static const char *const lines[] = {
		"H=[192.0.2.7]:4711 refused",
		"Jul 27 15:05:01 mx sampled[9]: H=[192.0.2.7]:4711 refused",
		"2026-07-27T15:05:01+02:00 mx sampled: H=[192.0.2.7]:4711 refused",
		"<22>1 2026-07-27T15:05:01+02:00 mx sampled 9 - - H=[192.0.2.7]:4711 refused",
		"Mon 2026-07-27 15:05:01 CEST mx sampled[9]: H=[192.0.2.7]:4711 refused",
		"2026-07-27 15:05:01.5 +0200 [9] H=[192.0.2.7]:4711 refused",
		"2026-07-27T15:05:01+02:00 H=[192.0.2.7]:4711 refused",
		"@400000006a67578700000000 H=[192.0.2.7]:4711 refused",
		"{\"log\":\"H=[192.0.2.7]:4711 refused\\n\",\"stream\":\"stdout\",\"time\":\"2026-07-27T13:05:01Z\"}",
		"{\"log\":\"Jul 27 15:05:01 mx sampled: H=[192.0.2.7]:4711 refused\\n\",\"stream\":\"stdout\","
		"\"time\":\"2026-07-27T13:05:01Z\"}",
	};
	const struct stamp_clock clock = { .now_s = 1785157501, .utc_offset_s = 7200 };
	struct line_reading reading;
	uint64_t wall_s;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		print_message("%s\n", lines[i]);
		assert_true(says(*state, lines[i], &reading));
		assert_int_equal(reading.match.port, 4711);
		assert_int_equal(reading.match.outcome, OUTCOME_LISTED);
		if (i == 0)
			continue;
		assert_int_equal(syslog_time(&reading.head, &clock, &wall_s), 0);
		assert_int_equal(wall_s, 1785157501);
	}
}

static void a_line_of_another_program_is_not_ours(void **state)
{
	static const char *const lines[] = {
		"Jul 27 15:05:01 mx other: H=[192.0.2.7]:4711 refused",
		"Jul 27 15:05:01 mx H=[192.0.2.7]:4711 refused",
		"2026-07-27 15:05:01 mx other[9]: H=[192.0.2.7]:4711 refused",
		"Jul 27 15:05:01 other[9]: H=[192.0.2.7]:4711 refused",
		"<22>1 2026-07-27T15:05:01+02:00 mx other 9 - - H=[192.0.2.7]:4711 refused",
		"{\"log\":\"other: H=[192.0.2.7]:4711 refused\",\"stream\":\"stdout\",\"time\":\"2026-07-27T13:05:01Z\"}",
		"{\"log\":\"H=[192.0.2.7]:4711 refused",
		"",
	};
	struct line_reading reading;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		print_message("%s\n", lines[i]);
		assert_false(says(*state, lines[i], &reading));
	}
}

/* Docker ends an entry after 16 KiB; the rest begins where the client chose. */
static void the_rest_of_a_text_is_not_believed(void **state)
{
	static const char *const lines[] = {
		"{\"log\":\"hello AAAA\",\"stream\":\"stdout\",\"time\":\"2026-07-27T13:05:01Z\"}",
		"{\"log\":\"H=[198.51.100.1]:1 refused\",\"stream\":\"stdout\",\"time\":\"2026-07-27T13:05:01Z\"}",
		"{\"log\":\"H=[198.51.100.1]:1 refused\\n\",\"stream\":\"stdout\",\"time\":\"2026-07-27T13:05:01Z\"}",
		"{\"log\":\"cut here",
		"{\"log\":\"H=[198.51.100.1]:1 refused\\n\",\"stream\":\"stderr\",\"time\":\"2026-07-27T13:05:01Z\"}",
		"{\"log\":\"H=[198.51.100.1]:1 refused\\n\",\"stream\":\"stdout\",\"time\":\"2026-07-27T13:05:01Z\"}",
	};
	const char *whole = "{\"log\":\"H=[192.0.2.7]:1 refused\\n\",\"stream\":\"stdout\",\"time\":\"2026-07-27T13:05:01Z\"}";
	struct line_reading reading;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		print_message("%s\n", lines[i]);
		assert_false(says(*state, lines[i], &reading));
	}
	assert_true(says(*state, whole, &reading));
}

static void an_id_stands_for_its_client(void **state)
{
	struct line_reading reading;
	char text[ADDR_TEXT_SIZE];

	assert_true(says(*state, "00a1 connect from 192.0.2.7", &reading));
	assert_int_equal(reading.match.score, 0);
	assert_true(says(*state, "00a1 failed", &reading));
	assert_int_equal(reading.match.outcome, OUTCOME_AUTH_FAILURE);
	assert_true(reading.match.score > 0);
	assert_string_equal(addr_format(&reading.match.addr, text), "192.0.2.7");
	assert_true(says(*state, "00a1 disconnect", &reading));
	assert_true(says(*state, "00a1 failed", &reading));
	assert_int_equal(reading.match.score, 0);
	assert_int_equal(reading.match.addr.family, ADDR_NONE);
}

static void an_offence_waits_for_its_client_to_be_named(void **state)
{
	struct line_reading reading;
	char text[ADDR_TEXT_SIZE];

	assert_true(says(*state, "00b2 failed", &reading));
	assert_int_equal(reading.match.score, 0);
	assert_true(says(*state, "00b2 connect from 2001:db8::7", &reading));
	assert_string_equal(reading.match.signature->name, "failed");
	assert_true(reading.match.score > 0);
	assert_string_equal(addr_format(&reading.match.addr, text), "2001:db8::7");
	/* Once. */
	assert_true(says(*state, "00b2 connect from 2001:db8::7", &reading));
	assert_int_equal(reading.match.score, 0);
}

#define SCENE_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(a_line_is_read_in_every_form),
		SCENE_TEST(a_line_of_another_program_is_not_ours),
		SCENE_TEST(the_rest_of_a_text_is_not_believed),
		SCENE_TEST(an_id_stands_for_its_client),
		SCENE_TEST(an_offence_waits_for_its_client_to_be_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
