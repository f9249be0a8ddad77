/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a configuration: what is taken can be printed, and read back as the same. */
#include "config/settings.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *printed(const struct settings *settings, size_t *ret_size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_size);

	if (!out)
		abort();
	settings_print(settings, out);
	fclose(out);
	return text;
}

static void check_mistakes(const struct mistakes *mistakes)
{
	char line[MISTAKE_LINE_SIZE];

	if (mistakes->count == 0)
		abort();
	for (size_t i = 0; i < mistakes->count; i++)
		for (const char *c = mistakes_format(mistakes, i, line); *c; c++)
			if ((unsigned char)*c < ' ' || (unsigned char)*c > '~')
				abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct settings settings, again;
	struct mistakes mistakes;
	size_t first_size, second_size;
	char *first, *second;

	if (settings_parse(bytes_make((const char *)data, size), "f", &settings, &mistakes) < 0) {
		check_mistakes(&mistakes);
		return 0;
	}
	first = printed(&settings, &first_size);
	if (settings_parse(bytes_make(first, first_size), "g", &again, &mistakes) < 0)
		abort();
	second = printed(&again, &second_size);
	if (first_size != second_size || memcmp(first, second, first_size) != 0)
		abort();
	free(first);
	free(second);
	settings_free(&settings);
	settings_free(&again);
	return 0;
}
