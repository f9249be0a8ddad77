/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer: a line of Docker's. The text lies in the line or in the room, which it does not leave,
 * and what was unescaped is no longer than what it was. */
#include "wire/docker.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_within(struct bytes part, const char *data, size_t size)
{
	return part.size == 0 || (part.data >= data && part.data + part.size <= data + size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes line = bytes_make((const char *)data, size);
	char *room = malloc(size ? size : 1);
	struct docker_line docker;

	if (docker_read(line, room, &docker) &&
	    (!(is_within(docker.text, line.data, size) || is_within(docker.text, room, size)) ||
	     !is_within(docker.stamp, line.data, size) || docker.text.size > size))
		abort();
	free(room);
	return 0;
}
