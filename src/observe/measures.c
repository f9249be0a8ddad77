/* SPDX-License-Identifier: Apache-2.0 */
#include "observe/measures.h"

enum kind { GAUGE, COUNTER };

static const struct {
	const char *name;
	enum kind kind;
	const char *labels[MEASURE_LABELS_MOST];
	const char *help;
} rows[] = {
#define MEASURE(name, kind, label, label2, help) { #name, kind, { label, label2 }, help },
#include "defs/measures.def"
#undef MEASURE
};

const char *measure_name(enum measure measure)
{
	return rows[measure].name;
}

const char *measure_help(enum measure measure)
{
	return rows[measure].help;
}

bool measure_is_counter(enum measure measure)
{
	return rows[measure].kind == COUNTER;
}

const char *measure_label(enum measure measure, unsigned number)
{
	return rows[measure].labels[number];
}

unsigned measure_label_count(enum measure measure)
{
	return rows[measure].labels[0][0] == '\0' ? 0 : rows[measure].labels[1][0] == '\0' ? 1 : 2;
}
