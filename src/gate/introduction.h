/* SPDX-License-Identifier: Apache-2.0 */
/* introduction - a client that has already spoken with the gate is brought to the mail server: its words are
 * said again there, and the server's replies to all but the last of them are taken out, since the client
 * has had such replies from us.
 *
 * Pure. Only EHLO, and STARTTLS or AUTH, are ever said again: they have no effect that could be had twice.
 */
#ifndef WAVEBREAK_GATE_INTRODUCTION_H
#define WAVEBREAK_GATE_INTRODUCTION_H

#include "base/bytes.h"

/* What a server may say before it is taken for none. */
#define INTRODUCTION_REPLIES_MOST 8192

struct introduction {
	struct bytes lines; /* with CRLF each; what is still to be said; the caller's */
	size_t heard;       /* bytes of replies so far */
	size_t column;      /* in the present line of a reply */
	char head[4];       /* its first characters */
};

enum introduction_step {
	INTRODUCTION_LISTEN, /* more of the server's reply has to come */
	INTRODUCTION_SAY,    /* *ret_line is to be sent; then listen on */
	INTRODUCTION_OVER,   /* *ret_line is to be sent, and what comes then is for the client */
	INTRODUCTION_REFUSED,
};

/* Takes what the server said off *input, up to the end of one reply. */
enum introduction_step introduction_take(struct introduction *introduction, struct bytes *input,
					 struct bytes *ret_line);

#endif
