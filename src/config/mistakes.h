/* SPDX-License-Identifier: Apache-2.0 */
/* mistakes - what is wrong with a file, each with its place and a sentence.
 *
 * All mistakes of a file are told at once, in its order, up to MISTAKES_MAX of them; the
 * rest is counted. The list is plain memory: no allocation, so it can tell of a lack of
 * memory too, and needs no freeing. What is quoted from the file is made safe to show.
 */
#ifndef WAVEBREAK_CONFIG_MISTAKES_H
#define WAVEBREAK_CONFIG_MISTAKES_H

#include "base/bytes.h"

#include <stdio.h>

#define MISTAKES_MAX 20
#define MISTAKE_TEXT_SIZE 320

/* Both count from 1, columns in bytes. Line 0 is the file as a whole. */
struct place {
	unsigned line;
	unsigned column;
};

struct mistake {
	struct place place;
	char text[MISTAKE_TEXT_SIZE]; /* "'at_least' is not a setting of ban" */
};

struct mistakes {
	const char *file; /* as the user named it; the caller keeps it alive */
	size_t count;     /* of list */
	size_t untold;    /* how many more there were */
	struct mistake list[MISTAKES_MAX];
};

/* Long sentences are cut. */
void mistakes_add(struct mistakes *mistakes, struct place place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same with "; did you mean '...'?" after it where one of the candidates is near. */
void mistakes_add_word(struct mistakes *mistakes, struct place place, struct bytes word,
		       const char *const *candidates, size_t count, const char *format, ...)
	__attribute__((format(printf, 6, 7)));

/* "FILE:LINE:COLUMN: sentence", or "FILE: sentence". Returns `text`. */
#define MISTAKE_LINE_SIZE (MISTAKE_TEXT_SIZE + 512)
const char *mistakes_format(const struct mistakes *mistakes, size_t index,
			    char text[MISTAKE_LINE_SIZE]);

/* One line each, and a last one that counts the untold. */
void mistakes_print(const struct mistakes *mistakes, FILE *out);

/* A word of the file for use in a sentence: escaped and cut. Returns `text`. */
#define MISTAKE_WORD_SIZE 64
const char *mistake_word(struct bytes word, char text[MISTAKE_WORD_SIZE]);

#endif
