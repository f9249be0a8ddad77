/* SPDX-License-Identifier: Apache-2.0 */
/* told - whether a client has been told its 5xx, as its TCP connection shows it.
 *
 * The server's log line is not enough: a server may write it before it writes the reply, so
 * at that moment an empty send queue may mean "acknowledged" or "not written yet". A RST in
 * between would take the reply away from the client. What the kernel knows of the
 * connection tells the two apart: who spoke last, and whether the server has written since
 * we look.
 *
 * Pure. Nothing here can do harm to anybody but the client itself: what it sends chooses
 * only when its own connection ends, and the grace period bounds that.
 */
#ifndef WAVEBREAK_ACT_TOLD_H
#define WAVEBREAK_ACT_TOLD_H

#include "wire/sockdiag.h"

struct told {
	uint64_t quiet_since_ms; /* nothing was written, and nothing unacknowledged, since */
	uint64_t bytes_written;
	enum {
		TOLD_UNSEEN, /* no look yet */
		TOLD_LOOKED, /* the server has written nothing since the first look */
		TOLD_WRITTEN,
	} state;
};

/* Quiet for so long, a connection is done. The first is for the client, which acknowledges before its program reads; the
 * second also for the server, whose reply was not seen being written and may still be on its way from the log line; the
 * third for a connection on which both sides spoke within one tick of the kernel's clock and the server seems to owe a
 * reply: on a machine in a wave its process may wait that long between its log line and that. */
#define TOLD_WRITTEN_SETTLE_MS 2
#define TOLD_SPOKE_LAST_SETTLE_MS 3
#define TOLD_UNSURE_SETTLE_MS 200

#define TOLD_NEVER UINT64_MAX

/* Begins with a zeroed `told`, the socket from a get, the time of this look. Returns 0 when the
 * client has what it is to have, and the connection may be ended; else in how many milliseconds
 * that will be so if all stays quiet, or TOLD_NEVER when first something has to happen. */
uint64_t told_look(struct told *told, const struct sockdiag_socket *socket, uint64_t now_ms);

#endif
