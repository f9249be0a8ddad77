/* SPDX-License-Identifier: Apache-2.0 */
/* config_tree - the form of a configuration, before anything is known of its meaning.
 *
 *	name = value [, value ...]
 *	name [argument] { ... }
 *
 * A value ends with its word, not with its line, so several settings may share a line;
 * it has to begin on the line of its `=`. A list may go on in the next line after a comma.
 * Entries stand in one array in the order of the text, each section before what it
 * holds, so the entries of section i are i + 1 up to entries[i].end:
 *
 *	for (size_t i = section + 1; i < tree.entries[section].end; i = tree.entries[i].end)
 *
 * Words are views of the caller's text, except quoted ones with a backslash, which are
 * the tree's own. All of a text is parsed: after a mistake it goes on at the next line.
 */
#ifndef WAVEBREAK_CONFIG_CONFIG_TREE_H
#define WAVEBREAK_CONFIG_CONFIG_TREE_H

#include "config/mistakes.h"

#define CONFIG_TREE_MOST_DEEP 8
#define CONFIG_TREE_MOST_WORDS 65536

struct config_word {
	struct bytes text;
	struct place place;
};

struct config_entry {
	struct config_word name; /* empty where a '{' came without one: that was told already */
	struct config_word argument; /* of a section; .text.data is NULL when there is none */
	bool is_section;
	uint32_t first_word, word_count; /* of a setting: its values, in tree.words; none where
					  * that was told already */
	uint32_t end;                    /* index of the next entry that is not within this one */
};

struct config_tree {
	struct config_entry *entries;
	size_t count, entries_room;
	struct config_word *words;
	size_t word_count, words_room;
	char *unquoted;
	size_t unquoted_size;
};

/* Returns 0, also when there were mistakes: then the tree holds what was understood; or
 * -ENOMEM, when it holds nothing. */
int config_tree_parse(struct bytes text, struct config_tree *ret, struct mistakes *mistakes);

void config_tree_free(struct config_tree *tree);

#endif
