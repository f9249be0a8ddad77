/* SPDX-License-Identifier: Apache-2.0 */
#include "config/settings.h"

#include "base/text.h"
#include "build_config.h"
#include "config/config_tree.h"
#include "config/setting_table.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct loader {
	const struct config_tree *tree;
	struct settings *settings;
	struct mistakes *mistakes;
	struct place places[SETTING_ROWS]; /* line 0 where the file has nothing of it */
};

static const struct place whole_file = { 0, 0 };

static size_t count_words(const char *const *words)
{
	size_t count = 0;

	while (words && words[count])
		count++;
	return count;
}

static int refuse_value(const struct loader *loader, const struct setting_row *row,
			const struct config_word *word, int error)
{
	char text[MISTAKE_WORD_SIZE];

	mistake_word(word->text, text);
	if (error == -ENOMEM)
		return error;
	if (error == -ERANGE)
		mistakes_add(loader->mistakes, word->place, "%s: %s is more than %s at most",
			     row->full_name, text, row->most);
	else if (error == -EEXIST)
		mistakes_add(loader->mistakes, word->place, "%s: %s is there twice", row->full_name,
			     text);
	else if (error == -EDOM)
		mistakes_add(loader->mistakes, word->place,
			     "%s: %s is an address within a network, not the network's own",
			     row->full_name, text);
	else
		mistakes_add_word(loader->mistakes, word->place, word->text, row->type->choices,
				  count_words(row->type->choices), "%s: '%s' is not %s", row->full_name,
				  text, row->type->is_no);
	return 0;
}

static void check_bounds(const struct loader *loader, const struct setting_row *row,
			 const struct config_word *word)
{
	uint64_t least, most, measure = row->type->measure(setting_value(row, loader->settings));
	char text[MISTAKE_WORD_SIZE];

	if (row->type->bound(bytes_of(row->least), &least) == 0 && measure < least) {
		if (row->type->unit)
			mistakes_add(loader->mistakes, word->place, "%s: less than %s %s",
				     row->full_name, row->least, row->type->unit);
		else
			mistakes_add(loader->mistakes, word->place, "%s: %s is less than %s at least",
				     row->full_name, mistake_word(word->text, text), row->least);
	}
	if (row->type->bound(bytes_of(row->most), &most) == 0 && measure > most) {
		if (row->type->unit)
			mistakes_add(loader->mistakes, word->place, "%s: more than %s %s",
				     row->full_name, row->most, row->type->unit);
		else
			mistakes_add(loader->mistakes, word->place, "%s: %s is more than %s at most",
				     row->full_name, mistake_word(word->text, text), row->most);
	}
}

static int load_values(const struct loader *loader, const struct setting_row *row,
		       const struct config_word *words, size_t count)
{
	size_t mistakes = loader->mistakes->count + loader->mistakes->untold;
	int r;

	if (count > 1 && !row->type->is_list) {
		mistakes_add(loader->mistakes, words[1].place, "%s takes one value", row->full_name);
		return 0;
	}
	for (size_t i = 0; i < count; i++) {
		r = row->type->take(setting_field(row, loader->settings), words[i].text,
				    row->full_name);
		if (r < 0)
			r = refuse_value(loader, row, &words[i], r);
		if (r < 0)
			return r;
	}
	if (mistakes == loader->mistakes->count + loader->mistakes->untold)
		check_bounds(loader, row, &words[0]);
	return 0;
}

static int load_setting(struct loader *loader, struct bytes section, const struct config_entry *entry)
{
	const struct setting_row *row = setting_find(section, entry->name.text);
	const char *names[SETTING_ROWS];
	char name[MISTAKE_WORD_SIZE];
	struct place *place;

	if (!row) {
		mistakes_add_word(loader->mistakes, entry->name.place, entry->name.text, names,
				  setting_names(section, names), "'%s' is not a setting of %.*s",
				  mistake_word(entry->name.text, name), BYTES_FMT(section));
		return 0;
	}
	place = &loader->places[row - setting_rows];
	if (place->line) {
		mistakes_add(loader->mistakes, entry->name.place,
			     "%s is set a second time, first in line %u", row->full_name, place->line);
		return 0;
	}
	*place = entry->name.place;
	if (entry->word_count == 0)
		return 0;
	return load_values(loader, row, &loader->tree->words[entry->first_word], entry->word_count);
}

static bool is_section_name(struct bytes name)
{
	const char *sections[SETTING_ROWS];
	size_t count = setting_sections(sections);

	for (size_t i = 0; i < count; i++)
		if (bytes_equal(name, bytes_of(sections[i])))
			return true;
	return false;
}

static int load_section(struct loader *loader, size_t section)
{
	const struct config_entry *entries = loader->tree->entries;
	struct bytes name = entries[section].name.text;
	char word[MISTAKE_WORD_SIZE];
	int r = 0;

	if (entries[section].argument.text.data)
		mistakes_add(loader->mistakes, entries[section].argument.place,
			     "the section %.*s takes no name of its own", BYTES_FMT(name));
	for (size_t i = section + 1; i < entries[section].end && r == 0; i = entries[i].end) {
		if (!entries[i].is_section)
			r = load_setting(loader, name, &entries[i]);
		else if (entries[i].name.text.size)
			mistakes_add(loader->mistakes, entries[i].name.place,
				     "'%s' is not a section of %.*s",
				     mistake_word(entries[i].name.text, word), BYTES_FMT(name));
	}
	return r;
}

static int load_top(struct loader *loader, size_t index)
{
	const struct config_entry *entry = &loader->tree->entries[index];
	const char *sections[SETTING_ROWS];
	char word[MISTAKE_WORD_SIZE];

	mistake_word(entry->name.text, word);
	if (entry->is_section && is_section_name(entry->name.text))
		return load_section(loader, index);
	if (is_section_name(entry->name.text))
		mistakes_add(loader->mistakes, entry->name.place,
			     "'%s' is a section, written %s { name = value }", word, word);
	else if (!entry->is_section)
		mistakes_add(loader->mistakes, entry->name.place,
			     "'%s' stands outside of any section", word);
	else if (entry->name.text.size)
		mistakes_add_word(loader->mistakes, entry->name.place, entry->name.text, sections,
				  setting_sections(sections), "'%s' is not a section", word);
	return 0;
}

/* A default is one value, or nothing; an empty text is a value, too. */
static int load_defaults(struct loader *loader)
{
	int r = 0;

	for (size_t i = 0; i < SETTING_ROWS && r == 0; i++) {
		const struct setting_row *row = &setting_rows[i];

		if (loader->places[i].line || (row->type->is_list && !*row->standard))
			continue;
		r = row->type->take(setting_field(row, loader->settings), bytes_of(row->standard),
				    row->full_name);
	}
	return r;
}

/* What no single row can say. A cap that is shorter than the ban would end every ban early,
 * which looks like a ban that does not work. */
static void check_together(const struct loader *loader)
{
	const struct settings *settings = loader->settings;
	char ban_for[DURATION_TEXT_SIZE], at_most[DURATION_TEXT_SIZE];
	struct place place = loader->places[SETTING_ROW_ban_at_most];

	if (settings->ban_at_most >= settings->ban_for)
		return;
	if (place.line == 0)
		place = loader->places[SETTING_ROW_ban_for];
	mistakes_add(loader->mistakes, place, "ban.at_most (%s) is shorter than ban.for (%s)",
		     duration_format(settings->ban_at_most, at_most),
		     duration_format(settings->ban_for, ban_for));
}

static int load_tree(const struct config_tree *tree, struct settings *settings,
		     struct mistakes *mistakes)
{
	struct loader loader = { .tree = tree, .settings = settings, .mistakes = mistakes };
	int r = 0;

	for (size_t i = 0; i < tree->count && r == 0; i = tree->entries[i].end)
		r = load_top(&loader, i);
	if (r == 0)
		r = load_defaults(&loader);
	if (r == 0 && mistakes->count == 0)
		check_together(&loader);
	return r;
}

int settings_parse(struct bytes text, const char *file, struct settings *ret,
		   struct mistakes *mistakes)
{
	struct config_tree tree;
	int r;

	*mistakes = (struct mistakes){ .file = file };
	*ret = (struct settings){ .mail_server = NULL };
	r = config_tree_parse(text, &tree, mistakes);
	if (r == 0) {
		r = load_tree(&tree, ret, mistakes);
		config_tree_free(&tree);
	}
	if (r == -ENOMEM)
		mistakes_add(mistakes, whole_file, "%s", strerror(ENOMEM));
	if (r == 0 && mistakes->count)
		r = -EINVAL;
	if (r < 0)
		settings_free(ret);
	return r;
}

/* As many bytes as there are, up to one more than a configuration may have. */
static int read_file(const char *file, char *buffer, size_t *ret_size)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY), error = 0;
	ssize_t n = 1;

	if (fd < 0)
		return -errno;
	*ret_size = 0;
	while (n != 0 && *ret_size <= SETTINGS_FILE_MAX && error == 0) {
		n = read(fd, buffer + *ret_size, SETTINGS_FILE_MAX + 1 - *ret_size);
		if (n > 0)
			*ret_size += (size_t)n;
		else if (n < 0 && errno != EINTR)
			error = -errno;
	}
	close(fd);
	return *ret_size > SETTINGS_FILE_MAX ? -EFBIG : error;
}

const char *settings_default_file(void)
{
	return WAVEBREAK_SYSCONF_DIR "/wavebreak.conf";
}

int settings_load(const char *file, struct settings *ret, struct mistakes *mistakes)
{
	const char *path = file ? file : settings_default_file();
	char *buffer = malloc(SETTINGS_FILE_MAX + 1);
	size_t size = 0;
	int r;

	*mistakes = (struct mistakes){ .file = path };
	r = buffer ? read_file(path, buffer, &size) : -ENOMEM;
	if (r == 0 || (r == -ENOENT && !file)) {
		r = settings_parse(bytes_make(buffer, size), path, ret, mistakes);
	} else {
		mistakes_add(mistakes, whole_file, "%s",
			     r == -EFBIG ? "larger than 1 MiB: this is no configuration" : strerror(-r));
	}
	free(buffer);
	return r;
}

int settings_usual(struct settings *ret)
{
	struct mistakes mistakes;

	return settings_parse((struct bytes){ NULL, 0 }, NULL, ret, &mistakes);
}

void settings_free(struct settings *settings)
{
	for (size_t i = 0; i < SETTING_ROWS; i++)
		setting_rows[i].type->clear(setting_field(&setting_rows[i], settings));
}
