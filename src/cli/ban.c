/* SPDX-License-Identifier: Apache-2.0 */
/* ban - has the daemon keep an address out. */
#include "base/clock.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/when.h"
#include "judge/bans.h"
#include "sense/sessions.h"

static void say(const json_t *answer)
{
	const json_t *ban = json_object_get(answer, "ban");
	char address[ASK_TEXT_SIZE], until[WHEN_TEXT_SIZE];

	printf("%s %s banned until %s\n", ask_text(ban, "address", address),
	       ask_is_true(answer, "observing") ? "would be" : "is",
	       when_format(ask_number(ban, "until"), clock_wall_s(), until));
	if (ask_is_true(answer, "observing"))
		puts("The daemon only observes: nothing was done.");
}

/* The daemon sees sessions at port 22 alone. */
static bool is_own_session(const char *word)
{
	struct addr addr;

	return addr_parse(bytes_of(word), &addr) == 0 && sessions_is_own(&addr);
}

int cmd_ban(int argc, char **argv)
{
	struct options options;
	json_t *request, *answer;
	int status = options_parse(argc, argv, &options);

	if (status != OPTIONS_GO_ON)
		return status;
	if (options.why && strlen(options.why) >= BAN_WHY_SIZE) {
		fprintf(stderr, "wavebreak ban: --why: no more than %d bytes are kept\n",
			BAN_WHY_SIZE - 1);
		return STATUS_WRONG;
	}
	if (is_own_session(options.operands[0])) {
		fprintf(stderr, "wavebreak ban: %s is where you are logged in from\n", options.operands[0]);
		return STATUS_NO;
	}
	request = json_object();
	json_object_set_new(request, "address", ask_word(options.operands[0]));
	if (options.why)
		json_object_set_new(request, "why", ask_word(options.why));
	if (options.for_ms)
		json_object_set_new(request, "for_ms", json_integer((json_int_t)options.for_ms));
	status = ask_daemon(&options, "ban", request, NULL, NULL, &answer);
	if (status != STATUS_OK)
		return status;
	if (options.json)
		ask_print_json(answer);
	else
		say(answer);
	json_decref(answer);
	return STATUS_OK;
}
