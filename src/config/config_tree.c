/* SPDX-License-Identifier: Apache-2.0 */
#include "config/config_tree.h"

#include "config/lexer.h"

#include <errno.h>
#include <stdlib.h>

struct parser {
	struct lexer lexer;
	struct token token; /* the one to be looked at next */
	struct config_tree *tree;
	struct mistakes *mistakes;
	uint32_t open[CONFIG_TREE_MOST_DEEP]; /* entries */
	size_t depth;
	unsigned value_line; /* where the latest value ended */
	bool full;           /* no memory, or past a limit: nothing more is taken */
	int error;
};

static struct token take(struct parser *parser)
{
	struct token token = parser->token;

	parser->token = lexer_next(&parser->lexer);
	return token;
}

static void give_up(struct parser *parser, int error)
{
	parser->full = true;
	parser->error = error;
}

/* Room for one more element in an array that doubles. */
static int make_room(void **array, size_t size, size_t count, size_t *room)
{
	size_t more = *room ? *room * 2 : 32;
	void *larger;

	if (count < *room)
		return 0;
	larger = reallocarray(*array, more, size);
	if (!larger)
		return -ENOMEM;
	*array = larger;
	*room = more;
	return 0;
}

static struct config_entry *add_entry(struct parser *parser, const struct config_word *name)
{
	struct config_tree *tree = parser->tree;
	struct config_entry *entry;

	if (tree->count == CONFIG_TREE_MOST_WORDS) {
		mistakes_add(parser->mistakes, name->place, "more than %d settings",
			     CONFIG_TREE_MOST_WORDS);
		give_up(parser, 0);
		return NULL;
	}
	if (make_room((void **)&tree->entries, sizeof(*tree->entries), tree->count,
		      &tree->entries_room) < 0) {
		give_up(parser, -ENOMEM);
		return NULL;
	}
	entry = &tree->entries[tree->count++];
	*entry = (struct config_entry){ .name = *name, .end = (uint32_t)tree->count };
	return entry;
}

static int add_value(struct parser *parser, const struct config_word *word)
{
	struct config_tree *tree = parser->tree;

	if (tree->word_count == CONFIG_TREE_MOST_WORDS) {
		mistakes_add(parser->mistakes, word->place, "more than %d values",
			     CONFIG_TREE_MOST_WORDS);
		give_up(parser, 0);
		return -E2BIG;
	}
	if (make_room((void **)&tree->words, sizeof(*tree->words), tree->word_count,
		      &tree->words_room) < 0) {
		give_up(parser, -ENOMEM);
		return -ENOMEM;
	}
	tree->words[tree->word_count++] = *word;
	return 0;
}

/* The buffer has the size of the whole text, so what is unquoted always fits. */
static struct config_word word_of(struct parser *parser, const struct token *token)
{
	struct config_tree *tree = parser->tree;
	struct config_word word = { token->text, token->place };

	if (token->kind == TOKEN_QUOTED && bytes_find_char(token->text, '\\') < token->text.size) {
		word.text.data = tree->unquoted + tree->unquoted_size;
		word.text.size = lexer_unquote(token->text, tree->unquoted + tree->unquoted_size);
		tree->unquoted_size += word.text.size;
	}
	return word;
}

static bool is_value(const struct token *token)
{
	return token->kind == TOKEN_WORD || token->kind == TOKEN_QUOTED;
}

/* After a mistake: on with the next line, or with the next brace so that sections stay
 * what they are. */
static void skip_line(struct parser *parser, unsigned line)
{
	while (parser->token.kind != TOKEN_END && parser->token.kind != TOKEN_OPEN &&
	       parser->token.kind != TOKEN_CLOSE && parser->token.place.line == line)
		take(parser);
}

/* The `=` or `,` was taken. */
static int parse_value(struct parser *parser, const struct config_entry *entry,
		       const struct token *after)
{
	char name[MISTAKE_WORD_SIZE];
	struct config_word word;
	struct token value;

	if (!is_value(&parser->token) ||
	    (after->kind == TOKEN_EQUALS && parser->token.place.line != after->place.line)) {
		mistakes_add(parser->mistakes, after->place, "'%s' has no value after its '%c'",
			     mistake_word(entry->name.text, name), after->text.data[0]);
		skip_line(parser, after->place.line);
		return -EINVAL;
	}
	value = take(parser);
	parser->value_line = value.place.line;
	word = word_of(parser, &value);
	return add_value(parser, &word);
}

static void parse_setting(struct parser *parser, const struct config_word *name)
{
	struct config_entry *entry = add_entry(parser, name);
	struct token after;

	if (!entry)
		return;
	entry->first_word = (uint32_t)parser->tree->word_count;
	do {
		after = take(parser);
		if (parse_value(parser, entry, &after) < 0)
			return;
		entry->word_count++;
	} while (parser->token.kind == TOKEN_COMMA);
}

static void open_section(struct parser *parser, const struct config_word *name,
			 const struct config_word *argument)
{
	struct config_entry *entry;

	if (parser->depth == CONFIG_TREE_MOST_DEEP) {
		mistakes_add(parser->mistakes, name->place, "sections more than %d deep",
			     CONFIG_TREE_MOST_DEEP);
		give_up(parser, 0);
		return;
	}
	entry = add_entry(parser, name);
	if (!entry)
		return;
	entry->is_section = true;
	entry->argument = *argument;
	parser->open[parser->depth++] = (uint32_t)parser->tree->count - 1;
}

static void close_section(struct parser *parser)
{
	struct token brace = take(parser);

	if (parser->depth == 0) {
		mistakes_add(parser->mistakes, brace.place, "this '}' closes nothing");
		return;
	}
	parser->depth--;
	parser->tree->entries[parser->open[parser->depth]].end = (uint32_t)parser->tree->count;
}

static void refuse(struct parser *parser, const struct token *token)
{
	char word[MISTAKE_WORD_SIZE];

	mistake_word(token->text, word);
	if (token->place.line == parser->value_line && is_value(token))
		mistakes_add(parser->mistakes, token->place,
			     "'%s' comes after the value; a text with blanks needs quotes, a list commas",
			     word);
	else
		mistakes_add(parser->mistakes, token->place,
			     "'%s' begins neither a setting, name = value, nor a section, name { ... }",
			     word);
	skip_line(parser, token->place.line);
}

static void parse_entry(struct parser *parser)
{
	struct config_word argument = { .text = { NULL, 0 } }, name;
	struct token first = take(parser), second;

	name = word_of(parser, &first);
	if (first.kind == TOKEN_WORD && parser->token.kind == TOKEN_EQUALS) {
		parse_setting(parser, &name);
		return;
	}
	if (first.kind == TOKEN_WORD && is_value(&parser->token) &&
	    parser->token.place.line == first.place.line) {
		second = take(parser);
		argument = word_of(parser, &second);
	}
	if (first.kind != TOKEN_WORD || parser->token.kind != TOKEN_OPEN)
		refuse(parser, &first);
	if (first.kind == TOKEN_OPEN) {
		name.text.size = 0;
		open_section(parser, &name, &argument);
	} else if (parser->token.kind == TOKEN_OPEN) {
		take(parser);
		open_section(parser, &name, &argument);
	}
}

static void tell_unclosed(struct parser *parser)
{
	while (parser->depth > 0) {
		struct config_entry *section = &parser->tree->entries[parser->open[--parser->depth]];
		char name[MISTAKE_WORD_SIZE];

		section->end = (uint32_t)parser->tree->count;
		if (!parser->full)
			mistakes_add(parser->mistakes, section->name.place,
				     "the section '%s' is not closed",
				     mistake_word(section->name.text, name));
	}
}

int config_tree_parse(struct bytes text, struct config_tree *ret, struct mistakes *mistakes)
{
	struct parser parser = { .tree = ret, .mistakes = mistakes };

	*ret = (struct config_tree){ .unquoted = malloc(text.size + 1) };
	if (!ret->unquoted)
		return -ENOMEM;
	lexer_init(&parser.lexer, text, mistakes);
	take(&parser);
	while (parser.token.kind != TOKEN_END && !parser.full) {
		if (parser.token.kind == TOKEN_CLOSE)
			close_section(&parser);
		else
			parse_entry(&parser);
	}
	tell_unclosed(&parser);
	if (parser.error < 0)
		config_tree_free(ret);
	return parser.error;
}

void config_tree_free(struct config_tree *tree)
{
	free(tree->entries);
	free(tree->words);
	free(tree->unquoted);
	*tree = (struct config_tree){ .entries = NULL };
}
