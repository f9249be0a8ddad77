/* SPDX-License-Identifier: Apache-2.0 */
/* hashed - bytes as the head of what the history keeps would have them: a 1, and the hash of the rest. Else no mutation
 * would ever get beyond the hash. */
#ifndef WAVEBREAK_FUZZ_HASHED_H
#define WAVEBREAK_FUZZ_HASHED_H

#include "base/bytes.h"

#include <stdlib.h>

#define HASH_AT 1
#define HASHED_FROM 5

static inline void check_hashed(struct bytes text, void (*check)(struct bytes text))
{
	char *copy;
	uint32_t hash;

	if (text.size < HASHED_FROM)
		return;
	copy = malloc(text.size);
	if (!copy)
		abort();
	memcpy(copy, text.data, text.size);
	hash = bytes_hash(BYTES_HASH_BEGIN, bytes_skip(text, HASHED_FROM));
	for (unsigned i = 0; i < 4; i++)
		copy[HASH_AT + i] = (char)(hash >> 8 * i);
	copy[0] = 1;
	check(bytes_make(copy, text.size));
	free(copy);
}

#endif
