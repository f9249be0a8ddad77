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

void *setting_field(const struct setting_row *row, struct settings *settings)
{
	return (char *)settings + row->offset;
}

const void *setting_value(const struct setting_row *row, const struct settings *settings)
{
	return (const char *)settings + row->offset;
}

const struct setting_row *setting_find(struct bytes section, struct bytes name)
{
	for (size_t i = 0; i < SETTING_ROWS; i++)
		if (bytes_equal(section, bytes_of(setting_rows[i].section)) &&
		    bytes_equal(name, bytes_of(setting_rows[i].name)))
			return &setting_rows[i];
	return NULL;
}

size_t setting_sections(const char *ret_names[SETTING_ROWS])
{
	size_t count = 0;

	for (size_t i = 0; i < SETTING_ROWS; i++)
		if (i == 0 || strcmp(setting_rows[i].section, setting_rows[i - 1].section) != 0)
			ret_names[count++] = setting_rows[i].section;
	return count;
}

size_t setting_names(struct bytes section, const char *ret_names[SETTING_ROWS])
{
	size_t count = 0;

	for (size_t i = 0; i < SETTING_ROWS; i++)
		if (bytes_equal(section, bytes_of(setting_rows[i].section)))
			ret_names[count++] = setting_rows[i].name;
	return count;
}
