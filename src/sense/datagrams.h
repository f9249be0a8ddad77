/* SPDX-License-Identifier: Apache-2.0 */
/* datagrams - log lines that a system logger sends to a UNIX datagram socket, with no file between.
 *
 * One datagram is one line, whatever is in it; a newline at its end is no part of it, and one within
 * it begins no line of its own. What waits when we are busy waits in the kernel, whose queue makes
 * the logger wait, too (net.unix.max_dgram_qlen).
 *
 * Belongs to one loop.
 */
#ifndef WAVEBREAK_SENSE_DATAGRAMS_H
#define WAVEBREAK_SENSE_DATAGRAMS_H

#include "base/bytes.h"

struct loop;
struct datagrams;

/* A longer one is handed on cut. */
#define DATAGRAM_MOST 65536

struct intake_calls {
	/* `text` is without its newline and valid until the return. */
	void (*line)(void *data, struct bytes text, bool cut);
	/* After the lines of one round: act on them now. */
	void (*batch_end)(void *data);
	/* There will be no more: 0, or what reading failed with. */
	void (*ended)(void *data, int error);
};

/* The socket is bound already and stays the caller's; `calls` outlives us. Returns 0 or -ENOMEM. */
int datagrams_create(struct loop *loop, int socket, const struct intake_calls *calls, void *data,
		     struct datagrams **ret);
void datagrams_destroy(struct datagrams *datagrams);

#endif
