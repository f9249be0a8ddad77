/* SPDX-License-Identifier: Apache-2.0 */
/* front_test_tls - a certificate for the front of a test, and clients that speak TLS with it. */
#ifndef WAVEBREAK_GATE_FRONT_TEST_TLS_H
#define WAVEBREAK_GATE_FRONT_TEST_TLS_H

#include "gate/front_test.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

/* A certificate that nobody else signed, and its key, in one file as Courier has it. */
static inline void write_certificate(const char *path)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();
	FILE *file = fopen(path, "w");

	assert_non_null(key);
	assert_non_null(file);
	X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
	X509_set_pubkey(certificate, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
				   (const unsigned char *)"mx.example.test", -1, -1, 0);
	X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
	assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
	assert_int_equal(PEM_write_X509(file, certificate), 1);
	fclose(file);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

static inline struct tls_server *make_tls(void)
{
	char path[] = "/tmp/wavebreak-front-test.XXXXXX", why[TLS_WHY_SIZE];
	struct tls_server *server = NULL;

	close(mkstemp(path));
	write_certificate(path);
	if (tls_server_create(path, "", &server, why) < 0)
		fail_msg("%s", why);
	unlink(path);
	return server;
}

static inline SSL *shake_hands(struct world *w, struct peer *peer, SSL_CTX *context)
{
	SSL *ssl = SSL_new(context);
	int r = 0;

	SSL_set_fd(ssl, peer->fd);
	for (int i = 0; i < 200 && r != 1; i++) {
		struct timeval patience = { .tv_usec = 1000 };

		setsockopt(peer->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		r = SSL_connect(ssl);
		pump(w, 2);
	}
	assert_int_equal(r, 1);
	return ssl;
}

/* All that comes until it holds `text`. */
static inline void expect_tls(struct world *w, SSL *ssl, const char *text, char *heard, size_t size)
{
	size_t used = 0;

	for (int i = 0; i < 300; i++) {
		int n = SSL_read(ssl, heard + used, (int)(size - 1 - used));

		used += n > 0 ? (size_t)n : 0;
		heard[used] = '\0';
		if (strstr(heard, text))
			return;
		pump(w, 2);
	}
	fail_msg("'%s' was not heard, but '%s'", text, heard);
}

#endif
