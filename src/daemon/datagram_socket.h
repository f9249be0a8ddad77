/* SPDX-License-Identifier: Apache-2.0 */
/* datagram_socket - a UNIX datagram socket by a path, as others write to it: a logger (watch.socket), the mail
 * server's hook (gate.hook). Made by the warden, with mode 0660.
 */
#ifndef WAVEBREAK_DAEMON_DATAGRAM_SOCKET_H
#define WAVEBREAK_DAEMON_DATAGRAM_SOCKET_H

/* One that was left behind, and that nobody reads from, makes room. Says its error with the name of the setting.
 * Returns a descriptor, -EEXIST for what is there and no socket, or another -errno. */
int datagram_socket_open(const char *path, const char *setting);

#endif
