/* SPDX-License-Identifier: Apache-2.0 */
/* notify - tells systemd how we are (sd_notify(3)): one datagram to NOTIFY_SOCKET.
 *
 * The protocol is a stable interface of systemd; libsystemd is not loaded for it, which
 * would cost a process more memory than the whole of it.
 */
#ifndef WAVEBREAK_DAEMON_NOTIFY_H
#define WAVEBREAK_DAEMON_NOTIFY_H

/* "READY=1", "RELOADING=1", "STOPPING=1", "STATUS=…". Nothing happens, and 0 is returned, when
 * nobody asked to be told; else 0 or -errno. */
int notify_supervisor(const char *state);

/* Where it wants to hear regularly that we are well (WatchdogSec=, WATCHDOG_USEC), that we are: for once a second. Does
 * not wait for who does not read. */
void notify_alive(void);

#endif
