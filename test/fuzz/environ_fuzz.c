/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer: the environment of a process. A variable is found where one with a value begins, and
 * nowhere else: libc's strings are asked as well. */
#include "wire/environ.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	bool found = false;

	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	for (size_t at = 0; at < size; at += strlen(text + at) + 1)
		found |= strncmp(text + at, "BLOCK=", 6) == 0 && text[at + 6];
	if (environ_has(bytes_make(text, size), "BLOCK") != found)
		abort();
	free(text);
	return 0;
}
