/* SPDX-License-Identifier: Apache-2.0 */
/* allow - puts a network on the daemon's never-list, or takes it off again. */
#include "cli/ask.h"
#include "cli/commands.h"

int cmd_allow(int argc, char **argv)
{
	char prefix[ASK_TEXT_SIZE];
	struct options options;
	json_t *request, *answer;
	int status = options_parse(argc, argv, &options);

	if (status != OPTIONS_GO_ON)
		return status;
	request = json_object();
	json_object_set_new(request, "prefix", ask_word(options.operands[0]));
	json_object_set_new(request, "remove", json_boolean(options.remove));
	status = ask_daemon(&options, "allow", request, NULL, NULL, &answer);
	if (status != STATUS_OK)
		return status;
	if (options.json)
		ask_print_json(answer);
	else
		printf("%s is %s\n", ask_text(answer, "prefix", prefix),
		       options.remove ? "not allowed by hand any more" : "never banned from now on");
	json_decref(answer);
	return STATUS_OK;
}
