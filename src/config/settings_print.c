/* SPDX-License-Identifier: Apache-2.0 */
#include "config/setting_table.h"

#include <stdlib.h>

/* NULL without memory. The caller frees it. */
static char *value_text(const struct setting_row *row, const struct settings *settings)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	row->type->print(setting_value(row, settings), out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

/* An empty list cannot be written as a value, so it is a comment. */
static void print_setting(const struct setting_row *row, const char *value, const char *standard,
			  FILE *out)
{
	if (*value)
		fprintf(out, "  %s = %s", row->name, value);
	else
		fprintf(out, "  # %s is empty", row->name);
	if (strcmp(value, standard) != 0)
		fprintf(out, "  # default: %s", *standard ? standard : "empty");
	fputc('\n', out);
}

static void print_all(const struct settings *settings, const struct settings *defaults, FILE *out)
{
	const char *section = "";

	for (size_t i = 0; i < SETTING_ROWS; i++) {
		const struct setting_row *row = &setting_rows[i];
		char *value = value_text(row, settings), *standard = value_text(row, defaults);

		if (strcmp(row->section, section) != 0)
			fprintf(out, "%s%s {\n", *section ? "}\n" : "", row->section);
		section = row->section;
		if (value && standard)
			print_setting(row, value, standard, out);
		free(value);
		free(standard);
	}
	fputs("}\n", out);
}

void settings_print(const struct settings *settings, FILE *out)
{
	struct settings defaults;
	struct mistakes mistakes;

	if (settings_parse(BYTES_LITERAL(""), "", &defaults, &mistakes) < 0)
		return;
	print_all(settings, &defaults, out);
	settings_free(&defaults);
}
