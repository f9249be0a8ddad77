/* SPDX-License-Identifier: Apache-2.0 */
/* gate_hook - how a mail server's own front hands a client that it has found listed to the gate.
 *
 * One datagram to the UNIX socket gate.hook: the reason as text, at most GATE_HOOK_TEXT_MOST bytes, and the
 * client's descriptor (SCM_RIGHTS), which nothing was read from and nothing written to. A socket that is full,
 * or not there, is the sender's to serve as ever. Nothing else of the client is believed but what its
 * descriptor tells.
 */
#ifndef WAVEBREAK_DAEMON_GATE_HOOK_H
#define WAVEBREAK_DAEMON_GATE_HOOK_H

#define GATE_HOOK_TEXT_MOST 200

#ifndef GATE_HOOK_SENDS_ONLY
#include "base/bytes.h"

/* Takes one. The text is made printable. Returns 1 with a descriptor that is now the caller's, -EAGAIN, -EBADMSG
 * for what is none, or -errno. */
int gate_hook_receive(int socket, char text[GATE_HOOK_TEXT_MOST + 1], int *ret_fd);
#endif

#endif
