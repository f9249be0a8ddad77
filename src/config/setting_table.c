/* SPDX-License-Identifier: Apache-2.0 */
#include "config/setting_table.h"

const struct setting_row setting_rows[SETTING_ROWS] = {
#define SETTING(section, name, type, standard, least, most, help)                     \
	{ #section, #name, #section "." #name, standard, least, most, help,           \
	  &setting_type_##type, offsetof(struct settings, section##_##name) },
#define SCORE(id, name, points, help)                                                  \
	{ "score", name, "score." name, #points, "0", "1000",                          \
	  "What it adds to the score of a client when a line says: " help ".", &setting_type_COUNT, \
	  offsetof(struct settings, score[SETTINGS_SCORE_##id]) },
#include "defs/settings.def"
#undef SCORE
#undef SETTING
};

const struct setting_row zone_rows[ZONE_ROWS] = {
#define SETTING(section, name, type, standard, least, most, help)
#define ZONE(name, type, standard, least, most, help)                                                 \
	{ ZONE_SECTION, #name, ZONE_SECTION "." #name, standard, least, most, help, &setting_type_##type, \
	  offsetof(struct zone_settings, name) },
#include "defs/settings.def"
#undef ZONE
#undef SETTING
};

static const struct {
	const struct setting_row *rows;
	size_t count;
} tables[] = { { setting_rows, SETTING_ROWS }, { zone_rows, ZONE_ROWS } };

#define TABLES (sizeof(tables) / sizeof(tables[0]))

void *setting_field(const struct setting_row *row, void *fields)
{
	return (char *)fields + row->offset;
}

const void *setting_value(const struct setting_row *row, const void *fields)
{
	return (const char *)fields + row->offset;
}

const struct setting_row *setting_find(struct bytes section, struct bytes name)
{
	for (size_t t = 0; t < TABLES; t++) {
		for (size_t i = 0; i < tables[t].count; i++) {
			const struct setting_row *row = &tables[t].rows[i];

			if (bytes_equal(section, bytes_of(row->section)) && bytes_equal(name, bytes_of(row->name)))
				return row;
		}
	}
	return NULL;
}

bool setting_begins_section(size_t row)
{
	return row == 0 || strcmp(setting_rows[row].section, setting_rows[row - 1].section) != 0;
}

bool setting_ends_section(size_t row)
{
	return row + 1 == SETTING_ROWS || setting_begins_section(row + 1);
}

size_t setting_sections(const char *ret_names[SETTING_ROWS])
{
	size_t count = 0;

	for (size_t i = 0; i < SETTING_ROWS; i++)
		if (setting_begins_section(i))
			ret_names[count++] = setting_rows[i].section;
	return count;
}

size_t setting_names(struct bytes section, const char *ret_names[SETTING_ROWS])
{
	size_t count = 0;

	for (size_t t = 0; t < TABLES; t++)
		for (size_t i = 0; i < tables[t].count; i++)
			if (bytes_equal(section, bytes_of(tables[t].rows[i].section)))
				ret_names[count++] = tables[t].rows[i].name;
	return count;
}
