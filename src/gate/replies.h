/* SPDX-License-Identifier: Apache-2.0 */
/* replies - what is to be sent to an SMTP client, gathered until it is sent at once.
 *
 * A reply line is at most 512 octets with its CRLF (RFC 5321 section 4.5.3.1.5). Nothing that a client
 * said is ever put into one.
 */
#ifndef WAVEBREAK_GATE_REPLIES_H
#define WAVEBREAK_GATE_REPLIES_H

#include "base/bytes.h"

#define REPLY_LINE_MOST 512
/* The longest reply to one command: that to EHLO. */
#define REPLY_MOST ((size_t)4 * REPLY_LINE_MOST)

struct replies {
	char *data;
	size_t size, room;
};

static inline bool replies_have_room(const struct replies *replies)
{
	return replies->room - replies->size >= REPLY_MOST;
}

/* One line; `format` is all of it but its CRLF. What would be too long is cut. Asks for room. */
void reply_line(struct replies *replies, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
