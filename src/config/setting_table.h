/* SPDX-License-Identifier: Apache-2.0 */
/* setting_table - the rows of defs/settings.def as data, for the loader, the manual and the
 * completion.
 *
 * The rows of one section stand together. Those of a zone are a table of their own, as there
 * may be several zones or none: they are found as the section "zone", which stands within "gate".
 * Static: nothing to free.
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
	size_t offset; /* of its field in struct settings; of a zone, in struct zone_settings */
};

enum {
#define SETTING(section, name, type, standard, least, most, help) SETTING_ROW_##section##_##name,
#define SCORE(id, name, points, help) SETTING_ROW_score_##id,
#include "defs/settings.def"
#undef SCORE
#undef SETTING
	SETTING_ROWS
};

enum {
#define SETTING(section, name, type, standard, least, most, help)
#define ZONE(name, type, standard, least, most, help) ZONE_ROW_##name,
#include "defs/settings.def"
#undef ZONE
#undef SETTING
	ZONE_ROWS
};

#define ZONE_SECTION "zone"
#define ZONE_WITHIN "gate"

extern const struct setting_row setting_rows[SETTING_ROWS];
extern const struct setting_row zone_rows[ZONE_ROWS];

/* `fields` is the struct settings; for a row of a zone, its struct zone_settings. */
void *setting_field(const struct setting_row *row, void *fields);
const void *setting_value(const struct setting_row *row, const void *fields);

/* NULL when there is none of that name. */
const struct setting_row *setting_find(struct bytes section, struct bytes name);

/* Whether setting_rows[row] is the first, or the last, of its section. */
bool setting_begins_section(size_t row);
bool setting_ends_section(size_t row);

/* The names of all sections but "zone", or of the settings of one; for text_nearest. Returns how
 * many were filled in. */
size_t setting_sections(const char *ret_names[SETTING_ROWS]);
size_t setting_names(struct bytes section, const char *ret_names[SETTING_ROWS]);

#endif
