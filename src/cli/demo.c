/* SPDX-License-Identifier: Apache-2.0 */
/* demo - hands over to wavebreak-demo, a program of its own, because a guard has no business
 * with a generator of spam waves in it.
 */
#include "build_config.h"
#include "cli/commands.h"
#include "cli/options.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

/* Whether this is the binary of the build folder, and not an installed one. */
static bool is_in_build_folder(void)
{
	char path[PATH_MAX];
	ssize_t size = readlink("/proc/self/exe", path, sizeof(path));

	return size > 0 && bytes_starts_with(bytes_make(path, (size_t)size),
					     BYTES_LITERAL(WAVEBREAK_BUILD_DIR "/"));
}

int cmd_demo(int argc, char **argv)
{
	struct options options;
	int status = options_parse(argc, argv, &options);
	const char *program = is_in_build_folder() ? WAVEBREAK_BUILD_DIR "/demo/wavebreak-demo"
						   : WAVEBREAK_LIBEXEC_DIR "/wavebreak-demo";

	if (status != OPTIONS_GO_ON)
		return status;
	execv(program, argv);
	fprintf(stderr, "wavebreak demo: %s: %s%s\n", program, strerror(errno),
		errno == ENOENT ? "; a build folder that was moved has to be built again (make clean build)" : "");
	return STATUS_UNABLE;
}
