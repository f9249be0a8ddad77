/* SPDX-License-Identifier: Apache-2.0 */
/* stamp - the time that a log line begins with, in the forms that mail servers and loggers write.
 *
 * Only the shape decides, never the calendar: "Foo 99 00:00:00" is a stamp, of no time.
 * Pure: no clock, no time zone of the process.
 */
#ifndef WAVEBREAK_WIRE_STAMP_H
#define WAVEBREAK_WIRE_STAMP_H

#include "base/bytes.h"

enum stamp_form {
	STAMP_NONE,
	STAMP_RFC3164,   /* Jul 27 15:05:01            also with a fraction: journalctl -o short-precise */
	STAMP_ISO8601,   /* 2026-07-27T15:05:01.214511+02:00     fraction and zone may be missing */
	STAMP_DATE,      /* 2026-07-27 15:05:01.214 +0200        Exim, Dovecot, tai64nlocal; the same */
	STAMP_SLASHED,   /* 2026/07/27 15:05:01                  nginx */
	STAMP_DAY_FIRST, /* 27-07-2026 15:05:01                  Domino */
	STAMP_ASSP,      /* Jul-27-26 15:05:01 */
	STAMP_KERIO,     /* [27/Jul/2026 15:05:01] */
	STAMP_PYTHON,    /* [2026-07-27 15:05:01,214] */
	STAMP_TAI64N,    /* @400000006a675f4730291a3c            multilog */
	STAMP_FULL,      /* Mon 2026-07-27 15:05:01 CEST         journalctl -o short-full */
	STAMP_UNIX,      /* 1785157501.214511                    journalctl -o short-unix */
	STAMP_MONOTONIC, /* [ 5213.214511]                       journalctl -o short-monotonic */
};

/* The size of the stamp that the text begins with, and its form; 0 and STAMP_NONE when it begins
 * with none. */
size_t stamp_find(struct bytes text, enum stamp_form *ret_form);

/* One form at its start, as above. */
size_t stamp_find_iso8601(struct bytes text);

/* What a stamp leaves out: some have neither year nor zone. */
struct stamp_clock {
	uint64_t now_s;       /* wall time, seconds since 1970, when the line was read */
	int32_t utc_offset_s; /* of local time then, east positive */
};

/* When that was, in seconds since 1970; fractions are cut off. The year of an RFC 3164 stamp is
 * the latest that does not put it more than a day into the future: on 1 January a line of 31
 * December is from last year, and a clock that is a little fast makes nothing a year old. A zone
 * that is a name is local time, but for UTC and GMT.
 * Returns 0, -ENODATA where the form tells no time, -EINVAL for no date of the calendar. */
int stamp_time(enum stamp_form form, struct bytes stamp, const struct stamp_clock *clock, uint64_t *ret_wall_s);

#endif
