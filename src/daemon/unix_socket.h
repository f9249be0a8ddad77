/* SPDX-License-Identifier: Apache-2.0 */
/* unix_socket - a UNIX socket by a path, as others connect or write to it: commands (the control socket), a
 * logger (watch.socket), the mail server's hook (gate.hook). Made by the warden, with mode 0660 from its making.
 */
#ifndef WAVEBREAK_DAEMON_UNIX_SOCKET_H
#define WAVEBREAK_DAEMON_UNIX_SOCKET_H

/* Bound and non-blocking; `type` is SOCK_STREAM or SOCK_DGRAM. Returns a descriptor or -errno. */
int unix_socket_bind(int type, const char *path);

/* A datagram socket. One that was left behind, and that nobody reads from, makes room. Says its error with the
 * name of the setting. Returns a descriptor, -EEXIST for what is there and no socket, or another -errno. */
int unix_socket_open_datagrams(const char *path, const char *setting);

#endif
