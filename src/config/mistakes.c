/* SPDX-License-Identifier: Apache-2.0 */
#include "config/mistakes.h"

#include "base/text.h"

#include <stdarg.h>

static bool comes_before(struct place a, struct place b)
{
	return a.line < b.line || (a.line == b.line && a.column < b.column);
}

/* A free one, at its place in the order of the file. */
static struct mistake *insert(struct mistakes *mistakes, struct place place)
{
	size_t at = mistakes->count;

	if (mistakes->count == MISTAKES_MAX) {
		mistakes->untold++;
		return NULL;
	}
	while (at > 0 && comes_before(place, mistakes->list[at - 1].place))
		at--;
	memmove(&mistakes->list[at + 1], &mistakes->list[at],
		(mistakes->count - at) * sizeof(mistakes->list[0]));
	mistakes->count++;
	mistakes->list[at].place = place;
	return &mistakes->list[at];
}

void mistakes_add(struct mistakes *mistakes, struct place place, const char *format, ...)
{
	struct mistake *mistake = insert(mistakes, place);
	va_list args;

	if (!mistake)
		return;
	va_start(args, format);
	vsnprintf(mistake->text, sizeof(mistake->text), format, args);
	va_end(args);
}

void mistakes_add_word(struct mistakes *mistakes, struct place place, struct bytes word,
		       const char *const *candidates, size_t count, const char *format, ...)
{
	const char *nearest = text_nearest(word, candidates, count);
	struct mistake *mistake = insert(mistakes, place);
	size_t used;
	va_list args;

	if (!mistake)
		return;
	va_start(args, format);
	vsnprintf(mistake->text, sizeof(mistake->text), format, args);
	va_end(args);
	used = strlen(mistake->text);
	if (nearest)
		snprintf(mistake->text + used, sizeof(mistake->text) - used,
			 "; did you mean '%s'?", nearest);
}

const char *mistakes_format(const struct mistakes *mistakes, size_t index,
			    char text[MISTAKE_LINE_SIZE])
{
	const struct mistake *mistake = &mistakes->list[index];
	char file[MISTAKE_LINE_SIZE - MISTAKE_TEXT_SIZE - 32];

	text_escape(bytes_of(mistakes->file), file, sizeof(file));
	if (mistake->place.line == 0)
		snprintf(text, MISTAKE_LINE_SIZE, "%s: %s", file, mistake->text);
	else
		snprintf(text, MISTAKE_LINE_SIZE, "%s:%u:%u: %s", file, mistake->place.line,
			 mistake->place.column, mistake->text);
	return text;
}

void mistakes_print(const struct mistakes *mistakes, FILE *out)
{
	char line[MISTAKE_LINE_SIZE];

	for (size_t i = 0; i < mistakes->count; i++)
		fprintf(out, "%s\n", mistakes_format(mistakes, i, line));
	if (mistakes->untold)
		fprintf(out, "%zu more mistakes are not shown\n", mistakes->untold);
}

const char *mistake_word(struct bytes word, char text[MISTAKE_WORD_SIZE])
{
	return text_escape(word, text, MISTAKE_WORD_SIZE);
}
