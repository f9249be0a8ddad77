/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a list of networks: what is taken is a network, each line is taken, refused or nothing, and what is said
 * of the refused can be put before a person. The set that is built of it holds what was taken. */
#include "sense/prefix_file.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST 4096

static void must(bool condition)
{
	if (!condition)
		abort();
}

struct taken {
	struct prefix_set set;
	struct prefix first;
};

static bool take(void *data, const struct prefix *prefix, unsigned line, char *ret_why)
{
	struct taken *taken = data;
	struct prefix around = prefix_around(&prefix->addr, prefix->length);

	must(line > 0 && addr_equal(&around.addr, &prefix->addr));
	if (taken->set.count == 0)
		taken->first = *prefix;
	return prefix_set_append(&taken->set, prefix, "fuzz", MOST) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes text = bytes_make((const char *)data, size);
	struct prefix_file file = { .path = "fuzz" };
	struct taken taken = { 0 };
	size_t lines = 1, dropped;

	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	prefix_file_scan(text, &file, take, &taken);
	must(file.taken == taken.set.count && file.taken + file.refused <= lines);
	must(file.said_count == (file.refused < PREFIX_FILE_SAID_MOST ? file.refused : PREFIX_FILE_SAID_MOST));
	for (size_t i = 0; i < file.said_count; i++) {
		must(file.said[i].line <= lines && memchr(file.said[i].why, 0, PREFIX_FILE_WHY_SIZE));
		for (const char *c = file.said[i].why; *c; c++)
			must((unsigned char)*c >= ' ' && *c != 0x7f);
	}
	dropped = prefix_set_sort(&taken.set);
	must(dropped + taken.set.count == file.taken);
	must(file.taken == 0 || prefix_set_overlap(&taken.set, &taken.first));
	prefix_set_clear(&taken.set);
	return 0;
}
