/* SPDX-License-Identifier: Apache-2.0 */
/* tls - a client's connection after STARTTLS (RFC 3207), by OpenSSL, on a non-blocking socket.
 *
 * For clients that are told 5xx: some senders talk to nobody without TLS, and have to learn it, too. No
 * client certificate is asked for, no session is kept, none is resumed and none negotiated anew. What was read and
 * written leaves no buffer behind: an idle connection costs under 16 KB (bench/gate).
 */
#ifndef WAVEBREAK_GATE_TLS_H
#define WAVEBREAK_GATE_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct tls_server; /* certificate and key */
struct tls;

/* `key_file` may be the same or "": then it is in the certificate's file, as Courier has it. On an error `ret_why`
 * has a sentence. Returns 0, -EINVAL, or -ENOMEM. */
#define TLS_WHY_SIZE 256
int tls_server_create(const char *certificate_file, const char *key_file, struct tls_server **ret,
		      char ret_why[TLS_WHY_SIZE]);
void tls_server_destroy(struct tls_server *server);

/* `fd` stays the caller's. The handshake is done by the first reads. Returns 0 or -ENOMEM. */
int tls_create(struct tls_server *server, int fd, struct tls **ret);
/* Says nothing more; see tls_close. */
void tls_destroy(struct tls *tls);

/* As read(2) and write(2), partly, too: -EAGAIN when the socket has nothing or takes nothing, then tls_events says what
 * to wait for; 0 for the client's orderly end; -EPROTO for what is no TLS, or an end without one. */
ssize_t tls_read(struct tls *tls, void *data, size_t size);
ssize_t tls_write(struct tls *tls, const void *data, size_t size);
uint32_t tls_events(const struct tls *tls); /* of epoll(7), after -EAGAIN */
/* Bytes that tls_read has without the socket: no event comes for them. */
size_t tls_pending(const struct tls *tls);
/* Whether the handshake is done: nothing can be said before. */
bool tls_is_ready(const struct tls *tls);
/* Our side of the orderly end, if the socket takes it. */
void tls_close(struct tls *tls);

#endif
