/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/glyphs.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#define MIDDLE_DOT 0x00b7
#define ELLIPSIS 0x2026
#define BLOCKS 0x2581 /* of one to eight eighths of a cell */

static bool is_our_glyph(uint16_t glyph)
{
	return glyph == ELLIPSIS || glyph == MIDDLE_DOT || (glyph >= 0x2500 && glyph <= 0x25ff) ||
	       (glyph >= 0x2800 && glyph <= 0x28ff);
}

uint16_t glyph_take(const char **text)
{
	const unsigned char *at = (const unsigned char *)*text;
	uint16_t glyph = '?';
	size_t size = 1;

	if (at[0] >= ' ' && at[0] < 0x7f) {
		glyph = at[0];
	} else if (at[0] >> 5 == 6 && at[1] >> 6 == 2) {
		glyph = (uint16_t)((at[0] & 0x1f) << 6 | (at[1] & 0x3f));
		size = 2;
	} else if (at[0] >> 4 == 0xe && at[1] >> 6 == 2 && at[2] >> 6 == 2) {
		glyph = (uint16_t)((at[0] & 0xf) << 12 | (at[1] & 0x3f) << 6 | (at[2] & 0x3f));
		size = 3;
	}
	if (size > 1 && !is_our_glyph(glyph)) {
		glyph = '?';
		size = 1;
	}
	*text += size;
	return glyph;
}

static char plain_dots(unsigned dots)
{
	/* Unicode chapter 21.1: these are the upper four of eight. */
	bool upper = dots & (0x01 | 0x02 | 0x08 | 0x10), lower = dots & (0x04 | 0x40 | 0x20 | 0x80);

	return upper && lower ? ':' : upper ? '\'' : lower ? '.' : ' ';
}

char glyph_plain(uint16_t glyph)
{
	if (glyph >= ' ' && glyph < 0x7f)
		return (char)glyph;
	if (glyph >= 0x2800 && glyph <= 0x28ff)
		return plain_dots(glyph & 0xff);
	if (glyph >= BLOCKS && glyph < BLOCKS + 8)
		return "__--==##"[glyph - BLOCKS];
	switch (glyph) {
	case 0x2500: case 0x254c: return '-';
	case 0x2502: return '|';
	case 0x2514: case 0x2524: case 0x252c: return '+';
	case ELLIPSIS: return '~';
	default: return '*';
	}
}

/* Of a locale that is not installed here its name still tells what the terminal takes: "de_DE.ISO-8859-1". */
static bool names_another_charset(void)
{
	static const char *const variables[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *name = NULL, *charset;

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]) && (!name || !*name); i++)
		name = getenv(variables[i]);
	charset = name ? strchr(name, '.') : NULL;
	return charset && strncasecmp(charset, ".utf", 4) != 0;
}

/* A locale that nobody has chosen ("C") says nothing of the terminal, and all of today take UTF-8; the console of Linux
 * has no glyphs for dots. */
bool glyphs_are_plain(const char *term)
{
	bool plain = !setlocale(LC_CTYPE, "") && names_another_charset();

	if (strncmp(nl_langinfo(CODESET), "ANSI_X3.4", 9) == 0)
		setlocale(LC_CTYPE, "C.UTF-8");
	return plain || strcmp(nl_langinfo(CODESET), "UTF-8") != 0 || strcmp(term, "linux") == 0;
}

void glyphs_write(const char *picture, bool plain, FILE *out)
{
	while (*picture) {
		bool is_ascii = !(*picture & 0x80);

		if (is_ascii)
			fputc(*picture++, out);
		else if (plain)
			fputc(glyph_plain(glyph_take(&picture)), out);
		else
			do
				fputc(*picture++, out);
			while ((*picture & 0xc0) == 0x80);
	}
}
