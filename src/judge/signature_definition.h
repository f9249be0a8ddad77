/* SPDX-License-Identifier: Apache-2.0 */
/* signature_definition - the short names that a signature file gives to pieces of patterns.
 *
 * "{relay}" stands for the text that `define relay ...` gave it. A definition may use those
 * before it and is stored with them put in, so there is no recursion to be bounded.
 */
#ifndef WAVEBREAK_JUDGE_SIGNATURE_DEFINITION_H
#define WAVEBREAK_JUDGE_SIGNATURE_DEFINITION_H

#include "judge/signature.h"

#define SIGNATURE_DEFINITIONS_MAX 64 /* of one file */

struct definition {
	struct bytes name;
	struct bytes text;
};

/* All zero is empty; addr, port and reply are there in any case. */
struct definitions {
	struct definition list[SIGNATURE_DEFINITIONS_MAX];
	size_t count;
};

/* A small letter, then small letters, digits and '-', SIGNATURE_NAME_MAX at most. */
bool signature_name_is_good(struct bytes name);

/* The views are kept. 0, -EEXIST or -ENOSPC. */
int definitions_add(struct definitions *definitions, struct bytes name, struct bytes text);

/* Writes the text with its definitions put in to `out` of SIGNATURE_TEXT_MAX bytes.
 * Returns 0, -E2BIG, or -ENOENT with the name that is not defined. */
int definitions_expand(const struct definitions *definitions, struct bytes text, char *out,
		       size_t *ret_size, struct bytes *ret_unknown);

#endif
