/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/findings.h"

#include "base/text.h"
#include "cli/commands.h"

#include <stdarg.h>
#include <stdlib.h>

#define SUBJECT_COLUMN 14
/* Every byte may become four. */
#define ESCAPED_SIZE (4 * FINDING_TEXT_SIZE)

struct findings {
	json_t *list;
	json_t *latest; /* in the list */
	enum finding worst;
	size_t failed, warned; /* that do not work, and that warn */
};

struct findings *findings_create(void)
{
	struct findings *findings = calloc(1, sizeof(*findings));

	if (findings)
		findings->list = json_array();
	return findings;
}

void findings_destroy(struct findings *findings)
{
	if (!findings)
		return;
	json_decref(findings->list);
	free(findings);
}

static void write_escaped(char out[ESCAPED_SIZE], const char *format, va_list args)
{
	char text[FINDING_TEXT_SIZE];

	vsnprintf(text, sizeof(text), format, args);
	text_escape(bytes_of(text), out, ESCAPED_SIZE);
}

void findings_add(struct findings *findings, enum finding finding, const char *subject,
		  const char *format, ...)
{
	char text[ESCAPED_SIZE];
	va_list args;

	va_start(args, format);
	write_escaped(text, format, args);
	va_end(args);
	findings->latest = json_pack("{s:s, s:b, s:s, s:[]}", "subject", subject, "works",
				     finding <= FINDING_WARNS, "text", text, "advice");
	if (finding == FINDING_WARNS)
		json_object_set_new(findings->latest, "warns", json_true());
	json_array_append_new(findings->list, findings->latest);
	if (finding > findings->worst)
		findings->worst = finding;
	findings->failed += finding > FINDING_WARNS;
	findings->warned += finding == FINDING_WARNS;
}

void findings_advise(struct findings *findings, const char *format, ...)
{
	char text[ESCAPED_SIZE];
	va_list args;

	va_start(args, format);
	write_escaped(text, format, args);
	va_end(args);
	json_array_append_new(json_object_get(findings->latest, "advice"), json_string(text));
}

void findings_advise_escaped(struct findings *findings, const char *format, ...)
{
	char text[FINDING_TEXT_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	for (char *c = text; *c; c++)
		*c = *c < ' ' || *c > '~' ? '?' : *c;
	json_array_append_new(json_object_get(findings->latest, "advice"), json_string(text));
}

static const char *text_of(const json_t *finding, const char *name)
{
	const char *text = json_string_value(json_object_get(finding, name));

	return text ? text : "";
}

void findings_append(struct findings *findings, const char *format, ...)
{
	char text[ESCAPED_SIZE];
	va_list args;

	va_start(args, format);
	write_escaped(text, format, args);
	va_end(args);
	json_object_set_new(findings->latest, "text",
			    json_sprintf("%s%s", text_of(findings->latest, "text"), text));
}

int findings_status(const struct findings *findings)
{
	switch (findings->worst) {
	case FINDING_WORKS:
	case FINDING_WARNS:
	case FINDING_LACKS:
		return STATUS_OK;
	case FINDING_NO:
		return STATUS_NO;
	case FINDING_UNABLE:
		return STATUS_UNABLE;
	case FINDING_WRONG:
		return STATUS_WRONG;
	}
	return STATUS_UNABLE;
}

static const char *verdict(const struct findings *findings)
{
	switch (findings_status(findings)) {
	case STATUS_OK:
		return "the server can be guarded";
	case STATUS_WRONG:
		return "first mend the mistakes";
	case STATUS_UNABLE:
		return "this user, or this kernel, cannot guard it";
	default:
		return "as it is, nothing would be guarded";
	}
}

static void print_finding(const json_t *finding, const char *before, FILE *out)
{
	const char *subject = text_of(finding, "subject");
	const json_t *advice;
	size_t i;

	/* One subject may have several findings: the logs. */
	fprintf(out, "%-*s%s\n", SUBJECT_COLUMN, strcmp(subject, before) == 0 ? "" : subject,
		text_of(finding, "text"));
	json_array_foreach(json_object_get(finding, "advice"), i, advice)
		fprintf(out, "%*s-> %s\n", SUBJECT_COLUMN, "", json_string_value(advice));
}

static bool fails(const json_t *finding)
{
	return !json_is_true(json_object_get(finding, "works"));
}

static bool warns(const json_t *finding)
{
	return json_is_true(json_object_get(finding, "warns"));
}

/* "does not work: log, evict", each subject once. */
static void print_those(const struct findings *findings, bool (*is_one)(const json_t *), const char *separator,
			FILE *out)
{
	const char *before = "";
	const json_t *finding;
	size_t i;

	json_array_foreach(findings->list, i, finding) {
		const char *subject = text_of(finding, "subject");

		if (!is_one(finding) || strcmp(subject, before) == 0)
			continue;
		fprintf(out, "%s%s", separator, subject);
		separator = ", ";
		before = subject;
	}
}

void findings_print(const struct findings *findings, FILE *out)
{
	const char *before = "";
	const json_t *finding;
	size_t i;

	json_array_foreach(findings->list, i, finding) {
		print_finding(finding, before, out);
		before = text_of(finding, "subject");
	}
	fprintf(out, "%-*s", SUBJECT_COLUMN, "in all");
	if (findings->failed == 0)
		fputs("everything works", out);
	else
		print_those(findings, fails, "does not work: ", out);
	if (findings->warned)
		print_those(findings, warns, findings->failed ? "; to be looked at: " : ", but look at: ", out);
	fprintf(out, "; %s\n", verdict(findings));
}

json_t *findings_to_json(const struct findings *findings)
{
	return json_pack("{s:i, s:O}", "status", findings_status(findings), "findings",
			 findings->list);
}
