/* SPDX-License-Identifier: Apache-2.0 */
/* syslog - the head of a log line: when, which host, which program.
 *
 *	Jul 27 15:05:01 mx courieresmtpd[812]: started,...          RFC 3164 section 4.1
 *	2026-07-27T15:05:01.214511+02:00 mx imapd: LOGIN FAILED     rsyslog's default today
 *	<22>1 2026-07-27T13:05:01Z mx imapd 812 - - LOGIN FAILED    RFC 5424 section 6
 *	started,...                                                 bare: the message alone
 *
 * The first two may begin with a <PRI> as well. Only the shape decides, and what has none of
 * these shapes is bare, so a line is never refused. The program's name is looked for at its
 * own place and nowhere else: whatever a message holds, it cannot make its line one of
 * another program.
 *
 * Pure: views of the caller's line, no clock, no time zone of the process.
 */
#ifndef WAVEBREAK_WIRE_SYSLOG_H
#define WAVEBREAK_WIRE_SYSLOG_H

#include "base/bytes.h"

enum syslog_form {
	SYSLOG_BARE,
	SYSLOG_RFC3164,
	SYSLOG_ISO8601,
	SYSLOG_RFC5424,
};

struct syslog_line {
	enum syslog_form form;
	struct bytes stamp;   /* the time as written; empty when bare */
	struct bytes host;    /* empty when not given */
	struct bytes tag;     /* the program: "courieresmtpd", "postfix/smtpd"; empty when none */
	struct bytes pid;     /* what stands in brackets after it; empty when nothing does */
	struct bytes message; /* all of the line after the head */
};

/* The line without its newline; a CR at its end is no part of the message. */
void syslog_split(struct bytes line, struct syslog_line *ret);

/* What a stamp leaves out: an RFC 3164 stamp has neither year nor zone, an ISO 8601 stamp
 * may lack the zone. */
struct syslog_clock {
	uint64_t now_s;       /* wall time, seconds since 1970, when the line was read */
	int32_t utc_offset_s; /* of local time then, east positive */
};

/* When the line says it was written, in seconds since 1970; fractions are cut off. The year
 * of an RFC 3164 stamp is the latest that does not put it more than a day into the future:
 * on 1 January a line of 31 December is from last year, and a clock that is a little fast
 * makes nothing a year old.
 * Returns 0, -ENODATA where there is no stamp, -EINVAL for no date of the calendar. */
int syslog_time(const struct syslog_line *line, const struct syslog_clock *clock,
		uint64_t *ret_wall_s);

#endif
