/* SPDX-License-Identifier: Apache-2.0 */
/* outcome - what a log line says became of a client; one row each in defs/outcomes.def. */
#ifndef WAVEBREAK_JUDGE_OUTCOME_H
#define WAVEBREAK_JUDGE_OUTCOME_H

#include "base/bytes.h"

enum outcome {
#define OUTCOME(id, name, score, help) OUTCOME_##id,
#include "defs/outcomes.def"
#undef OUTCOME
	OUTCOME_COUNT
};

const char *outcome_name(enum outcome outcome);
const char *outcome_help(enum outcome outcome);
/* What one event adds by default; 0 for what is no offence. */
unsigned outcome_score(enum outcome outcome);
/* 0 or -ENOENT. */
int outcome_by_name(struct bytes name, enum outcome *ret);
/* All names, OUTCOME_COUNT of them, for messages that name the nearest right word. */
const char *const *outcome_names(void);

#endif
