/* SPDX-License-Identifier: Apache-2.0 */
/* replay_report - what a replay found, for people and for programs. */
#ifndef WAVEBREAK_CLI_REPLAY_REPORT_H
#define WAVEBREAK_CLI_REPLAY_REPORT_H

#include "observe/replay.h"

/* On standard output. `never` is the list that the replay had. */
void replay_report_text(struct replay *replay, const struct prefix_set *never);
/* One object, indented. Returns 0 or -ENOMEM. */
int replay_report_json(struct replay *replay, const struct prefix_set *never);

#endif
