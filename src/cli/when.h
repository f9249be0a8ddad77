/* SPDX-License-Identifier: Apache-2.0 */
/* when - moments and spans of time as a person wants to read them.
 *
 * Both times are wall time in seconds since 1970, and are shown as local time.
 */
#ifndef WAVEBREAK_CLI_WHEN_H
#define WAVEBREAK_CLI_WHEN_H

#include "base/text.h"

/* As exact as somebody wants to know: "4m12s", "2h5m", "3d7h". Returns `text`. */
const char *span_format(uint64_t seconds, char text[DURATION_TEXT_SIZE]);

/* "2m5s ago", "in 10m", or "now". Returns `text`. */
#define DISTANCE_TEXT_SIZE (DURATION_TEXT_SIZE + 8)
const char *distance_format(uint64_t at_s, uint64_t now_s, char text[DISTANCE_TEXT_SIZE]);

/* "2026-07-27 19:12:17 (2m5s ago)". Returns `text`. */
#define WHEN_TEXT_SIZE (WALL_TEXT_SIZE + DISTANCE_TEXT_SIZE + 4)
const char *when_format(uint64_t at_s, uint64_t now_s, char text[WHEN_TEXT_SIZE]);

#endif
