/* SPDX-License-Identifier: Apache-2.0 */
/* Clients that say STARTTLS. */
#include "gate/front_test_tls.h"

static void test_a_client_that_wants_tls_is_told_within(void **state)
{
	struct tls_server *server = make_tls();
	struct world *w = open_world_with(state, NULL, 100, server);
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	char heard[8192];
	struct peer *peer;
	SSL *ssl;

	w->facts = (struct session_facts){ .score = 3, .listed = 1 };
	peer = visit(w);
	expect(w, peer, "220 mx");
	say(peer, "EHLO a.example\r\n");
	expect(w, peer, "250-STARTTLS\r\n");
	expect(w, peer, "250 ENHANCEDSTATUSCODES\r\n");
	/* What comes along in the clear is not obeyed afterwards: a third party may have put it there. */
	say(peer, "STARTTLS\r\nEHLO forged.example\r\nMAIL FROM:<forged@b.example>\r\n");
	expect(w, peer, "220 2.0.0 Begin with TLS\r\n");
	pump(w, 20);
	hear(peer);
	assert_int_equal(peer->size, 0);
	ssl = shake_hands(w, peer, context);
	assert_int_equal(SSL_write(ssl, "MAIL FROM:<a@b.example>\r\n", 25), 25);
	expect_tls(w, ssl, "503 5.5.1 Say EHLO", heard, sizeof(heard));
	assert_int_equal(SSL_write(ssl, "EHLO a.example\r\n", 16), 16);
	expect_tls(w, ssl, "250 ENHANCED", heard, sizeof(heard));
	assert_null(strstr(heard, "STARTTLS"));
	for (const char *c = "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nSTARTTLS\r\nQUIT\r\n"; *c; c++)
		assert_int_equal(SSL_write(ssl, c, 1), 1);
	expect_tls(w, ssl, "closing\r\n", heard, sizeof(heard));
	assert_non_null(strstr(heard, "550 5.7.1 [127.0.0.1] is refused"));
	assert_non_null(strstr(heard, "503 5.5.1 TLS is active"));
	assert_null(strstr(w->reports[0].talk, "forged"));
	pump(w, 20);
	assert_int_equal(SSL_read(ssl, heard, sizeof(heard)), 0);
	assert_int_equal(SSL_get_error(ssl, 0), SSL_ERROR_ZERO_RETURN);
	SSL_free(ssl);
	SSL_CTX_free(context);
	leave(peer);
	expect_sessions(w, 0);
	front_destroy(w->front);
	w->front = NULL;
	tls_server_destroy(server);
}

static void test_nonsense_is_no_handshake(void **state)
{
	struct tls_server *server = make_tls();
	struct world *w = open_world_with(state, NULL, 100, server);
	uint64_t before = counter_read(COUNTER_gate_tls_failed);
	struct peer *peer;

	w->facts = (struct session_facts){ .score = 3, .listed = 1 };
	peer = visit(w);
	expect(w, peer, "220 mx");
	say(peer, "EHLO a.example\r\n");
	expect(w, peer, "250 ENHANCEDSTATUSCODES\r\n");
	say(peer, "STARTTLS\r\n");
	expect(w, peer, "220 2.0.0 ");
	say(peer, "MAIL FROM:<a@b.example>\r\n");
	expect_sessions(w, 0);
	assert_int_equal(counter_read(COUNTER_gate_tls_failed), before + 1);
	leave(peer);
	front_destroy(w->front);
	w->front = NULL;
	tls_server_destroy(server);
}

/* What is said to it has to wait for a handshake that does not come: it is not waited for. */
static void test_a_handshake_that_does_not_come(void **state)
{
	struct tls_server *server = make_tls();
	struct world *w = open_world_with(state, "gate {\n greet_wait = 0s\n command_time = 1s\n zone bl.example {}\n}\n", 100,
					  server);
	uint64_t before;
	struct peer *peer;

	w->facts = (struct session_facts){ .score = 3, .listed = 1 };
	peer = visit(w);
	expect(w, peer, "220 mx");
	say(peer, "EHLO a.example\r\n");
	expect(w, peer, "250 ENHANCEDSTATUSCODES\r\n");
	say(peer, "STARTTLS\r\n");
	expect(w, peer, "220 2.0.0 Begin with TLS\r\n");
	pump(w, 900);
	before = processor_ms();
	pump(w, 600);
	assert_in_range(processor_ms() - before, 0, 40);
	expect_end(w, peer);
	leave(peer);
	expect_sessions(w, 0);
	front_destroy(w->front);
	w->front = NULL;
	tls_server_destroy(server);
}

static void test_a_certificate_that_is_none(void **state)
{
	struct tls_server *server = NULL;
	char why[TLS_WHY_SIZE];

	assert_int_equal(tls_server_create("/dev/null", "", &server, why), -EINVAL);
	assert_string_equal(why, "/dev/null: there is no certificate in it, in PEM form");
	assert_int_equal(tls_server_create("/nowhere/at.all", "", &server, why), -EINVAL);
	assert_string_equal(why, "/nowhere/at.all: No such file or directory");
	assert_null(server);
}

static void test_a_key_that_is_none(void **state)
{
	char path[] = "/tmp/wavebreak-front-test.XXXXXX", why[TLS_WHY_SIZE];
	struct tls_server *server = NULL;

	close(mkstemp(path));
	write_certificate(path);
	assert_int_equal(tls_server_create(path, "/dev/null", &server, why), -EINVAL);
	assert_string_equal(why, "/dev/null: there is no key in it, in PEM form");
	unlink(path);
	assert_null(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_a_client_that_wants_tls_is_told_within, tear_down),
		cmocka_unit_test_teardown(test_nonsense_is_no_handshake, tear_down),
		cmocka_unit_test_teardown(test_a_handshake_that_does_not_come, tear_down),
		cmocka_unit_test(test_a_certificate_that_is_none),
		cmocka_unit_test(test_a_key_that_is_none),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
