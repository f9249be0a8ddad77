/* SPDX-License-Identifier: Apache-2.0 */
/* setting_table - the rows of defs/settings.def as data, for the loader, the manual and the
 * completion.
 *
 * The rows of one section stand together. Static: nothing to free.
 */
#ifndef WAVEBREAK_CONFIG_SETTING_TABLE_H
#define WAVEBREAK_CONFIG_SETTING_TABLE_H

#include "config/setting_types.h"
#include "config/settings.h"

struct setting_row {
	const char *section;
	const char *name;
	const char *full_name; /* "ban.for" */
	const char *standard;  /* the default, as text */
	const char *least, *most;
	const char *help;
	const struct setting_type *type;
	size_t offset; /* of its field in struct settings */
};

enum {
#define SETTING(section, name, type, standard, least, most, help) SETTING_ROW_##section##_##name,
#define SCORE(id, name, points, help) SETTING_ROW_score_##id,
#include "defs/settings.def"
#undef SCORE
#undef SETTING
	SETTING_ROWS
};

extern const struct setting_row setting_rows[SETTING_ROWS];

void *setting_field(const struct setting_row *row, struct settings *settings);
const void *setting_value(const struct setting_row *row, const struct settings *settings);

/* NULL when there is none of that name. */
const struct setting_row *setting_find(struct bytes section, struct bytes name);

/* The names of all sections, or of the settings of one; for text_nearest. Returns how many
 * were filled in. */
size_t setting_sections(const char *ret_names[SETTING_ROWS]);
size_t setting_names(struct bytes section, const char *ret_names[SETTING_ROWS]);

#endif
