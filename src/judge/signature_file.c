/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/signature_file.h"

#include "base/text.h"
#include "judge/signature_definition.h"
#include "judge/signature_example.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

struct place {
	unsigned line, column;
};

struct reader {
	struct signature_set *set;
	const char *file;
	struct signature_mistake *mistake;
	struct bytes line;
	unsigned line_number;
	const char *keyword; /* where it stands in the line */
	struct service *service;
	struct signature *signature; /* the one that is being read */
	bool has_pattern, has_outcome, has_score;
	struct place reply_place, literal_place, pattern_place, memory_place;
	struct bytes before[EXAMPLE_BEFORE_MAX]; /* of the next example */
	size_t before_count;
	struct definitions definitions;
	size_t first_signature; /* of this file */
};

/* Every reading function takes what stands after the keyword, without blanks around it. */
struct keyword {
	const char *name;
	int (*read)(struct reader *reader, struct bytes rest);
	bool of_service, of_signature; /* needs one that is open */
};

static struct place place_of(const struct reader *reader, const char *at)
{
	return (struct place){ reader->line_number, (unsigned)(at - reader->line.data) + 1 };
}

__attribute__((format(printf, 3, 4)))
static int wrong_at(struct reader *reader, struct place place, const char *format, ...)
{
	va_list args;

	reader->mistake->line = place.line;
	reader->mistake->column = place.column;
	va_start(args, format);
	vsnprintf(reader->mistake->text, sizeof(reader->mistake->text), format, args);
	va_end(args);
	return -EINVAL;
}

#define wrong(reader, at, ...) wrong_at(reader, place_of(reader, at), __VA_ARGS__)

/* A word of the file for a sentence. */
#define WORD_SIZE 64
static const char *shown(struct bytes word, char text[WORD_SIZE])
{
	return text_escape(word, text, WORD_SIZE);
}

static int wrong_word(struct reader *reader, struct bytes word, const char *const *candidates,
		      size_t count, const char *what)
{
	const char *nearest = text_nearest(word, candidates, count);
	char text[WORD_SIZE];

	if (nearest)
		return wrong(reader, word.data, "'%s' is no %s; did you mean '%s'?",
			     shown(word, text), what, nearest);
	return wrong(reader, word.data, "'%s' is no %s", shown(word, text), what);
}

static int no_room(struct reader *reader, int r, const char *what, unsigned most)
{
	if (r != -ENOSPC)
		return r;
	return wrong(reader, reader->keyword, "more than %u %s", most, what);
}

static struct bytes take_word(struct bytes *rest)
{
	struct bytes word = *rest;
	size_t size = 0;

	while (size < rest->size && !char_is_blank(rest->data[size]))
		size++;
	word.size = size;
	*rest = bytes_skip(*rest, size);
	while (rest->size && char_is_blank(rest->data[0]))
		*rest = bytes_skip(*rest, 1);
	return word;
}

static int take_name(struct reader *reader, struct bytes rest, struct bytes *ret)
{
	*ret = take_word(&rest);
	if (!signature_name_is_good(*ret))
		return wrong(reader, ret->data,
			     "a name has a letter first, then letters, digits and '-', "
			     "all small, %d at most",
			     SIGNATURE_NAME_MAX);
	if (rest.size)
		return wrong(reader, rest.data, "one name, and nothing after it");
	return 0;
}

/* The text with its definitions put in; `out` has SIGNATURE_TEXT_MAX bytes. */
static int expand(struct reader *reader, struct bytes text, char *out, size_t *ret_size)
{
	struct bytes unknown;
	int r = definitions_expand(&reader->definitions, text, out, ret_size, &unknown);
	char word[WORD_SIZE];

	if (r == -ENOENT)
		return wrong(reader, unknown.data, "'%s' is not defined before this line",
			     shown(unknown, word));
	if (r == -E2BIG)
		return wrong(reader, text.data, "longer than %d bytes with its definitions",
			     SIGNATURE_TEXT_MAX);
	return r;
}

static int read_define(struct reader *reader, struct bytes rest)
{
	struct bytes name = take_word(&rest), kept;
	char text[SIGNATURE_TEXT_MAX];
	size_t size;
	int r;

	if (!signature_name_is_good(name) || rest.size == 0)
		return wrong(reader, name.data, "'define' needs a name and a text");
	r = expand(reader, rest, text, &size);
	if (r == 0)
		r = signature_set_keep_text(reader->set, bytes_make(text, size), &kept);
	if (r == 0)
		r = definitions_add(&reader->definitions, name, kept);
	if (r == -EEXIST)
		return wrong(reader, name.data, "this name is defined already");
	return no_room(reader, r, "definitions", SIGNATURE_DEFINITIONS_MAX);
}

static int check_memory(struct reader *reader, const struct pattern *pattern)
{
	const struct signature *signature = reader->signature;

	if ((signature->memory || signature->forgets) && !pattern->id_group)
		return wrong_at(reader, reader->memory_place, "the pattern has no group 'id'");
	if (signature->memory == SIGNATURE_REMEMBERS && !pattern->addr_group)
		return wrong_at(reader, reader->memory_place,
				"the pattern has no group 'addr', so there is nobody to remember");
	if (signature->memory == SIGNATURE_RECALLS && pattern->addr_group)
		return wrong_at(reader, reader->memory_place,
				"the pattern has a group 'addr': who is named need not be recalled");
	return 0;
}

static int finish_signature(struct reader *reader)
{
	struct signature *signature = reader->signature;
	const struct pattern *pattern;
	struct place place = { 0, 1 };
	int r;

	if (!signature)
		return 0;
	place.line = signature->file_line;
	if (reader->before_count)
		return wrong_at(reader, place, "'%s' has an 'after' with no example behind it", signature->name);
	if (!reader->has_pattern)
		return wrong_at(reader, place, "'%s' has no pattern", signature->name);
	if (!reader->has_outcome)
		return wrong_at(reader, place, "'%s' has no outcome", signature->name);
	pattern = &reader->set->patterns[signature->pattern];
	if (!signature->replies.any && !pattern->reply_group)
		return wrong_at(reader, reader->reply_place,
				"the pattern has no group 'reply' to take it from");
	if (!reader->has_score)
		signature->score = outcome_score(signature->outcome);
	r = check_memory(reader, pattern);
	if (r < 0)
		return r;
	if (signature->score && !pattern->addr_group && signature->memory != SIGNATURE_RECALLS)
		return wrong_at(reader, reader->pattern_place, "the pattern has no group 'addr', "
				"so there is nobody to hold it against");
	/* The pattern's start is compared first and is cheaper. */
	if (bytes_contain(pattern->start, signature->literal))
		signature->literal.size = 0;
	reader->signature = NULL;
	return 0;
}

static int read_service(struct reader *reader, struct bytes rest)
{
	struct bytes name;
	int r = finish_signature(reader);

	if (r == 0)
		r = take_name(reader, rest, &name);
	if (r < 0)
		return r;
	return no_room(reader, signature_set_service(reader->set, name, &reader->service),
		       "services", SERVICES_MAX);
}

static int read_server(struct reader *reader, struct bytes rest)
{
	struct bytes name;
	int r = take_name(reader, rest, &name);

	return r < 0 ? r : service_set_server(reader->service, name);
}

static int read_tag(struct reader *reader, struct bytes rest)
{
	int r = 0;

	if (rest.size == 0)
		return wrong(reader, rest.data, "'tag' needs one or more names of programs");
	while (rest.size && r == 0) {
		struct bytes tag = take_word(&rest);

		if (tag.size > SIGNATURE_NAME_MAX || bytes_find_char(tag, ':') < tag.size ||
		    bytes_find_char(tag, '[') < tag.size)
			return wrong(reader, tag.data,
				     "a tag is the program's name alone, without ':' and '[', "
				     "of %d bytes at most",
				     SIGNATURE_NAME_MAX);
		r = service_add_tag(reader->service, tag);
	}
	return no_room(reader, r, "tags of one service", SERVICE_TAGS_MAX);
}

static int read_split(struct reader *reader, struct bytes rest)
{
	uint64_t size;

	if (bytes_to_u64(rest, 65536, &size) < 0 || size < 64)
		return wrong(reader, rest.data, "a number of bytes from 64 to 65536");
	reader->service->split_size = (size_t)size;
	return 0;
}

static int read_signature(struct reader *reader, struct bytes rest)
{
	const struct signature *before;
	struct bytes name;
	int r = finish_signature(reader);

	if (r == 0)
		r = take_name(reader, rest, &name);
	if (r < 0)
		return r;
	before = signature_set_find(reader->set, reader->service, name);
	if (before && before->file == reader->file)
		return wrong(reader, name.data, "there is a '%s' on line %u", before->name,
			     before->file_line);
	r = signature_set_add(reader->set, reader->service, name, &reader->signature);
	if (r < 0)
		return no_room(reader, r, "signatures", SIGNATURES_MAX);
	reader->signature->file = reader->file;
	reader->signature->file_line = reader->line_number;
	reader->signature->replaced = before != NULL;
	reader->has_pattern = reader->has_outcome = reader->has_score = false;
	return 0;
}

static int read_literal(struct reader *reader, struct bytes rest)
{
	if (rest.size == 0)
		return wrong(reader, rest.data, "'literal' needs a text");
	reader->signature->literal = rest;
	return 0;
}

static int read_pattern(struct reader *reader, struct bytes rest)
{
	char text[SIGNATURE_TEXT_MAX], reason[160];
	size_t size, offset;
	int r, error;

	if (reader->has_pattern)
		return wrong(reader, reader->keyword, "a second pattern; one signature has one");
	if (rest.size == 0)
		return wrong(reader, rest.data, "'pattern' needs a regular expression");
	r = expand(reader, rest, text, &size);
	if (r < 0)
		return r;
	r = signature_set_pattern(reader->set, bytes_make(text, size), &reader->signature->pattern,
				  &error, &offset);
	if (r == -EINVAL) {
		char near[WORD_SIZE];

		pcre2_get_error_message(error, (PCRE2_UCHAR *)reason, sizeof(reason));
		shown(bytes_skip(bytes_make(text, size), offset > 20 ? offset - 20 : 0), near);
		return wrong(reader, rest.data, "%s, near '%s'", reason, near);
	}
	reader->pattern_place = place_of(reader, rest.data);
	reader->has_pattern = true;
	return r;
}

/* "511", "550-559" or "5xx": the first and the last code it stands for. */
static bool parse_codes(struct bytes word, unsigned *ret_first, unsigned *ret_last)
{
	size_t dash = bytes_find_char(word, '-');
	uint64_t first, last;

	if (word.size == 3 && char_is_digit(word.data[0]) && word.data[2] == 'x') {
		bool ten = char_is_digit(word.data[1]);

		if (!ten && word.data[1] != 'x')
			return false;
		first = (uint64_t)(word.data[0] - '0') * 100 +
			(ten ? (uint64_t)(word.data[1] - '0') * 10 : 0);
		last = first + (ten ? 9 : 99);
	} else {
		if (bytes_to_u64(bytes_first(word, dash), 599, &first) < 0)
			return false;
		last = first;
		if (dash < word.size && bytes_to_u64(bytes_skip(word, dash + 1), 599, &last) < 0)
			return false;
	}
	*ret_first = (unsigned)first;
	*ret_last = (unsigned)last;
	return first >= 200 && first <= last && last <= 599;
}

static int read_reply(struct reader *reader, struct bytes rest)
{
	struct reply_codes *codes = &reader->signature->replies;

	if (rest.size == 0)
		return wrong(reader, rest.data, "'reply' needs codes");
	reader->reply_place = place_of(reader, rest.data);
	codes->any = false;
	while (rest.size) {
		struct bytes word = take_word(&rest);
		unsigned first, last;

		if (word.size && word.data[word.size - 1] == ',')
			word.size--;
		if (!parse_codes(word, &first, &last))
			return wrong(reader, word.data,
				     "a reply code from 200 to 599, a range of them (550-559), "
				     "or a class (5xx, 55x)");
		for (unsigned code = first; code <= last; code++)
			codes->bits[code / 64] |= 1ULL << (code % 64);
	}
	return 0;
}

static int read_outcome(struct reader *reader, struct bytes rest)
{
	if (outcome_by_name(rest, &reader->signature->outcome) < 0)
		return wrong_word(reader, rest, outcome_names(), OUTCOME_COUNT, "outcome");
	reader->has_outcome = true;
	return 0;
}

static int read_score(struct reader *reader, struct bytes rest)
{
	uint64_t score;

	if (bytes_to_u64(rest, SIGNATURE_SCORE_MAX, &score) < 0)
		return wrong(reader, rest.data, "a number from 0 to %d", SIGNATURE_SCORE_MAX);
	reader->signature->score = (unsigned)score;
	reader->has_score = true;
	return 0;
}

static int keep_memory(struct reader *reader, struct bytes rest, enum signature_memory memory)
{
	if (rest.size)
		return wrong(reader, rest.data, "nothing may follow this keyword");
	if (reader->signature->memory)
		return wrong(reader, reader->keyword, "one of 'remember' and 'recall', once");
	reader->memory_place = place_of(reader, reader->keyword);
	reader->signature->memory = memory;
	return 0;
}

static int read_remember(struct reader *reader, struct bytes rest)
{
	return keep_memory(reader, rest, SIGNATURE_REMEMBERS);
}

static int read_recall(struct reader *reader, struct bytes rest)
{
	return keep_memory(reader, rest, SIGNATURE_RECALLS);
}

static int read_forget(struct reader *reader, struct bytes rest)
{
	if (rest.size)
		return wrong(reader, rest.data, "nothing may follow this keyword");
	reader->memory_place = place_of(reader, reader->keyword);
	reader->signature->forgets = true;
	return 0;
}

static int read_after(struct reader *reader, struct bytes rest)
{
	if (rest.size == 0)
		return wrong(reader, reader->keyword, "'after' needs a message");
	if (reader->before_count == EXAMPLE_BEFORE_MAX)
		return wrong(reader, reader->keyword, "more than %d messages before an example",
			     EXAMPLE_BEFORE_MAX);
	reader->before[reader->before_count++] = rest;
	return 0;
}

static int add_example(struct reader *reader, struct bytes rest, bool expected)
{
	struct example example = { .line = rest, .file_line = reader->line_number, .expected = expected,
				   .before_count = reader->before_count, .client = { ADDR_NONE } };

	if (rest.size == 0)
		return wrong(reader, reader->keyword, "an example needs a message");
	memcpy(example.before, reader->before, sizeof(example.before));
	reader->before_count = 0;
	return signature_add_example(reader->signature, &example);
}

static int read_yes(struct reader *reader, struct bytes rest)
{
	return add_example(reader, rest, true);
}

static int read_no(struct reader *reader, struct bytes rest)
{
	return add_example(reader, rest, false);
}

static int read_client(struct reader *reader, struct bytes rest)
{
	const struct signature *signature = reader->signature;
	struct example *last = NULL;

	if (signature->example_count)
		last = &signature->examples[signature->example_count - 1];
	if (!last || !last->expected)
		return wrong(reader, reader->keyword, "'client' belongs right after a 'yes'");
	if (addr_parse(rest, &last->client) < 0)
		return wrong(reader, rest.data, "not an address");
	return 0;
}

static const struct keyword keywords[] = {
	{ "define", read_define, false, false }, { "service", read_service, false, false },
	{ "server", read_server, true, false },  { "tag", read_tag, true, false },
	{ "split", read_split, true, false },    { "signature", read_signature, true, false },
	{ "literal", read_literal, true, true }, { "pattern", read_pattern, true, true },
	{ "reply", read_reply, true, true },     { "outcome", read_outcome, true, true },
	{ "score", read_score, true, true },     { "yes", read_yes, true, true },
	{ "no", read_no, true, true },           { "client", read_client, true, true },
	{ "after", read_after, true, true },     { "remember", read_remember, true, true },
	{ "recall", read_recall, true, true },   { "forget", read_forget, true, true },
};

#define KEYWORDS (sizeof(keywords) / sizeof(keywords[0]))

static int wrong_keyword(struct reader *reader, struct bytes word)
{
	const char *names[KEYWORDS];

	for (size_t i = 0; i < KEYWORDS; i++)
		names[i] = keywords[i].name;
	return wrong_word(reader, word, names, KEYWORDS, "keyword");
}

static int read_line(struct reader *reader)
{
	struct bytes rest = bytes_trim(reader->line), word;

	if (reader->line.size > SIGNATURE_TEXT_MAX)
		return wrong(reader, reader->line.data, "longer than %d bytes", SIGNATURE_TEXT_MAX);
	if (reader->line.size && memchr(reader->line.data, '\0', reader->line.size))
		return wrong(reader, reader->line.data, "holds a NUL: this is no text");
	if (rest.size == 0 || rest.data[0] == '#')
		return 0;
	word = take_word(&rest);
	reader->keyword = word.data;
	for (size_t i = 0; i < KEYWORDS; i++) {
		const struct keyword *keyword = &keywords[i];

		if (!bytes_equal(word, bytes_of(keyword->name)))
			continue;
		if (keyword->of_service && !reader->service)
			return wrong(reader, word.data,
				     "'%s' belongs to a service, and none was named yet",
				     keyword->name);
		if (keyword->of_signature && !reader->signature)
			return wrong(reader, word.data, "'%s' belongs to a signature",
				     keyword->name);
		if (!keyword->of_signature && keyword->of_service && reader->signature &&
		    keyword->read != read_signature)
			return wrong(reader, word.data,
				     "'%s' stands before the signatures of a service",
				     keyword->name);
		return keyword->read(reader, rest);
	}
	return wrong_keyword(reader, word);
}

int signature_file_read(struct signature_set *set, struct bytes text, const char *name,
			struct signature_mistake *ret_mistake)
{
	struct reader reader = { .set = set, .mistake = ret_mistake };
	struct bytes kept_name;
	int r;

	if (text.size > SIGNATURE_FILE_SIZE_MAX)
		return -EFBIG;
	r = signature_set_keep_text(set, bytes_of(name), &kept_name);
	if (r == 0)
		r = signature_set_keep_text(set, text, &text);
	reader.first_signature = set->signature_count;
	reader.file = kept_name.data;
	while (r == 0 && text.size) {
		reader.line = bytes_first(text, bytes_find_char(text, '\n'));
		reader.line_number++;
		r = read_line(&reader);
		text = bytes_skip(text, reader.line.size + 1);
	}
	if (r == 0)
		r = finish_signature(&reader);
	return r == 0 ? signature_examples_try(set, reader.first_signature, ret_mistake) : r;
}
