/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include "cli/command_table.h"
#include "cli/commands.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define WORDS_MAX 16

struct line {
	char text[256];
	char *words[WORDS_MAX + 1];
	int count;
};

static void split(struct line *line, const char *text)
{
	char *rest = line->text;

	snprintf(line->text, sizeof(line->text), "%s", text);
	line->count = 0;
	while (rest && line->count < WORDS_MAX)
		line->words[line->count++] = strsep(&rest, " ");
	line->words[line->count] = NULL;
}

static void parse(struct line *line, const char *text, struct options *ret)
{
	split(line, text);
	assert_int_equal(options_parse(line->count, line->words, ret), OPTIONS_GO_ON);
}

static void test_values(void **state)
{
	struct line line;
	struct options options;

	parse(&line, "ban 192.0.2.7 --for 2h --why=all=night -c /x", &options);
	assert_int_equal(options.operand_count, 1);
	assert_string_equal(options.operands[0], "192.0.2.7");
	assert_int_equal(options.for_ms, 2 * 3600 * 1000);
	assert_string_equal(options.why, "all=night");
	assert_string_equal(options.config, "/x");
	assert_null(options.socket);

	parse(&line, "ban -c/x --for=1s a", &options);
	assert_string_equal(options.config, "/x");
	assert_int_equal(options.for_ms, 1000);

	parse(&line, "run --config /x --observe", &options);
	assert_true(options.observe);
	assert_int_equal(options.operand_count, 0);

	parse(&line, "demo --seconds 40", &options);
	assert_int_equal(options.seconds, 40);
	assert_int_equal(options.rate, OPTION_NO_COUNT);
	parse(&line, "demo --mute 0 --maxdaemons 5000", &options);
	assert_int_equal(options.mute, 0);
	assert_int_equal(options.maxdaemons, 5000);
	assert_null(options.dashboard);

	parse(&line, "demo --dashboard --seconds 40", &options);
	assert_string_equal(options.dashboard, "");
	assert_int_equal(options.seconds, 40);
	parse(&line, "demo --dashboard=[::1]:9030", &options);
	assert_string_equal(options.dashboard, "[::1]:9030");
}

static void test_json_is_a_format(void **state)
{
	struct line line;
	struct options options;

	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		const struct command_row *command = &command_rows[i];
		static const char *const ways[] = { "--json", "--format json", "--format=json --json" };
		char text[64];

		assert_int_equal(command_takes(command, OPTION_json), *command->answers != '\0');
		assert_int_equal(command_takes(command, OPTION_format), *command->answers != '\0');
		for (size_t way = 0; way < sizeof(ways) / sizeof(ways[0]) && *command->answers; way++) {
			snprintf(text, sizeof(text), "%s %s%s", command->name, ways[way], command->least ? " x" : "");
			parse(&line, text, &options);
			assert_true(options.json);
			assert_string_equal(options.format, "json");
		}
	}
	parse(&line, "history --format csv", &options);
	assert_false(options.json);
	parse(&line, "history", &options);
	assert_false(options.json);
	assert_null(options.format);
}

static void test_operands(void **state)
{
	struct line line;
	struct options options;

	parse(&line, "match a --format json b - -- --c -d", &options);
	assert_string_equal(options.format, "json");
	assert_int_equal(options.operand_count, 5);
	assert_string_equal(options.operands[0], "a");
	assert_string_equal(options.operands[1], "b");
	assert_string_equal(options.operands[2], "-");
	assert_string_equal(options.operands[3], "--c");
	assert_string_equal(options.operands[4], "-d");
	parse(&line, "match", &options);
	assert_int_equal(options.operand_count, 0);
}

/* What options_parse writes to standard error, up to the end of its first line. */
static void said(const char *command_line, char *text, size_t size)
{
	struct line line;
	struct options options;
	FILE *stderr_before = stderr;
	char *all = NULL;
	size_t all_size;
	int status;

	split(&line, command_line);
	stderr = open_memstream(&all, &all_size);
	status = options_parse(line.count, line.words, &options);
	fclose(stderr);
	stderr = stderr_before;
	snprintf(text, size, "%.*s", (int)strcspn(all, "\n"), all);
	free(all);
	assert_int_equal(status, STATUS_WRONG);
}

static void test_mistakes(void **state)
{
	static const struct {
		const char *line, *sentence;
	} cases[] = {
		{ "match --formt json", "wavebreak match: '--formt' is not an option; did you mean '--format'?" },
		{ "match --formt=json", "wavebreak match: '--formt' is not an option; did you mean '--format'?" },
		{ "match --format jsn", "wavebreak match: --format: 'jsn' is not one of text|json|quiet; "
					"did you mean 'json'?" },
		{ "match --format csv", "wavebreak match: --format: 'csv' is not one of text|json|quiet" },
		{ "replay --format csv x", "wavebreak replay: --format: 'csv' is not one of text|json|quiet" },
		{ "history --format quiet", "wavebreak history: --format: 'quiet' is not one of text|csv|json" },
		{ "history --json --format csv", "wavebreak history: --json and --format csv are two answers" },
		{ "history --format", "wavebreak history: --format needs its text|csv|json" },
		{ "plot --json", "wavebreak plot: '--json' is not an option" },
		{ "match --format text|json", "wavebreak match: --format: 'text|json' is not one of "
					      "text|json|quiet" },
		{ "match --format=", "wavebreak match: --format: '' is not one of text|json|quiet" },
		{ "match --hlep", "wavebreak match: '--hlep' is not an option; did you mean '--help'?" },
		{ "match -x", "wavebreak match: '-x' is not an option" },
		{ "match --observe", "wavebreak match: '--observe' is not an option" },
		{ "list --json=yes", "wavebreak list: --json takes no value" },
		{ "list --json --json", "wavebreak list: --json is given twice" },
		{ "list -c", "wavebreak list: --config needs its FILE" },
		{ "list --config=", "wavebreak list: --config: the FILE is empty" },
		{ "demo --dashboard=", "wavebreak demo: --dashboard: the [ADDR:]PORT is empty" },
		{ "demo --dashboard 9030", "wavebreak demo: '9030' is one word too many" },
		{ "list all", "wavebreak list: 'all' is one word too many" },
		{ "ban", "wavebreak ban: ADDR is missing" },
		{ "ban a b", "wavebreak ban: 'b' is one word too many" },
		{ "ban a --for 10", "wavebreak ban: --for: '10' is not a time such as 10m, 2h or 7d" },
		{ "ban a --for 0s", "wavebreak ban: --for: '0s' is not a time such as 10m, 2h or 7d" },
		{ "demo --rate 0", "wavebreak demo: --rate: '0' is not a number from 1 to 1000" },
		{ "demo --rate 1e3", "wavebreak demo: --rate: '1e3' is not a number from 1 to 1000" },
		{ "demo --seconds 9", "wavebreak demo: --seconds: '9' is not a number from 10 to 3600" },
		{ "demo --mute 101", "wavebreak demo: --mute: '101' is not a number from 0 to 100" },
		{ "list --\x1b[2J", "wavebreak list: '--\\x1b[2J' is not an option" },
	};
	char text[256];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		said(cases[i].line, text, sizeof(text));
		assert_string_equal(text, cases[i].sentence);
	}
}

/* Each example of the table is a command line that the command takes. */
static void test_examples(void **state)
{
	struct line line;
	struct options options;

	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		split(&line, command_rows[i].example);
		assert_string_equal(line.words[0], "wavebreak");
		assert_string_equal(line.words[1], command_rows[i].name);
		if (!strchr(command_rows[i].example, '\''))
			assert_int_equal(options_parse(line.count - 1, line.words + 1, &options),
					 OPTIONS_GO_ON);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_json_is_a_format),
		cmocka_unit_test(test_operands),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_examples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
