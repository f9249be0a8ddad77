/* SPDX-License-Identifier: Apache-2.0 */
#include "script.h"

#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define STORY_MOST 65536

static unsigned fails_at; /* 0: not expected */

void story_fail(const struct story *story, int status, const char *format, ...)
{
	va_list args;

	if (fails_at)
		exit(fails_at == story->line ? 0 : 1);
	fprintf(stderr, "%s:%u: ", story->file, story->line);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\n");
	exit(status);
}

void story_expect(const struct story *story, bool well, const char *but)
{
	if (!well)
		story_fail(story, 1, "%s", but);
}

void story_must(bool well, const char *what)
{
	if (well)
		return;
	fprintf(stderr, "story: %s\n", what);
	exit(2);
}

static bool read_client(struct story *story, struct bytes word, struct client *ret)
{
	size_t colon = bytes_find_char(word, ':');
	struct bytes addr = word, port = { 0 };
	uint64_t number = 0;

	*ret = story->it;
	if (bytes_equal(word, BYTES_LITERAL("it")))
		return ret->addr.family != ADDR_NONE;
	if (bytes_starts_with(word, BYTES_LITERAL("["))) {
		size_t end = bytes_find(word, BYTES_LITERAL("]:"));

		addr = bytes_skip(bytes_first(word, end), 1);
		port = bytes_skip(word, end + 2);
	} else if (addr_parse(word, &ret->addr) < 0) {
		addr = bytes_first(word, colon);
		port = bytes_skip(word, colon + 1);
	}
	if (addr_parse(addr, &ret->addr) < 0 ||
	    (addr.size != word.size && bytes_to_u64(port, 65535, &number) < 0))
		return false;
	ret->port = (uint16_t)number;
	story->it = *ret;
	return true;
}

static bool read_detail(struct story *story, struct bytes kind, struct bytes word,
			struct details *ret)
{
	if (bytes_equal(kind, BYTES_LITERAL("{client}")))
		return read_client(story, word, &ret->client);
	if (bytes_equal(kind, BYTES_LITERAL("{time}")))
		return ret->time_count < 2 &&
		       duration_parse(word, &ret->times[ret->time_count++]) == 0;
	if (bytes_equal(kind, BYTES_LITERAL("{count}")))
		return bytes_to_u64(word, UINT32_MAX, &ret->count) == 0;
	if (bytes_equal(kind, BYTES_LITERAL("{prefix}")))
		return prefix_parse(word, &ret->prefix) == 0;
	if (bytes_equal(kind, BYTES_LITERAL("{word}"))) {
		if (word.size == 0 || ret->word_count == 2)
			return false;
		ret->words[ret->word_count++] = word;
		return true;
	}
	return bytes_equal(kind, word);
}

struct bytes story_take_word(struct bytes *text)
{
	size_t end = 0;
	struct bytes word;

	*text = bytes_trim(*text);
	while (end < text->size && !char_is_blank(text->data[end]))
		end++;
	word = bytes_first(*text, end);
	*text = bytes_trim(bytes_skip(*text, end));
	return word;
}

static bool fits(struct story *story, const char *words, struct bytes text, struct details *ret)
{
	struct bytes expected = bytes_of(words);

	*ret = (struct details){ 0 };
	while (expected.size) {
		struct bytes word = story_take_word(&expected);

		if (bytes_equal(word, BYTES_LITERAL("{rest}"))) {
			ret->rest = text;
			return text.size > 0;
		}
		if (!read_detail(story, word, story_take_word(&text), ret))
			return false;
	}
	return text.size == 0;
}

static void play_phrase(const struct script *script, struct story *story, enum mood mood, struct bytes text)
{
	struct client it = story->it;
	struct details details;

	for (size_t i = 0; i < script->phrase_count; i++) {
		const struct phrase *phrase = &script->phrases[i];

		story->it = it;
		if (phrase->mood != mood || !fits(story, phrase->words, text, &details))
			continue;
		phrase->play(story, &details);
		return;
	}
	story_fail(story, 2, "not understood: %.*s", BYTES_FMT(text));
}

static struct bytes without_remark(const struct script *script, struct bytes line)
{
	size_t remark;

	if (script->without_remarks && bytes_contain(line, bytes_of(script->without_remarks)))
		return line;
	remark = bytes_find(line, BYTES_LITERAL("  #"));
	return bytes_trim(bytes_starts_with(line, BYTES_LITERAL("#")) ? bytes_first(line, 0)
								      : bytes_first(line, remark));
}

static void play_line(const struct script *script, struct story *story, enum mood *mood, struct bytes line)
{
	struct bytes word = story_take_word(&line);
	enum mood before = *mood;

	if (bytes_equal(word, BYTES_LITERAL("given")))
		*mood = GIVEN;
	else if (bytes_equal(word, BYTES_LITERAL("when")))
		*mood = WHEN;
	else if (bytes_equal(word, BYTES_LITERAL("then")))
		*mood = THEN;
	else if (!bytes_equal(word, BYTES_LITERAL("and")) || *mood == NOTHING)
		story_fail(story, 2, "a line begins with given, when, then or and");
	if (*mood == GIVEN && before > GIVEN)
		story_fail(story, 2, "settings come before anything happens");
	if (*mood == GIVEN && script->given)
		script->given(story, line);
	else
		play_phrase(script, story, *mood, line);
}

static void play(const struct script *script, const char *file, struct bytes text)
{
	struct story story = { .file = file, .world = script->begin() };
	enum mood mood = NOTHING;
	bool titled = false, checked = false;

	while (text.size) {
		size_t end = bytes_find_char(text, '\n');
		struct bytes line = without_remark(script, bytes_trim(bytes_first(text, end)));

		story.line++;
		text = bytes_skip(text, end + 1);
		if (line.size == 0)
			continue;
		if (!titled) {
			titled = bytes_starts_with(line, BYTES_LITERAL("story: "));
			if (!titled)
				story_fail(&story, 2, "a story begins with story: and its title");
			continue;
		}
		play_line(script, &story, &mood, line);
		checked = checked || mood == THEN;
	}
	if (!checked)
		story_fail(&story, 2, "nothing is checked");
	script->end(&story);
}

static struct bytes read_file(const char *file, char *text)
{
	FILE *in = fopen(file, "re");
	size_t size;

	if (!in) {
		fprintf(stderr, "%s: %s\n", file, strerror(errno));
		exit(2);
	}
	size = fread(text, 1, STORY_MOST, in);
	fclose(in);
	if (size == STORY_MOST) {
		fprintf(stderr, "%s: that is no story any more, it is a novel\n", file);
		exit(2);
	}
	return bytes_make(text, size);
}

void story_options(int *argc, char ***argv)
{
	if (*argc > 2 && strcmp((*argv)[1], "--fails-at") == 0) {
		fails_at = (unsigned)strtoul((*argv)[2], NULL, 10);
		*argc -= 2;
		*argv += 2;
	}
}

int story_play(const struct script *script, char **files, int count)
{
	static char text[STORY_MOST];

	for (int i = 0; i < count; i++)
		play(script, files[i], read_file(files[i], text));
	return fails_at ? 1 : 0;
}
