/* SPDX-License-Identifier: Apache-2.0 */
/* text - how values are written for people and read back, and how foreign text is made
 * safe to show.
 */
#ifndef WAVEBREAK_BASE_TEXT_H
#define WAVEBREAK_BASE_TEXT_H

#include "base/bytes.h"

/* A duration as administrators write it: "500ms", "2s", "10m", "1h", "7d", "1h30m", "2w", "1y" (365 days).
 * A bare number is an error: nobody remembers its unit. Result in milliseconds.
 * Returns 0, -EINVAL or -ERANGE (more than ten years). */
int duration_parse(struct bytes text, uint64_t *ret_ms);

/* The shortest exact form: 90000 is "1m30s". Returns `text`. */
#define DURATION_TEXT_SIZE 48
const char *duration_format(uint64_t ms, char text[DURATION_TEXT_SIZE]);

/* "512", "64k", "10M", "1G" (powers of 1024). Returns 0, -EINVAL or -ERANGE. */
int size_parse(struct bytes text, uint64_t *ret_bytes);

/* "2026-07-27 19:12:17" in local time. Returns `text`. */
#define WALL_TEXT_SIZE 32
const char *wall_format(uint64_t wall_s, char text[WALL_TEXT_SIZE]);
/* The end of the year 9999: no later time that somebody tells is believed. */
#define WALL_MOST_S UINT64_C(253402300799)

/* "1,234,567". Returns `text`. */
#define COUNT_TEXT_SIZE 28
const char *count_format(uint64_t count, char text[COUNT_TEXT_SIZE]);

/* Foreign text for a person's terminal, a log or a page of plain text: printable ASCII
 * stays, '\' and everything else becomes \xHH. UTF-8 is not let through: it has
 * direction marks and look-alikes. Cut with "..." when it does not fit. Always ends
 * with NUL. Returns `out`. */
const char *text_escape(struct bytes foreign, char *out, size_t out_size);
/* The same where UTF-8 is read, for names of places and companies: the letters of Latin, Greek and Cyrillic stay as
 * well. What has a direction, or is not seen, or sits upon another letter, is none of these. */
const char *text_escape_letters(struct bytes foreign, char *out, size_t out_size);

/* The candidate that was most likely meant, by edit distance with neighbours swapped
 * counted once; NULL when none is near (more than two fifths of the word differ). */
const char *text_nearest(struct bytes word, const char *const *candidates, size_t count);

#endif
