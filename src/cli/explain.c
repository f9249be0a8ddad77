/* SPDX-License-Identifier: Apache-2.0 */
/* explain - tells why an address is banned, or why not, in the daemon's own words. */
#include "base/text.h"
#include "cli/ask.h"
#include "cli/commands.h"

#define LINE_SIZE 1024

/* The daemon has escaped what strangers wrote; what a terminal must not see is taken out here
 * once more, line by line. */
static void print_lines(struct bytes text)
{
	char line[LINE_SIZE];

	while (text.size) {
		size_t end = bytes_find_char(text, '\n');

		puts(text_escape(bytes_first(text, end), line, sizeof(line)));
		text = bytes_skip(text, end + 1);
	}
}

int cmd_explain(int argc, char **argv)
{
	const json_t *text;
	struct options options;
	json_t *answer;
	int status = options_parse(argc, argv, &options);

	if (status != OPTIONS_GO_ON)
		return status;
	status = ask_about(&options, "explain", "address", &answer);
	if (status != STATUS_OK)
		return status;
	text = json_object_get(answer, "text");
	if (options.json)
		ask_print_json(answer);
	else if (json_is_string(text))
		print_lines(bytes_make(json_string_value(text), json_string_length(text)));
	status = ask_is_true(answer, "known") ? STATUS_OK : STATUS_NO;
	json_decref(answer);
	return status;
}
