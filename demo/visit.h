/* SPDX-License-Identifier: Apache-2.0 */
/* visit - what became of one client's connection to the mail server.
 *
 * Plain data of a fixed size: it goes through a pipe from the process that makes the
 * traffic to the one that draws it. Moments are seconds since the crowd began; NEVER for
 * what did not happen.
 */
#ifndef WAVEBREAK_DEMO_VISIT_H
#define WAVEBREAK_DEMO_VISIT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define NEVER (-1.0)

enum visitor {
	VISITOR_ZOMBIE, /* its address is on the block list */
	VISITOR_HONEST, /* delivers one mail and leaves */
};

/* A visit is reported each time that it gets on. */
enum visit_phase {
	VISIT_BEGUN,
	VISIT_GREETED, /* the server's 220 has arrived */
	VISIT_REFUSED, /* a 5xx has arrived; a zombie stays all the same */
	VISIT_DELIVERED, /* the server has taken the mail */
	VISIT_ENDED,
};

enum visit_end {
	END_NONE, /* still open */
	END_DONE, /* said QUIT */
	END_CLOSED, /* the server closed the connection */
	END_RESET, /* the connection was reset: by the server's kernel, or by a guard */
	END_UNANSWERED, /* no connection: the SYNs were dropped until TCP gave up */
	END_TURNED_AWAY, /* no connection: refused by a RST, or an ICMP error */
	END_REJECTED, /* an honest sender got another reply than it needed */
	END_GAVE_UP, /* an honest sender has waited as long as it would */
	END_STOPPED, /* the crowd went home; nothing is known of what would have come */
};

struct visit {
	uint32_t number; /* counts the visitors of a kind from 0; sender of the mail */
	uint8_t visitor, phase, end;
	bool mute; /* a zombie that never says HELO: it cannot be refused */
	bool again; /* not the first connection from its address */
	uint16_t source_port; /* host byte order */
	uint16_t reply_code; /* the last reply; 0: none, or not SMTP */
	struct in6_addr source; /* IPv4 as ::ffff:a.b.c.d */
	double begun, greeted, asked, refused, delivered, ended; /* asked: has sent RCPT */
};

/* One line of JSON for the visit as it is. Durations in it are seconds since connect(). */
void visit_print_json(const struct visit *visit, FILE *out);

#endif
