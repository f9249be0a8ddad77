/* SPDX-License-Identifier: Apache-2.0 */
/* unban - has the daemon let an address in again. */
#include "cli/ask.h"
#include "cli/commands.h"

int cmd_unban(int argc, char **argv)
{
	char address[ASK_TEXT_SIZE];
	struct options options;
	json_t *answer;
	int status = options_parse(argc, argv, &options);

	if (status != OPTIONS_GO_ON)
		return status;
	status = ask_about(&options, "unban", "address", &answer);
	if (status != STATUS_OK)
		return status;
	if (options.json)
		ask_print_json(answer);
	else if (json_object_get(answer, "ban"))
		printf("%s is not banned any more\n",
		       ask_text(json_object_get(answer, "ban"), "address", address));
	else
		printf("%s was not banned, and is no suspect any more\n", ask_text(answer, "suspect", address));
	json_decref(answer);
	return STATUS_OK;
}
