/* SPDX-License-Identifier: Apache-2.0 */
/* syslog - the head of a log line: when, which host, which program.
 *
 *	Jul 27 15:05:01 mx courieresmtpd[812]: started,...          RFC 3164 section 4.1
 *	2026-07-27T15:05:01.214511+02:00 mx imapd: LOGIN FAILED     rsyslog's default today
 *	Mon 2026-07-27 15:05:01 CEST mx imapd[812]: LOGIN FAILED    journalctl -o short-full
 *	<22>1 2026-07-27T13:05:01Z mx imapd 812 - - LOGIN FAILED    RFC 5424 section 6
 *	2026-07-27 15:05:01 H=(x) [192.0.2.7] rejected ...          a server's own log file
 *	started,...                                                 bare: the message alone
 *
 * The first three may begin with a <PRI> as well. Only the shape decides, and what has none of
 * these shapes is bare, so a line is never refused. The program's name is looked for at its
 * own place and nowhere else: whatever a message holds, it cannot make its line one of
 * another program.
 *
 * Pure: views of the caller's line, no clock, no time zone of the process.
 */
#ifndef WAVEBREAK_WIRE_SYSLOG_H
#define WAVEBREAK_WIRE_SYSLOG_H

#include "wire/stamp.h"

enum syslog_form {
	SYSLOG_BARE,
	SYSLOG_STAMPED, /* by a system logger: stamp, host and program */
	SYSLOG_RFC5424,
	SYSLOG_OWN,     /* by the server itself: a stamp, and rarely host and program */
};

struct syslog_line {
	enum syslog_form form;
	enum stamp_form stamp_form;
	struct bytes stamp;   /* the time as written; empty when bare */
	struct bytes host;    /* empty when not given */
	struct bytes tag;     /* the program: "courieresmtpd", "postfix/smtpd"; empty when none */
	struct bytes pid;     /* what stands in brackets after it; empty when nothing does */
	struct bytes message; /* all of the line after the head */
	struct bytes text;    /* all of the line after the stamp: the message where the first words only
			       * look like host and program, as in Dovecot's own log */
};

/* The line without its newline; a CR at its end is no part of the message. */
void syslog_split(struct bytes line, struct syslog_line *ret);

/* When the line says it was written (stamp_time). Returns 0, -ENODATA where there is no stamp,
 * -EINVAL for no date of the calendar. */
int syslog_time(const struct syslog_line *line, const struct stamp_clock *clock, uint64_t *ret_wall_s);

#endif
