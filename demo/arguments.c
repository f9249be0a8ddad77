/* SPDX-License-Identifier: Apache-2.0 */
#include "arguments.h"

#include "base/text.h"
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

static unsigned int count_or(uint64_t given, unsigned int otherwise)
{
	return given == OPTION_NO_COUNT ? otherwise : (unsigned int)given;
}

static int read_dashboard(const char *where, struct arguments *ret)
{
	const char *wrong = window_place_read(where, &ret->place);
	char text[80];

	ret->dashboard = true;
	if (!wrong)
		return OPTIONS_GO_ON;
	fprintf(stderr, "wavebreak demo: --dashboard %s '%s'\n", wrong, text_escape(bytes_of(where), text, sizeof(text)));
	return STATUS_WRONG;
}

int arguments_read(int argc, char **argv, struct arguments *ret)
{
	static char name[] = "demo";
	struct options options;
	int status;

	argv[0] = name; /* the command's, however this program was started */
	status = options_parse(argc, argv, &options);
	if (status != OPTIONS_GO_ON)
		return status;
	*ret = (struct arguments){
		.seconds = count_or(options.seconds, 80),
		.rate = count_or(options.rate, 20),
		.tarpit = options.tarpit && strcmp(options.tarpit, "1") == 0,
		.maxdaemons = count_or(options.maxdaemons, 300),
		.mute = count_or(options.mute, 3),
		.only = options.only,
		.svg = options.svg ? options.svg : "./wavebreak-demo.svg",
		.steady = options.steady || options.silent,
		.drop = options.drop,
		.silent = options.silent,
		.json = options.json,
	};
	return options.dashboard ? read_dashboard(options.dashboard, ret) : OPTIONS_GO_ON;
}

bool arguments_play(const struct arguments *arguments, enum way way)
{
	/* The gate's places are its own; whom it lets in has spoken. */
	if (!arguments->only)
		return !arguments->silent || way != WAY_GATED;
	return strcmp(arguments->only, way_name(way)) == 0;
}
