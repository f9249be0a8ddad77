/* SPDX-License-Identifier: Apache-2.0 */
/* docker - a line of Docker's json-file log driver.
 *
 *	{"log":"Jul 27 15:05:01 mx postfix/smtpd[9]: connect …\n","stream":"stdout","time":"2026-07-27T13:05:01.2Z"}
 *
 * Written by the daemon with its keys in this order (jsonlog.JSONLog of moby), `attrs` perhaps
 * before `time`. Inside the text every quote is escaped, so a program cannot end it early.
 */
#ifndef WAVEBREAK_WIRE_DOCKER_H
#define WAVEBREAK_WIRE_DOCKER_H

#include "base/bytes.h"

struct docker_line {
	struct bytes text;  /* what the program wrote, without its newline */
	bool partial;       /* no newline: Docker ends an entry after 16 KiB, and the rest is the next one */
	bool of_stderr;
	struct bytes stamp; /* RFC 3339 */
};

/* Whether the line is one. The text is a view of the line where nothing in it was escaped, else of
 * `room`, which has at least line.size bytes. */
bool docker_read(struct bytes line, char *room, struct docker_line *ret);

#endif
