/* SPDX-License-Identifier: Apache-2.0 */
/* report - what the waves came to, as a table, as JSON and as a picture.
 *
 * A wait with `>` in the table, or with "at_least" in the JSON, is a lower bound, because
 * senders were not greeted at all (tally.h).
 */
#ifndef WAVEBREAK_DEMO_REPORT_H
#define WAVEBREAK_DEMO_REPORT_H

#include "show.h"

void report_table(const struct story *story, FILE *out);
void report_json(const struct story *story, FILE *out);

/* Whether a file can be written there, to be asked before the waves and not after them. Each returns 0 or -errno. */
int report_try(const char *path);
int report_svg(const struct story *story, const char *path);

#endif
