/* SPDX-License-Identifier: Apache-2.0 */
#include "gate/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

/* A record of ours holds no more: replies are short, and so are the buffers then. */
#define FRAGMENT_MOST 2048

struct tls_server {
	SSL_CTX *context;
};

struct tls {
	SSL *ssl;
	uint32_t events;
};

/* The first error of several: the later ones only tell where OpenSSL was. `content` is what the file has to hold. */
static const char *reason_of(unsigned long error, const char *content, char room[64])
{
	const char *reason = ERR_reason_error_string(error);

	if (ERR_SYSTEM_ERROR(error))
		return strerror(ERR_GET_REASON(error));
	if ((ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE) ||
	    ERR_GET_REASON(error) == ERR_R_UNSUPPORTED) {
		snprintf(room, 64, "there is no %s in it, in PEM form", content);
		return room;
	}
	if (ERR_GET_LIB(error) == ERR_LIB_X509 && ERR_GET_REASON(error) == X509_R_KEY_VALUES_MISMATCH)
		return "it is not the key of the certificate";
	return reason ? reason : "it cannot be used";
}

static int fail(struct tls_server *server, const char *file, const char *content, char why[TLS_WHY_SIZE])
{
	char room[64];

	snprintf(why, TLS_WHY_SIZE, "%s: %s", file, reason_of(ERR_peek_error(), content, room));
	ERR_clear_error();
	tls_server_destroy(server);
	return -EINVAL;
}

int tls_server_create(const char *certificate_file, const char *key_file, struct tls_server **ret,
		      char ret_why[TLS_WHY_SIZE])
{
	struct tls_server *server = calloc(1, sizeof(*server));
	const char *key = *key_file ? key_file : certificate_file;

	snprintf(ret_why, TLS_WHY_SIZE, "not enough memory");
	if (!server)
		return -ENOMEM;
	server->context = SSL_CTX_new(TLS_server_method());
	if (!server->context) {
		free(server);
		return -ENOMEM;
	}
	SSL_CTX_set_min_proto_version(server->context, TLS1_2_VERSION);
	SSL_CTX_set_options(server->context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_session_cache_mode(server->context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(server->context, 0);
	SSL_CTX_set_mode(server->context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
						  SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_max_send_fragment(server->context, FRAGMENT_MOST);
	ERR_clear_error();
	if (SSL_CTX_use_certificate_chain_file(server->context, certificate_file) != 1)
		return fail(server, certificate_file, "certificate", ret_why);
	if (SSL_CTX_use_PrivateKey_file(server->context, key, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_check_private_key(server->context) != 1)
		return fail(server, key, "key", ret_why);
	*ret = server;
	return 0;
}

void tls_server_destroy(struct tls_server *server)
{
	if (!server)
		return;
	SSL_CTX_free(server->context);
	free(server);
}

int tls_create(struct tls_server *server, int fd, struct tls **ret)
{
	struct tls *tls = calloc(1, sizeof(*tls));

	if (!tls)
		return -ENOMEM;
	tls->ssl = SSL_new(server->context);
	if (!tls->ssl || SSL_set_fd(tls->ssl, fd) != 1) {
		tls_destroy(tls);
		return -ENOMEM;
	}
	SSL_set_accept_state(tls->ssl);
	tls->events = EPOLLIN;
	*ret = tls;
	return 0;
}

void tls_destroy(struct tls *tls)
{
	if (!tls)
		return;
	SSL_free(tls->ssl);
	free(tls);
}

static ssize_t result(struct tls *tls, int n)
{
	int error = n > 0 ? SSL_ERROR_NONE : SSL_get_error(tls->ssl, n);

	ERR_clear_error();
	switch (error) {
	case SSL_ERROR_NONE:
		return n;
	case SSL_ERROR_WANT_READ:
		tls->events = EPOLLIN;
		return -EAGAIN;
	case SSL_ERROR_WANT_WRITE:
		tls->events = EPOLLOUT;
		return -EAGAIN;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	default:
		return -EPROTO;
	}
}

ssize_t tls_read(struct tls *tls, void *data, size_t size)
{
	return result(tls, SSL_read(tls->ssl, data, size > INT_MAX ? INT_MAX : (int)size));
}

ssize_t tls_write(struct tls *tls, const void *data, size_t size)
{
	if (size == 0)
		return 0;
	return result(tls, SSL_write(tls->ssl, data, size > INT_MAX ? INT_MAX : (int)size));
}

uint32_t tls_events(const struct tls *tls)
{
	return tls->events;
}

size_t tls_pending(const struct tls *tls)
{
	int pending = SSL_pending(tls->ssl);

	return pending > 0 ? (size_t)pending : 0;
}

bool tls_is_ready(const struct tls *tls)
{
	return SSL_is_init_finished(tls->ssl);
}

void tls_close(struct tls *tls)
{
	if (tls_is_ready(tls))
		SSL_shutdown(tls->ssl);
	ERR_clear_error();
}
