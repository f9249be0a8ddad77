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

/* A moment as a person names it: "2h" (that long ago), "now", "2009-07-27", "2009-07-27 19:12", "19:12:05" (the latest
 * that is past), with T for the blank, and with an offset such as +02:00 or Z behind a time of day; else it is local
 * time. Returns 0 or -EINVAL. */
int when_parse(struct bytes text, uint64_t now_s, uint64_t *ret_s);
/* Whether such a text is a time of day alone. */
bool when_is_time_of_day(struct bytes text);

/* The fields of a date as seconds since 1970: local time, or with an offset from UTC. -EINVAL for no date of the
 * calendar, and for one before 1970. */
struct when_fields {
	int year, month, day; /* month and day from 1 */
	int hour, minute, second;
	bool has_offset;
	int32_t utc_offset_s; /* east positive */
};
/* "+02:00", "-0430", "-03" or "Z", and nothing else, as the offset in `fields`; false for what is none. */
bool when_offset(struct bytes text, struct when_fields *fields);
int when_of_fields(const struct when_fields *fields, uint64_t *ret_s);

#endif
