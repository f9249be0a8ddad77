/* SPDX-License-Identifier: Apache-2.0 */
#include "config/settings.h"

#include "base/text.h"
#include "config/config_tree.h"
#include "base/domain_name.h"
#include "config/setting_table.h"

#include <errno.h>
#include <stdlib.h>

struct loader {
	const struct config_tree *tree;
	struct settings *settings;
	struct mistakes *mistakes;
	struct place places[SETTING_ROWS]; /* line 0 where the file has nothing of it */
	struct place zone_places[SETTINGS_ZONES_MOST]; /* of their names */
};

/* What a section's settings go into: the settings, or one zone. */
struct target {
	const struct setting_row *rows;
	size_t count;
	void *fields;
	struct place *places; /* of each row */
};

static const struct place whole_file = { 0, 0 };

static size_t count_words(const char *const *words)
{
	size_t count = 0;

	while (words && words[count])
		count++;
	return count;
}

/* What a value is, by the error of its type; NULL where all that is known is what it is not. */
static const char *what_it_is(int error)
{
	switch (error) {
	case -EEXIST:
		return "there twice";
	case -EDOM:
		return "an address within a network, not the network's own";
	case -EADDRNOTAVAIL:
		return "outside of 127.0.0.0/8, where the answers of DNS lists are";
	case -E2BIG:
		return "everybody: use gate.steer = all";
	default:
		return NULL;
	}
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
	else if (what_it_is(error))
		mistakes_add(loader->mistakes, word->place, "%s: %s is %s", row->full_name, text,
			     what_it_is(error));
	else
		mistakes_add_word(loader->mistakes, word->place, word->text, row->type->choices,
				  count_words(row->type->choices), "%s: '%s' is not %s", row->full_name,
				  text, row->type->is_no);
	return 0;
}

static void check_bounds(const struct loader *loader, const struct target *target,
			 const struct setting_row *row, const struct config_word *word)
{
	uint64_t least, most, measure = row->type->measure(setting_value(row, target->fields));
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

static int load_values(const struct loader *loader, const struct target *target,
		       const struct setting_row *row, const struct config_word *words, size_t count)
{
	size_t mistakes = loader->mistakes->count + loader->mistakes->untold;
	int r;

	if (count > 1 && !row->type->is_list) {
		mistakes_add(loader->mistakes, words[1].place, "%s takes one value", row->full_name);
		return 0;
	}
	for (size_t i = 0; i < count; i++) {
		r = row->type->take(setting_field(row, target->fields), words[i].text, row->full_name);
		if (r < 0)
			r = refuse_value(loader, row, &words[i], r);
		if (r < 0)
			return r;
	}
	if (mistakes == loader->mistakes->count + loader->mistakes->untold)
		check_bounds(loader, target, row, &words[0]);
	return 0;
}

static int load_setting(const struct loader *loader, const struct target *target, struct bytes section,
			const struct config_entry *entry)
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
	place = &target->places[row - target->rows];
	if (place->line) {
		mistakes_add(loader->mistakes, entry->name.place,
			     "%s is set a second time, first in line %u", row->full_name, place->line);
		return 0;
	}
	*place = entry->name.place;
	if (entry->word_count == 0)
		return 0;
	return load_values(loader, target, row, &loader->tree->words[entry->first_word], entry->word_count);
}

/* A default is one value, or nothing; an empty text is a value, too. */
static int load_defaults(const struct target *target)
{
	int r = 0;

	for (size_t i = 0; i < target->count && r == 0; i++) {
		const struct setting_row *row = &target->rows[i];

		if (target->places[i].line || (row->type->is_list && !*row->standard))
			continue;
		r = row->type->take(setting_field(row, target->fields), bytes_of(row->standard), row->full_name);
	}
	return r;
}

static bool is_zone(struct bytes section, struct bytes name)
{
	return bytes_equal(section, BYTES_LITERAL(ZONE_WITHIN)) && bytes_equal(name, BYTES_LITERAL(ZONE_SECTION));
}

static void refuse_inner(const struct loader *loader, struct bytes section, const struct config_word *name)
{
	static const char *const inner[] = { ZONE_SECTION };
	size_t count = bytes_equal(section, BYTES_LITERAL(ZONE_WITHIN)) ? 1 : 0;
	char word[MISTAKE_WORD_SIZE];

	/* A '{' without a name was told of already. */
	if (name->text.size)
		mistakes_add_word(loader->mistakes, name->place, name->text, inner, count,
				  "'%s' is not a section of %.*s", mistake_word(name->text, word), BYTES_FMT(section));
}

/* The name has to be there, a domain name, and no other zone's. */
static void check_zone_name(const struct loader *loader, const struct config_entry *entry)
{
	const struct config_word *name = &entry->argument;
	char word[MISTAKE_WORD_SIZE];

	if (!name->text.data) {
		mistakes_add(loader->mistakes, entry->name.place,
			     "a zone has a name of its own, written " ZONE_SECTION " bl.example { ... }");
		return;
	}
	mistake_word(name->text, word);
	if (!domain_name_is_good(name->text)) {
		mistakes_add(loader->mistakes, name->place,
			     "the name of a zone is a domain name such as bl.example, and '%s' is not", word);
		return;
	}
	if (name->text.size > SETTINGS_ZONE_NAME_MOST)
		mistakes_add(loader->mistakes, name->place,
			     "'%s' is too long to be asked about IPv6 addresses: more than %d bytes", word,
			     SETTINGS_ZONE_NAME_MOST);
	for (size_t i = 0; i < loader->settings->zone_count; i++)
		if (bytes_equal_any_case(name->text, bytes_of(loader->settings->zones[i].name)))
			mistakes_add(loader->mistakes, name->place,
				     "the zone '%s' is there a second time, first in line %u", word,
				     loader->zone_places[i].line);
}

/* One more zone, all zero but for its name. NULL without memory. */
static struct zone_settings *add_zone(struct loader *loader, const struct config_word *name)
{
	struct settings *settings = loader->settings;
	struct zone_settings *zones =
		reallocarray(settings->zones, settings->zone_count + 1, sizeof(*zones)), *zone;

	if (!zones)
		return NULL;
	settings->zones = zones;
	zone = &zones[settings->zone_count];
	*zone = (struct zone_settings){ .name = strndup(name->text.data ? name->text.data : "", name->text.size) };
	if (!zone->name)
		return NULL;
	loader->zone_places[settings->zone_count++] = name->place;
	return zone;
}

/* A zone whose name is a mistake is loaded, too, for the mistakes within it. */
static int load_zone(struct loader *loader, size_t section)
{
	const struct config_entry *entries = loader->tree->entries;
	struct bytes name = entries[section].name.text;
	struct place places[ZONE_ROWS] = { whole_file };
	struct target zone = { zone_rows, ZONE_ROWS, NULL, places };
	int r = 0;

	if (loader->settings->zone_count == SETTINGS_ZONES_MOST) {
		mistakes_add(loader->mistakes, entries[section].name.place, "more than %d zones",
			     SETTINGS_ZONES_MOST);
		return 0;
	}
	check_zone_name(loader, &entries[section]);
	zone.fields = add_zone(loader, &entries[section].argument);
	if (!zone.fields)
		return -ENOMEM;
	for (size_t i = section + 1; i < entries[section].end && r == 0; i = entries[i].end) {
		if (entries[i].is_section)
			refuse_inner(loader, name, &entries[i].name);
		else
			r = load_setting(loader, &zone, name, &entries[i]);
	}
	return r < 0 ? r : load_defaults(&zone);
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

static int load_section(struct loader *loader, const struct target *target, size_t section)
{
	const struct config_entry *entries = loader->tree->entries;
	struct bytes name = entries[section].name.text;
	int r = 0;

	if (entries[section].argument.text.data)
		mistakes_add(loader->mistakes, entries[section].argument.place,
			     "the section %.*s takes no name of its own", BYTES_FMT(name));
	for (size_t i = section + 1; i < entries[section].end && r == 0; i = entries[i].end) {
		if (!entries[i].is_section && is_zone(name, entries[i].name.text))
			mistakes_add(loader->mistakes, entries[i].name.place,
				     "'" ZONE_SECTION "' is a section, written " ZONE_SECTION " bl.example { ... }");
		else if (!entries[i].is_section)
			r = load_setting(loader, target, name, &entries[i]);
		else if (is_zone(name, entries[i].name.text))
			r = load_zone(loader, i);
		else
			refuse_inner(loader, name, &entries[i].name);
	}
	return r;
}

static int load_top(struct loader *loader, const struct target *target, size_t index)
{
	const struct config_entry *entry = &loader->tree->entries[index];
	const char *sections[SETTING_ROWS];
	char word[MISTAKE_WORD_SIZE];

	mistake_word(entry->name.text, word);
	if (entry->is_section && is_section_name(entry->name.text))
		return load_section(loader, target, index);
	if (is_section_name(entry->name.text))
		mistakes_add(loader->mistakes, entry->name.place,
			     "'%s' is a section, written %s { name = value }", word, word);
	else if (!entry->is_section)
		mistakes_add(loader->mistakes, entry->name.place,
			     "'%s' stands outside of any section", word);
	else if (is_zone(BYTES_LITERAL(ZONE_WITHIN), entry->name.text))
		mistakes_add(loader->mistakes, entry->name.place,
			     "'%s' is a section within " ZONE_WITHIN " { ... }", word);
	else if (entry->name.text.size)
		mistakes_add_word(loader->mistakes, entry->name.place, entry->name.text, sections,
				  setting_sections(sections), "'%s' is not a section", word);
	return 0;
}

/* A cap that is shorter than the ban would end every ban early, which looks like a ban that
 * does not work. */
static void check_ban(const struct loader *loader)
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

static void check_backend(const struct loader *loader)
{
	const struct settings *settings = loader->settings;

	if (settings->ban_backend == BACKEND_COMMAND && settings->ban_command.count == 0)
		mistakes_add(loader->mistakes, loader->places[SETTING_ROW_ban_backend],
			     "ban.backend = command needs ban.command, which is empty");
}

/* Relief that stops where it begins would end a connection for each that comes. */
static void check_relief(const struct loader *loader)
{
	static const struct {
		unsigned start, stop;
	} pairs[] = {
		{ SETTING_ROW_relief_start, SETTING_ROW_relief_stop },
		{ SETTING_ROW_wave_relief_start, SETTING_ROW_wave_relief_stop },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		const struct setting_row *start = &setting_rows[pairs[i].start], *stop = &setting_rows[pairs[i].stop];
		struct place place = loader->places[pairs[i].stop];

		if (*(const unsigned *)setting_value(stop, loader->settings) <
		    *(const unsigned *)setting_value(start, loader->settings))
			continue;
		if (place.line == 0)
			place = loader->places[pairs[i].start];
		mistakes_add(loader->mistakes, place, "%s has to be lower than %s", stop->full_name, start->full_name);
	}
}

/* The way by which clients come is one. */
static void check_steering(const struct loader *loader)
{
	const struct settings *settings = loader->settings;
	struct place listen = loader->places[SETTING_ROW_gate_listen];

	if (settings->gate_steer == STEERING_NONE)
		return;
	if (settings->gate_hook[0])
		mistakes_add(loader->mistakes, loader->places[SETTING_ROW_gate_hook],
			     "gate.hook and gate.steer are two ways to the gate; it has one");
	else if (listen.line)
		mistakes_add(loader->mistakes, listen,
			     "gate.listen and gate.steer are two ways to the gate; it has one");
	for (size_t i = 0; i < settings->mail_ports.count; i++) {
		if (settings->mail_ports.ports[i] == settings->gate_steer_port)
			mistakes_add(loader->mistakes, loader->places[SETTING_ROW_gate_steer_port],
				     "gate.steer_port is a port of the mail server (mail.ports); it has to be another one");
	}
}

static const struct {
	enum handoff handoff;
	unsigned row; /* that must not be empty */
} handoff_needs[] = {
	{ HANDOFF_EXEC, SETTING_ROW_gate_program },
	{ HANDOFF_EXEC, SETTING_ROW_gate_user },
	{ HANDOFF_PASS, SETTING_ROW_gate_socket },
	{ HANDOFF_PROXY, SETTING_ROW_gate_server },
	{ HANDOFF_TRANSPARENT, SETTING_ROW_gate_server },
};

/* A steered client came to the mail server's own place: nothing has to be said of that. */
static bool is_needed(const struct settings *settings, unsigned row)
{
	return row != SETTING_ROW_gate_server || settings->gate_steer == STEERING_NONE ||
	       settings->gate_handoff != HANDOFF_TRANSPARENT;
}

static void check_handoff(const struct loader *loader)
{
	enum handoff handoff = loader->settings->gate_handoff;

	for (size_t i = 0; i < sizeof(handoff_needs) / sizeof(handoff_needs[0]); i++) {
		const struct setting_row *row = &setting_rows[handoff_needs[i].row];

		if (handoff == handoff_needs[i].handoff && is_needed(loader->settings, handoff_needs[i].row) &&
		    row->type->measure(setting_value(row, loader->settings)) == 0)
			mistakes_add(loader->mistakes, loader->places[SETTING_ROW_gate_handoff],
				     "gate.handoff = %s needs %s, which is empty",
				     setting_rows[SETTING_ROW_gate_handoff].type->choices[handoff], row->full_name);
	}
}

/* Who is to log in after it has spoken with the gate talks to the program by way of the gate. Courier is told who it
 * is, and that it is listed; Exim and Sendmail would take it for a user of this host, who may relay. */
static void check_auth(const struct loader *loader)
{
	const struct settings *settings = loader->settings;
	const char *program, *name;

	if (!settings->gate_auth || settings->gate_handoff != HANDOFF_EXEC || settings->gate_program.count == 0)
		return;
	program = settings->gate_program.words[0];
	name = strrchr(program, '/');
	if (strncmp(name ? name + 1 : program, "courier", strlen("courier")) != 0)
		mistakes_add(loader->mistakes, loader->places[SETTING_ROW_gate_auth],
			     "gate.auth with gate.handoff = exec is for Courier's programs alone");
}

/* Whether who connects to the one comes out at the other, as far as that can be told without asking this host. A port
 * alone is all addresses. */
static bool is_same_place(const struct endpoint *server, const struct endpoint *listen)
{
	if (server->port != listen->port)
		return false;
	return server->addr.family == ADDR_NONE || addr_equal(&server->addr, &listen->addr) ||
	       (listen->addr.family == ADDR_NONE && addr_is_loopback(&server->addr));
}

/* A gate that hands its clients to itself takes all of its places with one of them. */
static void check_server(const struct loader *loader)
{
	const struct settings *settings = loader->settings;

	if (settings->gate_hook[0] || settings->gate_steer != STEERING_NONE ||
	    (settings->gate_handoff != HANDOFF_PROXY && settings->gate_handoff != HANDOFF_TRANSPARENT))
		return;
	for (size_t i = 0; i < settings->gate_listen.count; i++) {
		if (!is_same_place(&settings->gate_server, &settings->gate_listen.endpoints[i]))
			continue;
		mistakes_add(loader->mistakes, loader->places[SETTING_ROW_gate_server],
			     "gate.server is where the gate itself listens (gate.listen); the mail server has to be elsewhere");
		return;
	}
}

static int load_tree(const struct config_tree *tree, struct settings *settings,
		     struct mistakes *mistakes)
{
	struct loader loader = { .tree = tree, .settings = settings, .mistakes = mistakes };
	struct target target = { setting_rows, SETTING_ROWS, settings, loader.places };
	int r = 0;

	for (size_t i = 0; i < tree->count && r == 0; i = tree->entries[i].end)
		r = load_top(&loader, &target, i);
	if (r == 0)
		r = load_defaults(&target);
	if (r == 0 && settings->gate_steer != STEERING_NONE && settings->gate_handoff == HANDOFF_NONE)
		settings->gate_handoff = HANDOFF_TRANSPARENT;
	/* What no single row can say. */
	if (r == 0 && mistakes->count == 0) {
		check_ban(&loader);
		check_backend(&loader);
		check_steering(&loader);
		check_relief(&loader);
		check_handoff(&loader);
		check_auth(&loader);
		check_server(&loader);
	}
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

int settings_usual(struct settings *ret)
{
	struct mistakes mistakes;

	return settings_parse((struct bytes){ NULL, 0 }, NULL, ret, &mistakes);
}

static void clear_fields(const struct setting_row *rows, size_t count, void *fields)
{
	for (size_t i = 0; i < count; i++)
		rows[i].type->clear(setting_field(&rows[i], fields));
}

void settings_free(struct settings *settings)
{
	clear_fields(setting_rows, SETTING_ROWS, settings);
	for (size_t i = 0; i < settings->zone_count; i++) {
		clear_fields(zone_rows, ZONE_ROWS, &settings->zones[i]);
		free(settings->zones[i].name);
	}
	free(settings->zones);
	settings->zones = NULL;
	settings->zone_count = 0;
}
