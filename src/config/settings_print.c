/* SPDX-License-Identifier: Apache-2.0 */
#include "config/setting_table.h"

#include <stdlib.h>

/* NULL without memory. The caller frees it. */
static char *value_text(const struct setting_row *row, const void *fields)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	row->type->print(setting_value(row, fields), out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

/* An empty list cannot be written as a value, so it is a comment. */
static void print_value(const char *indent, const char *name, const char *value, const char *standard,
			FILE *out)
{
	if (*value)
		fprintf(out, "%s%s = %s", indent, name, value);
	else
		fprintf(out, "%s# %s is empty", indent, name);
	if (strcmp(value, standard) != 0)
		fprintf(out, "  # default: %s", *standard ? standard : "empty");
	fputc('\n', out);
}

static void print_setting(const char *indent, const struct setting_row *row, const void *fields,
			  const void *defaults, FILE *out)
{
	char *value = value_text(row, fields), *standard = value_text(row, defaults);

	if (value && standard)
		print_value(indent, row->name, value, standard, out);
	free(value);
	free(standard);
}

/* The name of a zone is a domain name, which needs no quotes. */
static void print_zones(const struct settings *settings, const struct settings *defaults, FILE *out)
{
	for (size_t z = 0; z < settings->zone_count; z++) {
		fprintf(out, "  " ZONE_SECTION " %s {\n", settings->zones[z].name);
		for (size_t i = 0; i < ZONE_ROWS; i++)
			print_setting("    ", &zone_rows[i], &settings->zones[z], &defaults->zones[0], out);
		fputs("  }\n", out);
	}
}

static void print_all(const struct settings *settings, const struct settings *defaults, FILE *out)
{
	for (size_t i = 0; i < SETTING_ROWS; i++) {
		const struct setting_row *row = &setting_rows[i];

		if (setting_begins_section(i))
			fprintf(out, "%s {\n", row->section);
		print_setting("  ", row, settings, defaults, out);
		if (!setting_ends_section(i))
			continue;
		if (strcmp(row->section, ZONE_WITHIN) == 0)
			print_zones(settings, defaults, out);
		fputs("}\n", out);
	}
}

/* The defaults, with one zone that says nothing of its own. */
#define NOTHING_SAID ZONE_WITHIN " { " ZONE_SECTION " list.invalid { } }"

void settings_print(const struct settings *settings, FILE *out)
{
	struct settings defaults;
	struct mistakes mistakes;

	if (settings_parse(BYTES_LITERAL(NOTHING_SAID), "", &defaults, &mistakes) < 0)
		return;
	print_all(settings, &defaults, out);
	settings_free(&defaults);
}
