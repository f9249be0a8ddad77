/* SPDX-License-Identifier: Apache-2.0 */
/* list - the bans or the suspects, one a line, written as they come: there may be a million. */
#include "base/clock.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/when.h"

/* Of the longest IPv6 /64, and of a time with "(23h59m ago)". */
#define ADDRESS_COLUMN 24
#define TIME_COLUMN 34

struct listing {
	uint64_t now_s;
	uint64_t count;
	bool suspects;
};

static void print_json(void *data, const json_t *ban)
{
	json_dumpf(ban, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
	putchar('\n');
}

/* A ban whose known end has come stays until the kernel has said whether the client tried
 * again meanwhile. */
static const char *until(uint64_t until_s, uint64_t now_s, char text[WHEN_TEXT_SIZE])
{
	if (until_s <= now_s)
		return strcpy(text, "now, unless it tried again");
	return when_format(until_s, now_s, text);
}

static void print_ban(void *data, const json_t *ban)
{
	struct listing *listing = data;
	char address[ASK_TEXT_SIZE], begin[WHEN_TEXT_SIZE], end[WHEN_TEXT_SIZE], why[ASK_WHY_SIZE];

	if (listing->count++ == 0)
		printf("%-*s  %-*s  %-*s  %s\n", ADDRESS_COLUMN, "ADDRESS", TIME_COLUMN, "SINCE",
		       TIME_COLUMN, listing->suspects ? "UNTIL" : "UNTIL AT LEAST", "WHY");
	printf("%-*s  %-*s  %-*s  %s\n", ADDRESS_COLUMN, ask_text(ban, "address", address), TIME_COLUMN,
	       when_format(ask_number(ban, "begin"), listing->now_s, begin), TIME_COLUMN,
	       until(ask_number(ban, "until"), listing->now_s, end), ask_why(ban, why));
}

int cmd_list(int argc, char **argv)
{
	struct listing listing = { .now_s = clock_wall_s() };
	json_t *request = NULL;
	struct options options;
	json_t *answer;
	int status = options_parse(argc, argv, &options);

	if (status != OPTIONS_GO_ON)
		return status;
	listing.suspects = options.suspects;
	if (options.suspects)
		request = json_pack("{s:b}", "suspects", true);
	status = ask_daemon(&options, "list", request, options.json ? print_json : print_ban, &listing,
			    &answer);
	if (status != STATUS_OK)
		return status;
	if (!options.json && listing.count == 0)
		puts(options.suspects ? "nobody is a suspect" : "nobody is banned");
	json_decref(answer);
	return STATUS_OK;
}
