/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer: a signature file, and a line looked at with whatever it says. What comes after
 * the first NUL is the line. A mistake has to have a place and a sentence. */
#include "judge/matcher.h"
#include "judge/signature_file.h"

#include <errno.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void match_all(struct signature_set *set, struct bytes line)
{
	struct matcher *matcher;
	struct match match;

	if (signature_set_seal(set) < 0 || matcher_create(set, &matcher) < 0)
		return;
	for (size_t i = 0; i < set->group_count; i++) {
		if (!matcher_match(matcher, &set->groups[i], line, line.size % 2 == 1, &match))
			continue;
		if (match.score && match.addr.family == ADDR_NONE)
			abort();
	}
	matcher_destroy(matcher);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes all = bytes_make((const char *)data, size);
	struct bytes text = bytes_first(all, bytes_find_char(all, '\0'));
	struct signature_mistake mistake = { 0 };
	struct signature_set *set;
	int r;

	if (signature_set_create(&set) < 0)
		return 0;
	r = signature_file_read(set, text, "fuzz.sig", &mistake);
	if (r == -EINVAL && (mistake.line == 0 || mistake.column == 0 || !mistake.text[0]))
		abort();
	if (r == 0)
		match_all(set, bytes_skip(all, text.size + 1));
	signature_set_destroy(set);
	return 0;
}
