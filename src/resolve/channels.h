/* SPDX-License-Identifier: Apache-2.0 */
/* channels - c-ares on our loop: sends questions to the name servers, by UDP and where an answer was cut
 * by TCP, again when nobody answers, and to the next server.
 *
 * There are two channels, so that the port we ask from changes: c-ares 1.18 keeps one socket a server
 * until nothing is in flight, which under load is never, and who wants to slip us a false answer would
 * have all day to find the port (RFC 5452 section 9.2). One channel is asked; when it has had
 * CHANNELS_TURN questions and the other has nothing in flight, they change places. The other's sockets
 * are closed then, and the next ones have other ports.
 *
 * With one server its errors (SERVFAIL, REFUSED) are answers; with more the next one is asked, for one
 * of them may be wrongly configured, and "nobody answered" is what remains.
 */
#ifndef WAVEBREAK_RESOLVE_CHANNELS_H
#define WAVEBREAK_RESOLVE_CHANNELS_H

#include "resolve/resolver.h"

#define CHANNELS_TURN 128

struct channels;

/* A question has come to its end; `message` is empty when nobody answered. Also from inside of
 * channels_ask. It may call nothing of this page. */
typedef void channels_answer_fn(void *question, struct bytes message);
/* From the loop, after what may have been some of the above. It may do what it likes. */
typedef void channels_round_fn(void *data);

/* The servers of the system are read here, when `limits` names none. Returns 0 or -errno. */
int channels_create(struct loop *loop, const struct resolver_limits *limits, channels_answer_fn *answer,
		    channels_round_fn *round, void *data, struct channels **ret);
/* What is in flight comes to no end. */
void channels_destroy(struct channels *channels);

/* `name` is a domain name (dns_name_is_well). The end may come before this returns. */
void channels_ask(struct channels *channels, const char *name, enum dns_type type, void *question);

#endif
