/* SPDX-License-Identifier: Apache-2.0 */
#include "judge/outcome.h"

#include <errno.h>

static const char *const names[] = {
#define OUTCOME(id, name, score, help) name,
#include "defs/outcomes.def"
#undef OUTCOME
};

static const struct {
	unsigned score;
	const char *help;
} rows[] = {
#define OUTCOME(id, name, score, help) { score, help },
#include "defs/outcomes.def"
#undef OUTCOME
};

const char *outcome_name(enum outcome outcome)
{
	return names[outcome];
}

const char *outcome_help(enum outcome outcome)
{
	return rows[outcome].help;
}

unsigned outcome_score(enum outcome outcome)
{
	return rows[outcome].score;
}

int outcome_by_name(struct bytes name, enum outcome *ret)
{
	for (int i = 0; i < OUTCOME_COUNT; i++) {
		if (!bytes_equal(name, bytes_of(names[i])))
			continue;
		*ret = (enum outcome)i;
		return 0;
	}
	return -ENOENT;
}

const char *const *outcome_names(void)
{
	return names;
}
