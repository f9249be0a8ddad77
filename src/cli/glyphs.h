/* SPDX-License-Identifier: Apache-2.0 */
/* glyphs - what our pictures in a terminal are made of, and the ASCII that stands for it where there is nothing else. */
#ifndef WAVEBREAK_CLI_GLYPHS_H
#define WAVEBREAK_CLI_GLYPHS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* The next glyph of a text that does not end there: printable ASCII, or one of our own (UTF-8, each one cell wide).
 * What is none of these is '?', byte by byte. */
uint16_t glyph_take(const char **text);

/* What stands for a glyph where there is ASCII only: '|' for U+2502, '.' ':' '\'' for dots, '_' to '#' for bars. */
char glyph_plain(uint16_t glyph);

/* Whether the terminal of that name ($TERM) shows ASCII only, by this process' locale, which is set for it
 * (LC_CTYPE). */
bool glyphs_are_plain(const char *term);

/* A picture of ours, with its colours and its ends of lines. */
void glyphs_write(const char *picture, bool plain, FILE *out);

#endif
