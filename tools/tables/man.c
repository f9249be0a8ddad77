/* SPDX-License-Identifier: Apache-2.0 */
/* The pages are in mdoc(7). */
#include "base/counter.h"
#include "config/setting_table.h"
#include "observe/prometheus.h"
#include "tables.h"

/* mdoc wants each sentence on a line of its own, and a backslash as \e. None of the tables'
 * sentences begins with a dot or an apostrophe, which would be a macro. */
static void write_sentences(const char *text, FILE *out)
{
	for (; *text; text++) {
		if (*text == '\\')
			fputs("\\e", out);
		else if (text[0] == '.' && text[1] == ' ')
			fputs(".\n", out), text++;
		else
			fputc(*text, out);
	}
	fputc('\n', out);
}

static void write_value(const struct option_row *option, const char *value, FILE *out)
{
	if (option->type == OPTION_TYPE_OPTIONAL)
		fprintf(out, " Ns Oo = Ns Ar %s Oc", value);
	else if (*value)
		fprintf(out, " Ar %s", value);
}

static void write_option(const struct command_row *command, const struct option_row *option, FILE *out)
{
	if (option->letter)
		fprintf(out, " Fl %c", option->letter);
	else
		fprintf(out, " Fl -%s", option->name);
	write_value(option, option_value(command, option), out);
}

static void write_synopsis(const struct command_row *command, FILE *out)
{
	fprintf(out, ".It Nm Cm %s", command->name);
	if (command->least)
		fprintf(out, " Ar %s", command->operands);
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		if (!command_takes(command, i))
			continue;
		fputs(" Oo", out);
		write_option(command, &option_rows[i], out);
		fputs(" Oc", out);
	}
	if (*command->operands && !command->least)
		fprintf(out, " Oo Ar %.*s Oc", (int)strcspn(command->operands + 1, "]"),
			command->operands + 1);
	fputc('\n', out);
}

void man_commands(FILE *out)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		write_synopsis(&command_rows[i], out);
		write_sentences(command_rows[i].help, out);
		fprintf(out, ".Dl %s\n", command_rows[i].example);
	}
}

static void write_takers(size_t option, FILE *out)
{
	const char *before = "(";

	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (!command_takes(&command_rows[i], option))
			continue;
		fprintf(out, "%s%s", before, command_rows[i].name);
		before = ", ";
	}
	fputs(")\n", out);
}

void man_options(FILE *out)
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option_row *option = &option_rows[i];

		fputs(".It", out);
		if (option->letter)
			fprintf(out, " Fl %c ,", option->letter);
		fprintf(out, " Fl -%s", option->name);
		write_value(option, option->value, out);
		fputc('\n', out);
		write_sentences(option->help, out);
		write_takers(i, out);
	}
}

static void write_bounds(const struct setting_row *row, FILE *out)
{
	fprintf(out, "Default: %s", *row->standard ? row->standard : "empty");
	if (*row->most && !row->type->unit)
		fprintf(out, "; from %s to %s", row->least, row->most);
	else if (row->type->is_list)
		fprintf(out, "; at most %s %s", row->most, row->type->unit);
	fputs(".\n", out);
}

static void write_setting(const struct setting_row *row, FILE *out)
{
	fprintf(out, ".It Ic %s No = Ar %s\n", row->name, row->type->words);
	write_sentences(row->help, out);
	write_bounds(row, out);
}

static void write_zone(FILE *out)
{
	fputs(".Ss " ZONE_WITHIN ": " ZONE_SECTION " Ar name\n", out);
	fprintf(out,
		"A section within\n.Ic " ZONE_WITHIN " ,\none for each DNS list that is asked about clients, "
		"%d at most.\nIts\n.Ar name\nis the domain under which the list is asked.\n"
		".Bl -tag -width indent\n",
		SETTINGS_ZONES_MOST);
	for (size_t i = 0; i < ZONE_ROWS; i++)
		write_setting(&zone_rows[i], out);
	fputs(".El\n", out);
}

void man_settings(FILE *out)
{
	for (size_t i = 0; i < SETTING_ROWS; i++) {
		const struct setting_row *row = &setting_rows[i];

		if (setting_begins_section(i))
			fprintf(out, ".Ss %s\n.Bl -tag -width indent\n", row->section);
		write_setting(row, out);
		if (!setting_ends_section(i))
			continue;
		fputs(".El\n", out);
		if (strcmp(row->section, ZONE_WITHIN) == 0)
			write_zone(out);
	}
}

void man_handoffs(FILE *out)
{
	fputs(".Bl -tag -width transparent\n", out);
#define HANDOFF(id, name, help) fputs(".It Cm " name "\n", out), write_sentences(help, out);
#include "defs/handoffs.def"
#undef HANDOFF
	fputs(".El\n", out);
}

void man_steerings(FILE *out)
{
	fputs(".Bl -tag -width suspect\n", out);
#define STEERING(id, name, help) fputs(".It Cm " name "\n", out), write_sentences(help, out);
#include "defs/steerings.def"
#undef STEERING
	fputs(".El\n", out);
}

void man_relief_reasons(FILE *out)
{
	fputs(".Bl -tag -width blocked\n", out);
#define RELIEF_REASON(id, name, words, fact, help) fputs(".It " name "\n", out), write_sentences(help, out);
#include "defs/relief_reasons.def"
#undef RELIEF_REASON
	fputs(".El\n", out);
}

void man_backends(FILE *out)
{
	fputs(".Bl -tag -width command\n", out);
#define BACKEND(id, name, help) fputs(".It Cm " name "\n", out), write_sentences(help, out);
#include "defs/backends.def"
#undef BACKEND
	fputs(".El\n", out);
}

void man_outcomes(FILE *out)
{
	fputs(".Bl -column unknown-recipient 100 -offset indent\n", out);
#define OUTCOME(id, name, score, help) fprintf(out, ".It %s Ta %d Ta %s\n", name, score, help);
#include "defs/outcomes.def"
#undef OUTCOME
	fputs(".El\n", out);
}

static void write_metric(const char *name, bool is_counter, enum measure measure, const char *help, FILE *out)
{
	char text[PROMETHEUS_NAME_SIZE];

	fprintf(out, ".It Li %s", prometheus_name(name, is_counter, text));
	for (unsigned i = 0; measure < MEASURE_COUNT && i < measure_label_count(measure); i++)
		fprintf(out, "%s Ar %s", i ? " ," : " No by", measure_label(measure, i));
	fputc('\n', out);
	write_sentences(help, out);
}

void man_metrics(FILE *out)
{
	fputs(".Bl -tag -width indent\n", out);
	for (int i = 0; i < MEASURE_COUNT; i++)
		write_metric(measure_name((enum measure)i), measure_is_counter((enum measure)i), (enum measure)i,
			     measure_help((enum measure)i), out);
	for (int i = 0; i < COUNTER_COUNT; i++)
		write_metric(counter_name((enum counter)i), true, MEASURE_COUNT, counter_help((enum counter)i), out);
	fputs(".El\n", out);
}

/* "{ADDRESS} [would be |]banned" as who guards says it: "ADDRESS banned", with the fields underlined. */
static void write_message(const char *text, FILE *out)
{
	bool left_out = false;
	char before = ' ';

	for (; *text; text++) {
		if (*text == '[' || *text == '|' || *text == ']')
			left_out = *text == '[';
		else if (!left_out && (*text == '{' || *text == '}'))
			/* What is detailed begins with its own stop or blank where there is none in the text. */
			fputs(*text == '}' ? "\\fP" : before != ' ' && strncmp(text, "{DETAIL}", 8) == 0 ? " \\fI" : "\\fI",
			      out);
		else if (!left_out)
			fputc(*text, out);
		before = left_out ? before : *text;
	}
	fputc('\n', out);
}

void man_messages(FILE *out)
{
	fputs(".Bl -tag -width indent\n", out);
#define MESSAGE(name, level, id, text, help) \
	fputs(".It Li " id "\n", out), write_message(text, out), fputs(".br\n", out), write_sentences(help, out);
#include "defs/messages.def"
#undef MESSAGE
	fputs(".El\n", out);
}

void man_log_fields(FILE *out)
{
	fputs(".Bl -tag -width WAVEBREAK_OBSERVING\n", out);
#define LOG_FIELD(name, help) fputs(".It Li WAVEBREAK_" #name "\n", out), write_sentences(help, out);
#include "defs/log_fields.def"
#undef LOG_FIELD
	fputs(".El\n", out);
}
