/* SPDX-License-Identifier: Apache-2.0 */
/* relay - bytes between a client and the mail server, both ways, by splice(2): they are not copied to us.
 *
 * A direction needs a pipe only as long as it holds bytes that the other side has not taken; pipes are
 * shared by all relays. Who says that it has no more to send is believed, and the other side told so
 * (a half-closed connection goes on). Ends when both have ended, or with an error of either.
 */
#ifndef WAVEBREAK_GATE_RELAY_H
#define WAVEBREAK_GATE_RELAY_H

#include "base/bytes.h"
#include "event/loop.h"

struct relay;
struct relay_pipes;

/* Pipes that are kept for the next who needs one. */
int relay_pipes_create(struct relay_pipes **ret);
void relay_pipes_destroy(struct relay_pipes *pipes);

struct relay_calls {
	/* The connection to the server has come about, or (error) has not: then nothing was read of the client. */
	void (*connected)(void *data, int error);
	/* The server has ended. What it said last may still be on its way to the client, who may never take it, nor end: how
	 * long that is waited for is the caller's to decide. Once, and not when `ended` follows at once. It may not end the
	 * relay. */
	void (*ending)(void *data);
	/* Both sides have ended. From the loop, never from within a call made here. */
	void (*ended)(void *data);
};

/* What the client has said to us before; both may be empty, and have to live as long as the relay. */
struct relay_words {
	struct bytes introduction; /* gate/introduction.h */
	struct bytes rest;         /* after it */
};

/* `client` is connected and stays the caller's; `server` is ours from now on, also on an error, and may be
 * connecting. `header` is written to the server first; at most RELAY_HEADER_MOST bytes. */
#define RELAY_HEADER_MOST 128
int relay_create(struct loop *loop, struct relay_pipes *pipes, int client, int server, struct bytes header,
		 const struct relay_words *words, const struct relay_calls *calls, void *data, struct relay **ret);
/* Closes the server's side. */
void relay_destroy(struct relay *relay);

#endif
